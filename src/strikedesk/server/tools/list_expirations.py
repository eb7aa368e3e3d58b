"""list_expirations: on which days options of an underlying end."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.pages import PageSpan
from strikedesk.domain.quotes import Expiration
from strikedesk.server.arguments import Page, Underlying
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import TEXT, table_schema
from strikedesk.server.shaping import Cell, table

PAGE_SIZE: Final = 50
COLUMNS: Final = (
    "expiration",
    "days",
    "monthly",
    "root",
    "settlement",
    "strikes",
    "lowest",
    "highest",
)


async def list_expirations(
    call: Call, underlying: Underlying, page: Page = 1
) -> Annotated[CallToolResult, table_schema(underlying=TEXT)]:
    """List the expirations of an underlying, nearest first, a row for each root.

    days to go; settlement am or pm; how many strikes, and the lowest and highest of them.
    """
    desk = await desk_of(call)
    listed = await desk.market.expirations(underlying)
    span = PageSpan(page=page, size=PAGE_SIZE, total=len(listed))
    rows = [_row(each) for each in listed[span.start : span.stop]]
    return table(COLUMNS, rows, span, {"underlying": underlying.compact})


def _row(each: Expiration) -> list[Cell]:
    strikes = each.strikes
    return [
        each.day,
        each.days,
        each.standard,
        each.root,
        each.settlement,
        len(strikes),
        min(strikes, default=None),
        max(strikes, default=None),
    ]
