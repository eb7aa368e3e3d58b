"""The US equity and options market calendar, by rule: sessions, half days, expirations.

Rules rather than a table, so that any year has an answer without a package or a download. They are
those of the New York Stock Exchange today, and with the unforeseen closures below they give its
sessions since 2005. A closure announced tomorrow is not in them: where a broker's calendar
disagrees, the broker is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from strikedesk.domain.quotes import Settlement

EXCHANGE_ZONE: Final = ZoneInfo("America/New_York")

PRE_MARKET_OPENS: Final = time(4, 0)
OPENS: Final = time(9, 30)
CLOSES: Final = time(16, 0)
CLOSES_EARLY: Final = time(13, 0)
AFTER_HOURS_ENDS: Final = time(20, 0)
AFTER_HOURS_ENDS_EARLY: Final = time(17, 0)

UNFORESEEN: Final[Mapping[date, str]] = MappingProxyType(
    {
        date(2007, 1, 2): "Mourning for President Ford",
        date(2012, 10, 29): "Hurricane Sandy",
        date(2012, 10, 30): "Hurricane Sandy",
        date(2018, 12, 5): "Mourning for President Bush",
        date(2025, 1, 9): "Mourning for President Carter",
    }
)
JUNETEENTH_SINCE: Final = 2022

_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 3, 4, 5, 6
_MIDNIGHT: Final = time()
_ONE_DAY: Final = timedelta(days=1)
_THIRTY_DAYS: Final = timedelta(days=30)
_INDEX_ZERO: Final = date(2005, 1, 3)  # A Monday, and the first session the rules are known to fit.


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One trading day's regular hours.

    Units: `day` is an exchange date; both instants are aware UTC.
    Law: open at `opens_at`, closed again at `closes_at`.
    """

    day: date
    opens_at: datetime
    closes_at: datetime

    @property
    def early_close(self) -> bool:
        """Whether the exchange closes at 13:00 that day."""
        return self.closes_at < _instant(self.day, CLOSES)

    @property
    def extended_from(self) -> datetime:
        """When pre-market trading starts, aware UTC."""
        return _instant(self.day, PRE_MARKET_OPENS)

    @property
    def extended_until(self) -> datetime:
        """When after-hours trading ends, aware UTC; 17:00 in New York after an early close."""
        return _instant(self.day, AFTER_HOURS_ENDS_EARLY if self.early_close else AFTER_HOURS_ENDS)


class MarketStatus(StrEnum):
    """What kind of trading an instant falls into. Options trade in `OPEN` only."""

    PRE_MARKET = "pre_market"
    OPEN = "open"
    AFTER_HOURS = "after_hours"
    CLOSED = "closed"


@lru_cache(maxsize=1024)
def exchange_date(instant: datetime) -> date:
    """Return the date in New York at `instant`.

    Raises:
        ValueError: `instant` is naive.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant must be aware")
    return instant.astimezone(EXCHANGE_ZONE).date()


def day_begins(instant: datetime) -> datetime:
    """Return the midnight in New York that began the exchange date of `instant`, aware UTC."""
    return _instant(exchange_date(instant), _MIDNIGHT)


def holiday_on(day: date) -> str | None:
    """Return the name of the holiday or closure that keeps the exchange shut on weekday `day`."""
    return _closures(day.year).get(day)


@lru_cache(maxsize=8192)
def session_on(day: date) -> Session | None:
    """Return the regular session of exchange date `day`, or None where there is none.

    Raises:
        TypeError: `day` is an instant, whose date depends on the zone; see `exchange_date`.
    """
    if isinstance(day, datetime):
        raise TypeError("an exchange date is not an instant")
    if day.weekday() >= _SATURDAY or day in _closures(day.year):
        return None
    closes = CLOSES_EARLY if _closes_early(day) else CLOSES
    return Session(day=day, opens_at=_instant(day, OPENS), closes_at=_instant(day, closes))


def next_session(after: date) -> Session:
    """Return the first session on a date later than `after`."""
    return _nearest_session(after + _ONE_DAY, step=_ONE_DAY)


def previous_session(before: date) -> Session:
    """Return the last session on a date earlier than `before`."""
    return _nearest_session(before - _ONE_DAY, step=-_ONE_DAY)


def current_or_next_session(instant: datetime) -> Session:
    """Return the session under way at `instant`, else the next one to open.

    It is the session that a day order placed at `instant` lives in.
    """
    session = _nearest_session(exchange_date(instant), step=_ONE_DAY)
    return session if instant < session.closes_at else next_session(session.day)


def last_close(instant: datetime) -> datetime:
    """Return the newest close of regular hours at or before `instant`."""
    session = session_on(exchange_date(instant))
    if session is not None and session.closes_at <= instant:
        return session.closes_at
    return previous_session(exchange_date(instant)).closes_at


def sessions_between(start: date, end: date) -> tuple[Session, ...]:
    """Return the sessions from `start` to `end`, both included, in order."""
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    return tuple(session for day in days if (session := session_on(day)) is not None)


def session_index(day: date) -> int:
    """Return how many sessions lie before `day`, counted from 2005-01-03, which has index 0.

    Law: consecutive sessions have consecutive indices; a closed day has its next session's.
    """
    weeks, rest = divmod((day - _INDEX_ZERO).days, 7)
    closed_this_year = sum(closure < day for closure in _closures(day.year))
    return weeks * 5 + min(rest, 5) - _closures_before(day.year) - closed_this_year


def trading_days_between(start: date, end: date) -> int:
    """Return how many sessions lie after `start`, up to and with `end`; negative backwards."""
    return session_index(end + _ONE_DAY) - session_index(start + _ONE_DAY)


def is_open(instant: datetime) -> bool:
    """Tell whether `instant` lies within regular hours."""
    session = session_on(exchange_date(instant))
    return session is not None and session.opens_at <= instant < session.closes_at


def status(instant: datetime) -> MarketStatus:
    """Return the kind of trading at `instant`; an hour's last instant belongs to what follows."""
    session = session_on(exchange_date(instant))
    if session is None or not session.extended_from <= instant < session.extended_until:
        return MarketStatus.CLOSED
    if instant < session.opens_at:
        return MarketStatus.PRE_MARKET
    return MarketStatus.OPEN if instant < session.closes_at else MarketStatus.AFTER_HOURS


