"""Websockets to tastytrade, over real sockets: bounded, quiet, and only where tokens may go."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from strikedesk.brokers.tastytrade.sites import PRODUCTION, SANDBOX, Site, on_this_machine
from strikedesk.brokers.tastytrade.sockets import (
    MESSAGE_MAX,
    Gone,
    check_address,
    dial,
    streamer_of,
)
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason

HERE = on_this_machine("http://127.0.0.1:8123")
TOKEN = "a-token-that-no-log-may-hold"  # noqa: S105 -- of a test
FEED = "wss://tasty-openapi-ws.dxfeed.com/realtime"


@asynccontextmanager
async def serving(handle: Callable[[ServerConnection], Awaitable[None]]) -> AsyncGenerator[str]:
    async with serve(handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}"


async def test_what_is_said_arrives_and_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """The library writes whole frames down at its lowest level, and the first is a token."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    logging.getLogger("websockets.server").setLevel(logging.WARNING)
    caplog.set_level(logging.DEBUG)
    async with serving(echo) as url, dial(url) as socket:
        await socket.send(TOKEN)
        assert await socket.receive() == TOKEN.encode()

    assert TOKEN not in caplog.text


async def test_a_message_without_an_end_is_refused() -> None:
    """In one frame or in many: a server's message never takes more than the bound."""

    async def flood(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(["x" * 1_000_000] * (MESSAGE_MAX // 1_000_000 + 1))

    async with serving(flood) as url, dial(url) as socket:
        await socket.send("go")
        with pytest.raises(Gone):
            await socket.receive()


async def test_no_redirect_is_followed() -> None:
    """What is said first is a token, and the other host is not the one that was checked."""
    reached = list[str]()

    async def listen(connection: ServerConnection) -> None:
        reached.append("elsewhere")

    def redirect(connection: ServerConnection, request: Request) -> Response:
        return Response(HTTPStatus.FOUND, "Found", Headers(Location=elsewhere), b"")

    async with (
        serving(listen) as elsewhere,
        serve(listen, "127.0.0.1", 0, process_request=redirect) as server,
    ):
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(Gone):
            async with dial(f"ws://127.0.0.1:{port}"):
                pass

    assert reached == []


async def test_every_end_of_a_connection_is_told_alike_and_without_a_word_of_it() -> None:
    """Refused, no websocket, closed with prose: what the other side wrote stays there."""

    async def leave(connection: ServerConnection) -> None:
        await connection.close(1009, "prose of a server")

    async with serving(leave) as url, dial(url) as socket:
        with pytest.raises(Gone) as gone:
            await socket.receive()
        with pytest.raises(Gone):
            await socket.send("too late")
    with pytest.raises(Gone) as refused:
        async with dial(url):
            pass

    for told in (gone, refused):
        assert (str(told.value), told.value.__suppress_context__) == ("", True)


async def test_a_server_that_is_no_websocket_is_gone() -> None:
    async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak_http, "127.0.0.1", 0)
    async with server:
        with pytest.raises(Gone):
            async with dial(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"):
                pass


@pytest.mark.parametrize(
    ("url", "site"),
    [
        (FEED, PRODUCTION),
        ("wss://tasty-openapi-dxlink-md-ws.dxfeed.com/realtime", PRODUCTION),
        ("wss://tasty-demo-ws.dxfeed.com:443/delayed", SANDBOX),
        (streamer_of(PRODUCTION), PRODUCTION),
        (streamer_of(SANDBOX), SANDBOX),
        ("ws://127.0.0.1:9000/dxlink", HERE),
        (streamer_of(HERE), HERE),
    ],
)
def test_tokens_go_to_the_feed_and_to_the_broker(url: str, site: Site) -> None:
    check_address(url, site)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("ws://tasty-openapi-ws.dxfeed.com/realtime", PRODUCTION),
        ("wss://dxfeed.com.example/realtime", PRODUCTION),
        ("wss://evil-dxfeed.com/realtime", PRODUCTION),
        ("wss://a.dxfeed.com@example.org/", PRODUCTION),
        ("wss://a.dxfeed.com:8443/", PRODUCTION),
        ("wss://a.dxfeed.com:port/", PRODUCTION),
        ("wss://[broken/", PRODUCTION),
        ("https://a.dxfeed.com/", PRODUCTION),
        ("ws://127.0.0.1:9000/dxlink", PRODUCTION),
        (streamer_of(SANDBOX), PRODUCTION),
        (FEED, HERE),
        ("", SANDBOX),
    ],
)
def test_an_address_that_is_none_of_theirs_is_refused(url: str, site: Site) -> None:
    """It comes from an answer, which somebody may have altered."""
    with pytest.raises(Misconfigured) as refused:
        check_address(url, site)

    assert refused.value.reason is Reason.BROKER_LINK_ELSEWHERE


def test_the_news_of_accounts_of_a_local_sandbox_are_beside_it() -> None:
    assert streamer_of(HERE) == "ws://127.0.0.1:8123/streamer"
