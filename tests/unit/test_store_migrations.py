"""Migrations build what the code expects, on both databases, from wherever they are installed."""

import asyncio
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.store.database import Database, upgrade
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.migrate import HEAD, folder
from strikedesk.store.schema import METADATA
from tests.builders import a_group_preview, a_note, a_preview
from tests.stores import DATABASES, a_database, a_postgres_database, on_postgres, opened

ROOT: Final = Path(__file__).parents[2]

# Everything of a PostgreSQL schema, told so that two can be compared.
CATALOGUE: Final = (
    (
        "SELECT table_name, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    ),
    (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
    ),
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    (
        "SELECT pg_get_functiondef(oid) FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
    ),
)


@pytest.fixture(params=DATABASES)
async def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database(request.param, tmp_path) as database:
        yield database


def differences(connection: Connection) -> list[Any]:
    return compare_metadata(MigrationContext.configure(connection), METADATA)


async def test_migrations_build_the_tables_of_the_code(migrated: Database) -> None:
    assert await migrated.write(differences) == []


def sqlite_objects(connection: Connection) -> set[tuple[str, str, tuple[str, ...]]]:
    """Return every table, index and trigger; the parts of a table in any order.

    SQLite writes a column that is added later behind the constraints, on their line.
    """
    rows = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    )
    return {
        (
            row.type,
            row.name,
            tuple(sorted(part.strip() for part in re.split(r"[\n,()]", row.sql) if part.strip())),
        )
        for row in rows
        if "alembic" not in row.name
    }


async def test_sqlite_gets_the_same_to_the_last_word(tmp_path: Path) -> None:
    """The comparison above does not look at STRICT, at checks or at triggers."""
    async with a_database("sqlite", tmp_path) as migrated:

        def made_new(connection: Connection) -> set[tuple[str, str, tuple[str, ...]]]:
            for kind, name, _ in sqlite_objects(connection):
                if kind == "table":
                    connection.exec_driver_sql(f"DROP TABLE {name}")
            METADATA.create_all(connection)
            return sqlite_objects(connection)

        by_migration = await migrated.read(sqlite_objects)

        assert len(by_migration) > len(METADATA.tables)
        await migrated.write(lambda c: c.exec_driver_sql("PRAGMA defer_foreign_keys = ON"))
        assert await migrated.write(made_new) == by_migration


def postgres_objects(connection: Connection) -> list[list[tuple[Any, ...]]]:
    return [
        [tuple(row) for row in connection.exec_driver_sql(query) if "alembic" not in str(row)]
        for query in CATALOGUE
    ]


@pytest.mark.postgres
@on_postgres[1]
async def test_postgres_gets_the_same_to_the_last_word(tmp_path: Path) -> None:
    def made_new(connection: Connection) -> list[list[tuple[Any, ...]]]:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
        METADATA.create_all(connection)
        return postgres_objects(connection)

    async with a_database("postgres", tmp_path) as migrated:
        by_migration = await migrated.read(postgres_objects)

        assert all(by_migration)
        assert await migrated.write(made_new) == by_migration


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    """One line of numbers, so that newer can be told from older without running anything."""
    scripts = ScriptDirectory(str(folder()))
    revisions = [script.revision for script in scripts.walk_revisions()]

    assert scripts.get_heads() == [HEAD]
    assert revisions == [f"{number:04d}" for number in range(int(HEAD), 0, -1)]


def test_there_is_no_way_back() -> None:
    """A downgrade drops what newer code wrote; a backup is the way back."""
    versions = sorted((folder() / "versions").glob("*.py"))

    assert versions
    assert [path.name for path in versions if "def downgrade" in path.read_text()] == []
    assert all(re.match(r"\d{4}_", path.name) for path in versions)


@pytest.mark.parametrize("whose", ["", "WHERE account_id = 'A'"])
async def test_a_page_of_orders_is_read_newest_first_without_sorting(
    whose: str, tmp_path: Path
) -> None:
    """Of one account as of all: a ledger keeps every order that it ever had."""
    page = f"SELECT * FROM orders {whose} ORDER BY created_at DESC, order_id DESC LIMIT 20"  # noqa: S608 -- words of this test
    async with a_database("sqlite", tmp_path) as database:
        plan = await database.read(
            lambda c: c.exec_driver_sql(f"EXPLAIN QUERY PLAN {page}").fetchall()
        )

    assert [row.detail for row in plan] == [
        "SCAN orders USING INDEX ix_orders_created_at_order_id_account_id"
    ]


