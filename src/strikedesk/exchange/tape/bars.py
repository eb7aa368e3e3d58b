"""Bars of a tape: the marks of its records, summed up. No record, no bar."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil
from types import MappingProxyType
from typing import Final, NamedTuple

from strikedesk.domain.calendar import session_on
from strikedesk.domain.quotes import Bar, Interval
from strikedesk.exchange.tape.layout import MISSING
from strikedesk.exchange.tape.tape import Tape, TapeSession, Track, half_dollars, instant

_WIDTHS: Final = MappingProxyType(
    {
        Interval.MINUTE: timedelta(minutes=1),
        Interval.FIVE_MINUTES: timedelta(minutes=5),
        Interval.HOUR: timedelta(hours=1),
    }
)


class _Mark(NamedTuple):
    """A record's price. Units: `start` of its bar in seconds; `twice` in half ten-thousandths."""

    start: int
    session: TapeSession
    twice: int
    volume: int


def bars_between(
    tape: Tape, track: Track, interval: Interval, start: datetime, end: datetime
) -> Iterator[Bar]:
    """Yield the bars that start in `[start, end)`, made of the records before `end`.

    Law: a day's bar starts with the session's first record, a week's with its first session's; a
    narrower one at the regular opening or a whole number of widths before or after it.
    """
    marks = _marks(tape, track, interval, end)
    for begins, group in groupby(marks, key=lambda mark: mark.start):
        if start <= instant(begins) < end:
            yield _bar(begins, list(group), interval)


def _marks(tape: Tape, track: Track, interval: Interval, end: datetime) -> Iterator[_Mark]:
    before = ceil(end.timestamp())
    weeks = _weeks(tape)
    for session in tape.sessions:
        for place in track.places(session.first, min(before, session.last + 1)):
            record = track.record(place)
            if record.mark_twice != MISSING:
                begins = _begins(record.at, session, interval, weeks)
                yield _Mark(begins, session, record.mark_twice, record.volume)


def _weeks(tape: Tape) -> dict[tuple[int, int], int]:
    """Return where each week begins."""
    weeks: dict[tuple[int, int], int] = {}
    for session in tape.sessions:
        weeks.setdefault(_week(session), session.first)
    return weeks


def _week(session: TapeSession) -> tuple[int, int]:
    return session.day.isocalendar()[:2]


def _begins(
    at: int, session: TapeSession, interval: Interval, weeks: dict[tuple[int, int], int]
) -> int:
    if interval is Interval.WEEK:
        return weeks[_week(session)]
    if interval is Interval.DAY:
        return session.first
    regular = session_on(session.day)
    base = int(regular.opens_at.timestamp()) if regular else session.first
    width = int(_WIDTHS[interval].total_seconds())
    return at - (at - base) % width


def _bar(begins: int, marks: Sequence[_Mark], interval: Interval) -> Bar:
    prices = [mark.twice for mark in marks]
    found = [half_dollars(each) for each in (prices[0], max(prices), min(prices), prices[-1])]
    first, high, low, last = (each for each in found if each is not None)
    return Bar(
        at=instant(begins),
        open=first,
        high=high,
        low=low,
        close=last,
        volume=None if interval in _WIDTHS else _volume(marks),
    )


def _volume(marks: Sequence[_Mark]) -> int | None:
    """Return what was traded in whole sessions: the last count of each, if every one has one."""
    last = {mark.session: mark.volume for mark in marks}
    return None if MISSING in last.values() else sum(last.values())
