"""A broker that does what a bad day does: it takes an order and says nothing, or says no.

It does not deduplicate, so an order sent twice shows as two. The books behind it are complete.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from strikedesk.brokers.streams import Hub
from strikedesk.brokers.surveying import surveyed
from strikedesk.domain.accounts import (
    Account,
    AccountKind,
    Balances,
    ClosingBalances,
    Environment,
    NetWorth,
    OptionLevel,
    Position,
)
from strikedesk.domain.broking import (
    BrokerOrder,
    BrokerWatchlist,
    CancelTicket,
    Capabilities,
    GroupTicket,
    Lookup,
    LookupStatus,
    PlaceTicket,
    Preflight,
    Receipt,
    Survey,
    Ticket,
)
from strikedesk.domain.calendar import Session
from strikedesk.domain.customer import Customer
from strikedesk.domain.errors import Denied, DeskError, Fact, OutcomeUnknown, Rejected, Unavailable
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.future_chains import FutureExpiration
from strikedesk.domain.groups import GroupKind, member_id
from strikedesk.domain.holidays import Holidays
from strikedesk.domain.instruments import Instrument
from strikedesk.domain.margin import MarginHeld, MarginRates
from strikedesk.domain.orders import OrderRequest, OrderType, TimeInForce
from strikedesk.domain.ports import Clock, TransactionPage
from strikedesk.domain.quotes import Bar, Chain, Expiration, Feed, Interval, Quote, SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, Symbol, parse_symbol
from strikedesk.domain.untraded import Untraded, UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.domain.volatility import ImpliedHistory
from strikedesk.orders.draft import rest_of

ACCOUNT = Account(
    account_id="PAPER0001",
    handle="paper-margin",
    nickname="Practice",
    kind=AccountKind.MARGIN,
    environment=Environment.PAPER,
    simulated=True,
    option_level=OptionLevel.NAKED,
    frozen=False,
    closing_only=False,
)


LOOK_EVERY_S = 0.002
OVER = {OrderState.FILLED, OrderState.CANCELLED, OrderState.REPLACED}


class Day(StrEnum):
    """What happens to the next ticket."""

    FILLED = "filled"
    WORKING = "working"
    REJECTED = "rejected"
    NEVER_LEFT = "never_left"
    ACCEPTED_IN_SILENCE = "accepted_in_silence"
    LOST = "lost"
    CRASHED_AFTER_ACCEPTING = "crashed_after_accepting"


@dataclass(slots=True)
class ScriptedBroker:
    """Quotes and positions are set by the test; `day` says what comes of the next ticket.

    `answer`, where set, is an event that every answer waits for; `heard` tells that one waits.
    `breaks_with`, where set, ends its streams.
    """

    clock: Clock
    quoted: dict[Symbol, tuple[str | None, str | None]]
    unlisted: dict[Symbol, Reason] = field(default_factory=dict[Symbol, Reason])
    held: dict[Symbol, int] = field(default_factory=dict[Symbol, int])
    day: Day = Day.FILLED
    refusals: tuple[str, ...] = ()
    because: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    lookups: LookupStatus | None = None
    quote_age: timedelta = timedelta(0)
    environment: Environment = Environment.PAPER
    account: Account = ACCOUNT
    beside: tuple[Untraded, ...] = ()
    quoted_beside: tuple[UntradedQuote, ...] = ()
    future_chains: Mapping[str, tuple[FutureExpiration, ...]] = field(
        default_factory=dict[str, tuple[FutureExpiration, ...]]
    )
    shelved: tuple[BrokerWatchlist, ...] | DeskError = ()
    tickets: list[Ticket] = field(default_factory=list[Ticket])
    placed: list[BrokerOrder] = field(default_factory=list[BrokerOrder])
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event | None = None
    breaks_with: DeskError | None = None
    tells_orders: bool = True
    _told: dict[str, BrokerOrder] = field(default_factory=dict[str, BrokerOrder])
    _quote_hub: Hub[Symbol, Symbol, Quote] = field(init=False)
    _order_hub: Hub[str, str, BrokerOrder] = field(init=False)

    def __post_init__(self) -> None:
        self._quote_hub = Hub(self._tell_quotes)
        self._order_hub = Hub(self._tell_orders)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="scripted",
            environment=self.environment,
            simulated=True,
            order_types=frozenset(OrderType),
            times_in_force=frozenset(TimeInForce),
            legs_max=4,
            shares_with_options=True,
            deduplicates_client_ids=False,
            groups=frozenset(GroupKind),
            tells_orders=self.tells_orders,
        )

    def now(self) -> datetime:
        return self.clock.now()

    async def ready(self) -> None:
        """Nobody else moves its clock."""

    async def accounts(self) -> tuple[Account, ...]:
        return (self.account,)

    async def customer(self) -> Customer | None:
        return None

    async def balances(self, account_id: str) -> Balances:
        self._check(account_id)
        return Balances(account_id=account_id, as_of=self.now(), cash=Decimal(100_000))

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        self._check(account_id)
        return tuple(
            Position(
                account_id=account_id,
                symbol=symbol,
                quantity=quantity,
                multiplier=1 if isinstance(symbol, EquitySymbol) else 100,
                average_price=Decimal(1),
            )
            for symbol, quantity in sorted(self.held.items(), key=lambda item: item[0].compact)
        )

    async def untraded(self, account_id: str) -> tuple[Untraded, ...]:
        return self.beside

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        return TransactionPage(rows=(), total=0)

    def moves(self, account_id: str) -> int:
        return 0

    async def worth_history(self, account_id: str, start: date) -> tuple[NetWorth, ...]:
        return ()

    async def closing_balances(
        self, account_id: str, start: date, end: date
    ) -> tuple[ClosingBalances, ...]:
        return ()

    async def margin_held(self, account_id: str) -> MarginHeld:
        raise Denied(Reason.NOT_SUPPORTED, what="margin")

    async def margin_rates(self, account_id: str, underlying: EquitySymbol) -> MarginRates:
        raise Denied(Reason.NOT_SUPPORTED, what="margin")

    async def risk_free_rate(self) -> Decimal | None:
        return None

    async def watchlists(self) -> tuple[BrokerWatchlist, ...]:
        if isinstance(self.shelved, DeskError):
            raise self.shelved
        return self.shelved

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        return {s: self._quote(s, *self.quoted[s]) for s in symbols if s in self.quoted}

    async def quotes_beside(
        self, names: Collection[UntradedName]
    ) -> Mapping[UntradedName, UntradedQuote]:
        return {quote.name: quote for quote in self.quoted_beside if quote.name in names}

    async def fresh(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        return await self.quotes(symbols)

    async def why_unquoted(self, symbol: Symbol) -> Reason:
        return self.unlisted.get(symbol, Reason.NO_QUOTE)

    def _quote(self, symbol: Symbol, bid: str | None, ask: str | None) -> Quote:
        return Quote(
            symbol=symbol,
            at=self.now() - self.quote_age,
            feed=Feed.SIMULATED,
            bid=Decimal(bid) if bid is not None else None,
            ask=Decimal(ask) if ask is not None else None,
        )

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        return ()

    async def chain(self, underlying: EquitySymbol, days: Collection[date]) -> Chain:
        spot = self._quote(underlying, None, None)
        return Chain(underlying=underlying.ticker, spot=spot, as_of=self.now(), rows=())

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        return ()

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        return ()

    async def future_chain(self, product: str) -> tuple[FutureExpiration, ...]:
        if product not in self.future_chains:
            raise Denied(Reason.INSTRUMENT_NOT_TRADED, product=product)
        return self.future_chains[product]

    async def implied_history(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> ImpliedHistory:
        return ImpliedHistory()

    async def events(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> tuple[MarketEvent, ...]:
        return ()

    async def instrument(self, name: str) -> Instrument:
        raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=parse_symbol(name).compact)

    async def holidays(self) -> Holidays | None:
        return None

    async def sessions(self, start: date, end: date) -> tuple[Session, ...] | None:
        del start, end
        return None

    def quote_stream(
        self, symbols: Collection[Symbol]
    ) -> AbstractAsyncContextManager[AsyncIterator[Quote]]:
        return self._quote_hub.reader(frozenset(symbols))

    @asynccontextmanager
    async def account_stream(self, account_id: str) -> AsyncGenerator[AsyncIterator[BrokerOrder]]:
        self._check(account_id)
        if account_id not in self._order_hub.wanted:
            self._told = {o.broker_order_id: o for o in self.placed if o.state in OVER}
        async with self._order_hub.reader((account_id,)) as orders:
            yield orders

    async def _tell_quotes(self, hub: Hub[Symbol, Symbol, Quote]) -> None:
        while self.breaks_with is None:
            for symbol, quote in (await self.quotes(hub.wanted)).items():
                hub.publish(symbol, symbol, quote)
            await hub.pause(LOOK_EVERY_S)
        raise self.breaks_with

    async def _tell_orders(self, hub: Hub[str, str, BrokerOrder]) -> None:
        while self.breaks_with is None:
            for order in self.placed:
                key = order.broker_order_id
                if order != self._told.get(key):
                    stands = order.state not in OVER
                    hub.publish(ACCOUNT.account_id, key, order, stands=stands)
            self._told = {order.broker_order_id: order for order in self.placed}
            await hub.pause(LOOK_EVERY_S)
        raise self.breaks_with

    async def orders(
        self, account_id: str, *, since: datetime | None = None
    ) -> tuple[BrokerOrder, ...]:
        self._check(account_id)
        return tuple(reversed(self.placed))

    def _check(self, account_id: str) -> None:
        if account_id != ACCOUNT.account_id:
            raise Denied(Reason.ACCOUNT_UNKNOWN, account_id=account_id)

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        self._check(account_id)
        for order in self.placed:
            if order.broker_order_id == broker_order_id:
                return order
        raise Denied(Reason.ORDER_UNKNOWN, order_id=broker_order_id)

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        self._check(account_id)
        if self.lookups is LookupStatus.INCOMPLETE:
            return Lookup(status=LookupStatus.INCOMPLETE)
        for order in self.placed:
            first_of = order.group_id == order.broker_order_id
            if order.client_order_id == client_order_id or (
                first_of and order.client_order_id == member_id(client_order_id, 1)
            ):
                return Lookup(status=LookupStatus.FOUND, broker_order=order)
        return Lookup(status=LookupStatus.ABSENT)

    async def preflight(self, ticket: Ticket) -> Preflight:
        return Preflight(
            fees=Decimal("1.12"),
            buying_power_before=Decimal(100_000),
            buying_power_after=Decimal(99_000),
            margin_change=Decimal(1_000),
            refusals=self.refusals,
            because=self.because,
        )

    async def advance(self) -> None:
        return

    async def survey(self, ticket: Ticket) -> Survey:
        return await surveyed(self, ticket)

    async def submit(self, ticket: Ticket) -> Receipt:
        self.tickets.append(ticket)
        self.heard.set()
        if self.answer is not None:
            await self.answer.wait()
        if self.day is Day.NEVER_LEFT:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)
        if self.day is Day.REJECTED:
            raise Rejected(Reason.BROKER_REJECTED, code="margin_check_failed")
        if self.day is Day.LOST:
            raise OutcomeUnknown(ticket.client_order_id)
        before = len(self.placed)
        order = self._carry_out(ticket)
        if self.day is Day.ACCEPTED_IN_SILENCE:
            raise OutcomeUnknown(ticket.client_order_id)
        if self.day is Day.CRASHED_AFTER_ACCEPTING:
            raise RuntimeError("half an answer: token=hunter2")
        members = tuple(self.placed[before:]) if isinstance(ticket, GroupTicket) else ()
        return Receipt(client_order_id=ticket.client_order_id, broker_order=order, members=members)

    def _carry_out(self, ticket: Ticket) -> BrokerOrder:
        if isinstance(ticket, GroupTicket):
            return self._take_group(ticket)
        if isinstance(ticket, CancelTicket):
            self._end_beside(ticket.broker_order_id)
            return self._change(ticket.broker_order_id, state=OrderState.CANCELLED)
        if isinstance(ticket, PlaceTicket):
            return self._take(ticket.client_order_id, ticket.order)
        # What has filled is no part of the order that takes its place.
        filled = sum(
            o.filled_units for o in self.placed if o.broker_order_id == ticket.broker_order_id
        )
        new = self._take(ticket.client_order_id, rest_of(ticket.order, filled))
        self._change(
            ticket.broker_order_id, state=OrderState.REPLACED, replaced_by=new.broker_order_id
        )
        return new

    def _take(self, client_order_id: str, order: OrderRequest) -> BrokerOrder:
        filled = self.day is Day.FILLED
        taken = BrokerOrder(
            broker_order_id=f"b-{len(self.placed) + 1}",
            client_order_id=client_order_id,
            order=order,
            state=OrderState.FILLED if filled else OrderState.WORKING,
            filled_units=order.units if filled else 0,
            average_net=order.limit_net if filled else None,
            fees=Decimal("1.12") if filled else None,
        )
        self.placed.append(taken)
        return taken

    def _take_group(self, ticket: GroupTicket) -> BrokerOrder:
        """Let the first fill on a day of fills; what it triggers works on, its other side ends."""
        number, day, fills = len(self.placed) + 1, self.day, self.day is Day.FILLED
        first = f"b-{number}"
        waits = first if ticket.group.trigger is not None and not fills else None
        for place, (client_id, order) in enumerate(
            zip(ticket.member_ids, ticket.group.orders, strict=True)
        ):
            self.day = Day.FILLED if fills and not place else Day.WORKING
            taken = self._take(client_id, order)
            self.placed[-1] = replace(taken, group_id=first, waits_for=waits if place else None)
        self.day = day
        if fills and ticket.group.trigger is None:
            self._end_beside(first)
        return self.placed[number - 1]

    def _end_beside(self, broker_order_id: str) -> None:
        """End what cannot be without this one: all behind a first order, else the other side."""
        target = next((o for o in self.placed if o.broker_order_id == broker_order_id), None)
        for index, order in enumerate(self.placed):
            if target is None or target.group_id is None or order.group_id != target.group_id:
                continue
            first = target.group_id == target.broker_order_id
            beside = first or order.waits_for == target.waits_for
            if beside and order is not target and order.state.is_open:
                self.placed[index] = replace(order, state=OrderState.CANCELLED)

    def _change(
        self, broker_order_id: str, *, state: OrderState, replaced_by: str | None = None
    ) -> BrokerOrder:
        for index, order in enumerate(self.placed):
            if order.broker_order_id == broker_order_id:
                self.placed[index] = replace(order, state=state, replaced_by=replaced_by)
                return self.placed[index]
        raise Rejected(Reason.BROKER_REJECTED, code="order_unknown")
