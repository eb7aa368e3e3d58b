"""confirm_order: the one door by which an order leaves."""

from typing import Annotated

from mcp.types import CallToolResult

from strikedesk.server.arguments import Identifier, Nonce
from strikedesk.server.call import Call, caller_of, desk_of
from strikedesk.server.order_answers import CONFIRMED, order_answer
from strikedesk.server.shaping import record


async def confirm_order(
    call: Call, preview_id: Identifier, nonce: Nonce
) -> Annotated[CallToolResult, CONFIRMED]:
    """Send one previewed order, replacement or cancel. Can move money.

    Use only after the person agreed to the preview. Calling again with the same nonce is safe: it
    tells what came of the first call and sends nothing. On OUTCOME_UNKNOWN call get_order; never
    preview again.
    """
    desk = await desk_of(call)
    order = await desk.confirm(preview_id, nonce, caller=caller_of(call))
    desk.books.forget(order.account_handle)
    return record(order_answer(order))
