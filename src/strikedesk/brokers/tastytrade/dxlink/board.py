"""The newest event of each symbol, kept as it came: nothing is built until somebody reads."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeAlias, cast

from strikedesk.brokers.tastytrade.dxlink.kinds import Cell, Event, Kind, Layout, Row

# What is wanted has a place from the start, empty at first.
_Places: TypeAlias = dict[Cell, Row | None]


class Board:
    """Keeps the newest event of each symbol that is wanted; no other symbol takes up memory.

    Law: `take` costs per message, not per event, while only what is wanted comes. What is not
    wanted any more is forgotten.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._places: dict[Kind, _Places] = {kind: {} for kind in Kind}

    def want(self, kind: Kind, symbols: Iterable[str]) -> None:
        """Keep what is told of these."""
        for symbol in symbols:
            self._places[kind].setdefault(symbol)

    def forget(self, kind: Kind, symbols: Iterable[str]) -> None:
        """Keep these no longer."""
        for symbol in symbols:
            self._places[kind].pop(symbol, None)

    def take(self, layout: Layout, cells: Sequence[Cell], at: datetime) -> Collection[str]:
        """Keep events that came end to end, a whole number; return the symbols that they are of."""
        places = self._places[layout.kind]
        symbols = cells[layout.symbol_at :: layout.width]
        wanted = len(places)
        places.update(zip(symbols, layout.rows(cells, at), strict=False))
        if len(places) != wanted:
            return self._without_strangers(places, symbols, wanted)
        return cast("Sequence[str]", symbols)  # What has a place is text.

    def newest(self, kind: Kind, symbol: str) -> Event | None:
        """Return what was told last of a symbol, or None where nothing was."""
        row = self._places[kind].get(symbol)
        return None if row is None else Event(kind, row)

    def _without_strangers(
        self, places: _Places, symbols: Sequence[Cell], wanted: int
    ) -> Collection[str]:
        """Take back what nobody wants: it came last, behind what had a place."""
        strangers = set(list(places)[wanted:])
        for stranger in strangers:
            del places[stranger]
        return [cast("str", symbol) for symbol in symbols if symbol not in strangers]
