"""A tape in memory: every record of every symbol, in the order of time."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.tape.layout import MISSING, PRICE_UNIT, Source


class Record(NamedTuple):
    """One row. Units: `at` seconds since 1970, prices ten-thousandths; `MISSING` = not recorded."""

    at: int
    bid: int
    ask: int
    last: int
    volume: int
    open_interest: int

    @property
    def mark_twice(self) -> int:
        """Twice the mid of a two-sided quote, else twice the last price, else `MISSING`."""
        if 0 <= self.bid <= self.ask > 0:
            return self.bid + self.ask
        return MISSING if self.last == MISSING else 2 * self.last


class Track:
    """The records of one symbol, a column each, ascending in time.

    `source` says where prices come from that were not recorded, if some were not.
    """

    __slots__ = ("_columns", "instants", "source", "symbol")

    def __init__(self, symbol: Symbol) -> None:
        """Begin without records."""
        self.symbol = symbol
        self.source = Source.RECORDED
        self.instants = array("q")
        self._columns = tuple(array("q") for _ in Record._fields[1:])

    def append(self, record: Record) -> bool:
        """Add a record; False, and nothing added, when it is not later than the one before."""
        if self.instants and record.at <= self.instants[-1]:
            return False
        self.instants.append(record.at)
        for column, number in zip(self._columns, record[1:], strict=True):
            column.append(number)
        return True

    def record(self, place: int) -> Record:
        """Return one record."""
        return Record(self.instants[place], *(column[place] for column in self._columns))

    def standing(self, since: int, at: int) -> Record | None:
        """Return the last record of `[since, at]`."""
        place = bisect_right(self.instants, at) - 1
        return None if place < 0 or self.instants[place] < since else self.record(place)

    def places(self, since: int, before: int) -> range:
        """Return the places of the records in `[since, before)`."""
        return range(bisect_left(self.instants, since), bisect_left(self.instants, before))


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeSession:
    """A session of a tape. Units: first and last record in seconds since 1970."""

    day: date
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """A recorded market.

    Law: sessions ascend and do not overlap; `digest` names the content, whatever the file is
    called and however it is packed.
    """

    name: str
    digest: str
    notes: tuple[str, ...]
    sessions: tuple[TapeSession, ...]
    tracks: Mapping[Symbol, Track] = field(repr=False)

    @property
    def begins_at(self) -> datetime:
        """The first record."""
        return instant(self.sessions[0].first)

    @property
    def ends_at(self) -> datetime:
        """The last record."""
        return instant(self.sessions[-1].last)


def instant(seconds: int) -> datetime:
    """Return seconds since 1970 as an instant."""
    return datetime.fromtimestamp(seconds, UTC)


@lru_cache(maxsize=65_536)
def dollars(number: int) -> Decimal | None:
    """Return ten-thousandths of a dollar as USD, at least two decimals; `MISSING` as None."""
    if number == MISSING:
        return None
    whole_cents = number % 100 == 0
    return Decimal(number // 100).scaleb(-2) if whole_cents else Decimal(number) / PRICE_UNIT


@lru_cache(maxsize=65_536)
def half_dollars(twice: int) -> Decimal | None:
    """Return half of that."""
    price = dollars(twice)
    return None if price is None else price / 2


def count(number: int) -> int | None:
    """Return a count; `MISSING` as None."""
    return None if number == MISSING else number
