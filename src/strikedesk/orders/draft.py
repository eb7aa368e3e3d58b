"""What a caller asks for, before it is an order: prices are positive, accounts are handles."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from strikedesk.domain.errors import Denied
from strikedesk.domain.money import CENT, PriceEffect, limit_net, on_tick
from strikedesk.domain.orders import Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an order asks for. Units: `price`, `stop_trigger` USD per share, positive.

    `value` USD of shares instead of a quantity.
    """

    legs: tuple[Leg, ...]
    order_type: OrderType
    price: Decimal | None = None
    price_effect: PriceEffect | None = None
    stop_trigger: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    gtd_date: date | None = None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Terms):
    """An order in the caller's words: its terms, and the handle of its account."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a replacement changes about a working order; `None` = leave it.

    `units` is how many times the order's smallest form is wanted in all.
    """

    price: Decimal | None = None
    price_effect: PriceEffect | None = None
    stop_trigger: Decimal | None = None
    units: int | None = None
    time_in_force: TimeInForce | None = None
    gtd_date: date | None = None


def order_of(draft: Terms, account_id: str) -> OrderRequest:
    """Return the lawful order behind a draft.

    Raises:
        Denied: the shape rule that it breaks, by name.
    """
    order = OrderRequest(
        account_id=account_id,
        legs=draft.legs,
        order_type=draft.order_type,
        limit_net=signed_price(draft.price, draft.price_effect),
        stop_trigger=draft.stop_trigger,
        time_in_force=draft.time_in_force,
        gtd_date=draft.gtd_date,
        value=draft.value,
    )
    check_shape(order)
    return order


def changed(order: OrderRequest, change: Change) -> OrderRequest:
    """Return `order` with the change applied, legs and type as they were.

    Raises:
        Denied: NOTHING_TO_CHANGE, INVALID_ORDER for one by value, or the shape rule that the
            result breaks.
    """
    if order.by_value:
        raise Denied(Reason.INVALID_ORDER, rule="an_order_by_value_is_not_replaced")
    net = signed_price(change.price, change.price_effect)
    units = change.units if change.units is not None else order.units
    if units < 1:
        raise Denied(Reason.INVALID_QUANTITY, quantity=units)
    after = replace(
        _of_units(order, units),
        limit_net=order.limit_net if net is None else net,
        stop_trigger=order.stop_trigger if change.stop_trigger is None else change.stop_trigger,
        time_in_force=change.time_in_force or order.time_in_force,
        gtd_date=_gtd(order, change),
    )
    if after.digest == order.digest:
        raise Denied(Reason.NOTHING_TO_CHANGE)
    check_shape(after)
    return after


def rest_of(order: OrderRequest, filled: int) -> OrderRequest:
    """Return what is left of `order` when so many of its units are filled already.

    Raises:
        Denied: INVALID_QUANTITY, when nothing is.
    """
    if not filled:
        return order
    if order.units <= filled:
        raise Denied(Reason.INVALID_QUANTITY, units=order.units, filled_already=filled)
    return _of_units(order, order.units - filled)


def _of_units(order: OrderRequest, units: int) -> OrderRequest:
    ratios = ((leg, leg.quantity // order.units) for leg in order.legs)
    return replace(order, legs=tuple(replace(leg, quantity=n * units) for leg, n in ratios))


def signed_price(price: Decimal | None, effect: PriceEffect | None) -> Decimal | None:
    """Return the signed net of a price and its effect, which go together or not at all.

    Raises:
        Denied: INVALID_PRICE.
    """
    if price is None and effect in {None, PriceEffect.EVEN}:
        return None if effect is None else Decimal(0)
    if price is None or effect is None:
        raise Denied(Reason.INVALID_PRICE, rule="price_and_price_effect_go_together")
    return limit_net(price, effect)


def check_shape(order: OrderRequest) -> None:
    """Apply the rules of the trade that need no market, each by name.

    Raises:
        Denied: with the rule.
    """
    for rule in _RULES:
        rule(order)


def one_way(order: OrderRequest) -> int:
    """Return +1 where every leg buys, -1 where every leg sells, 0 where some do either."""
    signs = {leg.action.sign for leg in order.legs}
    return signs.pop() if len(signs) == 1 else 0


def _one_way_effect(order: OrderRequest) -> None:
    """What only buys is paid for, what only sells is paid out; the other way round is a slip."""
    sign = one_way(order)
    if sign and order.limit_net is not None and order.limit_net * sign <= 0:
        raise Denied(
            Reason.INVALID_PRICE,
            rule="one_way_effect",
            expected="debit" if sign > 0 else "credit",
        )


def _cent_tick(order: OrderRequest) -> None:
    """Options trade on the cent, and shares from one dollar up."""
    for price in (order.limit_net, order.stop_trigger):
        if price is None or on_tick(price, CENT):
            continue
        if order.has_options or abs(price) >= 1:
            raise Denied(Reason.INVALID_TICK, price=abs(price), tick=CENT)


_RULES: tuple[Callable[[OrderRequest], None], ...] = (_one_way_effect, _cent_tick)


def _gtd(order: OrderRequest, change: Change) -> date | None:
    if change.time_in_force in {None, TimeInForce.GTD}:
        return change.gtd_date or order.gtd_date
    return change.gtd_date
