"""Confirm: spend the nonce, ask again whether it may leave, and submit, at most once."""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from strikedesk.domain.errors import Denied, DeskError
from strikedesk.domain.ledger import (
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
        hashed = hash_nonce(nonce)
        await self._check_match(preview, hashed, caller)
        if preview.nonce_state is NonceState.LIVE and await self._claim(preview, hashed, caller):
            return told(await self._carry(preview.record))
        return await self._repeat(preview_id)

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
        await self.ledger.void(record.preview_id, progress, self._note("void", caller, reason))
        raise Denied(reason, preview_id=record.preview_id)

    async def _claim(self, preview: PreviewRecord, hashed: str, caller: str) -> bool:
        return await self.ledger.claim(
            preview.record.preview_id,
            nonce_hash=hashed,
            binding=binding_of(preview.record),
            now=self.clock.now(),
            note=self._note("claimed", caller),
        )

    async def _carry(self, record: OrderRecord) -> OrderRecord:
        """Run the submission as a task of its own, which no caller's leaving can cancel."""
        task = asyncio.create_task(self._carry_out(record))
        self.under_way[record.preview_id] = task
        task.add_done_callback(lambda _: self.under_way.pop(record.preview_id, None))
        return await asyncio.shield(task)

    async def _carry_out(self, record: OrderRecord) -> OrderRecord:
        try:
            self.consent.require(record)
            await self._limits_again(record)
        except DeskError as error:
            return await self._lapse(record, error)
        return await self.submit(record, path=PATH)

    async def _limits_again(self, record: OrderRecord) -> None:
        """Ask the limits once more, on the quotes of now; a cancel has nothing to measure."""
        if record.kind is not TicketKind.CANCEL:
            deny_failed((await self.appraise(record.order)).checks)

    async def _lapse(self, record: OrderRecord, error: DeskError) -> OrderRecord:
        declined = error.reason is Reason.CONSENT_DECLINED
        state = OrderState.DECLINED if declined else OrderState.LAPSED
        facts = {name: str(fact) for name, fact in error.facts.items()}
        note = Note(
            at=self.clock.now(), actor=record.caller, path=PATH, kind="not_sent", body=facts
        )
        lapsed = await self.ledger.advance(
            record.order_id,
            Progress(state=state, reason=error.reason.name),
            only_from={OrderState.PREVIEWED, OrderState.AWAITING_CONSENT},
            note=note,
        )
        return lapsed or record

    async def _repeat(self, preview_id: str) -> OrderRecord:
        """Tell what came of the nonce's first use; wait for it where it is under way here."""
        if task := self.under_way.get(preview_id):
            return told(await asyncio.shield(task))
        preview = await self.ledger.preview(preview_id)
        if preview is None or preview.nonce_state is NonceState.LIVE:
            raise Denied(Reason.PREVIEW_VOID, preview_id=preview_id)
        return told(preview.record)

    def _note(self, kind: str, actor: str, reason: Reason | None = None) -> Note:
        body: Mapping[str, str] = {"reason": reason.name} if reason else {}
        return Note(at=self.clock.now(), actor=actor, path=PATH, kind=kind, body=body)
