"""Watch: go over what is open at a steady pace, so that fills are seen though nobody asks."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from strikedesk.domain.ports import Broker
from strikedesk.orders.reconcile import Reconciler

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Advances a simulated venue and settles open rows, every `every_s` seconds.

    Several processes may watch one desk: each step is one conditional update, so the second to
    come finds nothing to do.
    """

    broker: Broker
    reconciler: Reconciler
    every_s: float

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Watch while the block runs."""
        task = asyncio.create_task(self._forever())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def once(self) -> int:
        """Go over everything once; return how many rows moved."""
        await self.broker.advance()
        return await self.reconciler(path="worker")

    async def _forever(self) -> None:
        while True:
            await asyncio.sleep(self.every_s)
            try:
                await self.once()
            except Exception:  # noqa: BLE001 -- explained below
                # The next round may find the broker back; a watcher that died would watch nothing.
                _log.exception("a round of watching failed")
