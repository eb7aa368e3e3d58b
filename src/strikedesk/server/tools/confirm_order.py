"""confirm_order: the one door by which an order leaves."""

from typing import Annotated

from mcp.server.mcpserver import Resolve
from mcp.types import CallToolResult

from strikedesk.domain.approvals import Voice
from strikedesk.domain.ledger import OrderRecord
from strikedesk.orders.approve import Said
from strikedesk.orders.confirm import PATH
from strikedesk.server.arguments import Identifier, Nonce, OneTimeCode
from strikedesk.server.asking import (
    AGREED,
    NOT_ASKED,
    REFUSED,
    Heard,
    Outcome,
    ask_person,
    heard_in,
    word_of,
)
from strikedesk.server.call import Call, desk_and_caller
from strikedesk.server.order_answers import CONFIRMED, approval_answer, order_answer
from strikedesk.server.shaping import record
from strikedesk.wiring import Desk


async def confirm_order(
    call: Call,
    preview_id: Identifier,
    nonce: Nonce,
    outcome: Annotated[Outcome, Resolve(ask_person)],
    code: OneTimeCode | None = None,
) -> Annotated[CallToolResult, CONFIRMED]:
    """Send one previewed order, replacement or cancel. Can move money.

    Use only after the person agreed to the preview. Calling again with the same nonce is safe: it
    tells what came of the first call and sends nothing. On OUTCOME_UNKNOWN call get_order; never
    preview again. State awaiting_consent: nothing was sent, do as `approval` says.
    """
    desk, caller = await desk_and_caller(call)
    heard = heard_in(outcome)
    # The person was asked in between: the same confirm tells how the order stands by now.
    heard = heard or Heard(word_of(outcome), await desk.confirm(preview_id, nonce, caller=caller))
    row = await _done(desk, heard, code, caller)
    desk.books.forget(row.account_handle)
    pending = await desk.approvals.of(row)
    told = order_answer(row, await desk.orders.group(row))
    return record(told | {"approval": pending and approval_answer(pending)})


async def _done(desk: Desk, heard: Heard, code: str | None, caller: str) -> OrderRecord:
    """Do what the person said, if anything was; whatever is no yes sends nothing."""
    word, order = heard.word, heard.order
    client = Said(voice=Voice.CLIENT, actor=caller, path=PATH)
    if word == AGREED:
        return await desk.approver.approve(order, client)
    if word == REFUSED:
        return await desk.confirm.told(await desk.approver.decline(order, client))
    if word != NOT_ASKED:
        return await desk.approver.pass_over(order, word, client)
    if code is None:
        return order
    return await desk.approver.redeem(order, code, Said(voice=Voice.CODE, actor=caller, path=PATH))
