"""Worlds as wholes: listed, copied, and replaced in one transaction with the ledger."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Note, OrderRecord, Progress
from strikedesk.domain.ports import FreshStart, WholeWorld, WorldChange, WorldLine, WorldRows
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.store.database import Database
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.whole_worlds import SqlWorlds
from strikedesk.store.worlds import SqlWorldStore
from tests.builders import NOON, a_preview
from tests.stores import DATABASES, a_database

NOTE = Note(at=NOON, actor="owner", path="cli", kind="world_reset", body={"world": "main"})
LINES = tuple(
    WorldLine(
        line_id=f"line-{n}",
        account_id="a",
        at=NOON - timedelta(hours=n),
        document={"n": n, "text": "ÄÖÜ"},
    )
    for n in (1, 2)
)
ROWS = WorldRows(
    header={"seed": 7}, accounts={"a": {"cash": "1.00"}}, orders={"b-1": {"state": "working"}}
)
WHOLE = WholeWorld(rows=ROWS, lines=LINES)


@dataclass(frozen=True)
class Store:
    """The same database by its three doors."""

    worlds: SqlWorlds
    acts: SqlWorldStore
    ledger: SqlLedger

    async def fill(self, world: str) -> None:
        def act(_version: int, _load: object) -> tuple[WorldChange, None]:
            change = WorldChange(
                header=ROWS.header, accounts=ROWS.accounts, orders=ROWS.orders, lines=LINES
            )
            return change, None

        await self.acts.transact(world, act)

    async def order(self, number: int, state: OrderState, broker: str = "paper") -> str:
        """Write an order that has come as far as `state`."""
        preview = a_preview(number, broker=broker)
        note = Note(at=NOON, actor="me", path="test", kind="moved")
        await self.ledger.open_preview(preview, note)
        order_id = preview.record.order_id
        for step in (OrderState.SUBMITTING, state):
            await self.ledger.advance(
                order_id, Progress(state=step), only_from=set(OrderState), note=note
            )
        return order_id

    async def state(self, order_id: str) -> OrderState:
        found = await self.ledger.order(order_id)
        assert found is not None
        return found.state


def over(database: Database) -> Store:
    return Store(SqlWorlds(database), SqlWorldStore(database), SqlLedger(database))


@pytest.fixture(params=DATABASES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Store]:
    async with a_database(request.param, tmp_path) as database:
        yield over(database)


async def test_worlds_are_listed_by_name_and_read_whole(store: Store) -> None:
    """Every line of every book, in the order they were written."""
    await store.fill("main")
    await store.fill("again")

    assert await store.worlds.names() == ("again", "main")
    assert await store.worlds.whole("main") == WHOLE
    assert await store.worlds.whole("nowhere") is None


async def test_a_world_that_was_emptied_is_no_world_until_it_is_opened(store: Store) -> None:
    """Its version goes on: a process with a copy of the old one sees that it is old."""
    await store.fill("main")
    await store.fill("other")
    before = await store.acts.peek("main")

    await store.worlds.begin_anew(
        "main", "paper", lambda _there, _rows: FreshStart(world=None, ends=(), note=NOTE)
    )

    assert await store.worlds.names() == ("other",)
    assert await store.worlds.whole("main") is None
    assert await store.acts.peek("main") == before + 1
    assert await store.acts.line("main", "line-1") is None
    assert await store.worlds.whole("other") == WHOLE


async def test_a_world_takes_the_place_of_what_was_there(store: Store) -> None:
    await store.fill("main")
    other = WholeWorld(
        rows=WorldRows(header={"seed": 8}, accounts={"z": {}}, orders={}), lines=LINES[:1]
    )

    def act(there: WholeWorld | None, _rows: Sequence[OrderRecord]) -> FreshStart:
        assert there == WHOLE
        return FreshStart(world=other, ends=(), note=NOTE)

    await store.worlds.begin_anew("main", "paper", act)

    assert await store.worlds.whole("main") == other


async def test_an_act_is_given_what_has_left_the_desk_and_not_ended_there(store: Store) -> None:
    """Previews never left, filled orders have ended, and another broker's are its own affair."""
    doubt = await store.order(1, OrderState.UNKNOWN)
    sending = await store.order(2, OrderState.SUBMITTING)
    working = await store.order(3, OrderState.WORKING)
    await store.order(4, OrderState.FILLED)
    await store.order(5, OrderState.WORKING, broker="paper:other")
    seen: list[str] = []

    def act(_there: WholeWorld | None, rows: Sequence[OrderRecord]) -> FreshStart:
        seen.extend(row.order_id for row in rows)
        return FreshStart(world=None, ends=(), note=NOTE)

    await store.worlds.begin_anew("main", "paper", act)

    assert sorted(seen) == sorted([doubt, sending, working])


async def test_orders_end_with_the_world_and_the_trail_says_why(store: Store) -> None:
    """The ledger is not left with an order at a venue that forgot it."""
    working = await store.order(1, OrderState.PARTIALLY_FILLED)
    kept = await store.order(2, OrderState.WORKING)

    await store.worlds.begin_anew(
        "main", "paper", lambda _there, _rows: FreshStart(world=None, ends=(working,), note=NOTE)
    )

    record = await store.ledger.order(working)
    assert record is not None
    assert (record.state, record.reason) == (OrderState.CANCELLED, "world_reset")
    assert await store.state(kept) is OrderState.WORKING
    last = (await store.ledger.events(working))[-1]
    assert (last.actor, last.path, last.kind) == ("owner", "cli", "world_reset")
    assert await store.ledger.verify() is None


async def test_an_act_that_refuses_leaves_everything_as_it_was(store: Store) -> None:
    await store.fill("main")
    before = await store.acts.peek("main")

    def act(_there: WholeWorld | None, _rows: Sequence[OrderRecord]) -> FreshStart:
        raise Denied(Reason.UNSETTLED_ORDER, orders=1)

    with pytest.raises(Denied):
        await store.worlds.begin_anew("main", "paper", act)

    assert await store.worlds.whole("main") == WHOLE
    assert await store.acts.peek("main") == before


async def test_a_world_that_cannot_be_written_leaves_the_old_one(store: Store) -> None:
    """Half a world is none: a line that is there twice undoes it all."""
    await store.fill("main")
    working = await store.order(1, OrderState.WORKING)
    broken = WholeWorld(rows=ROWS, lines=(LINES[0], LINES[0]))

    with pytest.raises(Denied):
        await store.worlds.begin_anew(
            "main",
            "paper",
            lambda _there, _rows: FreshStart(world=broken, ends=(working,), note=NOTE),
        )

    assert await store.worlds.whole("main") == WHOLE
    assert await store.state(working) is OrderState.WORKING
