"""The grid on which the simulated market moves: one step every fifteen seconds of a session."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from strikedesk.domain.calendar import (
    Session,
    current_or_next_session,
    exchange_date,
    next_session,
    previous_session,
    session_on,
)

EPOCH: Final = date(2024, 1, 2)  # The first session of this world.
LAST_DAY: Final = date(2099, 12, 31)  # After it the world stands still.
STEP: Final = timedelta(seconds=15)
FULL_DAY_STEPS: Final = 1560


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The state of the market at an instant: a step of a session, and whether it is trading.

    Law: `priced_at` is the instant of the step; `at` is the same while the market is open, and the
    session's close afterwards, until the next one opens.
    """

    session: Session
    step: int
    at: datetime
    is_open: bool

    @property
    def priced_at(self) -> datetime:
        """When the prices of this moment were made."""
        return step_instant(self.session, self.step)


def steps_in(session: Session) -> int:
    """Return how many steps a session has: 1560, and 840 on a half day."""
    return (session.closes_at - session.opens_at) // STEP


def step_instant(session: Session, step: int) -> datetime:
    """Return when a step is made; the first is at the opening."""
    return session.opens_at + step * STEP


@lru_cache(maxsize=1024)
def moment_at(at: datetime) -> Moment | None:
    """Return the moment that stands at `at`, or None before the world begins."""
    today = min(exchange_date(at), LAST_DAY)
    session = session_on(today)
    if session is None or at < session.opens_at:
        session = previous_session(today)
    if session.day < EPOCH:
        return None
    if at >= session.closes_at:
        return close_of(session)
    step = (at - session.opens_at) // STEP
    return Moment(session=session, step=step, at=step_instant(session, step), is_open=True)


def opening_of(session: Session) -> Moment:
    """Return a session's first step."""
    return Moment(session=session, step=0, at=session.opens_at, is_open=True)


def close_of(session: Session) -> Moment:
    """Return the moment that stands from a session's close on."""
    return Moment(session=session, step=steps_in(session) - 1, at=session.closes_at, is_open=False)


def close_before(session: Session) -> Moment | None:
    """Return the close of the session before, or None where there is none."""
    before = previous_session(session.day)
    return close_of(before) if before.day >= EPOCH else None


def instants_between(after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the steps' instants in `(after, until]`, ascending."""
    session = _first_session(after)
    while session.opens_at <= until and session.day <= LAST_DAY:
        first = max(0, (after - session.opens_at) // STEP + 1)
        for step in range(first, steps_in(session)):
            instant = step_instant(session, step)
            if instant > until:
                return
            yield instant
        session = next_session(session.day)


def long_instants_between(after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the instants in `(after, until]`, ascending, of steps in extended hours too.

    The grid of a session is that of the hours around it.
    """
    session = session_on(exchange_date(after)) or next_session(exchange_date(after))
    while session.extended_from <= until and session.day <= LAST_DAY:
        step = max(0, (after - session.extended_from) // STEP + 1)
        instant = session.extended_from + step * STEP
        while instant < session.extended_until:
            if instant > until:
                return
            yield instant
            instant += STEP
        session = next_session(session.day)


def sessions_from(start: datetime, end: datetime) -> Iterator[Session]:
    """Yield the sessions that trade at some instant of `[start, end)`."""
    session = _first_session(start)
    while session.opens_at < end and session.day <= LAST_DAY:
        yield session
        session = next_session(session.day)


def _first_session(instant: datetime) -> Session:
    floor = datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=UTC)
    ceiling = datetime(LAST_DAY.year + 1, 1, 2, tzinfo=UTC)
    return current_or_next_session(min(max(instant, floor), ceiling))
