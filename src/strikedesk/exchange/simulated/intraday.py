"""Prices within a session: a bridge from its opening to its close."""

import math
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np

from strikedesk.domain.calendar import Session
from strikedesk.exchange.simulated import fear, noise
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.daily import LOWEST_CENTS, DailyWalk, Day
from strikedesk.exchange.simulated.halts import Halts
from strikedesk.exchange.simulated.moments import FULL_DAY_STEPS, steps_in
from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.schedule import Schedule
from strikedesk.exchange.simulated.weather import DAY, MOOD_FEAR, mixed

_DIGITS: Final = 6


class Paths:
    """The price of every underlying at every step, and the mood that its options are priced in.

    Units: cents; the mood a factor. Law: a path begins at its day's opening and ends at its close.
    """

    def __init__(self, *, seed: int, schedule: Schedule) -> None:
        """Remember the seed; nothing is computed until it is asked for."""
        self.daily = DailyWalk(seed=seed, schedule=schedule)
        self.halts = Halts(seed=seed)
        self._seed = seed
        self._path = lru_cache(maxsize=512)(self._made)
        self._mood = lru_cache(maxsize=512)(self._moods)
        self._factor = lru_cache(maxsize=4096)(self._factor_walk)

    def path(self, underlying: Underlying, session: Session) -> Ints:
        """Return the prices of one session, a step each; not to be written to."""
        return self._path(underlying, session)

    def moods(self, underlying: Underlying, session: Session) -> Floats:
        """Return what multiplies its volatility at each step of a session."""
        return self._mood(underlying.measured or underlying, session)

    def range_of(self, underlying: Underlying, session: Session) -> tuple[int, int]:
        """Return the lowest and the highest price of a session, for less than its whole path."""
        halted = self.halts.of(underlying, session) is not None
        if halted or underlying.measured is not None:
            path = self._path(underlying, session)
            return int(path.min()), int(path.max())
        day, logarithms = self.daily.day(underlying, session), self._logarithms(underlying, session)
        inside = logarithms[1:-1]
        low, high = _cents(np.array([inside.min(), inside.max()])).tolist()
        return min(low, day.open, day.close), max(high, day.open, day.close)

    def _made(self, underlying: Underlying, session: Session) -> Ints:
        if underlying.measured is not None:
            prices = fear.levels(underlying.measured, self.moods(underlying, session))
        else:
            prices = _cents(self._logarithms(underlying, session))
        prices = _pinned(prices, self.daily.day(underlying, session))
        if halt := self.halts.of(underlying, session):
            prices[halt.start : halt.stop] = prices[halt.start]
        prices.flags.writeable = False
        return prices

    def _logarithms(self, underlying: Underlying, session: Session) -> Floats:
        day, steps = self.daily.day(underlying, session), steps_in(session)
        names = f"sector {underlying.sector}", underlying.ticker
        market, sector = (self._factor(name, session.day, steps) for name in ("", names[0]))
        own = self._factor_walk(names[1], session.day, steps)
        walk = mixed(underlying, market, sector, own)
        ends = math.log(day.open), math.log(day.close)
        wiggle = _bridge(walk) * (day.sigma / math.sqrt(FULL_DAY_STEPS))
        return ends[0] + _passed(steps) * (ends[1] - ends[0]) + wiggle

    def _moods(self, underlying: Underlying, session: Session) -> Floats:
        """Return moods from the opening's to the close's that rise when the market falls."""
        steps, mood = steps_in(session), self.daily.day(underlying, session).mood
        fright = _bridge(self._factor("", session.day, steps)) / math.sqrt(FULL_DAY_STEPS)
        path = mood.open + _passed(steps) * (mood.close - mood.open) - MOOD_FEAR * DAY * fright
        moods: Floats = np.exp(np.round(path, _DIGITS))
        return moods

    def _factor_walk(self, name: str, day: date, steps: int) -> Floats:
        return _walk(noise.key(self._seed, "intraday", name or "the market"), day, steps)


def _walk(stream: int, day: date, steps: int) -> Floats:
    """Return a random walk from 0, its steps of standard deviation 1: four of each draw."""
    first = day.toordinal() * FULL_DAY_STEPS
    moves = noise.even(noise.draw(stream, np.arange(first, first + -(-steps // 4))))[:steps]
    moves[0] = 0
    return np.cumsum(moves) / noise.STEPS_PER_EVEN_SIGMA


def _bridge(walk: Floats) -> Floats:
    return walk - _passed(walk.size) * walk[-1]


@lru_cache(maxsize=8)
def _passed(steps: int) -> Floats:
    return np.arange(steps) / (steps - 1)


def _cents(logarithms: Floats) -> Ints:
    return np.maximum(np.rint(np.exp(logarithms)), LOWEST_CENTS).astype(np.int64)


def _pinned(prices: Ints, day: Day) -> Ints:
    prices[0], prices[-1] = day.open, day.close
    return prices
