"""Bars of the simulated market: the marks of the quotes, summed up.

Law: a bar starts with its session or a whole number of its widths later; a bar that the end of a
question cuts is told as far as it went, so that nothing of the future shows.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Final

from strikedesk.domain.calendar import Session, exchange_date
from strikedesk.domain.quotes import Bar, Interval
from strikedesk.exchange.simulated.moments import STEP, sessions_from, step_instant, steps_in
from strikedesk.exchange.simulated.noise import Ints
from strikedesk.exchange.simulated.ticks import half_way

_WIDTHS: Final = MappingProxyType(
    {
        Interval.MINUTE: timedelta(minutes=1),
        Interval.FIVE_MINUTES: timedelta(minutes=5),
        Interval.HOUR: timedelta(hours=1),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One symbol through one session, a number for each step.

    Units: `twice` the mark in cents, doubled; `volume` what has traded by the step, or None.
    """

    session: Session
    twice: Ints
    volume: Ints | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOf:
    """Makes the series of one symbol, and where that is cheaper, the bar of a whole session."""

    steps: Callable[[Session], Series | None]
    whole: Callable[[Session], Bar] | None = None


def bars_between(
    series_of: SeriesOf, interval: Interval, start: datetime, end: datetime
) -> Iterator[Bar]:
    """Yield the bars that start in `[start, end)`, oldest first."""
    if interval is Interval.WEEK:
        days = bars_between(series_of, Interval.DAY, _monday(start), end)
        return (bar for bar in _weeks(days) if bar.at >= start)
    return (
        bar
        for session in sessions_from(start, end)
        for bar in _bars_of(series_of, session, interval, end)
        if bar.at >= start
    )


def _bars_of(
    series_of: SeriesOf, session: Session, interval: Interval, end: datetime
) -> Iterable[Bar]:
    if series_of.whole is not None and interval is Interval.DAY and session.closes_at <= end:
        return (series_of.whole(session),)
    series = series_of.steps(session)
    return () if series is None else _session_bars(series, interval, end)


def _session_bars(series: Series, interval: Interval, end: datetime) -> Iterator[Bar]:
    """Yield a session's bars, made of what was known before `end`."""
    opens_at = series.session.opens_at
    known = min(-((opens_at - end) // STEP), series.twice.size)
    width = steps_in(series.session)
    width = _WIDTHS[interval] // STEP if interval in _WIDTHS else width
    edges = [*range(0, known, width), known]
    for first, after in pairwise(edges):
        piece = series.twice[first:after]
        yield Bar(
            at=step_instant(series.session, first),
            open=half_way(int(piece[0])),
            high=half_way(int(piece.max())),
            low=half_way(int(piece.min())),
            close=half_way(int(piece[-1])),
            volume=_volume(series.volume, first, after),
        )


def _volume(traded: Ints | None, first: int, after: int) -> int | None:
    if traded is None:
        return None
    return int(traded[after - 1]) - (int(traded[first - 1]) if first else 0)


def _weeks(days: Iterable[Bar]) -> Iterator[Bar]:
    for _, group in groupby(days, key=lambda bar: exchange_date(bar.at).isocalendar()[:2]):
        week = tuple(group)
        volumes = [bar.volume for bar in week if bar.volume is not None]
        yield Bar(
            at=week[0].at,
            open=week[0].open,
            high=max(bar.high for bar in week),
            low=min(bar.low for bar in week),
            close=week[-1].close,
            volume=sum(volumes) if len(volumes) == len(week) else None,
        )


def _monday(instant: datetime) -> datetime:
    """Return an instant before the first session of the week."""
    day = exchange_date(instant)
    monday = day - timedelta(days=day.weekday())
    return datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
