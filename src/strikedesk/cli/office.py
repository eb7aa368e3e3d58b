"""The part of the desk that the owner's own commands need: the store, and no broker.

A halt must work while the broker, its link or the tape cannot be opened.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from strikedesk.domain.ledger import Json, Note
from strikedesk.domain.ports import CallerTokens, Clock, Entropy, HaltSwitch, Ledger
from strikedesk.orders.approvals import Approvals
from strikedesk.settings import Settings, load
from strikedesk.wiring import SystemEntropy, UtcClock, halt_switch, open_store

OWNER: Final = "owner"
DOOR: Final = "cli"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the owner may change from a terminal."""

    settings: Settings
    clock: Clock
    entropy: Entropy
    halt: HaltSwitch
    ledger: Ledger
    approvals: Approvals
    tokens: CallerTokens

    def note(self, kind: str, **body: Json) -> Note:
        """Return the line that the audit trail gets for an act of the owner."""
        return Note(at=self.clock.now(), actor=OWNER, path=DOOR, kind=kind, body=body)


@asynccontextmanager
async def open_office() -> AsyncGenerator[Office]:
    """Open the store of the owner's desk.

    Raises:
        Misconfigured: a setting or the database cannot be read.
    """
    from strikedesk.store.ledger import SqlLedger  # noqa: PLC0415 -- what it needs is heavy
    from strikedesk.store.tokens import SqlCallerTokens  # noqa: PLC0415 -- same

    settings = load()
    async with open_store(settings) as database:
        ledger = SqlLedger(database, halts_at=settings.safety.failures_in_row_max)
        clock, entropy = UtcClock(), SystemEntropy()
        yield Office(
            settings=settings,
            clock=clock,
            entropy=entropy,
            halt=halt_switch(settings, database),
            ledger=ledger,
            approvals=Approvals(
                ledger=ledger, clock=clock, entropy=entropy, ttl_s=settings.consent.ttl_s
            ),
            tokens=SqlCallerTokens(database),
        )
