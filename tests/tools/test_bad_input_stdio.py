"""The desk that a client starts, over its own pipes and on its own database: nothing gets in.

`test_bad_input.py` tries far more, in memory; what only raw JSON can say is said here.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from strikedesk.domain.reasons import Reason
from strikedesk.server.menu import MENU, MenuItem
from strikedesk.server.speech import ERROR_KEY
from tests.patience import patience
from tests.tools.test_bad_input import parameters_of, required

INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "0"},
}
SHORT = 900
# As they stand in the message: no library would write most of them.
RAW: dict[str, bytes] = {
    "not a number": b"NaN",
    "ten to the four hundredth": b"1" + b"0" * 400,
    "an exponent beyond all": b"1e400",
    "more digits than Python reads": b"1" + b"0" * 5_000,
    "a hundred thousand lists": b"[" * 100_000 + b"]" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a megabyte": b'"' + b"x" * 1_000_000 + b'"',
    "an object": b'{"a":1}',
    "minus one and a half": b"-1.5",
}


@dataclass
class Served:
    """`strikedesk serve` in a home of its own."""

    process: "subprocess.Popen[bytes]"
    home: Path
    asked: int = field(default=0)

    def ask(self, method: str, params: bytes) -> Any:
        """Ask, and return the answer, which is short and has our id."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.asked += 1
        said = b'{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}\n'
        with patience(self.process, 60):
            self.process.stdin.write(said % (self.asked, method.encode(), params))
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        assert answer["id"] == self.asked
        return answer

    def call(self, tool: str, arguments: bytes) -> Any:
        """Call a tool with arguments as they stand."""
        return self.ask("tools/call", b'{"name":"%s","arguments":%s}' % (tool.encode(), arguments))

    def rows(self) -> dict[str, int]:
        """Count what the database holds, table by table."""
        path = self.home / "data" / "strikedesk.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {
                name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 -- its own names
                for (name,) in named.fetchall()
            }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("desk")
    with (
        (home / "stderr").open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", "strikedesk", "serve"],
            env={
                "STRIKEDESK_HOME": str(home),
                "STRIKEDESK_PAPER__CLOCK": "frozen:2026-11-20T16:00:00+00:00",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as process,
    ):
        desk = Served(process, home)
        try:
            desk.ask("initialize", json.dumps(INITIALIZE).encode())
            desk.call("list_transactions", b'{"account":"paper-margin"}')
            yield desk
        finally:
            process.kill()


@pytest.mark.parametrize("item", MENU, ids=lambda item: item.name)
def test_what_no_argument_can_mean_changes_nothing(item: MenuItem, served: Served) -> None:
    """Each is refused in a few words of ours; no row is written, and the next call is answered."""
    before = served.rows()

    for name in sorted(parameters_of(item)[0]) or ["nothing_is_asked_for"]:
        for what, value in RAW.items():
            answer = served.call(item.name, with_this(item, name, value))
            assert_refused(answer, f"{name} {what}")

    assert served.rows() == before
    assert not served.call("get_safety_status", b"{}")["result"]["isError"]
    assert (served.home / "stderr").read_bytes() == b""


def with_this(item: MenuItem, name: str, value: bytes) -> bytes:
    """Return arguments that are plausible but for one."""
    others = {other: given for other, given in required(item).items() if other != name}
    written = (f"{json.dumps(key)}:{json.dumps(given)}".encode() for key, given in others.items())
    return b"{" + b",".join([*written, json.dumps(name).encode() + b":" + value]) + b"}"


def assert_refused(answer: dict[str, Any], what: str) -> None:
    """A refusal has code, reason, facts and a next step, wherever the protocol puts it."""
    assert len(json.dumps(answer)) < SHORT, what
    if "error" in answer:
        refusal = answer["error"]["data"]
    else:
        assert answer["result"]["isError"], what
        refusal = answer["result"]["_meta"][ERROR_KEY]
    assert Reason[refusal["reason"]].code == refusal["code"], what
    assert refusal["reason"].startswith("INVALID_"), (what, refusal)
    assert refusal["facts"], what
    assert refusal["next_step"], what
