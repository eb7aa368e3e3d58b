"""A client that somebody else wrote does the whole job: the Inspector's command line."""

import json
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.clients import node
from tests.clients.served import COMMAND, Desk, served, settings

pytestmark = [pytest.mark.client, pytest.mark.timeout(180), node.installed]

TRANSPORTS = ["stdio", "http", "sse"]
ERAS = ["legacy", "modern"]
TOOL_FAILED = 5


@dataclass(frozen=True, slots=True)
class Ended:
    """How the Inspector ended."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The server's result."""
        assert self.code == 0, self.err
        return json.loads(self.out)["result"]


class Inspector:
    """Runs `mcp-inspector --cli` against one server over one transport."""

    def __init__(self, desk: Desk, transport: str, scope: str | None = "trade") -> None:
        """Aim at a server."""
        self.desk = desk
        self.transport = transport
        self.scope = scope

    def __call__(self, method: str, *words: str, era: str = "legacy") -> Ended:
        """Call a method and return how it ended."""
        before, after = self._target()
        asked = ["--method", method, "--format", "json", "--protocol-era", era, *words]
        done = subprocess.run(
            [node.BINARIES / "mcp-inspector", "--cli", *before, *asked, *after],
            env=node.environment(self.desk.home),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def call(self, tool: str, era: str = "legacy", **arguments: object) -> dict[str, Any]:
        """Call a tool and return its structured content."""
        result = self.attempt(tool, era, **arguments).result
        assert not result.get("isError"), result
        return result["structuredContent"]

    def attempt(self, tool: str, era: str = "legacy", **arguments: object) -> Ended:
        """Call a tool, whatever comes of it."""
        given = ("--tool-name", tool, "--tool-args-json", json.dumps(arguments))
        return self("tools/call", *given, era=era)

    def _target(self) -> tuple[list[str], list[str]]:
        if self.transport == "stdio":
            pairs = [f"{name}={value}" for name, value in settings(self.desk.home).items()]
            return [word for pair in pairs for word in ("-e", pair)], ["--", *COMMAND, "serve"]
        path = "/sse" if self.transport == "sse" else "/mcp"
        words = [f"{self.desk.url}{path}", "--transport", self.transport, "--stored-auth-only"]
        if self.scope is not None:
            words += ["--header", f"Authorization: Bearer {self.desk.tokens[self.scope]}"]
        return words, []


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Generator[Desk]:
    """One server for both HTTP transports; over stdio the Inspector starts its own, same home."""
    with served(tmp_path_factory.mktemp("desk"), "http") as desk:
        yield desk


@pytest.fixture(params=TRANSPORTS)
def inspector(request: pytest.FixtureRequest, desk: Desk) -> Inspector:
    return Inspector(desk, request.param)


def test_it_lists_the_tools_and_finds_no_fault_with_their_schemas(inspector: Inspector) -> None:
    """`--strict` refuses what other clients could not read."""
    listed = inspector("tools/list", "--strict")

    names = {tool["name"] for tool in listed.result["tools"]}
    assert {"list_accounts", "get_quotes", "preview_order", "confirm_order"} <= names


@pytest.mark.parametrize("era", ERAS)
def test_it_calls_a_tool_in_both_eras(inspector: Inspector, era: str) -> None:
    """Clients of last year and of this one get the same answer."""
    quotes = inspector.call("get_quotes", era, symbols=["SPY", "AAPL"])

    assert [row[0] for row in quotes["rows"]] == ["SPY", "AAPL"]


def test_it_takes_an_order_from_preview_to_fill(desk: Desk) -> None:
    """The main job over HTTP, by a client that knows nothing of ours."""
    inspector = Inspector(desk, "http")
    account = inspector.call("list_accounts")["rows"][0][0]
    leg = {"symbol": "SPY", "action": "buy", "quantity": 1}

    preview = inspector.call("preview_order", account=account, legs=[leg], order_type="market")
    ticket = {"preview_id": preview["preview_id"], "nonce": preview["nonce"]}
    confirmed = inspector.call("confirm_order", **ticket)
    again = Inspector(desk, "sse").call("confirm_order", **ticket)

    assert (confirmed["state"], confirmed["filled"]) == ("filled", 1)
    assert again == confirmed


def test_a_refusal_reaches_it_as_a_tool_error_with_reason_and_next_step(
    inspector: Inspector,
) -> None:
    """A model reads it; a crash would have told nothing."""
    refused = inspector.attempt("get_quotes", symbols=["NOSUCH"])

    assert refused.code == TOOL_FAILED
    assert "3002 SYMBOL_NOT_FOUND" in refused.out + refused.err


@pytest.mark.parametrize("method", ["resources/list", "prompts/list"])
def test_it_lists_what_else_there_is(method: str, inspector: Inspector) -> None:
    """Documents and prompts are part of the surface."""
    (listed,) = inspector(method).result.values()

    assert listed


@pytest.mark.parametrize("transport", ["http", "sse"])
def test_without_a_token_nothing_is_shown(desk: Desk, transport: str) -> None:
    """Whoever reaches the port has not reached the desk."""
    refused = Inspector(desk, transport, scope=None)("tools/list")

    assert refused.code != 0
    assert "preview_order" not in refused.out


def test_a_reading_token_cannot_preview(desk: Desk) -> None:
    """Scopes are checked where the tool is called."""
    reader = Inspector(desk, "http", scope="read")
    account = reader.call("list_accounts")["rows"][0][0]
    leg = {"symbol": "SPY", "action": "buy", "quantity": 1}

    refused = reader.attempt("preview_order", account=account, legs=[leg], order_type="market")

    assert refused.code == TOOL_FAILED
    assert "1002 INSUFFICIENT_PERMISSIONS" in refused.out + refused.err
