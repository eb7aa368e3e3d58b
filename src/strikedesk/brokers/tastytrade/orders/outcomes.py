"""What an answer to an act means: done, refused, never sent, or nobody knows."""

from typing import Final

from strikedesk.brokers.tastytrade.faults import (
    BAD_REQUEST,
    BROKER,
    FORBIDDEN,
    NOT_FOUND,
    THROTTLED,
    TOO_OLD,
    UNAUTHORIZED,
    UNPROCESSABLE,
    away,
    complaint_of,
)
from strikedesk.brokers.tastytrade.orders.words import REFUSALS
from strikedesk.brokers.tastytrade.wire import Answer
from strikedesk.domain.errors import DeskError, OutcomeUnknown, Rejected
from strikedesk.domain.reasons import Reason

_OF_ORDERS: Final = range(2000, 4000)
_REFUSED: Final = frozenset({BAD_REQUEST, FORBIDDEN, NOT_FOUND, TOO_OLD, UNPROCESSABLE})


def failure(answer: Answer, client_order_id: str) -> DeskError:
    """Return what an answer that is no 2xx means for the act that got it.

    Law: only the broker's own words are a refusal: what something in between wrote, or nobody,
    leaves it open whether the act arrived. A token that is not taken is told before anything is
    done; so is a quota, where the broker says so itself.
    """
    complaint = complaint_of(answer.body)
    if answer.status == UNAUTHORIZED or (answer.status == THROTTLED and complaint.spoken):
        return away(answer)
    if is_refusal(answer):
        reason = reason_of(complaint.code)
        known = reason is not Reason.BROKER_REJECTED
        code = reason.name.lower() if known else complaint.code
        return Rejected(reason, broker=BROKER, status=answer.status, code=code)
    return OutcomeUnknown(client_order_id)


def is_refusal(answer: Answer) -> bool:
    """Whether the broker itself says that it does not take what was sent."""
    return answer.status in _REFUSED and complaint_of(answer.body).spoken


def reason_of(code: str | None) -> Reason:
    """Return the reason that a code stands for: by our table, or because it is called as ours."""
    named = Reason.__members__.get((code or "").upper())
    own = named if named is not None and named.code in _OF_ORDERS else Reason.BROKER_REJECTED
    return REFUSALS.get(code or "", own)
