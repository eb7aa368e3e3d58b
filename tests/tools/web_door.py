"""A server on a real socket of the loopback, and tokens to come in with."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import anyio
import httpx2
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette

from strikedesk.domain.ports import CallerToken
from strikedesk.server.guard import names
from strikedesk.server.http import WebServer, build_app, listen
from strikedesk.web.health import health_routes
from tests.builders import NOON
from tests.tools.core_door import CoreDoor, Era

Kind = Literal["http", "sse"]

TRADER, READER = "sdt_trader-token", "sdt_reader-token"
EXPIRED, REVOKED, STRANGE = "sdt_expired-token", "sdt_revoked-token", "sdt_strange-token"


def a_token(token: str, scope: str) -> CallerToken:
    """Return what is stored of a token: its hash, under the name between the dashes."""
    name = token.removeprefix("sdt_").removesuffix("-token")
    digest = hashlib.sha256(token.encode()).hexdigest()
    return CallerToken(
        token_id=f"id-{name}", name=name, scope=scope, digest=digest, created_at=NOON
    )


def web_door() -> CoreDoor:
    """Return a networked server whose desk knows five tokens, two of them good."""
    door = CoreDoor(network=True)
    earlier = NOON - timedelta(seconds=1)
    known = (
        a_token(TRADER, "trade"),
        a_token(READER, "read"),
        replace(a_token(EXPIRED, "trade"), expires_at=NOON),
        replace(a_token(REVOKED, "trade"), revoked_at=earlier),
        a_token(STRANGE, "admin"),
    )
    door.desk.tokens.tokens = {token.token_id: token for token in known}
    return door


def app_of(door: CoreDoor) -> Starlette:
    """Return the app as `run_http` builds it."""
    return build_app(door.server, names("127.0.0.1", (), ()), health_routes(door.desk))


@asynccontextmanager
async def listening(door: CoreDoor) -> AsyncGenerator[str]:
    """Serve on a free port; yield the address."""
    listener = listen("127.0.0.1", 0)
    web = WebServer.of(app_of(door))
    async with anyio.create_task_group() as group:
        group.start_soon(web.serve, [listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            web.should_exit = True


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def client_of(
    address: str, kind: Kind, era: Era, token: str = TRADER
) -> AsyncGenerator[Client]:
    """Connect the official client over one of the two transports."""
    if kind == "sse":
        async with Client(sse_client(f"{address}/sse", bearing(token)), mode=era) as client:
            yield client
        return
    async with (
        httpx2.AsyncClient(headers=bearing(token)) as http,
        Client(streamable_http_client(f"{address}/mcp", http_client=http), mode=era) as client,
    ):
        yield client
