"""preview_cancel: taking a working order back."""

from typing import Annotated

from mcp.types import CallToolResult

from strikedesk.server.arguments import Identifier
from strikedesk.server.call import Call, desk_and_caller
from strikedesk.server.order_answers import PREVIEW, preview_answer
from strikedesk.server.shaping import record


async def preview_cancel(call: Call, order_id: Identifier) -> Annotated[CallToolResult, PREVIEW]:
    """Preview taking a working order back. Sends nothing.

    A cancel can remove protection: read the warnings, then send with confirm_order.
    """
    desk, caller = await desk_and_caller(call)
    return record(preview_answer(await desk.previewer.cancel(order_id, caller=caller)))
