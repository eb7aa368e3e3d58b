"""Putting orders to work: one, a group, or those of a group whose trigger has filled."""

from dataclasses import replace as changed
from datetime import datetime
from decimal import Decimal

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.groups import OrderGroup, member_id
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange import gate, linked, rules
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.assess import Assessment, assess, basis_of
from strikedesk.exchange.book import Part, WorkingOrder
from strikedesk.exchange.market import Market
from strikedesk.exchange.membership import Membership
from strikedesk.exchange.memory import Memory
from strikedesk.exchange.screen import Screen, look
from strikedesk.exchange.trading import attempt, stands_still
from strikedesk.exchange.world import World


def examine(
    world: World,
    market: Market,
    at: datetime,
    request: OrderRequest,
    *,
    instead_of: WorkingOrder | None = None,
    memory: Memory | None = None,
) -> Assessment:
    """Return what an order comes to, in the place of a working one where `instead_of` is given.

    Raises:
        Denied: ACCOUNT_UNKNOWN.
    """
    if instead_of is None:
        found = (memory or Memory()).assessed(basis_of(world, market, at, request))
        return _past_the_gate(found, request, market, arrives=True)
    found = assess(_view(world, market, at, instead_of), market, at, request)
    return _past_the_gate(found, request, market, arrives=instead_of.waits_for is None)


def examine_group(
    world: World, market: Market, at: datetime, group: OrderGroup
) -> tuple[Assessment, ...]:
    """Return what each order of a group comes to; of a trigger that is refused, that alone.

    Those that wait are looked at as if their trigger had filled, and each side as if the other
    were not there: no more than one of them fills.

    Raises:
        Denied: ACCOUNT_UNKNOWN.
    """
    if group.trigger is None:
        return tuple(examine(world, market, at, order) for order in group.orders)
    first = examine(world, market, at, group.trigger)
    if first.refusal is not None:
        return (first,)
    view = _as_if_filled(world, group.trigger, first.parts, group.trigger.units, first.screen)
    rest = [
        _past_the_gate(assess(view, market, at, each), each, market, arrives=False)
        for each in group.orders[1:]
    ]
    return (first, *rest)


def accepted(found: Assessment) -> Assessment:
    """Return what may be taken.

    Raises:
        Rejected: with the rule that refuses it.
    """
    if found.refusal is not None:
        raise found.refusal
    return found


def place(
    world: World,
    market: Market,
    at: datetime,
    request: OrderRequest,
    *,
    client_order_id: str,
    memory: Memory | None = None,
) -> BrokerOrder:
    """Take an order; while it may trade it meets the quotes at once.

    Raises:
        Rejected: with the rule that refuses it.
        Denied: ACCOUNT_UNKNOWN.
    """
    found = accepted(examine(world, market, at, request, memory=memory))
    order = made(world.next_number(), world, found, request, client_order_id)
    return work(world, market, order, found.screen)


def place_group(
    world: World, market: Market, at: datetime, group: OrderGroup, *, client_order_id: str
) -> tuple[BrokerOrder, ...]:
    """Take a group whole or not at all; return its orders, the first of which names the group.

    Raises:
        Rejected: with the rule that refuses one of its orders.
        Denied: ACCOUNT_UNKNOWN.
    """
    found = [accepted(each) for each in examine_group(world, market, at, group)]
    numbers = [world.next_number() for _ in found]
    group_id = world.id_of(numbers[0])
    orders: list[WorkingOrder] = []
    for place, (number, each, request) in enumerate(
        zip(numbers, found, group.orders, strict=True), start=1
    ):
        order = made(number, world, each, request, member_id(client_order_id, place))
        member = Membership(group_id=group_id, kind=group.kind, place=place)
        orders.append(_tied(order, member))
    for order in orders:
        world.put_order(order)
    for order, each in zip(orders, found, strict=True):
        _first_chance(world, order.order_id, each.screen)
    begin(world, market, at)
    return tuple(shown(world, order.order_id) for order in orders)


def begin(world: World, market: Market, at: datetime) -> None:
    """Put those to work whose trigger has filled."""
    for seen in world.orders.tied:
        order = world.orders.get(seen.order_id)
        trigger = None if order is None else order.waits_for
        if order is not None and trigger is not None and trigger not in world.orders:
            _begin(world, market, order, at)


def made(
    number: int, world: World, found: Assessment, request: OrderRequest, client_order_id: str
) -> WorkingOrder:
    """Return an accepted order, not at work yet."""
    at = found.screen.at
    return WorkingOrder(
        order_id=world.id_of(number),
        number=number,
        client_order_id=client_order_id,
        request=request,
        parts=found.parts,
        created_at=at,
        updated_at=at,
        expires_at=rules.expires_at(request, found.screen),
        reserved=_reserve(found),
    )


