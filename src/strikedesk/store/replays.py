"""The orders table beside what the audit trail makes of it, in bounded memory."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import RowMapping, Text, exists, select, type_coerce

from strikedesk.domain.ledger import Json, OrderEvent
from strikedesk.domain.replay import COLUMNS, Row, folded, instant
from strikedesk.store.database import Database
from strikedesk.store.schema import order_events, orders
from strikedesk.store.types import EPOCH, MICROSECOND, Instant, WholeNumber

_LINE: Final = tuple(column.name for column in order_events.columns)
_INSTANTS: Final = frozenset(c.name for c in orders.columns if isinstance(c.type, Instant))
_COUNTS: Final = frozenset({"filled_units", "group_place"})

# Columns come as they lie there: one with a word that means nothing must show as different.
_STORED: Final = tuple(
    type_coerce(column, WholeNumber if isinstance(column.type, Instant) else Text).label(
        f"stored_{column.name}"
    )
    if column.name not in _COUNTS
    else column.label(f"stored_{column.name}")
    for column in orders.columns
)

# Every line about an order beside the order's row, the lines of one order together, oldest first.
BESIDE: Final = (
    select(*order_events.columns, *_STORED)
    .select_from(order_events.outerjoin(orders, orders.c.order_id == order_events.c.order_id))
    .where(order_events.c.order_id.is_not(None))
    .order_by(order_events.c.order_id, order_events.c.sequence)
)
# Rows that no line tells of.
_UNTOLD: Final = select(orders.c.order_id).where(
    ~exists().where(order_events.c.order_id == orders.c.order_id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """An order by its lines and by its row.

    `told` is None where its lines are older than those that tell rows; `stored` where there is no
    row. `lines` is 0 where no line tells of it.
    """

    order_id: str
    lines: int
    told: Row | None
    stored: Row | None


class SqlReplay:
    """Reads both. What it raises is told at `Database`; the trail's chain is verified elsewhere."""

    def __init__(self, database: Database) -> None:
        """Read this database."""
        self._database = database

    async def orders(self) -> AsyncGenerator[Replayed]:
        """Yield every order, as its lines and its row stood at one moment."""
        found: Replayed | None = None
        async with aclosing(self._database.stream(BESIDE)) as rows:
            async for row in rows:
                if found is not None and found.order_id != row["order_id"]:
                    yield found
                    found = None
                found = _after(found, row)
        if found is not None:
            yield found
        async with aclosing(self._database.stream(_UNTOLD)) as rows:
            async for row in rows:
                yield Replayed(order_id=row["order_id"], lines=0, told=None, stored={})


def _after(found: Replayed | None, row: RowMapping) -> Replayed:
    """Return what is known of an order after one more of its lines."""
    line = OrderEvent(**{name: row[name] for name in _LINE})
    return Replayed(
        order_id=row["order_id"],
        lines=1 if found is None else found.lines + 1,
        told=folded(None if found is None else found.told, line),
        stored=_stored(row) if found is None else found.stored,
    )


def _stored(row: RowMapping) -> Row | None:
    if row["stored_order_id"] is None:
        return None
    told = cast("Mapping[str, Any]", row)
    return {name: _plain(name, told[f"stored_{name}"]) for name in COLUMNS}


def _plain(name: str, value: str | int | None) -> Json:
    if name not in _INSTANTS or not isinstance(value, int):
        return value
    try:
        return instant(EPOCH + value * MICROSECOND)
    except OverflowError:
        return value
