"""What a broker is to the desk: market data, reads, the pre-flight, and one method that acts."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from strikedesk.domain.accounts import (
    Account,
    Balances,
    ClosingBalances,
    NetWorth,
    Position,
    Transaction,
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
from strikedesk.domain.calendar import Session
from strikedesk.domain.customer import Customer
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.future_chains import FutureExpiration
from strikedesk.domain.holidays import Holidays
from strikedesk.domain.instruments import Instrument
from strikedesk.domain.margin import MarginHeld, MarginRates
from strikedesk.domain.quotes import Bar, Chain, Expiration, Interval, Quote, SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.domain.underlying_facts import Known, UnderlyingFact
from strikedesk.domain.untraded import Untraded, UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.domain.volatility import ImpliedHistory


class MarketData(Protocol):
    """What a broker tells of the market. Absent facts are None or missing rows, never zeros.

    Raises (all methods): `Denied(SYMBOL_NOT_FOUND)` for what is not listed, `Unavailable`.
    """

    def now(self) -> datetime:
        """Return the venue's time: the wall's for a real market, the world's for a simulated."""
        ...

    async def ready(self) -> None:
        """See to it that `now` is right also where another process moved a simulated clock."""
        ...

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """Return the newest quote of each symbol that has one; unknown symbols are absent."""
        ...

    async def quotes_beside(
        self, names: Collection[UntradedName]
    ) -> Mapping[UntradedName, UntradedQuote]:
        """Return the newest quote of each of these that has one. Nothing here is ever traded."""
        ...

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        """Return the listed expirations in ascending order, with their strikes."""
        ...

    async def chain(self, underlying: EquitySymbol, days: Collection[date]) -> Chain:
        """Return every listed contract of the given expirations, with quotes and Greeks."""
        ...

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars that start in `[start, end)`, oldest first."""
        ...

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        """Return listed symbols that begin with or are described by `text`, best first."""
        ...

    async def instrument(self, name: str) -> Instrument:
        """Return what the broker has on record of a symbol, of any kind that it lists.

        Raises:
            Denied: INVALID_SYMBOL; SYMBOL_NOT_FOUND, CONTRACT_NOT_FOUND; INSTRUMENT_NOT_TRADED for
                a kind that the broker has none of.
        """
        ...

    async def future_chain(self, product: str) -> tuple[FutureExpiration, ...]:
        """Return the options listed on the futures of a product (ES), by day. None is traded here.

        Raises:
            Denied: INVALID_ARGUMENT for what is no code of a product; SYMBOL_NOT_FOUND;
                INSTRUMENT_NOT_TRADED where the broker has no futures.
        """
        ...

    async def implied_history(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> ImpliedHistory:
        """Return the implied volatility at the close of the finished sessions of `start` to `end`.

        Both days are included. A broker that knows rank and percentile but no history says those.
        """
        ...

    async def events(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> tuple[MarketEvent, ...]:
        """Return what is known to happen from `start` to `end`, both included, by day."""
        ...

    async def holidays(self) -> Holidays | None:
        """Return the days on which the venue says it is closed; None where it names none."""
        ...

    async def sessions(self, start: date, end: date) -> tuple[Session, ...] | None:
        """Return the sessions that the venue says it holds on these days, both included, by day.

        None where it names none.
        """
        ...

    def quote_stream(
        self, symbols: Collection[Symbol]
    ) -> AbstractAsyncContextManager[AsyncIterator[Quote]]:
        """Read the quote of each symbol as it stands, then every change, while the block runs.

        A slow reader gets the newest quote of each symbol and no backlog; what nobody quotes is
        silent. One reader's failure disturbs no other. The iterator raises what ends the stream:
        `Unavailable`, or another `DeskError`; open it again to go on.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionPage:
    """Transactions newest first, with how many there are in all."""

    rows: tuple[Transaction, ...]
    total: int


