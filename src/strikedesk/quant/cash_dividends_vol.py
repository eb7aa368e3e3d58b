"""Implied volatility of American options on a share that pays cash dividends."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from strikedesk.quant import american_vol, implied_vol
from strikedesk.quant.black_scholes import GreekArrays
from strikedesk.quant.cash_dividends import NOISE, CashDividends, Group, greeks, groups, paying
from strikedesk.quant.contracts import Contracts, Lanes
from strikedesk.quant.frontier import SIGMA_MAX, SIGMA_MIN
from strikedesk.quant.implied_vol import ImpliedVolatility, NoVolatility, ReasonArray
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.volatility_search import search


def implied_volatility(
    contracts: Contracts, dividends: CashDividends, price: npt.ArrayLike
) -> ImpliedVolatility:
    """Return the volatility at which each contract is worth `price`, USD per share.

    Law: `price` of this module at the answer is `price`; otherwise as `american_vol`.

    Raises:
        ValueError: `price` does not fit the contracts' shape.
    """
    prices = contracts.flat(price)
    volatility = np.full(len(contracts), np.nan)
    reason = np.full(len(contracts), NoVolatility.BAD_INPUT, dtype=np.uint8)
    with np.errstate(all="ignore"):  # What makes no sense is told apart by its NaN.
        sees = paying(contracts, dividends)
        plain = np.flatnonzero(~sees)
        known = american_vol.implied_volatility(contracts.part(plain), prices[plain])
        volatility[plain], reason[plain] = known.volatility, known.reason
        for group in groups(contracts, dividends, sees):
            found = _search(group, prices[group.lanes])
            volatility[group.lanes], reason[group.lanes] = found
        volatility[reason != NoVolatility.NONE] = np.nan
    return ImpliedVolatility(
        volatility=volatility.reshape(contracts.shape), reason=reason.reshape(contracts.shape)
    )


def implied_greeks(
    contracts: Contracts, dividends: CashDividends, price: npt.ArrayLike
) -> tuple[ImpliedVolatility, GreekArrays]:
    """Return implied volatilities and the sensitivities at them.

    Raises:
        ValueError: `price` does not fit the contracts' shape.
    """
    found = implied_volatility(contracts, dividends, price)
    return found, greeks(contracts, dividends, found.volatility)


def _search(group: Group, prices: FloatArray) -> tuple[FloatArray, ReasonArray]:
    """Search among the contracts of one tree, for those whose price can have an answer."""
    known = implied_vol.implied_volatility(group.stripped, prices)
    reason = _without(group, prices, known.reason)
    lanes = np.flatnonzero(reason == NoVolatility.NONE)
    volatility = np.full(prices.shape, np.nan)
    if lanes.size:
        some = replace(group, stripped=group.stripped.part(lanes))
        european = known.volatility[lanes]
        start = np.where(np.isnan(european), SIGMA_MAX, np.clip(european, SIGMA_MIN, SIGMA_MAX))
        found = _search_some(some, prices[lanes], start)
        volatility[lanes], reason[lanes] = found
    return volatility, reason


def _search_some(
    group: Group, prices: FloatArray, start: FloatArray
) -> tuple[FloatArray, ReasonArray]:
    def value(lanes: Lanes, sigma: FloatArray) -> FloatArray:
        return replace(group, stripped=group.stripped.part(lanes)).values(sigma)

    def refine(excess: FloatArray) -> FloatArray:
        return implied_vol.implied_volatility(group.stripped, prices - excess).volatility

    return search(value, refine, target=prices, start=start)


def _without(group: Group, prices: FloatArray, european: ReasonArray) -> ReasonArray:
    """Return why a price has no volatility; 0 where it may have one."""
    contracts, gain = group.stripped, group.gain()
    noise = NOISE * contracts.strike
    most = np.where(contracts.is_call, contracts.spot + group.worth, contracts.strike)
    chosen = np.select(
        [
            european == NoVolatility.BAD_INPUT,
            prices < gain - noise,
            prices <= gain + noise,
            prices >= most,
        ],
        [
            NoVolatility.BAD_INPUT,
            NoVolatility.BELOW_INTRINSIC,
            NoVolatility.NO_TIME_VALUE,
            NoVolatility.ABOVE_MAXIMUM,
        ],
        NoVolatility.NONE,
    )
    return chosen.astype(np.uint8)