def days_to_expiration(today: date, expiration: date) -> int:
    """Return the calendar days from exchange date `today` to `expiration`; negative once past."""
    return (expiration - today).days


def expiration_instant(expiration: date, settlement: Settlement) -> datetime:
    """Return when an option's value is fixed: at that day's close (PM) or opening (AM), aware UTC.

    Law: an expiration on a closed day (the Saturdays of before 2015, a closure nobody foresaw)
    counts as the session before it, the last on which the option could trade.
    """
    session = session_on(expiration) or previous_session(expiration)
    return session.opens_at if settlement is Settlement.AM else session.closes_at


@lru_cache(maxsize=4096)
def third_friday_monthly(year: int, month: int) -> date:
    """Return the standard monthly expiration: the third Friday, if closed the session before."""
    return _session_or_before(_nth_weekday(year, month, _FRIDAY, 3))


def monthly_expirations(start: date, end: date) -> tuple[date, ...]:
    """Return the standard monthly expirations from `start` to `end`, both included, in order."""
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    fridays = (third_friday_monthly(month // 12, month % 12 + 1) for month in months)
    return tuple(day for day in fridays if start <= day <= end)


def weekly_expirations(start: date, end: date) -> tuple[date, ...]:
    """Return the Friday expirations from `start` to `end`, both included, moved like monthlies.

    The monthly ones are among them. What is listed in fact is for the broker's chain to say.
    """
    first = start + timedelta(days=(_FRIDAY - start.weekday()) % 7)
    weeks = range((end - first).days // 7 + 2)  # One more: a Friday past `end` may move before it.
    days = (_session_or_before(first + timedelta(weeks=week)) for week in weeks)
    return tuple(day for day in days if start <= day <= end)


def volatility_expirations(start: date, end: date) -> tuple[date, ...]:
    """Return the monthly expirations of a volatility index from `start` to `end`, both included.

    Thirty days before the next month's standard expiration: a Wednesday, unless holidays move it.
    """
    following = monthly_expirations(start + _THIRTY_DAYS, end + _THIRTY_DAYS + 7 * _ONE_DAY)
    days = (_session_or_before(day - _THIRTY_DAYS) for day in following)
    return tuple(day for day in days if start <= day <= end)


# Of one day an order alone asks for half a dozen, and the rules of the zone are slow to ask.
@lru_cache(maxsize=8192)
def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=EXCHANGE_ZONE).astimezone(UTC)


def _nearest_session(day: date, *, step: timedelta) -> Session:
    while (session := session_on(day)) is None:
        day += step
    return session


def _session_or_before(day: date) -> date:
    return day if session_on(day) else previous_session(day).day


def _closes_early(day: date) -> bool:
    if (day.month, day.day) in {(7, 3), (12, 24)}:
        return True
    return day == _nth_weekday(day.year, 11, _THURSDAY, 4) + _ONE_DAY


@lru_cache(maxsize=1024)
def _closures(year: int) -> Mapping[date, str]:
    """Weekdays of `year` on which the exchange is shut, with the reason."""
    easter = _easter(year)
    closures = {
        _nth_weekday(year, 1, _MONDAY, 3): "Martin Luther King Jr. Day",
        _nth_weekday(year, 2, _MONDAY, 3): "Washington's Birthday",
        easter - 2 * _ONE_DAY: "Good Friday",
        _last_monday_of_may(year): "Memorial Day",
        _observed(date(year, 7, 4)): "Independence Day",
        _nth_weekday(year, 9, _MONDAY, 1): "Labor Day",
        _nth_weekday(year, 11, _THURSDAY, 4): "Thanksgiving Day",
        _observed(date(year, 12, 25)): "Christmas Day",
    }
    closures |= {day: why for day, why in UNFORESEEN.items() if day.year == year}
    return MappingProxyType(closures | _newer_or_movable(year))


def _newer_or_movable(year: int) -> dict[date, str]:
    """The two holidays that some years lack; a New Year's Day on a Saturday is not made up for."""
    holidays: dict[date, str] = {}
    if date(year, 1, 1).weekday() != _SATURDAY:
        holidays[_observed(date(year, 1, 1))] = "New Year's Day"
    if year >= JUNETEENTH_SINCE:
        holidays[_observed(date(year, 6, 19))] = "Juneteenth"
    return holidays


def _closures_before(year: int) -> int:
    """Count the closures from the year of index 0 up to `year`; negative for earlier years."""
    zero = _INDEX_ZERO.year
    later = sum(len(_closures(y)) for y in range(zero, year))
    return later - sum(len(_closures(y)) for y in range(year, zero))


def _observed(holiday: date) -> date:
    """Move a holiday on a Saturday to the Friday before it, on a Sunday to the Monday after."""
    moves = {_SATURDAY: -_ONE_DAY, _SUNDAY: _ONE_DAY}
    return holiday + moves.get(holiday.weekday(), timedelta())


def _nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the method of Oudin (1940)."""
    century, golden = year // 100, year % 19
    correction = (century - 17) // 25
    moon = (century - century // 4 - (century - correction) // 3 + 19 * golden + 15) % 30
    moon -= (moon // 28) * (1 - (moon // 28) * (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    offset = moon - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))
