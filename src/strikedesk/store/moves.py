"""What a progress makes of an order's row. The one place where rows change state."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from strikedesk.domain.ledger import OrderRecord, Progress
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import IllegalMove, OrderState

T = TypeVar("T")

_S: Final = OrderState
# Where a group stands as one: it has not left, or nobody knows what came of it.
_AS_ONE: Final = frozenset({_S.PREVIEWED, _S.AWAITING_CONSENT, _S.SUBMITTING, _S.UNKNOWN})
# What is true of a whole group once it is true of its first order: it is taken whole or not at all.
_OF_ALL: Final = frozenset({*_AS_ONE, _S.LAPSED, _S.DECLINED, _S.REJECTED})


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


def carried(
    record: OrderRecord, others: Sequence[OrderRecord], progress: Progress
) -> list[tuple[OrderRecord, Progress]]:
    """Return the others of a group that go along when its first order moves, and how.

    Those that were settled by themselves stand elsewhere, and stay there.

    Raises:
        ValueError: it is not told of each of them what became of it.
    """
    if record.state not in _AS_ONE:
        return []
    told = progress.others or (_of_all(progress),) * len(others)
    pairs = zip(others, told, strict=True)
    return [(other, its) for other, its in pairs if other.state is record.state]


def _of_all(progress: Progress) -> Progress:
    if progress.state in _OF_ALL:
        return Progress(state=progress.state, reason=progress.reason)
    return Progress(state=OrderState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN.name)


def _told(now: T | None, before: T) -> T:
    return before if now is None else now
