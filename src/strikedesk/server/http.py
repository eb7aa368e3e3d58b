"""Serving over the network: one ASGI app for both HTTP transports, behind names and tokens."""

import logging
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import anyio
import uvicorn
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.authentication import AuthenticationError
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Message, Receive, Scope, Send

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.logs.answers import ScrubbedApp
from strikedesk.logs.known import Known
from strikedesk.logs.loops import quiet_loop
from strikedesk.logs.scrubber import Scrubber
from strikedesk.server.app import DeskServer, open_server
from strikedesk.server.auth import Tokens
from strikedesk.server.call import READ
from strikedesk.server.guard import (
    BODY_MAX,
    LOOPBACK_NAMES,
    BodyGuard,
    NameGuard,
    Names,
    names,
)
from strikedesk.server.opening import DeskSource
from strikedesk.server.quick import QuickCalls
from strikedesk.settings import Settings

if TYPE_CHECKING:
    from strikedesk.wiring import Companion

_log: Final = logging.getLogger(__name__)

SESSIONS_MAX: Final = 500
GRACE_S: Final = 3
CLOSE_S: Final = 10.0
# Names are checked once for every path, by `NameGuard`; the SDK would do it for its own paths.
_GUARDED: Final = TransportSecuritySettings(enable_dns_rebinding_protection=False)


def build_app(
    server: DeskServer,
    known: Names,
    health: Sequence[BaseRoute],
    apart: Mapping[str, Scrubber] | None = None,
) -> Starlette:
    """Return the app: /mcp, /sse and /messages/ behind a token, `health` without one.

    Whatever the path, a request is asked for its Host and Origin first, then for its token, and
    only then is its body read. What it is answered is searched for secrets, on the paths of `apart`
    by a scrubber of their own.
    """
    streamable = server.streamable_http_app(
        max_request_body_size=BODY_MAX, max_sessions=SESSIONS_MAX, transport_security=_GUARDED
    )
    messages = SseServerTransport("/messages/", _GUARDED, BODY_MAX)
    older = [
        Route("/sse", EventStream(server, messages), methods=["GET"]),
        Mount("/messages/", messages.handle_post_message),
    ]
    at_once = server.at_once(BODY_MAX, _GUARDED)
    others = Router([*streamable.routes, *older])
    inner = BodyGuard(QuickCalls(others, at_once.handle_request, server))
    door = RequireAuthMiddleware(inner, [READ])
    return Starlette(
        routes=[*health, Mount("/", app=door)],
        middleware=[
            Middleware(ScrubbedApp, scrubber=Scrubber(server.door.known), apart=apart),
            Middleware(NameGuard, known=known),
            Middleware(
                AuthenticationMiddleware,
                backend=BearerAuthBackend(Tokens(server.door.lazy, server.door.known)),
                on_error=_unverifiable,
            ),
            Middleware(AuthContextMiddleware),
        ],
        lifespan=lambda _: _running(server, at_once),
    )


class EventStream:
    """The older transport's stream, a connection each, ended properly whoever ends it.

    The SDK's own app answers a second time after the stream, which is a traceback for every client
    that is still there when the server stops.
    """

    def __init__(self, server: DeskServer, messages: SseServerTransport) -> None:
        """Serve `server` to whoever posts to `messages`."""
        self._server = server
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until either side ends it."""
        unfinished = False

        async def watched(message: Message) -> None:
            nonlocal unfinished
            unfinished = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        async with self._messages.connect_sse(scope, receive, watched) as (incoming, outgoing):
            await self._server.serve(incoming, outgoing)
        if unfinished:
            await send({"type": "http.response.body", "body": b""})


def run_http(
    settings: Settings,
    known: Known,
    beside: Callable[[DeskSource, int], Sequence[BaseRoute]],
    apart: Mapping[str, Scrubber],
    at_work: "Companion | None" = None,
) -> None:
    """Serve the network until a signal comes; `beside` gives further routes, told the port.

    `at_work` goes on at the desk meanwhile.

    Nothing that is `known` for a secret leaves; see `build_app` for `apart`.

    However it ends, submissions under way are waited for, at most ten seconds.

    Raises:
        Misconfigured: the address cannot be had.
    """
    server = open_server(settings, known, network=True, beside=at_work)
    listener = listen(settings.host, settings.port)
    called = names(settings.host, settings.allowed_hosts, settings.allowed_origins)
    _tell(settings.host, listener)
    app = build_app(server, called, beside(server.door.lazy, listener.getsockname()[1]), apart)
    options = {"use_uvloop": find_spec("uvloop") is not None}
    anyio.run(serve_http, server, app, listener, backend_options=options)


def _tell(host: str, listener: socket.socket) -> None:
    """Say where clients find us, and what the owner should know about an address of the net."""
    shown = f"[{host}]" if ":" in host else host
    port = listener.getsockname()[1]
    _log.info("listening at http://%s:%d/mcp (and /sse for older clients)", shown, port)
    if shown not in LOOPBACK_NAMES:
        _log.warning("%s is no loopback address: tokens travel in the clear without TLS", shown)


async def serve_http(server: DeskServer, app: Starlette, listener: socket.socket) -> None:
    """Serve `app` on a socket that listens already."""
    quiet_loop()
    web = WebServer.of(app)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_end_on_signal, web)
            await web.serve(sockets=[listener])
            group.cancel_scope.cancel()
    finally:
        with anyio.move_on_after(CLOSE_S, shield=True):
            await server.door.lazy.close()


class WebServer(uvicorn.Server):
    """uvicorn, which leaves the signals to us.

    Its own way ends with raising the signal again, and the desk would never be closed.
    """

    @classmethod
    def of(cls, app: Starlette) -> "WebServer":
        """Return a server for the app: no access log, no name of its own, calls may end."""
        return cls(
            uvicorn.Config(
                app,
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
                ws="none",
            )
        )

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


async def _end_on_signal(web: WebServer) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            web.handle_exit(number, None)  # Event streams listen to this too, and end.


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
async def _running(
    server: DeskServer, at_once: StreamableHTTPSessionManager
) -> AsyncGenerator[None]:
    """Run the sessions, and meanwhile do what the first requests would have to wait for."""
    sessions = server.session_manager.run()
    async with sessions, at_once.run(), anyio.create_task_group() as group:
        group.start_soon(server.settle)
        yield
        group.cancel_scope.cancel()


def _unverifiable(_: HTTPConnection, __: AuthenticationError) -> Response:
    """No token can be checked while the desk cannot be opened; why is not for strangers."""
    problem = {"error": "temporarily_unavailable", "error_description": "tokens cannot be checked"}
    return JSONResponse(problem, status_code=503, headers={"Retry-After": "5"})
