"""The halt at rest: what cannot be read counts as halted."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import text

from strikedesk.domain.errors import DeskError
from strikedesk.domain.ledger import Halt
from strikedesk.store.database import Database
from strikedesk.store.halts import SqlHaltSwitch
from strikedesk.store.ledger import SqlLedger
from tests.builders import NOON, a_note
from tests.fakes.clock import StoppedClock
from tests.stores import DATABASES, a_database, a_url, opened

HALT = Halt(since=NOON, actor="local", why="the market is on fire")
UNREADABLE = Halt(since=NOON, actor="desk", why="halt state unreadable")


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database(request.param, tmp_path) as fresh:
        yield fresh


def switch_of(database: Database) -> SqlHaltSwitch:
    return SqlHaltSwitch(database, clock=StoppedClock())


@pytest.mark.promise("halt")
@pytest.mark.parametrize(
    "value",
    ["", "{", "null", "true", "[]", "{}", '"2026"', '{"since":"noon","actor":"a","why":"w"}'],
)
async def test_a_row_that_is_garbled_is_a_halt(database: Database, value: str) -> None:
    row = {"value": value}
    insert = text("INSERT INTO owner_settings (key, value, updated_at) VALUES ('halt', :value, 0)")
    await database.write(lambda c: c.execute(insert, row))

    assert await switch_of(database).engaged() == UNREADABLE

    await switch_of(database).release(a_note("resumed"))
    assert await switch_of(database).engaged() is None


@pytest.mark.promise("halt")
async def test_a_table_that_is_gone_is_a_halt(database: Database) -> None:
    await database.write(lambda c: c.execute(text("DROP TABLE owner_settings")))

    assert await switch_of(database).engaged() == UNREADABLE


@pytest.mark.promise("halt")
async def test_a_database_that_is_closed_is_a_halt(tmp_path: Path) -> None:
    async with a_database("sqlite", tmp_path) as database:
        switch = switch_of(database)

    assert await switch.engaged() == UNREADABLE


@pytest.mark.promise("halt")
async def test_a_halt_that_cannot_be_written_is_not_taken_for_one(tmp_path: Path) -> None:
    async with a_database("sqlite", tmp_path) as database:
        switch = switch_of(database)

    with pytest.raises(DeskError):
        await switch.engage(HALT)


@pytest.mark.promise("halt")
@pytest.mark.parametrize("kind", DATABASES)
async def test_every_process_sees_a_halt_at_once(kind: str, tmp_path: Path) -> None:
    async with a_url(kind, tmp_path) as url, opened(url) as one, opened(url) as other:
        assert await switch_of(other).engaged() is None

        await switch_of(one).engage(HALT)

        assert await switch_of(other).engaged() == HALT


async def test_of_many_who_halt_at_once_one_is_the_first(database: Database) -> None:
    halts = [Halt(since=NOON, actor=f"caller-{n}", why="now") for n in range(16)]

    await asyncio.gather(*(switch_of(database).engage(halt) for halt in halts))

    assert await switch_of(database).engaged() in halts


async def test_a_release_is_written_into_the_trail_once(database: Database) -> None:
    """Who let trading go on is asked for when something went wrong after it."""
    await switch_of(database).release(a_note("resumed too early"))
    await switch_of(database).engage(HALT)

    await switch_of(database).release(a_note("resumed"))

    kinds = await database.read(
        lambda c: c.execute(text("SELECT kind FROM order_events")).scalars().all()
    )
    assert kinds == ["resumed"]
    assert await SqlLedger(database).verify() is None
