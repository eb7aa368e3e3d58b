"""The clerk: takes tickets to the exchange, and says beforehand what would come of them."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from strikedesk.brokers.paper.archive import Archive
from strikedesk.brokers.paper.keeper import Snapshot, WorldKeeper
from strikedesk.brokers.paper.preflights import UNKNOWN, cents, refused, told, told_of_group
from strikedesk.brokers.paper.venue import Venue
from strikedesk.domain.broking import (
    BrokerOrder,
    CancelTicket,
    GroupTicket,
    PlaceTicket,
    Preflight,
    Receipt,
    ReplaceTicket,
    Ticket,
)
from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange import orders as exchange
from strikedesk.exchange import power, rules
from strikedesk.exchange.book import WorkingOrder
from strikedesk.exchange.market import Market
from strikedesk.exchange.memory import Memory
from strikedesk.exchange.world import World

_SHOWN: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Places, replaces and cancels in one world.

    What an order came to when it was looked at is remembered for when it is placed.
    """

    keeper: WorldKeeper
    venue: Venue
    archive: Archive
    market: Market
    memory: Memory = field(default_factory=Memory, init=False)

    async def submit(self, ticket: Ticket) -> Receipt:
        """Act, once. See `Broker.submit`."""
        members: tuple[BrokerOrder, ...] = ()
        match ticket:
            case PlaceTicket():
                order = await self._place(ticket)
            case ReplaceTicket():
                order = await self._replace(ticket)
            case CancelTicket():
                order = await self._cancel(ticket)
            case GroupTicket():
                members = await self._place_group(ticket)
                order = members[0]
        return Receipt(client_order_id=ticket.client_order_id, broker_order=order, members=members)

    async def preflight(self, ticket: Ticket) -> Preflight:
        """Say what the ticket would do. See `Broker.preflight`."""
        return await self.look(await self.keeper.snapshot(), ticket)

    async def look(self, seen: Snapshot, ticket: Ticket) -> Preflight:
        """Say what the ticket would do to the world as it was seen."""
        try:
            if isinstance(ticket, CancelTicket):
                return await self._look_at_cancel(seen.world, seen.at, ticket)
            if isinstance(ticket, GroupTicket):
                return await self._look_at_group(seen.world, seen.at, ticket)
            request, instead_of = _as_placed(seen.world, ticket)
        except Rejected as refusal:
            return refused(UNKNOWN, await self._explained(ticket, refusal))
        await self.venue.warm(_asked(request), seen.at)
        found = exchange.examine(
            seen.world,
            self.market,
            seen.at,
            request,
            instead_of=instead_of,
            memory=self.memory,
        )
        return told(found)

    async def ended(self, account_id: str, order_id: str) -> BrokerOrder:
        """Return an order that has ended.

        Raises:
            Denied: ORDER_UNKNOWN.
        """
        order = self.keeper.ended(order_id)
        if order is None or order.order.account_id != account_id:
            order = await self.archive.order(account_id, order_id)
        if order is None:
            raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id[:_SHOWN])
        return order

    async def _place(self, ticket: PlaceTicket) -> BrokerOrder:
        def place(world: World, at: datetime) -> BrokerOrder:
            return exchange.place(
                world,
                self.market,
                at,
                ticket.order,
                client_order_id=ticket.client_order_id,
                memory=self.memory,
            )

        await self._warm(ticket.order)
        return await self.keeper.act(place)

    async def _place_group(self, ticket: GroupTicket) -> tuple[BrokerOrder, ...]:
        def place(world: World, at: datetime) -> tuple[BrokerOrder, ...]:
            return exchange.place_group(
                world, self.market, at, ticket.group, client_order_id=ticket.client_order_id
            )

        await self._warm(*ticket.group.orders)
        return await self.keeper.act(place)

    async def _replace(self, ticket: ReplaceTicket) -> BrokerOrder:
        def replace(world: World, at: datetime) -> BrokerOrder:
            return exchange.replace(
                world,
                self.market,
                at,
                ticket.broker_order_id,
                ticket.order,
                client_order_id=ticket.client_order_id,
            )

        await self._warm(ticket.order)
        try:
            return await self.keeper.act(replace)
        except Rejected as refusal:
            raise await self._explained(ticket, refusal) from None

    async def _cancel(self, ticket: CancelTicket) -> BrokerOrder:
        def cancel(world: World, at: datetime) -> BrokerOrder:
            return exchange.cancel(world, at, ticket.account_id, ticket.broker_order_id)

        try:
            return await self.keeper.act(cancel)
        except Rejected as refusal:
            raise await self._explained(ticket, refusal) from None

    async def _warm(self, *requests: OrderRequest) -> None:
        """Ask the first question about an underlying here; what time it is, the act itself sees."""
        asked = _asked(*requests)
        if not self.venue.is_warm(asked):
            await self.keeper.ready()
            await self.venue.warm(asked, self.keeper.now())

    async def _explained(self, ticket: Ticket, refusal: Rejected) -> Rejected:
        """Add how an order ended that does not work any more.

        Raises:
            Denied: ORDER_UNKNOWN when there never was one.
        """
        never = isinstance(ticket, PlaceTicket | GroupTicket)
        if never or refusal.reason is not Reason.ORDER_NOT_WORKING:
            return refusal
        ended = await self.ended(ticket.account_id, ticket.broker_order_id)
        return rules.rejection(
            Reason.ORDER_NOT_WORKING, order_id=ended.broker_order_id, state=ended.state.value
        )

    async def _look_at_group(self, world: World, at: datetime, ticket: GroupTicket) -> Preflight:
        await self.venue.warm(_asked(*ticket.group.orders), at)
        found = exchange.examine_group(world, self.market, at, ticket.group)
        return told_of_group(ticket.group, found)

    async def _look_at_cancel(self, world: World, at: datetime, ticket: CancelTicket) -> Preflight:
        rest = exchange.after_cancel(world, at, ticket.account_id, ticket.broker_order_id)
        account = world.account(ticket.account_id)
        orders = world.orders.reserved(account.account_id)
        freed = orders - rest.orders.reserved(account.account_id)
        screen = await self.venue.screen(account.priced, at)
        before = power.buying_power(world, account, screen)
        return Preflight(
            fees=Decimal(0),
            buying_power_before=cents(before),
            buying_power_after=None if before is None else cents(before + freed),
            margin_change=Decimal(0),
        )


def _as_placed(
    world: World, ticket: PlaceTicket | ReplaceTicket
) -> tuple[OrderRequest, WorkingOrder | None]:
    """Return the order that would go to work, and the one whose place it takes."""
    if isinstance(ticket, PlaceTicket):
        return ticket.order, None
    old = exchange.changeable(world, ticket.order.account_id, ticket.broker_order_id)
    return exchange.rest_of(old, ticket.order), old


def _asked(*requests: OrderRequest) -> set[Symbol]:
    return {leg.symbol for request in requests for leg in request.legs}
