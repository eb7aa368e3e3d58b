"""A market and a book keeper that answer from a script, count what they are asked, and can wait."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from strikedesk.brokers.streams import Hub
from strikedesk.domain.accounts import (
    Account,
    AccountKind,
    Balances,
    ClosingBalances,
    Environment,
    NetWorth,
    Position,
    Transaction,
)
from strikedesk.domain.calendar import Session, exchange_date
from strikedesk.domain.customer import Customer
from strikedesk.domain.errors import Denied, DeskError, Unavailable
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.future_chains import FutureExpiration
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.holidays import Holidays
from strikedesk.domain.instruments import Instrument
from strikedesk.domain.margin import MarginHeld, MarginRates
from strikedesk.domain.ports import TransactionPage
from strikedesk.domain.quotes import (
    Bar,
    Chain,
    ChainRow,
    Expiration,
    Feed,
    Interval,
    Quote,
    Settlement,
    SymbolInfo,
)
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.domain.untraded import Untraded, UntradedName, untraded_name
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.domain.volatility import ImpliedHistory
from tests.builders import NOON


@dataclass(slots=True)
class StepClock:
    """Stands still until it is told to move, here or `elsewhere`: that is heard of later."""

    at: datetime = NOON
    elsewhere: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.at

    def step(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def hear(self) -> None:
        self.at, self.elsewhere = self.at + self.elsewhere, timedelta(0)


def a_quote(symbol: Symbol, mid: str | None = "1.05", at: datetime = NOON) -> Quote:
    """Return a quote ten cents wide around `mid`; without one, a side is missing."""
    middle = Decimal(mid) if mid else None
    return Quote(
        symbol=symbol,
        at=at,
        feed=Feed.SIMULATED,
        bid=middle - Decimal("0.05") if middle else None,
        ask=middle + Decimal("0.05") if middle else Decimal("0.10"),
    )


def greeks(delta: float | None, iv: float | None, at: datetime = NOON) -> Greeks:
    """Return Greeks of which only delta and volatility matter."""
    return Greeks(
        implied_volatility=iv,
        delta=delta,
        gamma=0.0123456,
        theta=-0.0456789,
        vega=0.1098765,
        rho=0.05,
        source="model",
        at=at,
    )


def an_expiration(
    day: date,
    strikes: Collection[int],
    *,
    today: date,
    standard: bool = False,
    underlying: str = "AAPL",
    root: str | None = None,
) -> Expiration:
    """Return a listed expiration; its days count from `today`."""
    return Expiration(
        underlying=underlying,
        root=root or underlying,
        day=day,
        days=(day - today).days,
        standard=standard,
        settlement=Settlement.PM,
        strikes=tuple(Decimal(strike) for strike in strikes),
    )


@dataclass(slots=True)
class ScriptedMarket:
    """Tells what it was given. `calls` is what it was asked; `gate`, when set, is waited for.

    A contract's quote is its strike's distance from the spot plus one; `unquoted` symbols have
    none. `chain_rows` replaces what it would make up for a chain. `implied` and `scheduled` are
    what it tells of the past and of days to come; without an entry it has no such data. `beside`
    is on its record, with or without a quote.
    """

    clock: StepClock = field(default_factory=StepClock)
    spots: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    listed: dict[str, tuple[Expiration, ...]] = field(
        default_factory=dict[str, tuple[Expiration, ...]]
    )
    chain_rows: dict[str, tuple[ChainRow, ...]] = field(
        default_factory=dict[str, tuple[ChainRow, ...]]
    )
    daily: dict[str, tuple[Bar, ...]] = field(default_factory=dict[str, tuple[Bar, ...]])
    implied: dict[str, ImpliedHistory] = field(default_factory=dict[str, ImpliedHistory])
    scheduled: dict[str, tuple[MarketEvent, ...]] = field(
        default_factory=dict[str, tuple[MarketEvent, ...]]
    )
    unquoted: set[Symbol] = field(default_factory=set[Symbol])
    beside: dict[UntradedName, UntradedQuote | None] = field(
        default_factory=dict[UntradedName, UntradedQuote | None]
    )
    future_chains: dict[str, tuple[FutureExpiration, ...]] = field(
        default_factory=dict[str, tuple[FutureExpiration, ...]]
    )
    complete: bool = True
    tells_too_much: bool = False
    calls: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    gate: asyncio.Event | None = None
    fails_with: DeskError | None = None
    record_fails_with: DeskError | None = None
    _hub: Hub[Symbol, Symbol, Quote] = field(init=False)

    def __post_init__(self) -> None:
        self._hub = Hub(self._tell)

    def now(self) -> datetime:
        return self.clock.now()

    async def ready(self) -> None:
        self.clock.hear()

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        await self._asked("quotes", *(symbol.compact for symbol in symbols))
        quotes = {symbol: self.quote(symbol) for symbol in symbols}
        return {symbol: quote for symbol, quote in quotes.items() if quote is not None}

    async def quotes_beside(
        self, names: Collection[UntradedName]
    ) -> Mapping[UntradedName, UntradedQuote]:
        await self._asked("beside", *(name.compact for name in names))
        told = {name: self.beside.get(name) for name in names}
        return {name: quote for name, quote in told.items() if quote is not None}

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        await self._asked("expirations", underlying.ticker)
        return self.listed[self._known(underlying)]

    async def chain(self, underlying: EquitySymbol, days: Collection[date]) -> Chain:
        await self._asked("chain", underlying.ticker, *(day.isoformat() for day in days))
        ticker = self._known(underlying)
        spot = self.quote(underlying) or Quote(
            symbol=underlying, at=self.now(), feed=Feed.SIMULATED
        )
        rows = self.chain_rows[ticker] if ticker in self.chain_rows else self._made_up(ticker)
        wanted = tuple(
            row for row in rows if self.tells_too_much or row.contract.expiration in days
        )
        return Chain(
            underlying=ticker, spot=spot, as_of=self.now(), rows=wanted, complete=self.complete
        )

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        await self._asked("bars", symbol.compact, interval.value)
        bars = self.daily.get(symbol.compact)
        if bars is None:
            raise Denied(Reason.DATA_UNAVAILABLE, symbol=symbol.compact)
        return tuple(bar for bar in bars if start <= bar.at < end)

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        await self._asked("search", text)
        found = sorted(ticker for ticker in self.spots if ticker.startswith(text.upper()))
        infos = (
            SymbolInfo(symbol=EquitySymbol(ticker), description="", kind="equity", has_options=True)
            for ticker in found
        )
        return tuple(infos)[:limit]

    async def future_chain(self, product: str) -> tuple[FutureExpiration, ...]:
        await self._asked("future_chain", product)
        return self.future_chains.get(product, ())

    async def implied_history(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> ImpliedHistory:
        await self._asked("implied", underlying.ticker)
        if underlying.ticker not in self.implied:
            raise Denied(Reason.DATA_UNAVAILABLE, symbol=underlying.ticker)
        known = self.implied[underlying.ticker]
        inside = tuple(close for close in known.closes if start <= close.day <= end)
        return replace(known, closes=inside)

    async def events(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> tuple[MarketEvent, ...]:
        await self._asked("events", underlying.ticker)
        if underlying.ticker not in self.scheduled:
            raise Denied(Reason.DATA_UNAVAILABLE, symbol=underlying.ticker)
        return tuple(e for e in self.scheduled[underlying.ticker] if start <= e.day <= end)

    async def instrument(self, name: str) -> Instrument:
        await self._asked("instrument", name)
        if self.record_fails_with is not None:
            raise self.record_fails_with
        named = untraded_name(name)
        if named in self.beside:
            return Instrument(symbol=named.compact, kind=named.kind)
        raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=name)

    async def holidays(self) -> Holidays | None:
        return None

    async def sessions(self, start: date, end: date) -> tuple[Session, ...] | None:
        del start, end
        return None

    def quote_stream(
        self, symbols: Collection[Symbol]
    ) -> AbstractAsyncContextManager[AsyncIterator[Quote]]:
        return self._hub.reader(frozenset(symbols))

    async def _tell(self, hub: Hub[Symbol, Symbol, Quote]) -> None:
        while True:
            for symbol, quote in (await self.quotes(hub.wanted)).items():
                hub.publish(symbol, symbol, quote)
            await hub.pause(0.002)

    def quote(self, symbol: Symbol) -> Quote | None:
        """Return what the script says of a symbol now."""
        spot = self.spots.get(symbol.underlying)
        if spot is None or symbol in self.unquoted:
            return None
        price = spot if isinstance(symbol, EquitySymbol) else abs(symbol.strike - spot) + 1
        return a_quote(symbol, str(price), self.now())

    def _made_up(self, ticker: str) -> tuple[ChainRow, ...]:
        contracts = (
            OptionSymbol(each.root, each.day, right, strike)
            for each in self.listed[ticker]
            for strike in each.strikes
            for right in (Right.CALL, Right.PUT)
        )
        return tuple(self._row(contract) for contract in contracts)

    def _row(self, contract: OptionSymbol) -> ChainRow:
        missing = Quote(symbol=contract, at=self.now(), feed=Feed.SIMULATED)
        sign = 1 if contract.right is Right.CALL else -1
        return ChainRow(
            contract=contract,
            quote=self.quote(contract) or missing,
            greeks=greeks(sign * 0.5, 0.25, self.now()),
        )

    def _known(self, underlying: EquitySymbol) -> str:
        if underlying.ticker not in self.listed:
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=underlying.ticker)
        return underlying.ticker

    async def _asked(self, *call: str) -> None:
        self.calls.append(call)
        if self.gate is not None:
            await self.gate.wait()
        if self.fails_with is not None:
            raise self.fails_with


@dataclass(slots=True)
class ScriptedKeeper:
    """Keeps the books it was given and counts how often they were opened."""

    clock: StepClock = field(default_factory=StepClock)
    handles: tuple[str, ...] = ("main", "ira")
    holdings: dict[str, tuple[Position, ...]] = field(
        default_factory=dict[str, tuple[Position, ...]]
    )
    lines: tuple[Transaction, ...] = ()
    worths: tuple[NetWorth, ...] | None = ()
    closes: tuple[ClosingBalances, ...] = ()
    margin: Decimal | None = None
    calls: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        return self.clock.now()

    async def ready(self) -> None:
        self.clock.hear()

    async def accounts(self) -> tuple[Account, ...]:
        self.calls.append(("accounts",))
        return tuple(an_account(handle) for handle in self.handles)

    async def customer(self) -> Customer | None:
        return None

    async def balances(self, account_id: str) -> Balances:
        self.calls.append(("balances", account_id))
        return Balances(account_id=account_id, as_of=self.now(), cash=Decimal(1000))

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        self.calls.append(("positions", account_id))
        held = self.holdings.get(account_id, ())  # As it stands when asked, not when answered.
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        return held

    async def untraded(self, account_id: str) -> tuple[Untraded, ...]:
        return ()

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        self.calls.append(("transactions", account_id, str(limit), str(offset)))
        first, last = start or date.min, end or date.max
        rows = [line for line in self.lines if first <= exchange_date(line.at) <= last]
        return TransactionPage(rows=tuple(rows[offset : offset + limit]), total=len(rows))

    def moves(self, account_id: str) -> int:
        return 0

    async def worth_history(self, account_id: str, start: date) -> tuple[NetWorth, ...]:
        self.calls.append(("worth_history", account_id))
        if self.worths is None:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)
        return tuple(each for each in self.worths if exchange_date(each.at) >= start)

    async def closing_balances(
        self, account_id: str, start: date, end: date
    ) -> tuple[ClosingBalances, ...]:
        self.calls.append(("closing_balances", account_id))
        return tuple(close for close in self.closes if start <= close.day <= end)

    async def risk_free_rate(self) -> Decimal | None:
        return None

    async def margin_held(self, account_id: str) -> MarginHeld:
        self.calls.append(("margin_held", account_id))
        return MarginHeld(account_id=account_id, as_of=self.now(), initial=self.margin)

    async def margin_rates(self, account_id: str, underlying: EquitySymbol) -> MarginRates:
        self.calls.append(("margin_rates", account_id, underlying.ticker))
        return MarginRates(underlying=underlying.ticker)


def an_account(handle: str = "main") -> Account:
    """Return a paper account whose number is its handle's."""
    return Account(
        account_id=f"ID-{handle}",
        handle=handle,
        nickname=handle,
        kind=AccountKind.MARGIN,
        environment=Environment.PAPER,
        simulated=True,
    )
