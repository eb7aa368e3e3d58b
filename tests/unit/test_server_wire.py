"""The wire: every line is a message or is answered, and a slow reader slows us down."""

import asyncio
import json

import anyio
import pytest
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCNotification, JSONRPCRequest

from strikedesk.logs.known import Known
from strikedesk.logs.scrubber import Scrubber
from strikedesk.server.wire import LINE_MAX, Flow, Incoming, Outgoing, Scrubbed
from tests.tools.wire_talk import Sink


def a_wire() -> tuple[asyncio.StreamReader, Incoming, Sink, Outgoing]:
    reader = asyncio.StreamReader(limit=LINE_MAX)
    flow = Flow()
    sink = Sink(flow)
    outgoing = Outgoing(sink, flow, Scrubber(Known()))
    return reader, Incoming(reader, outgoing), sink, outgoing


def a_message() -> SessionMessage:
    return SessionMessage(JSONRPCNotification(jsonrpc="2.0", method="notifications/test"))


@pytest.mark.promise("secrets")
async def test_a_message_leaves_without_the_secrets_that_are_known() -> None:
    """On our own wire, and through a stream of the SDK's."""
    known = Known()
    known.learn(b"canary-3f9c27d1")
    flow = Flow()
    sink = Sink(flow)
    params = {"told": "a canary-3f9c27d1", "canary-3f9c27d1": [1, None]}
    said = SessionMessage(JSONRPCNotification(jsonrpc="2.0", method="n/x", params=params))
    told = {"told": "a [redacted]", "[redacted]": [1, None]}

    await Outgoing(sink, flow, Scrubber(known)).send(said)
    give, take = anyio.create_memory_object_stream[SessionMessage](2)
    async with give, take, Scrubbed(give, Scrubber(known)) as through:
        await through.send(said)
        await through.send(a_message())
        first, second = await take.receive(), await take.receive()

    assert json.loads(sink.lines[0])["params"] == told
    assert isinstance(first.message, JSONRPCNotification)
    assert first.message.params == told
    assert second.message == a_message().message


async def test_lines_become_messages_until_the_end() -> None:
    reader, incoming, sink, _ = a_wire()
    reader.feed_data(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n\n{"jsonrpc":"2.0","method":"x"}')
    reader.feed_eof()

    first, second = await incoming.receive(), await incoming.receive()
    with pytest.raises(anyio.EndOfStream):
        await incoming.receive()

    assert isinstance(first.message, JSONRPCRequest)
    assert isinstance(second.message, JSONRPCNotification)
    assert (first.message.method, second.message.method) == ("ping", "x")
    assert sink.lines == []


async def test_a_line_without_end_is_skipped_whole_and_answered_once() -> None:
    """What follows it is a message again, not the rest of what was too long."""
    reader, incoming, sink, _ = a_wire()
    reader.feed_data(b'{"jsonrpc":"2.0","id":4,"method":"' + b"x" * LINE_MAX)
    reader.feed_data(b"y" * LINE_MAX + b'"}\n{"jsonrpc":"2.0","method":"next"}\n')

    message = await incoming.receive()

    assert isinstance(message.message, JSONRPCNotification)
    assert message.message.method == "next"
    assert [json.loads(line)["id"] for line in sink.lines] == [4]


async def test_a_line_without_end_at_the_end_is_answered_too() -> None:
    reader, incoming, sink, _ = a_wire()
    reader.feed_data(b"x" * (LINE_MAX + 1))
    reader.feed_eof()

    with pytest.raises(anyio.EndOfStream):
        await incoming.receive()

    assert len(sink.lines) == 1


async def test_writing_waits_for_a_slow_reader() -> None:
    """A client that stops reading must not fill our memory, nor stop the loop."""
    _, _, sink, outgoing = a_wire()
    sink.flow.pause_writing()
    sending = asyncio.create_task(outgoing.send(a_message()))
    await anyio.lowlevel.checkpoint()
    assert not sending.done()

    sink.flow.resume_writing()
    await sending

    assert sink.lines == [b'{"jsonrpc":"2.0","method":"notifications/test"}\n']


async def test_nobody_reads_any_more_is_an_error_that_the_sdk_knows() -> None:
    _, _, sink, outgoing = a_wire()
    sink.flow.pause_writing()
    sink.close()

    with pytest.raises(anyio.BrokenResourceError):
        await outgoing.send(a_message())


async def test_the_first_answer_is_a_signal() -> None:
    """Warming up begins with it, and not before."""
    _, _, _, outgoing = a_wire()
    assert not outgoing.answered.is_set()

    async with outgoing:
        await outgoing.send(a_message())

    assert outgoing.answered.is_set()
