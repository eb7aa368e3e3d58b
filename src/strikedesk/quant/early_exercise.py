"""The value of American options in put form, given where they are exercised.

A put is worth its European value and what exercise earns: the interest on the strike less the yield
of the share, while the share is below the boundary. In strikes, with m the spot in strikes,

    V = Σ w-·Φ(-d-(s, m / B(T - s))) - m Σ w+·Φ(-d+(s, m / B(T - s)))

over the points of a quadrature, to which the European term (s = T, B = 1) is one more point. A call
is the put that pays the share for the cash: spot and strike, rate and yield change places.
Sources: I. J. Kim, Review of Financial Studies 3 (1990) 547; R. McDonald, M. Schroder, J.
Computational Finance 1 (1998) 5.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

import numpy as np

from strikedesk.quant.contracts import Contracts, Lanes, alike
from strikedesk.quant.frontier import frontier, in_sigma
from strikedesk.quant.normal import FloatArray, upper_tail

_TABLES: Final = 4096  # Of 10 KB each.
# Points of the quadrature, up to so many years: with the years, low volatilities turn the integrand
# into a step.
_POINTS: Final = ((1.0, 16), (3.0, 24), (np.inf, 64))


@dataclass(frozen=True, slots=True, kw_only=True)
class PutForm:
    """Each contract as the put that it equals.

    Units: `scale` USD a share, the strike of that put; `log_spot` ln(spot / strike) of it; rates
    continuously compounded, `years` ACT/365.
    """

    scale: FloatArray
    log_spot: FloatArray
    years: FloatArray
    rate: FloatArray
    dividend_yield: FloatArray

    @classmethod
    def of(cls, contracts: Contracts) -> Self:
        """Bring contracts into the form."""
        calls = contracts.is_call
        log_spot = np.log(contracts.spot / contracts.strike)
        return cls(
            scale=np.where(calls, contracts.spot, contracts.strike),
            log_spot=np.where(calls, -log_spot, log_spot),
            years=contracts.years,
            rate=np.where(calls, contracts.dividend_yield, contracts.rate),
            dividend_yield=np.where(calls, contracts.rate, contracts.dividend_yield),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far a put is from the boundary at each point, in deviations: a row for each contract."""

    plus: FloatArray
    minus: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The quadrature of one (years, rate, yield): where its points are, and what they weigh.

    `to_distances` turns ln(m) and 1 over the volatility, the volatility, and the row that
    interpolates in it, into d+ and d-, side by side; `root_years` the root of each point's years;
    `steepness` that of the boundary now, `limit` as in `Frontier`.
    """

    to_distances: FloatArray
    owed: FloatArray
    held: FloatArray
    root_years: FloatArray
    steepness: FloatArray
    limit: float

    def distances(self, log_spot: FloatArray, volatility: FloatArray) -> Distances:
        """Return d+ and d- of contracts at their volatilities."""
        inverse = 1.0 / volatility
        features = np.column_stack((log_spot * inverse, inverse, volatility, in_sigma(volatility)))
        plus, minus = np.split(features @ self.to_distances, 2, axis=1)
        return Distances(plus=plus, minus=minus)

    def value(self, log_spot: FloatArray, volatility: FloatArray) -> FloatArray:
        """Return the value in strikes."""
        at = self.distances(log_spot, volatility)
        return upper_tail(at.minus) @ self.owed - np.exp(log_spot) * (
            upper_tail(at.plus) @ self.held
        )

    def log_boundary(self, volatility: FloatArray) -> FloatArray:
        """Return ln B of today: at or below it, the put is exercised."""
        return float(np.log(self.limit)) - volatility * (in_sigma(volatility) @ self.steepness)


@lru_cache(maxsize=_TABLES)
def schedule(years: float, rate: float, dividend_yield: float) -> Schedule:
    """Return the quadrature of a put; see `frontier` for what it costs and takes.

    The boundary is that of the next power of two of years: a clock that ticks needs no new one.
    """
    bound = frontier(2.0 ** float(np.ceil(np.log2(years))), rate, dividend_yield)
    z, weights = np.polynomial.legendre.leggauss(next(n for most, n in _POINTS if years <= most))
    angle = 0.25 * np.pi * (1.0 + z)  # s = T·sin²: at both ends the integrand takes roots of time.
    ahead = years * np.sin(angle) ** 2
    step = 0.25 * np.pi * years * weights * np.sin(2.0 * angle)
    depth = bound.steepness(np.append(years - ahead, years))
    steepness = np.column_stack((depth[:, :-1], np.zeros(len(depth))))
    root = np.sqrt(np.append(ahead, years))
    carried = (rate - dividend_yield) * root * root
    carried[:-1] -= np.log(bound.limit)
    both = [
        np.vstack((1.0 / root, carried / root, half * root, steepness / root))
        for half in (0.5, -0.5)
    ]
    return Schedule(
        to_distances=np.hstack(both),
        owed=_discounted(rate, ahead, step, years),
        held=_discounted(dividend_yield, ahead, step, years),
        root_years=root,
        steepness=depth[:, -1],
        limit=bound.limit,
    )


def groups(form: PutForm, lanes: Lanes) -> list[tuple[Schedule, Lanes]]:
    """Return the lanes of each (years, rate, yield), with its quadrature."""
    if not lanes.size:
        return []
    columns = np.array((form.years, form.rate, form.dividend_yield))
    parts = alike(columns, lanes)
    return [(schedule(*columns[:, part[0]].tolist()), part) for part in parts]


def _discounted(rate: float, ahead: FloatArray, step: FloatArray, years: float) -> FloatArray:
    """Return what a rate earns at each point, and the discount to the end."""
    return np.append(rate * step * np.exp(-rate * ahead), np.exp(-rate * years))
