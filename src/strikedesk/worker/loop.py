"""The loop of work that is due: inside a server while it serves, or alone."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from strikedesk.wiring import Desk

EVERY_S: Final = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Does each round of work, and waits before it."""

    rounds: Callable[[], Awaitable[int]]
    pause: Callable[[], Awaitable[None]]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Work while the block runs."""
        task = asyncio.create_task(self._forever())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _forever(self) -> None:
        while True:
            await self.pause()
            try:
                await self.rounds()
            except Exception:  # noqa: BLE001 -- explained below
                # The next round may find the store or the broker back.
                _log.exception("a round of work failed")


def at_work(desk: "Desk") -> AbstractAsyncContextManager[None]:
    """Do the work of this desk while the block runs.

    Any number of processes may: a lease in the store lets one act at a time.
    """
    return Worker(rounds=desk.rounds, pause=partial(asyncio.sleep, EVERY_S)).running()
