"""Serving the news of accounts: orders as they change, and what they do to money and holdings."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.ledger import Json
from strikedesk.exchange.world import World
from strikedesk.sandbox.money import told_balances, told_positions
from strikedesk.sandbox.orders.acts import Clerk
from strikedesk.sandbox.orders.telling import told_as_routed, told_order
from strikedesk.sandbox.streams.action import ActionDesk, notice
from strikedesk.sandbox.streams.telling import Outlet
from strikedesk.sandbox.wire import epoch_ms
from strikedesk.sandbox.world import SandboxWorld

MESSAGE_MAX: Final = 64 * 1024
NORMAL: Final = 1000
TOO_LARGE: Final = 1009
LOOK_EVERY_S: Final = 0.25


@dataclass(slots=True, kw_only=True)
class AccountConnection:
    """One client of the account streamer. Heartbeats are answered and not insisted on."""

    world: SandboxWorld
    socket: WebSocket
    outlet: Outlet
    desk: ActionDesk
    _group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup, init=False)
    _telling: dict[str, asyncio.Task[None]] = field(
        default_factory=dict[str, asyncio.Task[None]], init=False
    )
    _alerting: asyncio.Task[None] | None = field(default=None, init=False)

    async def run(self) -> int:
        """Serve until either side ends it; return the code to close with."""
        code = NORMAL
        try:
            async with self._group:
                code = await self._listen()
                for task in (*self._telling.values(), *filter(None, [self._alerting])):
                    task.cancel()
        except* WebSocketDisconnect:
            pass
        return code

    async def _listen(self) -> int:
        while True:
            text = await self.socket.receive_text()
            if len(text) > MESSAGE_MAX:
                return TOO_LARGE
            await self._follow(self.desk.heard(text))

    async def _follow(self, answer: str) -> None:
        """Begin to tell of the accounts that are connected by now, and then say so."""
        accounts = self.desk.accounts or ()
        for number in [number for number in self._telling if number not in accounts]:
            self._telling.pop(number).cancel()
        for number in accounts:
            if number not in self._telling:
                news = AccountNews(world=self.world, outlet=self.outlet, number=number)
                await news.begin()
                self._telling[number] = self._group.create_task(news.tell())
        if self.desk.wants_alerts and self._alerting is None:
            self._alerting = self._group.create_task(tell_alerts(self.world, self.outlet))
        await self.outlet.say([answer])


@dataclass(slots=True, kw_only=True)
class AccountNews:
    """What is told of one account. What stood when it began is no news."""

    world: SandboxWorld
    outlet: Outlet
    number: str
    _standing: dict[str, BrokerOrder] = field(default_factory=dict[str, BrokerOrder], init=False)
    _balances: Mapping[str, Json] = field(default_factory=dict[str, Json], init=False)
    _held: dict[str, Mapping[str, Json]] = field(
        default_factory=dict[str, Mapping[str, Json]], init=False
    )

    async def begin(self) -> None:
        """Take note of what stands."""
        standing = await self.world.broker.orders(self.number)
        self._standing = {order.broker_order_id: order for order in standing}
        self._balances = await told_balances(self.world, self.number)
        self._held = await self._positions()

    async def tell(self) -> None:
        """Tell what changes, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_orders())
            group.create_task(self._tell_holdings())

    async def _tell_orders(self) -> None:
        async with self.world.broker.account_stream(self.number) as orders:
            async for order in orders:
                before = self._standing.get(order.broker_order_id)
                if order != before:
                    self._standing[order.broker_order_id] = order
                    await self._tell_order(order, is_new=before is None)

    async def _tell_order(self, order: BrokerOrder, *, is_new: bool) -> None:
        """Tell an order; a new one is on its way first, whatever came of it."""
        notes = self.world.notes
        routed, told = told_as_routed(order, notes), told_order(order, notes)
        await self._notify("Order", [routed, told] if is_new and routed != told else [told])

    async def _tell_holdings(self) -> None:
        """Tell money and holdings after whatever changed the world, an expiry or a dividend too."""
        seen: World | None = None
        while True:
            await Clerk(self.world).release_pairs()
            world = (await self.world.office.keeper.snapshot()).world
            if world is not seen:
                seen = world
                await self._tell_changed()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _tell_changed(self) -> None:
        balances = await told_balances(self.world, self.number)
        if _money(balances) != _money(self._balances):
            await self._notify("AccountBalance", [balances])
        self._balances = balances
        held, before = await self._positions(), self._held
        self._held = held
        changed = [
            told for symbol, told in held.items() if _held(told) != _held(before.get(symbol))
        ]
        gone = [_closed(told) for symbol, told in before.items() if symbol not in held]
        await self._notify("CurrentPosition", [*changed, *gone])

    async def _positions(self) -> dict[str, Mapping[str, Json]]:
        told = await told_positions(self.world, self.number, marked=False)
        return {str(each["symbol"]): each for each in told}

    async def _notify(self, subject: str, objects: Iterable[Mapping[str, Json]]) -> None:
        at = epoch_ms(self.world.now())
        await self.outlet.tell([notice(subject, {**told}, at) for told in objects])


async def tell_alerts(world: SandboxWorld, outlet: Outlet) -> None:
    """Tell every quote alert that fires from now on, once, for ever."""
    told = {alert.external_id for alert in world.alerts.known.values() if alert.fired_at}
    while True:
        fired = [alert for alert in await world.alerts_now() if alert.fired_at]
        news = [alert for alert in fired if alert.external_id not in told]
        told |= {alert.external_id for alert in news}
        at = epoch_ms(world.now())
        await outlet.tell([notice("QuoteAlert", alert.told(), at) for alert in news])
        await asyncio.sleep(LOOK_EVERY_S)


def _money(told: Mapping[str, Json]) -> tuple[Json, ...]:
    """Return what acts alone change: values move with every quote, and would be told for ever."""
    return told.get("cash-balance"), told.get("pending-cash")


def _held(told: Mapping[str, Json] | None) -> tuple[Json, ...] | None:
    if told is None:
        return None
    return told["quantity"], told["quantity-direction"], told["average-open-price"]


def _closed(told: Mapping[str, Json]) -> dict[str, Json]:
    return {**told, "quantity": 0, "quantity-direction": "Zero"}
