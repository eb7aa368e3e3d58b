"""Legs that may be exercised early: what their prices imply, and what they move by.

The carry of an expiration is what its forward tells beyond the dividends that are known: a rate
where it is positive, a yield where it is negative (dividends that nobody announced, a fee to borrow
the share).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from strikedesk.quant import (
    black_scholes,
    cash_dividends,
    cash_dividends_vol,
    implied_vol,
)
from strikedesk.quant.cash_dividends import CashDividends
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.analysis import Exposure
from strikedesk.quant.strategies.legs import Kind, Leg

_ROUNDS: Final = 4  # A rate changes what dividends are worth by so little that this is plenty.
_SEEN: Final = 0.15  # Of a point of volatility: less is not looked at closely.
_CARRY_MAX: Final = 0.25  # Beyond it the quotes of a last day are told, and no rate.


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """What is known of the legs, one row each, NaN for shares.

    Units: as `GreekArrays`, without rho; `rate` of each leg's expiration, 0 where it is a yield.
    """

    volatility: FloatArray
    rate: FloatArray
    delta: FloatArray
    gamma: FloatArray
    theta: FloatArray
    vega: FloatArray


def carry(*, spot: float, forward: float, years: float, dividends: CashDividends) -> float:
    """Return the rate at which the share grows to its forward while it pays its dividends.

    Units: USD; a fraction a year, continuously compounded, at most a quarter to either side.
    Law: forward = (spot - worth of the dividends until then)·exp(rate·years). NaN where these are
    worth the share.
    """
    paid = dividends.until(years)
    rate = 0.0
    for _ in range(_ROUNDS):
        left = spot - paid.worth(rate)
        if left <= 0.0:
            return np.nan
        rate = float(np.clip(np.log(forward / left) / years, -_CARRY_MAX, _CARRY_MAX))
    return rate


def _carries(
    legs: Sequence[Leg],
    spot: float,
    forwards: FloatArray,
    sigma: FloatArray,
    dividends: CashDividends,
) -> FloatArray:
    """Return the carry of each leg's expiration.

    Its calls and puts agree on a forward as if they were European. What early exercise adds to the
    one at the money more than to the other is taken out of it again.
    """
    ends, first, back = np.unique(
        [leg.years for leg in legs], return_index=True, return_inverse=True
    )
    told = forwards[first]
    rates = _rates(spot, told, ends, dividends)
    fair = told - _apart(spot, told, ends, rates, sigma[first], dividends)
    return _rates(spot, fair, ends, dividends)[back]


def _rates(
    spot: float, forwards: FloatArray, ends: FloatArray, dividends: CashDividends
) -> FloatArray:
    pairs = zip(forwards.tolist(), ends.tolist(), strict=True)
    return np.array(
        [carry(spot=spot, forward=f, years=years, dividends=dividends) for f, years in pairs]
    )


def _apart(  # noqa: PLR0917 -- columns side by side
    spot: float,
    forwards: FloatArray,
    ends: FloatArray,
    rates: FloatArray,
    sigma: FloatArray,
    dividends: CashDividends,
) -> FloatArray:
    """Return by how much early exercise adds more to calls than to puts at the forwards.

    Units: USD at each of the ends; 0 where nothing is known.
    """
    earned = np.maximum(rates, 0.0)
    pairs = Contracts.of(
        spot=spot,
        strike=np.tile(forwards, 2),
        years=np.tile(ends, 2),
        rate=np.tile(earned, 2),
        dividend_yield=np.tile(np.maximum(-rates, 0.0), 2),
        is_call=np.repeat((True, False), ends.size),
    )
    at = np.tile(sigma, 2)
    plain = black_scholes.price(_stripped(pairs, dividends), at)
    call, put = (cash_dividends.price(pairs, dividends, at) - plain).reshape(2, -1)
    return np.nan_to_num((call - put) * np.exp(earned * ends))


def _stripped(contracts: Contracts, dividends: CashDividends) -> Contracts:
    """Return the contracts on the share without what it pays before their end."""
    rows = zip(contracts.years.tolist(), contracts.rate.tolist(), strict=True)
    worth = [dividends.until(years).worth(rate) for years, rate in rows]
    return replace(contracts, spot=contracts.spot - np.array(worth))


def early(
    legs: Sequence[Leg],
    *,
    spot: float,
    forward: npt.ArrayLike,
    price: npt.ArrayLike,
    volatility: npt.ArrayLike,
    dividends: CashDividends,
) -> Early:
    """Return the volatilities that prices imply of American options, and the sensitivities there.

    Units: `forward` USD of each leg's expiration; `price` USD a share; `volatility` the European
    one of each leg, which stands in, with its sensitivities, where no American one has the price
    (exercise is due, or it is no price of now).
    """
    options = [place for place, leg in enumerate(legs) if leg.kind is not Kind.SHARE]
    forwards, prices, usual = (
        np.asarray(column, np.float64)[options] for column in (forward, price, volatility)
    )
    some = [legs[place] for place in options]
    carried = _carries(some, spot, forwards, usual, dividends)
    contracts = _contracts(some, spot, np.maximum(carried, 0.0), np.maximum(-carried, 0.0))
    found, at = _implied(contracts, dividends, prices)
    plain = black_scholes.greeks(_contracts(some, forwards, 0.0, 0.0), usual)
    rows = np.full((6, len(legs)), np.nan)
    rows[0, options] = np.where(np.isnan(found), usual, found)
    rows[1, options] = contracts.rate
    lacks = np.isnan(at[0])
    rows[2:, options] = np.where(lacks, (plain.delta, plain.gamma, plain.theta, plain.vega), at)
    return Early(
        volatility=rows[0],
        rate=rows[1],
        delta=rows[2],
        gamma=rows[3],
        theta=rows[4],
        vega=rows[5],
    )


def _implied(
    contracts: Contracts, dividends: CashDividends, price: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return volatilities, and the rows of delta, gamma, theta and vega at them.

    Where early exercise adds less than a sixth of a point to the volatility, the closed formula on
    the share without its dividends is taken at what is left of the price: it misses a hundredth of
    a point, in a third of the time of a search.
    """
    with np.errstate(all="ignore"):  # What makes no sense is NaN, and looked at more closely.
        stripped = _stripped(contracts, dividends)
        usual = implied_vol.implied_volatility(stripped, price).volatility
        added = cash_dividends.price(contracts, dividends, usual)
        added -= black_scholes.price(stripped, usual)
        sigma = implied_vol.implied_volatility(stripped, price - added).volatility
        at = black_scholes.greeks(stripped, sigma)
        rows = np.array((at.delta, at.gamma, at.theta, at.vega))
        closer = np.flatnonzero(~(added < _SEEN * at.vega))
    if closer.size:
        some = contracts.part(closer)
        found = cash_dividends_vol.implied_volatility(some, dividends, price[closer]).volatility
        at = cash_dividends.greeks(some, dividends, found, with_rho=False)
        sigma[closer] = found
        rows[:, closer] = at.delta, at.gamma, at.theta, at.vega
    return sigma, rows


def exposure(legs: Sequence[Leg], seen: Early, *, rho: float) -> Exposure:
    """Return the sensitivities of all legs together; `rho` is told by another."""
    held = float(sum(leg.shares for leg in legs if leg.kind is Kind.SHARE))
    shares = np.array([float(leg.shares) for leg in legs])
    delta, gamma, theta, vega = (
        float(np.nansum(shares * each)) for each in (seen.delta, seen.gamma, seen.theta, seen.vega)
    )
    return Exposure(delta=delta + held, gamma=gamma, theta=theta, vega=vega, rho=rho)


def _contracts(
    legs: Sequence[Leg], spot: npt.ArrayLike, rate: npt.ArrayLike, dividend_yield: npt.ArrayLike
) -> Contracts:
    return Contracts.of(
        spot=spot,
        strike=[leg.strike for leg in legs],
        years=[leg.years for leg in legs],
        rate=rate,
        dividend_yield=dividend_yield,
        is_call=[leg.kind is Kind.CALL for leg in legs],
    )
