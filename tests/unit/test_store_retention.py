"""Pruning the trail: what is past its time goes whole, and what stays still proves itself."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import Note
from strikedesk.domain.retention import PRUNED
from strikedesk.domain.states import OrderState
from strikedesk.store.backup import examine
from strikedesk.store.chain import ChainHead, Fault
from strikedesk.store.database import Database
from strikedesk.store.event_rows import append_event
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.order_rows import add_preview
from strikedesk.store.replays import SqlReplay
from strikedesk.store.retention import Old, SqlRetention
from strikedesk.store.schema import (
    approvals,
    nonces,
    order_events,
    order_previews,
    order_uses,
    orders,
)
from strikedesk.store.trail import SqlTrail
from tests.builders import NOON, a_note, a_preview
from tests.stores import DATABASES, a_database
from tests.unit.test_store_trail import run

CUTOFF = NOON + timedelta(days=1)
LATER = 2 * 86_400


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database(request.param, tmp_path) as fresh:
        yield fresh


async def keep(database: Database, number: int, *, seconds: float = 0, **told: Any) -> None:
    """Keep an order with one line about it, of so many seconds after noon."""
    told = {"state": OrderState.FILLED, **told}

    def work(connection: Connection) -> None:
        add_preview(connection, a_preview(number, **told))
        append_event(connection, a_note(seconds=seconds), order_id=f"order-{number}")

    await database.write(work)


async def rows(database: Database) -> dict[str, int]:
    tables = (orders, order_previews, nonces, approvals, order_uses, order_events)

    def count(connection: Connection) -> dict[str, int]:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables
        }

    return await database.read(count)


def a_pruning(**body: str) -> Note:
    return replace(a_note(PRUNED, seconds=LATER), body=body)


async def prune(database: Database) -> Old:
    retention = SqlRetention(database)
    old = await retention.old(CUTOFF)
    assert old is not None
    await retention.prune(old, cutoff=CUTOFF, note=a_pruning(export_sha256="f" * 64))
    return old


async def test_what_is_old_is_told_by_its_last_line_its_lines_orders_and_days(
    database: Database,
) -> None:
    await keep(database, 1)
    await keep(database, 2, seconds=5)
    await keep(database, 3, seconds=LATER)

    old = await SqlRetention(database).old(CUTOFF)

    assert old is not None
    assert (old.through.sequence, old.lines, old.orders) == (2, 2, 2)
    assert (old.first_at, old.last_at) == (NOON, NOON + timedelta(seconds=5))


@pytest.mark.parametrize("seconds", [86_400, LATER])
async def test_of_what_is_young_enough_nothing_may_go(database: Database, seconds: int) -> None:
    await keep(database, 1, seconds=seconds)

    assert await SqlRetention(database).old(CUTOFF) is None


async def test_a_desk_without_a_line_has_nothing_to_prune(database: Database) -> None:
    assert await SqlRetention(database).old(CUTOFF) is None


async def test_old_orders_go_with_all_of_their_rows_and_the_others_stay(
    database: Database,
) -> None:
    await keep(database, 1)
    await keep(database, 2)
    await keep(database, 3, seconds=LATER)
    await run(
        database,
        "INSERT INTO approvals VALUES ('order-1', 'click', 'd', 0, 0, NULL, 3, NULL)",
        "INSERT INTO order_uses VALUES ('order-1', 'paper', 'paper', 0, 'd', 1, 0, 0)",
    )

    await prune(database)

    assert await rows(database) == {
        "orders": 1,
        "order_previews": 1,
        "nonces": 1,
        "approvals": 0,
        "order_uses": 0,
        "order_events": 2,
    }


async def test_what_stays_is_whole_and_tells_where_it_begins(database: Database) -> None:
    await keep(database, 1)
    await keep(database, 2, seconds=LATER)

    old = await prune(database)

    report = await SqlTrail(database).verify()
    assert report.bad is None
    assert (report.lines, report.anchor) == (2, old.through)
    lines = [line async for line in SqlReplay(database).orders()]
    assert [line.order_id for line in lines] == ["order-2"]


async def test_the_line_of_a_pruning_tells_how_far_it_went_and_which_file_has_it(
    database: Database,
) -> None:
    await keep(database, 1)

    old = await prune(database)

    def last(connection: Connection) -> Any:
        return connection.execute(select(order_events.c.kind, order_events.c.body)).one()

    kind, body = await database.read(last)
    assert kind == PRUNED
    assert body == {
        "through": 1,
        "digest": old.through.digest,
        "lines": 1,
        "orders": 1,
        "export_sha256": "f" * 64,
    }


async def test_a_trail_can_be_pruned_again(database: Database) -> None:
    await keep(database, 1)
    await keep(database, 2, seconds=LATER)
    await prune(database)

    later = CUTOFF + timedelta(seconds=LATER)
    retention = SqlRetention(database)
    old = await retention.old(later)
    assert old is not None
    await retention.prune(old, cutoff=later, note=a_pruning())

    report = await SqlTrail(database).verify()
    assert (report.bad, report.lines, report.anchor.sequence) == (None, 1, 3)


async def test_the_ledger_goes_on_behind_a_pruning(database: Database) -> None:
    await keep(database, 1)
    await prune(database)

    await SqlLedger(database).open_preview(a_preview(7), a_note(seconds=LATER))

    assert (await SqlTrail(database).verify()).lines == 2


@pytest.mark.parametrize("state", [OrderState.WORKING, OrderState.UNKNOWN, OrderState.SUBMITTING])
async def test_an_order_that_is_not_over_is_never_pruned(
    database: Database, state: OrderState
) -> None:
    await keep(database, 1)
    await keep(database, 2, state=state)

    old = await prune(database)

    assert (old.through.sequence, old.orders) == (1, 1)
    assert (await rows(database))["orders"] == 1


@pytest.mark.parametrize("state", [OrderState.PREVIEWED, OrderState.AWAITING_CONSENT])
async def test_a_preview_that_nobody_confirmed_does_not_keep_the_trail_for_ever(
    database: Database, state: OrderState
) -> None:
    await keep(database, 1, state=state)

    assert (await prune(database)).orders == 1


async def test_a_replacement_that_stays_keeps_what_it_replaced(database: Database) -> None:
    await keep(database, 1)
    await keep(database, 2)
    await keep(database, 3, seconds=LATER, target_order_id="order-2")

    assert (await prune(database)).orders == 1


async def test_the_first_of_a_group_stays_as_long_as_an_order_of_it(database: Database) -> None:
    group: dict[str, Any] = {"group_id": "order-1", "group_kind": GroupKind.OTO}
    await keep(database, 1, group_place=1, **group)
    await keep(database, 2, seconds=LATER, group_place=2, **group)

    assert await SqlRetention(database).old(CUTOFF) is None


async def test_a_group_goes_as_a_whole(database: Database) -> None:
    group: dict[str, Any] = {"group_id": "order-1", "group_kind": GroupKind.OTO}
    await keep(database, 1, group_place=1, **group)
    await keep(database, 2, group_place=2, **group)

    assert (await prune(database)).orders == 2


async def test_a_replacement_goes_together_with_what_it_replaced(database: Database) -> None:
    await keep(database, 1)
    await keep(database, 2, target_order_id="order-1")

    assert (await prune(database)).orders == 2


async def test_what_became_old_since_it_was_looked_for_is_not_deleted(database: Database) -> None:
    """Only what was exported goes."""
    await keep(database, 1)
    retention = SqlRetention(database)
    old = await retention.old(CUTOFF)
    assert old is not None
    await keep(database, 2, seconds=5)

    with pytest.raises(Denied) as denied:
        await retention.prune(old, cutoff=CUTOFF, note=a_pruning())

    assert denied.value.facts["rule"] == "the_trail_changed_meanwhile"
    assert (await rows(database))["order_events"] == 2


async def test_two_prunings_at_once_delete_once(database: Database) -> None:
    await keep(database, 1)
    retention = SqlRetention(database)
    old = await retention.old(CUTOFF)
    assert old is not None
    await retention.prune(old, cutoff=CUTOFF, note=a_pruning())

    with pytest.raises(Denied):
        await retention.prune(old, cutoff=CUTOFF, note=a_pruning())


async def test_after_a_pruning_no_line_can_be_deleted_by_a_slip(database: Database) -> None:
    await keep(database, 1)
    await keep(database, 2, seconds=LATER)
    await prune(database)

    with pytest.raises((Denied, DBAPIError)):
        await run(database, "DELETE FROM order_events")

    assert (await rows(database))["order_events"] == 2


async def test_a_head_noted_at_the_last_line_that_went_must_be_that_line(
    database: Database,
) -> None:
    await keep(database, 1)
    old = await prune(database)
    trail = SqlTrail(database)
    forged = ChainHead(sequence=old.through.sequence, digest="f" * 64)

    passed = await trail.verify(witness=old.through)
    refused = await trail.verify(witness=forged)

    assert passed.bad is None
    assert refused.bad is not None
    assert (refused.bad.sequence, refused.bad.fault) == (1, Fault.NOTED)


LIES = {
    "too little": '{"through": 1, "digest": "' + "f" * 64 + '"}',
    "nothing": "{}",
    "no JSON": "{",
    "no number": '{"through": "one", "digest": "x"}',
    "a list": "[]",
}


@pytest.mark.parametrize("body", LIES.values(), ids=LIES)
async def test_lines_that_went_without_a_pruning_are_missed(tmp_path: Path, body: str) -> None:
    """Whoever deletes lines by hand cannot say by hand that they were pruned."""
    async with a_database("sqlite", tmp_path) as database:
        await keep(database, 1)
        await keep(database, 2)
        await SqlLedger(database).append(None, a_note("halted"))
        await run(
            database,
            "DROP TRIGGER order_events_no_delete",
            "DROP TRIGGER order_events_no_update",
            "DELETE FROM order_events WHERE sequence < 3",
            f"UPDATE order_events SET kind = 'pruned', body = '{body}'",  # noqa: S608 -- ours
        )

        report = await SqlTrail(database).verify()

        assert report.bad is not None


async def test_a_backup_of_a_pruned_desk_is_found_whole(tmp_path: Path) -> None:
    async with a_database("sqlite", tmp_path) as database:
        await keep(database, 1)
        await keep(database, 2, seconds=LATER)
        await prune(database)

    assert examine(tmp_path / "desk.db").lines == 2
