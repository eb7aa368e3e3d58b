"""What is wanted of the market, by whom, and what is known of it. It outlives conversations."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Final, TypeAlias

from strikedesk.brokers.tastytrade.dxlink.board import Board
from strikedesk.brokers.tastytrade.dxlink.candles import Series, canonical
from strikedesk.brokers.tastytrade.dxlink.kinds import Cell, Event, Item, Kind, Layout

Changed: TypeAlias = Callable[[], None]

# What a reader that does not look leaves unread is put together at last: no more than it wants.
_UNREAD_MAX: Final = 64


class Watch:
    """What one reader wants, and what became new of it since it last looked."""

    def __init__(self, items: Iterable[Item], ring: Callable[[], None]) -> None:
        """Name the items, and what to call when there is news."""
        self.items: Final = frozenset(items)
        self._wanted = {kind: _symbols(kind, self.items) for kind in Kind}
        self._heard: dict[Kind, list[Collection[str]]] = {kind: [] for kind in Kind}
        self._ring = ring

    @property
    def unread(self) -> int:
        """How many marks wait to be looked at: of a symbol more than one, but not many."""
        return sum(len(symbols) for heard in self._heard.values() for symbols in heard)

    def hear(self, kind: Kind, symbols: Collection[str]) -> None:
        """Note what of these is wanted here."""
        wanted = self._wanted[kind]
        if wanted.isdisjoint(symbols):
            return
        heard = self._heard[kind]
        heard.append(symbols)
        if len(heard) > _UNREAD_MAX:
            heard[:] = [wanted.intersection(chain.from_iterable(heard))]
        self._ring()

    def news(self) -> frozenset[Item]:
        """Return the items with something new, once."""
        new = {kind: set(chain.from_iterable(heard)) for kind, heard in self._heard.items()}
        for heard in self._heard.values():
            heard.clear()
        return frozenset(item for item in self.items if _key(item) in new[item.kind])


class Shelf:
    """Keeps what watches want, no more; asks for each item once, however many want it.

    `changed` is called when something else is wanted than before.
    """

    def __init__(self, changed: Changed) -> None:
        """Begin with nothing wanted."""
        self._changed = changed
        self._board = Board()
        self._series: dict[str, Series] = {}
        self._started: dict[Item, int] = {}
        self._wanted = Counter[Item]()
        self._watches: list[Watch] = []
        self._left = set[Item]()

    @property
    def items(self) -> frozenset[Item]:
        """What somebody wants."""
        return frozenset(self._wanted)

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of what somebody wants."""
        return frozenset(item.kind for item in self._wanted)

    @property
    def started(self) -> Mapping[Item, int]:
        """From when on candles are wanted, in milliseconds since 1970."""
        return self._started

    def join(self, watch: Watch, *, from_ms: int | None = None) -> None:
        """Want what a watch names; of candles, those from an instant on.

        Where somebody has later ones of them already, all are told again from the earlier on.
        """
        new = [item for item in watch.items if not self._wanted[item]]
        longer = [i for i in watch.items if from_ms is not None and from_ms < self._start(i)]
        self._wanted.update(watch.items)
        self._watches.append(watch)
        for item in longer:
            self._series.pop(_key(item), None)
        for item in {*new, *longer}:
            self._make_room(item, from_ms)
        if new or longer:
            self._left.update(longer)
            self._changed()

    def _start(self, item: Item) -> int:
        return self._started.get(item, 0)

    def leave(self, watch: Watch) -> None:
        """Want it no longer; what nobody else wants is forgotten."""
        self._watches.remove(watch)
        self._wanted.subtract(watch.items)
        gone = [item for item in watch.items if self._wanted[item] <= 0]
        for item in gone:
            self._forget(item)
        if gone:
            self._left.update(gone)
            self._changed()

    def left(self) -> frozenset[Item]:
        """Return what was wanted no longer at some time since this was last asked.

        It was forgotten: where it is wanted again, it has to be told again.
        """
        left = frozenset(self._left)
        self._left.clear()
        return left

    def take(self, layout: Layout, cells: Sequence[Cell], at: datetime) -> None:
        """Keep events that came end to end, and ring for whom they are news."""
        kind = layout.kind
        if kind is Kind.CANDLE:
            symbols = self._take_candles(layout, cells, at)
        else:
            symbols = self._board.take(layout, cells, at)
        if symbols:
            for watch in self._watches:
                watch.hear(kind, symbols)

    def newest(self, item: Item) -> Event | None:
        """Return what was told last of an item, however old; None where nothing was."""
        return self._board.newest(item.kind, item.symbol)

    def series(self, item: Item) -> Series | None:
        """Return the candles of an item that somebody wants."""
        return self._series.get(_key(item))

    def _make_room(self, item: Item, from_ms: int | None) -> None:
        if item.kind is Kind.CANDLE:
            self._series.setdefault(_key(item), Series())
            self._started[item] = from_ms or 0
        else:
            self._board.want(item.kind, (item.symbol,))

    def _forget(self, item: Item) -> None:
        del self._wanted[item]
        if item.kind is Kind.CANDLE:
            self._series.pop(_key(item), None)
            self._started.pop(item, None)
        else:
            self._board.forget(item.kind, (item.symbol,))

    def _take_candles(self, layout: Layout, cells: Sequence[Cell], at: datetime) -> frozenset[str]:
        taken = set[str]()
        for row in layout.rows(cells, at):
            event = Event(Kind.CANDLE, row)
            key = canonical(event.symbol)
            if key in self._series:
                self._series[key].take(event)
                taken.add(key)
        return frozenset(taken)


def _key(item: Item) -> str:
    return canonical(item.symbol) if item.kind is Kind.CANDLE else item.symbol


def _symbols(kind: Kind, items: Iterable[Item]) -> frozenset[str]:
    return frozenset(_key(item) for item in items if item.kind is kind)
