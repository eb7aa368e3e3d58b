"""Submit: the one place in the house from which anything is sent to a broker."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from strikedesk.domain.errors import Denied, DeskError, OutcomeUnknown
from strikedesk.domain.ledger import Note, OrderRecord, Progress
from strikedesk.domain.ports import Broker, Clock, HaltSwitch, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.outcome import progress_of, progress_of_failure, progress_of_receipt
from strikedesk.orders.tickets import ticket_of

# A process that slept longer than this between its commit and its send keeps silent: others may
# have looked for the order and found nothing. Reconciliation waits several times as long.
SEND_WITHIN: Final = timedelta(seconds=10)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Sends a committed intent once, and writes down what came of it."""

    broker: Broker
    ledger: Ledger
    halt: HaltSwitch
    clock: Clock

    async def __call__(self, intent: OrderRecord, *, path: str) -> OrderRecord:
        """Return the row after the broker answered, or did not.

        `intent` is a row that the caller alone moved to `submitting`, and that is on disk.
        """
        progress = await self._send(intent)
        try:
            return await self._settle(intent, progress, path)
        except Exception as error:
            # Sent, but not written down: that is doubt, and the reconciler will look.
            _log.exception("outcome of %s was not recorded", intent.client_order_id)
            raise OutcomeUnknown(intent.client_order_id) from error

    async def _send(self, intent: OrderRecord) -> Progress:
        try:
            await self._last_look(intent)
            receipt = await self.broker.submit(ticket_of(intent))
        except DeskError as error:
            return progress_of_failure(error)
        except Exception:  # noqa: BLE001 -- explained below
            # Whatever broke, an order may exist by now. Doubt is the only honest answer.
            _log.exception("submission of %s broke", intent.client_order_id)
            return Progress(state=OrderState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN.name)
        return progress_of_receipt(receipt)

    async def _last_look(self, intent: OrderRecord) -> None:
        if await self.halt.engaged():
            raise Denied(Reason.TRADING_HALTED)
        if self.clock.now() - intent.updated_at > SEND_WITHIN:
            raise Denied(Reason.PREVIEW_EXPIRED)

    async def _settle(self, intent: OrderRecord, progress: Progress, path: str) -> OrderRecord:
        settled = await self.ledger.advance(
            intent.order_id,
            progress,
            only_from={OrderState.SUBMITTING, OrderState.UNKNOWN},
            note=self._note(intent, path, f"broker:{progress.state.value}"),
        )
        settled = settled or intent
        await self._move_target(settled, path)
        return settled

    async def _move_target(self, act: OrderRecord, path: str) -> None:
        """After a replacement or a cancel, read the order it acted on and write that down too."""
        if act.target_order_id is None or act.target_broker_order_id is None:
            return
        try:
            target = await self.broker.order(act.account_id, act.target_broker_order_id)
        except DeskError:
            return  # The reconciler reads it again.
        lawful = {state for state in OrderState if state.is_open and state.may_become(target.state)}
        await self.ledger.advance(
            act.target_order_id,
            progress_of(target),
            only_from=lawful,
            note=self._note(act, path, f"target:{target.state.value}"),
        )

    def _note(self, record: OrderRecord, path: str, kind: str) -> Note:
        return Note(at=self.clock.now(), actor=record.caller, path=path, kind=kind)
