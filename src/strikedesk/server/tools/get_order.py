"""get_order: one order with its history."""

from typing import Annotated

from mcp.types import CallToolResult

from strikedesk.server.arguments import Identifier
from strikedesk.server.call import Call, desk_of
from strikedesk.server.order_answers import CONFIRMED, event_answer, order_answer
from strikedesk.server.shaping import record


async def get_order(call: Call, order_id: Identifier) -> Annotated[CallToolResult, CONFIRMED]:
    """Tell where one order stands, with its history. Takes an order_id or a client_order_id."""
    desk = await desk_of(call)
    order, events = await desk.orders.get(order_id)
    history = [event_answer(event) for event in events]
    told = order_answer(order, await desk.orders.group(order))
    return record(told | {"history": history})
