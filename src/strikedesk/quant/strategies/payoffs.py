"""What legs are worth: at the end, exactly, and at any time before, by the formula."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from strikedesk.quant import black_scholes
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind, Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The share and its carry. Units: USD; continuously compounded fractions a year."""

    spot: float
    rate: float
    dividend_yield: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """What can come of it, USD. Law: infinite where there is no bound; `max_loss` >= 0."""

    max_profit: float
    max_loss: float
    break_evens: tuple[float, ...]


def at_end(legs: Sequence[Leg], spot: FloatArray) -> FloatArray:
    """Return what legs of one expiration are worth there, USD, at each price of the share."""
    total = np.zeros_like(spot)
    for leg in legs:
        total += leg.shares * _gain(leg, spot)
    return total


def _gain(leg: Leg, spot: FloatArray) -> FloatArray:
    """Return what one share's worth of a leg ends with."""
    if leg.kind is Kind.SHARE:
        return spot
    return np.maximum(leg.strike - spot if leg.kind is Kind.PUT else spot - leg.strike, 0.0)


def ahead(
    legs: Sequence[Leg],
    volatility: FloatArray,
    market: Market,
    *,
    spot: FloatArray,
    years: FloatArray,
) -> FloatArray:
    """Return what legs are worth at each time ahead (rows) and price (columns), USD.

    Units: `volatility` one for each leg (any for shares), kept as it is; `years` from now.
    Law: European values; an option that has ended by then is worth what it ended with at that
    price. Dividends are the yield's.
    """
    total = np.zeros((years.size, spot.size))
    first = float(years.min(initial=np.inf))
    for leg in legs:
        if leg.years <= first:  # Shares, and what has ended: no formula is needed.
            total += leg.shares * _gain(leg, spot * leg.carry)
    alive = np.array([leg.years > first for leg in legs])
    later = [leg for leg in legs if leg.years > first]
    if later:
        worth = _formula(later, volatility[alive], market, spot=spot, years=years)
        total += np.tensordot([float(leg.shares) for leg in later], worth, axes=1)
    return total


def _formula(
    legs: Sequence[Leg],
    volatility: FloatArray,
    market: Market,
    *,
    spot: FloatArray,
    years: FloatArray,
) -> FloatArray:
    """Return what one share's worth of each option is worth: legs, times, prices."""
    carry, strike, ends = np.array([(leg.carry, leg.strike, leg.years) for leg in legs]).T
    contracts = Contracts.of(
        spot=carry[:, None, None] * spot,
        strike=strike[:, None, None],
        years=np.maximum(ends[:, None] - years, 0.0)[:, :, None],
        rate=market.rate,
        dividend_yield=market.dividend_yield,
        is_call=np.array([leg.kind is Kind.CALL for leg in legs])[:, None, None],
    )
    return black_scholes.price(contracts, volatility[:, None, None])


def extremes(legs: Sequence[Leg], cost: float) -> Extremes:
    """Return the bounds and zeros of what legs of one expiration bring beyond their cost, USD.

    Law: exact: the result is straight between strikes. `cost` is + where it was paid.
    """
    corners = np.array(sorted({0.0, *(leg.strike for leg in legs)}))
    results = at_end(legs, corners) - cost
    slope = float(sum(leg.shares for leg in legs if leg.kind is not Kind.PUT))
    return Extremes(
        max_profit=np.inf if slope > 0.0 else max(float(results.max()), 0.0),
        max_loss=np.inf if slope < 0.0 else max(-float(results.min()), 0.0),
        break_evens=_zeros(corners, results, slope),
    )


def sampled_extremes(spot: FloatArray, results: FloatArray) -> Extremes:
    """Return the bounds and zeros of a curve that was sampled: those of its samples."""
    return Extremes(
        max_profit=max(float(results.max()), 0.0),
        max_loss=max(-float(results.min()), 0.0),
        break_evens=_zeros(spot, results, 0.0),
    )


def _zeros(corners: FloatArray, results: FloatArray, slope: float) -> tuple[float, ...]:
    """Return where the line through the corners crosses zero, the last piece rising by `slope`."""
    crossed = np.flatnonzero(results[:-1] * results[1:] < 0.0)
    low, high = corners[crossed], corners[crossed + 1]
    below, above = results[crossed], results[crossed + 1]
    zeros = (low + (high - low) * below / (below - above)).tolist()
    last, result = float(corners[-1]), float(results[-1])
    if result * slope < 0.0:
        zeros.append(last - result / slope)
    zeros += corners[(results == 0.0) & (corners > 0.0)].tolist()
    return tuple(sorted(set(zeros)))
