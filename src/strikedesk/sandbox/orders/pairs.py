"""PAIRS: two orders that wait for the ratio of their prices, read, judged and held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import OrderRequest
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.fees import load_schedule
from strikedesk.exchange.world import World
from strikedesk.sandbox.notes import ComplexKind, GroupNote
from strikedesk.sandbox.orders.acts import UNTAGGED, note_of
from strikedesk.sandbox.orders.figures import buying_power_effect, charges_of, fee_calculation
from strikedesk.sandbox.orders.judging import Judged, judge, refused
from strikedesk.sandbox.orders.reading import Document, Wanted, orders_of, read_order, read_ratio
from strikedesk.sandbox.pairs import hold
from strikedesk.sandbox.ratio import Ratio
from strikedesk.sandbox.refusal import Fault, Refusal
from strikedesk.sandbox.world import SandboxWorld

_TWO: Final = Fault("invalid_pairs_order", "A pair has two orders, of one leg each.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A pair that may be placed."""

    wanted: Sequence[Wanted]
    judged: Sequence[Judged]
    ratio: Ratio

    @property
    def orders(self) -> Sequence[OrderRequest]:
        """Its two orders."""
        return [each.request for each in self.judged]

    @property
    def beside(self) -> dict[str, Json]:
        """What a pair has beside its orders."""
        return self.ratio.told()

    def figures(self) -> dict[str, Json]:
        """Return what both orders do together: both may fill."""
        found = [each.found for each in self.judged]
        units = [each.request.units for each in self.judged]
        charged = charges_of(found, units, load_schedule(self.judged[0].schedule))
        return {
            "buying-power-effect": buying_power_effect(
                found[0].before,
                sum((each.consumes or NOTHING for each in found), NOTHING),
                sum((each.margin_change or NOTHING for each in found), NOTHING),
                spread=True,
            ),
            "fee-calculation": fee_calculation(charged),
            "warnings": [fault.told() for each in self.judged for fault in each.warnings],
        }

    async def place(self, sandbox: SandboxWorld) -> str:
        """Hold it until its ratio has come; return the id that names it."""

        def take(world: World, _: object) -> tuple[BrokerOrder, ...]:
            return hold(world, [(each.request, each.found) for each in self.judged], UNTAGGED)

        orders = await sandbox.office.keeper.act(take)
        notes = sandbox.notes
        for place, (each, order) in enumerate(zip(self.wanted, orders, strict=True), start=1):
            notes.orders[order.broker_order_id] = note_of(each, place)
        notes.groups[orders[0].broker_order_id] = GroupNote(
            kind=ComplexKind.PAIRS,
            account_id=orders[0].order.account_id,
            members=tuple(order.broker_order_id for order in orders),
            ratio=self.ratio,
            is_held=True,
        )
        await sandbox.release_pairs()
        return orders[0].broker_order_id


async def read_pair(sandbox: SandboxWorld, number: str, document: Document) -> Pair:
    """Read a pair and look at its orders.

    Raises:
        Refusal: 400, 403, 422.
    """
    ratio = read_ratio(document)
    if document.get("trigger-order") is not None:
        raise Refusal.of_parameter("trigger-order", "goes with OTO and OTOCO")
    wanted = [read_order(each) for each in orders_of(document)]
    if [len(each.legs or ()) for each in wanted] != [1, 1]:
        raise Refusal.of_order([_TWO])
    judged = [await judge(sandbox, number, each) for each in wanted]
    for each in judged:
        if each.off_tick is not None:
            raise refused(each.off_tick)
    return Pair(wanted=wanted, judged=judged, ratio=ratio)
