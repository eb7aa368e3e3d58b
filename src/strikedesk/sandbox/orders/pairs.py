"""PAIRS: two orders that wait for the ratio of their prices, read, judged and held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import OrderRequest
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.fees import load_schedule
from strikedesk.sandbox.orders.acts import Clerk
from strikedesk.sandbox.orders.figures import buying_power_effect, charges_of, fee_calculation
from strikedesk.sandbox.orders.judging import Judged, judge, refused
from strikedesk.sandbox.orders.reading import Document, Wanted, orders_of, read_order, read_ratio
from strikedesk.sandbox.ratio import Ratio
from strikedesk.sandbox.refusal import Fault, Refusal
from strikedesk.sandbox.world import SandboxWorld

_TWO: Final = Fault("invalid_pairs_order", "A pair has two orders, of one leg each.")
_NOT_BY_VALUE: Final = Fault("invalid_pairs_order", "What waits for a ratio is not by value.")


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
        clerk = Clerk(sandbox)
        group_id = await clerk.hold_pair(self.judged, self.wanted, self.ratio)
        await clerk.release_pairs()
        return group_id


@dataclass(frozen=True, slots=True)
class PairWatch:
    """Looks before every request whether a pair may begin, so that whoever asks sees it."""

    app: ASGIApp
    world: SandboxWorld

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await Clerk(self.world).release_pairs()
        await self.app(scope, receive, send)


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
    if any(each.value is not None for each in wanted):
        raise Refusal.of_order([_NOT_BY_VALUE])
    judged = [await judge(sandbox, number, each) for each in wanted]
    for each in judged:
        if each.off_tick is not None:
            raise refused(each.off_tick)
    return Pair(wanted=wanted, judged=judged, ratio=ratio)
