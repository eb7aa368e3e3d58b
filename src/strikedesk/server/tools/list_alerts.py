"""list_alerts: what the owner wants to hear of, where it stands, and what has fired."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.portfolio.alerts import Watched
from strikedesk.server.arguments import Page
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import table_schema
from strikedesk.server.shaping import Cell, table

COLUMNS: Final = (
    "alert_id",
    "measure",
    "of",
    "side",
    "level",
    "value",
    "fired_at",
    "fired_value",
    "untrusted_note",
    "created_at",
)
RETURNS: Final = table_schema()


async def list_alerts(call: Call, page: Page = 1) -> Annotated[CallToolResult, RETURNS]:
    """List alerts, oldest first: those that wait (fired_at null) and those that fired, once.

    value is the figure now, null while unknown: what is unknown does not fire.
    """
    desk = await desk_of(call)
    found = await desk.alerts.page(page)
    return table(COLUMNS, [row_of(each) for each in found.rows], found.span)


def row_of(each: Watched) -> list[Cell]:
    """Return an alert by `COLUMNS`."""
    alert = each.alert
    return [
        alert.alert_id,
        alert.measure,
        alert.symbol.compact if alert.symbol else alert.account,
        alert.side,
        alert.level,
        each.value,
        alert.fired_at,
        alert.fired_value,
        alert.note,
        alert.created_at,
    ]
