"""A ledger made of memory. It keeps what `tests/contracts/test_ledger.py` asks of every ledger."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import PENDING_MAX, Approval
from strikedesk.domain.breaker import (
    FAILURES_MAX,
    FailuresInRow,
    ends_the_row,
    is_failure,
    why_halted,
)
from strikedesk.domain.canonical import canonical_json
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import (
    Halt,
    NonceState,
    Note,
    OrderEvent,
    OrderRecord,
    PreviewRecord,
    Progress,
    TicketKind,
)
from strikedesk.domain.money import CENT
from strikedesk.domain.orders import read_canonical
from strikedesk.domain.reasons import Reason
from strikedesk.domain.replay import with_row
from strikedesk.domain.states import IllegalMove, OrderState
from strikedesk.domain.usage import Allowance, Likeness, Use, Used, Window
from strikedesk.store.approval_rows import is_right
from strikedesk.store.chain import GENESIS, first_bad_line, head_of, seal
from strikedesk.store.moves import carried, moved
from strikedesk.store.steps import beside
from tests.fakes.halt import MemoryHalt


@dataclass(slots=True)
class MemoryLedger:
    """Keeps previews, orders and events for the life of the process."""

    previews: dict[str, PreviewRecord] = field(default_factory=dict[str, PreviewRecord])
    records: dict[str, OrderRecord] = field(default_factory=dict[str, OrderRecord])
    uses: dict[str, tuple[datetime, Use]] = field(default_factory=dict[str, tuple[datetime, Use]])
    trail: list[OrderEvent] = field(default_factory=list[OrderEvent])
    approvals: dict[str, Approval] = field(default_factory=dict[str, Approval])
    halt: MemoryHalt = field(default_factory=MemoryHalt)
    halts_at: int = FAILURES_MAX

    async def open_preview(self, preview: PreviewRecord, note: Note) -> None:
        """See `Ledger.open_preview`."""
        record = replace(preview.record, order=read_canonical(preview.record.order.canonical))
        if record.state is not OrderState.PREVIEWED or preview.nonce_state is not NonceState.LIVE:
            raise IllegalMove(record.state, preview.nonce_state)
        self._refuse_known_ids(preview)
        shown = json.loads(canonical_json(preview.shown))
        others = tuple(
            replace(other, order=read_canonical(other.order.canonical)) for other in preview.others
        )
        kept = replace(preview, record=record, shown=shown, others=others)
        self._chain(record.order_id, with_row(note, record, before=None))
        for other in others:
            line = with_row(beside(note, record, other), other, before=None)
            self._chain(other.order_id, line)
        self.previews[record.preview_id] = kept
        self.records |= {row.order_id: row for row in (record, *others)}

    async def preview(self, preview_id: str) -> PreviewRecord | None:
        """See `Ledger.preview`."""
        kept = self.previews.get(preview_id)
        if kept is None:
            return None
        record = self.records[kept.record.order_id]
        return replace(kept, record=record, others=self._others(record))

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
        kept = self.previews.get(preview_id)
        claimable = (
            kept is not None
            and kept.nonce_state is NonceState.LIVE
            and (kept.nonce_hash, kept.binding) == (nonce_hash, binding)
            and kept.created_at <= now < kept.expires_at
            and self.records[kept.record.order_id].state is OrderState.PREVIEWED
        )
        if kept is None or not claimable:
            return None
        if approval is not None and self._current(note.at) >= PENDING_MAX:
            raise Denied(Reason.APPROVALS_FULL, most=PENDING_MAX)
        if allowance is not None:
            allowance.admit(self._used(allowance.window))
        uses = self._uses(self.records[kept.record.order_id], allowance, now)
        after = self._move(kept.record.order_id, progress, note)
        if approval is not None:
            self.approvals[after.order_id] = approval
        self.uses |= uses
        self.previews[preview_id] = replace(kept, nonce_state=NonceState.SPENT)
        return after

    async def approval(self, order_id: str) -> Approval | None:
        """See `Ledger.approval`."""
        return self.approvals.get(order_id)

    async def consent(
        self,
        order_id: str,
        *,
        digest: str,
        progress: Progress,
        now: datetime,
        note: Note,
        allowance: Allowance | None = None,
    ) -> OrderRecord | None:
        """See `Ledger.consent`."""
        approval = self._awaited(order_id)
        if approval is None or not approval.is_current(now) or approval.digest != digest:
            return None
        if allowance is not None:
            allowance.admit(self._used(allowance.window))
        uses = self._uses(self.records[order_id], allowance, now)
        after = self._move(order_id, progress, note)
        self.uses |= uses
        return after

    async def set_code(self, order_id: str, code_hash: str, note: Note) -> bool:
        """See `Ledger.set_code`."""
        approval = self._awaited(order_id)
        if approval is None:
            return False
        self._chain(order_id, note)
        self.approvals[order_id] = replace(approval, code_hash=code_hash)
        return True

    async def try_code(self, order_id: str, code_hash: str, note: Note) -> bool:
        """See `Ledger.try_code`."""
        approval = self._awaited(order_id)
        if approval is None:
            return False
        if is_right(approval, code_hash):
            return True
        self._chain(order_id, note)
        left = max(approval.tries_left - 1, 0)
        self.approvals[order_id] = replace(approval, tries_left=left)
        return False

    async def mark_unheard(self, order_id: str, why: str, note: Note) -> None:
        """See `Ledger.mark_unheard`."""
        approval = self._awaited(order_id)
        if approval is not None and approval.unheard is None:
            self._chain(order_id, note)
            self.approvals[order_id] = replace(approval, unheard=why)

    async def used(self, window: Window) -> Used:
        """See `Ledger.used`."""
        return self._used(window)

    async def void(self, preview_id: str, progress: Progress, note: Note) -> None:
        """See `Ledger.void`."""
        kept = self.previews.get(preview_id)
        if kept is None or kept.nonce_state is not NonceState.LIVE:
            return
        self._move(kept.record.order_id, progress, note)
        self.previews[preview_id] = replace(kept, nonce_state=NonceState.VOID)

    async def advance(
        self, order_id: str, progress: Progress, *, only_from: Collection[str], note: Note
    ) -> OrderRecord | None:
        """See `Ledger.advance`."""
        found = self.records.get(order_id)
        if found is None:
            raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id)
        if found.state not in only_from:
            return None
        after = self._move(order_id, progress, note)
        self._count(found, after, note)
        return after

    async def failures_in_row(self, broker: str, environment: Environment) -> FailuresInRow:
        """See `Ledger.failures_in_row`."""
        failed = self.halt.failed.get((broker, environment), [])
        return FailuresInRow(failures=len(failed), halts_at=self.halts_at)

    async def append(self, order_id: str | None, note: Note) -> None:
        """See `Ledger.append`."""
        if order_id is not None and order_id not in self.records:
            raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id)
        self._chain(order_id, note)

    async def order(self, order_id: str) -> OrderRecord | None:
        """See `Ledger.order`."""
        return self.records.get(order_id)

    async def others(self, order_id: str) -> Sequence[OrderRecord]:
        """See `Ledger.others`."""
        found = self.records.get(order_id)
        return () if found is None else self._others(found)

    async def order_by_client_id(self, client_order_id: str) -> OrderRecord | None:
        """See `Ledger.order_by_client_id`."""
        return next(
            (row for row in self.records.values() if row.client_order_id == client_order_id), None
        )

    async def order_by_broker_id(self, broker: str, broker_order_id: str) -> OrderRecord | None:
        """See `Ledger.order_by_broker_id`."""
        wanted = (broker, broker_order_id)
        return next(
            (
                row
                for row in self._newest_first()
                if (row.broker, row.broker_order_id) == wanted and row.kind != TicketKind.CANCEL
            ),
            None,
        )

    async def orders(
        self,
        *,
        account_id: str | None,
        states: Collection[str] | None,
        limit: int,
        offset: int,
        broker: str | None = None,
    ) -> tuple[Sequence[OrderRecord], int]:
        """See `Ledger.orders`."""
        found = [
            row
            for row in self._newest_first()
            if account_id in {None, row.account_id}
            and broker in {None, row.broker}
            and (states is None or row.state in states)
        ]
        return tuple(found[offset : offset + limit]), len(found)

    async def events(self, order_id: str) -> Sequence[OrderEvent]:
        """See `Ledger.events`."""
        return tuple(event for event in self.trail if event.order_id == order_id)

    async def verify(self) -> int | None:
        """See `Ledger.verify`."""
        return first_bad_line(self.trail, head=head_of(self.trail[-1]) if self.trail else GENESIS)

    def _count(self, before: OrderRecord, after: OrderRecord, note: Note) -> None:
        failed = self.halt.failed.setdefault((after.broker, after.environment), [])
        if ends_the_row(before, after):
            failed.clear()
        if not is_failure(before, after):
            return
        if after.order_id not in failed:
            failed.append(after.order_id)
        if len(failed) >= self.halts_at and self.halt.halt is None:
            why = why_halted(after, len(failed))
            self.halt.halt = Halt(since=note.at, actor="breaker", why=why)
            body = {"why": why, "orders": failed}
            self._chain(None, replace(note, actor="breaker", kind="halted", body=body))

    def _awaited(self, order_id: str) -> Approval | None:
        found = self.records.get(order_id)
        waits = found is not None and found.state is OrderState.AWAITING_CONSENT
        return self.approvals.get(order_id) if waits else None

    def _current(self, now: datetime) -> int:
        waiting = (self._awaited(order_id) for order_id in self.approvals)
        return sum(each is not None and each.is_current(now) for each in waiting)

    def _used(self, window: Window) -> Used:
        here = [
            (at, use, self.records[order_id])
            for order_id, (at, use) in self.uses.items()
            if self.records[order_id].broker == window.broker
            and self.records[order_id].environment is window.environment
        ]
        today = [(use, row) for at, use, row in here if at >= window.day_from]
        twins = [
            (at, row.order_id)
            for at, _, row in here
            if at > window.twins_from
            and window.digest is not None
            and row.order.digest in {window.digest, *window.digests_beside}
            and _part(row, window)
        ]
        return Used(
            orders_today=len(today),
            orders_this_minute=sum(at > window.minute_from for at, _, _ in here),
            loss_usd_today=sum((u.loss_usd * _part(row, window) for u, row in today), Decimal(0)),
            notional_usd_today=sum(
                (u.notional_usd * _part(row, window) for u, row in today), Decimal(0)
            ),
            twin=max(twins)[1] if twins else None,
            in_doubt=self._like_in_doubt(window),
        )

    def _like_in_doubt(self, window: Window) -> str | None:
        alike = (
            row.order_id
            for row in self._newest_first()
            if window.like is not None
            and (row.broker, row.environment) == (window.broker, window.environment)
            and (row.account_id, row.order.underlying)
            == (window.like.account_id, window.like.underlying)
            and _is_in_doubt(row, window.like)
        )
        return next(alike, None)

    def _newest_first(self) -> list[OrderRecord]:
        return sorted(
            self.records.values(), key=lambda row: (row.created_at, row.order_id), reverse=True
        )

    def _refuse_known_ids(self, preview: PreviewRecord) -> None:
        known = [
            {old.order_id, old.preview_id, old.client_order_id} for old in self.records.values()
        ]
        for new in (preview.record, *preview.others):
            if any({new.order_id, new.preview_id, new.client_order_id} & old for old in known):
                raise Denied(Reason.INVALID_ARGUMENT, rule="row_conflicts")
        if any(preview.nonce_hash == kept.nonce_hash for kept in self.previews.values()):
            raise Denied(Reason.INVALID_ARGUMENT, rule="row_conflicts")

    def _others(self, first: OrderRecord) -> tuple[OrderRecord, ...]:
        found = [
            row
            for row in self.records.values()
            if first.leads and row.group_id == first.order_id and row.order_id != first.order_id
        ]
        return tuple(sorted(found, key=lambda row: row.group_place or 0))

    def _move(self, order_id: str, progress: Progress, note: Note) -> OrderRecord:
        first = self.records[order_id]
        along = carried(first, self._others(first), progress)
        steps = [(first, moved(first, progress, at=note.at), note)]
        for other, its in along:
            steps.append((other, moved(other, its, at=note.at), beside(note, first, its)))
        for before, after, line in steps:
            self._chain(after.order_id, with_row(line, after, before=before))
            self.records[after.order_id] = after
        return self.records[order_id]

    def _uses(
        self, first: OrderRecord, allowance: Allowance | None, now: datetime
    ) -> dict[str, tuple[datetime, Use]]:
        if allowance is None:
            return {}
        rows, each = (first, *self._others(first)), (allowance.use, *allowance.beside)
        both = zip(rows, each, strict=True)
        return {row.order_id: (now, _to_cents_up(use)) for row, use in both}

    def _chain(self, order_id: str | None, note: Note) -> None:
        kept = replace(note, body=json.loads(canonical_json(note.body)))
        head = head_of(self.trail[-1]) if self.trail else GENESIS
        self.trail.append(seal(kept, order_id=order_id, behind=head))


def _is_in_doubt(row: OrderRecord, like: Likeness) -> bool:
    silent = not like.silent_since <= row.updated_at <= like.ahead_since
    return row.state is OrderState.UNKNOWN or (row.state is OrderState.SUBMITTING and silent)


def _part(row: OrderRecord, window: Window) -> Decimal:
    """Return how much of an order may have had an effect, or may still have."""
    if row.state in {OrderState.LAPSED, OrderState.DECLINED, OrderState.REJECTED}:
        return Decimal(0)
    over = row.state in {OrderState.CANCELLED, OrderState.REPLACED, OrderState.EXPIRED}
    filled = Decimal(row.filled_units) / row.order.units
    if row.order_id == window.replaces:
        return max(filled, Decimal(window.filled.units) / window.filled.of)
    return filled if over else Decimal(1)


def _to_cents_up(use: Use) -> Use:
    loss, notional = (
        amount.quantize(CENT, rounding=ROUND_CEILING) for amount in (use.loss_usd, use.notional_usd)
    )
    return Use(loss_usd=loss, notional_usd=notional)
