"""The line to the account streamer: one connection for some accounts, made again when it ends."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final

from strikedesk.brokers.tastytrade.conversing import Conversation
from strikedesk.brokers.tastytrade.faults import away
from strikedesk.brokers.tastytrade.news.notices import Message
from strikedesk.brokers.tastytrade.news.talk import AccountTalk
from strikedesk.brokers.tastytrade.patience import Waits
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sockets import Dial, Gone, dial
from strikedesk.domain.errors import DeskError
from strikedesk.domain.ports import Clock
from strikedesk.domain.secret import Secret

TASK: Final = "the line to the account streamer"  # What its task is called.
# A heartbeat is wanted within a minute; the streamer's answer to it is its sign of life.
WAITS: Final = Waits(keepalive_s=20.0)
# A token is renewed a while before its end; whoever looks so often never shows one that is over.
_TOKEN_EVERY_S: Final = 10.0

_log = logging.getLogger(__name__)


class AccountLine:
    """Listens to the news of accounts. For one event loop.

    `trouble` is why nobody listens now, None while somebody does: what happened meanwhile is not
    told later, so that whoever reads has to look for himself then.
    """

    def __init__(
        self,
        *,
        url: str,
        session: Session,
        clock: Clock,
        chance: Random,
        connect: Dial = dial,
        waits: Waits = WAITS,
    ) -> None:
        """Name the streamer's address, and whose tokens to show there."""
        self._url = url
        self._session = session
        self._clock = clock
        self._chance = chance
        self._dial = connect
        self._waits = waits
        self.trouble: DeskError | None = away()

    @asynccontextmanager
    async def listening(
        self,
        numbers: Collection[Secret],
        *,
        heard: Callable[[Message], None],
        let_in: Callable[[], None],
    ) -> AsyncGenerator[None]:
        """Listen while the block runs. `let_in` is called each time that it begins anew."""
        task = asyncio.create_task(self._forever([*numbers], heard, let_in), name=TASK)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            self.trouble = away()

    async def _forever(
        self,
        numbers: list[Secret],
        heard: Callable[[Message], None],
        let_in: Callable[[], None],
    ) -> None:
        misses = 0

        def ready() -> None:
            self.trouble = None
            let_in()

        while True:
            try:
                await self._converse(numbers, heard, ready)
            except Gone:
                misses = 0 if self.trouble is None else misses + 1
                self.trouble = away()
            except DeskError as error:
                misses, self.trouble = misses + 1, error
            except Exception:  # noqa: BLE001 -- explained below
                # A line that died would leave orders unheard of for ever.
                _log.exception("a conversation about accounts broke")
                misses, self.trouble = misses + 1, away()
            await asyncio.sleep(self._waits.pause_s(misses, self._chance))

    async def _converse(
        self,
        numbers: list[Secret],
        heard: Callable[[Message], None],
        ready: Callable[[], None],
    ) -> None:
        token = await self._session.token()
        talk = AccountTalk(numbers=numbers, token=token, heard=heard)
        try:
            async with self._dial(self._url) as socket:
                speaking = Conversation(
                    socket, talk, clock=self._clock, waits=self._waits, changed=asyncio.Event()
                )
                async with _renewing(talk, self._session):
                    await speaking.run(ready)
        finally:
            if talk.refused:
                self._session.drop(talk.token)


@asynccontextmanager
async def _renewing(talk: AccountTalk, session: Session) -> AsyncGenerator[None]:
    """Keep the token of a conversation the one of the moment."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(_TOKEN_EVERY_S)
            with suppress(DeskError):  # The old one is shown, and refused when its time is over.
                talk.token = await session.token()

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
