"""Option chains: nested, compact, and every contract in full."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final, TypeAlias
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
from strikedesk.sandbox.wire import decimal, instant, rendered
from strikedesk.sandbox.world import SandboxWorld

Listed: TypeAlias = Sequence[tuple[str, list[Expiration]]]

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
        listed = await self._listed(request)
        return await _rendered(request, lambda: [self._root(root, of) for root, of in listed])

    async def compact(self, request: Request) -> Response:
        """Tell an item for each root, kind of expiration and settlement: symbols alone."""
        listed = await self._listed(request)
        return await _rendered(request, lambda: [*self._by_kind(listed)])

    async def detailed(self, request: Request) -> Response:
        """Tell every contract in full."""
        listed = await self._listed(request)
        return await _rendered(request, lambda: [*self._records(listed)])

    def _records(self, listed: Listed) -> Iterator[Json]:
        """Yield every contract; what those of one expiration share is made once."""
        for _, listings in listed:
            for listing in listings:
                terms = self.world.office.market.terms(_first(listing))
                if terms is not None:
                    shared = _shared(listing, terms)
                    for name in _names(listing):
                        yield {**shared, **name.told()}

    def _by_kind(self, listed: Listed) -> Iterator[Json]:
        for root, listings in listed:
            kinds = sorted({(expiration_type(each), each.settlement) for each in listings})
            for kind, settlement in kinds:
                wanted = [
                    each
                    for each in listings
                    if expiration_type(each) == kind and each.settlement is settlement
                ]
                yield self._compact(root, kind, settlement, wanted)

    async def _listed(self, request: Request) -> Listed:
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
        names = [name for listing in listings for name in _names(listing)]
        return {
            **self._header(root, listings),
            "expiration-type": kind,
            "settlement-type": settlement.value.upper(),
            "symbols": [name.symbol for name in names],
            "streamer-symbols": [name.streamer for name in names],
        }

    def _header(self, root: str, listings: Sequence[Expiration]) -> dict[str, Json]:
        terms = self.world.office.market.terms(_first(listings[0])) or Terms()
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


@dataclass(frozen=True, slots=True)
class _Name:
    """A contract as the protocol spells it."""

    right: str
    strike: str
    symbol: str
    streamer: str

    def told(self) -> dict[str, Json]:
        return {
            "symbol": self.symbol,
            "streamer-symbol": self.streamer,
            "option-type": self.right,
            "strike-price": self.strike,
        }


def contract_record(symbol: OptionSymbol, listing: Expiration, terms: Terms) -> dict[str, Json]:
    """Return one contract in full."""
    name = _Name(symbol.right.value, decimal(symbol.strike), symbol.padded, streamer_symbol(symbol))
    return {**_shared(listing, terms), **name.told()}


def _shared(listing: Expiration, terms: Terms) -> dict[str, Json]:
    """Return what all contracts of an expiration have in common."""
    some = _first(listing)
    return {
        "active": True,
        "instrument-type": EQUITY_OPTION,
        "underlying-symbol": some.underlying.replace(".", "/"),
        "root-symbol": some.root,
        "expiration-date": some.expiration.isoformat(),
        "days-to-expiration": listing.days,
        "expiration-type": expiration_type(listing),
        "exercise-style": "American" if terms.style is ExerciseStyle.AMERICAN else "European",
        "settlement-type": terms.settlement.value.upper(),
        "shares-per-contract": terms.shares,
        "option-chain-type": "Non-standard" if terms.adjusted else STANDARD,
        "market-time-instrument-collection": EQUITY_OPTION,
        "is-closing-only": terms.adjusted,
        "stops-trading-at": instant(trades_until(some, terms)),
        "expires-at": instant(settles_at(some, terms)),
    }


async def _rendered(request: Request, items: Callable[[], list[Json]]) -> Response:
    return await rendered(request, lambda: {"items": items()})


def _expiration(listing: Expiration) -> dict[str, Json]:
    return {
        "expiration-type": expiration_type(listing),
        "expiration-date": listing.day.isoformat(),
        "days-to-expiration": listing.days,
        "settlement-type": listing.settlement.value.upper(),
        "strikes": [*_strikes(listing)],
    }


def _strikes(listing: Expiration) -> Iterator[Json]:
    names = _names(listing)
    for call, put in zip(names, names, strict=True):
        yield {
            "strike-price": call.strike,
            "call": call.symbol,
            "call-streamer-symbol": call.streamer,
            "put": put.symbol,
            "put-streamer-symbol": put.streamer,
        }


def _names(listing: Expiration) -> Iterator[_Name]:
    """Yield the contracts, calls first. A chain has thousands: what they share is written once."""
    root, day = listing.root, f"{listing.day:%y%m%d}"
    for strike in listing.strikes:
        price, digits = decimal(strike), f"{int(strike * 1000):08d}"
        short = price.removesuffix(".0")
        for right in ("C", "P"):
            symbol, streamer = f"{root:<6}{day}{right}{digits}", f".{root}{day}{right}{short}"
            yield _Name(right, price, symbol, streamer)


def _first(listing: Expiration) -> OptionSymbol:
    """Return a contract of an expiration: their terms are one."""
    return OptionSymbol(listing.root, listing.day, Right.CALL, listing.strikes[0])


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
