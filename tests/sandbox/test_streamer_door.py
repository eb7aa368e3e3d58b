"""What the sandbox's account streamer says to a client that keeps to the protocol, or not."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from strikedesk.sandbox.streams.accounts import MESSAGE_MAX
from strikedesk.sandbox.streams.routes import STREAMER_PATH
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Raw:
    """A client that says what it likes."""

    def __init__(self, socket: ClientConnection, token: str) -> None:
        self.socket = socket
        self.token = token

    async def ask(self, action: object, **members: object) -> dict[str, Any]:
        said = {"action": action, "auth-token": f"Bearer {self.token}", **members}
        return await self.ask_text(json.dumps(said))

    async def ask_text(self, text: str) -> dict[str, Any]:
        await self.socket.send(text)
        async with asyncio.timeout(PATIENCE_S):
            answer = json.loads(await self.socket.recv())
        assert answer.pop("web-socket-session-id")
        return answer


@asynccontextmanager
async def raw(sandbox: Served) -> AsyncGenerator[Raw]:
    token = sandbox.world.access.issue(sandbox.world.access.read_only).token
    url = sandbox.address.replace("http", "ws") + STREAMER_PATH
    async with connect(url, proxy=None) as socket:
        yield Raw(socket, token)


@pytest.mark.parametrize("action", ["connect", "account-subscribe"])
async def test_accounts_are_connected_and_the_heart_beats(sandbox: Served, action: str) -> None:
    async with raw(sandbox) as client:
        assert await client.ask(action, value=["5WS00001", "5WS00002"], **{"request-id": 7}) == {
            "status": "ok",
            "action": action,
            "request-id": 7,
            "value": ["5WS00001", "5WS00002"],
        }
        assert await client.ask("heartbeat") == {"status": "ok", "action": "heartbeat"}


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("heartbeat", "not-implemented"),
        ("quote-alerts-subscribe", "connect-not-completed"),
        ("public-watchlists-subscribe", "connect-not-completed"),
        ("nonsense", "not-implemented"),
        (None, "not-implemented"),
    ],
)
async def test_before_connect_nothing_else_is_taken(
    sandbox: Served, action: object, message: str
) -> None:
    async with raw(sandbox) as client:
        answer = await client.ask(action, **{"request-id": 1})

    assert (answer["status"], answer["message"], answer["request-id"]) == ("error", message, 1)


@pytest.mark.parametrize(
    "value", ["5WX99999", ["5WS00001", "5WX99999"], [], None, {}, [1], ["5WS00001"] * 101]
)
async def test_accounts_of_others_are_not_connected(sandbox: Served, value: object) -> None:
    async with raw(sandbox) as client:
        assert (await client.ask("connect", value=value))["status"] == "error"
        assert (await client.ask("heartbeat"))["message"] == "not-implemented"


async def test_every_message_wants_the_token_of_its_moment(sandbox: Served) -> None:
    async with raw(sandbox) as client:
        assert (await client.ask("connect", value="5WS00001"))["status"] == "ok"
        sandbox.world.access.expire_tokens()
        assert (await client.ask("heartbeat"))["message"] == "unauthorized"
        client.token = sandbox.world.access.issue(sandbox.world.access.full).token
        assert (await client.ask("heartbeat"))["status"] == "ok"


@pytest.mark.parametrize("text", ["", "[]", "[" * 50_000, '"connect"'])
async def test_what_is_no_message_is_refused_and_no_end(sandbox: Served, text: str) -> None:
    async with raw(sandbox) as client:
        assert (await client.ask_text(text))["message"] == "unauthorized"
        assert (await client.ask("connect", value="5WS00001"))["status"] == "ok"


async def test_a_message_that_is_too_large_is_the_end(sandbox: Served) -> None:
    async with raw(sandbox) as client:
        await client.socket.send("x" * (MESSAGE_MAX + 1))
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(PATIENCE_S):
                await client.socket.recv()

    assert client.socket.close_code == 1009
