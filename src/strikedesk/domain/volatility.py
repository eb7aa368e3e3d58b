"""Implied volatility: how the desk reads it off a chain, and what it was on days gone by.

At the money: at the listed strike nearest the spot that has both a call and a put (the lower of two
as near), the mean of their implied volatilities, or the one that is known.

At 30 days: total variance (volatility squared times days) interpolated linearly in days between the
nearest expirations at or before and at or after 30 days; with expirations on one side only, the
nearest. The last day's volatility is noise: an expiration of today counts for nothing.

Units: volatilities are annual fractions (0.25 = 25 %), days calendar days. Statistics, not money.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from strikedesk.domain.quotes import Chain, ChainRow, Expiration
from strikedesk.domain.symbols import Right

HORIZON_DAYS: Final = 30

_EACH_SIDE: Final = 2  # The nearest may have no volatility.


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedClose:
    """The 30-day at-the-money implied volatility at the close of session `day`."""

    day: date
    volatility: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedHistory:
    """What implied volatility was, oldest first; a session of which it is unknown is absent.

    `rank` and `percentile` are those of a broker that reckons them itself, fractions, else None.
    """

    closes: tuple[ImpliedClose, ...] = ()
    rank: float | None = None
    percentile: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPoint:
    """Implied volatility so many days ahead."""

    days: int
    volatility: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The call and the put of one strike."""

    call: ChainRow
    put: ChainRow

    @property
    def strike(self) -> Decimal:
        """Their strike."""
        return self.call.contract.strike

    @property
    def volatility(self) -> float | None:
        """The mean of the implied volatilities that are known, or None."""
        found = [vol for vol in map(implied, (self.call, self.put)) if vol is not None]
        return statistics.fmean(found) if found else None


def implied(row: ChainRow) -> float | None:
    """Return a contract's implied volatility; what is no positive number is unknown."""
    vol = row.greeks.implied_volatility if row.greeks else None
    return vol if vol is not None and math.isfinite(vol) and vol > 0 else None


def at_the_money(rows: Iterable[ChainRow], spot: Decimal) -> Pair | None:
    """Return the pair nearest the spot, of the contracts of one expiration and root."""
    sides: dict[Right, dict[Decimal, ChainRow]] = {Right.CALL: {}, Right.PUT: {}}
    for row in rows:
        sides[row.contract.right][row.contract.strike] = row
    calls, puts = sides[Right.CALL], sides[Right.PUT]
    both = sorted(calls.keys() & puts.keys())
    strike = min(both, key=lambda each: abs(each - spot), default=None)
    return None if strike is None else Pair(call=calls[strike], put=puts[strike])


def around_horizon(listed: Sequence[Expiration]) -> tuple[Expiration, ...]:
    """Return what a 30-day volatility is made from: the nearest listings before and after."""
    before = [each for each in listed if 0 < each.days <= HORIZON_DAYS]
    after = [each for each in listed if each.days > HORIZON_DAYS]
    return (*before[-_EACH_SIDE:], *after[:_EACH_SIDE])


def neighbours(term: Iterable[TermPoint]) -> tuple[TermPoint, ...]:
    """Return the two points around 30 days, or the one that is all there is, or none.

    Points of the same day (two roots) count by their mean.
    """
    by_days: defaultdict[int, list[float]] = defaultdict(list)
    for point in term:
        if point.days > 0:
            by_days[point.days].append(point.volatility)
    days = sorted(by_days)
    before = [each for each in days if each <= HORIZON_DAYS][-1:]
    after = [each for each in days if each >= HORIZON_DAYS][:1]
    return tuple(
        TermPoint(days=each, volatility=statistics.fmean(by_days[each]))
        for each in dict.fromkeys(before + after)
    )


def at_horizon(points: Sequence[TermPoint]) -> float | None:
    """Return the volatility at 30 days, of what `neighbours` returned."""
    if len(points) <= 1:
        return points[0].volatility if points else None
    near, far = points
    share = (HORIZON_DAYS - near.days) / (far.days - near.days)
    variance = (1 - share) * _total(near) + share * _total(far)
    return math.sqrt(variance / HORIZON_DAYS)


def at_30_days(chain: Chain, today: date) -> float | None:
    """Return the 30-day at-the-money implied volatility of a chain as of `today`, or None."""
    if chain.spot.mark is None:
        return None
    term = [
        TermPoint(days=(day - today).days, volatility=pair.volatility)
        for (day, _), rows in _by_listing(chain.rows).items()
        if (pair := at_the_money(rows, chain.spot.mark)) and pair.volatility is not None
    ]
    return at_horizon(neighbours(term))


def _total(point: TermPoint) -> float:
    return point.volatility * point.volatility * point.days


def _by_listing(rows: Iterable[ChainRow]) -> Mapping[tuple[date, str], Sequence[ChainRow]]:
    found: defaultdict[tuple[date, str], list[ChainRow]] = defaultdict(list)
    for row in rows:
        found[row.contract.expiration, row.contract.root].append(row)
    return found
