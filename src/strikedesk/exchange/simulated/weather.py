"""What underlyings have in common: shocks of the market and of sectors, and the market's mood."""

import math
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np

from strikedesk.domain.calendar import Session, sessions_between
from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.moments import EPOCH
from strikedesk.exchange.simulated.noise import Floats

OVERNIGHT_SHARE: Final = 0.3  # Of a day's variance.
NIGHT, DAY = math.sqrt(OVERNIGHT_SHARE), math.sqrt(1.0 - OVERNIGHT_SHARE)

MOOD_KEPT: Final = 0.97  # Of the logarithm of volatility, from session to session.
MOOD_FEAR: Final = 0.03  # Gained when the market falls by one standard deviation.
MOOD_NOISE: Final = 0.03
MOOD_BOUNDS: Final = (-0.5, 1.0)
OWN_KEPT: Final = 0.95  # The same of an underlying's own mood,
OWN_NOISE: Final = 0.05  # where it goes its own way entirely.
OWN_BOUNDS: Final = (-0.35, 0.35)

_DRAWS: Final = 16  # Reserved per day, so that a new use or a new holiday moves no old one.
_PER_NORMAL: Final = 3
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shocks:
    """Standard normals, one for each session of a year."""

    night: Floats
    day: Floats
    mood: Floats
    news: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """The logarithm of what multiplies volatility, at a session's opening and at its close."""

    open: float
    close: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """What one underlying meets in a year: its mixed shocks and its mood, session by session."""

    nights: list[float]
    moves: list[float]
    news: list[float]
    moods: list[Mood]


class Weather:
    """Shocks and moods of one seed, a calendar year at a time. Safe to share between threads."""

    def __init__(self, *, seed: int) -> None:
        """Remember the seed; nothing is computed until it is asked for."""
        self._seed = seed
        self.market_moods = lru_cache(maxsize=256)(self._market_moods)
        self._shocks = lru_cache(maxsize=512)(self._drawn)
        self._own_moods = lru_cache(maxsize=4096)(self._own)

    def climate(self, underlying: Underlying, year: int) -> Climate:
        """Return what an underlying meets in a year."""
        market, sector, own = self._three(underlying, year)
        moods = zip(self.market_moods(year), self._own_moods(underlying, year), strict=True)
        return Climate(
            nights=mixed(underlying, market.night, sector.night, own.night).tolist(),
            moves=mixed(underlying, market.day, sector.day, own.day).tolist(),
            news=own.news.tolist(),
            moods=[Mood(open=m.open + own, close=m.close + own) for m, own in moods],
        )

    def _three(self, underlying: Underlying, year: int) -> tuple[Shocks, Shocks, Shocks]:
        names = "the market", f"sector {underlying.sector}", underlying.ticker
        market, sector, own = (self._shocks(name, year) for name in names)
        return market, sector, own

    def _drawn(self, name: str, year: int) -> Shocks:
        ordinals = np.array([session.day.toordinal() for session in sessions_of(year)])
        counters = ordinals[:, np.newaxis] * _DRAWS + np.arange(_DRAWS)
        steps = noise.bell(noise.draw(noise.key(self._seed, "daily", name), counters))
        scale = noise.STEPS_PER_SIGMA * math.sqrt(_PER_NORMAL)
        night, day, mood, news = (
            steps[:, first : first + _PER_NORMAL].sum(axis=1) / scale for first in (0, 3, 6, 9)
        )
        return Shocks(night=night, day=day, mood=mood, news=news)

    def _market_moods(self, year: int) -> tuple[Mood, ...]:
        shocks = self._shocks("the market", year)
        close = 0.0 if year == EPOCH.year else self.market_moods(year - 1)[-1].close
        moods: list[Mood] = []
        columns = (shocks.night.tolist(), shocks.day.tolist(), shocks.mood.tolist())
        for night, day, surprise in zip(*columns, strict=True):
            opening = _bounded(close - MOOD_FEAR * NIGHT * night, MOOD_BOUNDS)
            kept = opening - (1.0 - MOOD_KEPT) * close
            close = _bounded(kept - MOOD_FEAR * DAY * day + MOOD_NOISE * surprise, MOOD_BOUNDS)
            moods.append(Mood(open=opening, close=close))
        return tuple(moods)

    def _own(self, underlying: Underlying, year: int) -> tuple[float, ...]:
        """Return the mood that an underlying adds in each session, from its opening on."""
        shocks = self._shocks(underlying.ticker, year)
        mood = 0.0 if year == EPOCH.year else self._own_moods(underlying, year - 1)[-1]
        moods: list[float] = []
        for surprise in (OWN_NOISE * underlying.own * shocks.mood).tolist():
            mood = _bounded(OWN_KEPT * mood + surprise, OWN_BOUNDS)
            moods.append(mood)
        return tuple(moods)


def mixed(underlying: Underlying, market: Floats, sector: Floats, own: Floats) -> Floats:
    """Return one standard normal of three, with the underlying's correlations."""
    return underlying.market * market + underlying.of_sector * sector + underlying.own * own


@lru_cache(maxsize=256)
def sessions_of(year: int) -> tuple[Session, ...]:
    """Return the sessions of a calendar year."""
    return sessions_between(date(year, 1, 1), date(year, 12, 31))


def _bounded(mood: float, bounds: tuple[float, float]) -> float:
    return round(min(max(mood, bounds[0]), bounds[1]), _DIGITS)
