"""Orders: placed, tried dry, replaced, cancelled, and found again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.calendar import day_begins, exchange_date
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import OrderRequest
from strikedesk.sandbox import query
from strikedesk.sandbox.door import body_of, version_of
from strikedesk.sandbox.orders.acts import Clerk, note_of
from strikedesk.sandbox.orders.judging import judge, judge_replacement
from strikedesk.sandbox.orders.reading import Wanted, read_change, read_document, read_order
from strikedesk.sandbox.orders.telling import (
    CANCEL_REQUESTED,
    CONTINGENT,
    ORDER_TYPE_NAMES,
    TIME_NAMES,
    status_of,
    told_as_routed,
    told_dry,
    told_order,
)
from strikedesk.sandbox.people import check_customer
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.wire import Page, one, page_of, paged
from strikedesk.sandbox.world import SandboxWorld

CREATED: Final = 201
_PAGE: Final = 100
_PAGE_MAX: Final = 200
_LIVE_PAGED_FROM: Final = "20261012"
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DIGITS_MAX: Final = 18


@dataclass(frozen=True, slots=True)
class OrderRoutes:
    """Orders of one leg or several."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        orders = "/accounts/{number}/orders"
        return [
            Route(orders, self.search, methods=["GET"]),
            Route(orders, self.place, methods=["POST"]),
            Route(f"{orders}/live", self.live, methods=["GET"]),
            Route(f"{orders}/dry-run", self.dry_run, methods=["POST"]),
            Route(f"{orders}/{{order}}", self.one, methods=["GET"]),
            Route(f"{orders}/{{order}}", self.replace, methods=["PUT", "PATCH"]),
            Route(f"{orders}/{{order}}", self.cancel, methods=["DELETE"]),
            Route(f"{orders}/{{order}}/dry-run", self.dry_replacement, methods=["POST"]),
            Route("/customers/{customer}/orders", self.search_all, methods=["GET"]),
            Route("/customers/{customer}/orders/live", self.live_of_all, methods=["GET"]),
        ]

    async def dry_run(self, request: Request) -> Response:
        """Say what an order would do; nothing is kept."""
        wanted = read_order(read_document(await body_of(request)))
        judged = await judge(self.world, request.path_params["number"], wanted)
        order = told_dry(judged.request, note_of(wanted))
        return one(request, {"order": order, **judged.figures()}, CREATED)

    async def place(self, request: Request) -> Response:
        """Put an order to work."""
        wanted = read_order(read_document(await body_of(request)))
        judged = await judge(self.world, request.path_params["number"], wanted)
        order = await Clerk(self.world).place(judged, wanted)
        told = told_as_routed(order, self.world.notes)
        return one(request, {"order": told, **judged.figures()}, CREATED)

    async def dry_replacement(self, request: Request) -> Response:
        """Say what a replacement would do."""
        old, wanted, asked = await self._change(request)
        judged = await judge_replacement(self.world, asked, old.broker_order_id)
        order = told_dry(asked, note_of(wanted))
        return one(request, {"order": order, **judged.figures()}, CREATED)

    async def replace(self, request: Request) -> Response:
        """Put another order in the place of a working one; the answer is the new one, bare."""
        old, wanted, asked = await self._change(request)
        await judge_replacement(self.world, asked, old.broker_order_id)
        new = await Clerk(self.world).replace(old, asked, wanted)
        return one(request, told_as_routed(new, self.world.notes))

    async def cancel(self, request: Request) -> Response:
        """Ask for an order to be taken back: what waits ends at once, what works a moment later."""
        order = await self._open_order(request)
        waited = status_of(order) == CONTINGENT
        after = await Clerk(self.world).cancel(order.order.account_id, order.broker_order_id)
        if waited:
            return one(request, told_order(after, self.world.notes))
        told = told_order(order, self.world.notes)
        requested = {"status": CANCEL_REQUESTED, "cancellable": False, "editable": False}
        return one(request, {**told, **requested})

    async def one(self, request: Request) -> Response:
        """Tell one order."""
        return one(request, told_order(await self._order(request), self.world.notes))

    async def live(self, request: Request) -> Response:
        """Tell every order that was touched today, whatever became of it, newest first."""
        return await self._live(request, [request.path_params["number"]])

    async def live_of_all(self, request: Request) -> Response:
        """Tell the same of several accounts."""
        return await self._live(request, _accounts_of(request))

    async def search(self, request: Request) -> Response:
        """Tell orders of any day, by page."""
        return await self._search(request, [request.path_params["number"]])

    async def search_all(self, request: Request) -> Response:
        """Tell the same of several accounts."""
        return await self._search(request, _accounts_of(request))

    async def _live(self, request: Request, numbers: Sequence[str]) -> Response:
        found = await self._orders(request, numbers, since=day_begins(self.world.now()))
        version = version_of(request)
        asked = version is not None and version >= _LIVE_PAGED_FROM
        if asked or "per-page" in request.query_params:
            page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        else:
            page = Page(size=max(_PAGE, len(found)), number=0)
        return paged(request, page.cut(found), page, len(found))

    async def _search(self, request: Request, numbers: Sequence[str]) -> Response:
        bounds = _Bounds.of(request)
        page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        found = await self._orders(request, numbers, since=_LONG_AGO, bounds=bounds)
        if query.text(request, "sort") == "Asc":
            found = [*reversed(found)]
        return paged(request, page.cut(found), page, len(found))

    async def _orders(
        self,
        request: Request,
        numbers: Sequence[str],
        *,
        since: datetime,
        bounds: "_Bounds | None" = None,
    ) -> list[Json]:
        statuses, underlying = (
            query.listed(request, "status"),
            query.text(request, "underlying-symbol"),
        )
        found: list[tuple[datetime, Mapping[str, Json]]] = []
        for number in numbers:
            await self.world.account(number)
            for order in await self.world.broker.orders(number, since=since):
                told = told_order(order, self.world.notes)
                created_at = order.created_at or since
                if (
                    (bounds is None or bounds.hold(created_at))
                    and (not statuses or told["status"] in statuses)
                    and underlying in (None, told["underlying-symbol"])
                ):
                    found.append((created_at, told))
        if len(numbers) > 1:
            found.sort(key=lambda each: each[0], reverse=True)
        return [told for _, told in found]

    async def _change(self, request: Request) -> tuple[BrokerOrder, Wanted, OrderRequest]:
        """Return a working order, what was written of its change, and what comes of it."""
        old = await self._open_order(request)
        document = read_document(await body_of(request))
        wanted = read_change(document, self._standing(old))
        legs = old.order.legs
        if wanted.legs is not None and sorted(map(repr, wanted.legs)) != sorted(map(repr, legs)):
            raise Refusal.of_parameter("legs", "are those of the order that is replaced")
        return old, wanted, wanted.request(old.order.account_id, legs)

    def _standing(self, order: BrokerOrder) -> Wanted:
        asked, note = order.order, self.world.notes.of(order)
        net = asked.limit_net
        return Wanted(
            order_type=note.order_type or ORDER_TYPE_NAMES[asked.order_type],
            time_in_force=note.time_in_force or TIME_NAMES[asked.time_in_force],
            price=None if net is None else abs(net),
            price_effect=None if net is None else "Credit" if net < 0 else "Debit",
            stop_trigger=asked.stop_trigger,
            gtc_date=asked.gtd_date,
            legs=None,
            strict=True,
            external_identifier=None,
            source=note.source,
        )

    async def _open_order(self, request: Request) -> BrokerOrder:
        order = await self._order(request)
        if order.state.is_final:
            raise Refusal(422, "cannot_update_order", "Order cannot be updated or cancelled now.")
        return order

    async def _order(self, request: Request) -> BrokerOrder:
        world, account, _ = await self.world.account(request.path_params["number"])
        order_id = world.id_of(read_number(request.path_params["order"]))
        try:
            return await self.world.broker.order(account.account_id, order_id)
        except Denied:
            raise Refusal.not_found("that order") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    """When an order was received, by exchange date or by instant; None = without end."""

    first: str | None
    last: str | None
    start: datetime | None
    end: datetime | None

    @classmethod
    def of(cls, request: Request) -> "_Bounds":
        first, last = query.day(request, "start-date"), query.day(request, "end-date")
        start, end = query.instant(request, "start-at"), query.instant(request, "end-at")
        version = version_of(request)
        if first is None and start is None and version is not None and version >= _LIVE_PAGED_FROM:
            raise Refusal.of_parameter("start-date", "or start-at is required")
        return cls(
            first=None if first is None else first.isoformat(),
            last=None if last is None else last.isoformat(),
            start=start,
            end=end,
        )

    def hold(self, at: datetime) -> bool:
        day = exchange_date(at).isoformat()
        return (
            (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
            and (self.start is None or self.start <= at)
            and (self.end is None or at <= self.end)
        )


def read_number(text: str) -> int:
    """Read the number of an order.

    Raises:
        Refusal: 404, for what no order's number can be.
    """
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX:
        raise Refusal.not_found("that order")
    return int(text)


def _accounts_of(request: Request) -> Sequence[str]:
    check_customer(request)
    numbers = query.listed(request, "account-numbers")
    if not numbers:
        raise Refusal.of_parameter("account-numbers", "are required")
    return numbers
