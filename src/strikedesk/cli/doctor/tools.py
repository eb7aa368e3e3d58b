"""The check of what a model would be shown."""

from typing import Final

from strikedesk.cli.doctor.report import Check, ok, warn
from strikedesk.settings import Settings

BYTES_MAX: Final = 40 * 1024


async def check_tools(settings: Settings) -> Check:
    """Say how many tools there are, and how much of a model's context their list takes."""
    from strikedesk.server.app import DeskServer  # noqa: PLC0415 -- a second, for this check alone
    from strikedesk.server.call import Door  # noqa: PLC0415 -- same
    from strikedesk.server.opening import Opening  # noqa: PLC0415 -- same

    door = Door(settings=settings, lazy=Opening(settings), network=False)
    tools = await DeskServer(door).list_tools()
    size = sum(
        len(tool.model_dump_json(by_alias=True, exclude_none=True).encode()) for tool in tools
    )
    told = f"{len(tools)} tools, {size / 1024:.1f} of {BYTES_MAX // 1024} KB"
    return ok("tools", told) if size <= BYTES_MAX else warn("tools", told)
