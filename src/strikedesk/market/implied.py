"""What options say of the days to come, and how that compares with the year that was.

Units: annual fractions. At the money and at 30 days are as `domain.volatility` defines them.

Rank: (now - low) / (high - low), low and high being those of the newest 252 session closes known
and of now itself, so that it lies between 0 and 1. Percentile: the share of those 252 closes that
lie below now. Neither is made from fewer than 252, or from closes older than 260 sessions.

Volatility at 25 delta: of the puts (calls) of one expiration, interpolated linearly in delta
between the two on either side of 0.25. Skew: that of the put minus that of the call.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from strikedesk.domain.calendar import exchange_date, sessions_between
from strikedesk.domain.quotes import ChainRow
from strikedesk.domain.symbols import Right
from strikedesk.domain.volatility import (
    HORIZON_DAYS,
    ImpliedHistory,
    TermPoint,
    at_horizon,
    implied,
    neighbours,
)
from strikedesk.market.figures import Figure
from strikedesk.market.numbers import known

YEAR_OF_SESSIONS: Final = 252
SESSIONS_ASKED: Final = 260  # A feed may have a gap or two, or be late with the newest close.
SKEW_DELTA: Final = 0.25

_CERTAINLY: Final = timedelta(days=400)  # Holds more sessions than are asked for.
_BY_BROKER: Final = "as the broker reckons it"


def sessions_asked(now: datetime) -> tuple[date, ...]:
    """Return the newest finished sessions that a rank may be made from, ascending."""
    today = exchange_date(now)
    found = sessions_between(today - _CERTAINLY, today)
    return tuple(each.day for each in found if each.closes_at <= now)[-SESSIONS_ASKED:]


def implied_30(term: Iterable[TermPoint]) -> Figure:
    """Return the 30-day implied volatility; `basis` names the expirations it came from."""
    points = neighbours(term)
    value = at_horizon(points)
    if value is None:
        return Figure(value=None, why="no at-the-money implied volatility is known")
    days = [point.days for point in points]
    if len(points) > 1:
        return Figure(value=value, basis=f"interpolated between {days[0]} and {days[1]} days")
    exact = f"{days[0]} days"
    at_horizon_itself = days == [HORIZON_DAYS]
    return Figure(
        value=value, basis=exact if at_horizon_itself else f"nearest expiration only: {exact}"
    )


def rank(now: Figure, history: ImpliedHistory) -> Figure:
    """Return where today's volatility lies between the year's lowest and highest."""
    if history.rank is not None:
        return Figure(value=history.rank, basis=_BY_BROKER)
    year = _year(history)
    if (why := _why_not(now, year)) or now.value is None:
        return Figure(value=None, why=why)
    low, high = min(*year, now.value), max(*year, now.value)
    if low == high:
        return Figure(value=None, why="the volatility was the same in every session")
    basis = f"{len(year)} sessions from {min(year):.4f} to {max(year):.4f}"
    return Figure(value=(now.value - low) / (high - low), basis=basis)


def percentile(now: Figure, history: ImpliedHistory) -> Figure:
    """Return in how many of the year's sessions volatility was below today's, as a fraction."""
    if history.percentile is not None:
        return Figure(value=history.percentile, basis=_BY_BROKER)
    year = _year(history)
    if (why := _why_not(now, year)) or now.value is None:
        return Figure(value=None, why=why)
    below = sum(vol < now.value for vol in year)
    return Figure(value=below / len(year), basis=f"{below} of {len(year)} sessions below")


def skew(rows: Iterable[ChainRow]) -> float | None:
    """Return the skew of one expiration; None where either side does not reach 25 delta."""
    sides: dict[Right, list[tuple[float, float]]] = {Right.CALL: [], Right.PUT: []}
    for row in rows:
        delta, vol = (row.greeks.delta if row.greeks else None), implied(row)
        if known(delta) and vol is not None:
            sides[row.contract.right].append((abs(delta), vol))
    put, call = (_at_delta(sides[right]) for right in (Right.PUT, Right.CALL))
    return None if put is None or call is None else put - call


def _at_delta(points: list[tuple[float, float]]) -> float | None:
    for (low, vol_low), (high, vol_high) in pairwise(sorted(points)):
        if low <= SKEW_DELTA <= high:
            share = (SKEW_DELTA - low) / (high - low) if high > low else 0.0
            return vol_low + share * (vol_high - vol_low)
    return None


def _year(history: ImpliedHistory) -> list[float]:
    return [close.volatility for close in history.closes if known(close.volatility)][
        -YEAR_OF_SESSIONS:
    ]


def _why_not(now: Figure, year: list[float]) -> str | None:
    if len(year) < YEAR_OF_SESSIONS:
        return f"{len(year)} sessions known, {YEAR_OF_SESSIONS} needed"
    return "iv30 is unknown" if now.value is None else None
