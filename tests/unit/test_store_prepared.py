"""A prepared statement answers as SQLAlchemy would, on both databases."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update

from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import Denied
from strikedesk.store.database import Database
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import broker_links, users
from tests.builders import NOON
from tests.stores import DATABASES, a_database

LINK = {
    "user_id": "ann",
    "broker": "tastytrade",
    "environment": Environment.LIVE,
    "sealed": bytes(range(256)),
    "updated_at": NOON,
}
ADD_USER = Prepared(insert(users).inline(), sets=("user_id", "created_at"))
ADD_LINK = Prepared(insert(broker_links).inline(), sets=tuple(LINK))
LIVE_OF = Prepared(
    select(broker_links, users.c.created_at.label("since"))
    .join(users, users.c.user_id == broker_links.c.user_id)
    .where(
        broker_links.c.broker == bindparam("of_broker"),
        broker_links.c.environment == Environment.LIVE,
    )
    .order_by(broker_links.c.user_id)
)
MOVE = Prepared(
    update(broker_links).where(broker_links.c.broker == bindparam("of_broker")),
    sets=("environment",),
)


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database(request.param, tmp_path) as fresh:

        def fill(connection: Connection) -> None:
            names = [{"user_id": name, "created_at": NOON} for name in ("ann", "bob")]
            ADD_USER.run_each(connection, names)
            ADD_LINK.run(connection, LINK)
            ADD_LINK.run(connection, {**LINK, "user_id": "bob"})
            ADD_LINK.run(connection, {**LINK, "environment": Environment.PAPER})

        await fresh.write(fill)
        yield fresh


async def found(database: Database, broker: str = "tastytrade") -> list[dict[str, Any]]:
    return await database.read(lambda c: LIVE_OF.rows(c, of_broker=broker))


async def test_rows_come_by_name_and_as_what_they_mean(database: Database) -> None:
    assert await found(database) == [
        {**LINK, "since": NOON},
        {**LINK, "user_id": "bob", "since": NOON},
    ]
    assert await found(database, "tradier") == []


async def test_the_first_row_or_none(database: Database) -> None:
    async def first(broker: str) -> dict[str, Any] | None:
        return await database.read(lambda c: LIVE_OF.row(c, of_broker=broker))

    assert await first("tastytrade") == {**LINK, "since": NOON}
    assert await first("tradier") is None


async def test_a_change_tells_how_many_rows_it_met(database: Database) -> None:
    async def move(broker: str) -> int:
        told = {"of_broker": broker, "environment": Environment.SANDBOX}
        return await database.write(lambda c: MOVE.run(c, told))

    assert await move("tradier") == 0
    await database.write(
        lambda c: c.execute(broker_links.delete().where(broker_links.c.environment == "paper"))
    )
    assert await move("tastytrade") == 2
    assert await found(database) == []


async def test_what_is_not_told_is_not_made_up(database: Database) -> None:
    """A condition without its value would otherwise match nothing, and nobody would know why."""
    with pytest.raises(Exception, match="of_broker"):
        await database.read(LIVE_OF.rows)
    # PostgreSQL is asked with what is left of the statement, and refuses that.
    with pytest.raises(Exception, match=r"(?i)environment|SET\s+WHERE"):
        await database.write(lambda c: MOVE.run(c, {"of_broker": "tastytrade"}))


async def test_a_conflict_is_a_conflict(database: Database) -> None:
    with pytest.raises(Denied):
        await database.write(lambda c: ADD_LINK.run(c, LINK))

    assert len(await found(database)) == 2
