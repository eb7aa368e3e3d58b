"""Reconcile: find again what a lost answer or a crash left open, and never send to find out."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from strikedesk.domain.broking import Lookup, LookupStatus
from strikedesk.domain.errors import DeskError
from strikedesk.domain.ledger import Note, OrderRecord, Progress, TicketKind
from strikedesk.domain.ports import Broker, Clock, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.outcome import is_news, progress_of

# Longer than any process may still hold a committed intent before its send (see submit).
GRACE: Final = timedelta(seconds=60)
# Two complete scans this far apart, both without the order, and it was not placed.
SECOND_SCAN_AFTER: Final = timedelta(seconds=120)
_PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Settles rows that nobody is working on, from the broker's own books."""

    broker: Broker
    ledger: Ledger
    clock: Clock
    preview_ttl_s: int
    _absent_since: dict[str, datetime] = field(default_factory=dict[str, datetime], init=False)

    async def __call__(self, *, path: str) -> int:
        """Go over every row that is in doubt, abandoned or at work; return how many moved."""
        moved = 0
        for record in await self._rows({OrderState.SUBMITTING, OrderState.UNKNOWN}):
            moved += await self._settle(record, path)
        for record in await self._rows({OrderState.PREVIEWED, OrderState.AWAITING_CONSENT}):
            moved += await self._lapse_old(record, path)
        for record in await self._rows({state for state in OrderState if state.is_open}):
            moved += await self.refresh(record, path=path) is not record
        return moved

    async def unsettled(self) -> tuple[OrderRecord, ...]:
        """Return the rows whose outcome nobody knows, for the owner to see."""
        rows = await self._rows({OrderState.SUBMITTING, OrderState.UNKNOWN})
        return tuple(row for row in rows if row.state is OrderState.UNKNOWN or self._is_old(row))

    async def refresh(self, record: OrderRecord, *, path: str) -> OrderRecord:
        """Read a working order at the broker and write down what changed, if anything did."""
        sought = record.broker_order_id or record.target_broker_order_id
        if not record.state.is_open or sought is None:
            return record
        try:
            progress = progress_of(await self.broker.order(record.account_id, sought))
        except DeskError:
            return record
        if not is_news(record, progress) or not record.state.may_become(progress.state):
            return record
        return await self._advance(record, progress, path, f"broker:{progress.state.value}")

    async def _settle(self, record: OrderRecord, path: str) -> bool:
        if record.state is OrderState.SUBMITTING and not self._is_old(record):
            return False
        try:
            lookup = await self._look_up(record)
        except DeskError:
            return False
        if lookup.broker_order is not None:
            progress = progress_of(lookup.broker_order)
            await self._advance(record, progress, path, "adopted")
            return True
        return await self._absent(record, lookup, path)

    async def _look_up(self, record: OrderRecord) -> Lookup:
        """Ask for our own id; a cancel leaves none behind, so its target is read instead."""
        if record.kind is not TicketKind.CANCEL or record.target_broker_order_id is None:
            return await self.broker.find(record.account_id, record.client_order_id)
        target = await self.broker.order(record.account_id, record.target_broker_order_id)
        return Lookup(status=LookupStatus.FOUND, broker_order=target)

    async def _absent(self, record: OrderRecord, lookup: Lookup, path: str) -> bool:
        if lookup.status is LookupStatus.INCOMPLETE:
            self._absent_since.pop(record.order_id, None)
            return await self._doubt(record, path)
        now = self.clock.now()
        first = self._absent_since.setdefault(record.order_id, now)
        if now - first < SECOND_SCAN_AFTER:
            return await self._doubt(record, path)
        gone = Progress(state=OrderState.LAPSED, reason=Reason.BROKER_UNAVAILABLE.name)
        await self._advance(record, gone, path, "not_placed")
        return True

    async def _doubt(self, record: OrderRecord, path: str) -> bool:
        if record.state is OrderState.UNKNOWN:
            return False
        unknown = Progress(state=OrderState.UNKNOWN, reason=Reason.OUTCOME_UNKNOWN.name)
        await self._advance(record, unknown, path, "unknown")
        return True

    async def _lapse_old(self, record: OrderRecord, path: str) -> bool:
        age = self.clock.now() - record.created_at
        if age < timedelta(seconds=self.preview_ttl_s) + GRACE:
            return False
        lapsed = Progress(state=OrderState.LAPSED, reason=Reason.PREVIEW_EXPIRED.name)
        await self._advance(record, lapsed, path, "lapsed")
        return True

    async def _advance(
        self, record: OrderRecord, progress: Progress, path: str, kind: str
    ) -> OrderRecord:
        note = Note(at=self.clock.now(), actor="strikedesk", path=path, kind=kind)
        moved = await self.ledger.advance(
            record.order_id, progress, only_from={record.state}, note=note
        )
        return moved or record

    async def _rows(self, states: set[OrderState]) -> list[OrderRecord]:
        """Return every row in `states` of this broker, page by page."""
        rows: list[OrderRecord] = []
        total = 1
        while len(rows) < total:
            page, total = await self.ledger.orders(
                account_id=None, states=states, limit=_PAGE, offset=len(rows)
            )
            rows.extend(page)
            if not page:
                break
        return [row for row in rows if row.broker == self.broker.capabilities.name]

    def _is_old(self, record: OrderRecord) -> bool:
        return self.clock.now() - record.updated_at > GRACE
