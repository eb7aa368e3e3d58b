"""The two verbs and the stream, alike on both databases."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, select, text

from strikedesk.domain.errors import Denied, DeskError, Misconfigured, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.store.database import Database
from strikedesk.store.schema import users
from tests.builders import NOON
from tests.stores import DATABASES, POSTGRES_URL, a_database, a_url, on_postgres, opened


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database(request.param, tmp_path) as fresh:
        yield fresh


def add(connection: Connection, name: str = "ann") -> str:
    connection.execute(users.insert(), {"user_id": name, "created_at": NOON})
    return name


def names(connection: Connection) -> list[str]:
    return sorted(connection.execute(select(users.c.user_id)).scalars().all())


async def test_what_is_written_can_be_read(database: Database) -> None:
    assert await database.write(add) == "ann"

    assert await database.read(names) == ["ann"]


async def test_what_is_jotted_can_be_read(database: Database) -> None:
    assert await database.jot(add) == "ann"

    assert await database.read(names) == ["ann"]


async def test_many_jot_and_write_at_once(database: Database) -> None:
    """On one file both go to one lock; each is told of its own."""
    acts = [database.jot, database.write] * 8
    wanted = [f"caller-{number:02d}" for number in range(len(acts))]
    works = [partial(add, name=name) for name in wanted]

    told = await asyncio.gather(*(act(work) for act, work in zip(acts, works, strict=True)))

    assert told == wanted
    assert await database.read(names) == wanted


async def test_a_jotted_conflict_is_told_without_the_row(database: Database) -> None:
    await database.jot(lambda c: add(c, "canary-7f3a91"))

    with pytest.raises(Denied) as denied:
        await database.jot(lambda c: add(c, "canary-7f3a91"))

    assert denied.value.facts == {"rule": "row_conflicts"}
    assert await database.read(names) == ["canary-7f3a91"]


async def test_work_that_raises_leaves_nothing(database: Database) -> None:
    def half(connection: Connection) -> None:
        add(connection)
        raise Denied(Reason.INVALID_ARGUMENT, half=True)

    with pytest.raises(Denied) as denied:
        await database.write(half)

    assert denied.value.facts == {"half": True}
    assert await database.read(names) == []


@pytest.mark.promise("quiet")
async def test_a_conflict_is_told_without_the_row(database: Database) -> None:
    """The driver would quote what is in it."""
    await database.write(lambda c: add(c, "canary-7f3a91"))

    with pytest.raises(Denied) as denied:
        await database.write(lambda c: add(c, "canary-7f3a91"))

    assert denied.value.facts == {"rule": "row_conflicts"}
    assert denied.value.__cause__ is None
    assert denied.value.__suppress_context__
    assert "canary" not in str(denied.value)


@pytest.mark.promise("quiet")
async def test_a_bug_in_a_statement_is_nobody_s_refusal(database: Database) -> None:
    """It must not be told as something the caller could mend, nor quote its values."""
    with pytest.raises(Exception, match="nowhere") as bug:
        await database.write(
            lambda c: c.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": "canary-7f3a91"})
        )

    assert not isinstance(bug.value, DeskError)
    assert "canary" not in str(bug.value)


async def test_many_write_at_once(database: Database) -> None:
    said = await asyncio.gather(
        *(database.write(lambda c, n=n: add(c, f"{n:03d}")) for n in range(100))
    )

    assert said == [f"{n:03d}" for n in range(100)]
    assert await database.read(names) == said


async def test_a_caller_that_leaves_disturbs_nobody(database: Database) -> None:
    """Clients close a stream at any moment. What they asked for is done whole, or not at all."""
    tasks = [
        asyncio.ensure_future(database.write(lambda c, n=n: add(c, f"{n:02d}"))) for n in range(40)
    ]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.wait(tasks)

    kept = await database.read(names)

    assert {f"{n:02d}" for n in range(1, 40, 2)} <= set(kept)
    assert await database.write(add) == "ann"


async def test_a_reader_that_leaves_disturbs_nobody(database: Database) -> None:
    await database.write(add)
    tasks = [asyncio.ensure_future(database.read(names)) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.wait(tasks)

    assert [task.result() for task in tasks[1::2]] == [["ann"]] * 10
    assert await database.read(names) == ["ann"]


async def test_a_reader_sees_one_moment(database: Database) -> None:
    """A page and its total would not add up otherwise."""
    loop = asyncio.get_running_loop()
    await database.write(add)

    def twice(connection: Connection) -> tuple[list[str], list[str]]:
        return names(connection), names(connection)

    read = asyncio.ensure_future(database.read(twice))
    write = loop.create_task(database.write(lambda c: add(c, "bob")))

    before, after = await read
    assert before == after
    assert await write == "bob"


async def test_a_reader_cannot_write(database: Database) -> None:
    """A write that went through the reader would not be durable before its answer."""
    with pytest.raises(Exception, match=r"(?i)read-?only"):
        await database.read(add)

    assert await database.read(names) == []
    assert await database.write(add) == "ann"


async def test_a_glance_sees_what_was_written(database: Database) -> None:
    """Whether a confirm may go on is asked by glances: the write before is in them."""
    await database.write(add)

    assert await database.glance(names) == ["ann"]


async def test_a_glance_that_writes_is_a_fault(database: Database) -> None:
    """What looks in passing looks over the connection that also writes: a slip is found out."""
    with pytest.raises(Exception, match=r"(?i)read[- ]?only"):
        await database.glance(add)


async def test_another_loop_s_glance_sees_the_same(tmp_path: Path) -> None:
    """Two loops would stand on one connection: the reader's thread looks for the other."""
    async with a_database("sqlite", tmp_path) as database:
        await database.jot(add)

        def elsewhere() -> tuple[list[str], str]:
            return asyncio.run(looked())

        async def looked() -> tuple[list[str], str]:
            return await database.glance(lambda c: (names(c), threading.current_thread().name))

        found, thread = await asyncio.to_thread(elsewhere)
        assert found == ["ann"]
        assert thread.startswith("store-reader")
        assert await looked() == (["ann"], threading.current_thread().name)


