"""Rows of the audit trail. Every function runs inside a transaction of its caller."""

from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from strikedesk.domain.ledger import Note, OrderEvent
from strikedesk.store.chain import ChainHead, head_of, seal
from strikedesk.store.faults import unreadable
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import order_event_head as heads
from strikedesk.store.schema import order_events

_COLUMNS: Final = tuple(column.name for column in order_events.columns)
_EVENTS_OF_ORDER: Final = Prepared(
    select(order_events)
    .where(order_events.c.order_id == bindparam("of_order"))
    .order_by(order_events.c.sequence)
)
_LOCKED_HEAD: Final = Prepared(select(heads.c.sequence, heads.c.digest).with_for_update())
_MOVE_HEAD: Final = Prepared(
    update(heads).where(
        heads.c.sequence == bindparam("was_sequence"), heads.c.digest == bindparam("was_digest")
    ),
    sets=("sequence", "digest"),
)
# What this connection made the head last: where it still is, it need not be read.
_LEFT: Final = "strikedesk.trail_head"
_ADD: Final = Prepared(insert(order_events).inline(), sets=_COLUMNS)


def queue_up(connection: Connection) -> None:
    """Let no other transaction write to the trail, and so claim, before this one has ended.

    On SQLite none does anyway: there is one that writes.
    """
    if connection.dialect.name != "sqlite":
        _LOCKED_HEAD.row(connection)


def append_event(connection: Connection, note: Note, *, order_id: str | None) -> None:
    """Seal a line behind the head, and make it the head."""
    left = connection.info.get(_LEFT)
    event = None if left is None else _put(connection, note, order_id, behind=left)
    if event is None:
        event = _put(connection, note, order_id, behind=_head(connection))
    if event is None:
        raise unreadable("the head of the audit trail does not stay")
    _ADD.run(connection, {name: getattr(event, name) for name in _COLUMNS})


def _head(connection: Connection) -> ChainHead:
    head = _LOCKED_HEAD.row(connection)
    if head is None:
        raise unreadable("the head of the audit trail is lost")
    return ChainHead(**head)


def _put(
    connection: Connection, note: Note, order_id: str | None, *, behind: ChainHead
) -> OrderEvent | None:
    """Make the line the head in the place of `behind`; None where another one is the head.

    So is one of which the transaction was taken back, and one that somebody wrote over.
    """
    event = seal(note, order_id=order_id, behind=behind)
    told = {
        "sequence": event.sequence,
        "digest": event.digest,
        "was_sequence": behind.sequence,
        "was_digest": behind.digest,
    }
    if not _MOVE_HEAD.run(connection, told):
        return None
    connection.info[_LEFT] = head_of(event)
    return event


def events_of_order(connection: Connection, order_id: str) -> tuple[OrderEvent, ...]:
    """Return the lines of one order, oldest first."""
    rows = _EVENTS_OF_ORDER.rows(connection, of_order=order_id)
    return tuple(OrderEvent(**row) for row in rows)
