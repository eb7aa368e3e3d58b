"""Candles: a history that arrives in pieces, then a newest one that changes in place.

Source: dxFeed's indexed events. A snapshot begins with one flag and ends with another; what comes
between replaces what was known, all at once; after it every event is a change by itself.
"""

from dataclasses import dataclass, field
from enum import IntFlag
from typing import Final

from strikedesk.brokers.tastytrade.dxlink.kinds import Event, Kind, Row

# More than any range that is asked for; a server that sends more is not believed.
CANDLES_MAX: Final = 20_000


class Flag(IntFlag):
    """What an event is to the snapshot that it comes in."""

    PENDING = 0x01
    REMOVE = 0x02
    BEGIN = 0x04
    END = 0x08
    SNIP = 0x10


@dataclass(slots=True)
class Series:
    """The candles of one symbol. Law: readers see a whole snapshot or none of it.

    `complete` is False where the server said that it had more than it told (SNIP).
    """

    whole: bool = False
    complete: bool = True
    _standing: dict[int, Row] = field(default_factory=dict[int, Row])
    _arriving: dict[int, Row] | None = None

    def take(self, event: Event) -> None:
        """Take one event in. One without an index says nothing."""
        index, flags = event.count("index"), Flag(event.count("eventFlags") or 0)
        if index is None:
            return
        if Flag.BEGIN in flags:
            self._arriving = {}
        self._put(index, event, flags)
        if flags & (Flag.END | Flag.SNIP) and self._arriving is not None:
            self._standing, self._arriving = self._arriving, None
            self.whole, self.complete = True, Flag.SNIP not in flags

    def events(self) -> tuple[Event, ...]:
        """Return the candles, oldest first; none before the first snapshot is whole."""
        if not self.whole:
            return ()
        rows = (self._standing[index] for index in sorted(self._standing))
        return tuple(Event(Kind.CANDLE, row) for row in rows)

    def _put(self, index: int, event: Event, flags: Flag) -> None:
        into = self._standing if self._arriving is None else self._arriving
        if Flag.REMOVE in flags or event.price("close") is None:
            into.pop(index, None)
        elif index in into or len(into) < CANDLES_MAX:
            into[index] = event.row


def canonical(symbol: str) -> str:
    """Return a candle's symbol as a server may write it back: a width of one without its 1.

    `AAPL{=1d,tho=true}` and `AAPL{=d,tho=true}` are the same candles.
    """
    head, brace, tail = symbol.partition("{=1")
    return f"{head}{{={tail}" if brace and tail[:1].isalpha() else symbol
