"""What a broker's answer, or its silence, means for an order row; and how a row is told back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from strikedesk.domain.broking import BrokerOrder, Receipt
from strikedesk.domain.codes import plain_code, plain_number
from strikedesk.domain.errors import (
    Denied,
    DeskError,
    Fact,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from strikedesk.domain.ledger import OrderRecord, Progress, TicketKind
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState

_NO_FIGURES: Final[Mapping[str, Fact]] = MappingProxyType({})
_PASSING: Final = frozenset({Reason.BROKER_UNAVAILABLE, Reason.DATABASE_UNAVAILABLE})


def progress_of(record: OrderRecord, seen: BrokerOrder) -> Progress:
    """Return what a broker's order says about our row.

    A cancel has no order of its own: `seen` is the one that it takes back, whose fills are not the
    cancel's. A replacement counts what its predecessors filled, so that what is left is never told
    too large. A broker that tells an earlier state than ours looked before we did.

    Raises:
        OutcomeUnknown: its number of the order looks like none, and is not to be kept.
    """
    if plain_number(seen.broker_order_id) is None:
        raise OutcomeUnknown(record.client_order_id)
    if record.kind is TicketKind.CANCEL:
        return _of_cancel(seen)
    filled = seen.filled_units + filled_before(record, seen)
    if seen.state.is_open and filled < record.filled_units:
        return Progress(state=record.state)
    return Progress(
        state=_lawful(record.state, seen.state),
        broker_order_id=seen.broker_order_id,
        filled_units=filled,
        average_net=seen.average_net,
        fees=seen.fees,
        reason=None if seen.reject_code is None else plain_code(seen.reject_code),
        replaced_by=plain_number(seen.replaced_by),
    )


def progress_of_receipt(
    record: OrderRecord, others: Sequence[OrderRecord], receipt: Receipt
) -> Progress:
    """Return what a broker's answer says about our row, and about the others of its group."""
    members = receipt.members if record.leads else (receipt.broker_order,)
    return progress_of_group(record, others, members)


def progress_of_group(
    record: OrderRecord, others: Sequence[OrderRecord], seen: Sequence[BrokerOrder]
) -> Progress:
    """Return what the broker's orders say about our rows, each in its place.

    A broker that tells of fewer orders than were sent, or of another one in the place of ours,
    leaves all of them in doubt.
    """
    rows = (record, *others)
    if [order.client_order_id for order in seen] != [
        row.client_order_id for row in rows
    ] and others:
        return Progress(state=OrderState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN.name)
    first, *rest = (progress_of(row, order) for row, order in zip(rows, seen, strict=True))
    return replace(first, others=tuple(rest)) if rest else first


def no_longer_in_doubt(progress: Progress) -> Progress:
    """Return `progress` for a row that was in doubt: the reason of that must not stay with it."""
    others = tuple(no_longer_in_doubt(other) for other in progress.others)
    return replace(progress, reason=progress.reason or "found_at_broker", others=others)


def says_nothing(record: OrderRecord, seen: BrokerOrder) -> bool:
    """Whether `seen` leaves open if the act arrived: a cancel's order that works on untouched."""
    untouched = seen.state.is_open and seen.state is not OrderState.CANCEL_PENDING
    return record.kind is TicketKind.CANCEL and untouched


def progress_of_failure(error: DeskError) -> Progress:
    """Return the end, or the doubt, that a failed submission leaves an order in.

    Law: only a definite refusal or a definite not-sent ends it; anything else is `unknown`, also a
    database that went away over it: what it was about to keep may be kept.
    """
    if isinstance(error, Rejected):
        code = error.facts.get("code")
        reason = str(code) if code else error.reason.name
        return Progress(state=OrderState.REJECTED, reason=reason)
    went_away = isinstance(error, Unavailable) and error.reason is not Reason.BROKER_UNAVAILABLE
    if isinstance(error, Unavailable | Denied | Misconfigured) and not went_away:
        return Progress(state=OrderState.LAPSED, reason=error.reason.name)
    return Progress(state=OrderState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN.name)


def told(record: OrderRecord) -> OrderRecord:
    """Return the row when it went well; raise what its end means otherwise.

    A repeat of a confirm is told exactly what the first was told.

    Raises:
        Rejected: the broker refused it.
        OutcomeUnknown: nobody knows yet; or another process is sending it, or died over it.
        Denied, Unavailable: it never left, with the reason of that.
    """
    if record.state is OrderState.REJECTED:
        raise _rejected(record)
    if record.state in {OrderState.UNKNOWN, OrderState.SUBMITTING}:
        raise OutcomeUnknown(record.client_order_id)
    if record.state in {OrderState.LAPSED, OrderState.DECLINED}:
        raise never_left(record)
    return record


def _rejected(record: OrderRecord) -> Rejected:
    """Return the refusal: of an order, which leaves none, or of a change, which leaves the old."""
    facts: dict[str, Fact] = {
        "code": record.reason,
        "order_id": record.order_id,
        "client_order_id": record.client_order_id,
    }
    if record.kind is TicketKind.PLACE:
        return Rejected(Reason.BROKER_REJECTED, **facts)
    return Rejected(Reason.CHANGE_REJECTED, **facts, acts_on=record.target_order_id)


def never_left(record: OrderRecord, figures: Mapping[str, Fact] = _NO_FIGURES) -> DeskError:
    """Return the error of a row that lapsed or was declined, with the figures that led to it."""
    known = record.reason in Reason.__members__
    reason = Reason[record.reason] if record.reason and known else Reason.PREVIEW_VOID
    if reason in _PASSING:
        return Unavailable(reason, order_id=record.order_id, then="preview it again")
    told: dict[str, Fact] = {"order_id": record.order_id, "state": record.state.value}
    return Denied(reason, **{**figures, **told})


def is_news(record: OrderRecord, progress: Progress) -> bool:
    """Whether `progress` says anything that the row does not say already."""
    return (
        progress.state is not record.state
        or _differs(progress.filled_units, record.filled_units)
        or _differs(progress.average_net, record.average_net)
        or _differs(progress.fees, record.fees)
        or _differs(progress.broker_order_id, record.broker_order_id)
        or _differs(progress.replaced_by, record.replaced_by)
    )


def _of_cancel(seen: BrokerOrder) -> Progress:
    if seen.state in {OrderState.CANCELLED, OrderState.CANCEL_PENDING}:
        return Progress(state=seen.state, broker_order_id=seen.broker_order_id)
    if seen.state.is_open:
        return Progress(state=OrderState.CANCEL_PENDING, broker_order_id=seen.broker_order_id)
    too_late = Reason.ORDER_NOT_WORKING.name.lower()
    return Progress(
        state=OrderState.REJECTED, broker_order_id=seen.broker_order_id, reason=too_late
    )


def filled_before(record: OrderRecord, seen: BrokerOrder) -> int:
    """Return the units that the broker left out of a replacement because they had filled."""
    if record.kind is not TicketKind.REPLACE:
        return 0
    return max(record.order.units - seen.order.units, 0)


def _lawful(ours: OrderState, told: OrderState) -> OrderState:
    """Return `told` where the table allows it; else the end it means, or where we stand."""
    if ours.may_become(told):
        return told
    return ours if told.is_open else OrderState.CANCELLED


def _differs(new: Decimal | str | int | None, old: Decimal | str | int | None) -> bool:
    return new is not None and new != old
