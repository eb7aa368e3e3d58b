"""stdio as clients use it: real pipes, real signals, and everything that has gone wrong there."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.patience import PATIENCE_S, patience
from tests.tools.core_door import ERAS, Era

ROOT = Path(__file__).parents[2]
INITIALIZE = {
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    },
}


@dataclass
class Pipes:
    """A server process and its two pipes."""

    process: subprocess.Popen[bytes]
    notes: Path
    asked: int = 0

    def send(self, line: bytes) -> None:
        assert self.process.stdin is not None
        with patience(self.process):
            self.process.stdin.write(line + b"\n")
            self.process.stdin.flush()

    def receive(self) -> Any:
        assert self.process.stdout is not None
        with patience(self.process):
            return json.loads(self.process.stdout.readline())

    def ask(self, message: dict[str, Any]) -> Any:
        self.asked += 1
        self.send(json.dumps({"jsonrpc": "2.0", "id": self.asked, **message}).encode())
        return self.receive()

    def call(self, tool: str, **arguments: Any) -> Any:
        return self.ask({"method": "tools/call", "params": {"name": tool, "arguments": arguments}})[
            "result"
        ]

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE_S)


def command(notes: Path) -> list[str]:
    return [sys.executable, "-m", "tests.tools.stdio_server", str(notes)]


@contextmanager
def serving(tmp_path: Path) -> Generator[Pipes]:
    """Start a server and shake hands."""
    notes = tmp_path / "notes"
    with subprocess.Popen(
        command(notes),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        pipes = Pipes(process, notes)
        try:
            assert pipes.ask(INITIALIZE)["result"]["serverInfo"]["name"] == "strikedesk"
            pipes.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
            yield pipes
        finally:
            process.kill()


@pytest.fixture
def pipes(tmp_path: Path) -> Iterator[Pipes]:
    with serving(tmp_path) as pipes:
        yield pipes


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipes]:
    """One server for all that is thrown at it: each time it must still be there."""
    with serving(tmp_path_factory.mktemp("fed")) as pipes:
        yield pipes


@pytest.mark.parametrize("era", ERAS)
async def test_the_official_client_is_served_in_both_eras(era: Era, tmp_path: Path) -> None:
    server = StdioServerParameters(
        command=sys.executable, args=command(tmp_path / "n")[1:], cwd=ROOT
    )

    with anyio.fail_after(PATIENCE_S):
        async with Client(stdio_client(server), mode=era) as client:
            tools = await client.list_tools()
            result = await client.call_tool("echo", {"symbols": "AAPL"})

    assert "echo" in {tool.name for tool in tools.tools}
    assert result.structured_content is not None
    assert result.structured_content["caller"] == "stdio"


def test_stdout_carries_the_protocol_and_nothing_else(pipes: Pipes) -> None:
    """One stray line, also one that is flushed only when the process ends, breaks a client."""
    assert pipes.call("chatter")["structuredContent"] == {"read": ""}
    assert not pipes.call("echo", symbols="AAPL")["isError"]
    assert pipes.end() == 0

    assert pipes.process.stdout is not None
    assert pipes.process.stderr is not None
    assert pipes.process.stdout.read() == b""
    heard = pipes.process.stderr.read()
    assert all(words in heard for words in (b"a stray line", b"an unfinished one", b"a child"))


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_while_the_client_holds_the_pipe(
    pipes: Pipes, sent: signal.Signals
) -> None:
    """Left alone, SIGTERM would skip the cleaning up and SIGINT would hang in a read."""
    assert not pipes.call("echo", symbols="AAPL")["isError"]

    pipes.process.send_signal(sent)

    assert pipes.process.wait(PATIENCE_S) == 0
    assert pipes.notes.read_text() == "closed"


def test_the_desk_is_closed_when_the_client_leaves_in_the_middle_of_a_call(pipes: Pipes) -> None:
    """The call is given up; what the desk has under way is waited for."""
    pipes.send(b'{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"wait"}}')

    assert pipes.end() == 0
    assert pipes.notes.read_text() == "closed"


@pytest.mark.parametrize(
    ("line", "identity", "code"),
    [
        (b"nope", None, -32700),
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":}}', 7, -32700),
        (b'{"jsonrpc":"2.0","id":"seven","method":"ping","params":"\xff\xfe"}', "seven", -32700),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":"\\ud800"}}', 7, -32700),
        (b'{"jsonrpc":"1.0","id":7,"method":"ping"}', 7, -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":5}', 7, -32600),
        (b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]', None, -32600),
        (b"[" * 100_000 + b"]" * 100_000, None, -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":'
         b'{"symbols":' + b"[" * 100_000 + b"]" * 100_000 + b"}}}", 7, -32600),
        (b'{"method":"tools/call","params":{"name":"echo","arguments":{"symbols":'
         + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b'}},"jsonrpc":"2.0","id":7}', 7, -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"' + b"x" * 3_000_000
         + b'"}}', 7, -32600),
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_taken_in_is_answered_under_its_id(
    fed: Pipes, line: bytes, identity: int | str | None, code: int
) -> None:
    """The SDK drops it without a word, and whoever sent it waits for ever."""
    fed.send(line)
    answer = fed.receive()

    assert (answer["id"], answer["error"]["code"]) == (identity, code)
    assert answer["error"]["data"]["reason"] == "INVALID_ARGUMENT"
    assert len(json.dumps(answer)) < 600
    assert not fed.call("echo", symbols="AAPL")["isError"]


@pytest.mark.parametrize(
    "arguments",
    [
        b'{"symbols":"AAPL","quantity":1' + b"0" * 400 + b"}",
        b'{"symbols":"AAPL","quantity":1' + b"0" * 5_000 + b"}",
        b'{"symbols":"AAPL","price":NaN}',
        b'{"symbols":"AAPL","price":Infinity}',
        b'{"symbols":"AAPL","price":1e400}',
        b'{"symbols":"' + b"x" * 1_000_000 + b'"}',
        b'{"symbols":"AAPL","legs":"' + b"[" * 1_000_000 + b'"}',
        b'{"symbols":"AAPL","note":"\\u0000"}',
        b'{"symbols":"AAPL","symbols":["MSFT"],"legs":{}}',
        b'{"symbols":' + b"[" * 40 + b"]" * 40 + b"}",
    ],
)
def test_an_argument_beyond_all_bounds_is_refused_shortly(fed: Pipes, arguments: bytes) -> None:
    fed.send(
        b'{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"echo","arguments":'
        + arguments + b"}}"
    )  # fmt: skip
    answer = fed.receive()

    assert answer["id"] == 5
    assert "error" in answer or answer["result"]["isError"]
    assert len(json.dumps(answer)) < 900
    assert not fed.call("echo", symbols="AAPL")["isError"]


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
)


@given(
    params=JSON_VALUES
    | st.fixed_dictionaries({"name": st.sampled_from(["echo", "fail"]), "arguments": JSON_VALUES})
)
def test_whatever_is_asked_is_answered_once_and_shortly(fed: Pipes, params: Any) -> None:
    """A legal id gets one answer, whatever comes with it; nothing of it is quoted at length."""
    answer = fed.ask({"method": "tools/call", "params": params})

    assert answer["id"] == fed.asked
    assert len(json.dumps(answer)) < 1_000
    assert fed.ask({"method": "ping"}) == {"jsonrpc": "2.0", "id": fed.asked, "result": {}}


@given(line=st.binary(max_size=200).map(lambda line: line.replace(b"\n", b"")))
def test_whatever_is_thrown_at_it_the_next_one_is_served(fed: Pipes, line: bytes) -> None:
    """Bytes that are no message are answered as such, or, when there is nothing in them, not."""
    fed.send(line)
    if line.strip():
        assert fed.receive()["error"]["code"] in {-32700, -32600}

    assert fed.ask({"method": "ping"}) == {"jsonrpc": "2.0", "id": fed.asked, "result": {}}


def test_empty_lines_are_nothing_and_a_last_line_needs_no_end(pipes: Pipes) -> None:
    pipes.send(b"")
    pipes.send(b"  ")
    assert pipes.process.stdin is not None
    pipes.process.stdin.write(b"nope")

    assert pipes.end() == 0
    assert pipes.receive()["error"]["code"] == -32700


def test_a_file_is_served_too(tmp_path: Path) -> None:
    """What cannot be waited for is left to the SDK's own transport."""
    said = tmp_path / "said"
    said.write_text(json.dumps({"jsonrpc": "2.0", "id": 1, **INITIALIZE}) + "\n")

    with said.open() as stdin:
        done = subprocess.run(
            command(tmp_path / "notes"),
            cwd=ROOT, stdin=stdin, capture_output=True, timeout=PATIENCE_S, check=True,
        )  # fmt: skip

    assert json.loads(done.stdout)["result"]["serverInfo"]["name"] == "strikedesk"
    assert (tmp_path / "notes").read_text() == "closed"


