"""A whole desk on the paper broker, its furniture made of memory, and a client at its door."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mcp import Client
from mcp.types import CallToolResult, TextContent

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.brokers.paper.opening import Opening
from strikedesk.domain.ports import Broker
from strikedesk.domain.reasons import Reason
from strikedesk.exchange.clock import VenueClock
from strikedesk.exchange.simulated.market import SimulatedMarket
from strikedesk.server.app import DeskServer
from strikedesk.server.call import Door
from strikedesk.wiring import Desk, assemble
from tests.builders import NOON
from tests.fakes.alerts import MemoryAlerts
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.halt import MemoryHalt
from tests.fakes.ledger import MemoryLedger
from tests.fakes.scans import MemorySavedScans
from tests.fakes.tokens import MemoryTokens
from tests.fakes.watchlists import MemoryWatchlists
from tests.fakes.work import MemoryLeases, MemoryScanRuns
from tests.fakes.world import MemoryWorldStore
from tests.tools.core_door import Era, error_of, settings

REFUSAL_MAX = 700
SHARES_MAX = 6  # No ticker is longer.

# A market is a function of its seed: what one test had computed, the next need not.
MARKET = SimulatedMarket(seed=7)


@dataclass
class PaperDesk:
    """The desk, and what a test may look into. The market's clock stands still at noon.

    `other` takes the paper broker's place, `venue` that of the market's clock.
    """

    other: Broker | None = None
    clock: StoppedClock = field(default_factory=StoppedClock)
    worlds: MemoryWorldStore = field(default_factory=MemoryWorldStore)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    lists: MemoryWatchlists = field(default_factory=MemoryWatchlists)
    alerts: MemoryAlerts = field(default_factory=MemoryAlerts)
    scans: MemorySavedScans = field(default_factory=MemorySavedScans)
    halt: MemoryHalt = field(default_factory=MemoryHalt)
    consent: str = "model"
    venue: VenueClock = field(default_factory=partial(VenueClock.frozen, NOON))

    def __post_init__(self) -> None:
        self.settings = settings(consent={"paper": self.consent})
        entropy = CountingEntropy()
        paper = PaperBroker(
            store=self.worlds,
            market=MARKET,
            clock=self.clock,
            world="test",
            entropy=entropy,
            opening=Opening(clock=self.venue),
        )
        self.opened = assemble(
            self.settings,
            broker=self.other or paper,
            ledger=self.ledger,
            halt=self.halt,
            watchlists=self.lists,
            alerts=self.alerts,
            scans=self.scans,
            runs=MemoryScanRuns(),
            leases=MemoryLeases(),
            tokens=MemoryTokens(),
            clock=self.clock,
            entropy=entropy,
        )

    async def desk(self) -> Desk:
        """Answer as `LazyDesk` does."""
        return self.opened

    async def close(self) -> None:
        """There is nothing to close."""

    def server(self) -> DeskServer:
        """Return a server at this desk."""
        return DeskServer(Door(settings=self.settings, lazy=self, network=False))

    @asynccontextmanager
    async def client(self, era: Era = "auto") -> AsyncGenerator[Client]:
        """Yield a client of a server at this desk, in one of the two protocol eras."""
        async with Client(self.server(), mode=era) as client:
            yield client


def text_of(result: CallToolResult) -> str:
    """Return the text of an answer, which comes first."""
    first = result.content[0]
    assert isinstance(first, TextContent)
    return first.text


def facts_of(result: CallToolResult) -> Mapping[str, Any]:
    """Return the structured side of an answer that went well."""
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    return result.structured_content


def rows_of(result: CallToolResult) -> list[dict[str, Any]]:
    """Return the rows of a table, each by column."""
    facts = facts_of(result)
    return [dict(zip(facts["columns"], row, strict=True)) for row in facts["rows"]]


async def ask_of(client: Client, symbol: str) -> float:
    """Return what a symbol can be bought for now."""
    (row,) = rows_of(await client.call_tool("get_quotes", {"symbols": [symbol]}))
    return row["ask"]


async def bought(client: Client, symbol: str, quantity: int = 1) -> Mapping[str, Any]:
    """Buy at the market in the margin account, by the two steps that it takes."""
    action = "buy_to_open" if len(symbol) > SHARES_MAX else "buy"
    order = {
        "account": "paper-margin",
        "legs": [{"symbol": symbol, "action": action, "quantity": quantity}],
        "price": await ask_of(client, symbol),
        "price_effect": "debit",
    }
    preview = facts_of(await client.call_tool("preview_order", order))
    spent = {name: preview[name] for name in ("preview_id", "nonce")}
    return facts_of(await client.call_tool("confirm_order", spent))


def reason_of(result: CallToolResult) -> str:
    """Return the reason of a refusal, having checked that it is told as refusals are.

    In short words of ours: code, reason, facts, next step, and nothing of what broke inside.
    """
    text, data = text_of(result), error_of(result)
    assert result.is_error, text
    assert data.keys() == {"code", "reason", "facts", "retryable", "next_step"}
    assert Reason[data["reason"]].code == data["code"]
    assert text.startswith(f"{data['code']} {data['reason']}")
    assert text.endswith(data["next_step"])
    assert len(text) < REFUSAL_MAX, text
    assert not any(word in text for word in ("Traceback", "pydantic", "input_value", "Error("))
    return data["reason"]
