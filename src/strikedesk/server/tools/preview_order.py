"""preview_order: what an order would do, and the nonce that sends it."""

from typing import Annotated

from mcp.types import CallToolResult

from strikedesk.domain.orders import OrderType, TimeInForce
from strikedesk.orders.draft import Draft
from strikedesk.server.arguments import AccountHandle, Amount, Day, Legs, Price
from strikedesk.server.call import Call, desk_and_caller
from strikedesk.server.order_answers import PREVIEW, preview_answer
from strikedesk.server.order_arguments import Effect, Force, TypeOfOrder
from strikedesk.server.shaping import record


async def preview_order(
    call: Call,
    account: AccountHandle,
    legs: Legs,
    order_type: TypeOfOrder = OrderType.LIMIT,
    price: Price | None = None,
    price_effect: Effect | None = None,
    stop_trigger: Price | None = None,
    time_in_force: Force = TimeInForce.DAY,
    gtd_date: Day | None = None,
    value: Amount | None = None,
) -> Annotated[CallToolResult, PREVIEW]:
    """Check an order of 1 to 4 legs and show what it would do. Sends nothing.

    price is positive, net per share of one unit; price_effect debit or credit. Shares use buy
    or sell; with ext they trade outside regular hours too, at a limit. marketable_limit is refused
    unless it trades now; notional_market trades value USD of shares, quantity 1. Show the
    person the figures, then confirm_order before expires_at.
    """
    desk, caller = await desk_and_caller(call)
    draft = Draft(
        account=account,
        legs=legs,
        order_type=order_type,
        price=price,
        price_effect=price_effect,
        stop_trigger=stop_trigger,
        time_in_force=time_in_force,
        gtd_date=gtd_date,
        value=value,
    )
    return record(preview_answer(await desk.previewer.place(draft, caller=caller)))
