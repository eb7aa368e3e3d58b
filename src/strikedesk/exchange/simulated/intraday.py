"""Prices within a session: a bridge from its opening to its close."""

import math
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np

from strikedesk.domain.calendar import Session
from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.daily import LOWEST_CENTS, DailyWalk, Day
from strikedesk.exchange.simulated.moments import FULL_DAY_STEPS, steps_in
from strikedesk.exchange.simulated.noise import Floats, Ints

_COUNTERS_PER_DAY: Final = 4096


class Paths:
    """The price of every underlying at every step.

    Units: cents. Law: a path begins at its day's opening and ends at its close.
    """

    def __init__(self, *, seed: int) -> None:
        """Remember the seed; nothing is computed until it is asked for."""
        self.daily = DailyWalk(seed=seed)
        self._seed = seed
        self._path = lru_cache(maxsize=512)(self._bridge)
        self._market = lru_cache(maxsize=1024)(self._market_walk)

    def path(self, underlying: Underlying, session: Session) -> Ints:
        """Return the prices of one session, a step each; not to be written to."""
        return self._path(underlying, session)

    def _bridge(self, underlying: Underlying, session: Session) -> Ints:
        day, steps = self.daily.day(underlying, session), steps_in(session)
        walk = self._standard_walk(underlying, session, steps)
        passed = np.arange(steps) / (steps - 1)
        wiggle = (walk - passed * walk[-1]) * (day.sigma / math.sqrt(FULL_DAY_STEPS))
        ends = math.log(day.open), math.log(day.close)
        prices = np.rint(np.exp(ends[0] + passed * (ends[1] - ends[0]) + wiggle))
        return _pinned(np.maximum(prices, LOWEST_CENTS).astype(np.int64), day)

    def _standard_walk(self, underlying: Underlying, session: Session, steps: int) -> Floats:
        shared = underlying.correlation
        own = _walk(noise.key(self._seed, "intraday", underlying.ticker), session.day, steps)
        return shared * self._market(session.day, steps) + math.sqrt(1.0 - shared**2) * own

    def _market_walk(self, day: date, steps: int) -> Floats:
        return _walk(noise.key(self._seed, "intraday", "the market"), day, steps)


def _walk(stream: int, day: date, steps: int) -> Floats:
    """Return a random walk from 0, its steps of standard deviation 1."""
    first = day.toordinal() * _COUNTERS_PER_DAY
    moves = noise.bell(noise.draw(stream, np.arange(first, first + steps, dtype=np.int64)))
    moves[0] = 0
    return np.cumsum(moves) / noise.STEPS_PER_SIGMA


def _pinned(prices: Ints, day: Day) -> Ints:
    prices[0], prices[-1] = day.open, day.close
    prices.flags.writeable = False
    return prices
