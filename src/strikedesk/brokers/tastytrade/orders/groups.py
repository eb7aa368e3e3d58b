"""Groups of orders as tastytrade holds them together: OCO, OTO and OTOCO."""

from collections.abc import Sequence
from typing import Final

from strikedesk.brokers.tastytrade.orders.encoding import encoded
from strikedesk.brokers.tastytrade.payloads.orders import ComplexOrderTold, OrderTold
from strikedesk.domain.broking import GroupTicket
from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import OrderGroup
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import OrderType
from strikedesk.domain.reasons import Reason

_TRIGGERS: Final = frozenset({OrderType.LIMIT, OrderType.MARKETABLE_LIMIT})


def encoded_group(group: OrderGroup, ids: Sequence[str]) -> dict[str, Json]:
    """Return the body of a group, whose orders carry these ids in their order."""
    bodies: list[Json] = [encoded(order, own) for order, own in zip(group.orders, ids, strict=True)]
    told: dict[str, Json] = {"type": group.kind.value.upper()}
    if group.trigger is not None:
        told["trigger-order"] = bodies.pop(0)
    return told | {"orders": bodies}


def check_group(group: OrderGroup) -> None:
    """Refuse combinations that the broker refuses.

    Raises:
        Denied: INVALID_ORDER, with the rule's name.
    """
    trigger = group.trigger
    if trigger is not None and trigger.order_type not in _TRIGGERS:
        raise Denied(Reason.INVALID_ORDER, rule="a_trigger_is_a_limit_order")
    if group.sides and len({side.order_type.has_stop for side in group.sides}) == 1:
        raise Denied(Reason.INVALID_ORDER, rule="one_side_is_a_limit_and_one_a_stop")


def members_of(told: ComplexOrderTold, ticket: GroupTicket) -> tuple[OrderTold, ...] | None:
    """Return the orders of a group in our order: by our ids, or where none is echoed by place.

    None where the broker tells of others, or of fewer, than were sent.
    """
    found = [each for each in (told.trigger_order, *told.orders) if each is not None]
    echoed = {each.external_identifier: each for each in found if each.external_identifier}
    if len(found) != len(ticket.member_ids):
        return None
    if not echoed:
        return tuple(found)
    if set(echoed) != set(ticket.member_ids):
        return None
    return tuple(echoed[own] for own in ticket.member_ids)
