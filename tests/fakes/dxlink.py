"""A market-data server without a socket: it keeps to the protocol, and misbehaves on request."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from strikedesk.brokers.tastytrade.dxlink.kinds import CHANNELS, FIELDS, Cell, Item, Kind
from strikedesk.brokers.tastytrade.dxlink.quote_tokens import QuoteToken
from strikedesk.brokers.tastytrade.sockets import Gone, Socket
from strikedesk.domain.errors import DeskError
from strikedesk.domain.quotes import Feed
from strikedesk.domain.secret import Secret


@dataclass(slots=True)
class CountingTokens:
    """Gives tokens by number. `troubles` are raised first, one each time."""

    given: int = 0
    troubles: list[DeskError] = field(default_factory=list[DeskError])
    dropped: list[str] = field(default_factory=list[str])
    kept: QuoteToken | None = None

    async def current(self) -> QuoteToken:
        if self.troubles:
            raise self.troubles.pop(0)
        if self.kept is None:
            self.given += 1
            token = Secret(f"quote-token-number-{self.given}")
            self.kept = QuoteToken(url="ws://feed", token=token, feed=Feed.REALTIME)
        return self.kept

    def drop(self, token: QuoteToken) -> None:
        self.dropped.append(token.token.reveal())
        self.kept = None


class Connected:
    """One connection, from the server's side."""

    def __init__(self, feed: "FakeFeed") -> None:
        self._feed = feed
        self._out = asyncio.Queue[bytes | None]()
        self.heard: list[dict[str, Any]] = []

    async def send(self, text: str) -> None:
        frame = json.loads(text)
        self.heard.append(frame)
        if not self._feed.mute:
            self._answer(frame)
        self._feed.stirred.set()

    async def receive(self) -> bytes:
        message = await self._out.get()
        if message is None:
            raise Gone
        return message

    def reset(self) -> None:
        self._out.put_nowait(None)

    def say(self, type_: str, channel: int = 0, **members: object) -> None:
        self.say_bytes(json.dumps({"type": type_, "channel": channel, **members}).encode())

    def say_bytes(self, message: bytes) -> None:
        self._out.put_nowait(message)

    def tell(self, item: Item, **known: Cell) -> None:
        cells = [item.symbol, *(known.get(name, "NaN") for name in FIELDS[item.kind][1:])]
        self.say("FEED_DATA", CHANNELS[item.kind], data=[item.kind.value, cells])

    def said(self, type_: str) -> list[dict[str, Any]]:
        return [frame for frame in self.heard if frame["type"] == type_]

    def _answer(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "SETUP":
                self.say("SETUP", keepaliveTimeout=60)
                self.say("AUTH_STATE", state="UNAUTHORIZED")
            case "AUTH":
                refused = frame["token"] in self._feed.refused
                self.say("AUTH_STATE", state="UNAUTHORIZED" if refused else "AUTHORIZED")
            case "CHANNEL_REQUEST":
                self.say("CHANNEL_OPENED", frame["channel"])
            case "FEED_SUBSCRIPTION":
                self._tell_known(frame)
            case _:
                pass

    def _tell_known(self, frame: dict[str, Any]) -> None:
        for named in frame.get("add", []):
            item = Item(Kind(named["type"]), named["symbol"])
            if item in self._feed.known:
                self.tell(item, **self._feed.known[item])


@dataclass(slots=True)
class FakeFeed:
    """Takes connections; tells what is `known` of an item when it is asked for."""

    known: dict[Item, dict[str, Cell]] = field(default_factory=dict[Item, dict[str, Cell]])
    refused: set[str] = field(default_factory=set[str])
    unreachable: int = 0
    mute: bool = False
    connections: list[Connected] = field(default_factory=list[Connected])
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def dial(self, url: str) -> AsyncGenerator[Socket]:
        if self.unreachable:
            self.unreachable -= 1
            raise Gone
        connection = Connected(self)
        self.connections.append(connection)
        self.stirred.set()
        yield connection

    @property
    def newest(self) -> Connected:
        return self.connections[-1]

    async def until(self, connections: int, type_: str, times: int = 1) -> Connected:
        """Wait until a connection, counted from one, has said something so often."""
        async with asyncio.timeout(10):
            while (
                len(self.connections) < connections
                or len(self.connections[connections - 1].said(type_)) < times
            ):
                self.stirred.clear()
                await self.stirred.wait()
        return self.connections[connections - 1]
