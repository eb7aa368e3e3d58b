"""How prices move from session to session: a walk that forgets nothing and never runs away.

Each opening and close is rounded to the cent before the next is made from it, so that what the last
bit of a logarithm does on some processor dies out at once.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np

from strikedesk.domain.calendar import Session, next_session, previous_session
from strikedesk.exchange.simulated import fear
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.moments import EPOCH
from strikedesk.exchange.simulated.noise import Ints
from strikedesk.exchange.simulated.schedule import Schedule
from strikedesk.exchange.simulated.weather import DAY, NIGHT, Mood, Weather, sessions_of

SESSIONS_PER_YEAR: Final = 252
REALISED_OVER_IMPLIED: Final = 0.9  # Options cost a little more than what happens.
PULL: Final = 0.004  # Of the distance to the trend, per session: a half-life of eight months.
LOWEST_CENTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One session of one underlying.

    Units: prices in cents of a share of that day, `previous_close` too; `dividend` is what the
    opening lacks of it; `news` is the part of the night's logarithm that earnings made; `sigma` is
    the standard deviation of the logarithm from opening to close.
    """

    session: Session
    previous_close: int
    dividend: int
    open: int
    close: int
    mood: Mood
    sigma: float
    news: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    """The close before each session, with the days of the sessions as ordinals. Units: cents."""

    ordinals: Ints
    before: Ints

    def range_between(self, start: date, end: date) -> tuple[int, int] | None:
        """Return the lowest and the highest close that sessions of `[start, end]` began with."""
        first = int(np.searchsorted(self.ordinals, start.toordinal()))
        after = int(np.searchsorted(self.ordinals, end.toordinal(), side="right"))
        seen = self.before[first:after]
        return (int(seen.min()), int(seen.max())) if seen.size else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    """What the calendar of a year does to prices: dividends in cents, the split, the news.

    `usual` is the logarithm that each session is drawn to, `accrued` what dividends take away.
    """

    usual: list[float]
    accrued: float
    dividends: Mapping[date, int]
    news: Mapping[date, float]
    split_day: date | None
    ratio: float


class DailyWalk:
    """Openings, closes and volatility of every underlying, a calendar year at a time.

    Law: the answers depend on the seed and the underlying alone. Safe to share between threads.
    """

    def __init__(self, *, seed: int, schedule: Schedule) -> None:
        """Remember the seed; nothing is computed until it is asked for."""
        self.weather = Weather(seed=seed)
        self.schedule = schedule
        self._year = lru_cache(maxsize=4096)(self._walk)
        self._closes = lru_cache(maxsize=256)(self._gather_closes)

    def day(self, underlying: Underlying, session: Session) -> Day:
        """Return one session, on or after the world's first."""
        return self._year(underlying, session.day.year)[session.day]

    def closes_through(self, underlying: Underlying, year: int) -> Closes:
        """Return every close from the world's beginning to the end of `year`."""
        return self._closes(underlying, year)

    def _gather_closes(self, underlying: Underlying, year: int) -> Closes:
        years = [self._year(underlying, y) for y in range(EPOCH.year, year + 1)]
        days = [day for year_of_days in years for day in year_of_days.values()]
        return Closes(
            ordinals=np.array([day.session.day.toordinal() for day in days]),
            before=np.array([day.previous_close for day in days]),
        )

    def _walk(self, underlying: Underlying, year: int) -> Mapping[date, Day]:
        if underlying.measured is not None:
            return self._levels(underlying.measured, year)
        climate, marks = self.weather.climate(underlying, year), self._marks(underlying, year)
        close, days = self._close_before(underlying, year), dict[date, Day]()
        columns = climate.nights, climate.moves, climate.news, climate.moods
        for session, usual, *rest in zip(sessions_of(year), marks.usual, *columns, strict=True):
            if session.day == marks.split_day:
                close = round(close / marks.ratio)
            days[session.day] = _day(underlying, session, close, (usual, *rest), marks)
            close = days[session.day].close
        return days

    def _marks(self, underlying: Underlying, year: int) -> _Marks:
        split, dividends = (
            self.schedule.split(underlying),
            self.schedule.dividends(underlying, year),
        )
        move = 0.0 if underlying.reports is None else underlying.reports.move
        # A report of the old year's last day shows in the new year; the rule draws none so late.
        reports = self.schedule.earnings(underlying, year)
        usual = [self.schedule.usual_price(underlying, s.day) for s in sessions_of(year)]
        accrued = 0.0 if underlying.pays is None else underlying.pays.annual / SESSIONS_PER_YEAR
        return _Marks(
            usual=np.log(100.0 * np.array(usual)).tolist(),
            accrued=accrued,
            dividends={each.day: int(each.amount * 100) for each in dividends},
            news={
                _shown_on(e.day, late=e.after_close): REALISED_OVER_IMPLIED * move for e in reports
            },
            split_day=None if split is None else split.day,
            ratio=1.0 if split is None else split.new / split.old,
        )

    def _close_before(self, underlying: Underlying, year: int) -> int:
        if year == EPOCH.year:
            return int(underlying.start * 100)
        return tuple(self._year(underlying, year - 1).values())[-1].close

    def _levels(self, measured: Underlying, year: int) -> Mapping[date, Day]:
        """Return the days of an index of the volatility of `measured`."""
        known = tuple(self._year(measured, year).values())
        moods = [
            (self._mood_before(measured, day.session), day.mood.open, day.mood.close)
            for day in known
        ]
        found = fear.levels(measured, np.exp(np.array(moods).ravel())).reshape(-1, 3).tolist()
        days: dict[date, Day] = {}
        for day, (previous, opening, close) in zip(known, found, strict=True):
            session = day.session
            days[session.day] = Day(
                session=session,
                previous_close=previous,
                dividend=0,
                open=opening,
                close=close,
                mood=day.mood,
                sigma=0.0,
                news=0.0,
            )
        return days

    def _mood_before(self, measured: Underlying, session: Session) -> float:
        before = previous_session(session.day)
        return 0.0 if before.day < EPOCH else self.day(measured, before).mood.close


def _day(
    underlying: Underlying,
    session: Session,
    close: int,
    drawn: tuple[float, float, float, float, Mood],
    marks: _Marks,
) -> Day:
    """Return the session that follows a close, given its usual price, its normals and its mood."""
    usual, night, move, news, mood = drawn
    dividend, sigma = marks.dividends.get(session.day, 0), _sigma(underlying, mood)
    told = news * marks.news.get(session.day, 0.0)
    opening = _moved(close - dividend, sigma * NIGHT * night + told)
    drift = PULL * (usual - math.log(close)) + marks.accrued
    return Day(
        session=session,
        previous_close=close,
        dividend=dividend,
        open=opening,
        close=_moved(opening, sigma * DAY * move + drift),
        mood=mood,
        sigma=sigma * DAY,
        news=told,
    )


def _sigma(underlying: Underlying, mood: Mood) -> float:
    usual = underlying.volatility * REALISED_OVER_IMPLIED / math.sqrt(SESSIONS_PER_YEAR)
    return usual * math.exp(mood.open)


def _shown_on(day: date, *, late: bool) -> date:
    """Return the day whose opening knows a report of `day` first."""
    return next_session(day).day if late else day


def _moved(cents: int, logarithm: float) -> int:
    return max(LOWEST_CENTS, round(cents * math.exp(logarithm)))
