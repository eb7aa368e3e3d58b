"""What the sandbox's market-data websocket says to a client that keeps to the protocol, or not."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from strikedesk.sandbox.app import DXLINK_PATH
from strikedesk.sandbox.streams.quotes import MESSAGE_MAX
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served

Frame: TypeAlias = dict[str, object]

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETUP: Frame = {"type": "SETUP", "channel": 0, "version": "0.1", "keepaliveTimeout": 60}
OPEN: Frame = {"type": "CHANNEL_REQUEST", "channel": 1, "service": "FEED", "parameters": {}}


class Raw:
    """A client that says what it likes."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def say(self, frame: object) -> None:
        await self._socket.send(json.dumps(frame))

    async def write(self, text: str) -> None:
        await self._socket.send(text)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            return json.loads(await self._socket.recv())

    async def ask(self, frame: object) -> dict[str, Any]:
        await self.say(frame)
        return await self.hear()

    async def ended(self) -> int | None:
        """Wait for the end, and return its code."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    await self._socket.recv()
        except ConnectionClosed:
            return self._socket.close_code


@asynccontextmanager
async def raw(sandbox: Served, **options: Any) -> AsyncGenerator[Raw]:
    url = sandbox.address.replace("http", "ws") + DXLINK_PATH
    async with connect(url, proxy=None, **options) as socket:
        yield Raw(socket)


@asynccontextmanager
async def let_in(sandbox: Served) -> AsyncGenerator[Raw]:
    token, _, _ = sandbox.world.access.quote_token()
    async with raw(sandbox) as client:
        assert (await client.ask(SETUP))["type"] == "SETUP"
        assert (await client.hear())["state"] == "UNAUTHORIZED"
        told = await client.ask({"type": "AUTH", "channel": 0, "token": token})
        assert told["state"] == "AUTHORIZED"
        yield client


async def test_the_first_unauthorized_asks_and_the_second_refuses(sandbox: Served) -> None:
    async with raw(sandbox) as client:
        assert await client.ask(SETUP) == {
            "type": "SETUP",
            "channel": 0,
            "keepaliveTimeout": 60,
            "acceptKeepaliveTimeout": 60,
            "version": "1.0-1.2.1-20240722-153442",
        }
        asked = {"type": "AUTH_STATE", "channel": 0, "state": "UNAUTHORIZED"}
        assert await client.hear() == asked
        assert await client.ask({"type": "AUTH", "channel": 0, "token": "nobody's"}) == asked


async def test_a_channel_before_the_token_is_the_end(sandbox: Served) -> None:
    async with raw(sandbox) as client:
        await client.ask(SETUP)
        await client.hear()
        assert (await client.ask(OPEN))["error"] == "UNAUTHORIZED"
        assert await client.ended() == 1000


async def test_the_token_before_the_beginning_is_the_end(sandbox: Served) -> None:
    async with raw(sandbox) as client:
        told = await client.ask({"type": "AUTH", "channel": 0, "token": "any"})
        assert told["error"] == "BAD_ACTION"
        assert await client.ended() == 1000


async def test_there_is_one_service(sandbox: Served) -> None:
    async with let_in(sandbox) as client:
        assert (await client.ask(OPEN | {"service": "DOM"}))["error"] == "BAD_ACTION"


async def test_even_channels_are_not_the_clients(sandbox: Served) -> None:
    async with let_in(sandbox) as client:
        told = await client.ask(OPEN | {"channel": 2})

    assert told == {
        "type": "ERROR",
        "channel": 2,
        "error": "BAD_ACTION",
        "message": "Protocol violation with an even channel usage.",
    }


async def test_a_channel_that_is_not_open_takes_nothing(sandbox: Served) -> None:
    async with let_in(sandbox) as client:
        told = await client.ask({"type": "FEED_SUBSCRIPTION", "channel": 1, "add": []})
        assert (told["error"], told["channel"]) == ("BAD_ACTION", 1)
        assert (await client.ask(OPEN))["parameters"] == {"contract": "AUTO", "subFormat": "LIST"}


async def test_fields_come_as_they_were_asked_for_and_are_announced(sandbox: Served) -> None:
    """Every field, in the server's order, to who names none."""
    spy = {"type": "Quote", "symbol": "SPY"}
    wanted = ["askPrice", "eventSymbol", "nonsense"]
    async with let_in(sandbox) as client:
        await client.ask(OPEN)
        told = await client.ask(
            {"type": "FEED_SETUP", "channel": 1, "acceptEventFields": {"Quote": wanted}}
        )
        assert (told["type"], told["dataFormat"]) == ("FEED_CONFIG", "COMPACT")
        told = await client.ask({"type": "FEED_SUBSCRIPTION", "channel": 1, "add": [spy]})
        assert told["eventFields"] == {"Quote": wanted}
        kind, (ask, *others) = (await client.hear())["data"]
        assert (kind, others) == ("Quote", ["SPY", "NaN"])
        assert ask > 0
        await client.say({"type": "CHANNEL_CANCEL", "channel": 1})
        assert (await client.hear())["type"] == "CHANNEL_CLOSED"
        await client.ask(OPEN)
        told = await client.ask({"type": "FEED_SUBSCRIPTION", "channel": 1, "add": [spy]})
        assert told["eventFields"]["Quote"][:3] == ["eventType", "eventSymbol", "eventTime"]


