"""Stop: anyone may halt trading; what is in doubt and what is halted is told here."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from strikedesk.domain.breaker import FailuresInRow
from strikedesk.domain.errors import DeskError
from strikedesk.domain.ledger import Halt, Note, OrderRecord
from strikedesk.domain.ports import Clock, HaltSwitch, Ledger
from strikedesk.domain.usage import Used, Window
from strikedesk.orders.approvals import Approvals, Pending
from strikedesk.orders.reconcile import Reconciler
from strikedesk.orders.withdraw import Withdrawal, Withdrawer

_WHY_LENGTH_MAX = 200

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyState:
    """What stands between an order and its leaving, and what the day has used.

    A halt, rows that nobody can vouch for, orders that wait for a person's word; and how far the
    desk is from halting by itself.
    """

    halt: Halt | None
    unsettled: Sequence[OrderRecord]
    used: Used
    row: FailuresInRow
    pending: Sequence[Pending] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """The stop and the state of what was sent. `cancels_opening` is the owner's setting."""

    halt: HaltSwitch
    ledger: Ledger
    reconciler: Reconciler
    approvals: Approvals
    withdrawer: Withdrawer
    cancels_opening: bool
    clock: Clock

    async def state(self) -> SafetyState:
        """Return the halt in force, the orders whose outcome nobody knows, and what was used."""
        here = self.reconciler.broker.capabilities
        return SafetyState(
            halt=await self.halt.engaged(),
            unsettled=await self.reconciler.unsettled(),
            pending=await self.approvals.pending(),
            used=await self.ledger.used(Window.at(self.clock.now(), here.name, here.environment)),
            row=await self.ledger.failures_in_row(here.name, here.environment),
        )

    async def stop(self, why: str, *, caller: str, path: str) -> Halt:
        """Halt trading; nothing is sent from now on until the owner resumes."""
        now = self.clock.now()
        await self.halt.engage(Halt(since=now, actor=caller, why=_plain(why)))
        await self._write_down(Note(at=now, actor=caller, path=path, kind="halted"))
        return await self.halt.engaged() or Halt(since=now, actor=caller, why=_plain(why))

    async def take_back(self, *, actor: str, path: str) -> Withdrawal:
        """Cancel what opens something, where the owner's settings say so and trading is halted."""
        if not self.cancels_opening:
            return Withdrawal()
        try:
            return await self.withdrawer(actor=actor, path=path)
        except DeskError:
            # Trading is halted all the same; the next round of watching tries again.
            _log.exception("what opens something was not taken back")
            return Withdrawal()

    async def _write_down(self, note: Note) -> None:
        """Trading is halted by now: a trail that cannot be written must not tell otherwise."""
        try:
            await self.ledger.append(None, note)
        except Exception:  # noqa: BLE001 -- explained above
            _log.exception("the halt by %s is missing from the trail", note.actor)


def _plain(why: str) -> str:
    return "".join(c if c.isprintable() else " " for c in why)[:_WHY_LENGTH_MAX]
