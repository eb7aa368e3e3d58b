"""What a venue says of its own days and hours, beside the calendar's rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from strikedesk.domain.calendar import Session, session_on, sessions_between

_WEEKEND: Final = 5
_AHEAD_MAX: Final = timedelta(days=800)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holidays:
    """Days without a session, and those whose session ends early, as a venue names them."""

    closed: frozenset[date]
    half: frozenset[date]

    def unlike_rule(self, today: date) -> tuple[date, ...]:
        """Return the days from `today` on that the rule has otherwise, as far as the venue goes."""
        last = min(max(self.closed | self.half, default=today), today + _AHEAD_MAX)
        days = (today + n * _DAY for n in range((last - today).days + 1))
        return tuple(day for day in days if day.weekday() < _WEEKEND and self._differs(day))

    def _differs(self, day: date) -> bool:
        session = session_on(day)
        if session is None or day in self.closed:
            return (session is None) != (day in self.closed)
        return session.early_close != (day in self.half)


def unlike_hours(told: Iterable[Session], start: date, end: date) -> tuple[date, ...]:
    """Return the days from `start` to `end` on which a venue is open otherwise than by the rule.

    A day of which it tells no session is one on which it says that it is closed.
    """
    by_venue = {each.day: each for each in told if start <= each.day <= end}
    by_rule = {each.day: each for each in sessions_between(start, end)}
    days = by_venue.keys() | by_rule.keys()
    return tuple(sorted(day for day in days if by_venue.get(day) != by_rule.get(day)))
