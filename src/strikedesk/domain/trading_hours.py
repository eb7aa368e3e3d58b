"""When an order may trade, by its time in force: in regular hours, or in extended ones as well.

Source: tastytrade's sessions for shares, in New York: extended hours from 07:00 to 20:00, and those
of an overnight order from 20:00 of the evening before. After an early close they end at 17:00.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from strikedesk.domain import calendar
from strikedesk.domain.calendar import EXCHANGE_ZONE, Session
from strikedesk.domain.orders import TimeInForce

EXTENDED_FROM: Final = time(7, 0)
OVERNIGHT_FROM: Final = time(20, 0)

_ONE_DAY: Final = timedelta(days=1)
_IN_WORDS: Final = {
    TimeInForce.EXT: "07:00 to 20:00 in New York",
    TimeInForce.EXT_OVERNIGHT: "20:00 of the evening before to 20:00 in New York",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when an order may trade on the day of a session, aware UTC.

    Before `known_from` it depends on the shares, and nobody tells the desk which of them trade.
    """

    begins_at: datetime
    ends_at: datetime
    known_from: datetime


def span_at(force: TimeInForce, at: datetime) -> Span:
    """Return the span that is under way at `at`, else the next one to come."""
    today = calendar.exchange_date(at)
    session = calendar.session_on(today) or calendar.next_session(today)
    span = _span_on(force, session.day)
    return span if at < span.ends_at else _span_on(force, calendar.next_session(session.day).day)


# A look at the market asks it of every order, and of one instant: nearly always of the last one.
@lru_cache(maxsize=256)
def trades_at(force: TimeInForce, at: datetime) -> bool | None:
    """Tell whether an order may trade at `at`; None overnight, from 20:00 to 04:00 in New York."""
    span = span_at(force, at)
    if not span.begins_at <= at < span.ends_at:
        return False
    return None if at < span.known_from else True


def in_words(force: TimeInForce) -> str | None:
    """Return the hours of an order that may trade outside regular ones; None for all others."""
    if not force.extended:
        return None
    return _IN_WORDS[TimeInForce.EXT_OVERNIGHT if force.overnight else TimeInForce.EXT]


@lru_cache(maxsize=1024)
def _span_on(force: TimeInForce, day: date) -> Span:
    """Return the span of the session on `day`, or of the next one where there is none."""
    session = calendar.session_on(day) or calendar.next_session(day)
    begins_at, ends_at = session.opens_at, session.closes_at
    if force.extended:
        begins_at, ends_at = _begins_at(force, session), session.extended_until
    known_from = max(begins_at, session.extended_from)
    return Span(begins_at=begins_at, ends_at=ends_at, known_from=known_from)


def _begins_at(force: TimeInForce, session: Session) -> datetime:
    if force.overnight:
        return _instant(session.day - _ONE_DAY, OVERNIGHT_FROM)
    return _instant(session.day, EXTENDED_FROM)


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, EXCHANGE_ZONE).astimezone(UTC)
