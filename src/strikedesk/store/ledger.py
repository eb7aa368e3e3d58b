"""The ledger over a database. Each change and its line of the audit trail are one transaction."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import Approval
from strikedesk.domain.breaker import FAILURES_MAX, FailuresInRow
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import (
    NonceState,
    Note,
    OrderEvent,
    OrderRecord,
    PreviewRecord,
    Progress,
)
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import IllegalMove, OrderState
from strikedesk.domain.usage import Allowance, Used, Window
from strikedesk.store import approval_rows, consenting, order_rows, use_rows
from strikedesk.store.breaker import count_outcome, failures_in_row
from strikedesk.store.database import Database
from strikedesk.store.event_rows import append_event, events_of_order, queue_up
from strikedesk.store.steps import move, open_lines
from strikedesk.store.trail import SqlTrail

_ID_LENGTH_SHOWN: Final = 36


class SqlLedger:
    """See `Ledger`. What the methods raise beside what they say is told at `Database`."""

    def __init__(self, database: Database, *, halts_at: int = FAILURES_MAX) -> None:
        """Read and write this database; halt at so many failures in a row."""
        self._database = database
        self._halts_at = halts_at

    async def open_preview(self, preview: PreviewRecord, note: Note) -> None:
        """See `Ledger.open_preview`."""
        await self._database.jot(partial(_open_preview, preview=preview, note=note))

    async def preview(self, preview_id: str) -> PreviewRecord | None:
        """See `Ledger.preview`."""
        return await self._database.glance(partial(order_rows.preview_by_id, preview_id=preview_id))

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
        spend = partial(
            order_rows.spend_nonce,
            preview_id=preview_id,
            nonce_hash=nonce_hash,
            binding=binding,
            now=now,
        )
        return await self._database.jot(
            partial(
                _claim,
                spend=spend,
                preview_id=preview_id,
                progress=progress,
                note=note,
                approval=approval,
                take=partial(_take, allowance=allowance, now=now),
            )
        )

    async def approval(self, order_id: str) -> Approval | None:
        """See `Ledger.approval`."""
        return await self._database.glance(partial(approval_rows.approval_of, order_id=order_id))

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
        return await self._database.jot(
            partial(
                consenting.consent,
                order_id=order_id,
                digest=digest,
                progress=progress,
                now=now,
                note=note,
                take=partial(_take, allowance=allowance, now=now),
            )
        )

    async def set_code(self, order_id: str, code_hash: str, note: Note) -> bool:
        """See `Ledger.set_code`."""
        return await self._database.write(
            partial(consenting.set_code, order_id=order_id, code_hash=code_hash, note=note)
        )

    async def try_code(self, order_id: str, code_hash: str, note: Note) -> bool:
        """See `Ledger.try_code`."""
        return await self._database.write(
            partial(consenting.try_code, order_id=order_id, code_hash=code_hash, note=note)
        )

    async def mark_unheard(self, order_id: str, why: str, note: Note) -> None:
        """See `Ledger.mark_unheard`."""
        await self._database.write(
            partial(consenting.mark_unheard, order_id=order_id, why=why, note=note)
        )

    async def used(self, window: Window) -> Used:
        """See `Ledger.used`."""
        return await self._database.glance(partial(use_rows.used_in, window=window))

    async def void(self, preview_id: str, progress: Progress, note: Note) -> None:
        """See `Ledger.void`."""
        await self._database.write(
            partial(_void, preview_id=preview_id, progress=progress, note=note)
        )

    async def advance(
        self, order_id: str, progress: Progress, *, only_from: Collection[str], note: Note
    ) -> OrderRecord | None:
        """See `Ledger.advance`.

        Raises:
            Denied: ORDER_UNKNOWN.
            IllegalMove: the table of states forbids the move.
        """
        return await self._database.jot(
            partial(
                _advance,
                order_id=order_id,
                progress=progress,
                only_from=only_from,
                note=note,
                halts_at=self._halts_at,
            )
        )

    async def failures_in_row(self, broker: str, environment: Environment) -> FailuresInRow:
        """See `Ledger.failures_in_row`."""
        counted = await self._database.read(
            partial(failures_in_row, broker=broker, environment=environment)
        )
        return FailuresInRow(failures=counted, halts_at=self._halts_at)

    async def append(self, order_id: str | None, note: Note) -> None:
        """See `Ledger.append`.

        Raises:
            Denied: ORDER_UNKNOWN.
        """
        await self._database.write(partial(_append, order_id=order_id, note=note))

    async def order(self, order_id: str) -> OrderRecord | None:
        """See `Ledger.order`."""
        return await self._database.glance(partial(order_rows.order_by_id, order_id=order_id))

    async def others(self, order_id: str) -> Sequence[OrderRecord]:
        """See `Ledger.others`."""
        return await self._database.glance(partial(_others, order_id=order_id))

    async def order_by_client_id(self, client_order_id: str) -> OrderRecord | None:
        """See `Ledger.order_by_client_id`."""
        return await self._database.glance(
            partial(order_rows.order_by_client_id, client_order_id=client_order_id)
        )

    async def order_by_broker_id(self, broker: str, broker_order_id: str) -> OrderRecord | None:
        """See `Ledger.order_by_broker_id`."""
        return await self._database.glance(
            partial(order_rows.order_by_broker_id, broker=broker, wanted=broker_order_id)
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
        return await self._database.read(
            partial(
                order_rows.page_of_orders,
                account_id=account_id,
                states=states,
                limit=limit,
                offset=offset,
                broker=broker,
            )
        )

    async def events(self, order_id: str) -> Sequence[OrderEvent]:
        """See `Ledger.events`."""
        return await self._database.read(partial(events_of_order, order_id=order_id))

    async def verify(self) -> int | None:
        """See `Ledger.verify`."""
        bad = (await SqlTrail(self._database).verify()).bad
        return None if bad is None else bad.sequence


def _open_preview(connection: Connection, *, preview: PreviewRecord, note: Note) -> None:
    record = preview.record
    if record.state is not OrderState.PREVIEWED or preview.nonce_state is not NonceState.LIVE:
        raise IllegalMove(record.order_id, record.state.value, preview.nonce_state.value)
    order_rows.add_preview(connection, preview)
    open_lines(connection, preview, note)


def _claim(
    connection: Connection,
    *,
    spend: Callable[[Connection], bool],
    preview_id: str,
    progress: Progress,
    note: Note,
    approval: Approval | None,
    take: Callable[[Connection, OrderRecord], None],
) -> OrderRecord | None:
    found = order_rows.locked_order_of(connection, preview_id)
    if found is None or found.state is not OrderState.PREVIEWED or not spend(connection):
        return None
    take(connection, found)
    after = move(connection, found, progress, note)
    if approval is not None:
        approval_rows.add_approval(connection, approval, now=note.at)
    return after


def _take(
    connection: Connection, record: OrderRecord, *, allowance: Allowance | None, now: datetime
) -> None:
    """Write down what the order uses, once whoever answers for the limits has seen the count."""
    if allowance is None:
        return
    queue_up(connection)
    allowance.admit(use_rows.used_in(connection, window=allowance.window))
    rows = (record, *order_rows.others_of(connection, record))
    for row, use in zip(rows, (allowance.use, *allowance.beside), strict=True):
        use_rows.add_use(connection, row, use, at=now)


def _void(connection: Connection, *, preview_id: str, progress: Progress, note: Note) -> None:
    found = order_rows.locked_order_of(connection, preview_id)
    if found is not None and order_rows.void_nonce(connection, preview_id, at=note.at):
        move(connection, found, progress, note)


def _advance(
    connection: Connection,
    *,
    order_id: str,
    progress: Progress,
    only_from: Collection[str],
    note: Note,
    halts_at: int,
) -> OrderRecord | None:
    found = _known(connection, order_id)
    if found.state not in only_from:
        return None
    after = move(connection, found, progress, note)
    count_outcome(connection, found, after, note=note, halts_at=halts_at)
    return after


def _append(connection: Connection, *, order_id: str | None, note: Note) -> None:
    if order_id is not None:
        _known(connection, order_id)
    append_event(connection, note, order_id=order_id)


def _others(connection: Connection, *, order_id: str) -> Sequence[OrderRecord]:
    found = order_rows.order_by_id(connection, order_id)
    return () if found is None else order_rows.others_of(connection, found)


def _known(connection: Connection, order_id: str) -> OrderRecord:
    found = order_rows.locked_order(connection, order_id)
    if found is None:
        raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id[:_ID_LENGTH_SHOWN])
    return found