async def test_a_glance_that_had_to_wait_does_so_beside_the_event_loop(tmp_path: Path) -> None:
    """SQLite holds readers up while it recovers a log; no other call may stand still meanwhile."""
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    seen: list[threading.Thread] = []

    def look(connection: Connection) -> list[str]:
        seen.append(threading.current_thread())
        if len(seen) == 1:
            raise busy
        return names(connection)

    async with a_database("sqlite", tmp_path) as database:
        await database.write(add)

        assert await database.glance(look) == ["ann"]

    assert [thread is threading.current_thread() for thread in seen] == [True, False]


async def test_a_glance_at_what_was_closed_is_unavailable(tmp_path: Path) -> None:
    async with a_database("sqlite", tmp_path) as database:
        await database.close()

        with pytest.raises(Unavailable):
            await database.glance(names)


async def test_a_stream_gives_every_row_without_holding_them(database: Database) -> None:
    await asyncio.gather(*(database.write(lambda c, n=n: add(c, f"{n:04d}")) for n in range(1500)))
    query = select(users.c.user_id).order_by(users.c.user_id)

    async with aclosing(database.stream(query)) as rows:
        said = [row["user_id"] async for row in rows]

    assert said == [f"{n:04d}" for n in range(1500)]


async def test_a_stream_can_be_left_half_way(database: Database) -> None:
    await asyncio.gather(*(database.write(lambda c, n=n: add(c, f"{n:04d}")) for n in range(50)))
    query = select(users.c.user_id).order_by(users.c.user_id)

    async with aclosing(database.stream(query)) as rows:
        first = await anext(rows)

    assert first["user_id"] == "0000"
    assert await database.write(add) == "ann"


async def test_a_stream_whose_reader_was_cancelled_lets_go(database: Database) -> None:
    """`audit verify` is long, and its caller may press Ctrl-C."""
    await asyncio.gather(*(database.write(lambda c, n=n: add(c, f"{n:04d}")) for n in range(50)))
    query = select(users.c.user_id)
    seen = asyncio.Event()

    async def read_on_and_on() -> None:
        while True:
            async with aclosing(database.stream(query)) as rows:
                async for _ in rows:
                    seen.set()

    for _ in range(5):
        seen.clear()
        reading = asyncio.ensure_future(read_on_and_on())
        await seen.wait()
        reading.cancel()
        await asyncio.wait([reading])
        assert reading.cancelled()

    assert len([row async for row in database.stream(query)]) == 50


@pytest.mark.parametrize("kind", DATABASES)
async def test_two_databases_on_one_desk_see_each_other_s_rows(kind: str, tmp_path: Path) -> None:
    async with a_url(kind, tmp_path) as url, opened(url) as one, opened(url) as other:
        await one.write(add)
        await other.write(lambda c: add(c, "bob"))

        assert await one.read(names) == await other.read(names) == ["ann", "bob"]


@pytest.mark.postgres
@on_postgres[1]
@pytest.mark.promise("quiet")
async def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    there = make_url(POSTGRES_URL or "").set(port=1, password="canary-7f3a91")  # noqa: S106 -- a canary

    with pytest.raises(Misconfigured) as gone:
        await Database.open(there.render_as_string(hide_password=False))

    assert gone.value.reason is Reason.DATABASE_UNREADABLE
    assert gone.value.facts == {"cause": "ConnectionRefusedError"}


@pytest.mark.postgres
@on_postgres[1]
async def test_a_database_that_is_not_there_is_told_by_its_code() -> None:
    there = make_url(POSTGRES_URL or "").set(database="no_such_database_here")

    with pytest.raises(Misconfigured) as gone:
        await Database.open(there.render_as_string(hide_password=False))

    assert gone.value.facts == {"cause": "3D000"}


@pytest.mark.postgres
@on_postgres[1]
async def test_a_connection_that_breaks_is_replaced(tmp_path: Path) -> None:
    """The server restarts; the desk goes on by itself once it is back."""
    kill = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with a_url("postgres", tmp_path) as url, opened(url) as one, opened(url) as other:
        await one.write(add)
        await other.write(lambda c: c.execute(kill))

        with pytest.raises(Unavailable) as lost:
            await one.write(lambda c: add(c, "bob"))

        assert lost.value.reason is Reason.DATABASE_UNAVAILABLE
        assert await one.write(lambda c: add(c, "bob")) == "bob"


@pytest.mark.postgres
@on_postgres[1]
async def test_postgres_answers_after_a_commit_that_is_on_disk(tmp_path: Path) -> None:
    """Whatever the server's own setting is."""
    async with a_database("postgres", tmp_path) as database:
        asked = text("SHOW synchronous_commit")

        assert await database.write(lambda c: c.execute(asked).scalar_one()) == "on"
