"""How prices move from session to session: a walk that forgets nothing and never runs away.

Each opening and close is rounded to the cent before the next is made from it, so that what the last
bit of a logarithm does on some processor dies out at once.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np

from strikedesk.domain.calendar import Session, sessions_between
from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.moments import EPOCH
from strikedesk.exchange.simulated.noise import Floats, Ints

SESSIONS_PER_YEAR: Final = 252
REALISED_OVER_IMPLIED: Final = 0.9  # Options cost a little more than what happens.
OVERNIGHT_SHARE: Final = 0.3  # Of a day's variance.
PULL: Final = 0.004  # Of the distance to the trend, per session: a half-life of eight months.
GROWTH: Final = 0.04  # Of the trend, per year.
LOWEST_CENTS: Final = 100

MOOD_KEPT: Final = 0.97  # Of the logarithm of volatility, from session to session.
MOOD_FEAR: Final = 0.03  # Gained when the market falls by one standard deviation.
MOOD_NOISE: Final = 0.03
MOOD_BOUNDS: Final = (-0.5, 1.0)

_DRAWS: Final = 16  # Reserved per day, so that a new use or a new holiday moves no old one.
_PER_NORMAL: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One session of one underlying.

    Units: prices in cents; `mood` multiplies the underlying's volatility; `sigma` is the standard
    deviation of the logarithm from opening to close.
    """

    session: Session
    previous_close: int
    open: int
    close: int
    mood: float
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    """The close before each session, with the days of the sessions as ordinals. Units: cents."""

    ordinals: Ints
    before: Ints

    def range_since(self, since: date, today: date) -> tuple[int, int]:
        """Return the lowest and the highest close that the sessions of these days began with."""
        first = int(np.searchsorted(self.ordinals, since.toordinal()))
        last = int(np.searchsorted(self.ordinals, today.toordinal()))
        seen = self.before[first : last + 1]
        return int(seen.min()), int(seen.max())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shocks:
    """Standard normals, one for each session of a year."""

    night: Floats
    day: Floats
    mood: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weather:
    """What all underlyings have in common in a year: shocks, and the mood of each session."""

    shocks: _Shocks
    moods: tuple[float, ...]
    mood_after: float


class DailyWalk:
    """Openings, closes and volatility of every underlying, a calendar year at a time.

    Law: the answers depend on the seed and the underlying alone. Safe to share between threads.
    """

    def __init__(self, *, seed: int) -> None:
        """Remember the seed; nothing is computed until it is asked for."""
        self._seed = seed
        self._year = lru_cache(maxsize=4096)(self._walk)
        self._weather = lru_cache(maxsize=256)(self._forecast)
        self._closes = lru_cache(maxsize=256)(self._gather_closes)

    def day(self, underlying: Underlying, session: Session) -> Day:
        """Return one session, on or after the world's first."""
        return self._year(underlying, session.day.year)[session.day]

    def closes_through(self, underlying: Underlying, year: int) -> "Closes":
        """Return every close from the world's beginning to the end of `year`."""
        return self._closes(underlying, year)

    def _gather_closes(self, underlying: Underlying, year: int) -> "Closes":
        years = [self._year(underlying, y) for y in range(EPOCH.year, year + 1)]
        days = [day for year_of_days in years for day in year_of_days.values()]
        return Closes(
            ordinals=np.array([day.session.day.toordinal() for day in days]),
            before=np.array([day.previous_close for day in days]),
        )

    def _walk(self, underlying: Underlying, year: int) -> Mapping[date, Day]:
        weather, sessions = self._weather(year), _sessions_of(year)
        own = _shocks(noise.key(self._seed, "daily", underlying.ticker), sessions)
        nights = _mixed(underlying, weather.shocks.night, own.night)
        moves = _mixed(underlying, weather.shocks.day, own.day)
        close, days = self._close_before(underlying, year), dict[date, Day]()
        for session, mood, *normals in zip(sessions, weather.moods, nights, moves, strict=True):
            day = _day(underlying, session, close, mood, normals)
            days[session.day], close = day, day.close
        return days

    def _close_before(self, underlying: Underlying, year: int) -> int:
        if year == EPOCH.year:
            return int(underlying.start * 100)
        return tuple(self._year(underlying, year - 1).values())[-1].close

    def _forecast(self, year: int) -> _Weather:
        shocks = _shocks(noise.key(self._seed, "daily", "the market"), _sessions_of(year))
        mood = 0.0 if year == EPOCH.year else self._weather(year - 1).mood_after
        night_part, day_part = math.sqrt(OVERNIGHT_SHARE), math.sqrt(1.0 - OVERNIGHT_SHARE)
        moods: list[float] = []
        for night, day, surprise in zip(shocks.night, shocks.day, shocks.mood, strict=True):
            moods.append(math.exp(mood))
            rise = night_part * float(night) + day_part * float(day)
            mood = MOOD_KEPT * mood - MOOD_FEAR * rise + MOOD_NOISE * float(surprise)
            mood = round(min(max(mood, MOOD_BOUNDS[0]), MOOD_BOUNDS[1]), 6)
        return _Weather(shocks=shocks, moods=tuple(moods), mood_after=mood)


@lru_cache(maxsize=256)
def _sessions_of(year: int) -> tuple[Session, ...]:
    return sessions_between(date(year, 1, 1), date(year, 12, 31))


def _shocks(stream: int, sessions: tuple[Session, ...]) -> _Shocks:
    ordinals = np.array([session.day.toordinal() for session in sessions])
    steps = noise.bell(noise.draw(stream, ordinals[:, np.newaxis] * _DRAWS + np.arange(_DRAWS)))
    scale = noise.STEPS_PER_SIGMA * math.sqrt(_PER_NORMAL)
    night, day, mood = (steps[:, n : n + _PER_NORMAL].sum(axis=1) / scale for n in (0, 3, 6))
    return _Shocks(night=night, day=day, mood=mood)


def _mixed(underlying: Underlying, market: Floats, own: Floats) -> list[float]:
    """Return standard normals with the underlying's correlation to the market."""
    shared = underlying.correlation
    mixed: list[float] = (shared * market + math.sqrt(1.0 - shared**2) * own).tolist()
    return mixed


def _day(
    underlying: Underlying, session: Session, close: int, mood: float, normals: Sequence[float]
) -> Day:
    """Return the session that follows a close, given its standard normals: overnight, by day."""
    night, move = normals
    sigma = underlying.volatility * mood * REALISED_OVER_IMPLIED / math.sqrt(SESSIONS_PER_YEAR)
    by_day = sigma * math.sqrt(1.0 - OVERNIGHT_SHARE)
    years = (session.day - EPOCH).days / 365
    trend = math.log(float(underlying.start) * 100) + GROWTH * years
    pull = PULL * (trend - math.log(close))
    opening = _moved(close, sigma * math.sqrt(OVERNIGHT_SHARE) * night)
    return Day(
        session=session,
        previous_close=close,
        open=opening,
        close=_moved(opening, by_day * move + pull),
        mood=mood,
        sigma=by_day,
    )


def _moved(cents: int, logarithm: float) -> int:
    return max(LOWEST_CENTS, round(cents * math.exp(logarithm)))
