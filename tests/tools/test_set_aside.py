"""An answer that is set aside reads as one that has gone all the way."""

from typing import Any, cast

import pytest
from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.server.session import ServerSession
from mcp.types import Annotations, CallToolResult, TextContent

from strikedesk.server.set_aside import put_in, set_aside
from strikedesk.server.wire import Incoming, Outgoing
from tests.tools.core_door import CoreDoor
from tests.tools.wire_talk import HELLO, SHAKEN, Said, a_call, answers

OPENINGS: dict[bool, tuple[Said, ...]] = {False: (HELLO, SHAKEN), True: ()}


async def ours(incoming: Incoming, outgoing: Outgoing) -> None:
    await CoreDoor().server.serve(incoming, outgoing)


async def all_the_way(incoming: Incoming, outgoing: Outgoing) -> None:
    server = CoreDoor().server
    server.middleware.remove(put_in)
    await server.serve(incoming, outgoing)


@pytest.mark.parametrize("enveloped", [False, True])
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("echo", {"symbols": "AAPL,MSFT", "price": "1.20", "note": 'é\u2028\x7f"\\'}),
        ("numbers", {}),
        ("rows", {}),
        ("spend", {}),
        ("fail", {"how": "hostile"}),
        ("crash", {}),
        ("echo", {}),
        ("no_such_tool", {}),
    ],
)
async def test_every_answer_is_the_same_to_the_byte(
    tool: str, arguments: dict[str, Any], enveloped: bool
) -> None:
    """In both eras: the SDK puts different things around it."""
    said = (*OPENINGS[enveloped], a_call(tool, enveloped=enveloped, **arguments))

    assert await answers(ours, said) == await answers(all_the_way, said)


async def test_each_request_gets_its_own_answer() -> None:
    """One after the other, and whatever became of the one before."""
    calls = [a_call(tool, symbols=name) for tool, name in (("echo", "AAPL"), ("echo", "MSFT"))]
    said = (HELLO, SHAKEN, calls[0], a_call("crash"), calls[1], calls[0])

    assert await answers(ours, said) == await answers(all_the_way, said)


async def test_whoever_calls_past_the_protocol_hears_the_answer_itself() -> None:
    """Only a request has somebody who puts it in."""
    result = await CoreDoor().server.call_tool("numbers", {})

    assert isinstance(result, CallToolResult)
    assert result.structured_content == {"iv": None, "delta": None}


A_TEXT = TextContent(type="text", text="x")
MARKED = TextContent(type="text", text="x", annotations=Annotations(priority=1))
A_CALL = ServerRequestContext[Any, Any](
    session=cast("ServerSession", None),
    lifespan_context=None,
    protocol_version="2025-11-25",
    method="tools/call",
)


@pytest.mark.parametrize(
    "result",
    [
        CallToolResult(content=[MARKED], structured_content={}),
        CallToolResult(content=[A_TEXT], structured_content=None),
        CallToolResult(content=[A_TEXT], structured_content={}, is_error=True),
        CallToolResult(content=[A_TEXT], structured_content={}, _meta={"a": 1}),
        CallToolResult(content=[A_TEXT, A_TEXT], structured_content={}),
        CallToolResult(content=[], structured_content={}),
    ],
)
async def test_an_answer_that_says_more_goes_all_the_way(result: CallToolResult) -> None:
    """What stands for an answer has no place for it."""

    async def call(_: ServerRequestContext[Any, Any]) -> HandlerResult:
        return set_aside(result)

    assert await put_in(A_CALL, call) is result


async def test_nothing_is_set_aside_behind_a_request() -> None:
    """What is set aside then would be lost."""
    answer = CallToolResult(content=[A_TEXT], structured_content={})

    async def call(_: ServerRequestContext[Any, Any]) -> HandlerResult:
        assert set_aside(answer) is not answer
        return {"content": [], "structuredContent": {}, "isError": False}

    sent = await put_in(A_CALL, call)

    assert sent == {
        "content": [{"text": "x", "type": "text"}], "structuredContent": {}, "isError": False,
    }  # fmt: skip
    assert set_aside(answer) is answer
