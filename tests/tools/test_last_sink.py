"""The last sink at the real doors: what a desk knows for a secret leaves by none of them."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

import strikedesk
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.logs.known import Known
from strikedesk.logs.loops import tell_by_place
from strikedesk.logs.scrubber import Scrubber
from strikedesk.server.http import listen, serve_http
from strikedesk.web.approvals import PATH, Keys
from strikedesk.web.standing import page_app
from strikedesk.wiring import Desk
from tests.patience import patience
from tests.tools.canary_server import WORDS, canary_door
from tests.tools.core_door import text_of
from tests.tools.test_http import INITIALIZE, JSON
from tests.tools.web_door import TRADER, Kind, app_of, bearing, client_of, listening, web_door

ROOT = Path(__file__).parents[2]
# The house that is tested, which need not be the one that is installed.
HOUSE = str(Path(strikedesk.__file__).parents[1])
CANARY = "canary-3f9c27d1e08b5a64"
MASK = "[redacted]"
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("initialize", INITIALIZE["params"]),  # type: ignore[list-item] -- it is one
    ("tools/call", {"name": "tell", "arguments": {"word": CANARY}}),
    ("tools/call", {"name": CANARY, "arguments": {}}),
    ("prompts/get", {"name": CANARY}),
    ("resources/read", {"uri": f"desk://{CANARY}"}),
    (f"no/{CANARY}", {}),
]


class Unopened:
    """A desk that says more than it should about why it cannot be opened."""

    async def desk(self) -> Desk:
        raise Misconfigured(Reason.DATABASE_UNREADABLE, problem=CANARY)

    async def close(self) -> None:
        """There is nothing to close."""


def requests(asked: Sequence[tuple[str, dict[str, Any]]]) -> list[bytes]:
    return [
        json.dumps({"jsonrpc": "2.0", "id": n, "method": method, "params": params}).encode()
        for n, (method, params) in enumerate(asked)
    ]


def lines() -> list[bytes]:
    """Return what is asked, and what nobody can read."""
    return [*requests(ASKED), b'{"jsonrpc":"2.0","id":"%s","method":7}' % CANARY.encode()]


def hits(said: bytes) -> int:
    """Count the canaries."""
    return said.count(CANARY.encode())


@pytest.mark.promise("secrets")
def test_whatever_is_asked_over_stdio_no_answer_tells_a_secret() -> None:
    """Results, refusals, protocol errors, the id of a message that cannot be read."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.tools.canary_server", CANARY],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        answers: list[bytes] = []
        for line in lines():
            with patience(process, 60):
                process.stdin.write(line + b"\n")
                process.stdin.flush()
                answers.append(process.stdout.readline())
        process.stdin.close()

    assert [hits(answer) for answer in answers] == [0] * len(lines())
    told = json.loads(answers[1])["result"]
    assert told["structuredContent"] == {"told": MASK, MASK: 1}
    assert sum(MASK in answer.decode() for answer in answers) >= 3


@pytest.mark.promise("secrets")
def test_what_breaks_behind_an_answer_is_told_by_its_place_alone() -> None:
    """The loop's own handler would print the exception's words, which may be anybody's."""
    asked: list[tuple[str, dict[str, Any]]] = [
        ASKED[0],
        ("tools/call", {"name": "leave", "arguments": {}}),
        ("tools/list", {}),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.tools.canary_server", CANARY],
        cwd=ROOT,
        env=dict(os.environ) | {"PYTHONPATH": HOUSE},  # noqa: TID251 -- handed on
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        with patience(process, 60):
            for line in requests(asked):
                process.stdin.write(line + b"\n")
                process.stdin.flush()
                process.stdout.readline()
            process.stdin.close()
            told = process.stderr.read().decode()

    assert "a task or a callback broke" in told
    assert "RuntimeError, at" in told
    assert WORDS not in told


@pytest.mark.promise("secrets")
async def test_what_breaks_behind_an_answer_over_the_network_neither() -> None:
    door, loop = web_door(), asyncio.get_running_loop()
    before = handler = loop.get_exception_handler()

    with listen("127.0.0.1", 0) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with anyio.create_task_group() as group:
            group.start_soon(serve_http, door.server, app_of(door), listener)
            async with httpx2.AsyncClient(base_url=address) as http:
                assert (await http.get("/health/live")).status_code == 200
            handler = loop.get_exception_handler()
            group.cancel_scope.cancel()
    loop.set_exception_handler(before)

    assert handler is tell_by_place


@pytest.mark.promise("secrets")
def test_over_a_terminal_neither() -> None:
    """There the SDK's own transport writes, on a descriptor of its own."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.tools.canary_server", CANARY],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=theirs,
    ) as process:
        os.close(theirs)
        assert process.stdin is not None
        with patience(process, 60):
            for line in lines()[:3]:
                process.stdin.write(line + b"\n")
            process.stdin.flush()
            said = b""
            while said.count(b"\n") < 3:
                said += os.read(ours, 65_536)
        process.stdin.close()
        process.wait(60)
    os.close(ours)

    assert hits(said) == 0
    assert MASK in said.decode()


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("kind", ["http", "sse"])
async def test_over_the_network_neither(kind: Kind) -> None:
    """A token that a caller came in with is a secret too: a tool that repeats it is not heard."""
    door = web_door()
    door.server.toolbox = canary_door(CANARY).server.toolbox
    door.server.door.known.learn(CANARY.encode())

    async with listening(door) as address, client_of(address, kind, "auto") as client:
        told = await client.call_tool("tell", {"word": CANARY})
        token = await client.call_tool("tell", {"word": TRADER})

    assert told.structured_content == {"told": MASK, MASK: 1}
    assert CANARY not in text_of(told)
    assert token.structured_content == {"told": MASK, MASK: 1}


@pytest.mark.promise("secrets")
async def test_what_the_network_is_refused_is_scrubbed_as_well() -> None:
    door = web_door()
    door.server.door.known.learn(CANARY.encode())

    async with listening(door) as address, httpx2.AsyncClient(base_url=address) as http:
        for line in lines():
            for headers in (JSON | bearing(TRADER), JSON | bearing(f"sdt_{CANARY}"), JSON):
                said = await http.post("/mcp", content=line, headers=headers)
                assert hits(said.content) == 0
                assert CANARY not in str(said.headers)
        for path in (f"/{CANARY}", f"/messages/?session_id={CANARY}", f"/sse/{CANARY}"):
            said = await http.get(path, headers=bearing(TRADER))
            assert hits(said.content) == 0
            assert CANARY not in str(said.headers)


@pytest.mark.promise("secrets")
async def test_the_owners_page_keeps_its_own_keys_and_no_other_secret() -> None:
    """Its form and its cookie work; the keys are in no answer of the other paths."""
    door, keys = Unopened(), Keys()
    known = Known()
    for secret in (CANARY.encode(), *keys.all()):
        known.learn(secret)
    app = page_app(door, keys, door.close, Scrubber(known, spared=keys.all()))
    transport = httpx2.ASGITransport(app=app, client=("127.0.0.1", 5))

    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        let_in = await browser.get(keys.address(""))
        shown = await browser.get(PATH)
        posted = await browser.post(
            PATH,
            data={"token": keys.form, "order": CANARY, "act": CANARY},
            headers={"Origin": "http://127.0.0.1"},
        )

    assert let_in.cookies["strikedesk_owner"] == keys.cookie
    assert MASK in shown.text
    assert MASK in posted.text
    assert hits(shown.content) == hits(posted.content) == 0
