"""What goes wrong with a database is told in our own words, and by what the caller does next."""

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

import strikedesk
from strikedesk.domain.errors import Denied, DeskError, Misconfigured, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.store.backup import examine
from strikedesk.store.database import Database
from strikedesk.store.faults import as_desk_error, as_lost, as_opening_error
from strikedesk.store.migrate import folder
from strikedesk.store.restore import restore
from strikedesk.store.sqlite import create_private, exclusive, sqlite_engine
from strikedesk.store.transaction import driver_of
from tests.builders import NOON
from tests.stores import opened

CANARY = "canary-7f3a91"


def of_sqlite(kind: type[sqlite3.Error], code: int | None, name: str) -> sqlite3.Error:
    error = kind(CANARY)
    if code is not None:
        error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error


class PostgresComplaint(Exception):
    """What the driver raises: it has the state and says too much."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(CANARY)
        self.sqlstate = sqlstate


def of_postgres(sqlstate: str | None, *, lost: bool = False) -> DBAPIError:
    return DBAPIError("SELECT", None, PostgresComplaint(sqlstate), connection_invalidated=lost)


BUSY = of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_BUSY, "SQLITE_BUSY")
SNAPSHOT = of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_BUSY | 2 << 8, "SQLITE_BUSY_SNAPSHOT")
FULL = of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_FULL, "SQLITE_FULL")
BROKEN = of_sqlite(sqlite3.DatabaseError, sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT")
NO_TABLE = of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_ERROR, "SQLITE_ERROR")
MISUSED = of_sqlite(sqlite3.ProgrammingError, None, "")

TOLD: dict[str, tuple[BaseException, type[DeskError] | None, str | None]] = {
    "a lock that did not come": (BUSY, Unavailable, "SQLITE_BUSY"),
    "a snapshot that is too old": (SNAPSHOT, Unavailable, "SQLITE_BUSY_SNAPSHOT"),
    "a full disk": (OperationalError("S", None, FULL), Unavailable, "SQLITE_FULL"),
    "a damaged file": (OperationalError("S", None, BROKEN), Misconfigured, "SQLITE_CORRUPT"),
    "a statement of ours": (OperationalError("S", None, NO_TABLE), None, None),
    "a call of ours": (MISUSED, None, None),
    "a conflict": (IntegrityError("S", None, BUSY), Denied, None),
    "a network": (ConnectionResetError(CANARY), Unavailable, "ConnectionResetError"),
    "a pool": (PoolTimeout(CANARY), Unavailable, "TimeoutError"),
    "a deadlock": (of_postgres("40P01"), Unavailable, "40P01"),
    "a lock timeout": (of_postgres("55P03"), Unavailable, "55P03"),
    "a shutdown": (of_postgres("57P01"), Unavailable, "57P01"),
    "a connection": (of_postgres(None, lost=True), Unavailable, "connection lost"),
    "a statement of ours there": (of_postgres("42601"), None, None),
    "a value of ours there": (of_postgres(None), None, None),
    "a bug": (ValueError(CANARY), None, None),
}


@pytest.mark.promise("quiet")
@pytest.mark.parametrize(("error", "kind", "cause"), TOLD.values(), ids=TOLD)
def test_each_failure_says_what_to_do_next(
    error: BaseException, kind: type[DeskError] | None, cause: str | None
) -> None:
    """A bug of ours is not told as a reason: nobody outside could mend it."""
    told = as_desk_error(error)

    assert type(told) is (kind or type(None))
    assert CANARY not in str(told)
    if told is not None and cause is not None:
        assert told.facts == {"cause": cause}


@pytest.mark.parametrize(
    ("error", "reason", "cause"),
    [
        (BUSY, Reason.DATABASE_UNAVAILABLE, "SQLITE_BUSY"),
        (NO_TABLE, Reason.DATABASE_UNREADABLE, "SQLITE_ERROR"),
        (MISUSED, Reason.DATABASE_UNREADABLE, "ProgrammingError"),
        (of_postgres("28P01"), Reason.DATABASE_UNREADABLE, "28P01"),
        (PermissionError(CANARY), Reason.DATABASE_UNREADABLE, "PermissionError"),
    ],
)
def test_what_does_not_open_says_why(error: BaseException, reason: Reason, cause: str) -> None:
    told = as_opening_error(error)

    assert (told.reason, told.facts) == (reason, {"cause": cause})


@pytest.mark.parametrize(
    ("error", "kind"), [(FULL, Unavailable), (BROKEN, Misconfigured), (NO_TABLE, Unavailable)]
)
def test_what_is_not_on_disk_is_never_a_refusal(
    error: sqlite3.Error, kind: type[DeskError]
) -> None:
    """Whoever was in the transaction did nothing wrong."""
    assert type(as_lost(error)) is kind


@pytest.fixture
def driver(tmp_path: Path) -> Generator[sqlite3.Connection]:
    create_private(tmp_path / "desk.db")
    with sqlite_engine(tmp_path / "desk.db").connect() as connection:
        yield driver_of(connection)


def tables(driver: sqlite3.Connection) -> list[Any]:
    return driver.execute("SELECT name FROM sqlite_master").fetchall()


def test_a_migration_that_fails_leaves_nothing(driver: sqlite3.Connection) -> None:
    def half() -> None:
        with exclusive(driver):
            driver.execute("CREATE TABLE half (done INTEGER)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()

    assert tables(driver) == []


def test_an_error_that_ended_the_transaction_is_not_hidden(driver: sqlite3.Connection) -> None:
    def ended() -> None:
        with exclusive(driver):
            driver.execute("ROLLBACK")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ended()


async def a_file_with_a_false_count(folder: Path) -> Path:
    """Make a database whose header tells of free pages that are not there."""
    path = folder / "desk.db"
    async with opened(f"sqlite:///{path}"):
        pass
    with path.open("r+b") as file:
        file.seek(36)
        file.write(b"\x00\x00\x00\x07")
    return path


async def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    path = await a_file_with_a_false_count(tmp_path)

    with pytest.raises(Misconfigured) as start:
        await Database.open(f"sqlite:///{path}")
    with pytest.raises(Misconfigured) as backup:
        examine(path)

    assert start.value.facts == {"cause": "quick_check"}
    assert backup.value.facts == {"cause": "integrity_check"}


async def test_a_trail_that_lost_its_end_is_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with opened(f"sqlite:///{path}"):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as forger:
        forger.execute("UPDATE order_event_head SET sequence = 7")

    with pytest.raises(Misconfigured) as broken:
        examine(path)

    assert broken.value.facts == {"cause": "audit line 1"}


async def test_a_file_system_without_links_keeps_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, backup = tmp_path / "desk.db", tmp_path / "backup.db"
    for path in (desk, backup):
        async with opened(f"sqlite:///{path}"):
            pass

    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)

    kept = restore(backup, desk, at=NOON, actor="owner", progress=lambda _done, _total: None).kept

    assert kept is not None
    assert examine(kept).lines == 0
    assert examine(desk).lines == 1


def test_an_installation_without_migrations_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strikedesk, "__file__", str(tmp_path / "a" / "b" / "__init__.py"))

    with pytest.raises(Misconfigured) as missing:
        folder()

    assert missing.value.reason is Reason.DATABASE_UNREADABLE
