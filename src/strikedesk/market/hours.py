"""When the market is open: one day's hours, and what an instant means to them.

Source: the exchange's published rules (`domain.calendar`), not a live feed; a closure announced
today is not in them. The answer says so.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from strikedesk.domain.calendar import (
    EXCHANGE_ZONE,
    MarketStatus,
    Session,
    current_or_next_session,
    exchange_date,
    holiday_on,
    next_session,
    session_on,
    status,
)
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason

FIRST_DAY: Final = date(2005, 1, 3)
LAST_DAY: Final = date(2099, 12, 31)
SOURCE: Final = "exchange rules"

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHours:
    """The hours of one exchange date; every instant is None on a day without a session.

    Units: instants aware UTC; `*_new_york` as a person there says it, `09:30 EST`.
    `closed_because` names the holiday, or the weekend.
    """

    day: date
    closed_because: str | None
    early_close: bool
    opens_at: datetime | None
    closes_at: datetime | None
    opens_new_york: str | None
    closes_new_york: str | None
    extended_from: datetime | None
    extended_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketHours:
    """What kind of trading there is at `now`, when that changes, and the hours of a day.

    Units: `now` is the venue's time, UTC; `minutes_to_change` whole minutes, rounded up.
    Law: options trade only while `status` is `open`; `status` becomes `next_status` at
    `next_change_at`. `following` is the first session after `hours.day`.
    """

    now: datetime
    status: MarketStatus
    next_change_at: datetime
    next_status: MarketStatus
    minutes_to_change: int
    hours: DayHours
    following: date
    source: str = SOURCE


def asked_day(now: datetime, day: date | None) -> date:
    """Return the day asked for, else that of the session under way or the next one.

    Raises:
        Denied: INVALID_ARGUMENT for a day that the rules do not reach.
    """
    if day is None:
        return current_or_next_session(now).day
    if not FIRST_DAY <= day <= LAST_DAY:
        span = f"{FIRST_DAY} and {LAST_DAY}"
        raise Denied(Reason.INVALID_ARGUMENT, argument="day", given=day.isoformat(), between=span)
    return day


def day_hours(day: date) -> DayHours:
    """Return the hours of an exchange date."""
    session = session_on(day)
    return DayHours(
        day=day,
        closed_because=None if session else holiday_on(day) or "weekend",
        early_close=session is not None and session.early_close,
        opens_at=session and session.opens_at,
        closes_at=session and session.closes_at,
        opens_new_york=session and _new_york(session.opens_at),
        closes_new_york=session and _new_york(session.closes_at),
        extended_from=session and session.extended_from,
        extended_until=session and session.extended_until,
    )


def market_hours(now: datetime, hours: DayHours) -> MarketHours:
    """Return what `now` is, beside the hours of a day."""
    change = next_change(now)
    return MarketHours(
        now=now,
        status=status(now),
        next_change_at=change,
        next_status=status(change),
        minutes_to_change=-((now - change) // _MINUTE),
        hours=hours,
        following=next_session(hours.day).day,
    )


def next_change(now: datetime) -> datetime:
    """Return the first instant after `now` at which the kind of trading changes."""
    today = exchange_date(now)
    session = session_on(today)
    later = [edge for edge in _edges(session) if edge > now] if session else []
    return later[0] if later else next_session(today).extended_from


def _edges(session: Session) -> tuple[datetime, ...]:
    return (
        session.extended_from,
        session.opens_at,
        session.closes_at,
        session.extended_until,
    )


def _new_york(instant: datetime) -> str:
    return f"{instant.astimezone(EXCHANGE_ZONE):%H:%M %Z}"
