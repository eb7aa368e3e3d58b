"""Telling an order, as REST and the account stream have it: whole, with its legs and fills."""

from decimal import Decimal
from typing import Final

from strikedesk.domain.broking import BrokerOrder, Fill
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.states import OrderState
from strikedesk.sandbox.notes import (
    ComplexKind,
    GroupNote,
    Note,
    Notes,
    complex_number,
    number_of,
)
from strikedesk.sandbox.orders.faults import reject_reason
from strikedesk.sandbox.orders.reading import ACTIONS, ORDER_TYPES, TIMES_IN_FORCE
from strikedesk.sandbox.spelling import EQUITY, instrument_type, wire_symbol
from strikedesk.sandbox.wire import counted, decimal, epoch_ms, instant, known

VENUE: Final = "MARKET_SIMULATOR"
RECEIVED: Final = "Received"
ROUTED: Final = "Routed"
CONTINGENT: Final = "Contingent"
CANCEL_REQUESTED: Final = "Cancel Requested"

STATUSES: Final = {
    OrderState.SUBMITTED: RECEIVED,
    OrderState.WORKING: "Live",
    OrderState.PARTIALLY_FILLED: "Live",
    OrderState.CANCEL_PENDING: CANCEL_REQUESTED,
    OrderState.REPLACE_PENDING: "Replace Requested",
    OrderState.FILLED: "Filled",
    OrderState.CANCELLED: "Cancelled",
    OrderState.REPLACED: "Cancelled",
    OrderState.REJECTED: "Rejected",
    OrderState.EXPIRED: "Expired",
}
ACTION_NAMES: Final = {action: name for name, action in ACTIONS.items()}
ORDER_TYPE_NAMES: Final = {kind: name for name, kind in ORDER_TYPES.items()}
TIME_NAMES: Final = {time: name for name, time in TIMES_IN_FORCE.items()}
_CHANGEABLE: Final = frozenset({RECEIVED, "Live", CONTINGENT})


def status_of(order: BrokerOrder) -> str:
    """Return the protocol's word for where an order stands; what waits is contingent."""
    if order.waits_for is not None and order.state.is_open:
        return CONTINGENT
    return STATUSES[order.state]


def told_order(order: BrokerOrder, notes: Notes) -> dict[str, Json]:
    """Return an order as it stands."""
    note, status = notes.of(order), status_of(order)
    created_at = order.created_at
    number = number_of(order.broker_order_id)
    return known(
        {
            **asked(order.order, note),
            "id": number,
            "cancellable": status in _CHANGEABLE,
            "editable": status in _CHANGEABLE,
            "edited": order.replaced_by is not None,
            "status": status,
            "contingent-status": "Pending Order" if status == CONTINGENT else None,
            "ext-client-order-id": None if status == CONTINGENT else f"SB{number:016d}",
            "ext-exchange-order-number": None if status == CONTINGENT else str(number),
            "global-request-id": f"{order.broker_order_id}=order-api",
            "received-at": None if created_at is None else instant(created_at),
            "live-at": _live_at(order, status),
            "updated-at": 0 if order.updated_at is None else epoch_ms(order.updated_at),
            "reject-reason": reject_reason(order.reject_code) if status == "Rejected" else None,
            "destination-venue": None if status in {CONTINGENT, RECEIVED} else VENUE,
            "replaces-order-id": None if order.replaces is None else number_of(order.replaces),
            "replacing-order-id": (
                None if order.replaced_by is None else number_of(order.replaced_by)
            ),
            **_ends(order, status),
            **_group(order, notes.group_of(order), note),
            "legs": [_leg(leg, order) for leg in order.order.legs],
        }
    )


def told_as_routed(order: BrokerOrder, notes: Notes) -> dict[str, Json]:
    """Return an order as it is told at once to who placed it: on its way, whatever came of it."""
    told = told_order(order, notes)
    if told["status"] in {CONTINGENT, RECEIVED}:
        return told
    later_ones = ("live-at", "cancelled-at", "terminal-at", "destination-venue", "reject-reason")
    for later in later_ones:
        told.pop(later, None)
    received_at = order.created_at or order.updated_at
    return {
        **told,
        "status": ROUTED,
        "cancellable": False,
        "editable": False,
        "updated-at": 0 if received_at is None else epoch_ms(received_at),
        "legs": [_unfilled(leg, order.order) for leg in order.order.legs],
    }


