"""Black-Scholes-Merton values and sensitivities of European options, with a continuous yield."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from strikedesk.quant.contracts import Contracts, NormalForm
from strikedesk.quant.lognormal import SMALLEST, Tails
from strikedesk.quant.normal import SQRT_TWO_PI, FloatArray

DAYS_PER_YEAR: Final = 365.0  # The year of ACT/365, in which `years` is counted.
PERCENT: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class GreekArrays:
    """Sensitivities of one share's worth of each contract, in the shape of the contracts.

    Units: `delta` USD per $1 of spot, `gamma` delta per $1; `theta` USD per calendar day that
    passes; `vega` USD per volatility point (0.01); `rho` USD per 1 % of rate.
    Law: NaN where the contract makes no sense, and where the derivative does not exist: with no
    volatility left, exactly at the money.
    """

    delta: FloatArray
    gamma: FloatArray
    theta: FloatArray
    vega: FloatArray
    rho: FloatArray

    def part(self, piece: slice) -> "GreekArrays":
        """Return those of some contracts, as views."""
        return GreekArrays(
            delta=self.delta[piece],
            gamma=self.gamma[piece],
            theta=self.theta[piece],
            vega=self.vega[piece],
            rho=self.rho[piece],
        )


def price(contracts: Contracts, volatility: npt.ArrayLike) -> FloatArray:
    """Return the value of each contract, USD per share, in the shape of the contracts.

    Units: `volatility` a fraction a year (0.2 = 20 %), broadcast to the contracts.
    Law: put-call parity to the rounding of the spot; at expiration or without volatility the value
    is the discounted intrinsic one; NaN for a negative volatility or time, and what makes no sense.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    sigma = contracts.flat(volatility)
    value = np.empty(len(contracts))
    for piece in contracts.blocks():
        block = contracts.part(piece)
        with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
            value[piece] = _price(block, sigma[piece])
    return value.reshape(contracts.shape)


def greeks(contracts: Contracts, volatility: npt.ArrayLike) -> GreekArrays:
    """Return the sensitivities of each contract at `volatility`; see `GreekArrays` for units.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    sigma = contracts.flat(volatility)
    rows = np.empty((5, len(contracts)))
    for piece in contracts.blocks():
        block = contracts.part(piece)
        with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
            s = _total_volatility(block, sigma[piece])
            form = NormalForm.of(block)
            fill_greeks(
                rows[:, piece],
                contracts=block,
                form=form,
                tails=Tails.at(form.x, s),
                volatility=sigma[piece],
                s=s,
            )
    return as_greeks(rows, contracts.shape)


def as_greeks(rows: FloatArray, shape: tuple[int, ...]) -> GreekArrays:
    """Name five flat rows and give them their shape."""
    delta, gamma, theta, vega, rho = (row.reshape(shape) for row in rows)
    return GreekArrays(delta=delta, gamma=gamma, theta=theta, vega=vega, rho=rho)


def fill_greeks(
    rows: FloatArray,
    *,
    contracts: Contracts,
    form: NormalForm,
    tails: Tails,
    volatility: FloatArray,
    s: FloatArray,
) -> None:
    """Write delta, gamma, theta, vega and rho into `rows`; `s` is volatility times root of time.

    Law: `in_spot` and `in_strike` are what the contract holds in shares and owes in cash, today's
    USD: their difference is its value, and every sensitivity follows from them and the density.
    """
    bell = form.scale * np.exp(-tails.exponent)
    near, far = _tails_in_cash(form, tails, bell)
    outside_call = form.side > 0.0
    in_spot = form.side * np.where(outside_call, near, far) + form.parity * form.pv_spot
    in_strike = form.side * np.where(outside_call, far, near) + form.parity * form.pv_strike
    density = bell / SQRT_TWO_PI
    root_of_time = np.sqrt(contracts.years)
    decay = 0.5 * density * volatility / np.maximum(root_of_time, SMALLEST)
    carry = contracts.dividend_yield * in_spot - contracts.rate * in_strike
    rows[0] = in_spot / contracts.spot
    rows[1] = density / (contracts.spot * contracts.spot * s)
    rows[2] = (carry - decay) / DAYS_PER_YEAR
    rows[3] = density * root_of_time * PERCENT
    rows[4] = contracts.years * in_strike * PERCENT
    kink = (s <= SMALLEST) & (form.x == 0.0)
    if kink.any():
        rows[:, kink] = np.nan


def _price(contracts: Contracts, volatility: FloatArray) -> FloatArray:
    form = NormalForm.of(contracts)
    tails = Tails.at(form.x, _total_volatility(contracts, volatility))
    near, far = _tails_in_cash(form, tails, form.scale * np.exp(-tails.exponent))
    return near - far + form.intrinsic


def _tails_in_cash(
    form: NormalForm, tails: Tails, bell: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the two terms of the out-of-the-money option's value, USD: larger, smaller."""
    near = 0.5 * bell * tails.near
    return np.where(tails.sign < 0.0, form.ceiling - near, near), 0.5 * bell * tails.far


def _total_volatility(contracts: Contracts, volatility: FloatArray) -> FloatArray:
    """Return volatility·√years, NaN where either is negative, and never quite 0."""
    s = np.where(volatility >= 0.0, volatility, np.nan) * np.sqrt(contracts.years)
    return np.maximum(s, SMALLEST)
