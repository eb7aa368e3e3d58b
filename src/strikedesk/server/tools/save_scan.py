"""save_scan: keep a rule set, change one, or drop one."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.server.call import Call, desk_of
from strikedesk.server.scan_arguments import Definition, ScanName
from strikedesk.server.schemas import BOOLEAN, TEXT, maybe, record_schema
from strikedesk.server.shaping import record

RETURNS: Final = record_schema(name=TEXT, strategy=maybe(TEXT), removed=BOOLEAN)


async def save_scan(
    call: Call, definition: Definition | None = None, remove: ScanName | None = None
) -> Annotated[CallToolResult, RETURNS]:
    """Save a scan's TOML definition under the name in it, in the place of one; or remove one.

    Refused with the line that is wrong. Keys: name, description, strategy (or legs "+P1 -P2"),
    symbols or watchlist, top, every; [chain]; [rules] measure = { min, max }; [underlying]; [caps];
    [portfolio]; [rank] measure = weight. See a starter in list_scans.
    """
    desk = await desk_of(call)
    if (definition is None) == (remove is None):
        needed = "a definition, or remove"
        raise Denied(Reason.INVALID_ARGUMENT, argument="definition", needed=needed)
    if remove is not None:
        await desk.scans.remove(remove)
        return record({"name": remove.casefold(), "strategy": None, "removed": True})
    scan = await desk.scans.save(definition or "")
    return record({"name": scan.name, "strategy": scan.pattern.name, "removed": False})
