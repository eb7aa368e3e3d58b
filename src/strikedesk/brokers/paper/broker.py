"""The paper broker: `domain.ports.Broker` over the simulated exchange and the shared store."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.brokers.paper.archive import Archive, has_client_id
from strikedesk.brokers.paper.back_office import BackOffice
from strikedesk.brokers.paper.clerk import Clerk
from strikedesk.brokers.paper.feeds import LOOK_EVERY_S, OrderFeed, QuoteFeed
from strikedesk.brokers.paper.figures import (
    account_of,
    balances_of,
    beside_of,
    gone_today,
    positions_of,
    priced_symbols,
)
from strikedesk.brokers.paper.fresh_starts import broker_of
from strikedesk.brokers.paper.keeper import WorldKeeper
from strikedesk.brokers.paper.margins import margin_held_of, margin_rates_of
from strikedesk.brokers.paper.opening import Opening
from strikedesk.brokers.paper.past_books import PastBooks
from strikedesk.brokers.paper.venue import Venue
from strikedesk.brokers.streams import Hub
from strikedesk.domain.accounts import (
    Account,
    Balances,
    ClosingBalances,
    Environment,
    NetWorth,
    Position,
)
from strikedesk.domain.broking import (
    BrokerOrder,
    BrokerWatchlist,
    Capabilities,
    Lookup,
    LookupStatus,
    Preflight,
    Receipt,
    Survey,
    Ticket,
)
from strikedesk.domain.calendar import Session, sessions_between
from strikedesk.domain.customer import Customer
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.future_chains import FutureExpiration, product_code
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.holidays import Holidays
from strikedesk.domain.instruments import Instrument
from strikedesk.domain.margin import MarginHeld, MarginRates
from strikedesk.domain.orders import LEGS_MAX, OrderType, TimeInForce
from strikedesk.domain.ports import Clock, Entropy, TransactionPage, WorldStore
from strikedesk.domain.quotes import Bar, Chain, Expiration, Interval, Quote, SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Symbol, parse_symbol
from strikedesk.domain.untraded import Untraded, UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.domain.volatility import ImpliedHistory
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.assignment import RATE
from strikedesk.exchange.documents import read_line
from strikedesk.exchange.market import Market
from strikedesk.exchange.world import World

CAPABILITIES: Final = Capabilities(
    name="paper",
    environment=Environment.PAPER,
    simulated=True,
    order_types=frozenset(OrderType),
    times_in_force=frozenset(TimeInForce),
    legs_max=LEGS_MAX,
    shares_with_options=True,
    deduplicates_client_ids=False,
    groups=frozenset(GroupKind),
    embedded=True,
)


class PaperBroker:
    """Trades play money on a simulated or replayed market.

    Everything that it shows is simulated and says so. Time, orders and accounts are those of the
    world in the store: two brokers on one store are one venue. It does not deduplicate client
    order ids, as most brokers do not; `find` looks through all orders that ever were.
    """

    def __init__(
        self,
        *,
        store: WorldStore,
        market: Market,
        clock: Clock,
        world: str,
        entropy: Entropy,
        opening: Opening | None = None,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        """Name the world; it is opened on first use, with `opening` when it is new.

        `look_every_s` is how often its streams look for something new.
        """
        self._store = store
        self._name = world
        self._venue = Venue(market=market)
        self._archive = Archive(store=store, world=world)
        self._keeper = WorldKeeper(
            store=store,
            market=market,
            clock=clock,
            entropy=entropy,
            name=world,
            opening=opening or Opening(),
        )
        self._capabilities = replace(CAPABILITIES, name=broker_of(world))
        self._clerk = Clerk(
            keeper=self._keeper, venue=self._venue, archive=self._archive, market=market
        )
        self._past = PastBooks(
            store=store, world=world, keeper=self._keeper, archive=self._archive, market=market
        )
        self._back_office = BackOffice(
            keeper=self._keeper,
            venue=self._venue,
            archive=self._archive,
            past=self._past,
            clerk=self._clerk,
            market=market,
        )
        self._order_feed = OrderFeed(
            keeper=self._keeper, archive=self._archive, every_s=look_every_s
        )
        self._order_hub = Hub(self._order_feed)
        self._quote_hub = Hub(
            QuoteFeed(keeper=self._keeper, venue=self._venue, every_s=look_every_s)
        )

    @property
    def capabilities(self) -> Capabilities:
        """See `Broker.capabilities`. The name is the world's own: see `broker_of`."""
        return self._capabilities

    @property
    def back_office(self) -> BackOffice:
        """The broker's own side of the counter, for whoever serves it to others."""
        return self._back_office

    def now(self) -> datetime:
        """Return the world's time; before anything was awaited, that of a new world."""
        return self._keeper.now()

    async def ready(self) -> None:
        """See `MarketData.ready`."""
        await self._keeper.ready()

    async def advance(self) -> None:
        """See `Broker.advance`."""
        await self._keeper.snapshot()

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """See `MarketData.quotes`."""
        await self._keeper.ready()
        return await self._venue.quotes(symbols, self.now())

    async def quotes_beside(
        self,
        names: Collection[UntradedName],  # noqa: ARG002 -- the port's
    ) -> Mapping[UntradedName, UntradedQuote]:
        """See `MarketData.quotes_beside`: this market has none of them."""
        return {}

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        """See `MarketData.expirations`."""
        await self._keeper.ready()
        return await self._venue.expirations(underlying, self.now())

    async def chain(self, underlying: EquitySymbol, days: Collection[date]) -> Chain:
        """See `MarketData.chain`."""
        await self._keeper.ready()
        return await self._venue.chain(underlying, days, self.now())

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """See `MarketData.bars`. What lies ahead of the world's time is not told."""
        await self._keeper.ready()
        return await self._venue.bars(symbol, interval, start, min(end, self.now()))

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        """See `MarketData.search`."""
        await self._keeper.ready()
        return await self._venue.search(text, limit, self.now())

    async def instrument(self, name: str) -> Instrument:
        """See `MarketData.instrument`: shares, indices and options alone are listed here."""
        await self._keeper.ready()
        return await self._venue.instrument(parse_symbol(name), self.now())

    async def future_chain(self, product: str) -> tuple[FutureExpiration, ...]:
        """See `MarketData.future_chain`: this market has no futures."""
        raise Denied(Reason.INSTRUMENT_NOT_TRADED, product=product_code(product))

    async def implied_history(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> ImpliedHistory:
        """See `MarketData.implied_history`."""
        await self._keeper.ready()
        at = self.now()
        over = [each.day for each in sessions_between(start, end) if each.closes_at <= at]
        return await self._venue.implied_history(underlying, over, at)

    async def events(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> tuple[MarketEvent, ...]:
        """See `MarketData.events`."""
        await self._keeper.ready()
        return await self._venue.events(underlying, start, end, self.now())

    async def holidays(self) -> Holidays | None:
        """See `MarketData.holidays`: this market goes by the rule."""
        return None

    async def sessions(self, start: date, end: date) -> tuple[Session, ...] | None:  # noqa: ARG002 -- the port's signature
        """See `MarketData.sessions`: this market goes by the rule."""
        return None

    def quote_stream(
        self, symbols: Collection[Symbol]
    ) -> AbstractAsyncContextManager[AsyncIterator[Quote]]:
        """See `MarketData.quote_stream`: the quotes of the world's time, looked up as it runs."""
        return self._quote_hub.reader(frozenset(symbols))

    @asynccontextmanager
    async def account_stream(self, account_id: str) -> AsyncGenerator[AsyncIterator[BrokerOrder]]:
        """See `Broker.account_stream`: whichever process's orders they are."""
        try:
            async with self._order_hub.reader((account_id,)) as orders:
                await self._order_feed.follow(account_id)
                yield orders
        finally:
            if account_id not in self._order_hub.wanted:
                self._order_feed.forget(account_id)

    async def accounts(self) -> tuple[Account, ...]:
        """See `Broker.accounts`."""
        world = (await self._keeper.snapshot()).world
        return tuple(account_of(account) for _, account in sorted(world.accounts.items()))

    async def customer(self) -> Customer | None:
        """See `Broker.customer`: nobody has to be anybody here."""
        return None

    async def balances(self, account_id: str) -> Balances:
        """See `Broker.balances`."""
        seen = await self._keeper.snapshot()
        account = seen.world.account(account_id)
        screen = await self._venue.screen(priced_symbols(account), seen.at)
        closes = await self._venue.closes(gone_today(account, seen.at), seen.at)
        return balances_of(seen.world, account, screen, closes)

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        """See `Broker.positions`."""
        seen = await self._keeper.snapshot()
        account = seen.world.account(account_id)
        quotes = await self._venue.quotes(account.stakes, seen.at)
        return positions_of(account, quotes, seen.at)

    async def untraded(self, account_id: str) -> tuple[Untraded, ...]:
        """See `Broker.untraded`: parts of shares, and nothing else."""
        seen = await self._keeper.snapshot()
        account = seen.world.account(account_id)
        return beside_of(account, await self._venue.quotes(account.pieces, seen.at))

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        """See `Broker.transactions`."""
        (await self._keeper.snapshot()).world.account(account_id)
        rows, total = await self._store.lines(
            self._name, account_id, start=start, end=end, limit=limit, offset=offset
        )
        return TransactionPage(rows=tuple(read_line(row) for row in rows), total=total)

    def moves(self, account_id: str) -> int:  # noqa: ARG002 -- the port's
        """See `Broker.moves`: reading it anew costs no call, and nobody is told."""
        return 0

    async def worth_history(self, account_id: str, start: date) -> tuple[NetWorth, ...]:
        """See `Broker.worth_history`."""
        return await self._past.worth(account_id, start)

    async def closing_balances(
        self, account_id: str, start: date, end: date
    ) -> tuple[ClosingBalances, ...]:
        """See `Broker.closing_balances`. What is left to spend is unknown while orders work."""
        return await self._past.closing_balances(account_id, start, end)

    async def margin_held(self, account_id: str) -> MarginHeld:
        """See `Broker.margin_held`: of holdings alone, what orders hold back is no part of it."""
        seen = await self._keeper.snapshot()
        account = seen.world.account(account_id)
        screen = await self._venue.screen(priced_symbols(account), seen.at)
        return margin_held_of(account, screen)

    async def margin_rates(self, account_id: str, underlying: EquitySymbol) -> MarginRates:
        """See `Broker.margin_rates`."""
        seen = await self._keeper.snapshot()
        account = seen.world.account(account_id)
        await self._venue.check_listed(underlying, seen.at)
        return margin_rates_of(account, underlying)

    async def risk_free_rate(self) -> Decimal | None:
        """See `Broker.risk_free_rate`: what the venue takes a strike to earn in a year."""
        return RATE

    async def watchlists(self) -> tuple[BrokerWatchlist, ...]:
        """See `Broker.watchlists`: a paper broker keeps none."""
        return ()

    async def orders(
        self, account_id: str, *, since: datetime | None = None
    ) -> tuple[BrokerOrder, ...]:
        """See `Broker.orders`. Without `since`: the working orders alone."""
        world = (await self._keeper.snapshot()).world
        working = _working(world, world.account(account_id))
        if since is None:
            return working
        found = {order.broker_order_id: order for order in working}
        ended = await self._archive.since(account_id, since)
        found |= {order.broker_order_id: order for order in ended}
        return tuple(sorted(found.values(), key=_place_in_line, reverse=True))

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        """See `Broker.order`."""
        world = (await self._keeper.snapshot()).world
        world.account(account_id)
        working = world.orders.get(broker_order_id)
        if working is not None and working.account_id == account_id:
            return working.shown
        return await self._clerk.ended(account_id, broker_order_id)

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        """See `Broker.find`. Complete: an order that is not found here was never taken.

        By the id of a group: its first order.
        """
        world = (await self._keeper.snapshot()).world
        world.account(account_id)
        for working in reversed(world.orders_of(account_id)):
            if has_client_id(working.shown, client_order_id):
                return Lookup(status=LookupStatus.FOUND, broker_order=working.shown)
        ended = await self._archive.by_client_id(account_id, client_order_id)
        status = LookupStatus.ABSENT if ended is None else LookupStatus.FOUND
        return Lookup(status=status, broker_order=ended)

    async def preflight(self, ticket: Ticket) -> Preflight:
        """See `Broker.preflight`. What the exchange would refuse comes as codes in `refusals`."""
        return await self._clerk.preflight(ticket)

    async def survey(self, ticket: Ticket) -> Survey:
        """See `Broker.survey`: all of it is of one moment."""
        seen = await self._keeper.snapshot()
        account = seen.world.account(ticket.account_id)
        quotes = await self._venue.quotes(account.stakes, seen.at)
        return Survey(
            account=account_of(account),
            positions=positions_of(account, quotes, seen.at),
            working=_working(seen.world, account),
            preflight=await self._clerk.look(seen, ticket),
            fractions={symbol.compact: each.quantity for symbol, each in account.pieces.items()},
        )

    async def submit(self, ticket: Ticket) -> Receipt:
        """See `Broker.submit`.

        Raises:
            Rejected: with the exchange's code; no order exists.
            Denied: ACCOUNT_UNKNOWN, ORDER_UNKNOWN.
        """
        return await self._clerk.submit(ticket)


def _working(world: World, account: PaperAccount) -> tuple[BrokerOrder, ...]:
    """Return an account's working orders, newest first."""
    return tuple([order.shown for order in reversed(world.orders_of(account.account_id))])


def _place_in_line(order: BrokerOrder) -> int:
    """Ids end in the number of the order's acceptance."""
    return int(order.broker_order_id.rpartition("-")[2])
