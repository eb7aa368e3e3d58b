"""Watch: go over what is open at a steady pace, so that fills are seen though nobody asks."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from strikedesk.domain.ports import Broker
from strikedesk.orders.reconcile import Reconciler
from strikedesk.orders.stop import Safety

_ACTOR: Final = "strikedesk"
_PATH: Final = "worker"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Advances a simulated venue and settles open rows, every `every_s` seconds.

    In a halt it takes back what opens something, where the owner's settings say so: the breaker
    and the file HALT have nobody else to do it.

    Last, when all that concerns orders is done, `alerts` has the owner's looked at.

    Several processes may watch one desk: each step is one conditional update, so the second to
    come finds nothing to do.
    """

    broker: Broker
    reconciler: Reconciler
    safety: Safety
    every_s: float
    alerts: Callable[[], Awaitable[int]] | None = None

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
        moved = await self.reconciler(path=_PATH)
        await self.safety.take_back(actor=_ACTOR, path=_PATH)
        if self.alerts is not None:
            await self.alerts()
        return moved

    async def _forever(self) -> None:
        while True:
            await asyncio.sleep(self.every_s)
            try:
                await self.once()
            except Exception:  # noqa: BLE001 -- explained below
                # The next round may find the broker back; a watcher that died would watch nothing.
                _log.exception("a round of watching failed")
