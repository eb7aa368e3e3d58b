"""The clerk: takes tickets to tastytrade, and asks beforehand what would come of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from strikedesk.brokers.tastytrade.calls import path_of
from strikedesk.brokers.tastytrade.chains import Chains
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.holdings import Holdings
from strikedesk.brokers.tastytrade.instruments import Instruments
from strikedesk.brokers.tastytrade.orders.effects import asks_what_is_held, explicit
from strikedesk.brokers.tastytrade.orders.encoding import as_body, encoded
from strikedesk.brokers.tastytrade.orders.finding import Finding
from strikedesk.brokers.tastytrade.orders.groups import check_group, encoded_group
from strikedesk.brokers.tastytrade.orders.receipts import Receipts
from strikedesk.brokers.tastytrade.orders.rehearsals import NOTHING, preflight_of, refused
from strikedesk.brokers.tastytrade.orders.rules import (
    check_fractions,
    check_night,
    check_replacement,
    check_shape,
)
from strikedesk.brokers.tastytrade.orders.sending import Act, Sender
from strikedesk.brokers.tastytrade.orders.sizes import Sizes
from strikedesk.brokers.tastytrade.orders.ticks import check_ticks
from strikedesk.brokers.tastytrade.payloads.chains import TickTold
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
from strikedesk.domain.by_value import in_whole_shares
from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.groups import OrderGroup
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol

_NO_COST: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Places, replaces and cancels at the broker."""

    sender: Sender
    receipts: Receipts
    finding: Finding
    directory: Directory
    holdings: Holdings
    chains: Chains
    sizes: Sizes
    instruments: Instruments

    async def preflight(self, ticket: Ticket) -> Preflight:
        """See `Broker.preflight`. Nothing is told of what an answer does not prove."""
        if isinstance(ticket, CancelTicket):
            return await self._look_at_cancel(ticket)
        await self.directory.number(ticket.account_id)
        try:
            orders = await self._checked(ticket)
            await self.sizes.check([await self._counted(order) for order in orders])
            await self._check_nights(orders)
            for order in orders:
                check_ticks(order, await self._tables(order), penny=await self._is_penny(order))
        except (Denied, Rejected) as refusal:
            return refused(refusal)
        act = await self._act(ticket, orders)
        return preflight_of(await self.sender.rehearse(act.path, act.body or b""), orders)

    async def submit(self, ticket: Ticket) -> Receipt:
        """Act, once. See `Broker.submit`."""
        if isinstance(ticket, CancelTicket):
            act = await self._cancelling(ticket)
        else:
            act = await self._act(ticket, await self._checked(ticket))
        return await self.receipts.of(ticket, act, self.sender.act)

    async def _checked(
        self, ticket: PlaceTicket | ReplaceTicket | GroupTicket
    ) -> tuple[OrderRequest, ...]:
        """Return the orders of a ticket as they would be sent, after the rules of their shape.

        Raises:
            Denied: with the rule's name.
            Rejected: ORDER_NOT_WORKING, of what is to be replaced.
        """
        asked = ticket.group.orders if isinstance(ticket, GroupTicket) else (ticket.order,)
        held = await self._held(asked)
        orders = tuple(explicit(order, held) for order in asked)
        for order in orders:
            check_shape(order)
            if order.by_value:
                check_fractions(await self.instruments.one(order.legs[0].symbol.compact))
        if isinstance(ticket, GroupTicket):
            check_group(ticket.group)
        if isinstance(ticket, ReplaceTicket):
            check_replacement(orders[0], await self._working(ticket))
        return orders

    async def _act(
        self, ticket: PlaceTicket | ReplaceTicket | GroupTicket, orders: tuple[OrderRequest, ...]
    ) -> Act:
        account = await self._path(ticket.account_id)
        if isinstance(ticket, GroupTicket):
            group = OrderGroup(kind=ticket.group.kind, orders=orders)
            body = encoded_group(group, ticket.member_ids)
            return Act(method="POST", path=f"{account}/complex-orders", body=as_body(body))
        if isinstance(ticket, ReplaceTicket):
            body = encoded(orders[0], ticket.client_order_id, legs=False)
            path = f"{account}/orders/{ticket.broker_order_id}"
            return Act(method="PUT", path=path, body=as_body(body))
        body = encoded(orders[0], ticket.client_order_id)
        return Act(method="POST", path=f"{account}/orders", body=as_body(body))

    async def _cancelling(self, ticket: CancelTicket) -> Act:
        """Return the cancel: of the whole group where the order is the first of one.

        Raises:
            Denied: ORDER_UNKNOWN.
            Rejected: ORDER_NOT_WORKING.
        """
        told = await self.finding.told(ticket.account_id, ticket.broker_order_id)
        order = await self.finding.read(ticket.account_id, told)
        if order.state.is_final:
            raise _over(order)
        account = await self._path(ticket.account_id)
        if told.complex_order_id is not None and order.group_id == order.broker_order_id:
            path = account + path_of("complex-orders", told.complex_order_id)
            return Act(method="DELETE", path=path)
        return Act(method="DELETE", path=f"{account}/orders/{ticket.broker_order_id}")

    async def _look_at_cancel(self, ticket: CancelTicket) -> Preflight:
        order = await self.finding.order(ticket.account_id, ticket.broker_order_id)
        if order.state.is_final:
            return refused(_over(order))
        return replace(NOTHING, fees=_NO_COST, margin_change=_NO_COST)

    async def _working(self, ticket: ReplaceTicket) -> BrokerOrder:
        order = await self.finding.order(ticket.account_id, ticket.broker_order_id)
        if order.state.is_final:
            raise _over(order)
        return order

    async def _held(self, orders: tuple[OrderRequest, ...]) -> Mapping[Symbol, int]:
        if not any(asks_what_is_held(order) for order in orders):
            return {}
        positions = await self.holdings.positions(orders[0].account_id)
        return {position.symbol: position.quantity for position in positions}

    async def _tables(self, order: OrderRequest) -> list[tuple[TickTold, ...]]:
        """Return the tables of ticks of the option legs, an empty one where none is known."""
        if not order.has_options:
            return []
        listing = await self.chains.listing(EquitySymbol(order.underlying))
        symbols = [leg.symbol for leg in order.legs if isinstance(leg.symbol, OptionSymbol)]
        return [listing.ticks.get(symbol.root, ()) for symbol in symbols]

    async def _check_nights(self, orders: tuple[OrderRequest, ...]) -> None:
        for order in orders:
            if order.time_in_force.overnight:
                check_night(await self.instruments.one(order.legs[0].symbol.compact))

    async def _counted(self, order: OrderRequest) -> OrderRequest:
        """Return the order whose size the broker's limits hold: of one by value its whole shares.

        Raises:
            Denied: QUOTE_MISSING where nobody can say how many they are.
        """
        if not order.by_value:
            return order
        symbol = order.legs[0].symbol
        quotes = await self.chains.quoting.quotes([symbol])
        counted = in_whole_shares(order, quotes.get(symbol))
        if counted is None:
            raise Denied(Reason.QUOTE_MISSING, symbol=symbol.compact)
        return counted

    async def _is_penny(self, order: OrderRequest) -> bool:
        """Whether shares that are asked for below a dollar trade there, and so in finer steps."""
        prices = [price for price in (order.limit_net, order.stop_trigger) if price is not None]
        if order.has_options or all(abs(price) >= 1 for price in prices):
            return False
        symbol = order.legs[0].symbol
        quote = (await self.chains.quoting.quotes([symbol])).get(symbol)
        return quote is not None and quote.mark is not None and quote.mark < 1

    async def _path(self, account_id: str) -> str:
        number = await self.directory.number(account_id)
        return path_of("accounts", number.reveal())


def _over(order: BrokerOrder) -> Rejected:
    code = Reason.ORDER_NOT_WORKING.name.lower()
    return Rejected(
        Reason.ORDER_NOT_WORKING,
        code=code,
        order_id=order.broker_order_id,
        state=order.state.value,
    )
