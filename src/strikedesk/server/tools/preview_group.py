"""preview_group: orders that leave together and depend on each other at the venue."""

from typing import Annotated

from mcp.types import CallToolResult

from strikedesk.orders.groups import GroupDraft
from strikedesk.server.arguments import AccountHandle
from strikedesk.server.call import Call, desk_and_caller
from strikedesk.server.order_answers import PREVIEW, preview_answer
from strikedesk.server.order_arguments import KindOfGroup, OrdersOfGroup
from strikedesk.server.shaping import record


async def preview_group(
    call: Call, account: AccountHandle, kind: KindOfGroup, orders: OrdersOfGroup
) -> Annotated[CallToolResult, PREVIEW]:
    """Check an entry with its exits, or two exits, as one group. Sends nothing.

    oto: the second order begins once the first has filled. otoco: so do the second and third, of
    which one cancels the other. oco: two such exits alone. orders are as in preview_order, the
    entry first; a stop has one leg. One confirm_order sends all.
    """
    desk, caller = await desk_and_caller(call)
    draft = GroupDraft(account=account, kind=kind, orders=orders)
    return record(preview_answer(await desk.previewer.place_group(draft, caller=caller)))
