"""The owner's page by itself, for desks that are served over stdio or not at all."""

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from strikedesk.logs.answers import ScrubbedApp
from strikedesk.logs.scrubber import Scrubber
from strikedesk.web.approvals import Keys, approval_routes
from strikedesk.web.health import DeskSource

Routes: TypeAlias = Sequence[BaseRoute]


def page_app(
    source: DeskSource, keys: Keys, close: Callable[[], Awaitable[None]], scrubber: Scrubber
) -> Starlette:
    """Return an app of nothing but the page, scrubbed; `close` is called when it ends."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await close()

    return Starlette(
        routes=[*approval_routes(source, keys)],
        middleware=[Middleware(ScrubbedApp, scrubber=scrubber)],
        lifespan=lifespan,
    )


def open_port(port: int) -> socket.socket:
    """Return a socket that listens on the loopback; port 0 takes a free one."""
    return socket.create_server(("127.0.0.1", port))


def run_page(app: Starlette, listener: socket.socket) -> None:
    """Serve it until the owner presses Ctrl-C."""
    config = uvicorn.Config(
        app, access_log=False, log_level="warning", server_header=False, ws="none"
    )
    uvicorn.Server(config).run(sockets=[listener])
