"""Complex orders: OCO, OTO and OTOCO, held together by the venue. PAIRS it does not have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.brokers.paper.preflights import told_of_group
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.calendar import day_begins
from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import GroupKind, OrderGroup
from strikedesk.domain.ledger import Json
from strikedesk.exchange.assess import Assessment
from strikedesk.exchange.fees import load_schedule
from strikedesk.sandbox.door import body_of
from strikedesk.sandbox.notes import COMPLEX_FROM, GroupNote, complex_number
from strikedesk.sandbox.orders.acts import Clerk, note_of
from strikedesk.sandbox.orders.faults import fault_of
from strikedesk.sandbox.orders.figures import buying_power_effect, charges_of, fee_calculation
from strikedesk.sandbox.orders.judging import judge_group
from strikedesk.sandbox.orders.reading import (
    Document,
    Wanted,
    kind_of,
    orders_of,
    read_document,
    read_order,
    trigger_of,
)
from strikedesk.sandbox.orders.routes import CREATED, read_number
from strikedesk.sandbox.orders.telling import tag_of, told_dry, told_order
from strikedesk.sandbox.refusal import Fault, Refusal
from strikedesk.sandbox.wire import instant, known, one, page_of, paged
from strikedesk.sandbox.world import SandboxWorld

_PAGE: Final = 10
_PAGE_MAX: Final = 200
_STOPS: Final = frozenset({"Stop", "Stop Limit"})
_LIMITS: Final = frozenset({"Limit", "Marketable Limit"})
_COMBINATION: Final = Fault(
    "invalid_oco_order_type_combo",
    "The orders of an OCO are a Limit and a Stop or Stop Limit, and a trigger is a Limit.",
)


class BrokersGroup(OrderGroup):
    """A group as the broker takes it: an OTO sets up to three orders to work."""

    __slots__ = ()
    CHILDREN_MAX: ClassVar[int] = 3


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
            Route(f"{orders}/{{order}}", self.cancel, methods=["DELETE"]),
        ]

    async def dry_run(self, request: Request) -> Response:
        """Say what a complex order would do; nothing is kept."""
        group, wanted = await self._read(request)
        found = await judge_group(self.world, group)
        told = [
            {
                **told_dry(order, note_of(each), waits=True),
                "complex-order-tag": tag_of(group.kind, place),
                "preflight-id": place - 1,
            }
            for place, (order, each) in enumerate(zip(group.orders, wanted, strict=True), start=1)
        ]
        shown = {
            "account-number": group.account_id,
            "type": group.kind.name,
            **_split(group.kind, told),
        }
        return one(request, {"complex-order": shown, **await self._figures(group, found)}, CREATED)

    async def place(self, request: Request) -> Response:
        """Put a complex order to work, all of it or nothing."""
        group, wanted = await self._read(request)
        found = await judge_group(self.world, group)
        receipt = await Clerk(self.world).place_group(group, wanted)
        note = self.world.notes.groups[receipt.broker_order.broker_order_id]
        shown = self._told(receipt.broker_order.broker_order_id, note, receipt.members)
        return one(request, {"complex-order": shown, **await self._figures(group, found)}, CREATED)

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
            raise Refusal(422, "cannot_update_order", "Order cannot be updated or cancelled now.")
        await Clerk(self.world).cancel(note.account_id, group_id)
        return one(request, self._told(group_id, note, await self._members(note)))

    async def _read(self, request: Request) -> tuple[OrderGroup, list[Wanted]]:
        number = request.path_params["number"]
        await self.world.account(number)
        document = read_document(await body_of(request))
        kind = GroupKind[kind_of(document)]
        wanted = [read_order(each) for each in _in_order(document, kind)]
        _check_combination(kind, wanted)
        try:
            orders = tuple(each.request(number) for each in wanted)
            return BrokersGroup(kind=kind, orders=orders), wanted
        except Denied as denied:
            raise Refusal.of_order([fault_of(denied)]) from None

    async def _figures(self, group: OrderGroup, found: Sequence[Assessment]) -> dict[str, Json]:
        told = told_of_group(group, found)
        before, after = told.buying_power_before, told.buying_power_after
        consumes = None if before is None or after is None else before - after
        world, _, _ = await self.world.account(group.account_id)
        charged = charges_of(
            found[:1], [group.orders[0].units], load_schedule(world.frame.schedule)
        )
        return {
            "buying-power-effect": buying_power_effect(
                before, consumes, told.margin_change, spread=len(group.orders[0].legs) > 1
            ),
            "fee-calculation": fee_calculation(charged),
            "warnings": [],
        }

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
                **_split(note.kind, told),
            }
        )


def _in_order(document: Document, kind: GroupKind) -> list[Document]:
    """Return the orders, the trigger first.

    Raises:
        Refusal: 400.
    """
    trigger = trigger_of(document)
    if (trigger is not None) is not kind.has_trigger:
        wanted = "is required" if kind.has_trigger else "goes with OTO and OTOCO"
        raise Refusal.of_parameter("trigger-order", wanted)
    first = [] if trigger is None else [trigger]
    return [*first, *orders_of(document)]


def _split(kind: GroupKind, told: Sequence[Json]) -> dict[str, Json]:
    """Return the orders under the names that they have in a complex one."""
    if kind.has_trigger:
        return {"trigger-order": told[0], "orders": told[1:]}
    return {"orders": told}


def _check_combination(kind: GroupKind, wanted: Sequence[Wanted]) -> None:
    """Refuse what the broker refuses of types together.

    Raises:
        Refusal: 422.
    """
    sides = [each.order_type for each in (wanted[1:] if kind.has_trigger else wanted)]
    fine = not kind.has_trigger or (bool(wanted) and wanted[0].order_type in _LIMITS)
    if kind is not GroupKind.OTO:
        fine = fine and len(_LIMITS & {*sides}) == len(_STOPS & {*sides}) == 1 and len(sides) == 2  # noqa: PLR2004 -- an OCO has two sides
    if not fine:
        raise Refusal.of_order([_COMBINATION])
