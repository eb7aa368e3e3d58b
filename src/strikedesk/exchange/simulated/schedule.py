"""What happens to underlyings on days known beforehand, by rule: dividends, earnings, splits.

Law: the days and the amounts depend on the seed alone, and never on where prices went.
"""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Final

import numpy as np

from strikedesk.domain.calendar import (
    Session,
    next_session,
    sessions_between,
    third_friday_monthly,
)
from strikedesk.domain.events import Dividend, Earnings, MarketEvent, Split
from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.catalogue import ExDay, Payout, Underlying
from strikedesk.exchange.simulated.moments import EPOCH, LAST_DAY
from strikedesk.exchange.simulated.ticks import usd

GROWTH: Final = 0.04  # Of usual prices, a year.
_PAID_AFTER: Final = timedelta(days=20)

# Which session of its month or year a day may be, the first being 0: from, and how many.
_DIVIDENDS: Final = (3, 10)
_EARNINGS: Final = (8, 9)
_SPLITS: Final = (60, 120)


class Schedule:
    """Every event of every underlying of one seed. Safe to share between threads."""

    def __init__(self, *, seed: int) -> None:
        """Remember the seed; nothing is computed until it is asked for."""
        self._seed = seed
        self.split = lru_cache(maxsize=256)(self._split)
        self.dividends = lru_cache(maxsize=1024)(self._dividends)
        self.earnings = lru_cache(maxsize=1024)(self._earnings)

    def events(self, underlying: Underlying, start: date, end: date) -> tuple[MarketEvent, ...]:
        """Return what happens from `start` to `end`, both included, by day; splits come first."""
        start, end = max(start, EPOCH), min(end, LAST_DAY)
        split, years = self.split(underlying), range(start.year, end.year + 1)
        found: Iterator[MarketEvent] = chain(
            () if split is None else (split,),
            chain.from_iterable(self.dividends(underlying, year) for year in years),
            chain.from_iterable(self.earnings(underlying, year) for year in years),
        )
        return tuple(sorted((e for e in found if start <= e.day <= end), key=_day_of))

    def split_between(self, underlying: Underlying, after: date, until: date) -> Split | None:
        """Return the split on a day in `(after, until]`."""
        split = self.split(underlying)
        return split if split is not None and after < split.day <= until else None

    def usual_price(self, underlying: Underlying, day: date) -> float:
        """Return the price that the underlying returns to in time, USD per share of that day."""
        years = (day - EPOCH).days / 365
        split = self.split_between(underlying, date.min, day)
        ratio = 1.0 if split is None else split.old / split.new
        return float(underlying.start) * math.exp(GROWTH * years) * ratio

    def _split(self, underlying: Underlying) -> Split | None:
        told = underlying.splits
        if told is None:
            return None
        sessions = sessions_between(date(told.year, 1, 1), date(told.year, 12, 31))
        day = self._drawn("split", underlying, 0, sessions, _SPLITS)
        return Split(underlying=underlying.ticker, day=day, new=told.new, old=told.old)

    def _dividends(self, underlying: Underlying, year: int) -> tuple[Dividend, ...]:
        pays = underlying.pays
        if pays is None:
            return ()
        months = sorted(pays.months)
        return tuple(self._dividend(underlying, pays, year, month) for month in months)

    def _dividend(self, underlying: Underlying, pays: Payout, year: int, month: int) -> Dividend:
        day = self._ex_day(underlying, pays.ex_day, year, month)
        cents = pays.annual / len(pays.months) * self.usual_price(underlying, day) * 100
        return Dividend(
            underlying=underlying.ticker,
            day=day,
            pay_day=next_session(day + _PAID_AFTER).day,
            amount=_at_least_a_cent(round(cents)),
        )

    def _ex_day(self, underlying: Underlying, rule: ExDay, year: int, month: int) -> date:
        if rule is ExDay.THIRD_FRIDAY:
            return third_friday_monthly(year, month)
        sessions = _sessions_of(year, month)
        if rule is ExDay.FIRST_SESSION:
            return sessions[0].day
        return self._drawn("dividend", underlying, 12 * year + month, sessions, _DIVIDENDS)

    def _earnings(self, underlying: Underlying, year: int) -> tuple[Earnings, ...]:
        reports = underlying.reports
        if reports is None:
            return ()
        months = (
            (12 * year + month, _sessions_of(year, month)) for month in sorted(reports.months)
        )
        return tuple(
            Earnings(
                underlying=underlying.ticker,
                day=self._drawn("earnings", underlying, counter, sessions, _EARNINGS),
                timing=reports.timing,
            )
            for counter, sessions in months
        )

    def _drawn(
        self,
        what: str,
        underlying: Underlying,
        counter: int,
        sessions: tuple[Session, ...],
        span: tuple[int, int],
    ) -> date:
        first, count = span
        bits = noise.draw(noise.key(self._seed, what, underlying.ticker), np.array([counter]))
        return sessions[first + int(noise.below(bits, count)[0])].day


def _sessions_of(year: int, month: int) -> tuple[Session, ...]:
    following = date(year + month // 12, month % 12 + 1, 1)
    return sessions_between(date(year, month, 1), following - timedelta(days=1))


def _at_least_a_cent(cents: int) -> Decimal:
    return usd(max(cents, 1))


def _day_of(event: MarketEvent) -> date:
    return event.day
