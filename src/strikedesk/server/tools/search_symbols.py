"""search_symbols: which symbols there are."""

from typing import Annotated, Final, TypeAlias

from mcp.types import CallToolResult

from strikedesk.domain.pages import PageSpan
from strikedesk.market.room import SEARCH_ROWS_MAX, SEARCH_TEXT_MAX
from strikedesk.server.arguments import text, whole
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import table_schema
from strikedesk.server.shaping import Cell, table

COLUMNS: Final = ("symbol", "kind", "has_options", "untrusted_description")

Query: TypeAlias = Annotated[str, text(SEARCH_TEXT_MAX)]
Limit: TypeAlias = Annotated[int, whole(1, SEARCH_ROWS_MAX)]


async def search_symbols(
    call: Call, query: Query, limit: Limit = 10
) -> Annotated[CallToolResult, table_schema()]:
    """Find symbols by the beginning of a ticker or by words of a company's name, best first.

    An answer of `limit` rows may not be all there is. Nothing found is an empty table.
    """
    desk = await desk_of(call)
    rows: list[list[Cell]] = [
        [info.symbol.compact, info.kind, info.has_options, info.description]
        for info in await desk.market.search(query, limit)
    ]
    return table(COLUMNS, rows, PageSpan.whole(len(rows)))
