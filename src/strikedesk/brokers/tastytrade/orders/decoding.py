"""An order of tastytrade's in the desk's words. Its reverse is `encoding`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from strikedesk.brokers.tastytrade.amounts import CREDIT, DEBIT, cost
from strikedesk.brokers.tastytrade.orders.fills import average_net, filled_units, fills_of
from strikedesk.brokers.tastytrade.orders.words import (
    CONTINGENT,
    FILLED,
    READ_ACTIONS,
    READ_TIMES,
    READ_TYPES,
    REJECT_CODES,
    STATES,
)
from strikedesk.brokers.tastytrade.payloads.orders import LegTold, OrderTold
from strikedesk.brokers.tastytrade.spelling import read_symbol
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.states import OrderState

_TRIGGER: Final = "trigger-order"
_REJECTED: Final = "rejected_by_the_venue"


def decoded(
    told: OrderTold, account_id: str, siblings: Sequence[OrderTold] = ()
) -> BrokerOrder | None:
    """Return an order; None for what the desk has no words for (futures, coins).

    `siblings` are orders told along with it, among them those of its group.
    """
    order = request_of(told, account_id)
    if order is None or told.id is None:
        return None
    filled = order.units if told.status == FILLED else filled_units(order, told)
    state = _state(told, filled)
    rejected = state is OrderState.REJECTED
    return BrokerOrder(
        broker_order_id=told.id,
        client_order_id=told.external_identifier,
        order=order,
        state=state,
        filled_units=filled,
        average_net=average_net(order, told, filled),
        fills=fills_of(order, told),
        replaces=told.replaces_order_id,
        replaced_by=told.replacing_order_id,
        reject_code=REJECT_CODES.get(told.reject_reason or "", _REJECTED) if rejected else None,
        message=told.reject_reason,
        created_at=told.received_at,
        updated_at=told.updated_at,
        group_id=_group_id(told, siblings),
        waits_for=_waits_for(told, siblings),
    )


def request_of(told: OrderTold, account_id: str) -> OrderRequest | None:
    """Return what was asked for; None where the desk could not have asked for it."""
    kind = READ_TYPES.get(told.order_type or "")
    time = READ_TIMES.get(told.time_in_force or "")
    if kind is None or time is None:
        return None
    try:
        by_value = kind is OrderType.NOTIONAL_MARKET
        legs = [_leg(leg, by_value=by_value) for leg in told.legs]
        return OrderRequest(
            account_id=account_id,
            legs=tuple(leg for leg in legs if leg is not None) if None not in legs else (),
            order_type=kind,
            limit_net=_net(told) if kind.has_limit else None,
            stop_trigger=told.stop_trigger if kind.has_stop else None,
            time_in_force=_standing(time, kind, legs),
            gtd_date=told.gtc_date if time is TimeInForce.GTD else None,
            value=_value(told) if by_value else None,
        )
    except Denied:
        return None


def _leg(told: LegTold, *, by_value: bool) -> Leg | None:
    symbol = read_symbol(told.instrument_type, told.symbol)
    action = READ_ACTIONS.get(told.action or "")
    quantity = Decimal(1) if by_value else told.quantity
    if symbol is None or action is None or quantity is None or quantity != int(quantity):
        return None
    return Leg(symbol=symbol, action=action, quantity=int(quantity))


def _standing(time: TimeInForce, kind: OrderType, legs: Sequence[Leg | None]) -> TimeInForce:
    """Return how long it stands; extended hours too, where the desk could ask for them itself."""
    shares = len(legs) == 1 and legs[0] is not None and not legs[0].is_option
    return time if shares and kind is OrderType.LIMIT else time.in_regular_hours


def _value(told: OrderTold) -> Decimal | None:
    """Return the amount of an order by value; None where its direction is not that of its leg."""
    buys = any((leg.action or "").startswith("Buy") for leg in told.legs)
    expected = DEBIT if buys else CREDIT
    return told.value if told.value_effect in {None, expected} else None


def _net(told: OrderTold) -> Decimal | None:
    return cost(told.price, told.price_effect)


def _state(told: OrderTold, filled: int) -> OrderState:
    state = STATES.get(told.status or "", OrderState.UNKNOWN)
    if state is OrderState.WORKING and filled:
        return OrderState.PARTIALLY_FILLED
    replaced = state is OrderState.CANCELLED and told.replacing_order_id is not None
    return OrderState.REPLACED if replaced else state


def _family(told: OrderTold, siblings: Sequence[OrderTold]) -> list[OrderTold]:
    """Return the orders of its group that are known, itself among them, oldest first."""
    if told.complex_order_id is None:
        return []
    known = {each.id: each for each in (*siblings, told)}.values()
    family = [each for each in known if each.complex_order_id == told.complex_order_id]
    return sorted(family, key=lambda each: (not _is_trigger(each), _age(each)))


def _group_id(told: OrderTold, siblings: Sequence[OrderTold]) -> str | None:
    family = _family(told, siblings)
    return family[0].id if family else None


def _waits_for(told: OrderTold, siblings: Sequence[OrderTold]) -> str | None:
    if told.status != CONTINGENT:
        return None
    triggers = [each.id for each in _family(told, siblings) if _is_trigger(each)]
    waited = next((each for each in triggers if each != told.id), None)
    return waited or told.replaces_order_id


def _is_trigger(told: OrderTold) -> bool:
    return (told.complex_order_tag or "").endswith(_TRIGGER)


def _age(told: OrderTold) -> int:
    return int(told.id) if told.id is not None and told.id.isdigit() else 0
