"""OCO, OTO and OTOCO: orders that the venue itself holds together, read, judged and placed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from strikedesk.brokers.paper.preflights import told_of_group
from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import GroupKind, OrderGroup
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import OrderRequest
from strikedesk.exchange.assess import Assessment
from strikedesk.exchange.fees import load_schedule
from strikedesk.sandbox.orders.acts import Clerk
from strikedesk.sandbox.orders.faults import fault_of
from strikedesk.sandbox.orders.figures import buying_power_effect, charges_of, fee_calculation
from strikedesk.sandbox.orders.judging import judge_group
from strikedesk.sandbox.orders.reading import (
    Document,
    Wanted,
    kind_of,
    orders_of,
    read_order,
    trigger_of,
)
from strikedesk.sandbox.refusal import Fault, Refusal
from strikedesk.sandbox.world import SandboxWorld

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


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedGroup:
    """A group that may be placed."""

    group: OrderGroup
    wanted: list[Wanted]
    found: Sequence[Assessment]
    schedule: str

    @property
    def orders(self) -> Sequence[OrderRequest]:
        """Its orders, the trigger first."""
        return self.group.orders

    @property
    def beside(self) -> dict[str, Json]:
        """What a group has beside its orders: nothing."""
        return {}

    def figures(self) -> dict[str, Json]:
        """Return what stands beside the group in an answer."""
        told = told_of_group(self.group, self.found)
        before, after = told.buying_power_before, told.buying_power_after
        consumes = None if before is None or after is None else before - after
        first = self.group.orders[0]
        charged = charges_of(self.found[:1], [first.units], load_schedule(self.schedule))
        return {
            "buying-power-effect": buying_power_effect(
                before, consumes, told.margin_change, spread=len(first.legs) > 1
            ),
            "fee-calculation": fee_calculation(charged),
            "warnings": [],
        }

    async def place(self, sandbox: SandboxWorld) -> str:
        """Put it to work, all of it or nothing; return the id that names it."""
        receipt = await Clerk(sandbox).place_group(self.group, self.wanted)
        return receipt.broker_order.broker_order_id


async def read_group(sandbox: SandboxWorld, number: str, document: Document) -> JudgedGroup:
    """Read a group and look at its orders.

    Raises:
        Refusal: 400, 403, 422.
    """
    world, _, _ = await sandbox.account(number)
    kind = GroupKind[kind_of(document).name]
    wanted = [read_order(each) for each in _in_order(document, kind)]
    _check_combination(kind, wanted)
    try:
        orders = tuple(each.request(number) for each in wanted)
        group = BrokersGroup(kind=kind, orders=orders)
    except Denied as denied:
        raise Refusal.of_order([fault_of(denied)]) from None
    found = await judge_group(sandbox, group)
    return JudgedGroup(group=group, wanted=wanted, found=found, schedule=world.frame.schedule)


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
