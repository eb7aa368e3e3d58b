"""Reconcile: find again what a lost answer or a crash left open, and never send to find out."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from strikedesk.domain.broking import BrokerOrder, Lookup, LookupStatus
from strikedesk.domain.errors import DeskError, Unavailable
from strikedesk.domain.ledger import Note, OrderRecord, Progress, TicketKind
from strikedesk.domain.ports import Broker, Clock, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.follow import follow
from strikedesk.orders.outcome import (
    is_news,
    no_longer_in_doubt,
    progress_of_group,
    says_nothing,
)
from strikedesk.orders.submit import SEND_WITHIN
from strikedesk.orders.targets import is_at

# Longer than any process may still hold a committed intent before its send (see submit).
GRACE: Final = timedelta(seconds=60)
# Two complete scans this far apart, both without the order, and it was not placed.
SECOND_SCAN_AFTER: Final = timedelta(seconds=120)
_PAGE: Final = 200
_ACTOR: Final = "strikedesk"
# Lines of the trail: a complete scan without the order, and one that broke the row of them.
_ABSENT: Final = "absent"
_NOT_COMPLETE: Final = "scan_not_complete"

_DOUBT: Final = frozenset({OrderState.SUBMITTING, OrderState.UNKNOWN})
_WAITING: Final = frozenset({OrderState.PREVIEWED, OrderState.AWAITING_CONSENT})
_AT_WORK: Final = frozenset(state for state in OrderState if state.is_open)

Step: TypeAlias = Callable[[OrderRecord, str], Awaitable[OrderRecord]]

_log = logging.getLogger(__name__)


def is_in_doubt(record: OrderRecord, now: datetime) -> bool:
    """Whether nobody knows what came of a row, or who was to tell has been silent for too long.

    A row from the future shows a broken clock.
    """
    silent = abs(now - record.updated_at) > SEND_WITHIN
    sent = record.state is OrderState.SUBMITTING and silent
    return sent or record.state is OrderState.UNKNOWN


def is_abandoned(record: OrderRecord, now: datetime) -> bool:
    """Whether nobody can be at it any more; a row from the future shows a broken clock."""
    return abs(now - record.updated_at) > GRACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Settles rows that nobody is working on, from the broker's own books."""

    broker: Broker
    ledger: Ledger
    clock: Clock
    preview_ttl_s: int

    async def __call__(self, *, path: str) -> int:
        """Go over every row that is in doubt, abandoned or at work; return how many moved.

        A row that cannot be settled keeps none of the others from it; a broker that cannot be
        reached is not asked once a row.
        """
        waiting = await self._rows(_WAITING, anywhere=True)
        moved = sum([await self._moves(self._lapse_old, row, path) for row in waiting])
        for states, step in ((_DOUBT, self._settle), (_AT_WORK, self._follow)):
            for row in await self._rows(states):
                try:
                    moved += await self._moves(step, row, path)
                except Unavailable:
                    return moved
        return moved

    async def unsettled(self) -> tuple[OrderRecord, ...]:
        """Return the rows whose outcome nobody knows, at whatever broker, for the owner to see."""
        rows = await self._rows(_DOUBT, anywhere=True)
        return tuple(row for row in rows if is_in_doubt(row, self.clock.now()))

    async def at_work(self) -> tuple[OrderRecord, ...]:
        """Return the orders that this broker has at work, as the desk last heard of them."""
        rows = await self._rows(_AT_WORK)
        return tuple(
            row
            for row in rows
            if row.kind is not TicketKind.CANCEL and row.broker_order_id is not None
        )

    async def refresh(self, record: OrderRecord, *, path: str) -> OrderRecord:
        """Return a row as it stands once its broker was asked, if it can be asked."""
        step = self._settle_whole if record.state in _DOUBT else self._follow
        try:
            return await step(record, path) if is_at(record, self.broker) else record
        except DeskError:
            return record

    async def _moves(self, step: Step, record: OrderRecord, path: str) -> bool:
        """Take one step with one row; whatever breaks over it is told to the log alone."""
        try:
            return (await step(record, path)).state is not record.state
        except Unavailable:
            raise
        except DeskError:
            return False
        except Exception:  # noqa: BLE001 -- explained above
            _log.exception("order %s could not be reconciled", record.order_id)
            return False

    async def _follow(self, record: OrderRecord, path: str) -> OrderRecord:
        return await follow(
            record,
            broker=self.broker,
            ledger=self.ledger,
            clock=self.clock,
            actor=_ACTOR,
            path=path,
        )

    async def _settle_whole(self, record: OrderRecord, path: str) -> OrderRecord:
        """Settle a row, or the first of the group that it goes along with; return it as it is."""
        first = await self._still_leading(record)
        if first is None:
            return await self._settle(record, path)
        await self._settle(first, path)
        return await self.ledger.order(record.order_id) or record

    async def _settle(self, record: OrderRecord, path: str) -> OrderRecord:
        if record.state is OrderState.SUBMITTING and not self._is_old(record):
            return record
        if record.goes_along:
            record = await self.ledger.order(record.order_id) or record
            if record.state not in _DOUBT or await self._still_leading(record) is not None:
                return record
        lookup = await self._look_up(record)
        if lookup.broker_order is None:
            return await self._not_found(record, lookup.status, path)
        others = await self.ledger.others(record.order_id) if record.leads else ()
        found = await self._look_up_others(others)
        if found is None:
            return await self._not_found(record, LookupStatus.INCOMPLETE, path)
        progress = progress_of_group(record, others, (lookup.broker_order, *found))
        return await self._advance(record, no_longer_in_doubt(progress), path, "adopted")

    async def _still_leading(self, record: OrderRecord) -> OrderRecord | None:
        """Return the first of the group that a row moves with; None = it moves by itself."""
        if record.group_id is None or not record.goes_along:
            return None
        first = await self.ledger.order(record.group_id)
        return first if first is not None and first.state is record.state else None

    async def _look_up_others(self, others: Sequence[OrderRecord]) -> list[BrokerOrder] | None:
        """Ask for each other order of a group that was found; None where one is not found yet.

        A group is taken whole or not at all, so that such a scan has not seen everything.
        """
        found: list[BrokerOrder] = []
        for other in others:
            seen = (await self.broker.find(other.account_id, other.client_order_id)).broker_order
            if seen is None:
                return None
            found.append(seen)
        return found

    async def _look_up(self, record: OrderRecord) -> Lookup:
        """Ask for our own id; a cancel leaves none behind, so its target is read instead."""
        if record.kind is not TicketKind.CANCEL or record.target_broker_order_id is None:
            return await self.broker.find(record.account_id, record.client_order_id)
        target = await self.broker.order(record.account_id, record.target_broker_order_id)
        if says_nothing(record, target):
            return Lookup(status=LookupStatus.ABSENT)
        return Lookup(status=LookupStatus.FOUND, broker_order=target)

    async def _not_found(self, record: OrderRecord, status: LookupStatus, path: str) -> OrderRecord:
        """Keep the doubt until two complete scans, long enough apart, found nothing.

        The first of them is a line of the trail: a process need not live until the second.
        """
        first = await self._absent_since(record)
        if status is LookupStatus.INCOMPLETE:
            if first is not None:
                await self._append(record, path, _NOT_COMPLETE)
            return await self._doubt(record, path)
        if first is None:
            await self._append(record, path, _ABSENT)
            return await self._doubt(record, path)
        if self.clock.now() - first < SECOND_SCAN_AFTER:
            return await self._doubt(record, path)
        gone = Progress(state=OrderState.LAPSED, reason=Reason.BROKER_UNAVAILABLE.name)
        return await self._advance(record, gone, path, "not_placed")

    async def _absent_since(self, record: OrderRecord) -> datetime | None:
        """Return when the first scan of an unbroken row found nothing, whoever made it."""
        since: datetime | None = None
        for event in await self.ledger.events(record.order_id):
            if event.kind == _ABSENT:
                since = since or event.at
            elif event.kind == _NOT_COMPLETE:
                since = None
        return since

    async def _doubt(self, record: OrderRecord, path: str) -> OrderRecord:
        unknown = Progress(state=OrderState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN.name)
        return await self._advance(record, unknown, path, "unknown")

    async def _lapse_old(self, record: OrderRecord, path: str) -> OrderRecord:
        if await self._still_leading(record) is not None:
            return record
        if record.state is OrderState.AWAITING_CONSENT:
            return await self._lapse_unheard(record, path)
        age = abs(self.clock.now() - record.created_at)
        if age < timedelta(seconds=self.preview_ttl_s) + GRACE:
            return record
        lapsed = Progress(state=OrderState.LAPSED, reason=Reason.PREVIEW_EXPIRED.name)
        return await self._advance(record, lapsed, path, "lapsed")

    async def _lapse_unheard(self, record: OrderRecord, path: str) -> OrderRecord:
        """End what nobody agreed to in time; the clocks of two machines may differ a little."""
        approval, now = await self.ledger.approval(record.order_id), self.clock.now()
        if approval and approval.requested_at - GRACE <= now < approval.expires_at:
            return record
        lapsed = Progress(state=OrderState.LAPSED, reason=Reason.CONSENT_EXPIRED.name)
        return await self._advance(record, lapsed, path, "lapsed")

    async def _advance(
        self, record: OrderRecord, progress: Progress, path: str, kind: str
    ) -> OrderRecord:
        """Return the row as it stands after: moved, or as somebody else left it."""
        if not is_news(record, progress):
            return record
        moved = await self.ledger.advance(
            record.order_id, progress, only_from={record.state}, note=self._note(path, kind)
        )
        return moved or await self.ledger.order(record.order_id) or record

    async def _append(self, record: OrderRecord, path: str, kind: str) -> None:
        await self.ledger.append(record.order_id, self._note(path, kind))

    def _note(self, path: str, kind: str) -> Note:
        return Note(at=self.clock.now(), actor=_ACTOR, path=path, kind=kind)

    async def _rows(
        self, states: frozenset[OrderState], *, anywhere: bool = False
    ) -> list[OrderRecord]:
        """Return every row in `states`, of this broker unless `anywhere`, page by page."""
        rows: list[OrderRecord] = []
        total = 1
        while len(rows) < total:
            page, total = await self.ledger.orders(
                account_id=None, states=states, limit=_PAGE, offset=len(rows)
            )
            rows.extend(page)
            if not page:
                break
        return [row for row in rows if anywhere or is_at(row, self.broker)]

    def _is_old(self, record: OrderRecord) -> bool:
        return is_abandoned(record, self.clock.now())