def test_the_program_whose_stdout_is_searched_serves_a_file(tmp_path: Path) -> None:
    """What the SDK wants of stdout, the bytes below it, a stdout that is searched does not give."""
    said = tmp_path / "said"
    said.write_text(json.dumps({"jsonrpc": "2.0", "id": 1, **INITIALIZE}) + "\n")

    with said.open() as stdin:
        done = subprocess.run(
            [sys.executable, "-m", "strikedesk", "serve"],
            cwd=ROOT, env={"STRIKEDESK_HOME": str(tmp_path)},
            stdin=stdin, capture_output=True, timeout=PATIENCE_S, check=True,
        )  # fmt: skip

    assert json.loads(done.stdout)["result"]["serverInfo"]["name"] == "strikedesk"


def test_a_person_at_a_terminal_can_end_it(tmp_path: Path) -> None:
    """The SDK's thread sits in a read that no signal interrupts."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            command(tmp_path / "notes"), cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            os.write(ours, json.dumps({"jsonrpc": "2.0", "id": 1, **INITIALIZE}).encode() + b"\n")
            with patience(process):
                assert b"strikedesk" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            with patience(process):
                assert process.wait() == 0
    finally:
        os.close(ours)
        os.close(theirs)
    assert (tmp_path / "notes").read_text() == "closed"
