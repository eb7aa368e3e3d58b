"""Which expirations are listed on a day, under which root, and since when.

Law: a programme lists an expiration a fixed time ahead, so what is listed stays until it ends.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from strikedesk.domain.calendar import (
    monthly_expirations,
    next_session,
    previous_session,
    third_friday_monthly,
    volatility_expirations,
    weekly_expirations,
)
from strikedesk.domain.quotes import Settlement
from strikedesk.exchange.simulated.catalogue import Programme, Underlying

DAILIES: Final = 5  # Sessions ahead.
WEEKLIES: Final = timedelta(weeks=8)
WEDNESDAYS: Final = timedelta(days=270)
MONTHLIES: Final = timedelta(days=400)
QUARTER_ENDS: Final = timedelta(days=400)
FAR_QUARTERS: Final = timedelta(days=2 * 366)
JANUARIES: Final = timedelta(days=3 * 366)
LONG_LIFE: Final = timedelta(days=500)  # A longer one begins with strikes twice as far apart.

QUARTER_MONTHS: Final = frozenset({3, 6, 9, 12})
JANUARY: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An expiration: a root and a day, with the settlement of that root."""

    root: str
    day: date
    settlement: Settlement
    standard: bool

    @property
    def order(self) -> tuple[date, Settlement, str]:
        """By day, the morning's first."""
        return (self.day, self.settlement, self.root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A reason why an expiration is listed: since when, and how far apart its strikes are."""

    since: date
    life: timedelta

    @property
    def widened(self) -> int:
        """What the distance between its strikes is multiplied by."""
        return 2 if self.life > LONG_LIFE else 1


def listed_on(underlying: Underlying, today: date) -> Mapping[Listing, tuple[Lead, ...]]:
    """Return what is listed on a session's day, by day, the morning's first."""
    found: defaultdict[Listing, list[Lead]] = defaultdict(list)
    for root, days, life in _programmes(underlying, today):
        for day, since in days:
            found[_listing(underlying, root, day)].append(Lead(since=since, life=life))
    return {listing: tuple(found[listing]) for listing in sorted(found, key=_order)}


# A programme: the root, the days with the date since when each is listed, and how long that is.
_Days = Iterable[tuple[date, date]]


def _programmes(underlying: Underlying, today: date) -> Iterator[tuple[str, _Days, timedelta]]:
    lists, monthly, weekly = underlying.programmes, underlying.ticker, underlying.weekly_root
    if Programme.WEDNESDAYS in lists:
        days = volatility_expirations(today, today + WEDNESDAYS)
        yield monthly, _ahead(days, WEDNESDAYS), WEDNESDAYS
        return
    yield weekly, _ahead(weekly_expirations(today, today + WEEKLIES), WEEKLIES), WEEKLIES
    yield monthly, _ahead(monthly_expirations(today, today + MONTHLIES), MONTHLIES), MONTHLIES
    if Programme.DAILIES in lists:
        yield weekly, _dailies(today), timedelta(days=DAILIES + 2)
    if Programme.QUARTER_ENDS in lists:
        days = _quarter_ends(today, today + QUARTER_ENDS)
        yield weekly, _ahead(days, QUARTER_ENDS), QUARTER_ENDS
    if Programme.FAR_QUARTERS in lists:
        days = monthly_expirations(today, today + FAR_QUARTERS)
        chosen = [day for day in days if day.month in QUARTER_MONTHS]
        yield monthly, _ahead(chosen, FAR_QUARTERS), FAR_QUARTERS
    if Programme.JANUARIES in lists:
        days = monthly_expirations(today, today + JANUARIES)
        yield monthly, _ahead([d for d in days if d.month == JANUARY], JANUARIES), JANUARIES


def _ahead(days: Iterable[date], life: timedelta) -> _Days:
    return [(day, day - life) for day in days]


def _dailies(today: date) -> _Days:
    """Yield `today`, a session's day, and the sessions that follow, each with its beginning."""
    days = [today]
    for _ in range(DAILIES):
        days.append(next_session(days[-1]).day)
    return [(day, _sessions_before(day, DAILIES)) for day in days]


def _sessions_before(day: date, count: int) -> date:
    for _ in range(count):
        day = previous_session(day).day
    return day


def _quarter_ends(start: date, end: date) -> Iterator[date]:
    """Yield the last sessions of quarters."""
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    for month in months:
        if month % 12 + 1 in QUARTER_MONTHS:
            day = previous_session(date((month + 1) // 12, (month + 1) % 12 + 1, 1)).day
            if start <= day <= end:
                yield day


def _listing(underlying: Underlying, root: str, day: date) -> Listing:
    monthly = root == underlying.ticker
    special = Programme.WEDNESDAYS in underlying.programmes
    return Listing(
        root=root,
        day=day,
        settlement=underlying.terms(root).settlement,
        standard=monthly and (special or day == third_friday_monthly(day.year, day.month)),
    )


def _order(listing: Listing) -> tuple[date, Settlement, str]:
    return listing.order
