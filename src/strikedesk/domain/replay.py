"""Replay: an order's row, told again by the audit trail alone.

The line that is written beside a change of a row carries, as `row`, the columns that changed; the
first line of an order carries them all. Folding the lines of an order gives its row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

from strikedesk.domain.ledger import Json, Note, OrderEvent, OrderRecord

# A row's columns by name: instants as ISO 8601 in UTC, decimals as their digits, words as text.
Row: TypeAlias = Mapping[str, Json]

ROW: Final = "row"
# Lines that are older than this version tell no rows.
ROWS_SINCE: Final = "0.1.0"
_ORDER: Final = "canonical"
COLUMNS: Final = tuple(
    _ORDER if column.name == "order" else column.name for column in fields(OrderRecord)
)


def row_of(record: OrderRecord) -> Row:
    """Return the row of an order, as lines tell it."""
    told = {name: _plain(getattr(record, name)) for name in COLUMNS if name != _ORDER}
    return {**told, _ORDER: record.order.canonical}


def with_row(note: Note, after: OrderRecord, *, before: OrderRecord | None) -> Note:
    """Return a line that also tells what became of the row; of a new row it tells all."""
    now, was = row_of(after), None if before is None else row_of(before)
    changed = {name: now[name] for name in COLUMNS if was is None or now[name] != was[name]}
    return replace(note, body={**note.body, ROW: changed})


def rebuilt(lines: Iterable[OrderEvent]) -> Row | None:
    """Return the row that the lines of one order, oldest first, come to.

    None where the first of them tells no whole row: it was written before lines told rows.
    """
    row: Row | None = None
    for line in lines:
        row = folded(row, line)
    return row


def folded(row: Row | None, line: OrderEvent) -> Row | None:
    """Return the row after one more line; a line that tells nothing of it leaves it."""
    told = line.body.get(ROW)
    if not isinstance(told, Mapping):
        return row
    if row is None:
        return told if set(COLUMNS) <= told.keys() else None
    return {**row, **told}


def differing(one: Row, other: Row) -> tuple[str, ...]:
    """Return the columns in which two rows differ."""
    return tuple(name for name in COLUMNS if one.get(name) != other.get(name))


def instant(at: datetime) -> str:
    """Return an instant as rows tell it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: object) -> Json:
    match value:
        case datetime():
            return instant(value)
        case StrEnum():
            return value.value
        case Decimal():
            return str(value)
        case str() | int() | None:
            return value
        case _:
            raise TypeError(f"{type(value).__name__} is in no column")
