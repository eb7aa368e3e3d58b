"""The audit trail at rest: it cannot be changed by a slip, nor by a hand without a trace."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from strikedesk.domain.errors import Denied, DeskError
from strikedesk.domain.reasons import Reason
from strikedesk.store.database import Database
from strikedesk.store.event_rows import append_event
from strikedesk.store.ledger import SqlLedger
from tests.builders import a_note, a_preview
from tests.stores import DATABASES, a_database

LINES = 5
DROP_GUARDS = {
    "sqlite": (
        "DROP TRIGGER order_events_no_update",
        "DROP TRIGGER order_events_no_delete",
        "DROP TRIGGER order_events_no_replace",
    ),
    "postgres": (
        "DROP TRIGGER order_events_no_change ON order_events",
        "DROP TRIGGER order_events_no_truncate ON order_events",
    ),
}


@pytest.fixture(params=DATABASES)
async def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def database(kind: str, tmp_path: Path) -> AsyncGenerator[Database]:
    """A database with five lines about one order."""
    async with a_database(kind, tmp_path) as fresh:
        ledger = SqlLedger(fresh)
        await ledger.open_preview(a_preview(), a_note("line-1"))
        for number in range(2, LINES + 1):
            await ledger.append("order-1", a_note(f"line-{number}", number=number))
        yield fresh


async def run(database: Database, *statements: str) -> None:
    for statement in statements:
        await database.write(lambda c, s=statement: c.exec_driver_sql(s))


CHANGES = {
    "update": "UPDATE order_events SET actor = 'nobody' WHERE sequence = 3",
    "delete": "DELETE FROM order_events WHERE sequence = 3",
    "delete all": "DELETE FROM order_events",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_line_cannot_be_changed_by_a_slip(database: Database, change: str) -> None:
    with pytest.raises((Denied, DBAPIError)):
        await run(database, change)

    assert len(await SqlLedger(database).events("order-1")) == LINES
    assert await SqlLedger(database).verify() is None


async def test_a_line_cannot_be_replaced_by_a_slip(database: Database, kind: str) -> None:
    """SQLite's REPLACE deletes without asking the trigger of deletions."""
    statement = {
        "sqlite": "INSERT OR REPLACE INTO order_events SELECT * FROM order_events",
        "postgres": "TRUNCATE order_events",
    }[kind]

    with pytest.raises((Denied, DBAPIError)):
        await run(database, statement)

    assert await SqlLedger(database).verify() is None


FORGERIES = {
    "order_id": ("UPDATE order_events SET order_id = NULL WHERE sequence = 3", 3),
    "at": ("UPDATE order_events SET at = at + 1 WHERE sequence = 3", 3),
    "at, out of all time": (("UPDATE order_events SET at = 4611686018427387904"
                            " WHERE sequence = 3"), 3),
    "actor": ("UPDATE order_events SET actor = 'nobody' WHERE sequence = 3", 3),
    "path": ("UPDATE order_events SET path = '' WHERE sequence = 1", 1),
    "kind": ("UPDATE order_events SET kind = 'other' WHERE sequence = 5", 5),
    "body": ("UPDATE order_events SET body = '{\"number\":4}' WHERE sequence = 3", 3),
    "body, no JSON": ("UPDATE order_events SET body = '{' WHERE sequence = 4", 4),
    "previous digest": ("UPDATE order_events SET previous_digest = digest WHERE sequence = 2", 2),
    "digest": ("UPDATE order_events SET digest = previous_digest WHERE sequence = 2", 2),
    "a line lost": ("DELETE FROM order_events WHERE sequence = 2", 2),
    "the first lost": ("DELETE FROM order_events WHERE sequence = 1", 1),
    "the last lost": ("DELETE FROM order_events WHERE sequence = 5", 5),
    "all lost": ("DELETE FROM order_events", 1),
    "a number changed": ("UPDATE order_events SET sequence = 9 WHERE sequence = 5", 5),
    "a line added": (
        ("INSERT INTO order_events SELECT 6, order_id, at, actor, path, kind, body, digest, digest"
        " FROM order_events WHERE sequence = 5"),
        6,
    ),
    "the head moved back": (
        ("UPDATE order_event_head SET sequence = 4,"
        " digest = (SELECT digest FROM order_events WHERE sequence = 4)"),
        5,
    ),
    "the head forged": ("UPDATE order_event_head SET digest = 'f'", 5),
    "the head lost": ("DELETE FROM order_event_head", 1),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "line"), FORGERIES.values(), ids=FORGERIES)
async def test_a_line_changed_by_hand_is_located(
    database: Database, kind: str, statement: str, line: int
) -> None:
    """Whoever owns the file can lift the guards. The chain remembers."""
    assert await SqlLedger(database).verify() is None

    await run(database, *DROP_GUARDS[kind], statement)

    assert await SqlLedger(database).verify() == line


async def test_without_a_head_nothing_is_written(database: Database) -> None:
    """A chain that lost its end must not be continued as if nothing had happened."""
    await run(database, "DELETE FROM order_event_head")

    with pytest.raises(DeskError) as lost:
        await SqlLedger(database).append(None, a_note())

    assert lost.value.reason.name == "DATABASE_UNREADABLE"


async def test_a_trail_longer_than_a_page_is_walked_to_its_end(tmp_path: Path) -> None:
    async with a_database("sqlite", tmp_path) as database:
        ledger = SqlLedger(database)
        await asyncio.gather(*(ledger.append(None, a_note(f"{n}")) for n in range(1200)))
        assert await ledger.verify() is None

        await run(
            database,
            *DROP_GUARDS["sqlite"],
            "UPDATE order_events SET actor = 'nobody' WHERE sequence = 1199",
        )

        assert await ledger.verify() == 1199


async def test_a_line_behind_one_that_was_taken_back_follows_the_one_before_it(
    database: Database,
) -> None:
    """What a connection remembers of the head is no line where its transaction did not end well."""

    def fail(connection: Connection) -> None:
        append_event(connection, a_note("lost"), order_id="order-1")
        raise Denied(Reason.INVALID_ARGUMENT)

    for _ in range(2):
        with pytest.raises(Denied):
            await database.write(fail)
        await database.write(partial(append_event, note=a_note("kept"), order_id="order-1"))

    kinds = [line.kind for line in await SqlLedger(database).events("order-1")]
    assert kinds[LINES:] == ["kept", "kept"]
    assert await SqlLedger(database).verify() is None


async def test_lines_of_several_connections_follow_each_other(database: Database) -> None:
    """Each remembers the head that it made itself, and another has made one since."""
    for number in range(6):
        line = partial(append_event, note=a_note(f"turn-{number}"), order_id="order-1")
        await (database.jot if number % 2 else database.write)(line)

    kinds = [line.kind for line in await SqlLedger(database).events("order-1")]
    assert kinds[LINES:] == [f"turn-{number}" for number in range(6)]
    assert await SqlLedger(database).verify() is None


@pytest.mark.parametrize(
    "change",
    ["UPDATE order_event_head SET digest = 'f'", "UPDATE order_event_head SET sequence = 2"],
)
async def test_a_head_that_somebody_wrote_over_is_not_mended_by_the_next_line(
    database: Database, change: str
) -> None:
    await run(database, change)

    with contextlib.suppress(Denied, DeskError):
        await SqlLedger(database).append("order-1", a_note("next"))

    assert await SqlLedger(database).verify() is not None
