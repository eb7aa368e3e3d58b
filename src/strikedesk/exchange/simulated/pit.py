"""One underlying in one session: its price at every step, and what is listed on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from strikedesk.domain.calendar import Session
from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.activity import activity
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.daily import Day
from strikedesk.exchange.simulated.intraday import Paths
from strikedesk.exchange.simulated.listing import Ladder, Listings
from strikedesk.exchange.simulated.moments import STEP, Moment, close_before
from strikedesk.exchange.simulated.noise import Bits, Floats, Ints
from strikedesk.exchange.simulated.pricing import Book, values
from strikedesk.exchange.simulated.quoting import sides
from strikedesk.quant.contracts import BoolArray

_SECONDS_PER_YEAR: Final = 365.0 * 86_400.0
Scalar = TypeVar("Scalar", bound=np.generic)
UNKNOWN: Final = -1  # In a column of prices, which are never negative.


@dataclass(frozen=True, kw_only=True, eq=False)
class Pit:
    """One underlying in one session. Units: `path` in cents, `volume` in shares."""

    underlying: Underlying
    day: Day
    path: Ints
    volume: int

    @property
    def session(self) -> Session:
        """The session."""
        return self.day.session

    @property
    def opening(self) -> Moment:
        """Its first step."""
        session = self.session
        return Moment(session=session, step=0, at=session.opens_at, is_open=True)

    def book(self, step: int, selection: "Selection") -> Book:
        """Return contracts with the market they stand in at a step."""
        return self._book(np.array([step]), selection)

    def book_through(self, selection: "Selection") -> Book:
        """Return a single contract with its market at every step."""
        return self._book(np.arange(self.path.size), selection)

    def _book(self, steps: Ints, selection: "Selection") -> Book:
        size = max(steps.size, selection.strike.size)
        seconds = self.session.opens_at.timestamp() + steps * STEP.total_seconds()
        return Book(
            underlying=self.underlying,
            spot=_wide(self.path[steps] / 100.0, size),
            mood=np.full(size, self.day.mood),
            strike=_wide(selection.strike, size),
            years=(selection.ends - seconds) / _SECONDS_PER_YEAR,
            is_call=_wide(selection.is_call, size),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Contracts of one underlying, a column each.

    Units: `strike` USD; `ends` seconds since 1970; `interest` and `volume` contracts of the
    session; `previous` twice the closing mid of the session before in cents, or `UNKNOWN`.
    """

    strike: Floats
    ends: Floats
    is_call: BoolArray
    address: Bits
    interest: Ints
    volume: Ints
    previous: Ints

    def at(self, places: Sequence[int]) -> "Selection":
        """Return the contracts at some places."""
        where = np.array(places, dtype=np.intp)
        return Selection(
            strike=self.strike[where],
            ends=self.ends[where],
            is_call=self.is_call[where],
            address=self.address[where],
            interest=self.interest[where],
            volume=self.volume[where],
            previous=self.previous[where],
        )


def joined(parts: Sequence[Selection]) -> Selection:
    """Return the contracts of all parts, in order; at least one part."""
    if len(parts) == 1:
        return parts[0]
    return Selection(
        strike=np.concatenate([part.strike for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
        is_call=np.concatenate([part.is_call for part in parts]),
        address=np.concatenate([part.address for part in parts]),
        interest=np.concatenate([part.interest for part in parts]),
        volume=np.concatenate([part.volume for part in parts]),
        previous=np.concatenate([part.previous for part in parts]),
    )


class Pits:
    """Every underlying in every session, made when asked for. Safe to share between threads."""

    def __init__(self, *, seed: int) -> None:
        """Build the paths and the listings of one seed."""
        self.seed = seed
        self._paths = Paths(seed=seed)
        self._listings = Listings(daily=self._paths.daily)
        self._pit = lru_cache(maxsize=128)(self._open)
        self._selection = lru_cache(maxsize=1024)(self._select)

    def pit(self, underlying: Underlying, session: Session) -> Pit:
        """Return one underlying in one session."""
        return self._pit(underlying, session)

    def ladders(self, underlying: Underlying, moment: Moment) -> Mapping[date, Ladder]:
        """Return the listed expirations, ascending."""
        return self._listings.ladders(underlying, moment)

    def selection(self, pit: Pit, ladder: Ladder) -> Selection:
        """Return every contract of an expiration."""
        return self._selection(pit, ladder)

    def _open(self, underlying: Underlying, session: Session) -> Pit:
        counter = np.array([session.day.toordinal()])
        bits = noise.draw(noise.key(self.seed, "shares", underlying.ticker), counter)
        return Pit(
            underlying=underlying,
            day=self._paths.daily.day(underlying, session),
            path=self._paths.path(underlying, session),
            volume=underlying.shares_a_day * (700 + int(noise.below(bits, 600)[0])) // 1000,
        )

    def contract(self, pit: Pit, ladder: Ladder, place: int) -> Selection:
        """Return one contract alone, without its previous close: cheap where sessions are many."""
        return self._measured(pit, ladder, _bare(ladder).at([place]))

    def _select(self, pit: Pit, ladder: Ladder) -> Selection:
        bare = _bare(ladder)
        measured = self._measured(pit, ladder, bare)
        return replace(measured, previous=self._previous_mids(pit, ladder, bare))

    def _measured(self, pit: Pit, ladder: Ladder, bare: Selection) -> Selection:
        busy = activity(
            pit.book(0, bare),
            bare.address,
            standard=ladder.standard,
            seed=self.seed,
            day=pit.session.day.toordinal(),
        )
        return replace(bare, interest=busy.open_interest, volume=busy.volume)

    def _previous_mids(self, pit: Pit, ladder: Ladder, bare: Selection) -> Ints:
        closed = close_before(pit.session)
        listed = None if closed is None else self.ladders(pit.underlying, closed).get(ladder.day)
        if closed is None or listed is None:
            return bare.previous
        book = self.pit(pit.underlying, closed.session).book(closed.step, bare)
        quoted = sides(book, values(book))
        known = np.repeat(np.array([strike in listed.places for strike in ladder.strikes]), 2)
        return np.where(known, quoted.bid + quoted.ask, UNKNOWN)


def _bare(ladder: Ladder) -> Selection:
    """Return an expiration's contracts with nothing known of their trading."""
    strikes = ladder.strike_column
    return Selection(
        strike=strikes,
        ends=np.full(strikes.size, ladder.ends_at.timestamp()),
        is_call=ladder.call_column,
        address=ladder.address_column,
        interest=np.zeros(strikes.size, dtype=np.int64),
        volume=np.zeros(strikes.size, dtype=np.int64),
        previous=np.full(strikes.size, UNKNOWN, dtype=np.int64),
    )


def _wide(column: npt.NDArray[Scalar], size: int) -> npt.NDArray[Scalar]:
    """Return a column of one value or of `size` values as one of `size`."""
    return column if column.size == size else np.repeat(column, size)
