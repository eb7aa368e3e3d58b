"""Which contracts are listed: expirations by rule, strikes by where the price has been.

Law: a contract once listed stays listed until it expires. New strikes appear at an opening, made
from the closes up to the one before.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Final, TypeAlias

import numpy as np

from strikedesk.domain.calendar import (
    expiration_instant,
    monthly_expirations,
    next_session,
    previous_session,
    third_friday_monthly,
    weekly_expirations,
)
from strikedesk.domain.quotes import Settlement
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.daily import DailyWalk
from strikedesk.exchange.simulated.moments import EPOCH, Moment
from strikedesk.exchange.simulated.noise import Bits, Floats
from strikedesk.exchange.simulated.ticks import usd
from strikedesk.quant.contracts import BoolArray

DAILIES: Final = 5  # Sessions ahead.
WEEKLIES: Final = timedelta(weeks=8)
MONTHLIES: Final = timedelta(days=400)
QUARTERS: Final = timedelta(days=2 * 366)
JANUARIES: Final = timedelta(days=3 * 366)

QUARTER_MONTHS: Final = frozenset({3, 6, 9, 12})
JANUARY: Final = 1

# How far the strikes reach beyond where the price has been, in standard deviations of the
# contract's whole life, with the least and the most as fractions of the price.
FINE_REACH: Final = (0.7, 0.03, 0.30)
COARSE_REACH: Final = (3.0, 0.10, 0.60)
LONG_LIFE: Final = timedelta(days=500)  # A longer one begins with strikes twice as far apart.
BASIS: Final = 10_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Ladder:
    """The contracts of one expiration: every strike, a call and a put each. Equal only to itself.

    Law: contracts are ordered by strike, the call before the put, in every column.
    """

    underlying: Underlying
    day: date
    strikes: tuple[Decimal, ...]

    @property
    def root(self) -> str:
        """The root under which its contracts trade."""
        return self.underlying.option_root

    @property
    def standard(self) -> bool:
        """Whether it is the monthly expiration."""
        return self.day == third_friday_monthly(self.day.year, self.day.month)

    @cached_property
    def ends_at(self) -> datetime:
        """When its contracts are worth what they end at: every one of them is PM-settled."""
        return expiration_instant(self.day, Settlement.PM)

    @cached_property
    def places(self) -> Mapping[Decimal, int]:
        """Where each strike's call stands; its put is the next."""
        return {strike: 2 * n for n, strike in enumerate(self.strikes)}

    def place(self, symbol: OptionSymbol) -> int | None:
        """Return where a contract stands in the columns, or None if it is not listed."""
        call = self.places.get(symbol.strike)
        return call if call is None or symbol.right is Right.CALL else call + 1

    @cached_property
    def symbols(self) -> tuple[OptionSymbol, ...]:
        """Every contract."""
        rights = (Right.CALL, Right.PUT)
        return tuple(OptionSymbol(self.root, self.day, r, k) for k in self.strikes for r in rights)

    @cached_property
    def strike_column(self) -> Floats:
        """Every contract's strike, USD."""
        return np.repeat(np.array([float(strike) for strike in self.strikes]), 2)

    @cached_property
    def call_column(self) -> BoolArray:
        """Whether each contract is a call."""
        return np.tile(np.array([True, False]), len(self.strikes))

    @cached_property
    def address_column(self) -> Bits:
        """Every contract's address in the streams of noise."""
        base = noise.key(self.root, self.day.toordinal())
        thousandths = np.rint(self.strike_column * 1000).astype(np.int64)
        return noise.draw(base, 2 * thousandths + self.call_column)


