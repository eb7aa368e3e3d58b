"""Put a backup in the place of a SQLite database, and stop trading until the owner has looked.

What happened since the backup is unknown to it: nonces that it holds as live may have been spent,
and orders may be at work that it never heard of. So its live nonces are void and it is halted.
Everything blocks.
"""

import os
import shutil
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, update

from strikedesk.domain.ledger import Halt, NonceState, Note
from strikedesk.store.backup import (
    Copy,
    Progress,
    copy_pages,
    examine,
    gone_after,
    in_our_words,
    sync_folder,
)
from strikedesk.store.event_rows import append_event
from strikedesk.store.faults import is_busy, unavailable
from strikedesk.store.halts import engage
from strikedesk.store.schema import approvals, nonces
from strikedesk.store.sqlite import bring_up_to_date, exclusive, sqlite_engine
from strikedesk.store.transaction import driver_of

WHY: Final = "the database was restored from a backup; see what happened since"

_VOID_ALL: Final = (
    update(nonces).where(nonces.c.state == NonceState.LIVE).values(state=NonceState.VOID)
)
# One that waited when the backup was made may have been given, and its order sent, since.
_END_APPROVALS: Final = update(approvals).values(expires_at=approvals.c.requested_at)
_SIDE_FILES: Final = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put in place, and where the file that was there is kept; None where none was."""

    copy: Copy
    kept: Path | None


def restore(
    backup: Path, database: Path, *, at: datetime, actor: str, progress: Progress
) -> Restored:
    """Prove a backup whole, make it the database, and keep the old file beside it.

    Until the last step, which is one rename, the old database is untouched.

    Raises:
        Misconfigured: DATABASE_UNREADABLE, with what is broken in the backup; DATABASE_NEWER.
        Unavailable: another process has the database open.
    """
    copy = examine(backup)
    fresh = database.with_name(f"{database.name}.restoring")
    with in_our_words(), gone_after(fresh):
        copy_pages(backup, fresh, progress=progress)
        _mark(fresh, copy, at=at, actor=actor)
        with _left_alone(database):
            kept = _keep_aside(database, at)
            fresh.replace(database)
            sync_folder(database.parent)
    return Restored(copy=Copy(path=database, revision=copy.revision, lines=copy.lines), kept=kept)


def _mark(fresh: Path, copy: Copy, *, at: datetime, actor: str) -> None:
    with sqlite_engine(fresh).connect() as connection:
        bring_up_to_date(connection)
        with exclusive(driver_of(connection)):
            _stop(connection, copy, at=at, actor=actor)
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _stop(connection: Connection, copy: Copy, *, at: datetime, actor: str) -> None:
    connection.execute(_VOID_ALL, {"settled_at": at})
    connection.execute(_END_APPROVALS)
    engage(connection, halt=Halt(since=at, actor=actor, why=WHY))
    body = {"revision": copy.revision, "lines": copy.lines}
    note = Note(at=at, actor=actor, path="cli:db restore", kind="restored", body=body)
    append_event(connection, note, order_id=None)


@contextmanager
def _left_alone(database: Path) -> Generator[None]:
    """Hold off everybody else; a file that cannot be read has nobody to hold off."""
    if not database.exists():
        yield
        return
    with closing(sqlite3.connect(database, isolation_level=None)) as driver:
        _take_alone(driver)
        yield


def _take_alone(driver: sqlite3.Connection) -> None:
    """Leave write-ahead logging, which SQLite does for the only one who has the file open."""
    try:
        (mode,) = driver.execute("PRAGMA journal_mode = DELETE").fetchone()
        driver.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise unavailable("another process has the database open") from None
        return
    if mode != "delete":
        raise unavailable("another process has the database open")


def _keep_aside(database: Path, at: datetime) -> Path | None:
    """Give the old file a second name; its log, where a broken file left one, goes with it."""
    if not database.exists():
        return None
    kept = database.with_name(f"{database.name}.before-{at:%Y%m%dT%H%M%S%f}")
    try:
        os.link(database, kept)
    except OSError:  # A file system without links.
        shutil.copy2(database, kept)
    for side in _SIDE_FILES:
        left = database.with_name(database.name + side)
        if left.exists():
            left.replace(kept.with_name(kept.name + side))
    return kept
