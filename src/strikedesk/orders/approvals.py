"""Approvals: orders that wait for a person, what the person is shown, and how they end unheard."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from strikedesk.domain.approvals import Approval, ConsentPolicy
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json, Note, OrderRecord, PreviewRecord, Progress
from strikedesk.domain.ports import Clock, Entropy, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.binding import binding_of
from strikedesk.orders.tickets import payload_of
from strikedesk.orders.wording import digest_of, short_name, words_of

_PAGE: Final = 50
_CODE_DIGITS: Final = 8
_AWAITING: Final = frozenset({OrderState.AWAITING_CONSENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An order that waits, and the text that the owner is asked with."""

    preview: PreviewRecord
    approval: Approval
    text: str

    @property
    def record(self) -> OrderRecord:
        """The order's row."""
        return self.preview.record

    @property
    def name(self) -> str:
        """The name by which the owner calls it."""
        return short_name(self.record, self.preview.others)

    @property
    def is_as_asked(self) -> bool:
        """Whether the rows still say what the owner was asked about."""
        same_text = digest_of(self.text) == self.approval.digest
        bound_to = binding_of(self.record, self.preview.others)
        return same_text and bound_to == self.preview.binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Opens approvals, lists them, reads out codes, and ends those whose time is over."""

    ledger: Ledger
    clock: Clock
    entropy: Entropy
    ttl_s: int = 300

    async def request(
        self, preview: PreviewRecord, policy: ConsentPolicy, *, path: str
    ) -> OrderRecord | None:
        """Spend the nonce and let the order await consent; for exactly one caller ever.

        Raises:
            Denied: APPROVALS_FULL; nothing was written.
        """
        record, now = preview.record, self.clock.now()
        expires_at = now + timedelta(seconds=self.ttl_s)
        approval = Approval(
            order_id=record.order_id,
            policy=policy,
            digest=digest_of(words_of(preview, expires_at)),
            requested_at=now,
            expires_at=expires_at,
        )
        sent = payload_of(record, preview.others)
        asked = {"policy": policy.value, "shown": approval.digest, **sent}
        return await self.ledger.claim(
            record.preview_id,
            nonce_hash=preview.nonce_hash,
            binding=binding_of(record, preview.others),
            progress=Progress(state=OrderState.AWAITING_CONSENT),
            now=now,
            note=self._note(record.caller, path, "consent_asked", asked),
            approval=approval,
        )

    async def check_shown(self, preview: PreviewRecord) -> None:
        """Refuse figures that are not those of the preview, which the audit trail vouches for.

        Raises:
            Denied: APPROVAL_CHANGED: a person would be shown, and the policy fed, somebody else's.
        """
        events = await self.ledger.events(preview.record.order_id)
        if not events or events[0].body.get("shown") != preview.shown:
            raise Denied(Reason.APPROVAL_CHANGED)

    async def pending(self) -> tuple[Pending, ...]:
        """Return what waits, oldest first; what is over by now is ended on the way."""
        rows, _ = await self.ledger.orders(account_id=None, states=_AWAITING, limit=_PAGE, offset=0)
        found = [await self.of(await self.current(row)) for row in rows]
        return tuple(reversed([each for each in found if each is not None]))

    async def of(self, record: OrderRecord) -> Pending | None:
        """Return what an order waits for; None when it does not."""
        if record.state is not OrderState.AWAITING_CONSENT:
            return None
        approval = await self.ledger.approval(record.order_id)
        preview = await self.ledger.preview(record.preview_id)
        if approval is None or preview is None:
            return None
        return Pending(
            preview=preview, approval=approval, text=words_of(preview, approval.expires_at)
        )

    async def named(self, name: str) -> OrderRecord:
        """Return the order that the owner calls by its id, or by the name in its text.

        Raises:
            Denied: APPROVAL_UNKNOWN.
        """
        for each in await self.pending():
            if _letters(each.name) == _letters(name):
                return each.record
        record = await self._first(await self.ledger.order(name.strip()))
        if record is None or await self.ledger.approval(record.order_id) is None:
            raise Denied(Reason.APPROVAL_UNKNOWN)
        return await self.current(record)

    async def current(self, record: OrderRecord) -> OrderRecord:
        """Return the row as it stands, lapsed where nobody agreed in time.

        What leaves with another one waits, and lapses, with that.
        """
        if record.state is not OrderState.AWAITING_CONSENT or record.goes_along:
            return record
        approval, now = await self.ledger.approval(record.order_id), self.clock.now()
        if approval is not None and approval.is_current(now):
            return record
        back = approval is not None and now < approval.requested_at
        reason = Reason.CLOCK_WENT_BACK if back else Reason.CONSENT_EXPIRED
        return await self.end(record, OrderState.LAPSED, reason, actor="strikedesk", path="clock")

    async def end(
        self,
        record: OrderRecord,
        state: OrderState,
        reason: Reason,
        *,
        actor: str,
        path: str,
        facts: Mapping[str, Json] = MappingProxyType({}),
    ) -> OrderRecord:
        """Close an order that waits; return the row as it stands, whoever was first."""
        moved = await self.ledger.advance(
            record.order_id,
            Progress(state=state, reason=reason.name),
            only_from=_AWAITING,
            note=self._note(actor, path, "not_sent", {"reason": reason.name, **facts}),
        )
        return moved or await self.ledger.order(record.order_id) or record

    async def read_out(self, record: OrderRecord, *, actor: str, path: str) -> str | None:
        """Return a new code for the person to pass on; the one before it is void.

        Only its hash is kept. None where the order does not wait for one.
        """
        approval = await self.ledger.approval(record.order_id)
        if approval is None or approval.policy is not ConsentPolicy.CODE:
            return None
        number = int.from_bytes(hashlib.sha256(self.entropy.token().encode()).digest())
        code = f"{number % 10**_CODE_DIGITS:0{_CODE_DIGITS}d}"
        note = self._note(actor, path, "code_read_out", {})
        kept = await self.ledger.set_code(record.order_id, hash_code(record, code), note)
        return code if kept else None

    async def _first(self, record: OrderRecord | None) -> OrderRecord | None:
        """Return the order that is asked about: of a group the first, whichever was named."""
        if record is None or record.group_id is None:
            return record
        return await self.ledger.order(record.group_id)

    def _note(self, actor: str, path: str, kind: str, body: Mapping[str, Json]) -> Note:
        return Note(at=self.clock.now(), actor=actor, path=path, kind=kind, body=body)


def hash_code(record: OrderRecord, code: str) -> str:
    """Return what is kept of a code: it opens this order and no other."""
    told = f"{record.order_id}:{_letters(code)}"
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()


def _letters(text: str) -> str:
    """Drop what people put between groups."""
    return "".join(c for c in text.upper() if c.isalnum())
