"""What may be done with orders: place one or a group, replace, cancel.

A replacement or a cancel acts at once, or after the world's latency.
While a change is on its way the order is `replace_pending` or `cancel_pending` and stands as it
did: a fill may be first. A replacement exists from the moment it is asked for, and waits until the
venue acts: then it takes the place of what is left, or is refused and the old order works on.

Of a group: a side takes the other side along, a trigger all that wait for it, and the group's id
whatever is left of the group. A replacement keeps its place in the group, and its size; it keeps
the time in force where there is another side.
"""

from dataclasses import replace as changed
from datetime import datetime, timedelta

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Rejected
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange import linked, rules
from strikedesk.exchange.assess import Assessment
from strikedesk.exchange.book import WorkingOrder
from strikedesk.exchange.market import Market
from strikedesk.exchange.membership import Pending, Wish
from strikedesk.exchange.placing import (
    accepted,
    examine,
    examine_group,
    made,
    place,
    place_group,
    shown,
    work,
)
from strikedesk.exchange.world import World

__all__ = [
    "after_cancel",
    "cancel",
    "carry_out",
    "changeable",
    "examine",
    "examine_group",
    "place",
    "place_group",
    "replace",
    "rest_of",
    "shown",
    "working",
]


def replace(
    world: World,
    market: Market,
    at: datetime,
    order_id: str,
    request: OrderRequest,
    *,
    client_order_id: str,
) -> BrokerOrder:
    """Put a new order in the place of a working one: legs as they were, price, size or time new.

    The quantities of `request` count what the old order has filled already: the new one works for
    the rest, so that a fill on the way cannot make it too large.

    Raises:
        Rejected: ORDER_NOT_WORKING when a fill was first; CHANGE_PENDING; or as for placing, and
            the old stands.
        Denied: ACCOUNT_UNKNOWN.
    """
    old = changeable(world, request.account_id, order_id)
    rest = rest_of(old, request)
    found = accepted(examine(world, market, at, rest, instead_of=old))
    if world.frame.latency_ms:
        return _ask_to_replace(world, old, request, found, client_order_id)
    successor = made(world.next_number(), world, found, rest, client_order_id)
    return _take_over(world, market, old, successor, found)


def cancel(world: World, at: datetime, account_id: str, order_id: str) -> BrokerOrder:
    """Take a working order back, or by the id of its first order what is left of a group.

    Raises:
        Rejected: ORDER_NOT_WORKING, CHANGE_PENDING.
        Denied: ACCOUNT_UNKNOWN.
    """
    targets = _meant(world, account_id, order_id)
    if world.frame.latency_ms:
        for order in targets:
            world.put_order(_pending(world, order, Wish.CANCEL, at))
    else:
        _take_back(world, targets, at)
    return shown(world, targets[0].order_id)


def after_cancel(world: World, at: datetime, account_id: str, order_id: str) -> World:
    """Return the world as it is once a cancel has acted, if nothing else happens.

    Raises:
        Rejected: ORDER_NOT_WORKING, CHANGE_PENDING.
        Denied: ACCOUNT_UNKNOWN.
    """
    rest = world.fork()
    _take_back(rest, _meant(world, account_id, order_id), at)
    return rest


def carry_out(world: World, market: Market, order: WorkingOrder) -> None:
    """Do what was asked of an order a while ago: it has arrived at the venue now."""
    at, pending = world.advanced_to, order.pending
    if pending is not None and pending.wish is Wish.CANCEL:
        linked.finish(world, order, OrderState.CANCELLED, at)
        return
    old = changed(order, pending=None, updated_at=at)
    world.put_order(old)
    for waiting in world.orders.tied:
        if waiting.is_replacement_to_be and waiting.replaces == old.order_id:
            _try_to_take_over(world, market, old, waiting)


def working(world: World, account_id: str, order_id: str) -> WorkingOrder:
    """Return an order that may still fill.

    Raises:
        Rejected: ORDER_NOT_WORKING.
        Denied: ACCOUNT_UNKNOWN.
    """
    account = world.account(account_id)
    order = world.orders.get(order_id)
    if order is None or order.account_id != account.account_id:
        raise rules.rejection(Reason.ORDER_NOT_WORKING, order_id=order_id)
    return order


def changeable(world: World, account_id: str, order_id: str) -> WorkingOrder:
    """Return a working order of which nothing else was asked.

    Raises:
        Rejected: ORDER_NOT_WORKING, CHANGE_PENDING.
        Denied: ACCOUNT_UNKNOWN.
    """
    order = working(world, account_id, order_id)
    if order.pending is not None or order.is_replacement_to_be:
        raise rules.rejection(Reason.CHANGE_PENDING, order_id=order_id, state=order.state.value)
    return order


