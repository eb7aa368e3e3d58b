"""Market data by REST: a snapshot of each symbol asked for. What nobody knows is left out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from strikedesk.domain.calendar import current_or_next_session, exchange_date, previous_session
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.quotes import Bar, Interval, Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol, parse_symbol
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange.futures import E_MINI
from strikedesk.sandbox import future_options, futures, query
from strikedesk.sandbox.future_option_records import FUTURE_OPTION
from strikedesk.sandbox.futures import FUTURE
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.spelling import EQUITY, EQUITY_OPTION, INDEX, SLASH, wire_symbol
from strikedesk.sandbox.wire import context_of, decimal, known, maybe, one, zulu
from strikedesk.sandbox.world import SandboxWorld

ASKED_MAX: Final = 100
_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {"equity": EQUITY, "index": INDEX, "equity-option": EQUITY_OPTION}
)
_KINDS_BESIDE: Final[Mapping[str, str]] = MappingProxyType(
    {"future": FUTURE, "future-option": FUTURE_OPTION}
)
_BESIDE: Final[Mapping[str, Callable[[SandboxWorld, Collection[str]], Sequence[UntradedQuote]]]] = (
    MappingProxyType({FUTURE: futures.quotes_of, FUTURE_OPTION: future_options.quotes_of})
)


@dataclass(frozen=True, slots=True)
class MarketDataRoutes:
    """Quotes."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/market-data/by-type", self.by_type),
            Route("/market-data/{kind}/{symbol}", self.of_one),
        ]

    async def by_type(self, request: Request) -> Response:
        """Tell what is known of the symbols asked for, under the type that each was asked by."""
        wanted = [(k, s) for name, k in _KINDS.items() for s in query.listed(request, name)]
        beside = {kind: query.listed(request, name) for name, kind in _KINDS_BESIDE.items()}
        if len(wanted) + sum(map(len, beside.values())) > ASKED_MAX:
            raise Refusal.of_parameter("symbols", f"are {ASKED_MAX} at most")
        found = [(kind, each) for kind, text in wanted if (each := _read(kind, text)) is not None]
        quotes = await self.world.broker.quotes({symbol for _, symbol in found})
        items = [
            await self._told(kind, quotes[symbol]) for kind, symbol in found if symbol in quotes
        ]
        items += [told for kind, texts in beside.items() for told in self._beside(kind, texts)]
        body = {"data": {"items": items}, "pagination": None, "context": context_of(request)}
        return JSONResponse(body)

    async def of_one(self, request: Request) -> Response:
        """Tell what is known of one symbol."""
        kind = request.path_params["kind"]
        symbol = _read(kind, request.path_params["symbol"])
        if symbol is not None and kind in _KINDS.values():
            quote = (await self.world.broker.quotes({symbol})).get(symbol)
            if quote is not None:
                return one(request, await self._told(kind, quote))
        for told in self._beside(kind, [request.path_params["symbol"]]):
            return one(request, told)
        raise Refusal.not_found("market data for that symbol")

    async def _told(self, kind: str, quote: Quote) -> dict[str, Json]:
        at = self.world.now()
        session = current_or_next_session(at)
        bar = await self._bar_of(quote.symbol, session.opens_at, at)
        head = self._head(kind, wire_symbol(quote.symbol), quote.symbol.underlying)
        return known({**head, **_figures(quote, _mark(quote)), **_of_bar(bar)})

    def _beside(self, kind: str, texts: Collection[str]) -> list[dict[str, Json]]:
        """Tell what is known of futures, or of options on them; they are halted with their index.

        Of another kind there is nothing.
        """
        reads = _BESIDE.get(kind)
        if reads is None or not texts:
            return []
        return [
            known(
                {
                    **self._head(kind, quote.name.compact, E_MINI.underlying.ticker),
                    **_figures(quote, quote.mark),
                }
            )
            for quote in reads(self.world, texts)
        ]

    def _head(self, kind: str, symbol: str, underlying: str) -> dict[str, Json]:
        at = self.world.now()
        day = exchange_date(at)
        return {
            "symbol": symbol,
            "instrument-type": kind,
            "close-price-type": "Regular",
            "prev-close-price-type": "Regular",
            "summary-date": day.isoformat(),
            "prev-close-date": previous_session(day).day.isoformat(),
            "is-trading-halted": underlying in self.world.office.market.halted(at),
            "halt-start-time": -1,
            "halt-end-time": -1,
        }

    async def _bar_of(self, symbol: Symbol, opens_at: datetime, at: datetime) -> Bar | None:
        """Return the day so far; a contract's is not asked for, it would take too long."""
        if isinstance(symbol, OptionSymbol) or at <= opens_at:
            return None
        bars = await self.world.broker.bars(symbol, Interval.DAY, opens_at, at)
        return bars[-1] if bars else None


def _read(kind: str, text: str) -> Symbol | None:
    """Return the symbol, or None where that is none of its kind: what is unknown is dropped."""
    try:
        symbol = parse_symbol(text.replace(SLASH, "/"))
    except Denied:
        return None
    return symbol if isinstance(symbol, OptionSymbol) == (kind == EQUITY_OPTION) else None


def _figures(quote: Quote | UntradedQuote, mark: Decimal | None) -> dict[str, Json]:
    last = maybe(quote.last)
    return {
        "updated-at": zulu(quote.at),
        "bid": maybe(quote.bid),
        "bid-size": decimal(quote.bid_size or 0),
        "ask": maybe(quote.ask),
        "ask-size": decimal(quote.ask_size or 0),
        "mid": maybe(quote.mid),
        "mark": maybe(mark),
        "last": last,
        "last-mkt": last,
        "prev-close": maybe(quote.previous_close),
        "volume": maybe(quote.volume),
        "open-interest": maybe(quote.open_interest),
    }


def _mark(quote: Quote) -> Decimal | None:
    """Return the last price of shares where it lies between the sides, else the mid."""
    if not isinstance(quote.symbol, EquitySymbol) or quote.last is None:
        return quote.mark
    if quote.bid is None or quote.ask is None:
        return quote.last
    return min(max(quote.last, quote.bid), quote.ask)


def _of_bar(bar: Bar | None) -> dict[str, Json]:
    if bar is None:
        return {}
    return {
        "open": decimal(bar.open),
        "day-high-price": decimal(bar.high),
        "day-low-price": decimal(bar.low),
    }
