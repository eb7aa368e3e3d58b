"""What a broker's answer, or its silence, means for an order row; and how a row is told back."""

from decimal import Decimal

from strikedesk.domain.broking import BrokerOrder, Receipt
from strikedesk.domain.errors import (
    Denied,
    DeskError,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from strikedesk.domain.ledger import OrderRecord, Progress, TicketKind
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState


def progress_of(broker_order: BrokerOrder) -> Progress:
    """Return what a broker's order says about our row."""
    return Progress(
        state=broker_order.state,
        broker_order_id=broker_order.broker_order_id,
        filled_units=broker_order.filled_units,
        average_net=broker_order.average_net,
        fees=broker_order.fees,
        reason=broker_order.reject_code,
        replaced_by=broker_order.replaced_by,
    )


def progress_of_receipt(receipt: Receipt) -> Progress:
    """Return what a receipt says; an order that a broker rejects at once is a row `rejected`."""
    return progress_of(receipt.broker_order)


def progress_of_failure(error: DeskError) -> Progress:
    """Return the end, or the doubt, that a failed submission leaves an order in.

    Law: only a definite refusal or a definite not-sent ends it; anything else is `unknown`.
    """
    if isinstance(error, Rejected):
        code = error.facts.get("code")
        return Progress(state=OrderState.REJECTED, reason=str(code or error.reason.name))
    if isinstance(error, Unavailable | Denied | Misconfigured):
        return Progress(state=OrderState.LAPSED, reason=error.reason.name)
    return Progress(state=OrderState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN.name)


def told(record: OrderRecord) -> OrderRecord:
    """Return the row when it went well; raise what its end means otherwise.

    A repeat of a confirm is told exactly what the first was told.

    Raises:
        Rejected: the broker refused it.
        OutcomeUnknown: nobody knows yet.
        Denied, Unavailable: it never left, with the reason of that.
    """
    if record.state is OrderState.REJECTED:
        raise Rejected(
            Reason.BROKER_REJECTED,
            code=record.reason,
            order_id=record.order_id,
            client_order_id=record.client_order_id,
        )
    if record.state is OrderState.UNKNOWN:
        raise OutcomeUnknown(record.client_order_id)
    if record.state in {OrderState.LAPSED, OrderState.DECLINED}:
        raise _never_left(record)
    return record


def _never_left(record: OrderRecord) -> DeskError:
    known = record.reason in Reason.__members__
    reason = Reason[record.reason] if record.reason and known else Reason.PREVIEW_VOID
    if reason is Reason.BROKER_UNAVAILABLE:
        return Unavailable(reason, order_id=record.order_id)
    return Denied(reason, order_id=record.order_id, state=record.state.value)


def is_news(record: OrderRecord, progress: Progress) -> bool:
    """Whether `progress` says anything that the row does not say already."""
    return (
        progress.state is not record.state
        or _differs(progress.filled_units, record.filled_units)
        or _differs(progress.average_net, record.average_net)
        or _differs(progress.fees, record.fees)
        or _differs(progress.broker_order_id, record.broker_order_id)
    )


def follows_target(record: OrderRecord) -> bool:
    """Whether the row is an act upon another order rather than an order of its own."""
    return record.kind is TicketKind.CANCEL


def _differs(new: Decimal | str | int | None, old: Decimal | str | int | None) -> bool:
    return new is not None and new != old
