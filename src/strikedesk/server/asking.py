"""Asking the person through their client: MCP elicitation, in both protocol eras.

An answer only proves what the client program said. The question is the owner's text, byte for
byte, which the ledger keeps: asked again in a later round it reads the same.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import anyio
from mcp import MCPError
from mcp.server.elicitation import (
    CancelledElicitation,
    DeclinedElicitation,
    ElicitationResult,
)
from mcp.server.mcpserver import Elicit
from pydantic import BaseModel, Field

from strikedesk.domain.approvals import Voice
from strikedesk.domain.ledger import OrderRecord
from strikedesk.orders.approvals import Pending
from strikedesk.server.call import Call, desk_and_caller

MODERN: Final = "2026-07-28"
AGREED: Final = "agreed"
REFUSED: Final = "refused"
NOT_ASKED: Final = "not_asked"
NOT_SHOWN: Final = "not_shown"
TIMED_OUT: Final = "timed_out"


class Answer(BaseModel):
    """What the person fills in; left as it is, it says no."""

    approve: bool = Field(default=False, description="Send this order to the broker")


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer that needs no further round, in a word, and the order that it is about."""

    word: str
    order: OrderRecord


Outcome: TypeAlias = ElicitationResult[Answer]


async def ask_person(call: Call, preview_id: str, nonce: str) -> Elicit[Answer] | Heard:
    """Spend the nonce, or learn what came of it; a later round of one call is told the same.

    Then ask, where the order waits for that and the client can show a question; else do not.
    """
    desk, caller = await desk_and_caller(call)
    order = await desk.confirm(preview_id, nonce, caller=caller)
    pending = await desk.approvals.of(order)
    if pending is None or not pending.approval.admits(Voice.CLIENT) or not can_ask(call):
        return Heard(NOT_ASKED, order)
    if is_modern(call):
        return Elicit(pending.text, Answer)
    left = pending.approval.expires_at - desk.clock.now()
    return Heard(await _ask_now(call, pending, left.total_seconds()), order)


def can_ask(call: Call) -> bool:
    """Whether this client declares that it shows forms, and can be reached in mid-call.

    A bare `elicitation: {}` means forms. Older clients need a way back while the call runs.
    """
    declared = call.client_capabilities.elicitation if call.client_capabilities else None
    if declared is None or (declared.form is None and declared.url is not None):
        return False
    return is_modern(call) or call.session.can_send_request


def is_modern(call: Call) -> bool:
    """Whether the question travels in the result of the call rather than within it."""
    return (call.protocol_version or "") >= MODERN


def word_of(outcome: Outcome) -> str:
    """Return the answer in a word; anything but a plain yes is none."""
    if isinstance(outcome, DeclinedElicitation | CancelledElicitation):
        return outcome.action
    return AGREED if outcome.data.approve else REFUSED


def heard_in(outcome: Outcome) -> Heard | None:
    """Return what was heard without a further round; None where the SDK has asked."""
    given: object = getattr(outcome, "data", None)
    return given if isinstance(given, Heard) else None


async def _ask_now(call: Call, pending: Pending, left_s: float) -> str:
    """Ask in mid-call and wait for the answer, no longer than the approval holds."""
    with anyio.move_on_after(left_s):
        try:
            return word_of(await call.elicit(pending.text, Answer))
        except (MCPError, ValueError):
            return NOT_SHOWN
    return TIMED_OUT
