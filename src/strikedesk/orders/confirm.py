"""Confirm: ask again whether it may leave, spend the nonce with the intent, submit at most once."""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from strikedesk.domain.errors import Denied, DeskError, Unavailable
from strikedesk.domain.ledger import (
    Json,
    NonceState,
    Note,
    OrderRecord,
    PreviewRecord,
    Progress,
    TicketKind,
)
from strikedesk.domain.ports import Clock, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.appraise import Appraiser
from strikedesk.orders.binding import binding_of, hash_nonce
from strikedesk.orders.consent import Consent
from strikedesk.orders.outcome import told
from strikedesk.orders.submit import Submitter
from strikedesk.orders.tickets import payload_of
from strikedesk.risk.verdict import deny_failed

PATH = "tool:confirm_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmer:
    """The only path by which an order leaves the house."""

    ledger: Ledger
    clock: Clock
    appraise: Appraiser
    consent: Consent
    submit: Submitter
    broker: str
    under_way: dict[str, asyncio.Task[OrderRecord]] = field(
        default_factory=dict[str, asyncio.Task[OrderRecord]], init=False
    )

    async def __call__(self, preview_id: str, nonce: str, *, caller: str) -> OrderRecord:
        """Send the order behind `preview_id`; a repeat with the same nonce sends nothing.

        A caller that stops waiting does not stop the submission.

        Raises:
            Denied: unknown, expired, mismatched, void, or against a limit: nothing was sent.
            Rejected, Unavailable, OutcomeUnknown: see `told`.
        """
        preview = await self.ledger.preview(preview_id)
        if preview is None or preview.record.broker != self.broker:
            raise Denied(Reason.PREVIEW_UNKNOWN, preview_id=preview_id[:36])
        await self._check_match(preview, hash_nonce(nonce), caller)
        if preview.nonce_state is NonceState.LIVE:
            return told(await self._carry(preview))
        return told(preview.record)

    async def drain(self) -> None:
        """Wait for submissions under way; called before the desk closes."""
        if self.under_way:
            await asyncio.wait(self.under_way.values())

    async def _check_match(self, preview: PreviewRecord, hashed: str, caller: str) -> None:
        """Void the preview on any mismatch: a second guess must not be possible.

        What is compared is rebuilt from the stored row, so a row that was altered is refused.
        """
        record = preview.record
        if not hmac.compare_digest(record.caller, caller):
            await self._void(record, Reason.CALLER_MISMATCH, caller)
        if not hmac.compare_digest(preview.nonce_hash, hashed):
            await self._void(record, Reason.NONCE_MISMATCH, caller)
        if not hmac.compare_digest(preview.binding, binding_of(record)):
            await self._void(record, Reason.NONCE_MISMATCH, caller)
        if preview.nonce_state is NonceState.LIVE and self.clock.now() >= preview.expires_at:
            await self._void(record, Reason.PREVIEW_EXPIRED, caller)
        if preview.nonce_state is NonceState.LIVE and self.clock.now() < preview.created_at:
            await self._void(record, Reason.CLOCK_WENT_BACK, caller)

    async def _void(self, record: OrderRecord, reason: Reason, caller: str) -> None:
        progress = Progress(state=OrderState.LAPSED, reason=reason.name)
        note = self._note("void", caller, {"reason": reason.name})
        await self.ledger.void(record.preview_id, progress, note)
        raise Denied(reason, preview_id=record.preview_id)

    async def _carry(self, preview: PreviewRecord) -> OrderRecord:
        """Run it as a task of its own, which no caller's leaving can cancel; share it meanwhile."""
        preview_id = preview.record.preview_id
        task = self.under_way.get(preview_id)
        if task is None:
            task = asyncio.create_task(self._carry_out(preview))
            self.under_way[preview_id] = task
            task.add_done_callback(lambda _: self.under_way.pop(preview_id, None))
        return await asyncio.shield(task)

    async def _carry_out(self, preview: PreviewRecord) -> OrderRecord:
        try:
            self.consent.require(preview.record)
            await self._limits_again(preview.record)
        except Unavailable:
            raise  # Nobody could be asked: the preview stays as good as it was.
        except DeskError as error:
            return await self._refuse(preview.record, error)
        intent = await self._claim(preview)
        if intent is None:
            return await self._first(preview)
        return await self.submit(intent, path=PATH)

    async def _limits_again(self, record: OrderRecord) -> None:
        """Ask the limits once more, on the quotes of now; a cancel has nothing to measure."""
        if record.kind is not TicketKind.CANCEL:
            replaces = record.target_broker_order_id
            deny_failed((await self.appraise(record.order, replaces=replaces)).checks)

    async def _claim(self, preview: PreviewRecord) -> OrderRecord | None:
        """Spend the nonce and commit the intent, in one transaction, for one caller ever."""
        record = preview.record
        return await self.ledger.claim(
            record.preview_id,
            nonce_hash=preview.nonce_hash,
            binding=binding_of(record),
            progress=Progress(state=OrderState.SUBMITTING),
            now=self.clock.now(),
            note=self._note("submitting", record.caller, payload_of(record)),
        )

    async def _refuse(self, record: OrderRecord, error: DeskError) -> OrderRecord:
        declined = error.reason is Reason.CONSENT_DECLINED
        state = OrderState.DECLINED if declined else OrderState.LAPSED
        facts = {name: str(fact) for name, fact in error.facts.items()}
        note = self._note("not_sent", record.caller, {"reason": error.reason.name, **facts})
        progress = Progress(state=state, reason=error.reason.name)
        await self.ledger.void(record.preview_id, progress, note)
        return await self.ledger.order(record.order_id) or record

    async def _first(self, preview: PreviewRecord) -> OrderRecord:
        """Return the row as whoever was first left it.

        Raises:
            Denied: PREVIEW_VOID, where nobody was: it ran out while it was looked at.
        """
        row = await self.ledger.order(preview.record.order_id)
        if row is None or row.state is OrderState.PREVIEWED:
            raise Denied(Reason.PREVIEW_VOID, preview_id=preview.record.preview_id)
        return row

    def _note(self, kind: str, actor: str, body: Mapping[str, Json]) -> Note:
        return Note(at=self.clock.now(), actor=actor, path=PATH, kind=kind, body=body)
