"""The breaker at rest: one transaction with the outcome, for all processes, and failing closed."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from strikedesk.domain.accounts import Environment
from strikedesk.domain.states import OrderState
from strikedesk.store.database import Database
from strikedesk.store.halts import SqlHaltSwitch
from strikedesk.store.ledger import SqlLedger
from tests.contracts.test_breaker import Room
from tests.fakes.clock import StoppedClock
from tests.stores import DATABASES, a_database, a_url, opened

S = OrderState


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database(request.param, tmp_path) as fresh:
        yield fresh


def room_of(database: Database, halts_at: int = 3) -> Room:
    switch = SqlHaltSwitch(database, clock=StoppedClock())
    return Room(SqlLedger(database, halts_at=halts_at), switch)


async def lines(database: Database) -> list[dict[str, Any]]:
    rows = await database.read(
        lambda c: c.execute(
            text("SELECT kind, actor, path, body FROM order_events ORDER BY sequence")
        ).mappings()
    )
    return [dict(row) for row in rows]


@pytest.mark.promise("breaker")
async def test_the_halt_and_the_outcome_are_written_together(database: Database) -> None:
    """Between the two another order could leave."""
    room = room_of(database)
    for _ in range(3):
        await room.ends(S.REJECTED)

    *_, outcome, halted = await lines(database)
    assert outcome["kind"] == "broker:rejected"
    assert (halted["kind"], halted["actor"], halted["path"]) == ("halted", "breaker", "test")
    body = json.loads(halted["body"])
    assert body["orders"] == ["order-1", "order-2", "order-3"]
    assert "3 orders in a row" in body["why"]


@pytest.mark.promise("breaker")
async def test_an_outcome_that_cannot_be_kept_leaves_no_halt(database: Database) -> None:
    """What is rolled back is rolled back whole."""
    room = room_of(database, halts_at=1)
    order = await room.sent()
    await database.write(lambda c: c.execute(text("DELETE FROM order_event_head")))

    with pytest.raises(Exception, match="DATABASE_UNREADABLE"):
        await room.becomes(order, S.REJECTED)

    row = await room.ledger.order(order)
    assert row is not None
    assert (row.state, await room.switch.engaged()) == (S.SUBMITTING, None)


@pytest.mark.promise("breaker")
@pytest.mark.parametrize("value", ["", "{", "null", "{}", '"3"', "7"])
async def test_a_count_that_is_garbled_halts_at_the_next_failure(
    value: str, database: Database
) -> None:
    """Nobody can say any more how many there were; the outcome itself is recorded."""
    room = room_of(database)
    await room.ends(S.REJECTED)
    garble = text("UPDATE owner_settings SET value = :value")
    await database.write(lambda c: c.execute(garble, {"value": value}))
    assert await room.count() is None

    order = await room.ends(S.REJECTED)

    halt = await room.switch.engaged()
    assert halt is not None
    assert halt.actor == "breaker"
    row = await room.ledger.order(order)
    assert row is not None
    assert row.state is S.REJECTED


@pytest.mark.promise("breaker")
@pytest.mark.parametrize("kind", DATABASES)
async def test_the_count_outlives_a_restart(kind: str, tmp_path: Path) -> None:
    async with a_url(kind, tmp_path) as url:
        async with opened(url) as first:
            before = room_of(first)
            await before.ends(S.REJECTED)
            await before.ends(S.UNKNOWN)
        async with opened(url) as second:
            after = room_of(second)
            after.orders = before.orders
            assert await after.count() == 2

            await after.ends(S.REJECTED)

            assert await after.switch.engaged() is not None


@pytest.mark.promise("breaker")
@pytest.mark.parametrize("kind", DATABASES)
async def test_processes_that_fail_at_once_count_all_of_it(kind: str, tmp_path: Path) -> None:
    async with a_url(kind, tmp_path) as url, opened(url) as one, opened(url) as two:
        rooms = [room_of(one, halts_at=9), room_of(two, halts_at=9)]
        rooms[1].orders = 100
        orders = [(room, await room.sent()) for room in rooms for _ in range(4)]

        await asyncio.gather(*(room.becomes(order, S.REJECTED) for room, order in orders))

        row = await rooms[0].ledger.failures_in_row("paper", Environment.PAPER)
        assert row.failures == 8
        assert await rooms[0].switch.engaged() is None
