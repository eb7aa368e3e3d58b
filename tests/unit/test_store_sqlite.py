"""A SQLite file: how it is made, set up, looked over and refused."""

import os
import stat
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from sqlalchemy import Connection, Label, literal_column, select

from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import Denied, DeskError, Misconfigured, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.domain.usage import Likeness, Window
from strikedesk.store import use_rows
from strikedesk.store.database import Database
from strikedesk.store.doubt_rows import like_in_doubt
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.migrate import HEAD
from strikedesk.store.schema import METADATA
from strikedesk.store.sqlite import QUICK_CHECK_MAX_BYTES
from strikedesk.store.transaction import driver_of
from tests.builders import NOON, a_note
from tests.stores import a_database, opened

SETTINGS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "trusted_schema": 0,
    "secure_delete": 1,
    "temp_store": 2,
    "fullfsync": 1,
    "checkpoint_fullfsync": 1,
}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database("sqlite", tmp_path) as fresh:
        yield fresh


async def refused(url: str) -> DeskError:
    with pytest.raises(DeskError) as error:
        await Database.open(url)
    return error.value


def told(connection: Connection) -> dict[str, Any]:
    return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in SETTINGS}


async def test_whoever_writes_writes_durably(database: Database) -> None:
    assert await database.write(told) == SETTINGS


async def test_what_is_jotted_is_as_durable_and_waits_for_nobody(database: Database) -> None:
    """It may be the event loop that would wait."""
    assert await database.jot(told) == SETTINGS | {"busy_timeout": 0}


async def test_whoever_reads_is_set_up_alike(database: Database) -> None:
    assert await database.read(told) == SETTINGS


async def test_long_reads_are_set_up_alike(database: Database) -> None:
    """They have connections of their own. A query can ask for these settings."""
    columns = {
        "synchronous": "synchronous",
        "foreign_keys": "foreign_keys",
        "busy_timeout": "timeout",
        "trusted_schema": "trusted_schema",
        "temp_store": "temp_store",
    }
    asked: list[Label[Any]] = [
        literal_column(f"(SELECT {column} FROM pragma_{name})").label(name)  # noqa: S608 -- ours
        for name, column in columns.items()
    ]

    rows = [dict(row) async for row in database.stream(select(*asked))]

    assert rows == [{name: SETTINGS[name] for name in columns}]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_file_is_its_owner_s_alone_from_the_first_byte(tmp_path: Path) -> None:
    """Its side files take its mode; they hold the same rows."""
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        async with opened(f"sqlite:///{home / 'desk.db'}") as database:
            await SqlLedger(database).append(None, a_note())
            modes = {path.name: mode_of(path) for path in home.iterdir()}
    finally:
        os.umask(before)

    assert mode_of(home) == 0o700
    assert modes == {"desk.db": 0o600, "desk.db-wal": 0o600, "desk.db-shm": 0o600}


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    async with opened(url) as database:
        await SqlLedger(database).append(None, a_note("kept"))

    async with opened(url.replace("sqlite:", "sqlite+aiosqlite:")) as database:
        assert await SqlLedger(database).verify() is None
        rows = await database.read(
            lambda c: c.exec_driver_sql("SELECT kind FROM order_events").all()
        )
        assert [row.kind for row in rows] == ["kept"]


async def test_every_table_of_ours_is_strict(database: Database) -> None:
    """A word where a number belongs would be found when it is needed most."""
    rows = await database.read(lambda c: c.exec_driver_sql("PRAGMA table_list").all())

    strict = {row.name for row in rows if row.strict}
    assert strict == set(METADATA.tables)


async def test_a_row_without_what_it_belongs_to_is_refused(database: Database) -> None:
    with pytest.raises(Denied) as denied:
        await database.write(
            lambda c: c.exec_driver_sql("INSERT INTO order_previews VALUES ('p', '{}')")
        )

    assert denied.value.reason is Reason.INVALID_ARGUMENT


async def test_what_is_no_database_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    path.write_bytes(b"canary-in-a-file " * 100)

    error = await refused(f"sqlite:///{path}")

    assert isinstance(error, Misconfigured)
    assert (error.reason, error.facts) == (
        Reason.DATABASE_UNREADABLE,
        {"cause": "SQLITE_NOTADB"},
    )
    assert "canary" not in str(error)
    assert path.read_bytes() == b"canary-in-a-file " * 100


async def test_a_folder_is_no_database(tmp_path: Path) -> None:
    error = await refused(f"sqlite:///{tmp_path}")

    assert isinstance(error, Misconfigured)
    assert error.facts == {"cause": "SQLITE_CANTOPEN"}


async def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")

    error = await refused(f"sqlite:///{tmp_path / 'home' / 'desk.db'}")

    assert isinstance(error, Misconfigured)
    assert error.facts == {"cause": "FileExistsError"}