def rest_of(old: WorkingOrder, request: OrderRequest) -> OrderRequest:
    """Return `request` less what `old`, or the other side of its group, has filled.

    Raises:
        Rejected: INVALID_ORDER when more than price, size and time differ, or a group's order
            its size; INVALID_TIME_IN_FORCE; INVALID_QUANTITY when nothing is left.
    """
    if _shape(request) != _shape(old.request):
        raise rules.rejection(Reason.INVALID_ORDER, rule="a_replacement_keeps_legs_and_type")
    if request.by_value:
        raise rules.rejection(Reason.INVALID_ORDER, rule="an_order_by_value_is_not_replaced")
    _check_membership(old, request)
    units = request.units - old.filled - old.cut
    if units < 1:
        raise rules.rejection(
            Reason.INVALID_QUANTITY, rule="more_than_is_filled_already", filled=old.filled
        )
    return request if units == request.units else _of_units(request, units)


def _meant(world: World, account_id: str, order_id: str) -> list[WorkingOrder]:
    """Return the orders that an id stands for: itself, or a group whose first order has ended."""
    rest = linked.members(world, account_id, order_id)
    if order_id in world.orders or not rest:
        return [changeable(world, account_id, order_id)]
    return [changeable(world, account_id, order.order_id) for order in rest]


def _take_back(world: World, targets: list[WorkingOrder], at: datetime) -> None:
    for order in targets:
        # One of them may have taken the next along already.
        if order.order_id in world.orders:
            linked.finish(world, order, OrderState.CANCELLED, at)


def _check_membership(old: WorkingOrder, request: OrderRequest) -> None:
    if old.group is None:
        return
    if request.units != old.request.units:
        raise rules.rejection(Reason.INVALID_ORDER, rule="orders_of_a_group_keep_their_size")
    stands = (request.time_in_force, request.gtd_date)
    if old.group.is_side and stands != (old.request.time_in_force, old.request.gtd_date):
        raise rules.rejection(Reason.INVALID_TIME_IN_FORCE, rule="sides_stand_equally_long")


def _pending(world: World, order: WorkingOrder, wish: Wish, at: datetime) -> WorkingOrder:
    due = at + timedelta(milliseconds=world.frame.latency_ms)
    return changed(order, pending=Pending(wish=wish, due=due), updated_at=at)


def _ask_to_replace(
    world: World,
    old: WorkingOrder,
    request: OrderRequest,
    found: Assessment,
    client_order_id: str,
) -> BrokerOrder:
    """Let a replacement wait until the venue acts; until then the two hold back as one."""
    slot = old.slot or old.order_id
    marked = _pending(world, old, Wish.REPLACE, found.screen.at)
    world.put_order(changed(marked, slot=slot))
    successor = changed(
        made(world.next_number(), world, found, request, client_order_id),
        replaces=old.order_id,
        waits_for=old.order_id,
        slot=slot,
        expires_at=None,
    )
    world.put_order(successor)
    return successor.shown


def _try_to_take_over(
    world: World, market: Market, old: WorkingOrder, waiting: WorkingOrder
) -> None:
    at = world.advanced_to
    try:
        rest = rest_of(old, waiting.request)
        found = accepted(examine(world, market, at, rest, instead_of=old))
    except Rejected as refusal:
        code = refusal.reason.name.lower()
        linked.finish(world, waiting, OrderState.REJECTED, at, code=code)
        return
    successor = made(waiting.number, world, found, rest, waiting.client_order_id)
    _take_over(world, market, old, changed(successor, created_at=waiting.created_at), found)


def _take_over(
    world: World,
    market: Market,
    old: WorkingOrder,
    successor: WorkingOrder,
    found: Assessment,
) -> BrokerOrder:
    """End the old order and put the new one to work, with its ties to others."""
    linked.passed_on(world, old, successor.order_id)
    at, new_id = found.screen.at, successor.order_id
    world.end_order(old.ended(OrderState.REPLACED, at, replaced_by=new_id))
    successor = changed(
        successor,
        replaces=old.order_id,
        group=old.group,
        waits_for=old.waits_for,
        slot=None if old.group is None else old.slot,
        expires_at=None if old.waits_for is not None else successor.expires_at,
    )
    return work(world, market, successor, found.screen)


def _shape(request: OrderRequest) -> tuple[object, ...]:
    legs = sorted(
        (leg.symbol.compact, leg.action.value, leg.quantity // request.units)
        for leg in request.legs
    )
    return (request.order_type, *legs)


def _of_units(request: OrderRequest, units: int) -> OrderRequest:
    return changed(
        request,
        legs=tuple(
            changed(leg, quantity=leg.quantity // request.units * units) for leg in request.legs
        ),
    )
