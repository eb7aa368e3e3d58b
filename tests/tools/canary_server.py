"""Serves a tool that tells what it should not, over stdio and as `strikedesk serve` would.

Another one leaves something behind that breaks when nobody waits for it any more.

Argument 1: the secret that the process knows.
"""

import asyncio
import sys
from typing import Annotated

import anyio
from mcp.types import CallToolResult

from strikedesk.logs.lines import configure
from strikedesk.logs.redaction import Redactor
from strikedesk.logs.scrubber import Scrubber
from strikedesk.server.access import READS
from strikedesk.server.arguments import text
from strikedesk.server.call import Call
from strikedesk.server.menu import MenuItem
from strikedesk.server.schemas import record_schema
from strikedesk.server.shaping import record
from strikedesk.server.stdio import serve_stdio
from strikedesk.settings import Toolset
from tests.tools.core_door import CoreDoor

WORDS = "what somebody else had to say"


async def tell(
    call: Call, word: Annotated[str, text()]
) -> Annotated[CallToolResult, record_schema()]:
    """Tell a word, as a value and as a name, as a tool would that trusts a broker's."""
    return record({"told": word, word: 1})


async def leave(call: Call) -> Annotated[CallToolResult, record_schema()]:
    """Go, and let something break behind."""
    asyncio.get_running_loop().call_soon(_break)
    return record({})


def _break() -> None:
    raise RuntimeError(WORDS)


def canary_door(secret: str, *, network: bool = False) -> CoreDoor:
    """Return a server that knows this secret."""
    items = [MenuItem(tool, Toolset.MARKET, READS) for tool in (tell, leave)]
    door = CoreDoor(items=items, network=network)
    door.server.door.known.learn(secret.encode())
    return door


if __name__ == "__main__":
    door = canary_door(sys.argv[1])
    configure(Redactor(Scrubber(door.server.door.known)))
    anyio.run(serve_stdio, door.server)
