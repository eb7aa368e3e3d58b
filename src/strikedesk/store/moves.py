"""What a progress makes of an order's row. The one place where rows change state."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from strikedesk.domain.ledger import OrderRecord, Progress
from strikedesk.domain.states import IllegalMove

T = TypeVar("T")


def moved(record: OrderRecord, progress: Progress, *, at: datetime) -> OrderRecord:
    """Return the row after `progress`; what the progress leaves open stays.

    Raises:
        IllegalMove: the table of states forbids it.
    """
    if not record.state.may_become(progress.state):
        raise IllegalMove(record.order_id, record.state.value, progress.state.value)
    return replace(
        record,
        state=progress.state,
        updated_at=at,
        broker_order_id=_told(progress.broker_order_id, record.broker_order_id),
        filled_units=_told(progress.filled_units, record.filled_units),
        average_net=_told(progress.average_net, record.average_net),
        fees=_told(progress.fees, record.fees),
        reason=_told(progress.reason, record.reason),
        replaced_by=_told(progress.replaced_by, record.replaced_by),
    )


def _told(now: T | None, before: T) -> T:
    return before if now is None else now