async def test_upgrading_what_is_current_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    await upgrade(url)
    async with opened(url) as database:
        before = await database.read(sqlite_objects)

    await upgrade(url)

    async with opened(url) as database:
        assert await database.read(sqlite_objects) == before


@pytest.mark.postgres
@on_postgres[1]
async def test_postgres_is_never_migrated_by_a_start() -> None:
    """Several servers share it: its owner says when."""
    async with a_postgres_database() as url:
        with pytest.raises(Misconfigured) as behind:
            await Database.open(url)

        assert behind.value.reason is Reason.DATABASE_BEHIND
        assert behind.value.facts == {"found": "empty", "needed": HEAD}
        assert "strikedesk db upgrade" in str(behind.value)


@pytest.mark.postgres
@on_postgres[1]
async def test_two_who_upgrade_postgres_at_once_run_each_migration_once() -> None:
    async with a_postgres_database() as url:
        await asyncio.gather(upgrade(url), upgrade(url), upgrade(url))

        async with opened(url) as database:
            assert await database.write(differences) == []


@pytest.mark.postgres
@on_postgres[1]
async def test_a_newer_postgres_is_refused_by_start_and_upgrade() -> None:
    async with a_postgres_database() as url:
        await upgrade(url)
        async with opened(url) as database:
            await database.write(
                lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            )

        for act in (Database.open(url), upgrade(url)):
            with pytest.raises(Misconfigured) as newer:
                await act
            assert newer.value.reason is Reason.DATABASE_NEWER


async def test_orders_from_before_there_were_groups_are_in_none(tmp_path: Path) -> None:
    """A desk that is upgraded keeps what it sent, and goes on from there."""
    file = tmp_path / "desk.db"
    async with a_database("sqlite", tmp_path) as database:
        await SqlLedger(database).open_preview(a_preview(), a_note("previewed"))
    with closing(sqlite3.connect(file)) as driver:
        for table in ("leases", "scan_runs", "scan_results", "alerts"):
            driver.execute(f"DROP TABLE {table}")
        driver.execute("DROP INDEX ix_orders_created_at_order_id_account_id")
        driver.execute(
            "CREATE INDEX ix_orders_created_at_order_id ON orders (created_at, order_id)"
        )
        by_account = "account_id, created_at, order_id"
        driver.execute(
            f"CREATE INDEX ix_orders_account_id_created_at_order_id ON orders ({by_account})"
        )
        driver.execute("DROP INDEX ix_orders_group_id_group_place")
        driver.execute("DROP INDEX ix_orders_state_updated_at")
        driver.execute("CREATE INDEX ix_orders_state ON orders (state)")
        driver.execute("DROP INDEX ix_order_uses_of_day")
        of_day = "broker, environment, claimed_at"
        driver.execute(
            f"CREATE INDEX ix_order_uses_broker_environment_claimed_at ON order_uses ({of_day})"
        )
        for name in ("group_id", "group_kind", "group_place"):
            driver.execute(f"ALTER TABLE orders DROP COLUMN {name}")
        driver.execute("UPDATE alembic_version SET version_num = '0004'")
        driver.commit()

    await upgrade(f"sqlite:///{file}")

    async with opened(f"sqlite:///{file}") as database:
        ledger = SqlLedger(database)
        assert await ledger.preview("preview-1") == a_preview()
        assert await ledger.others("order-1") == ()
        await ledger.open_preview(a_group_preview(2), a_note("previewed"))
        assert len(await ledger.others("order-2")) == 1


def test_migrations_are_found_where_a_wheel_puts_them(tmp_path: Path) -> None:
    """Inside the package, with no source tree around it; here behind a `%`, which INI files eat."""
    place = tmp_path / "100% site"
    package = place / "strikedesk"
    shutil.copytree(ROOT / "src" / "strikedesk", package)
    shutil.copytree(ROOT / "migrations", package / "migrations")
    code = (
        "import asyncio\n"
        "from strikedesk.store.migrate import folder\n"
        "from strikedesk.store.database import upgrade\n"
        f"asyncio.run(upgrade('sqlite:///{tmp_path / 'desk.db'}'))\n"
        "print(folder())"
    )

    said = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert said.stdout.strip() == str(package / "migrations")
    assert said.stderr == ""
    assert (tmp_path / "desk.db").stat().st_size > 0