class Broker(MarketData, Protocol):
    """A broker: reads, the pre-flight, and the one method that changes anything there."""

    @property
    def capabilities(self) -> Capabilities:
        """What this broker can do."""
        ...

    async def accounts(self) -> tuple[Account, ...]:
        """Return the accounts of the linked user, in a stable order."""
        ...

    async def customer(self) -> Customer | None:
        """Return who the linked user is; None where the broker has no such thing to tell."""
        ...

    async def balances(self, account_id: str) -> Balances:
        """Return what the account is worth now.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
        """
        ...

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        """Return what the account holds, sorted by symbol."""
        ...

    async def untraded(self, account_id: str) -> tuple[Untraded, ...]:
        """Return what the account holds beside positions: futures, coins, fractions of shares.

        It may be as old as a quarter of a minute.
        """
        ...

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        """Return a page of the account's book, newest first; days are inclusive."""
        ...

    async def worth_history(self, account_id: str, start: date) -> tuple[NetWorth, ...]:
        """Return what the account was worth at the closes from `start` on, oldest first.

        A close of which nobody knows is absent; a broker that keeps no history returns none.
        """
        ...

    async def closing_balances(
        self, account_id: str, start: date, end: date
    ) -> tuple[ClosingBalances, ...]:
        """Return the balances at the closes of `start` to `end`, both included, oldest first.

        A close that is not over, or of which nobody knows, is absent; a broker that keeps no
        balances of other days returns none.

        Raises:
            Denied: ACCOUNT_UNKNOWN; DATA_UNAVAILABLE where it does not tell them.
        """
        ...

    async def margin_held(self, account_id: str) -> MarginHeld:
        """Return what the broker asks for what the account holds, by underlying.

        Raises:
            Denied: ACCOUNT_UNKNOWN; NOT_SUPPORTED, DATA_UNAVAILABLE where it is not told.
        """
        ...

    async def margin_rates(self, account_id: str, underlying: EquitySymbol) -> MarginRates:
        """Return the rates that an underlying is reckoned at in the account.

        Raises:
            Denied: as `margin_held`; SYMBOL_NOT_FOUND.
        """
        ...

    async def risk_free_rate(self) -> Decimal | None:
        """Return the yearly rate that the broker reckons margin with, a fraction; None = not told.

        It is no rate of the market: what options are priced at, their own prices tell.
        """
        ...

    def moves(self, account_id: str) -> int:
        """Return how often the broker has told that the account's money or holdings moved.

        It grows when it does by itself: whatever was read at a lower count is old. 0 for ever where
        nobody is told.
        """
        ...

    async def watchlists(self) -> tuple[BrokerWatchlist, ...]:
        """Return the lists of symbols that the broker keeps, the user's before the public ones.

        They are read and never written. A broker that keeps no lists returns none.

        Raises:
            Denied: NOT_SUPPORTED, where it may keep some and does not tell them.
        """
        ...

    async def orders(
        self, account_id: str, *, since: datetime | None = None
    ) -> tuple[BrokerOrder, ...]:
        """Return working orders and those touched since `since`, newest first."""
        ...

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        """Return one order.

        Raises:
            Denied: ORDER_UNKNOWN.
        """
        ...

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        """Look for an order by our own id, over live and past orders. See `Lookup`."""
        ...

    async def preflight(self, ticket: Ticket) -> Preflight:
        """Say what the ticket would do, sending nothing."""
        ...

    async def survey(self, ticket: Ticket) -> Survey:
        """Look at all that the ticket meets, at once where the venue can show it at once.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
        """
        ...

    async def submit(self, ticket: Ticket) -> Receipt:
        """Act, once: place, replace or cancel. Called from one place in the whole tree.

        Raises:
            Rejected: the broker refused; nothing exists there.
            Unavailable: the request never left.
            OutcomeUnknown: it may have arrived.
        """
        ...

    def account_stream(
        self, account_id: str
    ) -> AbstractAsyncContextManager[AsyncIterator[BrokerOrder]]:
        """Read the working orders as they stand, then every order that changes, one that ends too.

        A slow reader gets the newest state of each order: it carries all fills, so that none is
        lost. Otherwise as `MarketData.quote_stream`.

        Raises:
            Denied: ACCOUNT_UNKNOWN, when the block is entered.
        """
        ...

    async def advance(self) -> None:
        """Let a simulated venue catch up with its clock; a real one has nothing to do."""
        ...


class Accounts(Protocol):
    """Which accounts there are, by the handles that tools use."""

    async def all(self) -> tuple[Account, ...]:
        """Return every account of the linked user."""
        ...

    async def named(self, handle: str) -> Account:
        """Return the account with this handle.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
        """
        ...


class UnderlyingFacts(Protocol):
    """What is known of an underlying, fact by fact."""

    async def facts(
        self, underlying: EquitySymbol, wanted: Collection[UnderlyingFact]
    ) -> Mapping[UnderlyingFact, Known]:
        """Return each wanted fact, known or not.

        Raises:
            Denied: SYMBOL_NOT_FOUND.
            Unavailable: the market cannot be asked.
        """
        ...


class Quotes(Protocol):
    """Prices for the order path: never older than `max_age_s` where the venue has newer."""

    async def fresh(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """Return a quote read from the venue now for each symbol that has one."""
        ...

    async def why_unquoted(self, symbol: Symbol) -> Reason:
        """Say why a symbol has no quote: what is not listed of it, else NO_QUOTE."""
        ...
