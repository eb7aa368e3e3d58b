"""How likely a contract's strike is reached, and how far a price may go, as volatilities tell it.

These are the market's own probabilities, under which a share earns the rate less its yield. They
are lognormal ones: a smile is in them only as far as each strike is asked with its own volatility.
"""

import numpy as np
import numpy.typing as npt

from strikedesk.quant.contracts import Contracts
from strikedesk.quant.lognormal import SMALLEST
from strikedesk.quant.normal import SQRT_HALF, FloatArray, erfcx, ndtr


def in_the_money(contracts: Contracts, volatility: npt.ArrayLike) -> FloatArray:
    """Return the probability that each contract ends in the money, in the shape of the contracts.

    Law: a call's and its put's add up to 1; NaN for what makes no sense, and at expiration exactly
    at the money.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    sigma = contracts.flat(volatility)
    sign = np.where(contracts.is_call, 1.0, -1.0)
    with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
        height, drift, total = _path(contracts, sigma)
        found = ndtr(sign * (drift - height) / total)
        found[(height == drift) & (total <= SMALLEST)] = np.nan
    return found.reshape(contracts.shape)


def touch(contracts: Contracts, volatility: npt.ArrayLike) -> FloatArray:
    """Return the probability that the share is at the strike at some time until expiration.

    Law: 1 where it is there now; never below the probability of ending beyond it. Trading is taken
    to be continuous, so that a gap over the strike counts as a touch.
    Source: the reflection principle, with drift (E. Reiner, M. Rubinstein, Risk 4 (1991) 28).

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    sigma = contracts.flat(volatility)
    with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
        height, drift, total = _path(contracts, sigma)
        towards = np.where(height < 0.0, -drift, drift)
        far = np.abs(height)
        ends_beyond = (towards - far) / total
        # exp(2·far·towards/total²)·N(-back), whose factors may overflow apart from each other.
        back = (towards + far) / total
        scaled = 0.5 * np.exp(-0.5 * ends_beyond * ends_beyond) * erfcx(back * SQRT_HALF)
        beyond, mirrored = ndtr(np.array((ends_beyond, -back)))
        plain = np.exp(2.0 * far * (towards / total) / total) * mirrored
        came_back = np.where(back >= 0.0, scaled, plain)
        found = np.minimum(beyond + came_back, 1.0)
        found = np.where(far == 0.0, total / total, found)
    return found.reshape(contracts.shape)


def expected_move(
    spot: npt.ArrayLike, volatility: npt.ArrayLike, years: npt.ArrayLike
) -> FloatArray:
    """Return one standard deviation of the price after `years`, USD: spot x volatility x √years.

    Law: NaN for a negative or unknown input. It is the desk's usual measure; about two moves in
    three stay within it.

    Raises:
        ValueError: the shapes do not broadcast.
    """
    price, sigma, time = (np.asarray(each, np.float64) for each in (spot, volatility, years))
    with np.errstate(invalid="ignore"):  # A negative input becomes NaN, which is the answer.
        return np.where((price >= 0.0) & (sigma >= 0.0), price * sigma * np.sqrt(time), np.nan)


def _path(contracts: Contracts, sigma: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return ln(strike / spot), the drift of ln(spot) until the end, and its deviation."""
    carry = contracts.rate - contracts.dividend_yield
    drift = (carry - 0.5 * sigma * sigma) * contracts.years
    total = np.where(sigma >= 0.0, sigma, np.nan) * np.sqrt(contracts.years)
    return np.log(contracts.strike / contracts.spot), drift, np.maximum(total, SMALLEST)
