"""A server runs what is due while it serves: the real command, asked over its pipes."""

import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.patience import patience
from tests.tools.test_stdio import INITIALIZE, Pipes

# The command itself, whose rounds need not be waited for.
HASTY = """
import strikedesk.worker.loop
from strikedesk.cli import main
strikedesk.worker.loop.EVERY_S = 0.05
main()
"""
MINE = """
name = "mine"
strategy = "short put"
symbols = ["AAPL"]
every = "15m"
top = 2
"""


def test_a_server_runs_a_scan_that_is_due_and_tells_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody calls run_scan: a list that nothing fills would look like a quiet market."""
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-11-20T16:00:00+00:00")
    command = [sys.executable, "-c", HASTY, "serve"]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        pipes = Pipes(process, tmp_path)
        pipes.ask(INITIALIZE)
        pipes.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
        pipes.call("save_scan", definition=MINE)
        heard = has_said(process, b"scan mine found 2 new of 2")
        listed = pipes.call("list_scans", name="mine")["structuredContent"]
        ended = pipes.end()

    row = dict(zip(listed["columns"], listed["rows"][0], strict=True))
    assert (heard, ended) == (True, 0)
    assert row["ran_at"] == "2026-11-20T16:00:00Z"
    assert (row["found"], row["new"], row["problem"]) == (2, 2, None)


def has_said(process: "subprocess.Popen[bytes]", words: bytes) -> bool:
    """Wait for a line of the log; False where the process ends without."""
    assert process.stderr is not None
    with patience(process, 60):
        return any(words in line for line in iter(process.stderr.readline, b""))
