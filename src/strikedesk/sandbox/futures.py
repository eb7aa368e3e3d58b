"""Futures: what is on record of them. They are quoted beside the rest and cannot be ordered."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.instruments import Step
from strikedesk.domain.ledger import Json
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange import futures
from strikedesk.exchange.future_options import STEPS
from strikedesk.exchange.futures import E_MINI, Future, FutureProduct
from strikedesk.sandbox import query
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.spelling import SLASH
from strikedesk.sandbox.wire import decimal, instant, known, many, maybe, one, page_of, paged
from strikedesk.sandbox.world import SandboxWorld

FUTURE: Final = "Future"

EXCHANGE: Final = "CME"
VENUE: Final = "XCME"
_PAGE: Final = 250
_PAGE_MAX: Final = 1000
_MONTHS: Final = ("H", "M", "U", "Z")
DISPLAY: Final = Decimal("0.01")
_ROLL: Final[dict[str, Json]] = {
    "name": "equity_index",
    "active-count": futures.LISTED,
    "cash-settled": True,
    "business-days-offset": 4,
    "first-notice": False,
}


@dataclass(frozen=True, slots=True)
class FutureRoutes:
    """The futures that are listed, and their product."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/instruments/futures", self.every),
            Route("/instruments/futures/{symbol}", self.single),
            Route("/instruments/future-products", self.products),
            Route("/instruments/future-products/{exchange}/{code}", self.product),
        ]

    async def every(self, request: Request) -> Response:
        """Tell those asked for, or all."""
        page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        names = {_spelled(each) for each in query.listed(request, "symbol")}
        codes = {*query.listed(request, "product-code")}
        standing = listed(self.world)
        found = [
            each
            for each in standing
            if (not names or each.name.compact in names)
            and (not codes or each.product.code in codes)
        ]
        told = [future_record(each, standing) for each in page.cut(found)]
        return paged(request, told, page, len(found))

    async def single(self, request: Request) -> Response:
        """Tell one; the slash before its name may be missing."""
        name, standing = _spelled(request.path_params["symbol"]), listed(self.world)
        for each in standing:
            if each.name.compact == name:
                return one(request, future_record(each, standing))
        raise Refusal.not_found("future with that symbol")

    async def products(self, request: Request) -> Response:
        """Tell the product, where there are futures of it."""
        return many(request, [product_record(E_MINI)] if listed(self.world) else [])

    async def product(self, request: Request) -> Response:
        """Tell one product."""
        asked = (request.path_params["exchange"], request.path_params["code"])
        if asked != (EXCHANGE, E_MINI.code) or not listed(self.world):
            raise Refusal.not_found("future product with that code")
        return one(request, product_record(E_MINI))


def listed(world: SandboxWorld) -> Sequence[Future]:
    """Return the futures of now; none on a market that does not know what carries a price."""
    return futures.listed(world.office.market, world.now())


def quotes_of(world: SandboxWorld, texts: Collection[str]) -> list[UntradedQuote]:
    """Return the quotes of futures by their names, in that order; what is none is dropped."""
    market, at = world.office.market, world.now()
    known = {each.name.compact: each for each in listed(world)}
    names = [text.replace(SLASH, "/").upper() for text in texts]
    quotes = (futures.quote(market, known[name], at) for name in names if name in known)
    return [quote for quote in quotes if quote is not None]


def _spelled(text: str) -> str:
    return f"/{text.replace(SLASH, '/').upper().removeprefix('/')}"


def streamed_future(future: Future) -> str:
    """Spell a future as the streamer does: `/ESZ26:XCME`."""
    return f"/{future.product.code}{future.month}{future.day:%y}:{VENUE}"


def future_record(future: Future, standing: Sequence[Future]) -> dict[str, Json]:
    """Return one future in full; the nearest of those `standing` is the active one."""
    product, day, ends = future.product, future.day.isoformat(), instant(future.ends_at)
    name = future.name.compact
    return {
        "symbol": name,
        "streamer-symbol": streamed_future(future),
        "instrument-type": FUTURE,
        "product-code": product.code,
        "exchange": EXCHANGE,
        "exchange-symbol": name.removeprefix("/"),
        "streamer-exchange-code": VENUE,
        "contract-size": decimal(1),
        "notional-multiplier": decimal(product.multiplier),
        "tick-size": decimal(product.tick),
        "display-factor": decimal(DISPLAY),
        "main-fraction": decimal(0),
        "sub-fraction": decimal(0),
        "last-trade-date": day,
        "expiration-date": day,
        "closing-only-date": day,
        "active": True,
        "active-month": future == standing[0],
        "next-active-month": future in standing[1:2],
        "is-closing-only": False,
        "is-tradeable": False,
        "back-month-first-calendar-symbol": True,
        "stops-trading-at": ends,
        "expires-at": ends,
        "product-group": "CME_INDEX",
        "tick-sizes": [{"value": decimal(product.tick)}],
        "option-tick-sizes": tick_table(STEPS),
        "future-product": product_record(product),
    }


def tick_table(steps: Iterable[Step]) -> list[Json]:
    """Return steps of prices as the protocol lists them."""
    return [known({"threshold": maybe(step.below), "value": decimal(step.size)}) for step in steps]


def product_record(product: FutureProduct) -> dict[str, Json]:
    """Return what futures of one kind have in common."""
    return {
        "code": product.code,
        "root-symbol": f"/{product.code}",
        "description": product.name,
        "exchange": EXCHANGE,
        "product-type": "Financial",
        "market-sector": "Equity Index",
        "notional-multiplier": decimal(product.multiplier),
        "tick-size": decimal(product.tick),
        "display-factor": decimal(DISPLAY),
        "listed-months": [*_MONTHS],
        "active-months": [*_MONTHS],
        "small-notional": False,
        "cash-settled": True,
        "first-notice": False,
        "back-month-first-calendar-symbol": True,
        "streamer-exchange-code": VENUE,
        "clearing-code": product.code,
        "clearing-exchange-code": "16",
        "supported": False,
        "roll": _ROLL,
    }
