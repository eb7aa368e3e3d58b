"""What a strategy comes to: cost, bounds, chances, sensitivities, returns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from strikedesk.quant import black_scholes
from strikedesk.quant.black_scholes import GreekArrays
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.cross_greeks import CrossGreeks
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.curve import Chances, Curve
from strikedesk.quant.strategies.legs import Kind, Leg
from strikedesk.quant.strategies.outlook import Lognormal, Outlook
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern
from strikedesk.quant.strategies.payoffs import (
    Extremes,
    Market,
    extremes,
    sampled_extremes,
)
from strikedesk.quant.strategies.recognition import Recognised, recognised


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The position's sensitivities, USD but for delta and gamma, which are in shares."""

    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossExposure:
    """How the position's delta moves, in shares.

    Units: `vanna` per volatility point, which is also USD of vega per $1; `charm` per calendar day
    that passes.
    """

    vanna: float
    charm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """All of a strategy at its nearest expiration.

    Units: `cost` USD, + paid; `deviation` of ln(price) at the end, the market's; `bounds` USD;
    `capital` USD, what it binds; `return_on_capital` the most that can be earned as a fraction of
    that, `annualised` by simple interest.
    Law: `exact` where all options end together; otherwise bounds and chances are read off a curve
    sampled at the nearest expiration, the other legs valued at their volatilities of now. Dividends
    that shares are paid until then are not counted. Capital
    and returns are None where the loss has no bound and none was given, returns also where the
    profit has none.
    """

    recognised: Recognised
    cost: float
    years: float
    deviation: float
    bounds: Extremes
    exact: bool
    exposure: Exposure
    market: Chances
    stated: Chances | None
    capital: float | None
    return_on_capital: float | None
    annualised: float | None


def analyse(
    legs: Sequence[Leg],
    market: Market,
    *,
    price: npt.ArrayLike,
    volatility: npt.ArrayLike,
    at: GreekArrays | None = None,
    outlook: Outlook | None = None,
    stated: Outlook | None = None,
    capital: float | None = None,
    patterns: Sequence[Pattern] = PATTERNS,
) -> Analysis:
    """Return the analysis of legs bought and sold at `price`, USD a share, one for each leg.

    Units: `volatility` one for each leg, any for shares, `at` the sensitivities there, any of
    shares, reckoned here if none are given; `outlook` the market's distribution at the
    nearest expiration, the lognormal one of the options' mean volatility if none is given; `stated`
    another to ask; `capital` USD, the greatest loss if none is given; `patterns` those with names.
    Law: European values and sensitivities, at the carry of `market`.

    Raises:
        ValueError: no option is among the legs, they close each other, or a column has not one
            number for each leg.
    """
    prices, sigma = (np.asarray(each, np.float64) for each in (price, volatility))
    if not prices.shape == sigma.shape == (len(legs),):
        raise ValueError("give one price and one volatility for each leg")
    ends = sorted({leg.years for leg in legs if leg.kind is not Kind.SHARE})
    if not ends:
        raise ValueError("a strategy has an option at least: shares alone have no expiration")
    known = recognised(legs, patterns)
    cost = float(sum(leg.shares * each for leg, each in zip(legs, prices.tolist(), strict=True)))
    view = outlook or _usual(legs, sigma, market, ends[0])
    curve = Curve.of(legs, sigma, market, cost=cost, years=ends[0], outlook=view)
    exact = len(ends) == 1
    bounds = extremes(legs, cost) if exact else sampled_extremes(curve.spot, curve.result)
    bound = bounds.max_loss if capital is None else capital
    binds = bound if 0.0 < bound < np.inf else None
    earned = None if binds is None or np.isinf(bounds.max_profit) else bounds.max_profit / binds
    return Analysis(
        recognised=known,
        cost=cost,
        years=ends[0],
        deviation=view.deviation,
        bounds=bounds,
        exact=exact,
        exposure=exposure(legs, at or _european(legs, sigma, market)),
        market=curve.chances(view, bounds),
        stated=None if stated is None else curve.chances(stated, bounds),
        capital=binds,
        return_on_capital=earned,
        annualised=None if earned is None else earned / ends[0],
    )


def exposure(legs: Sequence[Leg], at: GreekArrays) -> Exposure:
    """Return the sensitivities of all legs together, from those of one share's worth of each."""
    options = np.array([leg.kind is not Kind.SHARE for leg in legs])
    shares = np.array([float(leg.shares) for leg in legs])
    rows = np.array((at.delta, at.gamma, at.theta, at.vega, at.rho))
    rows[:, ~options] = 0.0
    rows[0, ~options] = 1.0
    delta, gamma, theta, vega, rho = (rows @ shares).tolist()
    return Exposure(delta=delta, gamma=gamma, theta=theta, vega=vega, rho=rho)


def cross_exposure(legs: Sequence[Leg], of: CrossGreeks) -> CrossExposure:
    """Return how the delta of all legs together moves; that of shares does not."""
    shares = [0.0 if leg.kind is Kind.SHARE else float(leg.shares) for leg in legs]
    sums = (np.where(np.equal(shares, 0.0), 0.0, each) @ shares for each in (of.vanna, of.charm))
    vanna, charm = (float(each) for each in sums)
    return CrossExposure(vanna=vanna, charm=charm)


def _european(legs: Sequence[Leg], volatility: FloatArray, market: Market) -> GreekArrays:
    contracts = Contracts.of(
        spot=market.spot * np.array([leg.carry for leg in legs]),
        strike=[leg.strike for leg in legs],
        years=[leg.years for leg in legs],
        rate=market.rate,
        dividend_yield=market.dividend_yield,
        is_call=[leg.kind is Kind.CALL for leg in legs],
    )
    return black_scholes.greeks(contracts, volatility)


def _usual(legs: Sequence[Leg], sigma: FloatArray, market: Market, years: float) -> Lognormal:
    """Return the lognormal distribution of the mean volatility of the nearest options."""
    nearest = [s for leg, s in zip(legs, sigma.tolist(), strict=True) if leg.years == years]
    forward = market.spot * float(np.exp((market.rate - market.dividend_yield) * years))
    deviation = float(np.mean(nearest)) * float(np.sqrt(years))
    return Lognormal(forward=forward, deviation=deviation)
