"""A client that opens with the handshake is read from directly, with no queue in between.

The SDK finds out the era of a connection from its first request, and then passes every message on
through a task and a stream of their own, for the life of the connection: a twentieth of the price
of an order. What opens with `initialize` needs no finding out, and the SDK has a loop for it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

import anyio
from mcp import MCPError
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import ServerRunner, aclose_shielded
from mcp.shared.dispatcher import DispatchContext
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.message import SessionMessage
from mcp.shared.transport_context import TransportContext
from mcp.types import INVALID_REQUEST, PROTOCOL_VERSION_META_KEY, JSONRPCRequest

from strikedesk.server.call import Door
from strikedesk.server.stream import Stream

if TYPE_CHECKING:
    from contextvars import Context

    from mcp.shared._stream_protocols import ReadStream, WriteStream

HANDSHAKE: Final = "initialize"
# Word for word what the SDK tells such a request.
_OTHER_ERA: Final = (
    "this connection serves the handshake protocol era; "
    "requests carrying the 2026-07-28 envelope are not accepted on it"
)


class Opened(Stream):
    """A stream of which the first message has been looked at; the SDK's `ReadStream`."""

    def __init__(
        self, inner: "ReadStream[SessionMessage | Exception]", first: SessionMessage | Exception
    ) -> None:
        """Hand out `first`, then what `inner` goes on with."""
        self._inner = inner
        self._first: SessionMessage | Exception | None = first

    @property
    def last_context(self) -> "Context | None":
        """What the sender of the last message ran in, where the stream below keeps it."""
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message.

        Raises:
            anyio.EndOfStream: the client has gone.
        """
        first, self._first = self._first, None
        return await self._inner.receive() if first is None else first

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Close the stream below."""
        await self._inner.aclose()


async def serve_either(
    core: Server[Door],
    incoming: "ReadStream[SessionMessage | Exception]",
    outgoing: "WriteStream[SessionMessage]",
) -> None:
    """Serve a client of either era until it has gone; see `Server.run`."""
    try:
        await _serve(core, incoming, outgoing)
    finally:
        await incoming.aclose()
        await outgoing.aclose()


async def _serve(
    core: Server[Door],
    incoming: "ReadStream[SessionMessage | Exception]",
    outgoing: "WriteStream[SessionMessage]",
) -> None:
    try:
        first = await anext(incoming)
    except (StopAsyncIteration, anyio.ClosedResourceError):
        return
    opened = Opened(incoming, first)
    if _shakes_hands(first):
        async with core.lifespan(core) as door:
            await _serve_handshake(core, door, opened, outgoing)
    else:
        await core.run(opened, outgoing, core.create_initialization_options())


def _shakes_hands(item: SessionMessage | Exception) -> bool:
    message = item.message if isinstance(item, SessionMessage) else None
    return isinstance(message, JSONRPCRequest) and message.method == HANDSHAKE


async def _serve_handshake(
    core: Server[Door],
    door: Door,
    incoming: Opened,
    outgoing: "WriteStream[SessionMessage]",
) -> None:
    dispatcher: JSONRPCDispatcher[TransportContext] = JSONRPCDispatcher(
        incoming, outgoing, inline_methods=frozenset({HANDSHAKE})
    )
    connection = Connection.for_loop(dispatcher)
    runner = ServerRunner(core, connection, door, init_options=core.create_initialization_options())

    async def answer(
        context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        if method != HANDSHAKE and _is_of_other_era(params):
            raise MCPError(code=INVALID_REQUEST, message=_OTHER_ERA)
        return await runner.on_request(context, method, params)

    try:
        await dispatcher.run(answer, runner.on_notify)
    finally:
        await aclose_shielded(connection)


def _is_of_other_era(params: Mapping[str, Any] | None) -> bool:
    meta = (params or {}).get("_meta")
    return isinstance(meta, Mapping) and PROTOCOL_VERSION_META_KEY in meta
