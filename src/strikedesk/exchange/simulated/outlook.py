"""What market makers know of the years ahead: dividends to be paid and earnings to be told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from strikedesk.domain.calendar import Session, next_session, session_on
from strikedesk.domain.events import Dividend, Earnings
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.schedule import Schedule
from strikedesk.exchange.simulated.surface import RATE

SECONDS_PER_YEAR: Final = 365.0 * 86_400.0
HORIZON: Final = timedelta(days=3 * 366 + 31)
_A_SECOND: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """Dividends and earnings ahead of a session, in the order of time.

    Units: `ex` and `told` seconds since 1970; `paid` the dividends before each place in `ex`, USD
    per share of the session's day, worth at `since`; `moved` the variance before each in `told`.
    """

    since: float
    ex: Floats
    paid: Floats
    told: Floats
    moved: Floats

    def escrow(self, now: Floats, ends: Floats) -> Floats:
        """Return what the dividends between two instants are worth at the first, USD per share."""
        between = self.paid[_passed(self.ex, ends)] - self.paid[_passed(self.ex, now)]
        return between * np.exp(RATE * (now - self.since) / SECONDS_PER_YEAR)

    def jumps(self, now: Floats, ends: Floats) -> Floats:
        """Return the variance that earnings between two instants bring."""
        return self.moved[_passed(self.told, ends)] - self.moved[_passed(self.told, now)]


class Outlooks:
    """Outlooks from every session. Safe to share between threads."""

    def __init__(self, *, schedule: Schedule) -> None:
        """Read this schedule."""
        self._schedule = schedule
        self.of = lru_cache(maxsize=256)(self._of)

    def _of(self, underlying: Underlying, session: Session) -> Outlook:
        events = self._schedule.events(underlying, session.day, session.day + HORIZON)
        dividends = [each for each in events if isinstance(each, Dividend)]
        told = [_told_at(each) for each in events if isinstance(each, Earnings)]
        move = 0.0 if underlying.reports is None else underlying.reports.move
        ex = [_opening_of(each.day) for each in dividends]
        amounts = [self._amount(underlying, each, session.day) for each in dividends]
        since = session.opens_at.timestamp()
        worth = [
            a * np.exp(-RATE * (t - since) / SECONDS_PER_YEAR)
            for a, t in zip(amounts, ex, strict=True)
        ]
        return Outlook(
            since=since,
            ex=np.array(ex, dtype=np.float64),
            paid=_sums(worth),
            told=np.array(told, dtype=np.float64),
            moved=_sums(move * move for _ in told),
        )

    def _amount(self, underlying: Underlying, dividend: Dividend, day: date) -> float:
        """Return a dividend on what is one share on `day`."""
        split = self._schedule.split_between(underlying, day, dividend.day)
        return float(dividend.amount) * (1.0 if split is None else split.new / split.old)


def _passed(instants: Floats, now: Floats) -> Ints:
    return np.searchsorted(instants, now, side="right").astype(np.int64)


def _sums(numbers: Iterable[float]) -> Floats:
    return np.concatenate((np.zeros(1), np.cumsum(np.array(list(numbers), dtype=np.float64))))


def _opening_of(day: date) -> float:
    session = session_on(day) or next_session(day)
    return session.opens_at.timestamp()


def _told_at(earnings: Earnings) -> float:
    """Return when the price moves: between a close and an opening, a second from either."""
    session = session_on(earnings.day) or next_session(earnings.day)
    if earnings.after_close:
        return session.closes_at.timestamp() + _A_SECOND
    return session.opens_at.timestamp() - _A_SECOND
