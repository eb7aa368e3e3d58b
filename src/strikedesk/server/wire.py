"""stdin and stdout as messages: no thread for a line, no queue in between, an answer to everything.

The SDK reads lines in a worker thread and hands each through two queues, which doubles the price
of a call; and it drops what it cannot parse, so that whoever sent it waits for ever.
"""

import asyncio
import fcntl
import os
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TextIO

import anyio
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    jsonrpc_message_adapter,
)

from strikedesk.logs.scrubber import Scrubber
from strikedesk.server.envelope import Fault, read_message
from strikedesk.server.json_text import request_id
from strikedesk.server.stream import Stream

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream, WriteStream

LINE_MAX: Final = 2 * 1024 * 1024
FLUSH_S: Final = 1.0
_STDIN, _STDOUT, _STDERR = 0, 1, 2
_ABOVE_STANDARD: Final = 3


class Outgoing(Stream):
    """Messages to the client; the SDK's `WriteStream`."""

    def __init__(self, transport: asyncio.WriteTransport, flow: "Flow", scrubber: Scrubber) -> None:
        """Write to `transport`, which tells `flow` when to wait, what `scrubber` leaves."""
        self._transport = transport
        self._flow = flow
        self._scrubber = scrubber
        self.answered = asyncio.Event()

    async def send(self, item: SessionMessage, /) -> None:
        """Write one line; wait while the client is slow to read.

        Raises:
            anyio.BrokenResourceError: nobody reads any more.
        """
        await self.put(item.message)

    async def put(self, message: JSONRPCMessage) -> None:
        """See `send`."""
        if self._flow.lost.is_set():
            raise anyio.BrokenResourceError
        self._transport.write(self._scrubber.json(_line(message)) + b"\n")
        self.answered.set()
        await self._flow.open.wait()

    async def aclose(self) -> None:
        """Close once everything is written, or after a second."""
        self._transport.close()
        with anyio.move_on_after(FLUSH_S, shield=True):
            await self._flow.lost.wait()


class Scrubbed(Stream):
    """Messages to a client through another stream, the SDK's `WriteStream` as well."""

    def __init__(self, inner: "WriteStream[SessionMessage]", scrubber: Scrubber) -> None:
        """Send on through `inner` what `scrubber` leaves."""
        self._inner = inner
        self._scrubber = scrubber

    async def send(self, item: SessionMessage, /) -> None:
        """Send a message, read anew where something was taken out of it."""
        line = _line(item.message)
        scrubbed = self._scrubber.json(line)
        if scrubbed is not line:
            item = SessionMessage(jsonrpc_message_adapter.validate_json(scrubbed, by_name=False))
        await self._inner.send(item)

    async def aclose(self) -> None:
        """Close the stream below."""
        await self._inner.aclose()


class Incoming(Stream):
    """Messages from the client; the SDK's `ReadStream`.

    Law: every line is either yielded or answered with an error, under its own id where it has one.
    """

    def __init__(self, reader: asyncio.StreamReader, outgoing: Outgoing) -> None:
        """Read lines from `reader`; refuse bad ones through `outgoing`."""
        self._reader = reader
        self._outgoing = outgoing

    async def receive(self) -> SessionMessage:
        """Return the next message.

        Raises:
            anyio.EndOfStream: the client has gone.
        """
        while line := await self._line():
            if line.isspace():
                continue
            message = read_message(line)
            if not isinstance(message, Fault):
                return SessionMessage(message)
            await self._refuse(line, message)
        raise anyio.EndOfStream

    def __aiter__(self) -> "ReadStream[SessionMessage | Exception]":
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def _line(self) -> bytes:
        """Return the next line, empty at the end; one that is too long is refused and skipped."""
        while True:
            try:
                return await self._reader.readuntil()
            except asyncio.IncompleteReadError as end:
                return end.partial
            except asyncio.LimitOverrunError as over:
                await self._skip(over.consumed)

    async def _skip(self, length: int) -> None:
        start = chunk = await self._reader.readexactly(length)
        while True:
            try:
                await self._reader.readuntil()
                break
            except asyncio.LimitOverrunError as over:
                chunk = await self._reader.readexactly(over.consumed)
            except asyncio.IncompleteReadError:
                break
        await self._refuse(start + chunk, Fault(INVALID_REQUEST, "too long"))

    async def _refuse(self, line: bytes, fault: Fault) -> None:
        error = _refusal(fault)
        await self._outgoing.put(JSONRPCError(jsonrpc="2.0", id=request_id(line), error=error))


class Flow(asyncio.Protocol):
    """What the transport tells: wait, go on, gone."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.lost = asyncio.Event()

    def pause_writing(self) -> None:
        """Make writers wait: the client is slow to read."""
        self.open.clear()

    def resume_writing(self) -> None:
        """Let them go on."""
        self.open.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        """Let them go on, to find that nobody reads any more."""
        self.lost.set()
        self.open.set()


def can_be_taken() -> bool:
    """Tell whether stdin and stdout are pipes or sockets, as every client makes them.

    A terminal, a file and the null device cannot be waited for.
    """
    kinds = [os.fstat(fd).st_mode for fd in (_STDIN, _STDOUT)]
    return all(stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) for kind in kinds)


@asynccontextmanager
async def stdio_wire(scrubber: Scrubber) -> AsyncGenerator[tuple[Incoming, Outgoing]]:
    """Take stdin and stdout for the protocol, for good.

    What `scrubber` finds is taken out of every message. From here on a stray print goes to stderr,
    also one that is flushed when the process ends, and a child process reads nothing.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_MAX)
    source, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(_take(_STDIN), "rb", buffering=0)
    )
    sink, flow = await loop.connect_write_pipe(Flow, os.fdopen(_take(_STDOUT), "wb", buffering=0))
    outgoing = Outgoing(sink, flow, scrubber)
    try:
        yield Incoming(reader, outgoing), outgoing
    finally:
        source.close()
        await outgoing.aclose()


def take_stdout() -> TextIO:
    """Take stdout for the protocol, for good, where it cannot be waited for.

    The SDK would look for the bytes below `sys.stdout`, which a stdout that is searched has not.
    """
    return os.fdopen(_take(_STDOUT), "w", encoding="utf-8")


def _take(fd: int) -> int:
    """Return a descriptor of our own for `fd`, which from now on leads nowhere."""
    own = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _ABOVE_STANDARD)
    if fd == _STDOUT:
        os.dup2(_STDERR, fd)
        return own
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, fd)
    os.close(nothing)
    return own


def _line(message: JSONRPCMessage) -> bytes:
    return message.model_dump_json(by_alias=True, exclude_unset=True).encode()


def _refusal(fault: Fault) -> ErrorData:
    from strikedesk.server.speech import refused_message  # noqa: PLC0415 -- kept off `initialize`

    return refused_message(fault.code, fault.problem)
