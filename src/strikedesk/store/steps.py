"""A step of an order: its row moved, and the line of the trail that says so."""

from dataclasses import replace

from sqlalchemy import Connection

from strikedesk.domain.ledger import Note, OrderRecord, PreviewRecord, Progress
from strikedesk.domain.replay import with_row
from strikedesk.store import order_rows
from strikedesk.store.event_rows import append_event
from strikedesk.store.moves import carried, moved


def open_lines(connection: Connection, preview: PreviewRecord, note: Note) -> None:
    """Write the first line of a preview's order, and of each other one of its group."""
    first = preview.record
    append_event(connection, with_row(note, first, before=None), order_id=first.order_id)
    for other in preview.others:
        line = with_row(beside(note, first, other), other, before=None)
        append_event(connection, line, order_id=other.order_id)


def move(
    connection: Connection, record: OrderRecord, progress: Progress, note: Note
) -> OrderRecord:
    """Write both; return the row as it stands after. What goes along with it is moved too.

    Raises:
        IllegalMove: the table of states forbids it.
    """
    others = order_rows.others_of(connection, record)
    after = _step(connection, record, progress, note)
    for other, its in carried(record, others, progress):
        _step(connection, other, its, beside(note, record, its))
    return after


def beside(note: Note, first: OrderRecord, its: OrderRecord | Progress) -> Note:
    """Return the line of another order of a group: what was said is told once, with the first."""
    what, colon, _ = note.kind.partition(":")
    kind = f"{what}:{its.state.value}" if colon else note.kind
    return replace(note, kind=kind, body={"with": first.order_id})


def _step(
    connection: Connection, record: OrderRecord, progress: Progress, note: Note
) -> OrderRecord:
    after = moved(record, progress, at=note.at)
    order_rows.store_moved(connection, after)
    append_event(connection, with_row(note, after, before=record), order_id=record.order_id)
    return after
