"""A walk over the trail: the first line that is wrong, what is wrong with it, and whose it is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import RowMapping
from sqlalchemy.dialects import sqlite

from strikedesk.domain.ledger import OrderEvent
from strikedesk.store.chain import GENESIS, ChainHead, Fault, head_of, seal
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.trail import TRAIL, BadLine, SqlTrail, TrailCheck, TrailReport
from strikedesk.store.types import EPOCH, MICROSECOND
from tests.builders import NOON, a_note, a_preview
from tests.stores import DATABASES, a_database
from tests.unit.test_store_trail import DROP_GUARDS, run

LINES = 5
Row = dict[str, Any]


def a_trail(length: int) -> list[OrderEvent]:
    events: list[OrderEvent] = []
    head = GENESIS
    for number in range(length):
        note = a_note(f"kind-{number}", seconds=number, number=number)
        events.append(seal(note, order_id=f"order-{number}", behind=head))
        head = head_of(events[-1])
    return events


def rows_of(events: list[OrderEvent]) -> list[Row]:
    return [
        {
            "sequence": event.sequence,
            "order_id": event.order_id,
            "at": (event.at - EPOCH) // MICROSECOND,
            "actor": event.actor,
            "path": event.path,
            "kind": event.kind,
            "body": json.dumps(event.body),
            "previous_digest": event.previous_digest,
            "digest": event.digest,
        }
        for event in events
    ]


def walk(rows: list[Row], head: ChainHead, witness: ChainHead | None = None) -> TrailReport:
    """Walk as the database would: by number, the head beside every line."""
    check = TrailCheck(witness=witness)
    beside = {"noted_sequence": head.sequence, "noted_digest": head.digest, "anchor": None}
    for row in sorted(rows, key=lambda row: row["sequence"]) or [{"sequence": None}]:
        check.take(cast("RowMapping", {**row, **beside}))
        if check.bad is not None:
            return check.report()
    check.end()
    return check.report()


def test_a_whole_trail_is_told_with_its_lines_its_times_and_its_head() -> None:
    events = a_trail(LINES)

    report = walk(rows_of(events), head_of(events[-1]))

    assert report == TrailReport(
        lines=LINES,
        first_at=NOON,
        last_at=events[-1].at,
        head=head_of(events[-1]),
        bad=None,
    )


def test_a_trail_without_lines_is_whole() -> None:
    report = walk([], GENESIS)

    assert (report.lines, report.first_at, report.bad) == (0, None, None)


FORGED: dict[str, tuple[str, object, Fault]] = {
    "order_id": ("order_id", None, Fault.CONTENT),
    "at": ("at", 0, Fault.CONTENT),
    "at, out of all time": ("at", 2**62, Fault.UNREADABLE),
    "actor": ("actor", "nobody", Fault.CONTENT),
    "path": ("path", "", Fault.CONTENT),
    "kind": ("kind", "other", Fault.CONTENT),
    "body": ("body", "{}", Fault.CONTENT),
    "body, no object": ("body", "7", Fault.CONTENT),
    "body, no JSON": ("body", "{", Fault.UNREADABLE),
    "body, no number": ("body", '{"number":NaN}', Fault.UNREADABLE),
    "body, too deep": ("body", "[" * 100_000 + "]" * 100_000, Fault.UNREADABLE),
    "previous_digest": ("previous_digest", "f" * 64, Fault.PREVIOUS),
    "digest": ("digest", "f" * 64, Fault.CONTENT),
}


@pytest.mark.parametrize("position", range(LINES))
@pytest.mark.parametrize(("column", "value", "fault"), FORGED.values(), ids=FORGED)
def test_whatever_column_was_altered_the_line_is_named_with_its_order(
    column: str, value: object, fault: Fault, position: int
) -> None:
    events = a_trail(LINES)
    rows = rows_of(events)
    rows[position][column] = value

    report = walk(rows, head_of(events[-1]))

    order_id = None if column == "order_id" else f"order-{position}"
    assert report.bad == BadLine(sequence=position + 1, fault=fault, order_id=order_id)
    assert (report.lines, report.head.sequence) == (position, position)


@pytest.mark.parametrize("position", range(LINES))
def test_a_lost_line_is_missing_wherever_it_was(position: int) -> None:
    """At the end only the head beside the lines tells."""
    events = a_trail(LINES)
    rows = rows_of(events)
    del rows[position]

    bad = walk(rows, head_of(events[-1])).bad

    assert bad == BadLine(sequence=position + 1, fault=Fault.MISSING)


def test_two_lines_that_changed_places_are_named_by_the_first() -> None:
    events = a_trail(LINES)
    rows = rows_of(events)
    rows[1]["sequence"], rows[3]["sequence"] = 4, 2

    bad = walk(rows, head_of(events[-1])).bad

    assert bad == BadLine(sequence=2, fault=Fault.PREVIOUS, order_id="order-3")


@pytest.mark.parametrize(
    ("number", "named"), [(0, 0), (-7, -7), (LINES + 1, LINES + 1)], ids=["0", "-7", "behind"]
)
def test_a_line_that_was_put_in_is_named(number: int, named: int) -> None:
    events = a_trail(LINES)
    head = events[-1] if number > 0 else None
    behind = ChainHead(sequence=number - 1, digest=head.digest if head else GENESIS.digest)
    rows = rows_of([*events, seal(a_note("forged"), order_id="order-9", behind=behind)])

    bad = walk(rows, head_of(events[-1])).bad

    assert bad is not None
    assert (bad.sequence, bad.fault) == (named, Fault.ADDED)


def test_a_line_sealed_anew_breaks_at_the_one_behind_it() -> None:
    events = a_trail(LINES)
    forged = seal(a_note("forged"), order_id="order-1", behind=head_of(events[0]))
    rows = rows_of([events[0], forged, *events[2:]])

    bad = walk(rows, head_of(events[-1])).bad

    assert bad == BadLine(sequence=3, fault=Fault.PREVIOUS, order_id="order-2")


@pytest.mark.parametrize("length", [0, 3])
def test_a_head_of_another_line_is_named(length: int) -> None:
    head = ChainHead(sequence=length, digest="f" * 64)

    bad = walk(rows_of(a_trail(length)), head).bad

    assert bad == BadLine(sequence=max(length, 1), fault=Fault.HEAD)


def test_a_trail_cut_off_together_with_its_head_shows_by_a_head_noted_outside() -> None:
    """From inside the database nothing can tell: it is a shorter, whole trail."""
    events = a_trail(LINES)
    noted = head_of(events[-1])
    rows, head = rows_of(events[:3]), head_of(events[2])

    assert walk(rows, head).bad is None
    assert walk(rows, head, witness=noted).bad == BadLine(sequence=4, fault=Fault.MISSING)


def test_a_trail_written_anew_from_the_start_shows_by_a_head_noted_outside() -> None:
    events = a_trail(LINES)
    noted = head_of(events[2])
    other = [seal(a_note("forged"), order_id="order-0", behind=GENESIS)]
    for number in range(1, LINES):
        other.append(seal(a_note(f"{number}"), order_id=None, behind=head_of(other[-1])))

    assert walk(rows_of(other), head_of(other[-1])).bad is None
    bad = walk(rows_of(other), head_of(other[-1]), witness=noted).bad
    assert bad == BadLine(sequence=3, fault=Fault.NOTED)


def test_a_trail_that_grew_still_passes_through_the_head_noted_before() -> None:
    events = a_trail(LINES)

    for noted in (head_of(events[2]), head_of(events[-1])):
        assert walk(rows_of(events), head_of(events[-1]), witness=noted).bad is None


def _change(rows: list[Row], at: int, draw: Callable[[Any], Any]) -> int:
    column = draw(st.sampled_from(["order_id", "actor", "path", "kind", "digest"]))
    rows[at][column] = f"{rows[at][column]}!"
    return at + 1


def _lose(rows: list[Row], at: int, draw: Callable[[Any], Any]) -> int:
    del rows[at : at + draw(st.integers(1, len(rows)))]
    return at + 1


def _swap(rows: list[Row], at: int, draw: Callable[[Any], Any]) -> int:
    other = draw(st.integers(0, len(rows) - 1).filter(lambda found: found != at))
    rows[at]["sequence"], rows[other]["sequence"] = other + 1, at + 1
    return min(at, other) + 1


def _put_in(rows: list[Row], at: int, draw: Callable[[Any], Any]) -> int:
    """Put a line in and move all behind it on by one, as a forger would have to."""
    forged: Row = {**rows[draw(st.integers(0, len(rows) - 1))], "sequence": at + 1}
    for row in rows[at:]:
        row["sequence"] += 1
    rows.insert(at, forged)
    return at + 1


@given(st.data())
def test_whatever_is_done_to_a_trail_its_first_wrong_line_is_named(data: st.DataObject) -> None:
    """A law: nothing before the named line was touched, and the named line was."""
    events = a_trail(data.draw(st.integers(2, 12)))
    rows = rows_of(events)
    at = data.draw(st.integers(0, len(rows) - 1))
    tamper = data.draw(st.sampled_from([_change, _lose, _swap, _put_in]))

    first = tamper(rows, at, data.draw)

    report = walk(rows, head_of(events[-1]))
    assert report.bad is not None
    # A copy of the very line put in before itself is that line; what is wrong is the next.
    same = tamper is _put_in and rows[at] == rows_of(events)[at]
    assert report.bad.sequence == first + same


@pytest.mark.parametrize("kind", DATABASES)
async def test_a_walk_over_a_database_tells_how_far_it_is(kind: str, tmp_path: Path) -> None:
    """And what it found, with the line's order."""
    told: list[tuple[int, int]] = []
    async with a_database(kind, tmp_path) as database:
        ledger, trail = SqlLedger(database), SqlTrail(database)
        await ledger.open_preview(a_preview(), a_note("previewed"))
        for number in range(2, 601):
            await ledger.append("order-1", a_note("more", seconds=number))

        whole = await trail.verify(progress=lambda done, total: told.append((done, total)))
        await run(
            database,
            *DROP_GUARDS[kind],
            "UPDATE order_events SET actor = 'nobody' WHERE sequence = 577",
        )
        forged = await trail.verify()

    assert told == [(500, 600)]
    assert (whole.lines, whole.first_at, whole.bad) == (600, NOON, None)
    assert forged.bad == BadLine(sequence=577, fault=Fault.CONTENT, order_id="order-1")
    assert forged.head.sequence == 576


async def test_a_text_that_is_none_is_named_like_any_other(tmp_path: Path) -> None:
    """SQLite keeps whatever bytes it is told are text."""
    async with a_database("sqlite", tmp_path) as database:
        for number in range(LINES):
            await SqlLedger(database).append(None, a_note(f"{number}"))
        await run(
            database,
            *DROP_GUARDS["sqlite"],
            "UPDATE order_events SET actor = CAST(x'ff' AS TEXT) WHERE sequence = 3",
        )

        report = await SqlTrail(database).verify()

    assert report.bad == BadLine(sequence=3, fault=Fault.CONTENT)


async def test_a_walk_sorts_nothing(tmp_path: Path) -> None:
    """Sorted first, the whole trail would lie in memory."""
    query = TRAIL.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    async with a_database("sqlite", tmp_path) as database:
        plan = await database.read(
            lambda c: [row[-1] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
        )

    assert plan
    assert not [step for step in plan if "TEMP B-TREE" in step]
