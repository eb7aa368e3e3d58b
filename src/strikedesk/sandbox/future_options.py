"""Options on futures: their chains, and what is on record of each. They cannot be ordered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.calendar import days_to_expiration
from strikedesk.domain.ledger import Json
from strikedesk.domain.untraded import untraded_name
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange import future_options
from strikedesk.exchange.future_options import FutureOption, Series
from strikedesk.exchange.futures import E_MINI
from strikedesk.sandbox import query
from strikedesk.sandbox.future_option_records import ROOTS, STYLE, in_chain, in_full, root_record
from strikedesk.sandbox.futures import EXCHANGE, future_record, listed, product_record
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.spelling import SLASH
from strikedesk.sandbox.wire import many, one, page_of, paged, rendered
from strikedesk.sandbox.world import SandboxWorld

_PAGE: Final = 1000
_PAGE_MAX: Final = 5000
_PRODUCTS: Final = "/instruments/future-option-products"
# What a chain tells of the futures beneath it.
_OF_FUTURE: Final = (
    "symbol",
    "streamer-symbol",
    "expiration-date",
    "active-month",
    "next-active-month",
    "stops-trading-at",
    "expires-at",
)


@dataclass(frozen=True, slots=True)
class FutureOptionRoutes:
    """The options that are listed on futures."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/futures-option-chains/{product}", self.detailed),
            Route("/futures-option-chains/{product}/nested", self.nested),
            Route("/instruments/future-options", self.some),
            Route("/instruments/future-options/{symbol}", self.single),
            Route(_PRODUCTS, self.roots),
            Route(f"{_PRODUCTS}/{{root}}", self.root),
            Route(f"{_PRODUCTS}/{{exchange}}/{{root}}", self.root),
        ]

    async def nested(self, request: Request) -> Response:
        """Tell the futures, and expirations with strikes and both sides of each."""
        found = self._of_product(request)
        return await rendered(request, lambda: self._chain(found))

    async def detailed(self, request: Request) -> Response:
        """Tell every option in full."""
        found, today = self._of_product(request), self.world.today()
        return await rendered(
            request,
            lambda: {"items": [told for s in found for told in in_full(s.options, s, today)]},
        )

    async def some(self, request: Request) -> Response:
        """Tell options by their names; those that are not listed are left out."""
        page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        names = query.listed(request, "symbol")
        return paged(request, self._records(page.cut(names)), page, len(names))

    async def single(self, request: Request) -> Response:
        """Tell one."""
        for told in self._records([request.path_params["symbol"]]):
            return one(request, told)
        raise Refusal.not_found("future option with that symbol")

    async def roots(self, request: Request) -> Response:
        """Tell under which roots there are options, where there are futures."""
        return many(request, [root_record(root) for root in ROOTS if listed(self.world)])

    async def root(self, request: Request) -> Response:
        """Tell one root; the exchange may be left out."""
        root, exchange = request.path_params["root"], request.path_params.get("exchange", EXCHANGE)
        if root not in ROOTS or exchange != EXCHANGE or not listed(self.world):
            raise Refusal.not_found("future option product with that root")
        return one(request, {**root_record(root), "future-product": product_record(E_MINI)})

    def _of_product(self, request: Request) -> Sequence[Series]:
        code = request.path_params["product"]
        found = future_options.listed(self.world.office.market, self.world.now())
        if code != E_MINI.code or not found:
            raise Refusal.not_found("future product with that code")
        return found

    def _chain(self, found: Sequence[Series]) -> dict[str, Json]:
        root, today = f"/{E_MINI.code}", self.world.today()
        chain: dict[str, Json] = {
            "underlying-symbol": root,
            "root-symbol": root,
            "exercise-style": STYLE,
            "expirations": [in_chain(series, today) for series in found],
        }
        return {"futures": self._futures(root), "option-chains": [chain]}

    def _futures(self, root: str) -> list[Json]:
        today, standing = self.world.today(), listed(self.world)
        told: list[Json] = []
        for future in standing:
            record = future_record(future, standing)
            days = days_to_expiration(today, future.day)
            own = {name: record[name] for name in _OF_FUTURE}
            told.append({"root-symbol": root, "days-to-expiration": days, **own})
        return told

    def _records(self, texts: Collection[str]) -> list[dict[str, Json]]:
        today = self.world.today()
        options = find(self.world, texts)
        return [told for each in options for told in in_full([each], each.series, today)]


def find(world: SandboxWorld, texts: Collection[str]) -> list[FutureOption]:
    """Return the options of some names, in their order; what is none is dropped."""
    names = [name for text in texts if (name := untraded_name(text.replace(SLASH, "/")))]
    found = future_options.named(world.office.market, names, world.now())
    return [found[name] for name in names if name in found]


def quotes_of(world: SandboxWorld, texts: Collection[str]) -> list[UntradedQuote]:
    """Return the quotes of options by their names, in that order."""
    market, options = world.office.market, find(world, texts)
    quoted = future_options.quotes(market, options, world.now())
    return [quoted[option.name] for option in options if option.name in quoted]
