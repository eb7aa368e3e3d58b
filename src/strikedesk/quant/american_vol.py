"""Implied volatility of American options with a continuous yield."""

from typing import Final

import numpy as np
import numpy.typing as npt

from strikedesk.quant import implied_vol
from strikedesk.quant.american import BLOCK, Exercise, greeks
from strikedesk.quant.black_scholes import GreekArrays
from strikedesk.quant.contracts import Contracts, Lanes
from strikedesk.quant.early_exercise import PutForm, Schedule, groups
from strikedesk.quant.frontier import SIGMA_MAX, SIGMA_MIN
from strikedesk.quant.implied_vol import ImpliedVolatility, NoVolatility, ReasonArray
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.volatility_search import search

_NOISE: Final = 1e-9  # Of a strike: a smaller time value says nothing.


def implied_volatility(contracts: Contracts, price: npt.ArrayLike) -> ImpliedVolatility:
    """Return the volatility at which each contract is worth `price`, USD per share.

    Law: as exact as `american.price`: within 1e-4 wherever a quote shows a time value. Where early
    exercise never pays, the European answer. A price that exercise would bring has no volatility,
    and one whose volatility is outside 1 % to 500 % is `OUT_OF_RANGE`.

    Raises:
        ValueError: `price` does not fit the contracts' shape.
    """
    prices = contracts.flat(price)
    with np.errstate(all="ignore"):  # What makes no sense is told apart by its NaN.
        form = PutForm.of(contracts)
        kind = Exercise.of(contracts, form)
        european = implied_vol.implied_volatility(contracts, price)
        volatility, reason = european.volatility.ravel().copy(), european.reason.ravel().copy()
        target = prices / form.scale
        reason[kind.early] = _without(form, target, reason)[kind.early]
        unknown = ~kind.early & ~kind.never & (reason == NoVolatility.NONE)
        reason[unknown] = NoVolatility.TWO_BOUNDARIES
        start = np.where(np.isnan(volatility), SIGMA_MAX, np.clip(volatility, SIGMA_MIN, SIGMA_MAX))
        for table, lanes in groups(form, np.flatnonzero(kind.early & (reason == 0))):
            for part in np.array_split(lanes, -(-lanes.size // BLOCK)):
                some = contracts.part(part)
                found = _search(some, PutForm.of(some), table, target[part], start[part])
                volatility[part], reason[part] = found
        volatility[reason != NoVolatility.NONE] = np.nan
    return ImpliedVolatility(
        volatility=volatility.reshape(contracts.shape), reason=reason.reshape(contracts.shape)
    )


def implied_greeks(
    contracts: Contracts, price: npt.ArrayLike
) -> tuple[ImpliedVolatility, GreekArrays]:
    """Return implied volatilities and the sensitivities at them.

    Raises:
        ValueError: `price` does not fit the contracts' shape.
    """
    found = implied_volatility(contracts, price)
    return found, greeks(contracts, found.volatility)


def _without(form: PutForm, target: FloatArray, european: ReasonArray) -> ReasonArray:
    """Return why a price in strikes has no volatility, as American options go; 0 where it may."""
    gain = np.maximum(-np.expm1(form.log_spot), 0.0)
    broken = european == NoVolatility.BAD_INPUT
    chosen = np.select(
        [broken, target < gain - _NOISE, target <= gain + _NOISE, target >= 1.0],
        [
            NoVolatility.BAD_INPUT,
            NoVolatility.BELOW_INTRINSIC,
            NoVolatility.NO_TIME_VALUE,
            NoVolatility.ABOVE_MAXIMUM,
        ],
        NoVolatility.NONE,
    )
    return chosen.astype(np.uint8)


def _search(
    contracts: Contracts, form: PutForm, table: Schedule, target: FloatArray, start: FloatArray
) -> tuple[FloatArray, ReasonArray]:
    """Search among contracts of one table; `target` in strikes."""

    def price(some: Lanes, sigma: FloatArray) -> FloatArray:
        return table.value(form.log_spot[some], sigma)

    def refine(excess: FloatArray) -> FloatArray:
        european = (target - excess) * form.scale
        return implied_vol.implied_volatility(contracts, european).volatility

    return search(price, refine, target=target, start=start)
