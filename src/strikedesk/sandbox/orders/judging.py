"""Judging an order before it is placed: what it would do, what is wrong, what is only odd.

Two things are as they are at the broker, and surprise: an order that closes what is not held is
made to open it, unless it says `strict-position-effect-validation`; and a price off the tick passes
here, and is rejected once it is routed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from strikedesk.domain.errors import Rejected
from strikedesk.domain.groups import OrderGroup
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import Action, OrderRequest, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange import orders as exchange
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.assess import Assessment
from strikedesk.exchange.fees import load_schedule
from strikedesk.exchange.holdings import with_underlyings
from strikedesk.sandbox.orders.faults import fault_of
from strikedesk.sandbox.orders.figures import buying_power_effect, charges_of, fee_calculation
from strikedesk.sandbox.orders.reading import Wanted
from strikedesk.sandbox.refusal import Fault, Refusal
from strikedesk.sandbox.world import SandboxWorld

CLOSED: Final = Fault("tif.next_valid_session", "Your order will begin working next valid session.")
NOTHING_TO_CLOSE: Final = Fault(
    "closing_with_no_position", "A closing leg has no position: it was made to open one."
)
_OF_A_DAY: Final = frozenset({TimeInForce.DAY, TimeInForce.EXT, TimeInForce.EXT_OVERNIGHT})
_OPENED: Final = {
    Action.BUY_TO_CLOSE: Action.BUY_TO_OPEN,
    Action.SELL_TO_CLOSE: Action.SELL_TO_OPEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An order that may be placed. `off_tick`: it is rejected as soon as it is routed."""

    request: OrderRequest
    found: Assessment
    schedule: str
    warnings: tuple[Fault, ...] = ()
    off_tick: Rejected | None = None

    def figures(self) -> dict[str, Json]:
        """Return what stands beside the order in an answer."""
        schedule = load_schedule(self.schedule)
        charged = charges_of([self.found], [self.request.units], schedule)
        return {
            "buying-power-effect": self.effect(),
            "fee-calculation": fee_calculation(charged),
            "warnings": [warning.told() for warning in self.warnings],
        }

    def effect(self) -> dict[str, Json]:
        """Return what it does to buying power."""
        return buying_power_effect(
            self.found.before,
            self.found.consumes,
            self.found.margin_change,
            spread=len(self.request.legs) > 1,
        )


async def judge(sandbox: SandboxWorld, account_id: str, wanted: Wanted) -> Judged:
    """Look at a new order.

    Raises:
        Refusal: 422, with what is wrong; 403 for another's account.
    """
    world, account, _ = await sandbox.account(account_id)
    request = wanted.request(account_id)
    found = await _examined(sandbox, request)
    warnings: list[Fault] = []
    if _closes_nothing(found) and not wanted.strict and not request.by_value:
        opened = _opened(request, account)
        if opened != request:
            request, found = opened, await _examined(sandbox, opened)
            warnings.append(NOTHING_TO_CLOSE)
    off_tick = found.refusal if _is_off_tick(found) else None
    if off_tick is not None:
        found = await _examined(sandbox, _on_tick(request, off_tick))
    check(found)
    if not found.screen.lets(request) and request.time_in_force in _OF_A_DAY:
        warnings.append(CLOSED)
    return Judged(
        request=request,
        found=found,
        schedule=world.frame.schedule,
        warnings=(*warnings,),
        off_tick=off_tick,
    )


async def judge_replacement(sandbox: SandboxWorld, request: OrderRequest, order_id: str) -> Judged:
    """Look at an order that is to take the place of a working one.

    Raises:
        Refusal: 422.
    """
    seen = await sandbox.office.keeper.snapshot()
    try:
        old = exchange.changeable(seen.world, request.account_id, order_id)
        rest = exchange.rest_of(old, request)
    except Rejected as refusal:
        raise refused(refusal) from None
    await sandbox.office.venue.warm(symbols_of([request]), seen.at)
    found = exchange.examine(seen.world, sandbox.office.market, seen.at, rest, instead_of=old)
    check(found)
    return Judged(request=request, found=found, schedule=seen.world.frame.schedule)


async def judge_group(sandbox: SandboxWorld, group: OrderGroup) -> tuple[Assessment, ...]:
    """Look at the orders of a group.

    Raises:
        Refusal: 422.
    """
    seen = await sandbox.office.keeper.snapshot()
    await sandbox.office.venue.warm(symbols_of(group.orders), seen.at)
    found = exchange.examine_group(seen.world, sandbox.office.market, seen.at, group)
    for each in found:
        check(each)
    return found


def check(found: Assessment) -> None:
    """Refuse what the venue would not take.

    Raises:
        Refusal: 422.
    """
    if found.refusal is not None:
        raise refused(found.refusal)


def refused(refusal: Rejected) -> Refusal:
    """Return the venue's refusal as a client is told it."""
    if refusal.reason in {Reason.ORDER_NOT_WORKING, Reason.CHANGE_PENDING}:
        return Refusal(422, "cannot_update_order", "Order cannot be updated or cancelled now.")
    return Refusal.of_order([fault_of(refusal)])


def symbols_of(requests: Sequence[OrderRequest]) -> set[Symbol]:
    """Return what has to be quoted for orders."""
    return with_underlyings({leg.symbol for request in requests for leg in request.legs})


async def _examined(sandbox: SandboxWorld, request: OrderRequest) -> Assessment:
    seen = await sandbox.office.keeper.snapshot()
    await sandbox.office.venue.warm(symbols_of([request]), seen.at)
    return exchange.examine(seen.world, sandbox.office.market, seen.at, request)


def _closes_nothing(found: Assessment) -> bool:
    return found.refusal is not None and found.refusal.reason is Reason.CLOSE_EXCEEDS_POSITION


def _opened(request: OrderRequest, account: PaperAccount) -> OrderRequest:
    """Return the order with every leg that has nothing to close made to open."""
    return replace(
        request,
        legs=tuple(
            replace(leg, action=_OPENED[leg.action])
            if leg.action in _OPENED and account.held(leg.symbol) * leg.action.sign >= 0
            else leg
            for leg in request.legs
        ),
    )


def _is_off_tick(found: Assessment) -> bool:
    return found.refusal is not None and found.refusal.reason is Reason.INVALID_TICK


def _on_tick(request: OrderRequest, refusal: Rejected) -> OrderRequest:
    """Return the order at the nearest prices on the tick, to reckon with."""
    tick = Decimal(str(refusal.facts["tick"]))
    return replace(
        request,
        limit_net=_nearest(request.limit_net, tick),
        stop_trigger=_nearest(request.stop_trigger, tick),
    )


def _nearest(price: Decimal | None, tick: Decimal) -> Decimal | None:
    return None if price is None else (price / tick).to_integral_value() * tick
