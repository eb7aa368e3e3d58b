"""Settle: the owner's word on an order of which nobody knows what came of it.

The last resort where the broker's books do not tell. The command line alone may use it, no tool.
"""

from dataclasses import dataclass, replace
from typing import Final

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.ledger import (
    Json,
    Note,
    OrderRecord,
    PreviewRecord,
    Progress,
    TicketKind,
)
from strikedesk.domain.ports import Broker, Clock, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.outcome import progress_of, says_nothing
from strikedesk.orders.reconcile import Reconciler, is_abandoned
from strikedesk.orders.targets import is_at
from strikedesk.orders.wording import digest_of, order_in_words

_BY_OWNER: Final = "settled_by_owner"
_DOUBT: Final = frozenset({OrderState.SUBMITTING, OrderState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """A row that may be settled by hand, and the text that says what it is."""

    record: OrderRecord
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Takes the owner's word; `reconciler` is None where no broker could be opened at all."""

    ledger: Ledger
    clock: Clock
    reconciler: Reconciler | None
    actor: str
    path: str

    async def look(self, order_id: str) -> InDoubt | OrderRecord:
        """Ask the broker first, where it answers: return what is in doubt still, or the row.

        Raises:
            Denied: ORDER_UNKNOWN; NOT_IN_DOUBT, where somebody may be sending it at this moment.
        """
        record = await self.ledger.order(order_id)
        preview = await self._preview_of(record)
        if record is None or preview is None:
            raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id[:36])
        if record.state in _DOUBT and self.reconciler is not None:
            record = await self.reconciler.refresh(record, path=self.path)
        if record.state not in _DOUBT:
            return record
        first = preview.record
        if record.goes_along and first.state is record.state:
            record = first  # They left together, and nobody knows of any of them.
        self._check_in_doubt(record)
        return InDoubt(record=record, text=_in_words(preview, record))

    async def _preview_of(self, record: OrderRecord | None) -> PreviewRecord | None:
        """Return the preview that a row left by: of a group, that of its first order."""
        if record is None:
            return None
        first = await self.ledger.order(record.group_id) if record.group_id else record
        return await self.ledger.preview(first.preview_id) if first else None

    async def placed(self, doubt: InDoubt, broker_order_id: str) -> OrderRecord:
        """Take the order for the broker's own of this number, with its fills where it tells them.

        Of a group the number is that of its first order; the others stay in doubt, each by itself.

        Raises:
            Denied: ORDER_UNKNOWN, where the broker has no such order; INVALID_ARGUMENT, where it
                is another one; NOT_IN_DOUBT.
        """
        record = doubt.record
        await self._check_free(record, broker_order_id)
        seen = await self._seen(record, broker_order_id)
        return await self._settle(doubt, _taken(record, broker_order_id, seen), broker_order_id)

    async def not_placed(self, doubt: InDoubt) -> OrderRecord:
        """Take the order for one that never got there.

        Raises:
            Denied: NOT_IN_DOUBT.
        """
        gone = Progress(state=OrderState.LAPSED, reason=Reason.BROKER_UNAVAILABLE.name)
        return await self._settle(doubt, gone, None)

    async def _settle(
        self, doubt: InDoubt, progress: Progress, broker_order_id: str | None
    ) -> OrderRecord:
        record = doubt.record
        self._check_in_doubt(record)
        body: dict[str, Json] = {
            "was": record.state.value,
            "now": progress.state.value,
            "broker_order_id": broker_order_id,
            "shown": digest_of(doubt.text),
        }
        note = Note(
            at=self.clock.now(), actor=self.actor, path=self.path, kind=_BY_OWNER, body=body
        )
        settled = await self.ledger.advance(
            record.order_id, progress, only_from={record.state}, note=note
        )
        if settled is None:
            raise Denied(Reason.NOT_IN_DOUBT, order_id=record.order_id)
        return settled

    def _check_in_doubt(self, record: OrderRecord) -> None:
        """Refuse a row that is settled, or that somebody may be sending at this moment."""
        sending = record.state is OrderState.SUBMITTING
        if record.state not in _DOUBT or (sending and not is_abandoned(record, self.clock.now())):
            state = record.state.value
            raise Denied(Reason.NOT_IN_DOUBT, order_id=record.order_id, state=state)

    async def _check_free(self, record: OrderRecord, broker_order_id: str) -> None:
        """Refuse a number that another row of ours has: one order would be counted twice."""
        if record.kind is TicketKind.CANCEL:
            if broker_order_id != record.target_broker_order_id:
                raise _another(broker_order_id)
            return
        other = await self.ledger.order_by_broker_id(record.broker, broker_order_id)
        if other is not None:
            raise _another(broker_order_id)

    async def _seen(self, record: OrderRecord, broker_order_id: str) -> BrokerOrder | None:
        """Return the order as its broker has it; None where it cannot be asked now."""
        broker = self._broker_of(record)
        if broker is None:
            return None
        try:
            seen = await broker.order(record.account_id, broker_order_id)
        except Unavailable:
            return None
        if not _could_be(record, seen):
            raise _another(broker_order_id)
        return seen

    def _broker_of(self, record: OrderRecord) -> Broker | None:
        if self.reconciler is None or not is_at(record, self.reconciler.broker):
            return None
        return self.reconciler.broker


def _in_words(preview: PreviewRecord, record: OrderRecord) -> str:
    """Return what the whole preview is, and which order of a group is asked about by itself."""
    text = order_in_words(preview)
    return f"{text}\nAsked about: order {record.group_place}" if record.goes_along else text


def _taken(record: OrderRecord, broker_order_id: str, seen: BrokerOrder | None) -> Progress:
    if seen is not None:
        told = progress_of(record, seen)
        return replace(told, reason=told.reason or _BY_OWNER)
    cancels = record.kind is TicketKind.CANCEL
    state = OrderState.CANCEL_PENDING if cancels else OrderState.SUBMITTED
    return Progress(state=state, broker_order_id=broker_order_id, reason=_BY_OWNER)


def _could_be(record: OrderRecord, seen: BrokerOrder) -> bool:
    """Whether the broker's order can be what our row sent: ours by name, or by its legs."""
    if record.kind is TicketKind.CANCEL:
        return not says_nothing(record, seen)
    if seen.client_order_id is not None:
        return seen.client_order_id == record.client_order_id
    asked, has = ({(leg.symbol, leg.action) for leg in o.legs} for o in (record.order, seen.order))
    return asked == has


def _another(broker_order_id: str) -> Denied:
    return Denied(
        Reason.INVALID_ARGUMENT,
        argument="--placed",
        rule="it_is_another_order",
        broker_order_id=broker_order_id[:36],
    )
