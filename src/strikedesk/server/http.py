"""Serving over the network: one ASGI app for both HTTP transports, behind names and tokens."""

import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.authentication import AuthenticationError
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.server.app import DeskServer
from strikedesk.server.auth import Tokens
from strikedesk.server.call import READ, Door
from strikedesk.server.guard import BODY_MAX, BodyGuard, NameGuard, Names, names
from strikedesk.server.opening import DeskSource, Opening
from strikedesk.settings import Settings

if TYPE_CHECKING:
    import uvicorn

SESSIONS_MAX: Final = 500
GRACE_S: Final = 3
CLOSE_S: Final = 10.0
# Names are checked once for every path, by `NameGuard`; the SDK would do it for its own paths.
_GUARDED: Final = TransportSecuritySettings(enable_dns_rebinding_protection=False)


def build_app(server: DeskServer, known: Names, health: Sequence[BaseRoute]) -> Starlette:
    """Return the app: /mcp, /sse and /messages/ behind a token, `health` without one.

    Whatever the path, a request is asked for its Host and Origin first, then for its token, and
    only then is its body read.
    """
    streamable = server.streamable_http_app(
        max_request_body_size=BODY_MAX, max_sessions=SESSIONS_MAX, transport_security=_GUARDED
    )
    sse = server.sse_app(max_request_body_size=BODY_MAX, transport_security=_GUARDED)
    inner = BodyGuard(Starlette(routes=[*streamable.routes, *sse.routes]))
    door = RequireAuthMiddleware(inner, [READ])
    return Starlette(
        routes=[*health, Mount("/", app=door)],
        middleware=[
            Middleware(NameGuard, known=known),
            Middleware(
                AuthenticationMiddleware,
                backend=BearerAuthBackend(Tokens(server.door.lazy)),
                on_error=_unverifiable,
            ),
            Middleware(AuthContextMiddleware),
        ],
        lifespan=lambda _: _running(server),
    )


def run_http(settings: Settings, health: Callable[[DeskSource], Sequence[BaseRoute]]) -> None:
    """Serve the network until a signal comes.

    However it ends, submissions under way are waited for, at most ten seconds.

    Raises:
        Misconfigured: the address cannot be had.
    """
    server = DeskServer(Door(settings=settings, lazy=Opening(settings), network=True))
    listener = listen(settings.host, settings.port)
    known = names(settings.host, settings.allowed_hosts, settings.allowed_origins)
    anyio.run(serve_http, server, build_app(server, known, health(server.door.lazy)), listener)


async def serve_http(server: DeskServer, app: Starlette, listener: socket.socket) -> None:
    """Serve `app` on a socket that listens already."""
    try:
        await uvicorn_server(app).serve(sockets=[listener])
    finally:
        with anyio.move_on_after(CLOSE_S, shield=True):
            await server.door.lazy.close()


def uvicorn_server(app: Starlette) -> "uvicorn.Server":
    """Return the HTTP server for the app."""
    import uvicorn  # noqa: PLC0415 -- 40 ms that reading this module should not cost

    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        ws="none",
    )
    return uvicorn.Server(config)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE, naming the address.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise Misconfigured(
            Reason.CONFIGURATION_UNREADABLE,
            setting="host and port",
            problem=f"cannot listen there ({error.strerror})",
            given=f"{host} {port}",
        ) from None


@asynccontextmanager
async def _running(server: DeskServer) -> AsyncGenerator[None]:
    """Run the sessions, and meanwhile do what the first requests would have to wait for."""
    async with server.session_manager.run(), anyio.create_task_group() as group:
        group.start_soon(server.warm_up)
        yield
        group.cancel_scope.cancel()


def _unverifiable(_: HTTPConnection, __: AuthenticationError) -> Response:
    """No token can be checked while the desk cannot be opened; why is not for strangers."""
    problem = {"error": "temporarily_unavailable", "error_description": "tokens cannot be checked"}
    return JSONResponse(problem, status_code=503, headers={"Retry-After": "5"})
