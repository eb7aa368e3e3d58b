"""list_watchlists: the owner's lists of symbols."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.ports import Watchlist
from strikedesk.server.arguments import Page
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import table_schema
from strikedesk.server.shaping import Cell, table

COLUMNS: Final = ("name", "count", "symbols", "updated_at")


async def list_watchlists(call: Call, page: Page = 1) -> Annotated[CallToolResult, table_schema()]:
    """List the watchlists by name, with the symbols of each, spaces between."""
    desk = await desk_of(call)
    found = await desk.watchlists.page(page)
    return table(COLUMNS, [_row(each) for each in found.rows], found.span)


def _row(each: Watchlist) -> list[Cell]:
    symbols = " ".join(symbol.compact for symbol in each.symbols)
    return [each.name, len(each.symbols), symbols, each.updated_at]
