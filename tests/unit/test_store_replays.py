"""The orders table beside its trail: whatever was changed in it by hand is named."""

import sqlite3
from collections.abc import AsyncGenerator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from strikedesk.cli.replaying import difference
from strikedesk.domain.ledger import Progress
from strikedesk.domain.replay import row_of
from strikedesk.domain.states import OrderState
from strikedesk.store.database import Database
from strikedesk.store.event_rows import append_event
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.order_rows import add_preview
from strikedesk.store.replays import BESIDE, Replayed, SqlReplay
from tests.builders import NOON, a_note, a_preview
from tests.stores import DATABASES, a_database, opened
from tests.unit.test_store_trail import run


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    """Two orders: one filled, with a few lines, and one just previewed."""
    async with a_database(request.param, tmp_path) as fresh:
        ledger = SqlLedger(fresh)
        for number in (1, 2):
            await ledger.open_preview(a_preview(number), a_note("previewed"))
        await ledger.append(None, a_note("desk"))
        await ledger.claim(
            "preview-1",
            nonce_hash="hash-1",
            binding="binding-1",
            progress=Progress(state=OrderState.SUBMITTING),
            now=NOON,
            note=a_note("submitting", seconds=1),
        )
        filled = Progress(
            state=OrderState.FILLED,
            broker_order_id="b-1",
            filled_units=1,
            average_net=Decimal("1.10"),
            fees=Decimal("0.65"),
        )
        await ledger.advance(
            "order-1", filled, only_from=set(OrderState), note=a_note("filled", seconds=2)
        )
        yield fresh


async def replayed(database: Database) -> dict[str, Replayed]:
    return {order.order_id: order async for order in SqlReplay(database).orders()}


async def test_a_table_that_nobody_touched_is_as_its_trail_tells_it(database: Database) -> None:
    found = await replayed(database)

    rows = {name: await SqlLedger(database).order(name) for name in ("order-1", "order-2")}
    assert {name: order.lines for name, order in found.items()} == {"order-1": 3, "order-2": 1}
    for name, row in rows.items():
        assert row is not None
        assert found[name].told == found[name].stored == row_of(row)
        assert difference(found[name]) is None


CHANGES = {
    "preview_id": "'other'",
    "client_order_id": "'other'",
    "kind": "'cancel'",
    "state": "'no state at all'",
    "account_handle": "'other'",
    "broker": "'other'",
    "environment": "'live'",
    "caller": "'other'",
    "created_at": "0",
    "updated_at": "4611686018427387904",
    "target_order_id": "'order-2'",
    "target_broker_order_id": "'b-2'",
    "broker_order_id": "NULL",
    "filled_units": "2",
    "average_net": "'1.1'",
    "fees": "NULL",
    "reason": "'other'",
    "replaced_by": "'other'",
}
UNGUARDED = ("DELETE FROM nonces", "DELETE FROM order_previews")


def changing(column: str, value: str) -> str:
    return f"UPDATE orders SET {column} = {value} WHERE order_id = 'order-1'"  # noqa: S608 -- ours


@pytest.mark.promise("audit")
@pytest.mark.parametrize(("column", "value"), CHANGES.items(), ids=CHANGES)
async def test_a_column_changed_by_hand_is_named_with_its_order(
    database: Database, column: str, value: str
) -> None:
    await run(database, *UNGUARDED, changing(column, value))

    found = await replayed(database)

    assert (difference(found["order-1"]) or "").startswith(f"order order-1: {column} is ")
    assert difference(found["order-2"]) is None


@pytest.mark.parametrize("column", ["account_id", "canonical"])
async def test_of_an_account_only_that_it_differs_is_said(database: Database, column: str) -> None:
    await run(database, changing(column, "'X0000001'"))

    found = await replayed(database)

    assert difference(found["order-1"]) == f"order order-1: {column} is another one"


async def test_a_row_that_no_line_tells_of_is_named(database: Database) -> None:
    """A forger who adds an order has to forge the trail as well."""
    await database.write(lambda c: add_preview(c, a_preview(3)))

    found = await replayed(database)

    assert difference(found["order-3"]) == "order order-3: no line of the trail tells of it"


async def test_a_row_that_is_gone_is_named(tmp_path: Path) -> None:
    """The database refuses to lose it; whoever owns the file can make it forget that."""
    async with a_database("sqlite", tmp_path) as database:
        await SqlLedger(database).open_preview(a_preview(), a_note("previewed"))
        await run(database, *UNGUARDED)
    with sqlite3.connect(tmp_path / "desk.db") as forger:
        forger.execute("DELETE FROM orders")
    async with opened(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        found = await replayed(database)

    told = difference(found["order-1"])
    assert told == "order order-1: the trail tells of it, and its row is gone"


async def test_an_order_older_than_lines_that_tell_rows_raises_no_alarm(
    database: Database,
) -> None:
    """Its lines are sealed as they were: nothing may write rows into them now."""
    old = a_preview(4)

    def as_before(connection: Connection) -> None:
        add_preview(connection, old)
        append_event(connection, a_note("previewed"), order_id="order-4")

    await database.write(as_before)
    await SqlLedger(database).void(
        "preview-4", Progress(state=OrderState.LAPSED), a_note("lapsed", seconds=3)
    )

    found = (await replayed(database))["order-4"]

    assert (found.told, found.lines) == (None, 2)
    assert difference(found) is None


async def test_a_replay_sorts_nothing(tmp_path: Path) -> None:
    """Sorted first, the whole trail would lie in memory."""
    query = BESIDE.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    async with a_database("sqlite", tmp_path) as database:
        plan = await database.read(
            lambda c: [row[-1] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
        )

    assert plan
    assert not [step for step in plan if "TEMP B-TREE" in step]
