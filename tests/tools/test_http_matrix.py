"""Who gets in: every Host, Origin and token against every address. A change here is a decision."""

import json
from collections.abc import MutableMapping
from itertools import product
from typing import Any, Final

import anyio
import pytest
from starlette.applications import Starlette

from tests.tools.web_door import EXPIRED, READER, REVOKED, STRANGE, TRADER, app_of, web_door

HOSTS: Final = {
    ("127.0.0.1",): None,
    ("127.0.0.1:8765",): None,
    ("localhost:1",): None,
    ("LocalHost:8765",): None,
    ("[::1]:8765",): None,
    ("evil.example",): 421,
    ("evil.example:8765",): 421,
    ("127.0.0.1.nip.io",): 421,
    ("127.0.0.1.evil.example:8765",): 421,
    ("localhost.",): 421,
    ("localhost@evil.example",): 421,
    ("127.0.0.1:8765x",): 421,
    ("127.0.0.1:123456",): 421,
    ("[::1",): 421,
    ("0.0.0.0",): 421,  # noqa: S104 -- a name that is nobody's
    ("",): 421,
    (): 421,
    ("127.0.0.1", "evil.example"): 421,
}
ORIGINS: Final = {
    (): None,
    ("http://127.0.0.1:8765",): None,
    ("http://localhost:3000",): None,
    ("HTTP://LOCALHOST:3000",): None,
    ("https://[::1]",): None,
    ("https://evil.example",): 403,
    ("http://127.0.0.1.evil.example",): 403,
    ("http://localhost@evil.example",): 403,
    ("http://localhost:3000/",): 403,
    ("null",): 403,
    ("file://",): 403,
    ("",): 403,
    ("http://localhost", "https://evil.example"): 403,
}
TOKENS: Final = {
    f"Bearer {TRADER}": None,
    f"bearer {READER}": None,
    None: 401,
    "": 401,
    "Bearer ": 401,
    "Bearer sdt_wrong-token": 401,
    f"Bearer {EXPIRED}": 401,
    f"Bearer {REVOKED}": 401,
    f"Bearer {TRADER} ": 401,
    f"Basic {TRADER}": 401,
    "Bearer " + "x" * 10_000: 401,
    f"Bearer {STRANGE}": 403,
}
# What the address answers to whoever got in; the last three want no token.
ADDRESSES: Final = {
    ("POST", "/mcp"): 200,
    ("GET", "/mcp"): 400,
    ("DELETE", "/mcp"): 400,
    ("GET", "/sse"): 200,
    ("POST", "/messages/"): 400,
    ("GET", "/nowhere"): 404,
    ("GET", "/health"): 200,
    ("GET", "/health/live"): 200,
    ("GET", "/health/ready"): 200,
}
BODY: Final = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "0"},
        },
    }
).encode()


async def status_of(
    app: Starlette, method: str, path: str, headers: list[tuple[bytes, bytes]]
) -> int:
    """Ask the app as an HTTP server does; hang up after the first line of its answer."""
    sent = anyio.Event()
    statuses: list[int] = []
    body = [{"type": "http.request", "body": BODY if method == "POST" else b"", "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if body:
            return body.pop()
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
            sent.set()

    scope: dict[str, Any] = {
        "type": "http", "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8765), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    return statuses[0]


def headers_of(
    hosts: tuple[str, ...], origins: tuple[str, ...], token: str | None
) -> list[tuple[bytes, bytes]]:
    said = [
        ("accept", "application/json, text/event-stream"),
        ("content-type", "application/json"),
        *(("host", host) for host in hosts),
        *(("origin", origin) for origin in origins),
        *([] if token is None else [("authorization", token)]),
    ]
    return [(name.encode(), value.encode()) for name, value in said]


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_who_gets_in_is_what_the_table_says(method: str, path: str) -> None:
    """Host first, then Origin, then the token; SSE was once left open beside a closed door."""
    app = app_of(web_door())
    wrong: list[tuple[object, ...]] = []
    async with app.router.lifespan_context(app):
        for host, origin, token in product(HOSTS, ORIGINS, TOKENS):
            asks_token = not path.startswith("/health")
            refused = HOSTS[host] or ORIGINS[origin] or (TOKENS[token] if asks_token else None)
            got = await status_of(app, method, path, headers_of(host, origin, token))
            if got != (refused or ADDRESSES[method, path]):
                wrong.append((host, origin, token, got))

    assert wrong == []
