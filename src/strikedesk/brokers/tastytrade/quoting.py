"""Quotes: snapshots of many symbols, a hundred to a call."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, path_of, repeated
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed
from strikedesk.brokers.tastytrade.payloads.market import QuoteTold
from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.brokers.tastytrade.spelling import (
    EQUITY,
    EQUITY_OPTION,
    INDEX,
    read_symbol,
    spelled,
    type_of,
)
from strikedesk.domain.accounts import Environment
from strikedesk.domain.quotes import Feed, Quote
from strikedesk.domain.symbols import EquitySymbol, Symbol

SYMBOLS_MAX: Final = 100

_BY_TYPE: Final = path_of("market-data", "by-type")
_QUOTES: Final = TypeAdapter(Listed[QuoteTold])
# The names of the arguments are singular; another name is dropped in silence.
_ARGUMENTS: Final = {EQUITY: "equity", EQUITY_OPTION: "equity-option", INDEX: "index"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoting:
    """Reads quotes.

    A ticker is asked for as a share; what is none is asked for once more as an index, which is what
    the broker calls some of them.
    """

    client: Client
    site: Site

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """See `MarketData.quotes`."""
        found = await self._read((type_of(symbol), symbol) for symbol in sorted_by_name(symbols))
        tickers = [each for each in symbols if isinstance(each, EquitySymbol) and each not in found]
        return found | await self._read((INDEX, ticker) for ticker in tickers)

    async def _read(self, asked: Iterable[tuple[str, Symbol]]) -> dict[Symbol, Quote]:
        found, waiting = dict[Symbol, Quote](), iter(asked)
        while batch := list(islice(waiting, SYMBOLS_MAX)):
            query = tuple(
                argument
                for kind, symbol in batch
                for argument in repeated(_ARGUMENTS[kind], [spelled(symbol)])
            )
            call = Call(path=_BY_TYPE, query=query)
            listed = await self.client.every(call, _QUOTES)
            wanted = {symbol for _, symbol in batch}
            found |= {q.symbol: q for q in self._translated(listed) if q.symbol in wanted}
        return found

    def _translated(self, listed: Iterable[QuoteTold]) -> Iterator[Quote]:
        feed = feed_of(self.site)
        for told in listed:
            symbol = read_symbol(told.instrument_type, told.symbol)
            if symbol is not None and told.updated_at is not None:
                yield _quote(symbol, told, told.updated_at, feed)


def _quote(symbol: Symbol, told: QuoteTold, at: datetime, feed: Feed) -> Quote:
    bid, ask = _price(told.bid), _price(told.ask)
    return Quote(
        symbol=symbol,
        at=at,  # Also one that lies ahead of our clock: who checks its age has to see that.
        feed=feed,
        bid=bid,
        ask=ask,
        bid_size=None if bid is None else _count(told.bid_size),
        ask_size=None if ask is None else _count(told.ask_size),
        last=_price(told.last),
        previous_close=_price(told.prev_close),
        volume=_count(told.volume),
        open_interest=_count(told.open_interest),
    )


def feed_of(site: Site) -> Feed:
    """Return how far a site's prices can be believed: the broker's sandbox tells delayed ones."""
    if site.environment is Environment.LIVE:
        return Feed.REALTIME
    return Feed.SIMULATED if site.is_here else Feed.DELAYED


def sorted_by_name(symbols: Collection[Symbol]) -> list[Symbol]:
    """Return symbols in one order, so that the same question looks the same."""
    return sorted(symbols, key=lambda symbol: symbol.compact)


def _price(told: Decimal | None) -> Decimal | None:
    return told if told is not None and told >= 0 else None


def _count(told: Decimal | None) -> int | None:
    return None if told is None or told < 0 else int(told)
