"""Complex orders: OCO, OTO and OTOCO, which the venue holds together, and PAIRS."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.calendar import day_begins
from strikedesk.domain.ledger import Json
from strikedesk.sandbox.door import body_of
from strikedesk.sandbox.notes import COMPLEX_FROM, ComplexKind, GroupNote, complex_number
from strikedesk.sandbox.orders.acts import Clerk, note_of
from strikedesk.sandbox.orders.grouped import JudgedGroup, read_group
from strikedesk.sandbox.orders.pairs import Pair, read_pair
from strikedesk.sandbox.orders.reading import kind_of, read_document, read_ratio
from strikedesk.sandbox.orders.routes import CREATED, read_number
from strikedesk.sandbox.orders.telling import tag_of, told_dry, told_order
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.wire import instant, known, one, page_of, paged
from strikedesk.sandbox.world import SandboxWorld

_PAGE: Final = 10
_PAGE_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class GroupRoutes:
    """Complex orders."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        orders = "/accounts/{number}/complex-orders"
        return [
            Route(orders, self.every, methods=["GET"]),
            Route(orders, self.place, methods=["POST"]),
            Route(f"{orders}/live", self.live, methods=["GET"]),
            Route(f"{orders}/dry-run", self.dry_run, methods=["POST"]),
            Route(f"{orders}/{{order}}", self.one, methods=["GET"]),
            Route(f"{orders}/{{order}}", self.change, methods=["PATCH"]),
            Route(f"{orders}/{{order}}", self.cancel, methods=["DELETE"]),
        ]

    async def dry_run(self, request: Request) -> Response:
        """Say what a complex order would do; nothing is kept."""
        kind, judged = await self._judged(request)
        orders = zip(judged.orders, judged.wanted, strict=True)
        told = [
            {
                **told_dry(order, note_of(each), waits=True),
                "complex-order-tag": tag_of(kind, place),
                "preflight-id": place - 1,
            }
            for place, (order, each) in enumerate(orders, start=1)
        ]
        number = request.path_params["number"]
        shown = {"account-number": number, "type": kind.name, **judged.beside, **_split(kind, told)}
        return one(request, {"complex-order": shown, **judged.figures()}, CREATED)

    async def place(self, request: Request) -> Response:
        """Put a complex order to work, all of it or nothing."""
        _, judged = await self._judged(request)
        group_id = await judged.place(self.world)
        note = self.world.notes.groups[group_id]
        shown = self._told(group_id, note, await self._members(note))
        return one(request, {"complex-order": shown, **judged.figures()}, CREATED)

    async def change(self, request: Request) -> Response:
        """Change what a pair waits for, while it waits."""
        document = read_document(await body_of(request))
        group_id, note = await self._group(request)
        if not note.is_held:
            raise _not_changeable()
        ratio = read_ratio(document, note.ratio)
        self.world.notes.groups[group_id] = replace(note, ratio=ratio)
        await Clerk(self.world).release_pairs()
        note = self.world.notes.groups[group_id]
        return one(request, self._told(group_id, note, await self._members(note)))

    async def one(self, request: Request) -> Response:
        """Tell one complex order, with its orders as they stand."""
        group_id, note = await self._group(request)
        return one(request, self._told(group_id, note, await self._members(note)))

    async def live(self, request: Request) -> Response:
        """Tell the complex orders of which something was touched today, newest first."""
        begins = day_begins(self.world.now())
        items = [
            self._told(group_id, note, members)
            for group_id, note, members in await self._all(request)
            if any(
                each.state.is_open or (each.updated_at is not None and each.updated_at >= begins)
                for each in members
            )
        ]
        page = page_of(request, size=max(_PAGE, len(items)), most=max(_PAGE_MAX, len(items)))
        return paged(request, page.cut(items), page, len(items))

    async def every(self, request: Request) -> Response:
        """Tell all complex orders, newest first, by page."""
        page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        items = [self._told(*each) for each in await self._all(request)]
        return paged(request, page.cut(items), page, len(items))

    async def cancel(self, request: Request) -> Response:
        """Take back what is left of a complex order."""
        group_id, note = await self._group(request)
        if all(order.state.is_final for order in await self._members(note)):
            raise _not_changeable()
        await Clerk(self.world).cancel(note.account_id, group_id)
        return one(request, self._told(group_id, note, await self._members(note)))

    async def _judged(self, request: Request) -> tuple[ComplexKind, JudgedGroup | Pair]:
        number, document = request.path_params["number"], read_document(await body_of(request))
        kind = kind_of(document)
        read = read_pair if kind is ComplexKind.PAIRS else read_group
        return kind, await read(self.world, number, document)

    async def _group(self, request: Request) -> tuple[str, GroupNote]:
        world, account, _ = await self.world.account(request.path_params["number"])
        group_id = world.id_of(read_number(request.path_params["order"]) - COMPLEX_FROM)
        note = self.world.notes.groups.get(group_id)
        if note is None or note.account_id != account.account_id:
            raise Refusal.not_found("that complex order")
        return group_id, note

    async def _all(self, request: Request) -> list[tuple[str, GroupNote, Sequence[BrokerOrder]]]:
        _, account, _ = await self.world.account(request.path_params["number"])
        return [
            (group_id, note, await self._members(note))
            for group_id, note in reversed([*self.world.notes.groups.items()])
            if note.account_id == account.account_id
        ]

    async def _members(self, note: GroupNote) -> Sequence[BrokerOrder]:
        broker = self.world.broker
        return [await broker.order(note.account_id, order_id) for order_id in note.members]

    def _told(
        self, group_id: str, note: GroupNote, members: Sequence[BrokerOrder]
    ) -> dict[str, Json]:
        ended = [m.updated_at for m in members if m.state.is_final and m.updated_at is not None]
        told = [told_order(order, self.world.notes) for order in members]
        return known(
            {
                "id": complex_number(group_id),
                "account-number": note.account_id,
                "type": note.kind.name,
                "terminal-at": instant(max(ended)) if len(ended) == len(members) else None,
                **({} if note.ratio is None else note.ratio.told()),
                **_split(note.kind, told),
            }
        )


def _not_changeable() -> Refusal:
    return Refusal(422, "cannot_update_order", "Order cannot be updated or cancelled now.")


def _split(kind: ComplexKind, told: Sequence[Json]) -> dict[str, Json]:
    """Return the orders under the names that they have in a complex one."""
    if kind.has_trigger:
        return {"trigger-order": told[0], "orders": told[1:]}
    return {"orders": told}
