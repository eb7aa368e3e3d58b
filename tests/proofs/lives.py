"""One life of a server at a hostile broker, over pipes or over HTTP, and its owner at the desk.

Everything is the real thing but the broker, the clock and the ends of the wires.
"""

import asyncio
import json
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from strikedesk.domain.errors import DeskError
from strikedesk.domain.ledger import Note
from strikedesk.domain.symbols import parse_symbol
from strikedesk.logs.known import Known
from strikedesk.logs.lines import configure
from strikedesk.logs.redaction import Redactor
from strikedesk.logs.scrubber import Scrubber
from strikedesk.server.app import DeskServer
from strikedesk.server.call import Door
from strikedesk.server.wire import Flow, Incoming, Outgoing
from strikedesk.settings import Settings
from strikedesk.store.alerts import SqlAlerts
from strikedesk.store.leases import SqlLeases
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.scan_runs import SqlScanRuns
from strikedesk.store.scans import SqlSavedScans
from strikedesk.store.tokens import SqlCallerTokens
from strikedesk.store.watchlists import SqlWatchlists
from strikedesk.wiring import Desk, assemble, halt_switch, open_store
from tests.fakes.clock import StoppedClock
from tests.proofs.callers import Caller, Facts
from tests.proofs.canaries import Canaries
from tests.proofs.ears import LogEar, PipeEar, Tally
from tests.proofs.hostile import CALL, QUOTED, HostileBroker
from tests.proofs.owner import look_into

PATIENCE_S: Final = 60
STEP_S: Final = 2
WORK_EVERY: Final = 40
HELLO: Final[Mapping[str, Any]] = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "a client", "version": "1"},
}


@dataclass(frozen=True, slots=True)
class SeededEntropy:
    """Names and nonces that nobody guesses, the same in every run."""

    chance: random.Random

    def token(self) -> str:
        return self.chance.randbytes(16).hex()

    def identifier(self) -> str:
        return self.chance.randbytes(16).hex()


@dataclass(kw_only=True)
class Life:
    """A desk, its broker, and whoever works there. `known` is what the process's sinks look for."""

    settings: Settings
    known: Known
    canaries: Canaries
    chance: random.Random
    tally: Tally
    network: bool = False
    sinks_on: bool = True

    def __post_init__(self) -> None:
        self.clock = StoppedClock()
        self.broker = HostileBroker(
            clock=self.clock,
            quoted={parse_symbol(name): quoted for name, quoted in QUOTED.items()},
            canaries=self.canaries,
            chance=self.chance,
            echoed=self.canaries.echoed(network=self.network),
        )
        self.opened: Desk | None = None

    async def desk(self) -> Desk:
        assert self.opened is not None
        return self.opened

    async def close(self) -> None:
        """It is closed where it was opened."""

    def server(self) -> DeskServer:
        return DeskServer(
            Door(settings=self.settings, lazy=self, network=self.network, known=self.known)
        )

    @asynccontextmanager
    async def at_the_desk(self) -> AsyncGenerator[Desk]:
        entropy = SeededEntropy(self.chance)
        async with open_store(self.settings) as database:
            self.opened = assemble(
                self.settings,
                broker=self.broker,
                ledger=SqlLedger(database, halts_at=100),
                halt=halt_switch(self.settings, database),
                watchlists=SqlWatchlists(database),
                alerts=SqlAlerts(database),
                scans=SqlSavedScans(database),
                runs=SqlScanRuns(database),
                leases=SqlLeases(database),
                tokens=SqlCallerTokens(database),
                clock=self.clock,
                entropy=entropy,
            )
            try:
                yield self.opened
            finally:
                await self.opened.confirm.drain()
                look_into(self.settings.folders.data, self.tally)

    async def work(
        self, caller: Caller, count: int, visit: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Let the client act until so many outputs were heard, and the desk's own loops with it."""
        desk, deeds = await self.desk(), 0
        while self.tally.count < count:
            deeds += 1
            self.clock.move(STEP_S)
            await caller.act()
            if deeds % WORK_EVERY == 0:
                await desk.reconciler(path="worker")
                await self._watch(desk)
                await desk.halt.release(_resumed(self.clock))
                if visit is not None:
                    await visit()

    async def _watch(self, desk: Desk) -> None:
        """Read a stream of quotes until it breaks."""
        with suppress(DeskError):
            async with desk.market.watch({parse_symbol(CALL)}) as quotes:
                async for _ in quotes:
                    pass


def _resumed(clock: StoppedClock) -> Note:
    return Note(at=clock.now(), actor="owner", path="cli", kind="resumed")


class PipeDoor:
    """A client at the two pipes of a server."""

    def __init__(self, reader: asyncio.StreamReader, ear: PipeEar) -> None:
        self.reader, self.ear, self.count = reader, ear, 0

    async def ask(self, method: str, params: Facts) -> dict[str, Any]:
        self.count += 1
        answer = asyncio.get_running_loop().create_future()
        self.ear.waiting[self.count] = answer
        self.say({"id": self.count, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def throw(self, message: bytes) -> None:
        self.reader.feed_data(message + b"\n")

    def say(self, message: Facts) -> None:
        self.reader.feed_data(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


async def live_over_pipes(life: Life, count: int) -> None:
    """Serve a client over the wire that stdin and stdout are, for so many outputs."""
    reader, ear = asyncio.StreamReader(limit=2**24), PipeEar(life.tally)
    outgoing = Outgoing(ear, Flow(), Scrubber(life.known))
    async with life.at_the_desk(), asyncio.TaskGroup() as group:
        group.create_task(life.server().serve(Incoming(reader, outgoing), outgoing))
        door = PipeDoor(reader, ear)
        await door.ask("initialize", HELLO)
        door.say({"method": "notifications/initialized"})
        await life.work(Caller(door, life.canaries, life.chance, life.tally), count)
        reader.feed_eof()


@contextmanager
def logging_to(tally: Tally, known: Known) -> Generator[None]:
    """Log as a server does, and leave the root logger as it was."""
    root, own = logging.getLogger(), logging.getLogger("strikedesk")
    before = (root.handlers[:], root.level, own.level)
    configure(Redactor(Scrubber(known)), LogEar(tally))
    try:
        yield
    finally:
        root.handlers[:], root.level, own.level = before
