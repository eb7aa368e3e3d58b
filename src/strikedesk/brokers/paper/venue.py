"""What the market says, asked off the event loop wherever it could take a while."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Final, TypeVar

from anyio import to_thread

from strikedesk.brokers.paper.instruments import instrument_of
from strikedesk.domain.calendar import previous_session
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.instruments import Instrument
from strikedesk.domain.quotes import Bar, Chain, Expiration, Interval, Quote, SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.domain.volatility import ImpliedClose, ImpliedHistory
from strikedesk.exchange.days import trading_day
from strikedesk.exchange.holdings import with_underlyings
from strikedesk.exchange.market import Market
from strikedesk.exchange.screen import Screen, look

T = TypeVar("T")

# Quoting this many contracts of a market that is warm is quicker than a hop to a thread.
_INLINE_MAX: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A market behind the event loop. The market is asked from several threads at once."""

    market: Market
    _warm: set[str] = field(default_factory=set[str], init=False)

    async def quotes(self, symbols: Collection[Symbol], at: datetime) -> Mapping[Symbol, Quote]:
        """Return the standing quotes of those symbols that are listed."""
        return await self._ask(symbols, partial(self.market.quotes, symbols, at))

    async def screen(self, symbols: Collection[Symbol], at: datetime) -> Screen:
        """Return what the exchange sees of these symbols."""
        return await self._ask(symbols, partial(look, self.market, symbols, at))

    async def closes(self, symbols: Collection[Symbol], at: datetime) -> Mapping[Symbol, Decimal]:
        """Return the marks at the close before the trading day of `at`, of those that had one."""
        if not symbols:
            return {}
        quotes = await self.quotes(symbols, previous_session(trading_day(at).day).closes_at)
        return {symbol: quote.mark for symbol, quote in quotes.items() if quote.mark is not None}

    def is_warm(self, symbols: Collection[Symbol]) -> bool:
        """Whether the underlyings were asked about before: an answer takes no while then."""
        return {symbol.underlying for symbol in symbols} <= self._warm

    async def warm(self, symbols: Collection[Symbol], at: datetime) -> None:
        """Make the first question about an underlying here, not on the store's writer thread."""
        if not self.is_warm(symbols):
            await self.quotes(with_underlyings(symbols), at)

    async def expirations(self, underlying: EquitySymbol, at: datetime) -> tuple[Expiration, ...]:
        """See `Market.expirations`."""
        return await to_thread.run_sync(self.market.expirations, underlying, at)

    async def chain(self, underlying: EquitySymbol, days: Collection[date], at: datetime) -> Chain:
        """See `Market.chain`."""
        return await to_thread.run_sync(self.market.chain, underlying, days, at)

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """See `Market.bars`; `end` is never later than the venue's time."""
        return await to_thread.run_sync(self.market.bars, symbol, interval, start, end)

    async def check_listed(self, underlying: EquitySymbol, at: datetime) -> None:
        """Refuse an underlying that does not trade.

        Raises:
            Denied: SYMBOL_NOT_FOUND.
        """
        listed = await to_thread.run_sync(self.market.listed, at)
        if all(info.symbol != underlying for info in listed):
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=underlying.compact)

    async def instrument(self, symbol: Symbol, at: datetime) -> Instrument:
        """Return what is on record of a symbol.

        Raises:
            Denied: SYMBOL_NOT_FOUND, CONTRACT_NOT_FOUND.
        """
        return await to_thread.run_sync(instrument_of, self.market, symbol, at)

    async def search(self, text: str, limit: int, at: datetime) -> tuple[SymbolInfo, ...]:
        """Return underlyings whose ticker begins with `text`, then those described by it."""
        sought = text.strip().upper()
        listed = await to_thread.run_sync(self.market.listed, at)
        begin = [i for i in listed if i.symbol.compact.startswith(sought)]
        told = [i for i in listed if i not in begin and sought in i.description.upper()]
        return tuple([*begin, *told][: max(limit, 0)]) if sought else ()

    async def implied_history(
        self, underlying: EquitySymbol, sessions: Sequence[date], at: datetime
    ) -> ImpliedHistory:
        """Return the implied volatility at the close of sessions that are over."""
        return await to_thread.run_sync(self._implied_history, underlying, sessions, at)

    async def events(
        self, underlying: EquitySymbol, start: date, end: date, at: datetime
    ) -> tuple[MarketEvent, ...]:
        """See `Market.events`."""
        return await to_thread.run_sync(self._events, underlying, start, end, at)

    def _implied_history(
        self, underlying: EquitySymbol, sessions: Sequence[date], at: datetime
    ) -> ImpliedHistory:
        self._check_listed(underlying, at)
        found = ((day, self.market.implied_volatility(underlying, day)) for day in sessions)
        return ImpliedHistory(
            closes=tuple(
                ImpliedClose(day=day, volatility=vol) for day, vol in found if vol is not None
            )
        )

    def _events(
        self, underlying: EquitySymbol, start: date, end: date, at: datetime
    ) -> tuple[MarketEvent, ...]:
        self._check_listed(underlying, at)
        return self.market.events(underlying, start, end)

    def _check_listed(self, underlying: EquitySymbol, at: datetime) -> None:
        if all(info.symbol != underlying for info in self.market.listed(at)):
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=underlying.compact)

    async def _ask(self, symbols: Collection[Symbol], question: Callable[[], T]) -> T:
        if len(symbols) <= _INLINE_MAX and self.is_warm(symbols):
            return question()
        answer = await to_thread.run_sync(question)
        self._warm.update(symbol.underlying for symbol in symbols)
        return answer
