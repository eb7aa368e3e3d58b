"""What a DXLink server would say, as bytes, for tests that speak to the protocol's core."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from strikedesk.brokers.tastytrade.dxlink.dialogue import Dialogue
from strikedesk.brokers.tastytrade.dxlink.kinds import CHANNELS, FIELDS, Cell, Item, Kind
from strikedesk.brokers.tastytrade.dxlink.shelf import Shelf, Watch
from strikedesk.domain.secret import Secret

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
TOKEN = Secret("quote-token-of-a-test")


def said(type_: str, channel: int = 0, **members: object) -> bytes:
    return json.dumps({"type": type_, "channel": channel, **members}).encode()


def told(kind: Kind, *events: Sequence[Cell]) -> bytes:
    cells = [cell for event in events for cell in event]
    return said("FEED_DATA", CHANNELS[kind], data=[kind.value, cells])


def event(kind: Kind, symbol: str, **known: Cell) -> list[Cell]:
    """Return an event in our order, with what is not known as a server writes it."""
    return [symbol, *(known.get(name, "NaN") for name in FIELDS[kind][1:])]


def quote(symbol: str, bid: Cell, ask: Cell = 2.0) -> list[Cell]:
    return event(Kind.QUOTE, symbol, bidPrice=bid, askPrice=ask)


class Side:
    """Our side of a conversation: the dialogue, its shelf, and what had to be asked for."""

    def __init__(self) -> None:
        self.rung = 0
        self.wants: list[set[str]] = []
        self.shelf = Shelf(self._changed)
        self.dialogue = Dialogue(token=TOKEN, shelf=self.shelf)

    def watch(self, *items: Item, from_ms: int | None = None) -> Watch:
        watch = Watch(items, self._ring)
        self.shelf.join(watch, from_ms=from_ms)
        return watch

    def hear(self, *messages: bytes) -> list[dict[str, object]]:
        """Take messages in; return what is answered to the last."""
        answers: Sequence[str] = ()
        for message in messages:
            answers = self.dialogue.hear(message, AT)
        return [json.loads(answer) for answer in answers]

    def let_in(self) -> list[dict[str, object]]:
        """Go as far as AUTHORIZED; return what is asked for then."""
        return self.hear(
            said("SETUP", keepaliveTimeout=60),
            said("AUTH_STATE", state="UNAUTHORIZED"),
            said("AUTH_STATE", state="AUTHORIZED"),
        )

    def bid(self, symbol: str) -> object:
        newest = self.shelf.newest(Item(Kind.QUOTE, symbol))
        return None if newest is None else newest.price("bidPrice")

    def _changed(self) -> None:
        self.wants.append({item.symbol for item in self.shelf.items})

    def _ring(self) -> None:
        self.rung += 1


def bid_of(symbol: str) -> Item:
    return Item(Kind.QUOTE, symbol)
