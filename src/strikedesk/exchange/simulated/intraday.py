"""Prices within a session: a bridge from its opening to its close.

Bridges are made a month at a time, in single precision: between two closes a price needs five
digits of its way, and two years of all underlyings are twenty-five million steps.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from strikedesk.domain.calendar import Session
from strikedesk.exchange.simulated import fear, noise
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.daily import LOWEST_CENTS, DailyWalk, Day
from strikedesk.exchange.simulated.halts import Halts
from strikedesk.exchange.simulated.moments import EPOCH, FULL_DAY_STEPS, steps_in
from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.schedule import Schedule
from strikedesk.exchange.simulated.weather import DAY, MOOD_FEAR, sessions_of

Singles: TypeAlias = npt.NDArray[np.float32]

_THE_MARKET: Final = "the market"
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
        self._mood = lru_cache(maxsize=256)(self._moods)
        self._way = lru_cache(maxsize=64)(self._ways)
        self._bridge = lru_cache(maxsize=256)(self._bridges)
        self._range = lru_cache(maxsize=4096)(self._ranges)

    def path(self, underlying: Underlying, session: Session) -> Ints:
        """Return the prices of one session, a step each; not to be written to."""
        return self._path(underlying, session)

    def moods(self, underlying: Underlying, session: Session) -> Floats:
        """Return what multiplies its volatility at each step of a session."""
        return self._mood(underlying.measured or underlying, session)

    def range_of(self, underlying: Underlying, session: Session) -> tuple[int, int]:
        """Return the lowest and the highest price of a session, for less than its whole path."""
        if self.halts.of(underlying, session) is None:
            return self._range(underlying, session.day.replace(day=1))[session.day]
        path = self._path(underlying, session)
        return int(path.min()), int(path.max())

    def _made(self, underlying: Underlying, session: Session) -> Ints:
        if underlying.measured is not None:
            prices = fear.levels(underlying.measured, self.moods(underlying, session))
        else:
            way = _row(self._way(underlying, session.day.replace(day=1)), session)
            opening = self.daily.day(underlying, session).open
            prices = _cents(np.array([math.log(opening)]), way)
        prices = _pinned(prices, self.daily.day(underlying, session))
        if halt := self.halts.of(underlying, session):
            prices[halt.start : halt.stop] = prices[halt.start]
        prices.flags.writeable = False
        return prices

    def _ranges(self, underlying: Underlying, month: date) -> Mapping[date, tuple[int, int]]:
        days = [self.daily.day(underlying, session) for session in _sessions_of(month)]
        if underlying.measured is not None:
            prices = self._levels_within(underlying.measured, days).tolist()
        else:
            ways = self._ways(underlying, month)
            opens = np.array([[math.log(day.open)] for day in days])
            prices = _cents(opens, np.stack((ways.min(axis=1), ways.max(axis=1)), axis=1)).tolist()
        return {
            day.session.day: (min(low, day.open, day.close), max(high, day.open, day.close))
            for day, (low, high) in zip(days, prices, strict=True)
        }

    def _ways(self, underlying: Underlying, month: date) -> Singles:
        """Return the logarithm of the price over the opening: a session a row, 0 after its end."""
        sessions = _sessions_of(month)
        days = [self.daily.day(underlying, session) for session in sessions]
        gains = _column([math.log(day.close / day.open) for day in days])
        sigmas = _column([day.sigma for day in days])
        ways = gains * _passed_each(sessions)
        names = _THE_MARKET, f"sector {underlying.sector}", underlying.ticker
        shares = underlying.market, underlying.of_sector, underlying.own
        for name, share in zip(names, shares, strict=True):
            if share:
                kept = self._bridges if name == underlying.ticker else self._bridge
                ways += kept(name, month) * (sigmas * np.float32(share))
        return ways

    def _bridges(self, name: str, month: date) -> Singles:
        """Return walks from 0 to 0, a session a row; a whole day's deviation is 1."""
        sessions = _sessions_of(month)
        stream = noise.key(self._seed, "intraday", name)
        steps = noise.even(noise.draw(stream, _counters_of(sessions)))
        steps[:, 0] = 0
        walks = np.cumsum(steps, axis=1, dtype=np.int32).astype(np.float32)
        walks *= np.float32(1.0 / (noise.STEPS_PER_EVEN_SIGMA * math.sqrt(FULL_DAY_STEPS)))
        lengths = _lengths_of(sessions)
        lasts = walks[np.arange(lengths.size), lengths - 1]
        walks -= lasts[:, np.newaxis] * _passed_each(sessions)
        for row in np.flatnonzero(lengths < FULL_DAY_STEPS).tolist():
            walks[row, lengths[row] :] = 0.0
        return walks

    def _levels_within(self, measured: Underlying, days: Sequence[Day]) -> Ints:
        """Return the lowest and highest level of each day between its ends: that of such moods."""
        within = [self._logarithms(measured, day.session)[1:-1] for day in days]
        ends = np.array([(moods.min(), moods.max()) for moods in within])
        return fear.levels(measured, np.exp(ends.ravel())).reshape(-1, 2)

    def _moods(self, underlying: Underlying, session: Session) -> Floats:
        moods: Floats = np.exp(self._logarithms(underlying, session))
        return moods

    def _logarithms(self, underlying: Underlying, session: Session) -> Floats:
        """Return moods from the opening's to the close's that rise when the market falls."""
        mood = self.daily.day(underlying, session).mood
        fright = _row(self._bridge(_THE_MARKET, session.day.replace(day=1)), session)
        path = mood.open + _passed(fright.size) * (mood.close - mood.open)
        moods: Floats = np.round(path - MOOD_FEAR * DAY * fright, _DIGITS)
        return moods


