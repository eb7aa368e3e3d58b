"""The broker: `domain.ports.Broker` over tastytrade's REST interface."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.brokers.streams import Feed, Hub
from strikedesk.brokers.surveying import surveyed
from strikedesk.brokers.tastytrade.calls import Call
from strikedesk.brokers.tastytrade.chains import Chains
from strikedesk.brokers.tastytrade.client import Client, Patience
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.future_chains import FutureChains
from strikedesk.brokers.tastytrade.holdings import Holdings
from strikedesk.brokers.tastytrade.instruments import Instruments
from strikedesk.brokers.tastytrade.lists import Lists
from strikedesk.brokers.tastytrade.margins import MarginDesk
from strikedesk.brokers.tastytrade.news.moves import Moves
from strikedesk.brokers.tastytrade.news.orders import OrderPush
from strikedesk.brokers.tastytrade.orders.clerk import Clerk
from strikedesk.brokers.tastytrade.orders.finding import Finding
from strikedesk.brokers.tastytrade.orders.receipts import Receipts
from strikedesk.brokers.tastytrade.orders.sending import Sender
from strikedesk.brokers.tastytrade.orders.sizes import Sizes
from strikedesk.brokers.tastytrade.outlook import Outlook
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.past_worth import PastWorth
from strikedesk.brokers.tastytrade.polling import OrderPolling, QuotePolling
from strikedesk.brokers.tastytrade.quoting import Quoting
from strikedesk.brokers.tastytrade.quoting_beside import QuotingBeside
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.brokers.tastytrade.snapshots import Snapshots
from strikedesk.brokers.tastytrade.streams import StreamBackedQuoting, Streams
from strikedesk.brokers.tastytrade.venue_clock import VenueClock
from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain import calendar
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
    Preflight,
    Receipt,
    Survey,
    Ticket,
)
from strikedesk.domain.customer import Customer
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.future_chains import FutureExpiration
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.holidays import Holidays
from strikedesk.domain.instruments import Instrument
from strikedesk.domain.margin import MarginHeld, MarginRates
from strikedesk.domain.orders import LEGS_MAX, OrderType, TimeInForce
from strikedesk.domain.ports import Clock, TransactionPage
from strikedesk.domain.quotes import Bar, Chain, Expiration, Interval, Quote, SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.domain.untraded import Untraded, UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.domain.volatility import ImpliedHistory

NAME: Final = "tastytrade"
_ABOUT: Final = Call(path="/")
NAME_HERE: Final = "tastytrade-here"  # An order of one place is never looked for in another.


class TastytradeBroker:
    """Trades at tastytrade, or at its sandbox: `site` says which, and never changes.

    It does not deduplicate client order ids: nothing is sent twice, and what nobody answered is
    looked for. Prices come by asking; Greeks, bars and changes come by stream. For one event loop;
    close it at the end.
    """

    def __init__(
        self,
        *,
        site: Site,
        wire: Wire,
        session: Session,
        clock: Clock,
        account_key: Secret,
        pace: Pace | None = None,
        patience: Patience | None = None,
        streams: Callable[[Client, Clock], Streams] | None = None,
    ) -> None:
        """Speak over this wire as this session; `account_key` makes the desk's account ids.

        Without `streams` changes are asked for again and again, and there are no bars and Greeks.
        """
        pace = pace or Pace()
        client = Client(wire=wire, session=session, pace=pace, patience=patience)
        self._site, self._client = site, client
        self._directory = Directory(client=client, site=site, key=account_key, clock=clock)
        self._clock = clock = VenueClock(clock, wire)
        self._capabilities = _capabilities(site, tells_orders=streams is not None)
        self._holdings = Holdings(client=client, directory=self._directory, clock=clock)
        self._past_worth = PastWorth(
            client=client, directory=self._directory, site=site, clock=clock
        )
        self._snapshots = Snapshots(client=client, directory=self._directory, clock=clock)
        self._margins = MarginDesk(client=client, directory=self._directory, clock=clock)
        self._streams = None if streams is None else streams(client, clock)
        self._quoting = _quoting(client, site, self._streams)
        self._quoting_beside = QuotingBeside(client=client, site=site)
        self._chains = Chains(client=client, quoting=self._quoting, clock=clock)
        self._future_chains = FutureChains(client=client)
        self._outlook = Outlook(client=client)
        self._instruments = Instruments(client=client)
        self._lists = Lists(client=client, site=site)
        self._finding = Finding(client=client, directory=self._directory, clock=clock)
        self._clerk = Clerk(
            sender=Sender(wire=wire, session=session, pace=pace),
            receipts=Receipts(finding=self._finding),
            finding=self._finding,
            directory=self._directory,
            holdings=self._holdings,
            chains=self._chains,
            sizes=Sizes(client=client, directory=self._directory, clock=clock),
            instruments=self._instruments,
        )
        self._quote_hub = Hub(QuotePolling(quoting=self._quoting))
        self._moves = Moves()
        self._order_hub = Hub(self._order_feed())

    async def close(self) -> None:
        """Let the streams go."""
        if self._streams is not None:
            await self._streams.close()

    @property
    def capabilities(self) -> Capabilities:
        """See `Broker.capabilities`."""
        return self._capabilities

    def now(self) -> datetime:
        """See `MarketData.now`: the wall's time, or that of a sandbox on this machine."""
        return self._clock.now()

    async def ready(self) -> None:
        """See `MarketData.ready`: a real market needs nothing, a sandbox is asked for its time."""
        if self._site.is_here:
            await self._client.read(_ABOUT)

    async def advance(self) -> None:
        """See `Broker.advance`: a real venue has nothing to do."""

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """See `MarketData.quotes`."""
        return await self._quoting.quotes(symbols)

    async def quotes_beside(
        self, names: Collection[UntradedName]
    ) -> Mapping[UntradedName, UntradedQuote]:
        """See `MarketData.quotes_beside`: by asking alone, as no stream of these is read."""
        return await self._quoting_beside.quotes(names)

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        """See `MarketData.expirations`."""
        return await self._chains.expirations(underlying)

    async def chain(self, underlying: EquitySymbol, days: Collection[date]) -> Chain:
        """See `MarketData.chain`."""
        chain = await self._chains.chain(underlying, days)
        return chain if self._streams is None else await self._streams.with_greeks(chain)

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """See `MarketData.bars`: the broker tells them by stream alone.

        Raises:
            Denied: NOT_SUPPORTED, without streams.
        """
        if self._streams is None:
            raise Denied(Reason.NOT_SUPPORTED, what="price_history", symbol=symbol.compact)
        return await self._streams.market.bars(symbol, interval, start, end)

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        """See `MarketData.search`."""
        return await self._outlook.search(text, limit)

    async def instrument(self, name: str) -> Instrument:
        """See `MarketData.instrument`: futures, options on them and coins are told too."""
        return await self._instruments.one(name)

    async def future_chain(self, product: str) -> tuple[FutureExpiration, ...]:
        """See `MarketData.future_chain`."""
        return await self._future_chains.of(product)

    async def implied_history(
        self,
        underlying: EquitySymbol,
        start: date,  # noqa: ARG002 -- the port's; the broker keeps no history
        end: date,  # noqa: ARG002 -- same
    ) -> ImpliedHistory:
        """See `MarketData.implied_history`: rank and percentile, and no closes."""
        return await self._outlook.implied_history(underlying)

    async def events(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> tuple[MarketEvent, ...]:
        """See `MarketData.events`."""
        return await self._outlook.events(underlying, start, end)

    async def holidays(self) -> Holidays | None:
        """See `MarketData.holidays`."""
        return await self._outlook.holidays()

    async def sessions(self, start: date, end: date) -> tuple[calendar.Session, ...] | None:
        """See `MarketData.sessions`."""
        return await self._outlook.sessions(start, end)

    def quote_stream(
        self, symbols: Collection[Symbol]
    ) -> AbstractAsyncContextManager[AsyncIterator[Quote]]:
        """See `MarketData.quote_stream`; without streams asked for every few seconds."""
        if self._streams is not None:
            return self._streams.market.changes(symbols)
        return self._quote_hub.reader(frozenset(symbols))

    @asynccontextmanager
    async def account_stream(self, account_id: str) -> AsyncGenerator[AsyncIterator[BrokerOrder]]:
        """See `Broker.account_stream`; without streams asked for every quarter of a minute."""
        await self._directory.number(account_id)
        async with self._order_hub.reader((account_id,)) as orders:
            yield orders

    async def accounts(self) -> tuple[Account, ...]:
        """See `Broker.accounts`."""
        return await self._directory.accounts()

    async def customer(self) -> Customer | None:
        """See `Broker.customer`."""
        return await self._directory.customer()

    async def balances(self, account_id: str) -> Balances:
        """See `Broker.balances`."""
        return await self._holdings.balances(account_id)

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        """See `Broker.positions`."""
        return await self._holdings.positions(account_id)

    async def untraded(self, account_id: str) -> tuple[Untraded, ...]:
        """See `Broker.untraded`."""
        return await self._holdings.untraded(account_id)

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        """See `Broker.transactions`."""
        return await self._holdings.transactions(
            account_id, start=start, end=end, limit=limit, offset=offset
        )

    async def worth_history(self, account_id: str, start: date) -> tuple[NetWorth, ...]:
        """See `Broker.worth_history`."""
        return await self._past_worth.history(account_id, start)

    async def closing_balances(
        self, account_id: str, start: date, end: date
    ) -> tuple[ClosingBalances, ...]:
        """See `Broker.closing_balances`."""
        return await self._snapshots.closing_balances(account_id, start, end)

    async def margin_held(self, account_id: str) -> MarginHeld:
        """See `Broker.margin_held`."""
        return await self._margins.held(account_id)

    async def margin_rates(self, account_id: str, underlying: EquitySymbol) -> MarginRates:
        """See `Broker.margin_rates`."""
        return await self._margins.rates(account_id, underlying)

    async def risk_free_rate(self) -> Decimal | None:
        """See `Broker.risk_free_rate`."""
        return await self._margins.risk_free_rate()

    def moves(self, account_id: str) -> int:
        """See `Broker.moves`: as the account streamer tells it, while somebody reads an account."""
        return self._moves.of(account_id)

    async def watchlists(self) -> tuple[BrokerWatchlist, ...]:
        """See `Broker.watchlists`."""
        return await self._lists.every()

    async def orders(
        self, account_id: str, *, since: datetime | None = None
    ) -> tuple[BrokerOrder, ...]:
        """See `Broker.orders`."""
        return await self._finding.orders(account_id, since)

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        """See `Broker.order`."""
        return await self._finding.order(account_id, broker_order_id)

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        """See `Broker.find`."""
        return await self._finding.find(account_id, client_order_id)

    async def preflight(self, ticket: Ticket) -> Preflight:
        """See `Broker.preflight`."""
        return await self._clerk.preflight(ticket)

    async def survey(self, ticket: Ticket) -> Survey:
        """See `Broker.survey`."""
        return await surveyed(self, ticket)

    async def submit(self, ticket: Ticket) -> Receipt:
        """See `Broker.submit`."""
        return await self._clerk.submit(ticket)

    def _order_feed(self) -> Feed[str, str, BrokerOrder]:
        if self._streams is None:
            return OrderPolling(finding=self._finding, clock=self._clock)
        return OrderPush(
            line=self._streams.news,
            finding=self._finding,
            directory=self._directory,
            clock=self._clock,
            told_after_s=self._streams.told_after_s,
            moves=self._moves,
        )


def _quoting(client: Client, site: Site, streams: Streams | None) -> Quoting:
    if streams is None:
        return Quoting(client=client, site=site)
    return StreamBackedQuoting(client=client, site=site, market=streams.market)


def _capabilities(site: Site, *, tells_orders: bool) -> Capabilities:
    return Capabilities(
        name=NAME_HERE if site.is_here else NAME,
        environment=site.environment,
        simulated=site.environment is not Environment.LIVE,
        order_types=frozenset(OrderType),
        times_in_force=frozenset(TimeInForce),
        legs_max=LEGS_MAX,
        shares_with_options=False,
        deduplicates_client_ids=False,
        groups=frozenset(GroupKind),
        tells_orders=tells_orders,
    )
