"""Submit: the one place in the house from which anything is sent to a broker."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from strikedesk.domain.errors import Denied, DeskError, OutcomeUnknown
from strikedesk.domain.ledger import Json, Note, OrderRecord, Progress, TicketKind
from strikedesk.domain.ports import Broker, Clock, HaltSwitch, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.binding import binding_of
from strikedesk.orders.follow import follow
from strikedesk.orders.outcome import (
    no_longer_in_doubt,
    progress_of_failure,
    progress_of_receipt,
)
from strikedesk.orders.tickets import ticket_of

# A process that slept longer than this between its commit and its send keeps silent: others may
# have looked for the order and found nothing. Reconciliation waits several times as long.
SEND_WITHIN: Final = timedelta(seconds=10)

# What a late answer may be without contradicting a row that was taken for not placed.
_NOTHING_SENT: Final = frozenset({OrderState.LAPSED, OrderState.REJECTED, OrderState.UNKNOWN})

Figures: TypeAlias = Mapping[str, str]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Sends a committed intent once, and writes down what came of it."""

    broker: Broker
    ledger: Ledger
    halt: HaltSwitch
    clock: Clock

    async def __call__(
        self, intent: OrderRecord, *, binding: str, path: str, withdraws: bool = False
    ) -> OrderRecord:
        """Return the row after the broker answered, or did not.

        `intent` is a row that the caller alone moved to `submitting`, and that is on disk;
        `binding` is what was confirmed. `withdraws`: in a halt, take back what opens something.

        Raises:
            OutcomeUnknown: something may have been sent, and the ledger does not say what.
        """
        progress, why = await self._send(intent, binding, withdraws=withdraws)
        try:
            settled = await self._settle(intent, progress, path, why)
        except Exception as error:
            # Sent, but not written down: that is doubt, and the reconciler will look.
            _log.exception("outcome of %s was not recorded", intent.client_order_id)
            raise OutcomeUnknown(intent.client_order_id) from error
        await self._follow_target(settled, path)
        return settled

    async def _send(
        self, intent: OrderRecord, binding: str, *, withdraws: bool
    ) -> tuple[Progress, Figures]:
        """Return what came of it, and the figures of what kept it here."""
        try:
            others = await self.ledger.others(intent.order_id) if intent.leads else ()
            await self._last_look(intent, others, binding, withdraws=withdraws)
            receipt = await self.broker.submit(ticket_of(intent, others))
            return progress_of_receipt(intent, others, receipt), {}
        except Denied as denied:
            told = {name: str(fact) for name, fact in denied.facts.items() if fact is not None}
            return progress_of_failure(denied), told
        except DeskError as error:
            return progress_of_failure(error), {}
        except Exception:  # noqa: BLE001 -- explained below
            # Whatever broke, an order may exist by now. Doubt is the only honest answer.
            _log.exception("submission of %s broke", intent.client_order_id)
            return Progress(state=OrderState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN.name), {}

    async def _last_look(
        self, intent: OrderRecord, others: Sequence[OrderRecord], binding: str, *, withdraws: bool
    ) -> None:
        """Ask once more what would make it wrong to send what was just read from the disk."""
        if binding_of(intent, others) != binding:
            raise Denied(Reason.NONCE_MISMATCH)
        halt = await self.halt.engaged()
        if halt and not (withdraws and _takes_back_an_opening(intent)):
            raise Denied(Reason.TRADING_HALTED, held_by=halt.held_by.value)
        if abs(self.clock.now() - intent.updated_at) > SEND_WITHIN:
            raise Denied(Reason.PREVIEW_EXPIRED)

    async def _settle(
        self, intent: OrderRecord, progress: Progress, path: str, why: Figures
    ) -> OrderRecord:
        """Write the outcome down, also where others put the row in doubt meanwhile."""
        sent = progress.state is not OrderState.LAPSED
        kind = f"broker:{progress.state}" if sent else "not_sent"
        note = self._note(intent, path, kind, why)
        settled = await self.ledger.advance(
            intent.order_id, progress, only_from={OrderState.SUBMITTING}, note=note
        )
        settled = settled or await self.ledger.advance(
            intent.order_id,
            no_longer_in_doubt(progress),
            only_from={OrderState.UNKNOWN},
            note=note,
        )
        return settled or await self._too_late(intent, progress, path)

    async def _too_late(self, intent: OrderRecord, progress: Progress, path: str) -> OrderRecord:
        """Others settled the row while the broker took its time: keep the answer in the trail.

        Raises:
            OutcomeUnknown: they took it for not placed, and it was.
        """
        heard = {"state": progress.state.value, "broker_order_id": progress.broker_order_id}
        note = self._note(intent, path, "late_answer", heard)
        await self.ledger.append(intent.order_id, note)
        row = await self.ledger.order(intent.order_id)
        if row is None or (row.state is OrderState.LAPSED and progress.state not in _NOTHING_SENT):
            raise OutcomeUnknown(intent.client_order_id)
        return row

    async def _follow_target(self, act: OrderRecord, path: str) -> None:
        """After a replacement or a cancel, see what became of the order it acted on, and its group.

        The act is told as it went: what fails here is left to the reconciler.
        """
        if act.target_order_id is None:
            return
        try:
            target = await self.ledger.order(act.target_order_id)
            first = target and target.group_id
            beside = await self.ledger.order(first) if first else None
            others = await self.ledger.others(first) if first else ()
            for row in {r.order_id: r for r in (target, beside, *others) if r}.values():
                await follow(
                    row,
                    broker=self.broker,
                    ledger=self.ledger,
                    clock=self.clock,
                    actor=act.caller,
                    path=path,
                )
        except Exception:  # noqa: BLE001 -- explained above
            _log.exception("the order that %s acted on was not followed", act.client_order_id)

    def _note(self, record: OrderRecord, path: str, kind: str, body: Mapping[str, Json]) -> Note:
        return Note(at=self.clock.now(), actor=record.caller, path=path, kind=kind, body=body)


def _takes_back_an_opening(intent: OrderRecord) -> bool:
    """Whether it leaves the account with fewer orders that open something, and nothing else."""
    return intent.kind is TicketKind.CANCEL and intent.order.only_opens
