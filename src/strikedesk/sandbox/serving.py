"""Serving the sandbox on sockets that listen already, until a signal comes."""

import signal
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

import anyio
import uvicorn
from starlette.applications import Starlette

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.sandbox.faults.protocol import AbortableProtocol

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 -- names it to tell it apart
_GRACE_S: Final = 1


class QuietServer(uvicorn.Server):
    """uvicorn, which leaves the signals to us."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


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
            setting="--host and --port",
            problem=f"cannot listen there ({error.strerror})",
            given=f"{host} {port}",
        ) from None


def address_of(host: str, listener: socket.socket) -> str:
    """Return the address that clients of this machine use."""
    port = listener.getsockname()[1]
    name = "127.0.0.1" if host in _EVERYWHERE else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def hosts_of(host: str) -> tuple[str, ...]:
    """Return the names that the server may be called by; bound to everything, any."""
    return ("*",) if host in _EVERYWHERE else (*LOOPBACK, host)


async def serve(apps: Mapping[socket.socket, Starlette], stop: anyio.Event) -> None:
    """Serve each app on its socket, which is closed afterwards, until told to stop."""
    servers = {listener: _server(app) for listener, app in apps.items()}
    async with anyio.create_task_group() as group:
        for listener, server in servers.items():
            group.start_soon(_serve_one, server, listener)
        await stop.wait()
        for server in servers.values():
            server.should_exit = True


async def serve_until_signal(apps: Mapping[socket.socket, Starlette]) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(_stop_on_signal, stop)
        await serve(apps, stop)
        group.cancel_scope.cancel()


async def _serve_one(server: QuietServer, listener: socket.socket) -> None:
    try:
        await server.serve(sockets=[listener])
    finally:
        listener.close()


def _server(app: Starlette) -> QuietServer:
    return QuietServer(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
            http=AbortableProtocol,
        )
    )


async def _stop_on_signal(stop: anyio.Event) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            stop.set()
