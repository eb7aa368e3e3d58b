"""Option chains: nested, compact, and every contract in full."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final
from zlib import crc32

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.calendar import monthly_expirations, previous_session
from strikedesk.domain.ledger import Json
from strikedesk.domain.quotes import Expiration, Settlement
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.domain.terms import ExerciseStyle, Terms
from strikedesk.exchange.ends import settles_at, trades_until
from strikedesk.sandbox.spelling import EQUITY_OPTION, read_underlying, streamer_symbol
from strikedesk.sandbox.wire import decimal, instant, many
from strikedesk.sandbox.world import SandboxWorld

STANDARD: Final = "Standard"
_QUARTERS: Final = frozenset({3, 6, 9, 12})


@dataclass(frozen=True, slots=True)
class ChainRoutes:
    """The chains of an underlying."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/option-chains/{symbol}", self.detailed),
            Route("/option-chains/{symbol}/nested", self.nested),
            Route("/option-chains/{symbol}/compact", self.compact),
        ]

    async def nested(self, request: Request) -> Response:
        """Tell an item for each root: its expirations, with strikes and both sides of each."""
        return many(request, [self._root(root, of) for root, of in await self._listed(request)])

    async def compact(self, request: Request) -> Response:
        """Tell an item for each root, kind of expiration and settlement: symbols alone."""
        items: list[Json] = []
        for root, listings in await self._listed(request):
            kinds = sorted({(expiration_type(e), e.settlement) for e in listings})
            for kind, settlement in kinds:
                wanted = [
                    e for e in listings if expiration_type(e) == kind and e.settlement is settlement
                ]
                items.append(self._compact(root, kind, settlement, wanted))
        return many(request, items)

    async def detailed(self, request: Request) -> Response:
        """Tell every contract in full."""
        return many(
            request,
            [
                contract_record(symbol, listing, terms)
                for _, listings in await self._listed(request)
                for listing in listings
                for symbol in _contracts(listing)
                if (terms := self.world.office.market.terms(symbol)) is not None
            ],
        )

    async def _listed(self, request: Request) -> Sequence[tuple[str, list[Expiration]]]:
        symbol = read_underlying(request.path_params["symbol"])
        listed = await self.world.broker.expirations(symbol)
        by_root = sorted(listed, key=lambda listing: listing.root)
        return [(root, [*of]) for root, of in groupby(by_root, key=lambda listing: listing.root)]

    def _root(self, root: str, listings: Sequence[Expiration]) -> dict[str, Json]:
        return {
            **self._header(root, listings),
            "expirations": [_expiration(listing) for listing in listings],
        }

    def _compact(
        self, root: str, kind: str, settlement: Settlement, listings: Sequence[Expiration]
    ) -> dict[str, Json]:
        symbols = [symbol for listing in listings for symbol in _contracts(listing)]
        return {
            **self._header(root, listings),
            "expiration-type": kind,
            "settlement-type": settlement.value.upper(),
            "symbols": [symbol.padded for symbol in symbols],
            "streamer-symbols": [streamer_symbol(symbol) for symbol in symbols],
        }

    def _header(self, root: str, listings: Sequence[Expiration]) -> dict[str, Json]:
        first = next(_contracts(listings[0]))
        terms = self.world.office.market.terms(first) or Terms()
        underlying = listings[0].underlying.replace(".", "/")
        return {
            "underlying-symbol": underlying,
            "root-symbol": root,
            "option-chain-type": STANDARD if not terms.adjusted else "Non-standard",
            "shares-per-contract": terms.shares,
            "tick-sizes": tick_sizes(terms),
            "deliverables": [_deliverable(root, underlying, terms)],
        }


def tick_sizes(terms: Terms) -> list[Json]:
    """Return the steps on which contracts are priced, as the protocol lists them."""
    coarse: dict[str, Json] = {"value": decimal(terms.coarse_tick)}
    if terms.tick == terms.coarse_tick:
        return [coarse]
    return [{"threshold": decimal(terms.coarse_from), "value": decimal(terms.tick)}, coarse]


def expiration_type(listing: Expiration) -> str:
    """Name the kind of an expiration."""
    day = listing.day
    if listing.standard or day in monthly_expirations(day, day):
        return "Regular"
    first_of_next = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    if day.month in _QUARTERS and day == previous_session(first_of_next).day:
        return "Quarterly"
    return "Weekly"


def contract_record(symbol: OptionSymbol, listing: Expiration, terms: Terms) -> dict[str, Json]:
    """Return one contract in full."""
    return {
        "active": True,
        "symbol": symbol.padded,
        "streamer-symbol": streamer_symbol(symbol),
        "instrument-type": EQUITY_OPTION,
        "underlying-symbol": symbol.underlying.replace(".", "/"),
        "root-symbol": symbol.root,
        "option-type": symbol.right.value,
        "strike-price": decimal(symbol.strike),
        "expiration-date": symbol.expiration.isoformat(),
        "days-to-expiration": listing.days,
        "expiration-type": expiration_type(listing),
        "exercise-style": "American" if terms.style is ExerciseStyle.AMERICAN else "European",
        "settlement-type": terms.settlement.value.upper(),
        "shares-per-contract": terms.shares,
        "option-chain-type": "Non-standard" if terms.adjusted else STANDARD,
        "market-time-instrument-collection": EQUITY_OPTION,
        "is-closing-only": terms.adjusted,
        "stops-trading-at": instant(trades_until(symbol, terms)),
        "expires-at": instant(settles_at(symbol, terms)),
    }


def _expiration(listing: Expiration) -> dict[str, Json]:
    return {
        "expiration-type": expiration_type(listing),
        "expiration-date": listing.day.isoformat(),
        "days-to-expiration": listing.days,
        "settlement-type": listing.settlement.value.upper(),
        "strikes": [*_strikes(listing)],
    }


def _strikes(listing: Expiration) -> Iterator[Json]:
    """Yield the strikes. A chain has thousands: what they share is written once."""
    head = f"{listing.root:<6}{listing.day:%y%m%d}"
    short = f".{listing.root}{listing.day:%y%m%d}"
    for strike in listing.strikes:
        thousandths, plain = f"{int(strike * 1000):08d}", f"{strike.normalize():f}"
        yield {
            "strike-price": decimal(strike),
            "call": f"{head}C{thousandths}",
            "call-streamer-symbol": f"{short}C{plain}",
            "put": f"{head}P{thousandths}",
            "put-streamer-symbol": f"{short}P{plain}",
        }


def _contracts(listing: Expiration) -> Iterator[OptionSymbol]:
    for strike in listing.strikes:
        for right in Right:
            yield OptionSymbol(listing.root, listing.day, right, strike)


def _deliverable(root: str, underlying: str, terms: Terms) -> dict[str, Json]:
    told: dict[str, Json] = {
        "id": crc32(root.encode()),
        "root-symbol": root,
        "amount": decimal(terms.shares),
        "percent": "100",
    }
    if terms.in_cash:
        cash = f"Cash value of {underlying}"
        return {**told, "deliverable-type": "Cash", "description": cash}
    return {
        **told,
        "symbol": underlying,
        "instrument-type": "Equity",
        "deliverable-type": "Shares",
        "description": f"{terms.shares} shares of {underlying}",
    }
