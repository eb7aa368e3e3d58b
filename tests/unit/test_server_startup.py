"""The time to `initialize`: nothing is loaded before that answer which only a call needs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAVY = {
    "aiosqlite", "alembic", "asyncpg", "keyring", "matplotlib", "numpy", "rich", "sqlalchemy",
    "structlog", "typer",
}  # fmt: skip
OURS = {
    "strikedesk",
    "strikedesk.domain",
    "strikedesk.domain.account_kinds",
    "strikedesk.domain.approvals",
    "strikedesk.domain.breaker",
    "strikedesk.domain.codes",
    "strikedesk.domain.errors",
    "strikedesk.domain.reasons",
    "strikedesk.domain.retention",
    "strikedesk.domain.secret",
    "strikedesk.domain.states",
    "strikedesk.logs",
    "strikedesk.logs.known",
    "strikedesk.logs.lines",
    "strikedesk.logs.loops",
    "strikedesk.logs.places",
    "strikedesk.logs.redaction",
    "strikedesk.logs.remains",
    "strikedesk.logs.scrubber",
    "strikedesk.logs.spellings",
    "strikedesk.risk",
    "strikedesk.risk.limits",
    "strikedesk.server",
    "strikedesk.server.app",
    "strikedesk.server.call",
    "strikedesk.server.collector",
    "strikedesk.server.envelope",
    "strikedesk.server.handshake",
    "strikedesk.server.instructions",
    "strikedesk.server.json_text",
    "strikedesk.server.opening",
    "strikedesk.server.set_aside",
    "strikedesk.server.stream",
    "strikedesk.server.stdio",
    "strikedesk.server.wire",
    "strikedesk.settings",
}
# Warming up begins when the first answer is on the wire: what is loaded then is what it cost.
SERVE = """
import json, sys
import anyio
from strikedesk.logs.known import Known
from strikedesk.server.app import open_server
from strikedesk.server.stdio import serve_stdio
from strikedesk.settings import load

async def told():
    print(json.dumps(sorted(sys.modules)), file=sys.stderr, flush=True)

server = open_server(load(), Known(), network=False)
server.warm_up = told
anyio.run(serve_stdio, server)
"""
BARE = "import json, sys, mcp.server; print(json.dumps(sorted(sys.modules)))"
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


def run(code: str, home: Path, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", code],
        input=said,
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "STRIKEDESK_HOME": str(home)},  # noqa: TID251 -- a child's
    )


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, set[str]]:
    """Return the first answer, and every module that was loaded when it was given."""
    home = tmp_path_factory.mktemp("home")
    done = run(SERVE, home, json.dumps(INITIALIZE).encode() + b"\n")
    return json.loads(done.stdout), set(json.loads(done.stderr))


def test_no_heavy_library_is_loaded(answered: tuple[Any, set[str]]) -> None:
    """Not even rich, which the SDK would take for a log handler that it then leaves out."""
    assert {name.split(".")[0] for name in answered[1]} & HEAVY == set()


def test_cryptography_is_loaded_as_far_as_the_sdk_needs_it_and_no_further(
    answered: tuple[Any, set[str]], tmp_path: Path
) -> None:
    bare = set(json.loads(run(BARE, tmp_path).stdout))

    assert {name for name in answered[1] - bare if name.startswith("cryptography")} == set()


def test_of_our_own_rooms_only_the_door_is_loaded(answered: tuple[Any, set[str]]) -> None:
    """A new module on this path is a decision: every client waits for it."""
    own = {name for name in answered[1] if name.startswith("strikedesk")}

    assert {name for name in own if not name.startswith("strikedesk.settings.")} == OURS


def test_the_answer_is_whole_all_the_same(answered: tuple[Any, set[str]], tmp_path: Path) -> None:
    """Tools, prompts and documents are advertised although not one of them is built."""
    result = answered[0]["result"]

    assert result["capabilities"].keys() == {"completions", "prompts", "resources", "tools"}
    assert result["serverInfo"]["title"] == "Strikedesk"
    assert "PAPER" in result["instructions"]
    assert list(tmp_path.iterdir()) == []
