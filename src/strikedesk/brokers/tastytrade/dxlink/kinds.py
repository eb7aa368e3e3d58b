"""What DXLink tells of a symbol: the kinds of events, and the fields of each in our order.

Source: the fields of dxFeed's events; a server sends those that a client asked for, in its order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import repeat
from math import isfinite
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias, cast

Cell: TypeAlias = str | int | float | bool | None
# An event's cells in our order, then when it was heard.
Row: TypeAlias = tuple[Cell | datetime, ...]

SYMBOL: Final = "eventSymbol"
_NOTHING: Final = frozenset({"", "NaN", "Infinity", "-Infinity", "\x00"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS: Final = 4_102_444_800_000  # 2100: what lies beyond is no time of a trade.


class Kind(StrEnum):
    """A kind of event, as the protocol spells it."""

    QUOTE = "Quote"
    TRADE = "Trade"
    SUMMARY = "Summary"
    GREEKS = "Greeks"
    PROFILE = "Profile"
    CANDLE = "Candle"

    # An enum's own is a call of Python's for every look into a table, of which a message needs six.
    __hash__ = str.__hash__


FIELDS: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        Kind.QUOTE: (SYMBOL, "bidPrice", "askPrice", "bidSize", "askSize", "bidTime", "askTime"),
        Kind.TRADE: (SYMBOL, "price", "time", "dayVolume"),
        Kind.SUMMARY: (SYMBOL, "dayId", "dayClosePrice", "prevDayClosePrice", "openInterest"),
        Kind.GREEKS: (
            SYMBOL,
            "time",
            "price",
            "volatility",
            "delta",
            "gamma",
            "theta",
            "rho",
            "vega",
        ),
        Kind.PROFILE: (SYMBOL, "description", "tradingStatus", "haltStartTime", "haltEndTime"),
        Kind.CANDLE: (
            SYMBOL,
            "eventFlags",
            "index",
            "time",
            "open",
            "high",
            "low",
            "close",
            "volume",
        ),
    }
)
# A channel of its own for each kind: some servers tell one kind a channel. Clients choose odd ones.
CHANNELS: Final[Mapping[Kind, int]] = MappingProxyType(
    {kind: 2 * place + 1 for place, kind in enumerate(Kind)}
)
KIND_OF_CHANNEL: Final[Mapping[int, Kind]] = MappingProxyType(
    {number: kind for kind, number in CHANNELS.items()}
)
PLACES: Final[Mapping[Kind, Mapping[str, int]]] = MappingProxyType(
    {
        kind: MappingProxyType({name: place for place, name in enumerate(fields)})
        for kind, fields in FIELDS.items()
    }
)


class Item(NamedTuple):
    """What is asked for: a kind of event of a streamer symbol."""

    kind: Kind
    symbol: str


@dataclass(frozen=True)
class Layout:
    """Where a server puts the fields of a kind. Law: `rows` come in our order, whatever its own."""

    kind: Kind
    fields: tuple[str, ...]

    @classmethod
    def ours(cls, kind: Kind) -> "Layout":
        """Return the layout that we ask for."""
        return cls(kind, FIELDS[kind])

    @property
    def lawful(self) -> bool:
        """Whether events in it can be told apart: each names its symbol, once."""
        return self.fields.count(SYMBOL) == 1

    @cached_property
    def width(self) -> int:
        """How many cells an event has."""
        return len(self.fields)

    @cached_property
    def symbol_at(self) -> int:
        """Which of them names the symbol."""
        return self.fields.index(SYMBOL)

    @cached_property
    def picks(self) -> tuple[int | None, ...] | None:
        """Where our fields are; None when they are in our order already."""
        if self.fields == FIELDS[self.kind]:
            return None
        at = {name: place for place, name in enumerate(self.fields)}
        return tuple(at.get(name) for name in FIELDS[self.kind])

    def rows(self, cells: Sequence[Cell], heard_at: datetime) -> Iterable[Row]:
        """Cut cells into events. Only for a whole number of events."""
        rows = zip(*[iter(cells)] * self.width, repeat(heard_at), strict=False)
        picks = self.picks
        if picks is None:
            return rows
        return (
            (*(None if place is None else row[place] for place in picks), heard_at) for row in rows
        )


@dataclass(slots=True)  # Made for every event that is read: what is frozen takes twice as long.
class Event:
    """An event as it was heard. A figure that is not finite, or of another type, is None.

    Units: as the feed's; prices per share, instants aware UTC. `heard_at` is our clock's.
    """

    kind: Kind
    row: Row

    @property
    def heard_at(self) -> datetime:
        """When it was heard."""
        return cast("datetime", self.row[-1])

    @property
    def symbol(self) -> str:
        """The streamer symbol that it is of."""
        return str(self.row[0])

    def text(self, field: str) -> str | None:
        """Return a word; what the feed writes for none is None. The feed's text: untrusted."""
        cell = self._cell(field)
        return cell if isinstance(cell, str) and cell not in _NOTHING else None

    def figure(self, field: str) -> float | None:
        """Return a statistic."""
        number = self._number(field)
        return None if number is None else float(number)

    def price(self, field: str) -> Decimal | None:
        """Return money, by the shortest digits that mean what was sent."""
        number = self._number(field)
        return None if number is None else Decimal(repr(number))

    def count(self, field: str) -> int | None:
        """Return a whole number, rounded towards zero; a negative one counts nothing."""
        number = self._number(field)
        return None if number is None or number < 0 else int(number)

    def instant(self, field: str) -> datetime | None:
        """Return the time that milliseconds tell; 0 is what the feed writes for none."""
        number = self._number(field)
        if not number or not 0 < number <= _LAST_MS:
            return None
        return _EPOCH + timedelta(milliseconds=number)

    def _number(self, field: str) -> int | float | None:
        cell = self.row[PLACES[self.kind][field]]
        if type(cell) is float:
            return cell if isfinite(cell) else None
        return cell if type(cell) is int else None  # True is no number.

    def _cell(self, field: str) -> Cell | datetime:
        return self.row[PLACES[self.kind][field]]
