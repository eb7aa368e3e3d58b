"""preview_roll: the order that moves an option to another expiration or strike."""

from typing import Annotated

from mcp.types import CallToolResult

from strikedesk.domain.orders import TimeInForce
from strikedesk.orders.closing import RollRequest
from strikedesk.server.arguments import (
    AccountHandle,
    Contract,
    Day,
    Effect,
    Force,
    Price,
    Quantity,
)
from strikedesk.server.call import Call, caller_of, desk_of
from strikedesk.server.order_answers import PREVIEW, preview_answer
from strikedesk.server.shaping import record


async def preview_roll(
    call: Call,
    account: AccountHandle,
    symbol: Contract,
    new_expiration: Day | None = None,
    new_strike: Price | None = None,
    quantity: Quantity | None = None,
    price: Price | None = None,
    price_effect: Effect | None = None,
    time_in_force: Force = TimeInForce.DAY,
) -> Annotated[CallToolResult, PREVIEW]:
    """Preview closing an option position and opening its like elsewhere, as one order.

    Give new_expiration, new_strike or both; without a price the mid is proposed. Send with
    confirm_order.
    """
    desk = await desk_of(call)
    request = RollRequest(
        account=account,
        symbol=symbol,
        new_expiration=new_expiration,
        new_strike=new_strike,
        quantity=quantity,
        price=price,
        price_effect=price_effect,
        time_in_force=time_in_force,
    )
    return record(preview_answer(await desk.closer.roll(request, caller=caller_of(call))))
