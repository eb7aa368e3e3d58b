"""Serves specimens over stdio, as a process of its own. Argument 1: a file that says what came.

The desk notes in it when it was closed, and takes its time over that: submissions may be under way.
"""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import anyio
from mcp.types import CallToolResult

from strikedesk.server.access import READS
from strikedesk.server.app import DeskServer
from strikedesk.server.call import Call
from strikedesk.server.menu import MenuItem
from strikedesk.server.schemas import record_schema
from strikedesk.server.shaping import record
from strikedesk.server.stdio import serve_stdio
from strikedesk.settings import Toolset
from tests.tools.core_door import CoreDoor
from tests.tools.specimens import SPECIMENS

CLOSING_S = 0.2


async def chatter(call: Call) -> Annotated[CallToolResult, record_schema()]:
    """Print, let a child print, and read what is there to read."""
    print("a stray line")  # noqa: T201 -- that is the trap
    print("an unfinished one", end="")  # noqa: T201 -- same
    sys.__stdout__.write("another\n")  # type: ignore[union-attr] -- a process of its own has one
    subprocess.run(["echo", "a child"], check=True, timeout=60)  # noqa: ASYNC221 -- same
    return record({"read": sys.stdin.read()})


def door(notes: Path) -> DeskServer:
    """Return a server whose desk writes down that it was closed."""
    made = CoreDoor(items=(*SPECIMENS, MenuItem(chatter, Toolset.MARKET, READS)))

    async def close() -> None:
        await anyio.sleep(CLOSING_S)
        notes.write_text("closed")  # noqa: ASYNC240 -- the last thing that happens

    made.desk.close = close
    return made.server


if __name__ == "__main__":
    anyio.run(serve_stdio, door(Path(sys.argv[1])))
