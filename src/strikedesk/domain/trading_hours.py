"""When an order may trade, by its time in force: in regular hours, or in extended ones as well.

Source: tastytrade's sessions for shares, in New York: extended hours from 07:00 to 20:00, and those
of an overnight order from 20:00 of the evening before. After an early close they end at 17:00.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from strikedesk.domain import calendar
from strikedesk.domain.calendar import EXCHANGE_ZONE, Session
from strikedesk.domain.orders import TimeInForce

EXTENDED_FROM: Final = time(7, 0)
OVERNIGHT_FROM: Final = time(20, 0)

_ONE_DAY: Final = timedelta(days=1)
_OVERNIGHT: Final = frozenset({TimeInForce.EXT_OVERNIGHT, TimeInForce.GTC_EXT_OVERNIGHT})
_IN_WORDS: Final = {
    TimeInForce.EXT: "07:00 to 20:00 in New York",
    TimeInForce.EXT_OVERNIGHT: "20:00 of the evening before to 20:00 in New York",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when an order may trade on the day of a session, aware UTC."""

    begins_at: datetime
    ends_at: datetime


def span_at(force: TimeInForce, at: datetime) -> Span:
    """Return the span that is under way at `at`, else the next one to come."""
    if not force.extended:
        session = calendar.current_or_next_session(at)
        return Span(begins_at=session.opens_at, ends_at=session.closes_at)
    session = _extended_session(at)
    return Span(begins_at=_begins_at(force, session), ends_at=session.extended_until)


def trades_at(force: TimeInForce, at: datetime) -> bool | None:
    """Tell whether an order may trade at `at`; None between 20:00 and 04:00 in New York.

    Overnight it depends on the shares, and nobody tells the desk which of them trade then.
    """
    span = span_at(force, at)
    if not span.begins_at <= at < span.ends_at:
        return False
    if calendar.status(at) is calendar.MarketStatus.CLOSED:
        return None
    return True


def in_words(force: TimeInForce) -> str | None:
    """Return the hours of an order that may trade outside regular ones; None for all others."""
    if not force.extended:
        return None
    overnight = force in _OVERNIGHT
    return _IN_WORDS[TimeInForce.EXT_OVERNIGHT if overnight else TimeInForce.EXT]


def _extended_session(at: datetime) -> Session:
    """Return the first session whose extended hours end later than `at`."""
    session = calendar.session_on(calendar.exchange_date(at))
    if session is not None and at < session.extended_until:
        return session
    return calendar.next_session(calendar.exchange_date(at))


def _begins_at(force: TimeInForce, session: Session) -> datetime:
    if force in _OVERNIGHT:
        return _instant(session.day - _ONE_DAY, OVERNIGHT_FROM)
    return _instant(session.day, EXTENDED_FROM)


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, EXCHANGE_ZONE).astimezone(UTC)
