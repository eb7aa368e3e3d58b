"""Calls that are answered at once: the same answers, and an end when the client has gone."""

import asyncio
from dataclasses import dataclass, field

import anyio
import pytest
from starlette.types import Message, Receive, Scope, Send

from strikedesk.server.quick import QuickCalls, WhileHeard
from tests.tools.core_door import CoreDoor

MODERN, LEGACY = b"2026-07-28", b"2025-11-25"


@dataclass
class Taken:
    """What came which way."""

    broker: str = "paper"
    at_once: list[Scope] = field(default_factory=list[Scope])
    others: list[Scope] = field(default_factory=list[Scope])

    def calls(self) -> QuickCalls:
        """Return the fork in the way."""

        async def at_once(scope: Scope, _: Receive, __: Send) -> None:
            self.at_once.append(scope)

        async def others(scope: Scope, _: Receive, __: Send) -> None:
            self.others.append(scope)

        return QuickCalls(others, at_once, CoreDoor(said={"broker": self.broker}).server)


def a_request(
    *more: tuple[bytes, bytes],
    version: bytes = MODERN,
    method: bytes = b"tools/call",
    tool: bytes = b"echo",
    path: str = "/mcp",
) -> Scope:
    said = [(b"mcp-protocol-version", version), (b"mcp-method", method), (b"mcp-name", tool)]
    return {"type": "http", "path": path, "method": "POST", "headers": [*said, *more]}


async def nothing() -> Message:
    """Say nothing, ever."""
    return await asyncio.get_running_loop().create_future()


async def nowhere(_: Message) -> None:
    """Drop it."""


async def test_a_call_of_a_quick_tool_is_answered_at_once() -> None:
    taken = Taken()

    await taken.calls()(a_request(), nothing, nowhere)

    assert (len(taken.at_once), len(taken.others)) == (1, 0)


@pytest.mark.parametrize(
    "request_",
    [
        a_request(version=LEGACY),
        a_request(version=b"2027-01-01"),
        a_request((b"mcp-protocol-version", MODERN), version=LEGACY),
        a_request(method=b"tools/list"),
        a_request(tool=b"spend"),
        a_request(tool=b"nobody"),
        a_request(tool=b"\xff"),
        a_request(path="/sse"),
        {**a_request(), "method": "GET"},
        {"type": "http", "path": "/mcp", "method": "POST", "headers": []},
    ],
)
async def test_everything_else_goes_its_usual_way(request_: Scope) -> None:
    """A session begun by the way of single requests would be lost to whoever asks for it."""
    taken = Taken()

    await taken.calls()(request_, nothing, nowhere)

    assert (len(taken.at_once), len(taken.others)) == (0, 1)


async def test_at_a_broker_on_the_network_every_call_goes_its_usual_way() -> None:
    """It may answer late, and a client wants a sign of life."""
    taken = Taken(broker="tastytrade")

    await taken.calls()(a_request(), nothing, nowhere)

    assert (len(taken.at_once), len(taken.others)) == (0, 1)


async def test_a_call_ends_when_its_client_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strikedesk.server.quick.UNHEARD_S", 0)
    told: list[Message] = [{"type": "http.request"}, {"type": "http.disconnect"}]
    ended = False

    async def receive() -> Message:
        return told.pop(0)

    with anyio.fail_after(5):
        async with WhileHeard(receive):
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended = True

    assert ended
    assert told == []


async def test_a_call_whose_client_listens_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strikedesk.server.quick.UNHEARD_S", 0)
    asked = asyncio.Event()

    async def receive() -> Message:
        asked.set()
        return await nothing()

    with anyio.fail_after(5):
        async with WhileHeard(receive):
            await asked.wait()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)

    assert all(task.cancelled() for task in others)


async def test_what_goes_wrong_inside_is_not_taken_for_a_client_that_has_gone() -> None:
    with pytest.raises(TimeoutError, match="inside"):
        async with WhileHeard(nothing):
            raise TimeoutError("inside")
