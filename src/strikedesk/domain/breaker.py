"""The breaker: after so many failures in a row nobody should send another order unasked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from strikedesk.domain.states import OrderState

if TYPE_CHECKING:  # The settings want the default alone, and every client waits for them.
    from strikedesk.domain.ledger import OrderRecord

FAILURES_MAX: Final = 5

# Sent, and nobody has said yet what the broker makes of it.
_UNTOLD: Final = frozenset({OrderState.SUBMITTING, OrderState.SUBMITTED})
# What never left says nothing about the broker; what failed does not say that it works.
_NOT_TAKEN: Final = _UNTOLD | {
    OrderState.LAPSED,
    OrderState.DECLINED,
    OrderState.REJECTED,
    OrderState.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailuresInRow:
    """How many orders failed one after the other, and at how many the desk halts.

    `failures` None = the count cannot be read; then the next failure halts.
    """

    failures: int | None
    halts_at: int


def is_failure(before: "OrderRecord", after: "OrderRecord") -> bool:
    """Whether an order has just failed: refused, or sent and nobody knows what became of it.

    Law: doubt counts when it begins; how it ends, by adoption or refusal, counts no second time.
    """
    if after.state is OrderState.REJECTED:
        return before.state not in {OrderState.UNKNOWN, OrderState.REJECTED}
    return after.state is OrderState.UNKNOWN and before.state in _UNTOLD


def ends_the_row(before: "OrderRecord", after: "OrderRecord") -> bool:
    """Whether the broker has just taken an order, so that failures are counted anew.

    An order that was found again had lost its answer all the same: it ends nothing.
    """
    return before.state in _UNTOLD and after.state not in _NOT_TAKEN


def why_halted(after: "OrderRecord", failures: int) -> str:
    """Return what the owner is told."""
    return (
        f"{failures} orders in a row failed at {after.broker[:40]} ({after.environment.value}): "
        "refused, or nobody knows what became of them. See `strikedesk orders list`"
    )
