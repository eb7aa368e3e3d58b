"""A desk of memory where a server expects one, and a day on which it cannot be opened."""

from dataclasses import dataclass, field

from strikedesk.domain.errors import DeskError
from strikedesk.domain.symbols import parse_symbol
from strikedesk.settings import Settings
from strikedesk.wiring import Desk, assemble
from tests.fakes.alerts import MemoryAlerts
from tests.fakes.broker import ScriptedBroker
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.halt import MemoryHalt
from tests.fakes.ledger import MemoryLedger
from tests.fakes.scans import MemorySavedScans
from tests.fakes.tokens import MemoryTokens
from tests.fakes.watchlists import MemoryWatchlists
from tests.fakes.work import MemoryLeases, MemoryScanRuns

CALL = "AAPL261218C00200000"


@dataclass
class MemoryDesk:
    """Real rooms over furniture of memory; `fails_with` is what opening it raises."""

    settings: Settings
    clock: StoppedClock = field(default_factory=StoppedClock)
    halt: MemoryHalt = field(default_factory=MemoryHalt)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    tokens: MemoryTokens = field(default_factory=MemoryTokens)
    fails_with: DeskError | None = None
    opened: int = 0
    closed: int = 0

    def __post_init__(self) -> None:
        self.ledger.halt = self.halt
        self.broker = ScriptedBroker(
            clock=self.clock, quoted={parse_symbol(CALL): ("1.10", "1.20")}
        )
        self._desk: Desk | None = None

    async def desk(self) -> Desk:
        """See `DeskSource.desk`."""
        if self.fails_with is not None:
            raise self.fails_with
        if self._desk is None:
            self.opened += 1
            self._desk = self._assembled()
        return self._desk

    async def close(self) -> None:
        """See `DeskSource.close`: what is on its way is waited for, as `wiring` does."""
        if self._desk is not None:
            await self._desk.confirm.drain()
        self.closed += 1

    def _assembled(self) -> Desk:
        return assemble(
            self.settings,
            broker=self.broker,
            ledger=self.ledger,
            halt=self.halt,
            watchlists=MemoryWatchlists(),
            alerts=MemoryAlerts(),
            scans=MemorySavedScans(),
            runs=MemoryScanRuns(),
            leases=MemoryLeases(),
            tokens=self.tokens,
            clock=self.clock,
            entropy=CountingEntropy(),
        )
