"""list_orders: what was sent, and where it stands."""

from enum import StrEnum
from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.orders.book import OPEN, SENT
from strikedesk.server.arguments import AccountHandle, Page, choice
from strikedesk.server.call import Call, desk_of
from strikedesk.server.order_answers import COLUMNS, order_row
from strikedesk.server.schemas import TEXT, table_schema
from strikedesk.server.shaping import table

PAGE_SIZE: Final = 25


class Show(StrEnum):
    """Which orders are asked for."""

    WORKING = "working"
    SENT = "sent"


async def list_orders(
    call: Call,
    account: AccountHandle,
    show: Annotated[Show, choice(Show)] = Show.SENT,
    page: Page = 1,
) -> Annotated[CallToolResult, table_schema(account=TEXT)]:
    """List an account's orders, newest first: sent or awaiting consent, or only those working.

    legs read as signed quantity and symbol; filled_of counts whole units.
    """
    desk = await desk_of(call)
    states = OPEN if show is Show.WORKING else SENT
    found = await desk.orders.page(account, states=states, page=page, page_size=PAGE_SIZE)
    rows = [order_row(order) for order in found.rows]
    return table(COLUMNS, rows, found.span, {"account": account})
