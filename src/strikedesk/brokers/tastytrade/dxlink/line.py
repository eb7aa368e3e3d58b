"""Market data over one connection, which is made again whenever it ends.

What is wanted is asked for anew on every connection, and all of it is told again; gaps are not.
What was known stays readable meanwhile, with its age.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random
from typing import Final

from strikedesk.brokers.tastytrade.conversing import Conversation
from strikedesk.brokers.tastytrade.dxlink.candles import Series
from strikedesk.brokers.tastytrade.dxlink.dialogue import Dialogue, End
from strikedesk.brokers.tastytrade.dxlink.kinds import Event, Item
from strikedesk.brokers.tastytrade.dxlink.quote_tokens import QuoteToken, QuoteTokens
from strikedesk.brokers.tastytrade.dxlink.shelf import Shelf, Watch
from strikedesk.brokers.tastytrade.faults import away
from strikedesk.brokers.tastytrade.patience import Waits
from strikedesk.brokers.tastytrade.sockets import Dial, Gone, dial
from strikedesk.domain.errors import DeskError
from strikedesk.domain.ports import Clock
from strikedesk.domain.quotes import Feed

TASK: Final = "the line to market data"  # What its task is called.
LINGERING_MAX: Final = 32
LINGERING_ITEMS_MAX: Final = 2_000

_log = logging.getLogger(__name__)


class Reader:
    """What one reader wants of the line, and a way to wait for news of it."""

    def __init__(self, watch: Watch, rung: asyncio.Event) -> None:
        """See `Line.watching`."""
        self._watch = watch
        self._rung = rung

    async def news(self) -> frozenset[Item]:
        """Wait for something new; return which items it is of."""
        await self._rung.wait()
        return self.unheard()

    def unheard(self) -> frozenset[Item]:
        """Return which items something is new of, without waiting."""
        self._rung.clear()
        return self._watch.news()


class Line:
    """One user's market data. For one event loop; it connects when somebody wants something.

    `trouble` is why there is no conversation now, None while there is one. Whatever a server does,
    the line goes on trying; a token that is refused is fetched anew, once each time.
    """

    def __init__(
        self,
        *,
        tokens: QuoteTokens,
        clock: Clock,
        chance: Random,
        connect: Dial = dial,
        waits: Waits | None = None,
        linger_s: float = 0.0,
    ) -> None:
        """Name what gives tokens, and the way to a socket.

        What nobody wants any more is told on for `linger_s`: who asks again need not wait.
        """
        self._tokens = tokens
        self._clock = clock
        self._chance = chance
        self._dial = connect
        self._waits = waits or Waits()
        self._linger_s = linger_s
        self._lingering: dict[Watch, asyncio.TimerHandle] = {}
        self._changed = asyncio.Event()
        self._shelf = Shelf(self._changed.set)
        self._task: asyncio.Task[None] | None = None
        self.trouble: DeskError | None = away()
        self.feed = Feed.DELAYED

    async def close(self) -> None:
        """Let the connection go."""
        for watch in [*self._lingering]:
            self._leave(watch)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    @asynccontextmanager
    async def watching(
        self, items: Collection[Item], *, from_ms: int | None = None
    ) -> AsyncGenerator[Reader]:
        """Want some items while the block runs; candles from an instant on."""
        rung = asyncio.Event()
        watch = Watch(items, rung.set)
        self._shelf.join(watch, from_ms=from_ms)
        if self._task is None:
            self._task = asyncio.create_task(self._forever(), name=TASK)
        try:
            yield Reader(watch, rung)
        finally:
            self._let_go(watch, lingers=from_ms is None)

    def newest(self, item: Item) -> Event | None:
        """Return what was told last of an item that somebody wants, however old."""
        return self._shelf.newest(item)

    async def first(self, items: Collection[Item], *, within_s: float) -> Mapping[Item, Event]:
        """Return what is told of each, waiting so long at most; what nobody told is absent.

        What another reader has already is not waited for: see its age.
        """
        missing = set(items)
        async with self.watching(items) as reader:
            missing.difference_update(self._known(items))
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    while missing:
                        missing -= await reader.news()
            return self._known(items)

    async def candles(self, item: Item, *, from_ms: int, within_s: float) -> Series | None:
        """Return a history from an instant on; None where it was not whole in time."""
        async with self.watching((item,), from_ms=from_ms) as reader:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    while self._whole(item) is None:
                        await reader.news()
            return self._whole(item)

    def _let_go(self, watch: Watch, *, lingers: bool) -> None:
        """Keep what was wanted for a while, a bounded number; candles are asked for anew."""
        if not lingers or not self._linger_s or len(watch.items) > LINGERING_ITEMS_MAX:
            self._shelf.leave(watch)
            return
        loop = asyncio.get_running_loop()
        self._lingering[watch] = loop.call_later(self._linger_s, self._leave, watch)
        if len(self._lingering) > LINGERING_MAX:
            self._leave(next(iter(self._lingering)))

    def _leave(self, watch: Watch) -> None:
        self._lingering.pop(watch).cancel()
        self._shelf.leave(watch)

    def _whole(self, item: Item) -> Series | None:
        series = self._shelf.series(item)
        return series if series is not None and series.whole else None

    def _known(self, items: Collection[Item]) -> dict[Item, Event]:
        newest = {item: self._shelf.newest(item) for item in items}
        return {item: event for item, event in newest.items() if event is not None}

    async def _forever(self) -> None:
        misses = 0
        while True:
            try:
                await self._converse()
            except Gone:
                misses = 0 if self.trouble is None else misses + 1
                self.trouble = away()
            except DeskError as error:
                misses, self.trouble = misses + 1, error
            except Exception:  # noqa: BLE001 -- explained below
                # A line that died would leave its readers waiting for ever.
                _log.exception("a conversation about market data broke")
                misses, self.trouble = misses + 1, away()
            await asyncio.sleep(self._waits.pause_s(misses, self._chance))

    async def _converse(self) -> None:
        """Speak until it is over.

        Raises:
            Gone: every time that it gets so far as a connection.
            Misconfigured, Unavailable: there is no token to be had.
        """
        token = await self._tokens.current()
        dialogue = Dialogue(token=token.token, shelf=self._shelf)
        try:
            async with self._dial(token.url) as socket:
                await Conversation(
                    socket, dialogue, clock=self._clock, waits=self._waits, changed=self._changed
                ).run(partial(self._let_in, token))
        finally:
            if dialogue.end is End.TOKEN_REFUSED:
                self._tokens.drop(token)

    def _let_in(self, token: QuoteToken) -> None:
        self.trouble, self.feed = None, token.feed
