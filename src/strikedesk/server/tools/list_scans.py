"""list_scans: the rule sets there are, or one of them word for word."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.pages import PageSpan
from strikedesk.scan.book import ShelfScan
from strikedesk.server.arguments import Page
from strikedesk.server.call import Call, desk_of
from strikedesk.server.scan_arguments import ScanName
from strikedesk.server.schemas import LIST, table_schema, with_optional
from strikedesk.server.shaping import Cell, table

COLUMNS: Final = ("name", "strategy", "untrusted_description", "saved_at", "problem")
ROWS_A_PAGE: Final = 20
RETURNS: Final = with_optional(table_schema(), untrusted_definition=LIST)


async def list_scans(
    call: Call, name: ScanName | None = None, page: Page = 1
) -> Annotated[CallToolResult, RETURNS]:
    """List the scans that run_scan knows: saved ones, then starters; with a name its definition.

    A problem says why a saved scan does not load.
    """
    desk = await desk_of(call)
    if name is not None:
        found = await desk.scans.named(name)
        lines = found.definition.splitlines()
        return table(COLUMNS, [_row(found)], PageSpan.whole(1), {"untrusted_definition": lines})
    scans = await desk.scans.all()
    span = PageSpan(page=page, size=ROWS_A_PAGE, total=len(scans))
    return table(COLUMNS, [_row(each) for each in scans[span.start : span.stop]], span)


def _row(each: ShelfScan) -> list[Cell]:
    scan = each.scan
    return [
        each.name,
        scan.pattern.name if scan else None,
        scan.description if scan else None,
        each.updated_at,
        each.problem,
    ]
