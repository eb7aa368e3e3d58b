"""Approve: a person's word on an order that waits. Agreeing sends it; anything else never does."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from strikedesk.domain.approvals import Voice
from strikedesk.domain.errors import Denied, DeskError, Unavailable
from strikedesk.domain.ledger import Json, Note, OrderRecord, Progress
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.usage import Allowance
from strikedesk.orders.approvals import Approvals, Pending, hash_code
from strikedesk.orders.confirm import Confirmer, limits_of
from strikedesk.orders.targets import is_at
from strikedesk.orders.tickets import payload_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who speaks, through which door, and the SHA-256 of the text that they were shown, if told."""

    voice: Voice
    actor: str
    path: str
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Takes a person's answer. The way out is the confirmer's own."""

    approvals: Approvals
    confirmer: Confirmer

    async def approve(self, record: OrderRecord, said: Said) -> OrderRecord:
        """Send an order that waits, at most once; a repeat is told what came of it.

        Raises:
            Denied: nothing was sent: too late, changed, not by this voice, or against a limit.
            Rejected, Unavailable, OutcomeUnknown: as `Confirmer`.
        """
        broker = self.confirmer.submit.broker
        if not is_at(record, broker):
            here = broker.capabilities.name
            raise Denied(Reason.APPROVAL_UNKNOWN, waits_at=record.broker, this_desk_is_at=here)
        key = f"approve:{record.order_id}"
        carry_out = partial(self._carry_out, key, record, said)
        return await self.confirmer.told(await self.confirmer.under_way.share(key, carry_out))

    async def decline(self, record: OrderRecord, said: Said) -> OrderRecord:
        """Close an order that waits, unsent; return the row as it stands, whoever was first."""
        return await self.approvals.end(
            await self.approvals.current(record),
            OrderState.DECLINED,
            Reason.CONSENT_DECLINED,
            actor=said.actor,
            path=said.path,
        )

    async def redeem(self, record: OrderRecord, code: str, said: Said) -> OrderRecord:
        """Send an order whose person passed on the right code.

        Raises:
            Denied: CODE_WRONG, with the tries that are left; or as `approve`.
        """
        pending = await self.approvals.of(await self.approvals.current(record))
        if pending is not None and pending.approval.admits(Voice.CODE):
            note = self._note(said, "code_wrong", {})
            hashed = hash_code(record, code)
            if not await self.approvals.ledger.try_code(record.order_id, hashed, note):
                after = await self.approvals.ledger.approval(record.order_id)
                raise Denied(Reason.CODE_WRONG, tries_left=after.tries_left if after else 0)
        return await self.approve(record, said)

    async def pass_over(self, record: OrderRecord, why: str, said: Said) -> OrderRecord:
        """Keep that the client showed no question, or that nobody said yes to it.

        Several clients decline by themselves what they cannot show: the order goes on waiting, but
        for the owner's own act alone.
        """
        note = self._note(said, "client_unheard", {"why": why})
        await self.approvals.ledger.mark_unheard(record.order_id, why, note)
        return await self.approvals.ledger.order(record.order_id) or record

    async def _carry_out(self, key: str, record: OrderRecord, said: Said) -> OrderRecord:
        others = await self.approvals.ledger.others(record.order_id)
        async with self.confirmer.under_way.turn(record, others):
            row = await self.approvals.ledger.order(record.order_id) or record
            row = await self.approvals.current(row)
            pending = await self.approvals.of(row)
            return row if pending is None else await self._send(key, pending, said)

    async def _send(self, key: str, pending: Pending, said: Said) -> OrderRecord:
        """Look at everything again, then move the row on, once, and submit."""
        record = pending.record
        if not pending.is_as_asked:
            return await self._end(record, Reason.APPROVAL_CHANGED, said)
        self._check_voice(pending, said)
        try:
            allowance = await self.confirmer.limits_again(record, pending.preview.others)
        except Unavailable:
            raise  # Nobody could be asked: it waits on.
        except DeskError as error:
            return await self._end(record, error.reason, said, _figures(error))
        self.confirmer.under_way.begin(key)
        try:
            intent = await self._claim(pending, said, allowance)
        except Denied as error:
            return await self._end(record, error.reason, said, _figures(error))
        if intent is None:
            return await self.approvals.ledger.order(record.order_id) or record
        return await self.confirmer.submit(intent, binding=pending.preview.binding, path=said.path)

    async def _claim(
        self, pending: Pending, said: Said, allowance: Allowance | None
    ) -> OrderRecord | None:
        """Commit the intent for one caller ever, with what the order uses of the day.

        Raises:
            Denied: others have used up meanwhile what the order needs of the day or the minute.
        """
        return await self.approvals.ledger.consent(
            pending.record.order_id,
            digest=pending.approval.digest,
            progress=Progress(state=OrderState.SUBMITTING),
            now=self.approvals.clock.now(),
            note=self._note(said, "submitting", self._agreed(pending, said, allowance)),
            allowance=allowance,
        )

    def _check_voice(self, pending: Pending, said: Said) -> None:
        """Refuse a voice that is too weak, also by a policy that was tightened since.

        Raises:
            Denied: CONSENT_DECLINED, APPROVAL_CHANGED. The order waits on.
        """
        needed = self.confirmer.consent.policy_for(pending.preview)
        weaker = needed.rank > pending.approval.policy.rank and said.voice is not Voice.OWNER
        if weaker or not pending.approval.admits(said.voice):
            raise Denied(Reason.CONSENT_DECLINED, needs=needed.value, by=said.voice.value)
        if said.digest not in {None, pending.approval.digest}:
            raise Denied(Reason.APPROVAL_CHANGED)

    def _agreed(self, pending: Pending, said: Said, allowance: Allowance | None) -> dict[str, Json]:
        """Return what the trail keeps of a consent: whose, what was shown, sent and allowed."""
        return {
            "voice": said.voice.value,
            "shown": pending.approval.digest,
            "limits": limits_of(allowance),
            **payload_of(pending.record, pending.preview.others),
        }

    async def _end(
        self,
        record: OrderRecord,
        reason: Reason,
        said: Said,
        facts: Mapping[str, Json] = MappingProxyType({}),
    ) -> OrderRecord:
        return await self.approvals.end(
            record, OrderState.LAPSED, reason, actor=said.actor, path=said.path, facts=facts
        )

    def _note(self, said: Said, kind: str, body: Mapping[str, Json]) -> Note:
        now = self.approvals.clock.now()
        return Note(at=now, actor=said.actor, path=said.path, kind=kind, body=body)


def _figures(error: DeskError) -> dict[str, Json]:
    return {name: str(fact) for name, fact in error.facts.items() if fact is not None}
