"""From an order row to the ticket that a broker takes."""

from collections.abc import Sequence

from strikedesk.domain.broking import (
    CancelTicket,
    GroupTicket,
    PlaceTicket,
    ReplaceTicket,
    Ticket,
)
from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import whole_id
from strikedesk.domain.ledger import Json, OrderRecord, TicketKind
from strikedesk.domain.reasons import Reason
from strikedesk.orders.groups import group_in, told_of


def ticket_of(record: OrderRecord, others: Sequence[OrderRecord] = ()) -> Ticket:
    """Return the one ticket that carries out `record`, with the others of a group that it leads.

    Raises:
        Denied: ORDER_UNKNOWN, for a replacement or a cancel whose target is not named; of a group
            that is not whole, as `group_in`: no order of one leaves by itself.
    """
    if record.group_id is not None or others:
        group, whole = group_in(record, others), whole_id(record.client_order_id)
        return GroupTicket(client_order_id=whole, group=group)
    if record.kind is TicketKind.PLACE:
        return PlaceTicket(client_order_id=record.client_order_id, order=record.order)
    if record.target_broker_order_id is None:
        raise Denied(Reason.ORDER_UNKNOWN, order_id=record.target_order_id)
    if record.kind is TicketKind.REPLACE:
        return ReplaceTicket(
            client_order_id=record.client_order_id,
            order=record.order,
            broker_order_id=record.target_broker_order_id,
        )
    return CancelTicket(
        client_order_id=record.client_order_id,
        account_id=record.account_id,
        broker_order_id=record.target_broker_order_id,
    )


def payload_of(record: OrderRecord, others: Sequence[OrderRecord] = ()) -> dict[str, Json]:
    """Return what the audit trail keeps of a ticket: everything that the broker is told."""
    return {
        "kind": record.kind,
        "client_order_id": record.client_order_id,
        "target_broker_order_id": record.target_broker_order_id,
        "order": record.order.canonical,
        "order_digest": record.order.digest,
        **told_of(record, others),
    }
