"""The peer: the same SDK, one server, an empty tool and one that returns 100 rows built before.

`python -m benchmarks.bare_server [port]`: stdio, or streamable HTTP on a loopback port.
"""

import json
import sys
from typing import Annotated

from mcp.server import MCPServer
from mcp.types import CallToolResult, TextContent

COLUMNS = ["symbol", "bid", "ask", "mid", "iv", "delta", "open_interest"]
ROWS = [[f"AAPL261218C00{n:03d}000", 1.1, 1.2, 1.15, 0.25, 0.5, 1000 + n] for n in range(100)]
TEXT = "\n".join(",".join(str(cell) for cell in row) for row in [COLUMNS, *ROWS])
TABLE = CallToolResult(
    content=[TextContent(type="text", text=TEXT)],
    structured_content=json.loads(json.dumps({"columns": COLUMNS, "rows": ROWS})),
)

server = MCPServer("bare", log_level="WARNING")


@server.tool(structured_output=False)
async def ping() -> str:
    """Do nothing."""
    return "pong"


async def table() -> Annotated[CallToolResult, None]:
    """Return 100 rows."""
    return TABLE


def main() -> None:
    """Serve."""
    if "--table" in sys.argv:
        server.add_tool(table, structured_output=False)
    ports = [int(word) for word in sys.argv[1:] if word.isdigit()]
    if ports:
        server.run("streamable-http", host="127.0.0.1", port=ports[0])
    else:
        server.run()


if __name__ == "__main__":
    main()
