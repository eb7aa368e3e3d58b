"""The market as the line tells it: quotes with their age, or why there is none."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from strikedesk.brokers.streams import Hub
from strikedesk.brokers.tastytrade.dxlink.kinds import Item, Kind
from strikedesk.brokers.tastytrade.dxlink.line import Line
from strikedesk.brokers.tastytrade.dxlink.meaning import (
    HALTED,
    bar_of,
    greeks_of,
    quote_of,
    quoted,
)
from strikedesk.brokers.tastytrade.dxlink.spelling import candles_of, streamed
from strikedesk.brokers.tastytrade.patience import TOLD_AFTER_S, Endurance
from strikedesk.domain.calendar import MarketStatus, status
from strikedesk.domain.errors import Unavailable
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.ports import Clock
from strikedesk.domain.quotes import Bar, Interval, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol, Symbol

FIRST_WITHIN_S: Final = 3.0
HISTORY_WITHIN_S: Final = 10.0
_SIDES_WITHIN_S: Final = 1.0
# The server gathers changes for as long before it tells them.
_LOOK_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The quotes that there are, and of every other symbol why there is none."""

    quotes: Mapping[Symbol, Quote]
    silent: Mapping[Symbol, Reason]


class StreamedMarket:
    """Quotes, Greeks and bars of one user's line."""

    def __init__(self, *, line: Line, clock: Clock, told_after_s: float = TOLD_AFTER_S) -> None:
        """Read this line; readers of changes hear of trouble that lasts for `told_after_s`."""
        self._line = line
        self._clock = clock
        self._told_after_s = told_after_s
        self._hub = Hub(self._feed)

    async def quotes(
        self, symbols: Collection[Symbol], *, within_s: float = FIRST_WITHIN_S
    ) -> Quoted:
        """Return the newest of each symbol, waiting so long at most for the first of it.

        A symbol that only trades (an index) is not waited for as long as one that may be quoted.
        """
        asked = frozenset(item for symbol in symbols for item in _asked(symbol))
        both_sides = [Item(Kind.QUOTE, streamed(symbol)) for symbol in symbols]
        async with self._line.watching(asked):
            await self._line.first(both_sides, within_s=min(within_s, _SIDES_WITHIN_S))
            quotes = self._told(symbols)
            unheard = [item for symbol in set(symbols) - quotes.keys() for item in quoted(symbol)]
            if unheard and within_s > _SIDES_WITHIN_S:
                await self._line.first(unheard, within_s=within_s - _SIDES_WITHIN_S)
                quotes = self._told(symbols)
            silent = {symbol: self.why_silent(symbol) for symbol in set(symbols) - quotes.keys()}
        return Quoted(quotes=quotes, silent=silent)

    async def greeks(
        self, symbols: Collection[Symbol], *, within_s: float = FIRST_WITHIN_S
    ) -> Mapping[Symbol, Greeks]:
        """Return the feed's Greeks of the options that have some."""
        items = {symbol: Item(Kind.GREEKS, streamed(symbol)) for symbol in symbols}
        told = await self._line.first((*items.values(),), within_s=within_s)
        return {symbol: greeks_of(told[item]) for symbol, item in items.items() if item in told}

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars that start in `[start, end)`, oldest first.

        Raises:
            Unavailable: they were not all told in time; a part is never told for all.
        """
        series = await self._line.candles(
            candles_of(symbol, interval),
            from_ms=int(start.timestamp() * 1000),
            within_s=HISTORY_WITHIN_S,
        )
        if series is None or not series.complete:
            raise Unavailable(Reason.DATA_UNAVAILABLE, symbol=symbol.compact)
        bars = (bar_of(event) for event in series.events())
        return tuple(bar for bar in bars if bar is not None and start <= bar.at < end)

    def changes(
        self, symbols: Collection[Symbol]
    ) -> AbstractAsyncContextManager[AsyncIterator[Quote]]:
        """See `MarketData.quote_stream`."""
        return self._hub.reader(frozenset(symbols))

    def why_silent(self, symbol: Symbol) -> Reason:
        """Say why there is no quote: the line, a halt, the hour, or that nobody quotes it."""
        if self._line.trouble is not None:
            return self._line.trouble.reason
        profile = self._line.newest(Item(Kind.PROFILE, streamed(symbol)))
        if profile is not None and profile.text("tradingStatus") == HALTED:
            return Reason.UNDERLYING_HALTED
        return Reason.NO_QUOTE if self._trades_now(symbol) else Reason.MARKET_CLOSED

    def _trades_now(self, symbol: Symbol) -> bool:
        now = status(self._clock.now())
        if isinstance(symbol, OptionSymbol):
            return now is MarketStatus.OPEN
        return now is not MarketStatus.CLOSED

    def _told(self, symbols: Iterable[Symbol]) -> dict[Symbol, Quote]:
        known = (self._quote(symbol) for symbol in symbols)
        return {quote.symbol: quote for quote in known if quote is not None}

    def _quote(self, symbol: Symbol) -> Quote | None:
        newest = self._line.newest
        sides, trade, summary = quoted(symbol)
        return quote_of(symbol, newest(sides), newest(trade), newest(summary), self._line.feed)

    async def _feed(self, hub: Hub[Symbol, Symbol, Quote]) -> None:
        """Tell quotes as they change, for as long as somebody reads. See `Hub`.

        Who has just come is told what stands also where another reader has just left.

        Raises:
            Misconfigured, Unavailable: see `Endurance`.
        """
        endurance = Endurance(within_s=self._told_after_s)
        while True:
            wanted = hub.wanted
            by_item = {item: symbol for symbol in wanted for item in quoted(symbol)}
            async with self._line.watching((*by_item,)) as reader:
                news = set(by_item)
                while hub.wanted == wanted:
                    endurance.bear(self._line.trouble, asyncio.get_running_loop().time())
                    self._publish(hub, {by_item[item] for item in news})
                    joined = await hub.pause(_LOOK_EVERY_S)
                    unheard = set(reader.unheard())
                    news = set(by_item) if joined else unheard

    def _publish(self, hub: Hub[Symbol, Symbol, Quote], symbols: Collection[Symbol]) -> None:
        """Tell what is new of these."""
        for symbol, quote in self._told(symbols).items():
            hub.publish(symbol, symbol, quote)


def _asked(symbol: Symbol) -> tuple[Item, ...]:
    return (*quoted(symbol), Item(Kind.PROFILE, streamed(symbol)))