async def test_tables_of_another_program_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    with closing(connect(path)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")

    error = await refused(f"sqlite:///{path}")

    assert isinstance(error, Misconfigured)
    assert error.facts == {"cause": "tables of another program"}
    with closing(connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        pytest.param(f"{int(HEAD) + 1:04d}", Reason.DATABASE_NEWER, id="newer"),
        pytest.param("9999", Reason.DATABASE_NEWER, id="much newer"),
        pytest.param("ae1027a6acf", Reason.DATABASE_UNREADABLE, id="another program's"),
    ],
)
async def test_what_a_newer_program_wrote_is_refused(
    tmp_path: Path, version: str, reason: Reason
) -> None:
    """An older program would write rows that the newer one no longer understands."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    async with opened(url) as database:
        await database.write(
            lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (version,))
        )

    error = await refused(url)

    assert isinstance(error, Misconfigured)
    assert error.reason is reason


def damaged(path: Path) -> None:
    """Put noise where the last page begins: no start reads that far for its own sake."""
    with path.open("r+b") as file:
        file.seek(-2048, os.SEEK_END)
        file.write(b"\xff" * 64)


async def test_a_damaged_file_is_noticed_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with opened(f"sqlite:///{path}"):
        pass
    damaged(path)

    error = await refused(f"sqlite:///{path}")

    assert isinstance(error, Misconfigured)
    assert error.reason is Reason.DATABASE_UNREADABLE


async def test_a_large_file_is_not_read_through_at_each_start(tmp_path: Path) -> None:
    """The rule trades an early warning for a start that does not grow with the trail."""
    path = tmp_path / "desk.db"
    async with opened(f"sqlite:///{path}"):
        pass
    damaged(path)
    os.truncate(path, QUICK_CHECK_MAX_BYTES + 4096)

    async with opened(f"sqlite:///{path}") as database:
        assert await database.read(lambda c: c.exec_driver_sql("SELECT 1").scalar_one()) == 1


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "is no database URL"),
        ("hunter2", "is no database URL"),
        ("mysql://root:hunter2@h/d", "is neither sqlite nor postgresql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
@pytest.mark.promise("quiet")
async def test_a_url_that_cannot_be_used_is_not_repeated(url: str, problem: str) -> None:
    """It may hold a password."""
    error = await refused(url)

    assert isinstance(error, Misconfigured)
    assert error.reason is Reason.CONFIGURATION_UNREADABLE
    assert error.facts == {"setting": "STRIKEDESK_DATABASE_URL", "problem": problem}
    assert "hunter2" not in str(error)


async def test_a_database_that_was_closed_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    database = await Database.open(url)
    await database.close()
    acts: list[Callable[[Callable[[Connection], object]], Any]] = [
        database.read, database.write, database.glance, database.jot,
    ]  # fmt: skip

    for act in acts:
        with pytest.raises(Unavailable) as closed:
            await act(told)
        assert closed.value.facts == {"cause": "closed"}


async def test_closing_leaves_one_complete_file(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        await SqlLedger(database).append(None, a_note())

    assert names_in(tmp_path) == ["desk.db"]


def searches(
    look: Callable[[Connection, Window], object], connection: Connection, *, window: Window
) -> list[str]:
    """Return the searches by which SQLite finds what `look` asks for."""
    said: list[str] = []
    driver_of(connection).set_trace_callback(said.append)
    look(connection, window)
    driver_of(connection).set_trace_callback(None)
    (query,) = said
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")
    return [step for *_, step in plan if "SEARCH" in step]


async def test_what_a_day_has_used_is_summed_by_an_index_alone(database: Database) -> None:
    """Only those that do not count in full are looked at themselves, whatever the day has seen."""
    window = Window.at(NOON, "paper", Environment.PAPER)

    found = await database.glance(partial(searches, use_rows.used_in, window=window))

    sums, ended, replaced, *_ = found
    assert sums.startswith("SEARCH order_uses USING COVERING INDEX ix_order_uses_of_day")
    assert ended.endswith("ix_orders_state_updated_at (state=? AND updated_at>?)")
    assert "(order_id=?)" in replaced


async def test_what_is_in_doubt_is_found_by_its_state(database: Database) -> None:
    """By its account it would be looked for among all that the account ever ordered.

    Whoever claims holds the only writer meanwhile.
    """
    long = timedelta(seconds=10)
    like = Likeness(
        account_id="PAPER0001",
        underlying="AAPL",
        silent_since=NOON - long,
        ahead_since=NOON + long,
    )
    window = replace(Window.at(NOON, "paper", Environment.PAPER), like=like)

    found = await database.glance(partial(searches, like_in_doubt, window=window))

    by_state = "SEARCH orders USING INDEX ix_orders_state_updated_at (state=?"
    assert found == [
        f"{by_state}{more})" for more in ("", " AND updated_at<?", " AND updated_at>?")
    ]
