"""list_scans: the rule sets there are, or one of them word for word."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.pages import PageSpan
from strikedesk.domain.scan_runs import ScanRun
from strikedesk.scan.book import ShelfScan
from strikedesk.server.arguments import Page
from strikedesk.server.call import Call, desk_of
from strikedesk.server.scan_arguments import ScanName
from strikedesk.server.schemas import LIST, table_schema, with_optional
from strikedesk.server.shaping import Cell, table

COLUMNS: Final = (
    "name",
    "strategy",
    "untrusted_description",
    "saved_at",
    "every_s",
    "ran_at",
    "found",
    "new",
    "problem",
)
ROWS_A_PAGE: Final = 20
RETURNS: Final = with_optional(table_schema(), untrusted_definition=LIST)


async def list_scans(
    call: Call, name: ScanName | None = None, page: Page = 1
) -> Annotated[CallToolResult, RETURNS]:
    """List the scans that run_scan knows: saved ones, then starters; with a name its definition.

    every_s: it runs by itself in market hours; found, and new, when that last changed. A problem
    says why a scan does not load, or what its last run lacked.
    """
    desk = await desk_of(call)
    runs = {run.scan: run for run in await desk.rounds.standing()}
    if name is not None:
        found = await desk.scans.named(name)
        lines = found.definition.splitlines()
        rows = [_row(found, runs.get(found.name))]
        return table(COLUMNS, rows, PageSpan.whole(1), {"untrusted_definition": lines})
    scans = await desk.scans.all()
    span = PageSpan(page=page, size=ROWS_A_PAGE, total=len(scans))
    shown = scans[span.start : span.stop]
    return table(COLUMNS, [_row(each, runs.get(each.name)) for each in shown], span)


def _row(each: ShelfScan, run: ScanRun | None) -> list[Cell]:
    scan, result = each.scan, run.result if run else None
    return [
        each.name,
        scan.pattern.name if scan else None,
        scan.description if scan else None,
        each.updated_at,
        scan.every_s if scan else None,
        run.ran_at if run else None,
        len(result.sightings) if result else None,
        len(result.fresh) if result else None,
        each.problem or (run.problem if run else None),
    ]
