"""Instruments: what can be traded, and what it promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from zlib import crc32

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.ledger import Json
from strikedesk.domain.quotes import Expiration, SymbolInfo
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.domain.terms import Terms
from strikedesk.sandbox import query
from strikedesk.sandbox.chains import contract_record, tick_sizes
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.spelling import (
    EQUITY,
    read_symbol,
    read_underlying,
    streamer_symbol,
    wire_symbol,
)
from strikedesk.sandbox.wire import decimal, known, many, one, page_of, paged
from strikedesk.sandbox.world import SandboxWorld

_PAGE: Final = 1000
_PAGE_MAX: Final = 5000
_FOUND_MAX: Final = 25
_SOME_DAY: Final = date(2026, 1, 16)
_KINDS: Final = ("etf", "index")
_PRECISIONS: Final = ("Equity", "Equity Option", "Future", "Future Option")
# What this venue does not list: asked for, the answer is an empty list.
_NONE_OF: Final = (
    "/instruments/cryptocurrencies",
    "/instruments/warrants",
    "/instruments/currency-pairs",
)


@dataclass(frozen=True, slots=True)
class InstrumentRoutes:
    """Shares, funds, indices and their contracts."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        none = [Route(path, self.none) for path in _NONE_OF]
        return [
            Route("/instruments/equities", self.equities),
            Route("/instruments/equities/active", self.equities),
            Route("/instruments/equities/{symbol}", self.equity),
            Route("/instruments/equity-options", self.options),
            Route("/instruments/equity-options/{symbol}", self.option),
            Route("/instruments/quantity-decimal-precisions", self.precisions),
            Route("/instruments/search", self.search),
            Route("/symbols/search/{text}", self.symbol_search),
            *none,
        ]

    async def none(self, request: Request) -> Response:
        """Tell that there is nothing of the kind here."""
        page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        return paged(request, [], page, 0)

    async def equities(self, request: Request) -> Response:
        """Tell shares, funds and indices, those asked for or all."""
        page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        wanted = {read_underlying(each) for each in query.listed(request, "symbol")}
        kinds = [kind for kind in _KINDS if query.flag(request, f"is-{kind}")]
        found = [
            info
            for info in self.world.listed().values()
            if (not wanted or info.symbol in wanted) and (not kinds or info.kind in kinds)
        ]
        told = [self._equity(info) for info in page.cut(found)]
        return paged(request, told, page, len(found))

    async def equity(self, request: Request) -> Response:
        """Tell one share, fund or index."""
        symbol = read_underlying(request.path_params["symbol"])
        info = self.world.listed().get(symbol.ticker)
        if info is None:
            raise Refusal.not_found(f"equity with symbol {wire_symbol(symbol)}")
        return one(request, self._equity(info))

    async def options(self, request: Request) -> Response:
        """Tell contracts by their symbols; those that are not listed are left out."""
        page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        symbols = [read_symbol(each) for each in query.listed(request, "symbol")]
        told = [
            record
            for symbol in page.cut(symbols)
            if isinstance(symbol, OptionSymbol)
            and (record := await self._contract(symbol)) is not None
        ]
        return paged(request, told, page, len(symbols))

    async def option(self, request: Request) -> Response:
        """Tell one contract."""
        symbol = read_symbol(request.path_params["symbol"])
        record = await self._contract(symbol) if isinstance(symbol, OptionSymbol) else None
        if record is None:
            raise Refusal.not_found(f"equity option with symbol {wire_symbol(symbol)}")
        return one(request, record)

    async def precisions(self, request: Request) -> Response:
        """Tell that everything here is traded whole."""
        return many(
            request,
            [
                {"instrument-type": kind, "value": 0, "minimum-increment-precision": 0}
                for kind in _PRECISIONS
            ],
        )

    async def search(self, request: Request) -> Response:
        """Tell what begins with a text or is described by it."""
        found = await self._found(query.text(request, "query") or "")
        return many(
            request,
            [
                {
                    "symbol": wire_symbol(info.symbol),
                    "description": info.description,
                    "exchange": EQUITY,
                    "instrument-type": EQUITY,
                }
                for info in found
            ],
        )

    async def symbol_search(self, request: Request) -> Response:
        """Tell the same, in the older form."""
        found = await self._found(request.path_params["text"])
        return many(
            request,
            [
                {
                    "symbol": wire_symbol(info.symbol),
                    "description": info.description,
                    "listed-market": "XSIM",
                    "price-increments": "0.01",
                    "trading-hours": "0930-1600 America/New_York",
                    "options": info.has_options,
                    "instrument-type": EQUITY,
                }
                for info in found
            ],
        )

    async def _found(self, text: str) -> Sequence[SymbolInfo]:
        return await self.world.broker.search(text, _FOUND_MAX)

    async def _contract(self, symbol: OptionSymbol) -> dict[str, Json] | None:
        underlying = EquitySymbol(symbol.underlying)
        if symbol.underlying not in self.world.listed():
            return None
        terms = self.world.office.market.terms(symbol)
        for listing in await self.world.broker.expirations(underlying):
            if terms is not None and _lists(listing, symbol):
                return contract_record(symbol, listing, terms)
        return None

    def _equity(self, info: SymbolInfo) -> dict[str, Json]:
        ticker = wire_symbol(info.symbol)
        name = info.description.partition(" (")[0]
        return known(
            {
                "id": crc32(ticker.encode()),
                "active": True,
                "symbol": ticker,
                "streamer-symbol": streamer_symbol(info.symbol),
                "instrument-type": EQUITY,
                "description": info.description,
                "short-description": name,
                "listed-market": "XSIM",
                "market-time-instrument-collection": EQUITY,
                "lendability": "Easy To Borrow",
                "borrow-rate": decimal(0),
                "is-closing-only": False,
                "is-options-closing-only": False,
                "is-etf": info.kind == "etf",
                "is-index": info.kind == "index",
                "is-illiquid": False,
                "is-fraud-risk": False,
                "bypass-manual-review": False,
                "is-fractional-quantity-eligible": info.kind != "index",
                "overnight-trading-permitted": info.kind != "index",
                "tick-sizes": [
                    {"threshold": decimal(1), "value": "0.0001"},
                    {"value": "0.01"},
                ],
                "option-tick-sizes": self._option_ticks(info),
            }
        )

    def _option_ticks(self, info: SymbolInfo) -> list[Json]:
        listed = self.world.office.market.terms(_a_contract_of(info.symbol.underlying))
        return tick_sizes(listed or Terms())


def _a_contract_of(ticker: str) -> OptionSymbol:
    """Return a contract of the root that is named like the ticker: its steps are those of all."""
    root = ticker.replace(".", "")
    return OptionSymbol(root, _SOME_DAY, Right.CALL, Decimal(100))


def _lists(listing: Expiration, symbol: OptionSymbol) -> bool:
    same = (listing.root, listing.day) == (symbol.root, symbol.expiration)
    return same and symbol.strike in listing.strikes
