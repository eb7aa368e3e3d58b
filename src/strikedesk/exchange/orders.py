"""Taking orders: place, replace, cancel. What is refused leaves no order behind."""

from dataclasses import replace as changed
from datetime import datetime

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange import rules
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.assess import Assessment, assess
from strikedesk.exchange.book import WorkingOrder
from strikedesk.exchange.market import Market
from strikedesk.exchange.trading import attempt
from strikedesk.exchange.world import World


def place(
    world: World, market: Market, at: datetime, request: OrderRequest, *, client_order_id: str
) -> BrokerOrder:
    """Take an order; in an open market it meets the quotes at once.

    Raises:
        Rejected: with the rule that refuses it.
        Denied: ACCOUNT_UNKNOWN.
    """
    found = _accepted(assess(world, market, at, request))
    return _work(world, found, request, client_order_id)


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
        Rejected: ORDER_NOT_WORKING when a fill was first; or as for placing, and the old stands.
        Denied: ACCOUNT_UNKNOWN.
    """
    old = working(world, request.account_id, order_id)
    rest = rest_of(old, request)
    found = _accepted(assess(world, market, at, rest, instead_of=order_id))
    number = world.next_number()
    successor = world.id_of(number)
    world.end_order(old.ended(OrderState.REPLACED, at, replaced_by=successor))
    return _work(world, found, rest, client_order_id, number=number, replaces=order_id)


def cancel(world: World, at: datetime, account_id: str, order_id: str) -> BrokerOrder:
    """Take a working order back.

    Raises:
        Rejected: ORDER_NOT_WORKING.
        Denied: ACCOUNT_UNKNOWN.
    """
    ended = working(world, account_id, order_id).ended(OrderState.CANCELLED, at)
    world.end_order(ended)
    return ended


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


def rest_of(old: WorkingOrder, request: OrderRequest) -> OrderRequest:
    """Return `request` less what `old` has filled.

    Raises:
        Rejected: INVALID_ORDER when more than price, size and time differ; INVALID_QUANTITY when
            nothing is left.
    """
    if _shape(request) != _shape(old.request):
        raise rules.rejection(Reason.INVALID_ORDER, rule="a_replacement_keeps_legs_and_type")
    units = request.units - old.filled
    if units < 1:
        raise rules.rejection(
            Reason.INVALID_QUANTITY, rule="more_than_is_filled_already", filled=old.filled
        )
    return request if not old.filled else _of_units(request, units)


def _accepted(found: Assessment) -> Assessment:
    if found.refusal is not None:
        raise found.refusal
    return found


def _work(
    world: World,
    found: Assessment,
    request: OrderRequest,
    client_order_id: str,
    *,
    number: int | None = None,
    replaces: str | None = None,
) -> BrokerOrder:
    """Put an accepted order to work, and let it meet an open market at once."""
    at = found.screen.at
    number = world.next_number() if number is None else number
    order = WorkingOrder(
        order_id=world.id_of(number),
        number=number,
        client_order_id=client_order_id,
        request=request,
        parts=found.parts,
        created_at=at,
        updated_at=at,
        expires_at=rules.expires_at(request, found.screen),
        reserved=max(found.consumes or NOTHING, NOTHING),
        replaces=replaces,
    )
    world.put_order(order)
    if found.screen.is_open:
        attempt(world, order, found.screen)
    return shown(world, order.order_id)


def shown(world: World, order_id: str) -> BrokerOrder:
    """Return an order that works or has just ended.

    Raises:
        Denied: ORDER_UNKNOWN.
    """
    order = world.orders.get(order_id)
    if order is not None:
        return order.shown()
    for ended in reversed(world.changes.ended):
        if ended.broker_order_id == order_id:
            return ended
    raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id)


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
