"""A copy of a SQLite database, taken while others write, and proven whole. Everything blocks."""

import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.store.faults import as_opening_error, unreadable
from strikedesk.store.migrate import is_behind, revision_of
from strikedesk.store.sqlite import create_private
from strikedesk.store.trail import TRAIL, TrailCheck

# Told how many pages are copied and how many there are.
Progress: TypeAlias = Callable[[int, int], None]

_PAGES_AT_A_TIME: Final = 256
_ROWS_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file that was read through and found whole: its tables' revision, its trail's length."""

    path: Path
    revision: str
    lines: int


def back_up(database: Path, target: Path, *, progress: Progress) -> Copy:
    """Write the database, as it stands at one moment, to a new file; prove the copy whole.

    Writers go on meanwhile. `target` appears only when it is complete; it can be read by its owner
    alone, and holds secrets only as sealed as the database does.

    Raises:
        Denied: INVALID_ARGUMENT, when `target` exists.
        Misconfigured: DATABASE_UNREADABLE, DATABASE_NEWER.
    """
    if target.exists():
        raise Denied(Reason.INVALID_ARGUMENT, rule="backup_file_is_new", file=target.name)
    partial = target.with_name(f"{target.name}.partial")
    with in_our_words(), gone_after(partial):
        copy_pages(database, partial, progress=progress)
        examined = examine(partial)
        partial.replace(target)
        sync_folder(target.parent)
    return Copy(path=target, revision=examined.revision, lines=examined.lines)


def examine(path: Path) -> Copy:
    """Read a database through: pages, references, tables, audit trail. Nothing in it changes.

    Raises:
        Misconfigured: DATABASE_UNREADABLE, with what is broken; DATABASE_NEWER.
    """
    engine = create_engine(
        "sqlite://", creator=lambda: _existing(path, "ro"), poolclass=NullPool, hide_parameters=True
    )
    with in_our_words(), engine.connect() as connection:
        if connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one() != "ok":
            raise unreadable("integrity_check")
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise unreadable("foreign_key_check")
        is_behind(connection)  # Refuses what a newer program wrote.
        revision = revision_of(connection)
        if revision is None:
            raise unreadable("no tables")
        return Copy(path=path, revision=revision, lines=_lines(connection))


def copy_pages(source: Path, target: Path, *, progress: Progress) -> None:
    """Copy a database as it stands at one moment to a private file that is complete by itself."""
    target.unlink(missing_ok=True)
    create_private(target)
    with closing(_existing(source, "rw")) as origin, closing(_existing(target, "rw")) as copy:
        # Held open, so that what others write meanwhile does not make the copy start again.
        origin.execute("BEGIN")
        origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
        origin.backup(
            copy,
            pages=_PAGES_AT_A_TIME,
            progress=lambda _, left, total: progress(total - left, total),
        )
        origin.execute("COMMIT")
        copy.execute("PRAGMA journal_mode = DELETE")


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def gone_after(unfinished: Path) -> Generator[None]:
    """Leave no unfinished file behind, whatever happens."""
    try:
        yield
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def in_our_words() -> Generator[None]:
    """Turn what a file or its database raises into `Misconfigured(DATABASE_UNREADABLE)`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise as_opening_error(error) from None


def _existing(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _lines(connection: Connection) -> int:
    check = TrailCheck()
    rows = connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(TRAIL).mappings()
    for row in rows:
        check.take(row)
        if check.bad is not None:
            break
    check.end()
    if check.bad is not None:
        raise unreadable(f"audit line {check.bad.sequence}")
    return check.lines
