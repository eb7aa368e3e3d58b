"""The whole audit trail, walked from its first line to its head in bounded memory."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import RowMapping, Text, select, true, type_coerce

from strikedesk.domain.ledger import OrderEvent
from strikedesk.domain.retention import PRUNED
from strikedesk.store.chain import (
    GENESIS,
    ChainHead,
    Fault,
    fault_at_end,
    fault_of,
    head_of,
    misplaced,
    where_ends_differ,
)
from strikedesk.store.database import Database
from strikedesk.store.schema import order_event_head as heads
from strikedesk.store.schema import order_events
from strikedesk.store.types import EPOCH, MICROSECOND, WholeNumber

# Told how many lines were looked at and how many there should be.
Progress: TypeAlias = Callable[[int, int], None]

_COLUMNS: Final = tuple(column.name for column in order_events.columns)
_LINES_A_STEP: Final = 500


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


_later: Final = order_events.alias()
_ANCHOR: Final = (
    select(type_coerce(_later.c.body, Text))
    .where(_later.c.kind == PRUNED)
    .order_by(_later.c.sequence.desc())
    .limit(1)
    .scalar_subquery()
)

# Every line beside the head as it was noted, in one statement and so in one snapshot. Columns that
# a forger may have filled with nonsense come as they lie there.
TRAIL: Final = (
    select(
        *(c for c in order_events.columns if c.name not in {"at", "body"}),
        type_coerce(order_events.c.at, WholeNumber).label("at"),
        type_coerce(order_events.c.body, Text).label("body"),
        heads.c.sequence.label("noted_sequence"),
        heads.c.digest.label("noted_digest"),
        _ANCHOR.label("anchor"),
    )
    .select_from(heads.outerjoin(order_events, true()))
    # The one head there is; without this SQLite sorts all lines in memory first.
    .where(heads.c.chain == 1)
    .order_by(order_events.c.sequence)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """The first line of the trail that is not as it was sealed. `order_id` where it tells one."""

    sequence: int
    fault: Fault
    order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailReport:
    """What a walk found: the lines that are whole, their times (UTC), and the last one's head.

    `anchor` is the last line that was pruned, and `GENESIS` where none was. `bad` ends the walk:
    what lies behind it was not looked at.
    """

    lines: int
    first_at: datetime | None
    last_at: datetime | None
    head: ChainHead
    anchor: ChainHead = GENESIS
    bad: BadLine | None = None


@dataclass(slots=True, kw_only=True)
class TrailCheck:
    """Walks over the rows of `TRAIL` and finds the first line that was altered, lost or added.

    `witness` is a head that was noted outside the database: the trail must pass through it. Once
    there is a `bad` line the walk is over.
    """

    witness: ChainHead | None = None
    anchor: ChainHead | None = None
    last: ChainHead = GENESIS
    noted: ChainHead | None = None
    lines: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    bad: BadLine | None = None

    def take(self, row: RowMapping) -> OrderEvent | None:
        """Take the next row; return its line where that is whole. None = bad, or no line at all."""
        self.noted = ChainHead(sequence=row["noted_sequence"], digest=row["noted_digest"])
        if self.anchor is None:
            self._begin(_anchor_of(row["anchor"]))
        if self.bad is not None or row["sequence"] is None:
            return None  # No line: a head beside none.
        if (fault := misplaced(row["sequence"], behind=self.last)) is not None:
            return self._refuse(row, fault)
        try:
            event = _line_of(row)
            fault = fault_of(event, behind=self.last)
        except (ValueError, OverflowError, RecursionError):
            return self._refuse(row, Fault.UNREADABLE)
        if fault is None and self._contradicted(event):
            fault = Fault.NOTED
        return self._follow(event) if fault is None else self._refuse(row, fault)

    def end(self) -> None:
        """See whether a line is lost or added behind the last row."""
        self.bad = self.bad or self._bad_at_end()

    def report(self) -> TrailReport:
        """Return what was found so far."""
        return TrailReport(
            lines=self.lines,
            first_at=self.first_at,
            last_at=self.last_at,
            head=self.last,
            anchor=self.anchor or GENESIS,
            bad=self.bad,
        )

    def _begin(self, anchor: ChainHead) -> None:
        """Begin behind what was pruned; a head noted there must be the one that the trail tells."""
        self.anchor = self.last = anchor
        noted = self.witness
        if noted is not None and noted.sequence == anchor.sequence and noted != anchor:
            self.bad = BadLine(sequence=anchor.sequence, fault=Fault.NOTED)

    def _follow(self, event: OrderEvent) -> OrderEvent:
        self.last = head_of(event)
        self.lines += 1
        self.first_at, self.last_at = self.first_at or event.at, event.at
        return event

    def _refuse(self, row: RowMapping, fault: Fault) -> None:
        """Name the line that should be here, or the one too many; a lost one tells no order."""
        here = row["sequence"] if fault is Fault.ADDED else self.last.sequence + 1
        order_id = None if fault is Fault.MISSING else row["order_id"]
        self.bad = BadLine(sequence=here, fault=fault, order_id=order_id)

    def _contradicted(self, event: OrderEvent) -> bool:
        """Whether a head that was noted outside is another line's now."""
        if self.witness is None or self.witness.sequence != event.sequence:
            return False
        return self.witness.digest != event.digest

    def _bad_at_end(self) -> BadLine | None:
        if self.noted is None:
            # No head, no rows: nothing vouches for any line.
            return BadLine(sequence=1, fault=Fault.HEAD)
        where = where_ends_differ(self.last, self.noted)
        fault = fault_at_end(self.last, self.noted)
        if where is not None and fault is not None:
            return BadLine(sequence=where, fault=fault)
        if self.witness is not None and self.witness.sequence > self.last.sequence:
            return BadLine(sequence=self.last.sequence + 1, fault=Fault.MISSING)
        return None


class SqlTrail:
    """Reads the trail of a database. What the methods raise is told at `Database`."""

    def __init__(self, database: Database) -> None:
        """Read this database."""
        self._database = database

    async def verify(
        self, *, progress: Progress = _silent, witness: ChainHead | None = None
    ) -> TrailReport:
        """Walk the chain from its first line, as it stands at one moment, to its head."""
        check = TrailCheck(witness=witness)
        async with aclosing(self.lines(check, progress=progress)) as lines:
            async for _ in lines:
                pass
        return check.report()

    async def lines(
        self, check: TrailCheck, *, progress: Progress = _silent
    ) -> AsyncGenerator[OrderEvent]:
        """Yield the lines that are whole, as they stand at one moment; `check` has the verdict."""
        async with aclosing(self._database.stream(TRAIL)) as rows:
            async for row in rows:
                line = check.take(row)
                if check.bad is not None:
                    return
                if line is not None:
                    yield line
                if check.lines % _LINES_A_STEP == 0:
                    progress(check.last.sequence, row["noted_sequence"])
        check.end()


def _anchor_of(told: str | None) -> ChainHead:
    """Read where a pruning ended; what cannot be read prunes nothing, and its line is bad."""
    if told is None:
        return GENESIS
    try:
        body = json.loads(told)
        return ChainHead(sequence=int(body["through"]), digest=str(body["digest"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return GENESIS


def _line_of(row: RowMapping) -> OrderEvent:
    told = {name: row[name] for name in _COLUMNS}
    at = EPOCH + told.pop("at") * MICROSECOND
    body = json.loads(told.pop("body"))
    return OrderEvent(at=at, body=body, **told)
