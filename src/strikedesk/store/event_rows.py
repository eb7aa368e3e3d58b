"""Rows of the audit trail. Every function runs inside a transaction of its caller."""

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    Connection,
    RowMapping,
    Text,
    bindparam,
    insert,
    select,
    true,
    type_coerce,
    update,
)

from strikedesk.domain.ledger import Note, OrderEvent
from strikedesk.store.chain import GENESIS, ChainHead, follows, head_of, seal, where_ends_differ
from strikedesk.store.faults import unreadable
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import order_event_head as heads
from strikedesk.store.schema import order_events
from strikedesk.store.types import EPOCH, MICROSECOND, WholeNumber

_COLUMNS: Final = tuple(column.name for column in order_events.columns)
_EVENTS_OF_ORDER: Final = Prepared(
    select(order_events)
    .where(order_events.c.order_id == bindparam("of_order"))
    .order_by(order_events.c.sequence)
)
_LOCKED_HEAD: Final = Prepared(select(heads.c.sequence, heads.c.digest).with_for_update())
_MOVE_HEAD: Final = Prepared(update(heads), sets=("sequence", "digest"))
_ADD: Final = Prepared(insert(order_events).inline(), sets=_COLUMNS)

# Every line beside the head as it was noted, in one statement and so in one snapshot. Columns that
# a forger may have filled with nonsense come as they lie there.
TRAIL: Final = (
    select(
        *(c for c in order_events.columns if c.name not in {"at", "body"}),
        type_coerce(order_events.c.at, WholeNumber).label("at"),
        type_coerce(order_events.c.body, Text).label("body"),
        heads.c.sequence.label("noted_sequence"),
        heads.c.digest.label("noted_digest"),
    )
    .select_from(heads.outerjoin(order_events, true()))
    .order_by(order_events.c.sequence)
)


def queue_up(connection: Connection) -> None:
    """Let no other transaction write to the trail, and so claim, before this one has ended."""
    _LOCKED_HEAD.row(connection)


def append_event(connection: Connection, note: Note, *, order_id: str | None) -> None:
    """Seal a line behind the head, and make it the head."""
    head = _LOCKED_HEAD.row(connection)
    if head is None:
        raise unreadable("the head of the audit trail is lost")
    event = seal(note, order_id=order_id, behind=ChainHead(**head))
    _ADD.run(connection, {name: getattr(event, name) for name in _COLUMNS})
    _MOVE_HEAD.run(connection, {"sequence": event.sequence, "digest": event.digest})


def events_of_order(connection: Connection, order_id: str) -> tuple[OrderEvent, ...]:
    """Return the lines of one order, oldest first."""
    rows = _EVENTS_OF_ORDER.rows(connection, of_order=order_id)
    return tuple(OrderEvent(**row) for row in rows)


@dataclass(slots=True)
class TrailCheck:
    """Walks over the rows of `TRAIL` and finds the first line that was altered, lost or added."""

    last: ChainHead = GENESIS
    noted: ChainHead | None = None

    def breaks_at(self, row: RowMapping) -> int | None:
        """Take the next row; return the sequence that is bad, if one is."""
        self.noted = ChainHead(sequence=row["noted_sequence"], digest=row["noted_digest"])
        if row["sequence"] is None:
            return None  # There are no lines: a head beside none.
        event = _line_of(row)
        if event is None or not follows(event, behind=self.last):
            return self.last.sequence + 1
        self.last = head_of(event)
        return None

    def breaks_at_end(self) -> int | None:
        """Return the sequence that is lost or added behind the last row, if one is."""
        if self.noted is None:
            return 1  # No head, no rows: nothing vouches for any line.
        return where_ends_differ(self.last, self.noted)


def _line_of(row: RowMapping) -> OrderEvent | None:
    told = {name: row[name] for name in _COLUMNS}
    try:
        at = EPOCH + told.pop("at") * MICROSECOND
        body = json.loads(told.pop("body"))
    except (ValueError, OverflowError, RecursionError):
        return None
    return OrderEvent(at=at, body=body, **told)
