"""An order as tastytrade wants it. Its reverse is `decoding`."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from strikedesk.brokers.tastytrade.amounts import CREDIT, DEBIT
from strikedesk.brokers.tastytrade.orders.words import ACTIONS, TIMES, TYPES
from strikedesk.brokers.tastytrade.spelling import spelled, type_of
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import Leg, OrderRequest

# The broker then refuses a close that has nothing to close, instead of opening something with it.
STRICT: Final[Mapping[str, Json]] = {"strict-position-effect-validation": True}


def encoded(order: OrderRequest, client_order_id: str, *, legs: bool = True) -> dict[str, Json]:
    """Return the body of an order. Every action says whether it opens: see `effects`.

    A replacement inherits its legs: it is written without.
    """
    told: dict[str, Json] = {
        "order-type": TYPES[order.order_type],
        "time-in-force": TIMES[order.time_in_force],
        "external-identifier": client_order_id,
        "advanced-instructions": dict(STRICT),
    }
    if order.gtd_date is not None:
        told["gtc-date"] = order.gtd_date.isoformat()
    if order.stop_trigger is not None:
        told["stop-trigger"] = f"{order.stop_trigger:f}"
    if order.limit_net is not None:
        told["price"] = f"{abs(order.limit_net):f}"
        told["price-effect"] = _effect(order, order.limit_net)
    if order.value is not None:
        told["value"] = f"{order.value:f}"
        told["value-effect"] = _effect(order, order.value * order.legs[0].action.sign)
    if legs:
        told["legs"] = [_leg(leg, by_value=order.by_value) for leg in order.legs]
    return told


def as_body(told: Mapping[str, Json]) -> bytes:
    """Return the bytes that go on the wire."""
    return json.dumps(told, separators=(",", ":")).encode()


def _leg(leg: Leg, *, by_value: bool) -> Json:
    return {
        "instrument-type": type_of(leg.symbol),
        "symbol": spelled(leg.symbol),
        **({} if by_value else {"quantity": leg.quantity}),
        "action": ACTIONS[leg.action],
    }


def _effect(order: OrderRequest, net: Decimal) -> str:
    """Return which way the money goes; at nothing at all a sale is still a credit."""
    sells = net < 0 or (net == 0 and all(leg.action.sign < 0 for leg in order.legs))
    return CREDIT if sells else DEBIT
