"""The network door over real sockets: both transports, both eras, and who may come in."""

import json
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import httpx2
import pytest

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.server.guard import BODY_MAX
from strikedesk.server.http import listen
from tests.patience import patience
from tests.tools.core_door import ERAS, Era, text_of
from tests.tools.web_door import (
    READER,
    TRADER,
    Kind,
    bearing,
    client_of,
    listening,
    web_door,
)

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(60)

KINDS: tuple[Kind, ...] = ("http", "sse")
JSON = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    },
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("kind", KINDS)
async def test_the_official_client_is_served(kind: Kind, era: Era) -> None:
    """One address, two transports, two eras; the caller is named by its token."""
    async with listening(web_door()) as address, client_of(address, kind, era) as client:
        tools = await client.list_tools()
        result = await client.call_tool("spend", {})

    assert "spend" in {tool.name for tool in tools.tools}
    assert result.structured_content == {"caller": "token:trader"}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_reader_may_look_and_do_nothing(kind: Kind, era: Era) -> None:
    async with listening(web_door()) as address, client_of(address, kind, era, READER) as client:
        looked = await client.call_tool("echo", {"symbols": "AAPL"})
        done = await client.call_tool("spend", {})

    assert not looked.is_error
    assert done.is_error
    assert text_of(done).startswith("1002 INSUFFICIENT_PERMISSIONS: tool=spend, scope_needed=trade")


async def test_connections_of_sse_share_one_desk() -> None:
    """SSE enters the lifespan for each connection: three more must not mean three desks."""
    door = web_door()
    async with listening(door) as address:
        for _ in range(3):
            async with client_of(address, "sse", "legacy") as client:
                await client.call_tool("echo", {"symbols": "AAPL"})

    assert (door.desk.opened, door.desk.closed) == (1, 0)


async def test_a_session_belongs_to_the_token_that_opened_it() -> None:
    """To anybody else it does not exist."""
    async with listening(web_door()) as address, httpx2.AsyncClient(base_url=address) as http:
        opened = await http.post("/mcp", json=INITIALIZE, headers=JSON | bearing(TRADER))
        session = {"Mcp-Session-Id": opened.headers["mcp-session-id"]}
        ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        theirs = await http.post("/mcp", json=ping, headers=JSON | session | bearing(READER))
        ours = await http.post("/mcp", json=ping, headers=JSON | session | bearing(TRADER))

    assert (theirs.status_code, ours.status_code) == (404, 200)


async def test_an_sse_connection_belongs_to_the_token_that_opened_it() -> None:
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    async with (
        listening(web_door()) as address,
        httpx2.AsyncClient(base_url=address) as http,
        http.stream("GET", "/sse", headers=bearing(TRADER)) as stream,
    ):
        endpoint = await _endpoint(stream)
        theirs = await http.post(endpoint, json=ping, headers=bearing(READER))
        ours = await http.post(endpoint, json=ping, headers=bearing(TRADER))

    assert (theirs.status_code, ours.status_code) == (404, 202)


async def _endpoint(stream: httpx2.Response) -> str:
    async for line in stream.aiter_lines():
        if line.startswith("data: "):
            return line.removeprefix("data: ")
    raise AssertionError


async def test_a_stranger_is_told_how_to_knock_and_nothing_more() -> None:
    """No OAuth server is advertised, because there is none."""
    async with listening(web_door()) as address, httpx2.AsyncClient(base_url=address) as http:
        answer = await http.post("/mcp", json=INITIALIZE, headers=JSON)
        metadata = await http.get("/.well-known/oauth-protected-resource/mcp")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert "resource_metadata" not in answer.headers["www-authenticate"]
    assert "server" not in answer.headers
    assert metadata.status_code == 401


async def test_a_revoked_token_is_refused_two_seconds_later_at_most() -> None:
    """It is remembered for that long, so that a store is not read for every call."""
    door = web_door()
    async with listening(door) as address, httpx2.AsyncClient(base_url=address) as http:
        first = await http.post("/mcp", json=INITIALIZE, headers=JSON | bearing(TRADER))
        await door.desk.tokens.revoke("id-trader", door.desk.clock.now())
        door.desk.clock.move(2)
        later = await http.post("/mcp", json=INITIALIZE, headers=JSON | bearing(TRADER))

    assert (first.status_code, later.status_code) == (200, 401)


async def test_nobody_comes_in_while_tokens_cannot_be_checked() -> None:
    """And nobody outside learns why."""
    door = web_door()
    door.desk.fails_with = Misconfigured(Reason.DATABASE_UNREADABLE, file="/secret/place.db")
    async with listening(door) as address, httpx2.AsyncClient(base_url=address) as http:
        answer = await http.post("/mcp", json=INITIALIZE, headers=JSON | bearing(TRADER))

    assert answer.status_code == 503
    assert "place" not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b" " * (BODY_MAX + 1), 413, "too long"),
        (b'{"jsonrpc":"2.0","id":7,"params":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400,
         "nested too deeply"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/mcp", "/messages/"])
async def test_a_body_too_long_or_too_deep_goes_no_further(
    path: str, body: bytes, status: int, problem: str
) -> None:
    async with listening(web_door()) as address, httpx2.AsyncClient(base_url=address) as http:
        answer = await http.post(path, content=body, headers=JSON | bearing(TRADER))
        streamed = await http.post(path, content=_pieces(body), headers=JSON | bearing(TRADER))

    for got in (answer, streamed):
        assert got.status_code == status
        assert got.json()["error"]["data"]["facts"] == {"argument": "message", "problem": problem}


async def _pieces(body: bytes) -> AsyncGenerator[bytes]:
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, b'{"jsonrpc":"2.0","id":1,"method":"ping"}', 400),
        ({"Accept": "text/html"}, b'{"jsonrpc":"2.0","id":1,"method":"ping"}', 406),
        ({}, b"nope", 400),
        ({}, b"[]", 400),
        ({"Mcp-Session-Id": "nobodys"}, b'{"jsonrpc":"2.0","id":1,"method":"ping"}', 404),
        ({"MCP-Protocol-Version": "1999-01-01"}, b'{"jsonrpc":"2.0","id":1,"method":"ping"}', 400),
    ],
)
async def test_a_request_that_is_none_is_refused_and_the_next_one_served(
    headers: dict[str, str], body: bytes, status: int
) -> None:
    async with listening(web_door()) as address, httpx2.AsyncClient(base_url=address) as http:
        sent = JSON | bearing(TRADER) | headers
        refused = await http.post("/mcp", content=body, headers=sent)
        served = await http.post("/mcp", json=INITIALIZE, headers=JSON | bearing(TRADER))

    assert (refused.status_code, served.status_code) == (status, 200)


