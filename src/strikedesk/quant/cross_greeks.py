"""How the delta of a European option moves with volatility (vanna) and with time (charm)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from strikedesk.quant.black_scholes import DAYS_PER_YEAR, PERCENT, GreekArrays, greeks
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.lognormal import SMALLEST
from strikedesk.quant.normal import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossGreeks:
    """Sensitivities of delta, in the shape of the contracts.

    Units: `vanna` delta per volatility point (0.01), which is also vega per $1 of spot; `charm`
    delta per calendar day that passes.
    Law: NaN where delta is. Without volatility or time left, delta moves with its carry alone.
    """

    vanna: FloatArray
    charm: FloatArray


def cross_greeks(
    contracts: Contracts, volatility: npt.ArrayLike, at: GreekArrays | None = None
) -> CrossGreeks:
    """Return vanna and charm of each contract at `volatility`; see `CrossGreeks` for units.

    Units: `at` the sensitivities there, worked out here if none are given. Both are gamma times
    something finite, so that no division by a vanishing volatility is left.
    Source: E. G. Haug, The Complete Guide to Option Pricing Formulas (2007), chapter 2.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    sigma = contracts.flat(volatility)
    known = greeks(contracts, volatility) if at is None else at
    delta, gamma = known.delta.ravel(), known.gamma.ravel()
    with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
        years = np.maximum(contracts.years, SMALLEST)
        drift = contracts.rate - contracts.dividend_yield
        forward = np.log(contracts.spot / contracts.strike) + drift * contracts.years
        below = forward - 0.5 * sigma * sigma * contracts.years  # d2 times the total volatility.
        moved = contracts.spot * gamma
        total = np.maximum(sigma * np.sqrt(years), SMALLEST)
        vanna = -np.sqrt(contracts.years) * moved * (below / total) * PERCENT
        decay = moved * (drift - 0.5 * below / years)
        charm = (contracts.dividend_yield * delta - decay) / DAYS_PER_YEAR
    shape = contracts.shape
    return CrossGreeks(vanna=vanna.reshape(shape), charm=charm.reshape(shape))
