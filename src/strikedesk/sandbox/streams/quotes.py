"""Serving market data: one connection, its client's wants, and a look at the venue now and then."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from strikedesk.sandbox.streams.beside import Beside
from strikedesk.sandbox.streams.candles import Candles, Series, read_series
from strikedesk.sandbox.streams.dxlink import (
    KEEPALIVE_S,
    Channel,
    Desk,
    Refused,
    error_of,
    frame,
    is_data,
)
from strikedesk.sandbox.streams.kinds import Known, Subscription
from strikedesk.sandbox.streams.prices import Prices
from strikedesk.sandbox.streams.telling import Outlet
from strikedesk.sandbox.world import SandboxWorld

MESSAGE_MAX: Final = 64 * 1024
NORMAL: Final = 1000
TOO_LARGE: Final = 1009
GREEKS_EVERY_S: Final = 1.0
CANDLE: Final = "Candle"
GREEKS: Final = "Greeks"


@dataclass(slots=True, kw_only=True)
class QuoteConnection:
    """One client of market data."""

    world: SandboxWorld
    socket: WebSocket
    outlet: Outlet
    desk: Desk = field(init=False)
    _prices: Prices = field(init=False)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _looked_at: dict[tuple[int, str], float] = field(
        default_factory=dict[tuple[int, str], float], init=False
    )

    def __post_init__(self) -> None:
        """Begin before the first word."""
        self.desk = Desk(self.world.access.may_stream)
        self._prices = Prices(self.world, Beside(self.world))

    async def run(self) -> int:
        """Serve until either side ends it; return the code to close with."""
        try:
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(each) for each in (self._tell(), self._keep_alive())]
                code = await self._listen()
                for task in beside:
                    task.cancel()
        except* WebSocketDisconnect:
            code = NORMAL
        return code

    async def _listen(self) -> int:
        while True:
            try:
                async with asyncio.timeout(KEEPALIVE_S):
                    text = await self.socket.receive_text()
            except TimeoutError:
                await self.outlet.say([_timeout()])
                return NORMAL
            if len(text) > MESSAGE_MAX:
                return TOO_LARGE
            if not await self._answer(text):
                return NORMAL

    async def _answer(self, text: str) -> bool:
        """Answer one message; tell whether the conversation goes on."""
        try:
            answers = self.desk.heard(text)
        except Refused as refused:
            await self.outlet.say([error_of(refused)])
            return not refused.ends
        await self.outlet.say(answers)
        self._wanted.set()
        return True

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_S / 2)
            await self.outlet.say([frame("KEEPALIVE", 0)])

    async def _tell(self) -> None:
        """Tell what is new, at each channel's pace; at once where something new is wanted."""
        while True:
            channels = [*self.desk.channels.values()]
            for channel in channels:
                await self._tell_channel(channel)
            pace = min((channel.aggregation_s for channel in channels), default=KEEPALIVE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(pace):
                    await self._wanted.wait()
            self._wanted.clear()

    async def _tell_channel(self, channel: Channel) -> None:
        candles = [each for each in channel.wanted if each.kind == CANDLE]
        others = [each for each in channel.wanted if self._is_due(channel, each)]
        if others:
            events = await self._prices.events(others)
            wanted = {each: known for each, known in events.items() if each in channel.wanted}
            await self._send(channel.tell(wanted))
        for each in candles:
            await self._tell_candles(channel, each)

    async def _send(self, frames: Sequence[str]) -> None:
        """Say how data comes, then send it: only data is news."""
        await self.outlet.say([frame for frame in frames if not is_data(frame)])
        await self.outlet.tell([frame for frame in frames if is_data(frame)])

    def _is_due(self, channel: Channel, each: Subscription) -> bool:
        """Greeks take a chain to tell: what was told of them stands for a while."""
        if each.kind == CANDLE:
            return False
        return each.kind != GREEKS or self._may_look(channel, each)

    def _may_look(self, channel: Channel, each: Subscription) -> bool:
        now = asyncio.get_running_loop().time()
        key = channel.number, each.symbol
        if each in channel.told and now - self._looked_at.get(key, 0) < GREEKS_EVERY_S:
            return False
        self._looked_at[key] = now
        return True

    async def _tell_candles(self, channel: Channel, each: Subscription) -> None:
        series, source = read_series(each.symbol), Candles(self.world)
        if series is None:
            return
        if each not in channel.told:
            await self._tell_history(channel, each, series)
        elif self._may_look(channel, each):
            newest = await source.newest(series)
            if newest is not None and each in channel.wanted:
                await self._send(channel.tell({each: newest}))

    async def _tell_history(self, channel: Channel, each: Subscription, series: Series) -> None:
        history = await Candles(self.world).history(series, channel.wanted[each])
        if each in channel.wanted:
            channel.told[each] = _newest_of(history)
            await self._send(channel.tell_all([(each, event) for event in history]))


def _newest_of(history: Sequence[Known]) -> Known:
    """Return the candle that changes from now on: the first of a history, without its flags."""
    return {**history[0], "eventFlags": 0}


def _timeout() -> str:
    return error_of(Refused("TIMEOUT", "Nothing was heard in time."))