@pytest.mark.parametrize("text", ["", "[", "[]", '"SETUP"', "[" * 50_000])
async def test_what_is_no_message_is_told_so_and_the_end(sandbox: Served, text: str) -> None:
    async with raw(sandbox) as client:
        await client.write(text)
        assert (await client.hear())["error"] == "INVALID_MESSAGE"
        assert await client.ended() == 1000


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "SETUP"},
        {"type": 1, "channel": 0},
        {"type": "FEED_SUBSCRIPTION", "channel": 1, "add": "SPY"},
        {"type": "FEED_SUBSCRIPTION", "channel": 1, "add": [{"type": "Quote"}]},
        {"type": "FEED_SUBSCRIPTION", "channel": 1, "add": [{"type": "X", "symbol": "SPY"}]},
        {"type": "NONSENSE", "channel": 1},
    ],
)
async def test_a_message_of_the_wrong_shape_is_told_so(sandbox: Served, frame: object) -> None:
    async with let_in(sandbox) as client:
        await client.ask(OPEN)
        assert (await client.ask(frame))["error"] == "INVALID_MESSAGE"
        assert (await client.ask(OPEN))["type"] == "CHANNEL_OPENED"


async def test_a_frame_that_is_too_large_is_closed_with_1009(sandbox: Served) -> None:
    """So that a client learns to subscribe in pieces."""
    async with let_in(sandbox) as client:
        await client.say({"type": "KEEPALIVE", "channel": 0, "padding": "x" * MESSAGE_MAX})
        assert await client.ended() == 1009


async def test_what_nobody_lists_is_silent(sandbox: Served) -> None:
    names = ["NOSUCH", ".SPY", ".SPY991332C1", "SPY{=5m", "", "SPY   261218C00600000"]
    add = [{"type": kind, "symbol": name} for name in names for kind in ("Quote", "Greeks")]
    add += [{"type": "Candle", "symbol": "SPY{=7d}"}, {"type": "Underlying", "symbol": "SPY"}]
    async with let_in(sandbox) as client:
        await client.ask(OPEN)
        spy = {"type": "Quote", "symbol": "SPY"}
        await client.ask({"type": "FEED_SUBSCRIPTION", "channel": 1, "add": [*add, spy]})
        told = (await client.hear())["data"]

    assert told[1][1::13] == ["SPY"]


async def test_a_name_that_is_not_ours_gets_no_websocket(sandbox: Served) -> None:
    with pytest.raises(InvalidStatus):
        async with raw(sandbox, additional_headers={"Host": "elsewhere.example"}):
            pass
