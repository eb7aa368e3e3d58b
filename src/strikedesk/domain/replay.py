"""Replay: an order's row, told again by the audit trail alone.

The line that is written beside a change of a row carries, as `row`, the columns that changed; the
first line of an order carries them all. Folding the lines of an order gives its row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Final, TypeAlias

from strikedesk.domain.canonical import Written
from strikedesk.domain.ledger import Json, Note, OrderEvent, OrderRecord

# A row's columns by name: instants as ISO 8601 in UTC, decimals as their digits, words as text.
Row: TypeAlias = Mapping[str, Json]

ROW: Final = "row"
# What a first line that was written before there were groups leaves out: its order is in none.
_OF_NO_GROUP: Final[Row] = {"group_id": None, "group_kind": None, "group_place": None}
# Lines that are older than this version tell no rows.
ROWS_SINCE: Final = "0.1.0"
_ORDER: Final = "canonical"
COLUMNS: Final = tuple(
    _ORDER if column.name == "order" else column.name for column in fields(OrderRecord)
)

_values: Final = attrgetter(*("order.canonical" if c == _ORDER else c for c in COLUMNS))


def row_of(record: OrderRecord) -> Row:
    """Return the row of an order, as lines tell it."""
    return {name: _plain(value) for name, value in zip(COLUMNS, _values(record), strict=True)}


def with_row(note: Note, after: OrderRecord, *, before: OrderRecord | None) -> Note:
    """Return a line that also tells what became of the row; of a new row it tells all."""
    told = row_of(after) if before is None else _changed(after, before)
    body = Written({**note.body, ROW: told})
    return Note(at=note.at, actor=note.actor, path=note.path, kind=note.kind, body=body)


def _changed(after: OrderRecord, before: OrderRecord) -> Row:
    """Return the columns that differ as they are told: 1.0 and 1.00 do."""
    columns = zip(COLUMNS, _values(after), _values(before), strict=True)
    # Most are the very same object: a row after a change is a copy of the row before.
    differ = [(name, _plain(now), _plain(was)) for name, now, was in columns if now is not was]
    return {name: now for name, now, was in differ if now != was}


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
        whole = {**_OF_NO_GROUP, **told}
        return whole if set(COLUMNS) <= whole.keys() else None
    return {**row, **told}


def differing(one: Row, other: Row) -> tuple[str, ...]:
    """Return the columns in which two rows differ."""
    return tuple(name for name in COLUMNS if one.get(name) != other.get(name))


@lru_cache(maxsize=1024)
def instant(at: datetime) -> str:
    """Return an instant as rows and lines tell it: a step tells its own twice or thrice."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: object) -> Json:
    if value is None or type(value) is str or type(value) is int:
        return value  # As most are, and the rest has to ask what it is.
    match value:
        case datetime():
            return instant(value)
        case StrEnum() | Decimal():
            return str(value)
        case str() | int():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} is in no column")