@pytest.mark.promise("quiet")
@pytest.mark.promise("secrets")
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"id":7,"params":{"nonce":"the-nonce"}}', (-32600, "not a JSON-RPC message")),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":"the-nonce"}',
         (-32600, "not a JSON-RPC message")),
        (b'[{"jsonrpc":"2.0","id":7,"method":"the-nonce"}]', (-32600, "not a JSON-RPC message")),
        (b'{"jsonrpc":"2.0","id":7,"method":"the-nonce', (-32700, "not JSON")),
        (b'{"jsonrpc":"2.0","id":7,"method":"the-nonce\xff"}', (-32700, "not JSON")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("headers", [{}, {"MCP-Protocol-Version": "2026-07-28"}])
@pytest.mark.parametrize("path", ["/mcp", "/messages/"])
async def test_what_is_no_message_is_told_in_our_words_and_quoted_nowhere(
    path: str,
    headers: dict[str, str],
    body: bytes,
    told: tuple[int, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The parser's own words quote what was sent, to the client or to the log."""
    async with listening(web_door()) as address, httpx2.AsyncClient(base_url=address) as http:
        answer = await http.post(path, content=body, headers=JSON | bearing(TRADER) | headers)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["data"]["facts"]["problem"]) == told
    assert "the-nonce" not in answer.text + caplog.text


@pytest.mark.promise("secrets")
async def test_what_is_no_message_in_a_stream_is_not_quoted_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The SDK would log a traceback for each, with the ends of what was sent."""
    body = b'{"id":7,"method":"tools/call","params":{"nonce":"the-nonce"}}'
    async with (
        listening(web_door()) as address,
        httpx2.AsyncClient(base_url=address, headers=JSON | bearing(TRADER)) as http,
        http.stream("GET", "/sse") as stream,
    ):
        lines = stream.aiter_lines()
        await anext(lines)
        path = (await anext(lines)).removeprefix("data: ")
        answer = await http.post(path, content=body)

    assert answer.status_code == 400
    assert answer.json()["id"] == 7
    assert "the-nonce" not in answer.text + caplog.text


@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_that_hangs_up_in_a_call_leaves_the_server_as_it_was(kind: Kind) -> None:
    async with listening(web_door()) as address:
        async with client_of(address, kind, "auto") as client:
            with anyio.move_on_after(0.2):
                await client.call_tool("wait", {})
        async with client_of(address, kind, "auto") as client:
            result = await client.call_tool("echo", {"symbols": "AAPL"})

    assert not result.is_error


async def test_health_needs_no_token_and_says_little() -> None:
    door = web_door()
    async with listening(door) as address, httpx2.AsyncClient(base_url=address) as http:
        good = await http.get("/health")
        door.desk.fails_with = Misconfigured(Reason.DATABASE_UNREADABLE, file="/secret/place.db")
        bad = await http.get("/health/ready")
        alive = await http.get("/health/live")

    assert (good.status_code, bad.status_code, alive.status_code) == (200, 503, 200)
    assert bad.json() == {"status": "not ready", "checks": {"desk": "DATABASE_UNREADABLE"}}


async def test_a_request_without_a_host_is_nobodys() -> None:
    """HTTP/1.0 allows it; a name that is not there cannot be ours."""
    async with listening(web_door()) as address:
        port = int(address.rsplit(":", 1)[1])
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(b"GET /health HTTP/1.0\r\n\r\n")
            answer = await stream.receive()

    assert answer.startswith(b"HTTP/1.1 421")


def test_an_address_that_is_taken_is_named() -> None:
    """The owner reads one line, not a traceback."""
    with listen("127.0.0.1", 0) as taken, pytest.raises(Misconfigured) as refused:
        listen("127.0.0.1", taken.getsockname()[1])

    assert refused.value.facts["setting"] == "host and port"


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_and_closes_the_desk(tmp_path: Path, sent: signal.Signals) -> None:
    """Left alone, uvicorn raises it again before anything of ours is closed."""
    notes = tmp_path / "notes"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.tools.http_server", str(notes)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            with patience(process):
                address = json.loads(process.stdout.readline())
            with (
                httpx2.Client(base_url=address) as http,
                http.stream("GET", "/sse", headers=bearing(TRADER)) as stream,
            ):
                assert stream.status_code == 200
                process.send_signal(sent)
                assert process.wait(20) == 0
        finally:
            process.kill()

        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert notes.read_text() == "closed"