def told_dry(request: OrderRequest, note: Note, *, waits: bool = False) -> dict[str, Json]:
    """Return an order that is not placed: it has no number."""
    return known(
        {
            **asked(request, note),
            "cancellable": True,
            "editable": True,
            "edited": False,
            "status": CONTINGENT if waits else RECEIVED,
            "contingent-status": "Pending Order" if waits else None,
            "updated-at": 0,
            "legs": [_unfilled(leg, request) for leg in request.legs],
        }
    )


def asked(request: OrderRequest, note: Note) -> dict[str, Json]:
    """Return what an order asks for."""
    net = request.limit_net
    return {
        "account-number": request.account_id,
        "order-type": note.order_type or ORDER_TYPE_NAMES[request.order_type],
        "time-in-force": note.time_in_force or TIME_NAMES[request.time_in_force],
        "gtc-date": None if request.gtd_date is None else request.gtd_date.isoformat(),
        "size": request.units,
        "price": None if net is None else decimal(abs(net)),
        "price-effect": None if net is None else _price_effect(net, note),
        "stop-trigger": None if request.stop_trigger is None else decimal(request.stop_trigger),
        **_value(request),
        "underlying-symbol": request.underlying.replace(".", "/"),
        "underlying-instrument-type": EQUITY,
        "leg-count": len(request.legs),
        "external-identifier": note.external_identifier,
        "source": note.source,
    }


def _value(request: OrderRequest) -> dict[str, Json]:
    """Return the amount of an order by value: a purchase is a debit."""
    if request.value is None:
        return {}
    effect = "Debit" if request.legs[0].action.sign > 0 else "Credit"
    return {"value": decimal(request.value), "value-effect": effect}


def tag_of(kind: ComplexKind, place: int) -> str:
    """Return the tag of a complex order's member, counted from 1."""
    if kind.has_trigger and place == 1:
        return f"{kind.name}::trigger-order"
    if kind is ComplexKind.OTOCO:
        return f"OTOCO::oco-{place - 1}-order"
    return f"{kind.name}::order"


def _price_effect(net: Decimal, note: Note) -> str:
    if not net:
        return note.price_effect or "Debit"
    return "Debit" if net > 0 else "Credit"


def _live_at(order: BrokerOrder, status: str) -> str | None:
    if status in {CONTINGENT, RECEIVED, "Rejected"} or order.created_at is None:
        return None
    return instant(order.created_at)


def _ends(order: BrokerOrder, status: str) -> dict[str, Json]:
    if not order.state.is_final or order.updated_at is None:
        return {}
    at = instant(order.updated_at)
    return {"cancelled-at": at if status == "Cancelled" else None, "terminal-at": at}


def _group(order: BrokerOrder, group: GroupNote | None, note: Note) -> dict[str, Json]:
    if group is None or order.group_id is None or note.place is None:
        return {}
    return {
        "complex-order-id": complex_number(order.group_id),
        "complex-order-tag": tag_of(group.kind, note.place),
    }


def _leg(leg: Leg, order: BrokerOrder) -> dict[str, Json]:
    fills = [fill for fill in order.fills if fill.symbol == leg.symbol]
    told = {**_unfilled(leg, order.order), "fills": [_fill(fill) for fill in fills]}
    if order.order.by_value:
        return told
    filled = sum(int(abs(fill.signed_quantity)) for fill in fills)
    return {**told, "remaining-quantity": leg.quantity - filled}


def _unfilled(leg: Leg, request: OrderRequest) -> dict[str, Json]:
    """Return a leg as it was asked for: one by value has no quantity, and none is left of it."""
    numbers: dict[str, Json] = {"quantity": leg.quantity, "remaining-quantity": leg.quantity}
    return {
        "instrument-type": instrument_type(leg.symbol),
        "symbol": wire_symbol(leg.symbol),
        **({} if request.by_value else numbers),
        "action": ACTION_NAMES[leg.action],
        "fills": [],
    }


def _fill(fill: Fill) -> dict[str, Json]:
    number = str(number_of(fill.fill_id))
    return {
        "fill-id": fill.fill_id,
        "ext-group-fill-id": number,
        "ext-exec-id": number,
        "quantity": counted(abs(fill.signed_quantity)),
        "fill-price": decimal(fill.price),
        "filled-at": instant(fill.at),
        "destination-venue": VENUE,
    }
