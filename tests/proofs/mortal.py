"""The store of a process that may die at any step of a confirm: real, and killed for real."""

import os
import signal
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from strikedesk.domain.approvals import Approval
from strikedesk.domain.ledger import Halt, Note, OrderRecord, PreviewRecord, Progress
from strikedesk.domain.usage import Allowance
from strikedesk.store.database import Database
from strikedesk.store.halts import SqlHaltSwitch
from strikedesk.store.ledger import SqlLedger

T = TypeVar("T")

# Every point at which a confirm may die, in the order in which it comes to them.
POINTS: Final = (
    "preview read",
    "before the claim",
    "claim not committed",
    "claim committed",
    "before the last look",
    "before the first byte",
    "after the first byte",
    "between two attempts",
    "after the last byte",
    "after the answer",
    "before the outcome",
    "outcome not committed",
    "outcome committed",
    "before the client is told",
)


class Crash:
    """Kills the process at one point."""

    def __init__(self, dies_at: str) -> None:
        """Be deadly at this point."""
        self.dies_at = dies_at

    def reach(self, point: str) -> None:
        """Come to a point."""
        if point == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()


class MortalDatabase(Database):
    """A database whose process may die between what a transaction does and its commit."""

    point: str = ""
    crash: Crash

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        point = self._next_point()
        answer = await Database.write(self, self._deadly(point, work))
        self.crash.reach(f"{point} committed")
        return answer

    async def jot(self, work: Callable[[Connection], T]) -> T:
        """See `Database.jot`."""
        point = self._next_point()
        answer = await Database.jot(self, self._deadly(point, work))
        self.crash.reach(f"{point} committed")
        return answer

    def _next_point(self) -> str:
        point, self.point = self.point, ""
        return point

    def _deadly(self, point: str, work: Callable[[Connection], T]) -> Callable[[Connection], T]:
        def done(connection: Connection) -> T:
            answer = work(connection)
            self.crash.reach(f"{point} not committed")
            return answer

        return done


class MortalLedger(SqlLedger):
    """A ledger whose process may die before and after every step of a confirm."""

    def __init__(self, database: MortalDatabase, crash: Crash) -> None:
        """Read and write this database."""
        SqlLedger.__init__(self, database)
        self.database, self.crash = database, crash

    async def preview(self, preview_id: str) -> PreviewRecord | None:
        """See `Ledger.preview`."""
        found = await SqlLedger.preview(self, preview_id)
        self.crash.reach("preview read")
        return found

    async def claim(
        self,
        preview_id: str,
        *,
        nonce_hash: str,
        binding: str,
        progress: Progress,
        now: datetime,
        note: Note,
        approval: Approval | None = None,
        allowance: Allowance | None = None,
    ) -> OrderRecord | None:
        """See `Ledger.claim`."""
        self.crash.reach("before the claim")
        self.database.point = "claim"
        return await SqlLedger.claim(
            self,
            preview_id,
            nonce_hash=nonce_hash,
            binding=binding,
            progress=progress,
            now=now,
            note=note,
            approval=approval,
            allowance=allowance,
        )

    async def advance(
        self, order_id: str, progress: Progress, *, only_from: Collection[str], note: Note
    ) -> OrderRecord | None:
        """See `Ledger.advance`."""
        told = note.path == "tool:confirm_order"
        if told:
            self.crash.reach("before the outcome")
            self.database.point = "outcome"
        return await SqlLedger.advance(self, order_id, progress, only_from=only_from, note=note)


class LateLedger(MortalLedger):
    """A ledger as most desks have it: nothing is on the disk before the broker has answered."""

    async def claim(
        self, preview_id: str, *, progress: Progress, **rest: Any
    ) -> OrderRecord | None:
        """Say that the intent is there, and write nothing."""
        preview = await SqlLedger.preview(self, preview_id)
        return preview and replace(preview.record, state=progress.state, updated_at=rest["now"])


class MortalHalt(SqlHaltSwitch):
    """The switch, whose process may die before it is asked for the last time."""

    crash: Crash

    async def engaged(self) -> Halt | None:
        """See `HaltSwitch.engaged`."""
        self.crash.reach("before the last look")
        return await SqlHaltSwitch.engaged(self)
