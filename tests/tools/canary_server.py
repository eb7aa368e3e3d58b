"""Serves one tool, which tells what it should not, over stdio and as `strikedesk serve` would.

Argument 1: the secret that the process knows.
"""

import sys
from typing import Annotated

import anyio
from mcp.types import CallToolResult

from strikedesk.server.access import READS
from strikedesk.server.arguments import text
from strikedesk.server.call import Call
from strikedesk.server.menu import MenuItem
from strikedesk.server.schemas import record_schema
from strikedesk.server.shaping import record
from strikedesk.server.stdio import serve_stdio
from strikedesk.settings import Toolset
from tests.tools.core_door import CoreDoor

TELLS = "tell"


async def tell(
    call: Call, word: Annotated[str, text()]
) -> Annotated[CallToolResult, record_schema()]:
    """Tell a word, as a value and as a name, as a tool would that trusts a broker's."""
    return record({"told": word, word: 1})


def canary_door(secret: str, *, network: bool = False) -> CoreDoor:
    """Return a server that knows this secret."""
    door = CoreDoor(items=[MenuItem(tell, Toolset.MARKET, READS)], network=network)
    door.server.door.known.learn(secret.encode())
    return door


if __name__ == "__main__":
    anyio.run(serve_stdio, canary_door(sys.argv[1]).server)
