"""Legs that may be exercised early: what their prices imply, and what they move by."""

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
from strikedesk.quant.black_scholes import PERCENT
from strikedesk.quant.cash_dividends import CashDividends
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.analysis import Exposure
from strikedesk.quant.strategies.carries import Ends, on_carries
from strikedesk.quant.strategies.legs import Kind, Leg

_SEEN: Final = 0.15  # Of a point of volatility: less is not looked at closely.
_NEAR: Final = 2e-3  # Of volatility: a shorter step of Newton's misses a hundredth of a point.


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """What is known of the legs, one row each, NaN for shares.

    Units: as `GreekArrays`, without rho; `carry` of each leg's expiration, a yield where it is
    negative.
    """

    volatility: FloatArray
    carry: FloatArray
    delta: FloatArray
    gamma: FloatArray
    theta: FloatArray
    vega: FloatArray

    @property
    def rate(self) -> FloatArray:
        """Return what cash earns: the carry, and nothing where that is a yield."""
        return np.maximum(self.carry, 0.0)


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
    told = Ends.of(some, spot=spot, forward=forwards, sigma=usual)
    ends, added = _first_look(some, told, dividends, prices)
    carried = ends.carries(dividends)[ends.back]
    contracts = _contracts(some, spot, carried)
    found, at = _implied(contracts, dividends, prices, added)
    rows = np.full((6, len(legs)), np.nan)
    rows[0, options] = np.where(np.isnan(found), usual, found)
    rows[1, options] = carried
    if (lacks := np.isnan(at[0])).any():
        at = np.where(lacks, _closed(_contracts(some, forwards, 0.0), usual), at)
    rows[2:, options] = at
    return Early(
        volatility=rows[0],
        carry=rows[1],
        delta=rows[2],
        gamma=rows[3],
        theta=rows[4],
        vega=rows[5],
    )


def _first_look(
    legs: Sequence[Leg], ends: Ends, dividends: CashDividends, price: FloatArray
) -> tuple[Ends, FloatArray]:
    """Return the ends with fair forwards, and what early exercise adds to each option, USD.

    Calls and puts agree on a forward as if they were European. What early exercise adds to the one
    at the money more than to the other is taken out of it again. Both come from one tree, of the
    carry before that.
    """
    carried, money = ends.carries(dividends), 2 * ends.years.size
    at_the_money = [
        Leg(kind=kind, quantity=1, strike=forward, years=years)
        for kind in (Kind.CALL, Kind.PUT)
        for forward, years in zip(ends.forwards.tolist(), ends.years.tolist(), strict=True)
    ]
    rates = np.concatenate((carried, carried, carried[ends.back]))
    every = _contracts([*at_the_money, *legs], ends.spot, rates)
    with np.errstate(all="ignore"):  # What makes no sense is NaN, and looked at more closely.
        stripped = _stripped(every.part(slice(money, None)), dividends)
        known = implied_vol.implied_volatility(stripped, price)
        sigma = np.concatenate((ends.sigma, ends.sigma, known.volatility))
        added = cash_dividends.added(every, dividends, sigma)
    call, put = added[:money].reshape(2, -1)
    apart = np.nan_to_num((call - put) * np.exp(np.maximum(carried, 0.0) * ends.years))
    return replace(ends, forwards=ends.forwards - apart), added[money:]


def _stripped(contracts: Contracts, dividends: CashDividends) -> Contracts:
    """Return the contracts on the share without what it pays before their end."""
    paid = dividends.years <= contracts.years[:, None]
    worth = dividends.amounts * np.exp(-contracts.rate[:, None] * dividends.years)
    return replace(contracts, spot=contracts.spot - (paid * worth).sum(axis=1))


def _implied(
    contracts: Contracts, dividends: CashDividends, price: FloatArray, added: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return volatilities, and the rows of delta, gamma, theta and vega at them.

    Where early exercise adds less than a sixth of a point to the volatility, the closed formula on
    the share without its dividends is taken at what is left of the price: it misses three
    hundredths of a point. Where it adds more, that is where `_stepped` begins.
    """
    with np.errstate(all="ignore"):  # See `_first_look`.
        stripped = _stripped(contracts, dividends)
        known, at = implied_vol.implied_greeks(stripped, price - added)
        sigma, rows = known.volatility, np.array((at.delta, at.gamma, at.theta, at.vega))
        closer = np.flatnonzero(~(added < _SEEN * rows[3]))
        if closer.size:
            some, closed = contracts.part(closer), rows[:, closer]
            found = _stepped(some, dividends, price[closer], sigma[closer], closed)
            sigma[closer], rows[:, closer] = found
    return sigma, rows


def _stepped(
    contracts: Contracts,
    dividends: CashDividends,
    price: FloatArray,
    start: FloatArray,
    closed: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the same by one step of Newton from `start`, whose tree tells value and slope.

    The closed formula has the rows `closed` there. After a short step only its part of the
    sensitivities is moved: what early exercise adds to them hardly changes. Where the step is
    long, the search goes on.
    """
    value, at = cash_dividends.valued_greeks(contracts, dividends, start)
    sigma = start + PERCENT * (price - value) / at.vega
    rows = np.array((at.delta, at.gamma, at.theta, at.vega))
    rows += _closed(_stripped(contracts, dividends), sigma) - closed
    far = np.flatnonzero(~(np.abs(sigma - start) < _NEAR))
    if far.size:
        some = contracts.part(far)
        found = cash_dividends_vol.implied_volatility(some, dividends, price[far]).volatility
        at = cash_dividends.greeks(some, dividends, found, with_rho=False)
        sigma[far], rows[:, far] = found, (at.delta, at.gamma, at.theta, at.vega)
    return sigma, rows


def _closed(stripped: Contracts, sigma: FloatArray) -> FloatArray:
    """Return the rows of the closed formula."""
    at = black_scholes.greeks(stripped, sigma)
    return np.array((at.delta, at.gamma, at.theta, at.vega))


def exposure(legs: Sequence[Leg], seen: Early, *, rho: float) -> Exposure:
    """Return the sensitivities of all legs together; `rho` is told by another."""
    held = float(sum(leg.shares for leg in legs if leg.kind is Kind.SHARE))
    shares = np.array([float(leg.shares) for leg in legs])
    delta, gamma, theta, vega = (
        float(np.nansum(shares * each)) for each in (seen.delta, seen.gamma, seen.theta, seen.vega)
    )
    return Exposure(delta=delta + held, gamma=gamma, theta=theta, vega=vega, rho=rho)


def _contracts(legs: Sequence[Leg], spot: npt.ArrayLike, carried: npt.ArrayLike) -> Contracts:
    return on_carries(
        spot=spot,
        strike=[leg.strike for leg in legs],
        years=[leg.years for leg in legs],
        carried=carried,
        is_call=[leg.kind is Kind.CALL for leg in legs],
    )
