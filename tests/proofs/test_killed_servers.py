"""S1 once more, through everything: a real server, killed while a real client confirms."""

import asyncio
import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any, Final, TypeAlias

import pytest

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.states import OrderState
from strikedesk.orders.reconcile import Reconciler
from strikedesk.settings import load
from strikedesk.store.ledger import SqlLedger
from strikedesk.wiring.ground import open_store
from strikedesk.wiring.paper import paper_broker
from tests.clients.served import COMMAND, Desk, free_port, make_token, settings, wait_until_ready
from tests.fakes.clock import StoppedClock
from tests.proof import examples, report, seconds
from tests.tools.web_door import Kind, client_of

SEED: Final = 20_261_129
# A desk whose order is in doubt opens no other in its underlying for minutes: here is another.
TICKERS: Final = ("SPY", "QQQ", "IWM", "AAPL", "MSFT", "NVDA")
ACCOUNT: Final = "paper-margin"
# So many servers are killed over one home, then the books are compared.
TOGETHER: Final = 5
# So many new orders are confirmed when a server is killed, besides what is confirmed again.
AT_ONCE: Final = 2
PATIENCE_S: Final = 60
NEVER_LEFT: Final = {OrderState.PREVIEWED, OrderState.LAPSED, OrderState.REJECTED}

Call: TypeAlias = Callable[[str, Mapping[str, Any]], Coroutine[Any, Any, dict[str, Any]]]
Body: TypeAlias = Callable[[Call, Callable[[], None]], Awaitable[None]]


@dataclass
class Notebook:
    """What a client knows: its previews, and what it heard of each."""

    previews: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    heard: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def unanswered(self) -> list[str]:
        return [each for each in self.previews if each not in self.heard]


class Pipes:
    """A client over stdio: lines out, lines in, an answer for each id."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.count = process, 0
        self.waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.reader = asyncio.create_task(self._read())

    async def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.count += 1
        waiting = self.waiting[self.count] = asyncio.get_running_loop().create_future()
        self.write({"jsonrpc": "2.0", "id": self.count, "method": method, "params": params})
        return (await waiting)["result"]

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        told = await self.ask("tools/call", {"name": tool, "arguments": arguments})
        return answer_of(told)

    def write(self, message: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            answer = json.loads(line)
            if (waiting := self.waiting.get(answer.get("id"))) and not waiting.done():
                waiting.set_result(answer)


def answer_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client learns from the result of a call."""
    return {
        "is_error": result["isError"],
        "told": result.get("structuredContent"),
        "text": result["content"][0]["text"],
    }


async def over_stdio(home: Path, body: Body) -> None:
    """Serve a client over the pipes of a server, and kill it in the end."""
    server = await asyncio.create_subprocess_exec(
        *COMMAND, "serve", env=settings(home), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=2**24
    )
    pipes = Pipes(server)
    hello = {"name": "a client", "version": "1"}
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": hello}
    try:
        await asyncio.wait_for(pipes.ask("initialize", params), PATIENCE_S)
        pipes.write({"jsonrpc": "2.0", "method": "notifications/initialized"})
        await body(pipes.call, server.kill)
    finally:
        with suppress(ProcessLookupError):
            server.kill()
        await asyncio.wait_for(server.wait(), PATIENCE_S)
        await pipes.reader


