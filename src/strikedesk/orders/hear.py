"""Hear: take in what a broker tells of orders by itself, so that a fill is known at once."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import DeskError
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.ports import Broker, Clock, Ledger
from strikedesk.orders.follow import take_in
from strikedesk.orders.targets import is_at

_ACTOR: Final = "strikedesk"
_PATH: Final = "push"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearer:
    """Reads the news of every account, where the broker tells some; begins anew where they end.

    It stands beside the watcher, whose rounds find what nobody told. Law: what is heard moves a row
    as a look at the broker would, by one conditional update from where it stood; a row that is in
    doubt stays so until it is reconciled.
    """

    broker: Broker
    ledger: Ledger
    clock: Clock
    again_after_s: float

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Listen while the block runs."""
        if not self.broker.capabilities.tells_orders:
            yield
            return
        task = asyncio.create_task(self._forever())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def hear(self, order: BrokerOrder) -> OrderRecord | None:
        """Take in what is told of one order; return its row, or None where it is none of ours."""
        name = self.broker.capabilities.name
        record = await self.ledger.order_by_broker_id(name, order.broker_order_id)
        if record is None or not is_at(record, self.broker):
            return None
        if not record.state.is_open or record.account_id != order.order.account_id:
            return record
        return await take_in(
            record, order, ledger=self.ledger, clock=self.clock, actor=_ACTOR, path=_PATH
        )

    async def _forever(self) -> None:
        while True:
            try:
                await self._listen()
            except DeskError:
                pass  # The watcher's rounds, and every answer, say what is the matter.
            except Exception:  # noqa: BLE001 -- explained below
                # The next try may fare better; a listener that died would hear nothing.
                _log.exception("listening for orders failed")
            await asyncio.sleep(self.again_after_s)

    async def _listen(self) -> None:
        """Listen to all accounts until one of them ends; then all begin anew."""
        accounts = await self.broker.accounts()
        # Not a group of tasks: that forgets that it was sent home where one of them fails as well.
        ears = [asyncio.create_task(self._listen_to(each.account_id)) for each in accounts]
        if not ears:
            return
        try:
            await asyncio.wait(ears, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for ear in ears:
                ear.cancel()
            await asyncio.wait(ears)
        for ear in ears:
            if not ear.cancelled():
                ear.result()

    async def _listen_to(self, account_id: str) -> None:
        async with self.broker.account_stream(account_id) as orders:
            async for order in orders:
                await self._take(order)

    async def _take(self, order: BrokerOrder) -> None:
        """Take one order in; what goes wrong over it keeps none of the others from it."""
        try:
            await self.hear(order)
        except DeskError:
            return
