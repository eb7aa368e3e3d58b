"""preview_close: the order that closes what is held."""

from typing import Annotated

from mcp.types import CallToolResult

from strikedesk.domain.orders import TimeInForce
from strikedesk.orders.closing import CloseRequest
from strikedesk.server.arguments import AccountHandle, LegSymbols, Price, Quantity
from strikedesk.server.call import Call, desk_and_caller
from strikedesk.server.order_answers import PREVIEW, preview_answer
from strikedesk.server.order_arguments import Effect, ForceWord
from strikedesk.server.shaping import record


async def preview_close(
    call: Call,
    account: AccountHandle,
    symbols: LegSymbols,
    quantity: Quantity | None = None,
    price: Price | None = None,
    price_effect: Effect | None = None,
    time_in_force: ForceWord = TimeInForce.DAY,
) -> Annotated[CallToolResult, PREVIEW]:
    """Preview one order that closes 1 to 4 positions of one underlying. Sends nothing.

    quantity is per symbol, all of it by default; without a price the mid is proposed. Send with
    confirm_order.
    """
    desk, caller = await desk_and_caller(call)
    request = CloseRequest(
        account=account,
        symbols=symbols,
        quantity=quantity,
        price=price,
        price_effect=price_effect,
        time_in_force=time_in_force,
    )
    return record(preview_answer(await desk.closer.close(request, caller=caller)))
