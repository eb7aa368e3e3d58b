"""Serves specimens over HTTP, as a process of its own; prints its address on stdout.

Argument 1: a file in which the desk notes that it was closed.
"""

import json
import sys
from pathlib import Path

import anyio

from strikedesk.server.http import listen, serve_http
from tests.tools.web_door import app_of, web_door


async def main(notes: Path) -> None:
    """Serve until a signal comes."""
    door = web_door()

    async def close() -> None:
        notes.write_text("closed")  # noqa: ASYNC240 -- the last thing that happens

    door.desk.close = close
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    print(json.dumps(address), flush=True)  # noqa: T201 -- see above
    await serve_http(door.server, app_of(door), listener)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]))