async def over_port(kind: Kind, home: Path, body: Body) -> None:
    """Serve the official client over a port, and kill the server in the end."""
    desk = Desk(home=home, port=free_port(), tokens={"trade": (home / "token").read_text()})
    words = ("serve", "--transport", kind, "--port", str(desk.port))
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(  # noqa: ASYNC220 -- starts and goes on
            [*COMMAND, *words], env=settings(home), stderr=log
        )
        gone: list[bool] = []
        try:
            await asyncio.to_thread(wait_until_ready, server, desk)
            async with client_of(desk.url, kind, "legacy", desk.tokens["trade"]) as client:

                async def call(tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
                    result = await client.call_tool(tool, dict(arguments))
                    told = result.model_dump(by_alias=True)
                    return answer_of(told)

                def kill() -> None:
                    gone.append(True)
                    server.kill()

                await body(call, kill)
        except Exception:
            # A client whose server is gone leaves with an error: that is what this is about.
            if not gone:
                raise
        finally:
            server.kill()
            server.wait(timeout=PATIENCE_S)


CLIENTS: Final[dict[str, Callable[[Path, Body], Awaitable[None]]]] = {
    "stdio": over_stdio,
    "sse": partial(over_port, "sse"),
    "http": partial(over_port, "http"),
}


@dataclass
class Lives:
    """Servers over one home, each killed in the middle of its confirms, and their one client."""

    transport: str
    home: Path
    chance: random.Random
    notes: Notebook = field(default_factory=Notebook)
    longest_s: float = 0.2
    killed: int = 0

    async def live(self) -> None:
        """Let one server live and die."""
        await CLIENTS[self.transport](self.home, self.body)

    async def body(self, call: Call, kill: Callable[[], None]) -> None:
        """Repeat what nobody answered, preview something new, and kill while it is confirmed."""
        if not self.killed:
            await self._measure(call)
        wanted = len(self.notes.previews) + AT_ONCE
        for ticker in self.chance.sample(TICKERS, len(TICKERS)):
            # What is in doubt refuses more of its like: the next one is asked for in its place.
            if len(self.notes.previews) < wanted:
                await self._preview(call, ticker)
        asked = {
            preview: asyncio.create_task(call("confirm_order", self.notes.previews[preview]))
            for preview in self.notes.unanswered()
        }
        assert asked, "every underlying is in doubt: nothing would be killed half-way"
        await asyncio.wait(asked.values(), timeout=self.chance.uniform(0, self.longest_s))
        kill()
        self.killed += 1
        for preview, task in asked.items():
            if task.done() and task.exception() is None:
                self.notes.heard[preview] = task.result()
            task.cancel()
        await asyncio.wait(asked.values())

    async def _measure(self, call: Call) -> None:
        """See how long two confirms take that nobody disturbs; later ones get up to twice that."""
        for ticker in ("GLD", "TLT"):
            await self._preview(call, ticker)
        began = time.monotonic()
        for preview in self.notes.unanswered():
            self.notes.heard[preview] = await call("confirm_order", self.notes.previews[preview])
        self.longest_s = 2 * (time.monotonic() - began)

    async def _preview(self, call: Call, ticker: str) -> None:
        """Preview a share bought at up to a little more than its offer."""
        quote = await call("get_quotes", {"symbols": [ticker]})
        (row,) = quote["told"]["rows"]
        ask = Decimal(str(row[quote["told"]["columns"].index("ask")]))
        leg = {"symbol": ticker, "action": "buy", "quantity": self.chance.randint(1, 9)}
        shown = await call(
            "preview_order",
            {"account": ACCOUNT, "legs": [leg], "price": str(ask), "price_effect": "debit"},
        )
        if not shown["is_error"]:
            told = shown["told"]
            self.notes.previews[told["preview_id"]] = {
                "preview_id": told["preview_id"],
                "nonce": told["nonce"],
            }


@contextmanager
def changed_environment(told: Mapping[str, str]) -> Generator[None]:
    """Let the settings be read as the servers read them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(name, value)
        yield


async def books(home: Path) -> tuple[list[OrderRecord], list[OrderRecord], list[BrokerOrder]]:
    """Return our rows as they are found and once all is settled, and the broker's own orders."""
    with changed_environment(settings(home)):
        read = load()
    async with open_store(read) as database:
        broker, ledger = await asyncio.to_thread(paper_broker, read, database), SqlLedger(database)
        accounts = {account.handle: account.account_id for account in await broker.accounts()}
        since = datetime(2026, 1, 1, tzinfo=UTC)
        orders = await broker.orders(accounts[ACCOUNT], since=since)
        found, _ = await ledger.orders(account_id=None, states=None, limit=1_000, offset=0)
        clock = StoppedClock(max(row.updated_at for row in found))
        reconcile = Reconciler(broker=broker, ledger=ledger, clock=clock, preview_ttl_s=120)
        for _ in range(5):
            clock.at += timedelta(seconds=130)
            await reconcile(path="worker")
        settled, _ = await ledger.orders(account_id=None, states=None, limit=1_000, offset=0)
        return list(found), list(settled), list(orders)


def wrong_in(
    found: list[OrderRecord],
    settled: list[OrderRecord],
    orders: list[BrokerOrder],
    notes: Notebook,
) -> list[str]:
    """Return every order that is doubled, lost, hidden or told wrongly."""
    times = Counter(order.client_order_id for order in orders)
    wrong = [f"doubled: {name}" for name, count in times.items() if count > 1]
    wrong += [f"hidden: {r.state}" for r in found if r.client_order_id in times and is_lost(r)]
    ends = {row.client_order_id: row for row in settled}
    for order in orders:
        row = ends.get(order.client_order_id or "")
        if row is None or row.state is not order.state:
            wrong.append(f"lost: {order.state} at the broker, {row and row.state} here")
    for row in settled:
        heard, was_sent = notes.heard.get(row.preview_id), row.client_order_id in times
        # "Nobody knows" is an honest answer, and no other order is opened meanwhile.
        if heard is None or "OUTCOME_UNKNOWN" in heard["text"]:
            continue
        if heard["is_error"] is was_sent:
            wrong.append(f"told wrongly: {row.state}, {heard['text'][:80]}")
    return wrong


def is_lost(row: OrderRecord) -> bool:
    """Whether a row says that nothing was sent."""
    return row.state in NEVER_LEFT


@pytest.mark.timeout(seconds(600, 14_400))
@pytest.mark.promise("once")
@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize("transport", CLIENTS)
async def test_no_server_that_is_killed_doubles_an_order_or_loses_one(
    transport: str, tmp_path: Path
) -> None:
    chance = random.Random(SEED)  # noqa: S311 -- the same work on every machine
    kills, sent, heard, wrong = examples(TOGETHER, 300), 0, 0, list[str]()
    for number in range(kills // TOGETHER):
        home = tmp_path / str(number)
        home.mkdir()
        (home / "token").write_text(await asyncio.to_thread(make_token, home, "trade"))
        lives = Lives(transport, home, chance)
        for _ in range(TOGETHER):
            await lives.live()
        found, settled, orders = await books(home)
        wrong += wrong_in(found, settled, orders, lives.notes)
        sent, heard = sent + len(orders), heard + len(lives.notes.heard)

    what = f"SIGKILLs of a whole server, {sent:,} orders sent; doubled, lost, hidden or mistold"
    report(f"S1 {transport}", kills, len(wrong), what)
    assert wrong == []
    assert sent > kills // 2
    assert heard > kills // 2
