"""Confirm: ask again whether it may leave, spend the nonce with the intent, submit at most once."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from strikedesk.domain.approvals import ConsentPolicy
from strikedesk.domain.errors import Denied, DeskError, Fact, Unavailable
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
from strikedesk.domain.replay import ROW
from strikedesk.domain.states import OrderState
from strikedesk.domain.usage import Allowance
from strikedesk.orders.appraise import Appraiser, deny_refused
from strikedesk.orders.approvals import Approvals
from strikedesk.orders.binding import binding_of, hash_nonce
from strikedesk.orders.cautions import check_marketable
from strikedesk.orders.consent import Consent
from strikedesk.orders.outcome import never_left, told
from strikedesk.orders.showing import digest_of_shown
from strikedesk.orders.submit import Submitter
from strikedesk.orders.targets import is_at
from strikedesk.orders.tickets import payload_of
from strikedesk.orders.under_way import UnderWay
from strikedesk.risk.verdict import deny_failed

PATH = "tool:confirm_order"
_NOT_SENT: Final = "not_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmer:
    """The only path by which an order leaves the house.

    Where the policy wants a person's word, it ends at `awaiting_consent`; `approve.py` goes on.
    """

    ledger: Ledger
    clock: Clock
    appraise: Appraiser
    consent: Consent
    approvals: Approvals
    submit: Submitter
    under_way: UnderWay = field(default_factory=UnderWay, init=False)

    async def __call__(self, preview_id: str, nonce: str, *, caller: str) -> OrderRecord:
        """Send the order behind `preview_id`; a repeat with the same nonce sends nothing.

        A caller that stops waiting before the nonce is spent takes the order back; afterwards it
        stops nothing.

        Raises:
            Denied: unknown, expired, mismatched, void, or against a limit: nothing was sent.
            Rejected, Unavailable, OutcomeUnknown: see `told`.
        """
        preview = await self.ledger.preview(preview_id)
        if preview is None or not is_at(preview.record, self.submit.broker):
            raise Denied(Reason.PREVIEW_UNKNOWN, preview_id=preview_id[:36])
        await self._check_match(preview, hash_nonce(nonce), caller)
        if preview.nonce_state is NonceState.LIVE or preview_id in self.under_way:
            carry_out = partial(self._carry_out, preview)
            return await self.told(await self.under_way.share(preview_id, carry_out))
        return await self.told(preview.record)

    async def drain(self) -> None:
        """Wait for submissions under way; called before the desk closes."""
        await self.under_way.drain()

    async def _check_match(self, preview: PreviewRecord, hashed: str, caller: str) -> None:
        """Void the preview on any mismatch: a second guess must not be possible.

        What is compared is rebuilt from the stored row, so a row that was altered is refused.
        """
        record = preview.record
        if not _same(record.caller, caller):
            raise await self._void(record, Reason.CALLER_MISMATCH, caller)
        if not _same(preview.nonce_hash, hashed):
            raise await self._void(record, Reason.NONCE_MISMATCH, caller)
        if not _same(preview.binding, binding_of(record, preview.others)):
            raise await self._void(record, Reason.NONCE_MISMATCH, caller)
        if preview.nonce_state is NonceState.LIVE and self.clock.now() >= preview.expires_at:
            raise await self._void(record, Reason.PREVIEW_EXPIRED, caller)
        if preview.nonce_state is NonceState.LIVE and self.clock.now() < preview.created_at:
            raise await self._void(record, Reason.CLOCK_WENT_BACK, caller)

    async def _void(self, record: OrderRecord, reason: Reason, caller: str) -> DeskError:
        """Kill the nonce if it is live; return what this call and every later one is told."""
        progress = Progress(state=OrderState.LAPSED, reason=reason.name)
        note = self._note("void", caller, {"reason": reason.name})
        await self.ledger.void(record.preview_id, progress, note)
        return never_left(replace(record, state=OrderState.LAPSED, reason=reason.name))

    async def told(self, record: OrderRecord) -> OrderRecord:
        """See `told`; what the limits refused is told with the figures that they wrote down."""
        record = await self.approvals.current(record)
        if record.state not in {OrderState.LAPSED, OrderState.DECLINED}:
            return told(record)
        lines = [e for e in await self.ledger.events(record.order_id) if e.kind == _NOT_SENT]
        figures: dict[str, Fact] = {
            name: str(fact)
            for line in lines
            for name, fact in line.body.items()
            if fact is not None and name not in {"reason", ROW}
        }
        raise never_left(record, figures)

    async def _carry_out(self, preview: PreviewRecord) -> OrderRecord:
        async with self.under_way.turn(preview.record, preview.others):
            return await self._in_turn(preview)

    async def _in_turn(self, preview: PreviewRecord) -> OrderRecord:
        try:
            policy = self.consent.policy_for(preview)
            if policy is not ConsentPolicy.MODEL:
                await self.approvals.check_shown(preview)
            allowance = await self.limits_again(preview.record, preview.others)
        except Unavailable:
            raise  # Nobody could be asked: the preview stays as good as it was.
        except DeskError as error:
            return await self._refuse(preview.record, error)
        self.under_way.begin(preview.record.preview_id)
        if policy is not ConsentPolicy.MODEL:
            asked = await self.approvals.request(preview, policy, path=PATH)
            return asked or await self._first(preview)
        try:
            intent = await self._claim(preview, allowance)
        except Denied as error:
            return await self._refuse(preview.record, error)
        if intent is None:
            return await self._first(preview)
        return await self.submit(intent, binding=preview.binding, path=PATH)

    async def limits_again(
        self, record: OrderRecord, others: Sequence[OrderRecord] = ()
    ) -> Allowance | None:
        """Ask the limits once more, on the quotes of now; a cancel has nothing to measure."""
        if record.kind is TicketKind.CANCEL:
            return None
        appraisal = await self.appraise(record, others, claiming=True)
        deny_failed(appraisal.checks)
        # Of a group its first order alone may be one.
        check_marketable(record.order, appraisal.figures, waits=False)
        deny_refused(appraisal.preflight)
        return appraisal.allowance

    async def _claim(
        self, preview: PreviewRecord, allowance: Allowance | None
    ) -> OrderRecord | None:
        """Spend the nonce and commit the intent, in one transaction, for one caller ever.

        Raises:
            Denied: others have used up meanwhile what the order needs of the day or the minute.
        """
        record = preview.record
        return await self.ledger.claim(
            record.preview_id,
            nonce_hash=preview.nonce_hash,
            binding=preview.binding,  # Which `_check_match` has rebuilt from these very rows.
            progress=Progress(state=OrderState.SUBMITTING),
            now=self.clock.now(),
            note=self._note("submitting", record.caller, _agreed(preview, allowance)),
            allowance=allowance,
        )

    async def _refuse(self, record: OrderRecord, error: DeskError) -> OrderRecord:
        declined = error.reason is Reason.CONSENT_DECLINED
        state = OrderState.DECLINED if declined else OrderState.LAPSED
        facts = {name: str(fact) for name, fact in error.facts.items() if fact is not None}
        note = self._note(_NOT_SENT, record.caller, {"reason": error.reason.name, **facts})
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


def _agreed(preview: PreviewRecord, allowance: Allowance | None) -> dict[str, Json]:
    """Return what the trail keeps of a nonce that was enough: what was shown, sent and allowed."""
    return {
        "voice": ConsentPolicy.MODEL.value,
        "shown": digest_of_shown(preview.shown),
        "limits": limits_of(allowance),
        **payload_of(preview.record, preview.others),
    }


def limits_of(allowance: Allowance | None) -> Mapping[str, Json] | None:
    """Return the limits that an order was held to; None for a cancel, which none holds."""
    return None if allowance is None else allowance.limits


def _same(one: str, other: str) -> bool:
    """Compare without telling by the time it takes where they differ."""
    return hmac.compare_digest(
        one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass")
    )
