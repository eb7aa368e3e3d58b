"""A step of an order: its row moved, and the line of the trail that says so."""

from sqlalchemy import Connection

from strikedesk.domain.ledger import Note, OrderRecord, Progress
from strikedesk.domain.replay import with_row
from strikedesk.store import order_rows
from strikedesk.store.event_rows import append_event
from strikedesk.store.moves import moved


def move(
    connection: Connection, record: OrderRecord, progress: Progress, note: Note
) -> OrderRecord:
    """Write both; return the row as it stands after.

    Raises:
        IllegalMove: the table of states forbids it.
    """
    after = moved(record, progress, at=note.at)
    order_rows.store_moved(connection, after)
    append_event(connection, with_row(note, after, before=record), order_id=record.order_id)
    return after
