"""Orders that depend on others: what a fill or an end of one does to the rest of its group.

Law: the two sides of an OCO together never fill more units than one of them asks for. What one
fills is taken from the other at once; when nothing is left of it, it ends. Whatever else ends one
side ends the other too, so that nobody is left with half of a protection. What waits for a trigger
goes on waiting while the trigger has filled in part, begins when it has filled wholly, and ends
with it when it ends before that; what the trigger had filled by then stays.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange.book import WorkingOrder
from strikedesk.exchange.world import World

_TOO_LATE: Final = Reason.ORDER_NOT_WORKING.name.lower()
_NOT_TRIGGERED: Final = Reason.TRIGGER_ENDED.name.lower()
_FILLED_BESIDE: Final = Reason.OTHER_SIDE_FILLED.name.lower()
_ENDED_BESIDE: Final = Reason.OTHER_SIDE_ENDED.name.lower()


def finish(
    world: World,
    order: WorkingOrder,
    state: OrderState,
    at: datetime,
    *,
    code: str | None = None,
) -> None:
    """Take an order out of work, and with it those that cannot be without it."""
    world.end_order(order.ended(state, at, code=code))
    for other in _dependants(world, order):
        # One of those may have taken this one along already.
        if other.order_id in world.orders:
            _follow(world, order, other, state, at)


def filled(world: World, order: WorkingOrder, units: int, at: datetime) -> None:
    """Take from the other side of a group what this one has filled."""
    for other in _beside(world, order):
        world.put_order(replace(other, cut=other.cut + units, updated_at=at))


def passed_on(world: World, order: WorkingOrder, successor_id: str) -> None:
    """Let those that waited for an order wait for the one that took its place."""
    for other in world.orders.tied:
        if other.waits_for == order.order_id and other.order_id != successor_id:
            world.put_order(replace(other, waits_for=successor_id))


def members(world: World, account_id: str, group_id: str) -> list[WorkingOrder]:
    """Return what still works of a group, or waits to."""
    return [
        order
        for order in world.orders.tied
        if order.group is not None
        and order.group.group_id == group_id
        and order.account_id == account_id
    ]


def _dependants(world: World, order: WorkingOrder) -> list[WorkingOrder]:
    waiting = [other for other in world.orders.tied if other.waits_for == order.order_id]
    return [*waiting, *_beside(world, order)]


def _beside(world: World, order: WorkingOrder) -> Iterator[WorkingOrder]:
    """Yield the other side of the order's group."""
    if order.group is None or not order.group.is_side:
        return
    for other in members(world, order.account_id, order.group.group_id):
        side = other.group is not None and other.group.is_side
        if side and other.order_id != order.order_id and not other.is_replacement_to_be:
            yield other


def _follow(
    world: World, order: WorkingOrder, other: WorkingOrder, state: OrderState, at: datetime
) -> None:
    """Let an order that depended on another one end as its kind does."""
    if other.is_replacement_to_be:
        finish(world, other, OrderState.REJECTED, at, code=_TOO_LATE)
    elif other.waits_for == order.order_id:
        if state is not OrderState.FILLED:
            finish(world, other, OrderState.CANCELLED, at, code=_NOT_TRIGGERED)
    elif state is OrderState.EXPIRED and other.expires_at == order.expires_at:
        finish(world, other, OrderState.EXPIRED, at)
    else:
        finish(world, other, OrderState.CANCELLED, at, code=_why(world, other))


def _why(world: World, other: WorkingOrder) -> str:
    """Return why a side ends with the other one."""
    if other.remaining < 1:
        return _FILLED_BESIDE
    trigger = other.waits_for
    return _ENDED_BESIDE if trigger is None or trigger in world.orders else _NOT_TRIGGERED
