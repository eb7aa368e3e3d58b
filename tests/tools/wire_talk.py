"""What a client says and hears on our own wire, message by message, byte by byte."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import anyio
from mcp.types import PROTOCOL_VERSION_META_KEY

from strikedesk.logs.known import Known
from strikedesk.logs.scrubber import Scrubber
from strikedesk.server.wire import Flow, Incoming, Outgoing
from tests.patience import PATIENCE_S

Said = dict[str, Any]
HELLO: Final[Said] = {
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    },
}
SHAKEN: Final[Said] = {"method": "notifications/initialized"}
ENVELOPE: Final[Said] = {
    PROTOCOL_VERSION_META_KEY: "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "0"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class Sink(asyncio.WriteTransport):
    """Keeps what is written, tells its reader's mood through `flow`, and is gone once closed."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.lines: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.lines.append(bytes(data))

    def close(self) -> None:
        self.flow.connection_lost(None)


def a_call(tool: str, *, enveloped: bool = False, **arguments: Any) -> Said:
    """Return a call of a tool; of the current protocol, where it is `enveloped`."""
    params = {"name": tool, "arguments": arguments} | ({"_meta": ENVELOPE} if enveloped else {})
    return {"id": 2, "method": "tools/call", "params": params}


async def answers(
    serve: Callable[[Incoming, Outgoing], Coroutine[Any, Any, None]], said: Sequence[Said]
) -> list[bytes]:
    """Say all of this, each once the last is answered, then leave; return what was heard."""
    reader, flow = asyncio.StreamReader(), Flow()
    sink = Sink(flow)
    outgoing = Outgoing(sink, flow, Scrubber(Known()))
    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as group:
            group.start_soon(serve, Incoming(reader, outgoing), outgoing)
            for message in said:
                before = len(sink.lines)
                reader.feed_data(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
                while "id" in message and len(sink.lines) == before:
                    await anyio.lowlevel.checkpoint()
            reader.feed_eof()
    assert flow.lost.is_set()
    return sink.lines
