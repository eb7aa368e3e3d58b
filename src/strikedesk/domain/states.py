"""States of an order, and the table of moves between them that are lawful."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class IllegalMove(Exception):
    """The desk tried to move an order where the table forbids: a bug, and nothing was written."""


class OrderState(StrEnum):
    """Where an order stands, from the desk's point of view."""

    PREVIEWED = "previewed"
    AWAITING_CONSENT = "awaiting_consent"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCEL_PENDING = "cancel_pending"
    REPLACE_PENDING = "replace_pending"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    LAPSED = "lapsed"

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return not LEGAL_MOVES[self]

    @property
    def is_open(self) -> bool:
        """Whether the broker may still fill it."""
        return self in _OPEN

    def may_become(self, other: "OrderState") -> bool:
        """Whether `other` may follow; staying put is always lawful."""
        return other is self or other in LEGAL_MOVES[self]


_S = OrderState
_OPEN: Final = frozenset(
    {_S.SUBMITTED, _S.WORKING, _S.PARTIALLY_FILLED, _S.CANCEL_PENDING, _S.REPLACE_PENDING}
)
_ENDS: Final = frozenset({_S.FILLED, _S.CANCELLED, _S.REPLACED, _S.REJECTED, _S.EXPIRED})

# A broker may report any later state first: it fills, and we look only then. A cancel or a
# replacement can fail, which puts the order back to work.
LEGAL_MOVES: Final = MappingProxyType(
    {
        _S.PREVIEWED: frozenset(
            {_S.AWAITING_CONSENT, _S.SUBMITTING, _S.DECLINED, _S.LAPSED},
        ),
        _S.AWAITING_CONSENT: frozenset({_S.SUBMITTING, _S.DECLINED, _S.LAPSED}),
        _S.SUBMITTING: _OPEN | _ENDS | {_S.UNKNOWN, _S.LAPSED},
        _S.UNKNOWN: _OPEN | _ENDS | {_S.LAPSED},
        _S.SUBMITTED: (_OPEN | _ENDS) - {_S.SUBMITTED} | {_S.UNKNOWN},
        _S.WORKING: (_OPEN | _ENDS) - {_S.WORKING, _S.SUBMITTED} | {_S.UNKNOWN},
        _S.PARTIALLY_FILLED: frozenset(
            {_S.CANCEL_PENDING, _S.REPLACE_PENDING, _S.UNKNOWN} | (_ENDS - {_S.REJECTED})
        ),
        _S.CANCEL_PENDING: frozenset({_S.WORKING, _S.PARTIALLY_FILLED, _S.UNKNOWN} | _ENDS),
        _S.REPLACE_PENDING: frozenset(
            {_S.WORKING, _S.PARTIALLY_FILLED, _S.CANCEL_PENDING, _S.UNKNOWN} | _ENDS
        ),
        _S.FILLED: frozenset[OrderState](),
        _S.CANCELLED: frozenset[OrderState](),
        _S.REPLACED: frozenset[OrderState](),
        _S.REJECTED: frozenset[OrderState](),
        _S.EXPIRED: frozenset[OrderState](),
        _S.DECLINED: frozenset[OrderState](),
        _S.LAPSED: frozenset[OrderState](),
    }
)
