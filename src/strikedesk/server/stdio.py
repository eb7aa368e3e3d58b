"""Serving over stdin and stdout: start fast, end cleanly, whatever ends it."""

import os
import signal
import sys
from typing import TYPE_CHECKING, Final

import anyio
from mcp.server.stdio import stdio_server

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.logs.known import Known
from strikedesk.logs.loops import quiet_loop
from strikedesk.logs.scrubber import Scrubber
from strikedesk.server.app import DeskServer, open_server
from strikedesk.server.collector import spare_the_collector
from strikedesk.server.wire import Outgoing, Scrubbed, can_be_taken, stdio_wire, take_stdout
from strikedesk.settings import Settings

if TYPE_CHECKING:
    from strikedesk.wiring import Companion

CLOSE_S: Final = 10.0


def run_stdio(settings: Settings, known: Known, at_work: "Companion | None" = None) -> None:
    """Serve the client that started this process until it leaves or a signal comes.

    `at_work` goes on at the desk meanwhile.

    However it ends, submissions under way are waited for, at most ten seconds.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE, where standard input or output was closed.
    """
    _check_open()
    anyio.run(serve_stdio, open_server(settings, known, network=False, beside=at_work))


def _check_open() -> None:
    # Python has None for a stream that was closed when it started.
    if sys.stdin is None or sys.stdout is None:
        raise Misconfigured(
            Reason.CONFIGURATION_UNREADABLE,
            setting="--transport stdio",
            problem="standard input or output is closed: let a client start it, or serve over http",
        )


async def serve_stdio(server: DeskServer) -> None:
    """See `run_stdio`."""
    quiet_loop()
    await (_serve_pipes if can_be_taken() else _serve_terminal)(server)


async def _serve_pipes(server: DeskServer) -> None:
    try:
        async with (
            stdio_wire(Scrubber(server.door.known)) as (incoming, outgoing),
            anyio.create_task_group() as group,
        ):
            group.start_soon(_until_signal, group.cancel_scope)
            group.start_soon(_warm_up, server, outgoing)
            await server.serve(incoming, outgoing)
            group.cancel_scope.cancel()
    finally:
        await _close(server)


async def _serve_terminal(server: DeskServer) -> None:
    """Serve what cannot be waited for (a terminal, a file) with the SDK's own transport.

    A signal ends the process from here: the SDK's thread sits in a read that nothing interrupts.
    """
    spare_the_collector()  # As `settle` does elsewhere: nothing is warmed up for a terminal.
    async with anyio.create_task_group() as group:
        group.start_soon(_end_on_signal, server)
        with take_stdout() as stdout:
            async with stdio_server(stdout=anyio.wrap_file(stdout)) as (incoming, outgoing):
                await server.serve(incoming, Scrubbed(outgoing, Scrubber(server.door.known)))
        group.cancel_scope.cancel()
    await _close(server)


async def _warm_up(server: DeskServer, outgoing: Outgoing) -> None:
    await outgoing.answered.wait()
    await server.settle()


async def _until_signal(scope: anyio.CancelScope) -> None:
    await _signal()
    scope.cancel()


async def _end_on_signal(server: DeskServer) -> None:
    await _signal()
    await _close(server)
    os._exit(0)


async def _signal() -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            return


async def _close(server: DeskServer) -> None:
    with anyio.move_on_after(CLOSE_S, shield=True):
        await server.door.lazy.close()