class Listings:
    """What is listed in each session. Safe to share between threads."""

    def __init__(self, *, daily: DailyWalk) -> None:
        """Strikes follow the closes of `daily`."""
        self._daily = daily
        self._session = lru_cache(maxsize=128)(self._list)
        self._ladder = lru_cache(maxsize=512)(_ladder)

    def ladders(self, underlying: Underlying, moment: Moment) -> Mapping[date, Ladder]:
        """Return the expirations listed at a moment, ascending; gone once their day has closed."""
        listed = self._session(underlying, moment.session.day)
        first = next(iter(listed), None)
        if first is None or moment.is_open or first > moment.session.day:
            return listed
        return {day: ladder for day, ladder in listed.items() if day > moment.session.day}

    def _list(self, underlying: Underlying, today: date) -> Mapping[date, Ladder]:
        closes = self._daily.closes_through(underlying, today.year)
        ladders: dict[date, Ladder] = {}
        for day in _expirations(underlying, today):
            reaches = tuple(
                (programme, *closes.range_since(max(programme.since, EPOCH), today))
                for programme in programmes(underlying, day)
                if programme.since <= today
            )
            ladders[day] = self._ladder(underlying, day, reaches)
        return ladders


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A reason why an expiration is listed: since when, and how far apart its strikes are."""

    since: date
    life: timedelta
    widened: int = 1


# A programme with the lowest and the highest close since it began, in cents.
Reach: TypeAlias = tuple[Programme, int, int]


def programmes(underlying: Underlying, day: date) -> tuple[Programme, ...]:
    """Return every programme under which the expiration `day` is listed, in time."""
    leads = [WEEKLIES] if day in weekly_expirations(day, day) else []
    if day == third_friday_monthly(day.year, day.month):
        leads += [MONTHLIES]
        leads += [QUARTERS] if underlying.far_quarters and day.month in QUARTER_MONTHS else []
        leads += [JANUARIES] if day.month == JANUARY else []
    if underlying.daily_expirations:
        leads += [day - _sessions_before(day, DAILIES)]
    return tuple(
        Programme(since=day - lead, life=lead, widened=2 if lead > LONG_LIFE else 1)
        for lead in leads
    )


def _expirations(underlying: Underlying, today: date) -> list[date]:
    days = {*weekly_expirations(today, today + WEEKLIES)}
    days |= {*monthly_expirations(today, today + MONTHLIES)}
    far = monthly_expirations(today, today + JANUARIES)
    days |= {day for day in far if day.month == JANUARY}
    if underlying.far_quarters:
        end = today + QUARTERS
        days |= {day for day in far if day.month in QUARTER_MONTHS and day <= end}
    if underlying.daily_expirations:
        days |= _next_sessions(today, DAILIES)
    return sorted(days)


def _next_sessions(today: date, count: int) -> set[date]:
    """Return `today`, a session's day, and the sessions that follow."""
    days = [today]
    while len(days) <= count:
        days.append(next_session(days[-1]).day)
    return set(days)


def _sessions_before(day: date, count: int) -> date:
    for _ in range(count):
        day = previous_session(day).day
    return day


def _ladder(underlying: Underlying, day: date, reaches: tuple[Reach, ...]) -> Ladder:
    cents = {each for reach in reaches for each in _strikes(underlying, *reach)}
    return Ladder(underlying=underlying, day=day, strikes=tuple(map(usd, sorted(cents))))


def _strikes(underlying: Underlying, programme: Programme, low: int, high: int) -> Iterator[int]:
    """Yield the strikes of one programme for a price between `low` and `high`; all in cents."""
    sigma = underlying.volatility * math.sqrt(programme.life.days / 365)
    unit = 100 * programme.widened
    grids = (underlying.strike_step, FINE_REACH), (underlying.wide_step, COARSE_REACH)
    for step, reach in grids:
        yield from _steps(low, high, reach=_bounded(sigma, reach), step=int(step * unit))


def _bounded(sigma: float, reach: tuple[float, float, float]) -> int:
    times, least, most = reach
    return round(min(max(times * sigma, least), most) * BASIS)


def _steps(low: int, high: int, *, reach: int, step: int) -> range:
    """Return the multiples of `step` from `reach` below `low` to `reach` above `high`."""
    first = -(-low * (BASIS - reach) // (BASIS * step))
    last = high * (BASIS + reach) // (BASIS * step)
    return range(first * step, (last + 1) * step, step)