def work(world: World, market: Market, order: WorkingOrder, screen: Screen) -> BrokerOrder:
    """Put an order to work, and let it meet an open market at once."""
    _set_to_work(world, order, screen)
    begin(world, market, screen.at)
    return shown(world, order.order_id)


def shown(world: World, order_id: str) -> BrokerOrder:
    """Return an order that works or has just ended.

    Raises:
        Denied: ORDER_UNKNOWN.
    """
    order = world.orders.get(order_id)
    if order is not None:
        return order.shown
    for ended in reversed(world.changes.ended):
        if ended.broker_order_id == order_id:
            return ended
    raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id)


def _set_to_work(world: World, order: WorkingOrder, screen: Screen) -> None:
    """Keep an order as it is once it has met the market, where it may meet it now."""
    if stands_still(order, screen) or not screen.lets(order.request):
        world.put_order(order)
    else:
        attempt(world, order, screen)


def _first_chance(world: World, order_id: str, screen: Screen) -> None:
    order = world.orders.get(order_id)
    if order is not None and screen.lets(order.request):
        attempt(world, order, screen)


def _begin(world: World, market: Market, order: WorkingOrder, at: datetime) -> None:
    """Let an order begin, if it may still: what it was taken for may have changed since.

    A stop that the market has passed meanwhile is touched at once: it protects.
    """
    ends = rules.expires_at(order.request, _look_at_terms(market, order.request, at))
    if ends is not None and ends <= at:
        linked.finish(world, order, OrderState.EXPIRED, at)
        return
    found = assess(_view(world, market, at, order), market, at, order.request)
    if found.refusal is not None:
        code = found.refusal.reason.name.lower()
        linked.finish(world, order, OrderState.REJECTED, at, code=code)
        return
    ready = changed(
        order,
        waits_for=None,
        parts=found.parts,
        reserved=_reserve(found),
        expires_at=ends,
        updated_at=at,
    )
    _set_to_work(world, ready, found.screen)


def _look_at_terms(market: Market, request: OrderRequest, at: datetime) -> Screen:
    symbols = [leg.symbol for leg in request.legs]
    return look(market, symbols, at, ordered=symbols)


def _tied(order: WorkingOrder, member: Membership) -> WorkingOrder:
    """Return an order with its place in a group. What waits ends by its own time once it begins."""
    slot = member.group_id if member.is_side else None
    if not member.kind.has_trigger or member.place == 1:
        return changed(order, group=member, slot=slot)
    return changed(order, group=member, slot=slot, waits_for=member.group_id, expires_at=None)


def _view(world: World, market: Market, at: datetime, order: WorkingOrder) -> World:
    """Return the world without an order and those that cannot fill beside it, at its time."""
    view = world.fork()
    for order_id in world.orders.in_slot(order):
        view.orders.remove(order_id)
    trigger = None if order.waits_for is None else view.orders.get(order.waits_for)
    if trigger is None:
        return view
    view.orders.remove(trigger.order_id)
    screen = look(market, {part.symbol for part in trigger.parts}, at)
    return _as_if_filled(view, trigger.request, trigger.parts, trigger.remaining, screen)


def _as_if_filled(
    world: World, request: OrderRequest, parts: tuple[Part, ...], units: int, screen: Screen
) -> World:
    """Return the world as it is once an order has filled, at its limit or what the market gives."""
    view = world.fork()
    account = view.account(request.account_id)
    for part in parts:
        quantity = part.sign * part.ratio * units
        price = _likely(request, part, screen)
        account = account.traded(part.symbol, quantity, price, screen.at)
    view.put_account(account)
    return view


def _likely(request: OrderRequest, part: Part, screen: Screen) -> Decimal:
    """Return the price at which a leg may be taken to fill; its own limit where it is alone."""
    quote = screen.quotes.get(part.symbol)
    natural = None if quote is None else quote.natural(part.sign)
    known = natural if natural is not None else screen.mark(part.symbol)
    alone = request.limit_net if len(request.legs) == 1 else None
    price = next((p for p in (alone, known, request.limit_net) if p is not None), NOTHING)
    return abs(price)


def _past_the_gate(
    found: Assessment, request: OrderRequest, market: Market, *, arrives: bool
) -> Assessment:
    """Apply the rules of the gate to what nothing else refuses."""
    if found.refusal is not None:
        return found
    try:
        gate.check_form(request, market)
        if arrives:
            gate.check(request, found.parts, found.screen)
    except Rejected as refusal:
        return changed(found, refusal=refusal)
    return found


def _reserve(found: Assessment) -> Decimal:
    return max(found.consumes or NOTHING, NOTHING)
