"""preview_replace: a change of a working order."""

from typing import Annotated

from mcp.types import CallToolResult

from strikedesk.orders.draft import Change
from strikedesk.server.arguments import Day, Identifier, Price, Quantity
from strikedesk.server.call import Call, desk_and_caller
from strikedesk.server.order_answers import PREVIEW, preview_answer
from strikedesk.server.order_arguments import EffectWord, ForceWord
from strikedesk.server.shaping import record


async def preview_replace(
    call: Call,
    order_id: Identifier,
    price: Price | None = None,
    price_effect: EffectWord | None = None,
    stop_trigger: Price | None = None,
    quantity: Quantity | None = None,
    time_in_force: ForceWord | None = None,
    gtd_date: Day | None = None,
) -> Annotated[CallToolResult, PREVIEW]:
    """Preview another price, size or time in force for a working order. Sends nothing.

    quantity counts whole units (spreads, or contracts of a single leg). Send with confirm_order;
    the replacement gets an order_id of its own.
    """
    desk, caller = await desk_and_caller(call)
    change = Change(
        price=price,
        price_effect=price_effect,
        stop_trigger=stop_trigger,
        units=quantity,
        time_in_force=time_in_force,
        gtd_date=gtd_date,
    )
    preview = await desk.previewer.replace(order_id, change, caller=caller)
    return record(preview_answer(preview))
