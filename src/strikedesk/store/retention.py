"""Lines of the audit trail that are past their time, and the orders that they tell of."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, RowMapping, Text, bindparam, delete, func, select, type_coerce

from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json, Note
from strikedesk.domain.reasons import Reason
from strikedesk.domain.retention import Span, first_kept
from strikedesk.domain.states import OrderState
from strikedesk.store.chain import ChainHead
from strikedesk.store.database import Database
from strikedesk.store.event_rows import append_event, queue_up
from strikedesk.store.schema import (
    LIFT_GUARD,
    SET_GUARD,
    approvals,
    nonces,
    order_events,
    order_previews,
    order_uses,
    orders,
)

# A preview that old has expired, whatever its row says: nothing can be sent of it.
_UNSENT: Final = frozenset({OrderState.PREVIEWED, OrderState.AWAITING_CONSENT})
_OVER: Final = frozenset(s.value for s in OrderState if s.is_final or s in _UNSENT)
_LINE: Final = order_events.c.sequence

_YOUNG: Final = select(func.min(_LINE)).where(order_events.c.at >= bindparam("cutoff"))
_LAST: Final = select(func.coalesce(func.max(_LINE), 0))
_SPANS: Final = (
    select(
        orders.c.order_id,
        orders.c.preview_id,
        # What an order replaces, or the first of its group, stays as long as it does.
        func.coalesce(orders.c.target_order_id, orders.c.group_id).label("needs"),
        # A word that means nothing is no end.
        type_coerce(orders.c.state, Text).label("state"),
        func.min(_LINE).label("first"),
        func.max(_LINE).label("last"),
    )
    .select_from(orders.outerjoin(order_events, order_events.c.order_id == orders.c.order_id))
    .group_by(orders.c.order_id)
)
_OLD: Final = select(
    func.count(_LINE).label("lines"),
    func.min(order_events.c.at).label("first_at"),
    func.max(order_events.c.at).label("last_at"),
).where(bindparam("kept") > _LINE)
_DIGEST: Final = select(order_events.c.digest).where(bindparam("through") == _LINE)
_LINES: Final = delete(order_events).where(bindparam("kept") > _LINE)
# Whatever refers to an order goes before it.
_REFERRING: Final = (
    delete(nonces).where(nonces.c.preview_id == bindparam("preview")),
    delete(order_previews).where(order_previews.c.preview_id == bindparam("preview")),
    delete(approvals).where(approvals.c.order_id == bindparam("order")),
    delete(order_uses).where(order_uses.c.order_id == bindparam("order")),
)
_ORDERS: Final = delete(orders).where(orders.c.order_id == bindparam("order"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """What is past its time: up to which line, how many lines and orders, and when (UTC)."""

    through: ChainHead
    lines: int
    orders: int
    first_at: datetime
    last_at: datetime


class SqlRetention:
    """Finds what is past its time and deletes it. What it raises is told at `Database`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def old(self, cutoff: datetime) -> Old | None:
        """Return what may go of the lines before an instant; None = nothing."""
        return await self._database.read(partial(_old, cutoff=cutoff))

    async def prune(self, old: Old, *, cutoff: datetime, note: Note) -> None:
        """Delete it, and leave a line that says how far the trail is gone.

        Raises:
            Denied: INVALID_ARGUMENT, where other lines would go now than `old` tells of.
        """
        await self._database.write(partial(_prune, expected=old, cutoff=cutoff, note=note))


def _old(connection: Connection, cutoff: datetime) -> Old | None:
    kept = _kept_from(connection, cutoff)
    row = connection.execute(_OLD, {"kept": kept}).one()
    if not row.lines:
        return None
    digest = connection.execute(_DIGEST, {"through": kept - 1}).scalar_one()
    return Old(
        through=ChainHead(sequence=kept - 1, digest=digest),
        lines=row.lines,
        orders=len(_orders_before(connection, kept)),
        first_at=row.first_at,
        last_at=row.last_at,
    )


def _kept_from(connection: Connection, cutoff: datetime) -> int:
    young = connection.execute(_YOUNG, {"cutoff": cutoff}).scalar_one()
    behind_all = connection.execute(_LAST).scalar_one() + 1
    spans = (_span(row) for row in connection.execute(_SPANS).mappings())
    return first_kept(behind_all if young is None else young, spans)


def _prune(connection: Connection, *, expected: Old, cutoff: datetime, note: Note) -> None:
    queue_up(connection)
    if _old(connection, cutoff) != expected:
        raise Denied(Reason.INVALID_ARGUMENT, rule="the_trail_changed_meanwhile", use="prune again")
    _delete(connection, expected.through.sequence + 1)
    append_event(connection, _with_end(note, expected), order_id=None)


def _delete(connection: Connection, kept: int) -> None:
    """Delete the lines before this one, and the orders that they tell of."""
    gone = _orders_before(connection, kept)
    for statement in _REFERRING if gone else ():
        connection.execute(statement, gone)
    connection.exec_driver_sql(LIFT_GUARD[connection.dialect.name])
    connection.execute(_LINES, {"kept": kept})
    connection.exec_driver_sql(SET_GUARD[connection.dialect.name])
    if gone:
        connection.execute(_ORDERS, gone)


def _orders_before(connection: Connection, kept: int) -> list[dict[str, str]]:
    """Return the orders of which every line is before this one, a target behind what names it."""
    rows = connection.execute(_SPANS).mappings()
    found = [row for row in rows if _span(row).ends_before(kept)]
    found.sort(key=lambda row: row["first"], reverse=True)
    return [{"order": row["order_id"], "preview": row["preview_id"]} for row in found]


def _span(row: RowMapping) -> Span:
    return Span(
        order_id=row["order_id"],
        first=row["first"],
        last=row["last"],
        is_over=row["state"] in _OVER,
        needs=row["needs"],
    )


def _with_end(note: Note, old: Old) -> Note:
    """Return the line, with what a walk over the trail has to know of what is gone."""
    end: dict[str, Json] = {"through": old.through.sequence, "digest": old.through.digest}
    return replace(note, body={**note.body, **end, "lines": old.lines, "orders": old.orders})