@lru_cache(maxsize=1024)
def _sessions_of(month: date) -> tuple[Session, ...]:
    """Return the sessions of the month that begins on a day, from the world's first on."""
    after = (month + timedelta(days=31)).replace(day=1)
    return tuple(s for s in sessions_of(month.year) if max(month, EPOCH) <= s.day < after)


@lru_cache(maxsize=256)
def _counters_of(sessions: tuple[Session, ...]) -> noise.Bits:
    """Return where in a stream the steps of each session are drawn, four at a time."""
    first = np.array([[each.day.toordinal() * FULL_DAY_STEPS] for each in sessions])
    return (first + np.arange(FULL_DAY_STEPS // 4)).astype(np.uint64)


@lru_cache(maxsize=256)
def _lengths_of(sessions: tuple[Session, ...]) -> Ints:
    return np.array([steps_in(each) for each in sessions])


def _row(ways: Singles, session: Session) -> Floats:
    """Return one session of a month, a step each."""
    row = _sessions_of(session.day.replace(day=1)).index(session)
    return ways[row, : steps_in(session)].astype(np.float64)


def _column(numbers: list[float]) -> Singles:
    return np.array(numbers, dtype=np.float32)[:, np.newaxis]


@lru_cache(maxsize=256)
def _passed_each(sessions: tuple[Session, ...]) -> Singles:
    """Return the part of each session that is over at each step, 0 after its end."""
    passed = np.zeros((len(sessions), FULL_DAY_STEPS), dtype=np.float32)
    for row, session in enumerate(sessions):
        passed[row, : steps_in(session)] = _passed(steps_in(session))
    return passed


@lru_cache(maxsize=8)
def _passed(steps: int) -> Floats:
    return np.arange(steps) / (steps - 1)


def _cents(opening: Floats, way: npt.NDArray[np.floating]) -> Ints:
    """Return the prices a way further than the logarithm of an opening."""
    prices = np.rint(np.exp(opening + way.astype(np.float64)))
    return np.maximum(prices, LOWEST_CENTS).astype(np.int64)


def _pinned(prices: Ints, day: Day) -> Ints:
    prices[0], prices[-1] = day.open, day.close
    return prices
