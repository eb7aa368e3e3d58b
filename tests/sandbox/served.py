"""Serving a sandbox for a test: its market stands still unless the test wants otherwise."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import anyio
from starlette.applications import Starlette

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.brokers.paper.opening import Opening
from strikedesk.exchange.market import Market
from strikedesk.sandbox.access import Access
from strikedesk.sandbox.app import build_app
from strikedesk.sandbox.control import Control
from strikedesk.sandbox.faults.panel import Panel
from strikedesk.sandbox.serving import LOOPBACK, address_of, hosts_of, listen, serve
from strikedesk.sandbox.streams.faults import StreamFaults
from strikedesk.sandbox.streams.routes import StreamRoutes
from strikedesk.sandbox.world import SandboxWorld
from strikedesk.settings import market_of_its_own
from strikedesk.wiring.paper import paper_market
from strikedesk.wiring.sandbox import open_venue
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.patience import PATIENCE_S

HOST = "127.0.0.1"
CLOCK = "frozen:2026-11-20T16:00:00Z"


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox that answers at `address`; `wall` is the clock that tokens live by."""

    address: str
    world: SandboxWorld
    wall: StoppedClock
    faults: StreamFaults
    panel: Panel
    control: Starlette


@cache
def prices(clock: str, latency_ms: int) -> tuple[Market, Opening]:
    """Return a market, which has no state but what it remembers of having been asked."""
    return paper_market(market_of_its_own(clock=clock, latency_ms=latency_ms))


@asynccontextmanager
async def served(
    folder: Path,
    clock: str = CLOCK,
    *,
    latency_ms: int = 0,
    venue: PaperBroker | None = None,
) -> AsyncGenerator[Served]:
    """Serve a sandbox on a free port while the block runs; over `venue`, where one is given."""
    wall = StoppedClock()
    listener = listen(HOST, 0)
    address = address_of(HOST, listener)
    access = Access(clock=wall, entropy=CountingEntropy(), issuer=address)
    market, opening = prices(clock, latency_ms)
    opened = nullcontext(venue) if venue else open_venue(market, opening, folder)
    async with opened as broker:
        world = SandboxWorld(broker=broker, access=access)
        stop = anyio.Event()
        faults = StreamFaults()
        panel = Panel()
        streams = StreamRoutes(world=world, faults=faults).routes()
        app = build_app(world, hosts_of(HOST), streams, panel)
        control = Control(world=world, panel=panel, streams=faults).app(LOOPBACK)
        # Not in a task group: a fixture is entered and left in different tasks.
        serving = asyncio.create_task(serve({listener: app}, stop))
        try:
            yield Served(address, world, wall, faults, panel, control)
        finally:
            panel.clear()
            await panel.settled()
            stop.set()
            with anyio.fail_after(PATIENCE_S):
                await serving
