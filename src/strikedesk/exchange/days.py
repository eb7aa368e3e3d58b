"""Days as the books count them: one begins when a session opens, and its night lies before it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from strikedesk.domain.calendar import (
    Session,
    exchange_date,
    next_session,
    previous_session,
    session_on,
)

_LAST_INSTANT: Final = timedelta(microseconds=1)
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """What lies between the close of one session and the opening of the next.

    Law: what the night brings has happened before the first order of the day is matched.
    """

    last: Session
    session: Session

    @property
    def eve(self) -> datetime:
        """The night's last instant: what it brings is written then, and dated at the opening."""
        return self.session.opens_at - _LAST_INSTANT

    @property
    def opens_at(self) -> datetime:
        """When the day begins."""
        return self.session.opens_at

    @property
    def first_day(self) -> date:
        """The first date whose events are this morning's: closed days count to the next session."""
        return self.last.day + _ONE_DAY

    @property
    def day(self) -> date:
        """The date of the day that begins."""
        return self.session.day


def trading_day(at: datetime) -> Session:
    """Return the session that opened last, at `at` or before: its day lasts until the next one."""
    session = session_on(exchange_date(at))
    if session is not None and session.opens_at <= at:
        return session
    return previous_session(exchange_date(at))


def next_morning(after: datetime) -> Morning:
    """Return the first morning whose night does not end by `after`."""
    session = session_on(exchange_date(after)) or next_session(exchange_date(after))
    if session.opens_at - _LAST_INSTANT <= after:
        session = next_session(session.day)
    return Morning(last=previous_session(session.day), session=session)
