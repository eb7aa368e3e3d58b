"""One underlying in one session: its price at every step, and what is listed on it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from strikedesk.domain.calendar import Session
from strikedesk.domain.events import Split
from strikedesk.exchange.simulated import fear, noise
from strikedesk.exchange.simulated.activity import activity
from strikedesk.exchange.simulated.american import values
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.daily import Day
from strikedesk.exchange.simulated.intraday import Paths
from strikedesk.exchange.simulated.listing import Key, Ladder, Listings
from strikedesk.exchange.simulated.moments import STEP, Moment, close_before, step_instant
from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.outlook import SECONDS_PER_YEAR, Outlook, Outlooks
from strikedesk.exchange.simulated.pricing import Book, volatilities
from strikedesk.exchange.simulated.quoting import sides
from strikedesk.exchange.simulated.schedule import Schedule
from strikedesk.exchange.simulated.selection import UNKNOWN, Selection
from strikedesk.exchange.simulated.weather import sessions_of

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pit:
    """One underlying in one session.

    Units: `path` in cents, `volume` in shares; `halt` the steps without trading, if any.
    """

    underlying: Underlying
    day: Day
    outlook: Outlook
    path: Ints
    mood: Floats
    volume: int
    halt: range | None

    @property
    def session(self) -> Session:
        """The session."""
        return self.day.session

    def standing(self, moment: Moment) -> Moment:
        """Return the moment whose prices stand at a moment: in a halt, that of its begin."""
        if self.halt is None or moment.step not in self.halt:
            return moment
        begin = self.halt.start
        return replace(moment, step=begin, at=step_instant(self.session, begin))

    @cached_property
    def standing_steps(self) -> Ints:
        """The step whose prices stand at each step."""
        steps = np.arange(self.path.size)
        if self.halt is not None:
            steps[self.halt.start : self.halt.stop] = self.halt.start
        return steps

    def book(self, step: int, selection: Selection) -> Book:
        """Return contracts with the market they stand in at a step."""
        return self._book(np.array([step]), selection)

    def book_through(self, selection: Selection) -> Book:
        """Return a single contract with its market at every step."""
        return self._book(self.standing_steps, selection)

    def _book(self, steps: Ints, selection: Selection) -> Book:
        size = max(steps.size, selection.strike.size)
        later = (steps * STEP.total_seconds()).astype(np.float64)
        return Book(
            underlying=self.underlying,
            outlook=self.outlook,
            spot=_wide(self.path[steps] / 100.0, size),
            mood=_wide(self.mood[steps], size),
            strike=_wide(selection.strike, size),
            now=_wide(self.session.opens_at.timestamp() + later, size),
            ends=_wide(selection.ends, size),
            is_call=_wide(selection.is_call, size),
            scale=_wide(selection.scale, size),
        )


class Pits:
    """Every underlying in every session, made when asked for. Safe to share between threads."""

    def __init__(self, *, seed: int) -> None:
        """Build the paths and the listings of one seed."""
        self.seed = seed
        self.schedule = Schedule(seed=seed)
        self.paths = Paths(seed=seed, schedule=self.schedule)
        self._outlooks = Outlooks(schedule=self.schedule)
        self._listings = Listings(daily=self.paths.daily)
        self._traded = lru_cache(maxsize=1024)(self._trade)
        self._pit = lru_cache(maxsize=128)(self._open)
        self._selection = lru_cache(maxsize=1024)(self._select)

    def pit(self, underlying: Underlying, session: Session) -> Pit:
        """Return one underlying in one session."""
        return self._pit(underlying, session)

    def ladders(self, underlying: Underlying, moment: Moment) -> Mapping[Key, Ladder]:
        """Return the listed expirations, by day."""
        return self._listings.ladders(underlying, moment)

    def ladder(self, underlying: Underlying, moment: Moment, key: Key) -> Ladder | None:
        """Return one listed expiration: cheap where sessions are many."""
        return self._listings.ladder(underlying, moment, key)

    def selection(self, pit: Pit, ladder: Ladder) -> Selection:
        """Return every contract of an expiration."""
        return self._selection(pit, ladder)

    def shares_traded(self, underlying: Underlying, day: date) -> int:
        """Return the shares that change hands in a session."""
        return self._traded(underlying, day.year)[day]

    def _trade(self, underlying: Underlying, year: int) -> Mapping[date, int]:
        days = [session.day for session in sessions_of(year)]
        ordinals = np.array([day.toordinal() for day in days])
        bits = noise.draw(noise.key(self.seed, "shares", underlying.ticker), ordinals)
        split, usual = self.schedule.split(underlying), underlying.shares_a_day
        after = usual if split is None else usual * split.new // split.old
        shares = [after if split is not None and day >= split.day else usual for day in days]
        parts = (700 + noise.below(bits, 600)).tolist()
        return {d: s * part // 1000 for d, s, part in zip(days, shares, parts, strict=True)}

    def contract(self, pit: Pit, ladder: Ladder, place: int) -> Selection:
        """Return one contract alone, without its previous close: cheap where sessions are many."""
        return self._measured(pit, ladder, Selection.of(ladder).at([place]))

    def expected(self, underlying: Underlying, session: Session) -> float:
        """Return the volatility at the money at a close, for the thirty days that follow.

        At the money is at the spot, as whoever reads a chain takes it: of a volatility index that
        is far from the forward, and its surface is steep.
        """
        day = self.paths.daily.day(underlying, session)
        now, spot = np.array([session.closes_at.timestamp()]), np.array([day.close / 100.0])
        at_the_money = Book(
            underlying=underlying,
            outlook=self._outlooks.of(underlying, session),
            spot=spot,
            mood=np.array([math.exp(day.mood.close)]),
            strike=spot,
            now=now,
            ends=now + fear.WINDOW * SECONDS_PER_YEAR,
            is_call=np.array([True]),
            scale=np.ones(1),
        )
        return float(volatilities(at_the_money)[0])

    def _open(self, underlying: Underlying, session: Session) -> Pit:
        return Pit(
            underlying=underlying,
            day=self.paths.daily.day(underlying, session),
            outlook=self._outlooks.of(underlying, session),
            path=self.paths.path(underlying, session),
            mood=self.paths.moods(underlying, session),
            volume=self.shares_traded(underlying, session.day),
            halt=self.paths.halts.of(underlying, session),
        )

    def _select(self, pit: Pit, ladder: Ladder) -> Selection:
        measured = self._measured(pit, ladder, Selection.of(ladder))
        return replace(measured, previous=self._previous_mids(pit, ladder))

    def _measured(self, pit: Pit, ladder: Ladder, bare: Selection) -> Selection:
        busy = activity(
            pit.book(0, bare),
            bare.address,
            standard=ladder.listing.standard,
            seed=self.seed,
            day=pit.session.day.toordinal(),
        )
        return replace(bare, interest=busy.open_interest, volume=busy.volume)

    def _previous_mids(self, pit: Pit, ladder: Ladder) -> Ints:
        """Return what each contract, or what it was before a split, was worth at the last close."""
        unknown = np.full(2 * len(ladder.strikes), UNKNOWN, dtype=np.int64)
        closed, split = close_before(pit.session), self._split_today(pit)
        if closed is None:
            return unknown
        key, divisor = _before(ladder, split)
        old = self.ladder(pit.underlying, closed, key)
        if old is None:
            return unknown
        before = self.pit(pit.underlying, closed.session)
        measured = self._measured(before, old, Selection.of(old))
        book = before.book(closed.step, measured)
        quoted = sides(book, values(book), measured.volume)
        twice = _halves(quoted.bid + quoted.ask, divisor)
        places = [old.places.get(strike * divisor, UNKNOWN) for strike in ladder.strikes]
        where = np.repeat(np.array(places), 2)
        found = twice[2 * where + np.tile(np.arange(2), where.size // 2)]
        return np.where(where == UNKNOWN, UNKNOWN, found)

    def _split_today(self, pit: Pit) -> Split | None:
        split = self.schedule.split(pit.underlying)
        return split if split is not None and split.day == pit.session.day else None


def _before(ladder: Ladder, split: Split | None) -> tuple[Key, int]:
    """Return under which key a ladder was listed the session before, and what divides its strikes.

    What an uneven split leaves under the plain root is new.
    """
    root, day = ladder.key
    if split is None:
        return ladder.key, 1
    if split.new % split.old == 0:
        return ladder.key, split.new // split.old
    return (ladder.underlying.ticker if root == ladder.underlying.adjusted_root else "", day), 1


def _halves(twice: Ints, divisor: int) -> Ints:
    """Return prices divided, to the nearest half of a cent."""
    return (2 * twice + divisor) // (2 * divisor)


def _wide(column: npt.NDArray[Scalar], size: int) -> npt.NDArray[Scalar]:
    """Return a column of one value or of `size` values as one of `size`."""
    return column if column.size == size else np.repeat(column, size)
