"""A market whose every quote is set by hand, instant by instant."""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from strikedesk.domain import calendar
from strikedesk.domain.calendar import MarketStatus
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import MarketEvent
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
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol, parse_symbol
from strikedesk.domain.terms import ON_AN_INDEX, ON_SHARES, Terms
from strikedesk.exchange.market import OnForward
from tests.builders import NOON


@dataclass(slots=True)
class ScriptedMarket:
    """Says what it was told: a quote stands until the next one of its symbol.

    `indices` are numbers without shares; `stopped` those halted, until `resumes_at` where that is
    known; `recorded` has no extended hours; `scheduled` what happens on days to come, `promised`
    the terms of contracts that are not the usual ones, `implied` the volatility at the close of
    days. `asked` counts how often quotes were looked at.
    """

    indices: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    resumes_at: datetime | None = None
    recorded: bool = False
    scheduled: tuple[MarketEvent, ...] = ()
    promised: dict[OptionSymbol, Terms] = field(default_factory=dict[OptionSymbol, Terms])
    implied: dict[tuple[str, date], float] = field(default_factory=dict[tuple[str, date], float])
    asked: int = 0
    _told: dict[Symbol, list[Quote]] = field(default_factory=dict[Symbol, list[Quote]])
    _settled: dict[tuple[str, date], Decimal] = field(
        default_factory=dict[tuple[str, date], Decimal]
    )

    @property
    def feed(self) -> Feed:
        return Feed.SIMULATED

    def tell(
        self,
        symbol: str,
        bid: str | None,
        ask: str | None,
        *,
        at: datetime = NOON,
        size: int | None = 100,
        last: str | None = None,
        previous: str | None = None,
        volume: int | None = None,
    ) -> None:
        """Quote a symbol from `at` on, with the same size on both sides."""
        quote = Quote(
            symbol=parse_symbol(symbol),
            at=at,
            feed=self.feed,
            bid=None if bid is None else Decimal(bid),
            ask=None if ask is None else Decimal(ask),
            bid_size=size,
            ask_size=size,
            last=None if last is None else Decimal(last),
            previous_close=None if previous is None else Decimal(previous),
            volume=volume,
        )
        told = [q for q in self._told.get(quote.symbol, []) if q.at != at]
        self._told[quote.symbol] = sorted([*told, quote], key=lambda q: q.at)

    def settle(self, underlying: str, day: date, price: str) -> None:
        """Say at what price the contracts of `day` settle."""
        self._settled[underlying, day] = Decimal(price)

    def listed(self, at: datetime) -> tuple[SymbolInfo, ...]:
        tickers = sorted({symbol.underlying for symbol in self._told})
        return tuple(
            SymbolInfo(
                symbol=EquitySymbol(ticker),
                description=f"{ticker} by hand",
                kind="index" if ticker in self.indices else "equity",
                has_options=True,
            )
            for ticker in tickers
        )

    def index_tickers(self, at: datetime) -> frozenset[str]:
        return self.indices & {symbol.underlying for symbol in self._told}

    def quotes(self, symbols: Collection[Symbol], at: datetime) -> Mapping[Symbol, Quote]:
        self.asked += 1
        standing = {symbol: self._standing(symbol, at) for symbol in symbols}
        return {symbol: quote for symbol, quote in standing.items() if quote is not None}

    def expirations(self, underlying: EquitySymbol, at: datetime) -> tuple[Expiration, ...]:
        contracts = self._contracts(underlying)
        today = calendar.exchange_date(at)
        return tuple(
            Expiration(
                underlying=underlying.ticker,
                root=underlying.ticker,
                day=day,
                days=calendar.days_to_expiration(today, day),
                standard=True,
                settlement=Settlement.PM,
                strikes=tuple(sorted({c.strike for c in contracts if c.expiration == day})),
            )
            for day in sorted({contract.expiration for contract in contracts})
        )

    def chain(self, underlying: EquitySymbol, days: Collection[date], at: datetime) -> Chain:
        wanted = [c for c in self._contracts(underlying) if c.expiration in days]
        spot = self._standing(underlying, at)
        if spot is None:
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=underlying.ticker)
        rows = tuple(
            ChainRow(contract=contract, quote=quote, greeks=None)
            for contract in sorted(wanted)
            if (quote := self._standing(contract, at)) is not None
        )
        return Chain(underlying=underlying.ticker, spot=spot, as_of=at, rows=rows)

    def forward(self, underlying: EquitySymbol, until: datetime, at: datetime) -> Decimal | None:
        return None

    def on_forward(self, options: OnForward, at: datetime) -> tuple[Decimal, ...] | None:
        return None

    def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        marks = [
            (quote.at, quote.mark)
            for quote in self._told.get(symbol, [])
            if start <= quote.at < end and quote.mark is not None
        ]
        return tuple(Bar(at=at, open=m, high=m, low=m, close=m) for at, m in marks)

    @property
    def has_extended_hours(self) -> bool:
        return not self.recorded

    def ticks(
        self,
        symbols: Collection[Symbol],
        after: datetime,
        until: datetime,
        *,
        extended: bool = False,
    ) -> Iterator[datetime]:
        told = {quote.at for symbol in symbols for quote in self._told.get(symbol, [])}
        sessions = calendar.sessions_between(
            calendar.exchange_date(after), calendar.exchange_date(until)
        )
        starts = {session.opens_at for session in sessions}
        starts |= set() if self.resumes_at is None else {self.resumes_at}
        late = frozenset(symbols) if extended else frozenset[Symbol]()
        yield from sorted(
            t
            for t in told | starts
            if after < t <= until and (self.is_open(t) or self.extended(late, t))
        )

    def extended(self, symbols: Collection[Symbol], at: datetime) -> frozenset[Symbol]:
        if self.recorded or calendar.status(at) in {MarketStatus.OPEN, MarketStatus.CLOSED}:
            return frozenset()
        shares = (symbol for symbol in symbols if isinstance(symbol, EquitySymbol))
        return frozenset(share for share in shares if share.ticker not in self.indices)

    def is_open(self, at: datetime) -> bool:
        return calendar.is_open(at)

    def halted(self, at: datetime) -> frozenset[str]:
        resumed = self.resumes_at is not None and at >= self.resumes_at
        return frozenset() if resumed else self.stopped

    def terms(self, contract: OptionSymbol) -> Terms | None:
        usual = ON_AN_INDEX if contract.underlying in self.indices else ON_SHARES
        return self.promised.get(contract, usual)

    def events(self, underlying: EquitySymbol, start: date, end: date) -> tuple[MarketEvent, ...]:
        mine = (event for event in self.scheduled if event.underlying == underlying.ticker)
        return tuple(event for event in mine if start <= event.day <= end)

    def implied_volatility(self, underlying: EquitySymbol, day: date) -> float | None:
        return self.implied.get((underlying.ticker, day))

    def settlement(self, contract: OptionSymbol) -> Decimal | None:
        return self._settled.get((contract.underlying, contract.expiration))

    def _standing(self, symbol: Symbol, at: datetime) -> Quote | None:
        told = self._told.get(symbol, [])
        place = bisect_right(told, at, key=lambda quote: quote.at)
        return replace(told[place - 1], symbol=symbol) if place else None

    def _contracts(self, underlying: EquitySymbol) -> list[OptionSymbol]:
        if not any(symbol.underlying == underlying.ticker for symbol in self._told):
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=underlying.ticker)
        return [
            symbol
            for symbol in self._told
            if isinstance(symbol, OptionSymbol) and symbol.underlying == underlying.ticker
        ]
