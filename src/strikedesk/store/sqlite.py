"""SQLite: the file, the settings of every connection, one that writes, one that reads, streams."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import URL, Connection, Engine, RowMapping, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from strikedesk.store.alone import LoneWriter
from strikedesk.store.faults import as_opening_error, is_busy, unavailable, unreadable
from strikedesk.store.migrate import is_behind, upgrade
from strikedesk.store.transaction import driver_of
from strikedesk.store.types import Query
from strikedesk.store.writer import GroupWriter

T = TypeVar("T")

# Reading a larger file through would be felt at every start; `doctor` and a backup read it whole.
QUICK_CHECK_MAX_BYTES: Final = 32 * 1024 * 1024
BUSY_TIMEOUT_MS: Final = 5000

# The first one waits for others, so it comes first. `fullfsync` matters on macOS alone.
_SETTINGS: Final = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    # Of a new database: an order touches some forty pages, and what is kept are short rows.
    "PRAGMA page_size = 2048",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
)
_READ_ONLY: Final = "PRAGMA query_only = ON"
_IMPATIENT: Final = "PRAGMA busy_timeout = 0"
_PATIENCE_S: Final = 15.0
_PAUSE_S: Final = 0.05


class SqliteBackend:
    """One file: a thread that writes, one that reads, a connection for what is brief."""

    def __init__(
        self,
        *,
        path: Path,
        writer: Connection,
        jotter: Connection,
        reader: Connection,
    ) -> None:
        """Start the threads over connections that are ready. See `open_sqlite`."""
        self._writer = GroupWriter(writer)
        self._alone = LoneWriter(jotter, self._writer)
        self._reader = reader
        self._reads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-reader")
        self._streams = _async_engine(path)
        self._closed = False

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `GroupWriter.write`."""
        return await self._writer.write(work)

    async def jot(self, work: Callable[[Connection], T]) -> T:
        """See `LoneWriter.write`."""
        if self._closed:
            raise unavailable("closed")
        return await self._alone.write(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` over one snapshot, in one hop to the reader's thread."""
        if self._closed:
            raise unavailable("closed")
        return await asyncio.get_running_loop().run_in_executor(self._reads, self._snapshot, work)

    async def glance(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the event loop itself: finding a row takes a tenth of what a hop does.

        A reader of a write-ahead log waits for no writer. Where SQLite would have it wait after
        all, as while a log is being recovered, the reader's thread waits in its place, as it does
        for another loop.
        """
        if self._closed:
            raise unavailable("closed")
        if not self._alone.is_at_home(asyncio.get_running_loop()):
            return await self.read(work)
        try:
            return self._alone.look(work)
        except (SQLAlchemyError, sqlite3.Error) as error:
            if not is_busy(error):
                raise
        return await self.read(work)

    async def stream(self, query: Query) -> AsyncGenerator[RowMapping]:
        """Yield the rows of `query` as one snapshot, without holding them all."""
        async with self._streams.connect() as connection:
            async for row in (await connection.stream(query)).mappings():
                yield row

    async def close(self) -> None:
        """Finish what was asked for and let go of the file."""
        if not self._closed:
            self._alone.close()
        self._closed = True
        await self._writer.close()
        await asyncio.to_thread(self._reads.shutdown)
        self._reader.close()
        await self._streams.dispose()

    def _snapshot(self, work: Callable[[Connection], T]) -> T:
        driver = driver_of(self._reader)
        driver.execute("BEGIN")
        try:
            return work(self._reader)
        finally:
            if driver.in_transaction:
                driver.execute("COMMIT")


def open_sqlite(path: Path) -> SqliteBackend:
    """Open the file, made private before it holds anything, and bring its tables up to date.

    Blocks: call it from a thread.

    Raises:
        Misconfigured: DATABASE_UNREADABLE, DATABASE_NEWER.
        Unavailable: another process kept it locked.
    """
    try:
        create_private(path)
        with ExitStack() as opened:
            writer = opened.enter_context(_connect_patiently(sqlite_engine(path)))
            _check(writer, path)
            bring_up_to_date(writer)
            jotter, reader = (
                opened.enter_context(_connect_patiently(sqlite_engine(path))) for _ in range(2)
            )
            jotter.exec_driver_sql(_IMPATIENT)
            reader.exec_driver_sql(_READ_ONLY)
            opened.pop_all()
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise as_opening_error(error) from None
    return SqliteBackend(path=path, writer=writer, jotter=jotter, reader=reader)


def bring_up_to_date(connection: Connection) -> None:
    """Run the migrations that are missing, once, whoever else starts at the same moment."""
    if not is_behind(connection):
        return
    with exclusive(driver_of(connection)):
        if is_behind(connection):
            upgrade(connection)


@contextmanager
def exclusive(driver: sqlite3.Connection) -> Generator[None]:
    """Hold the writer's lock for one transaction."""
    driver.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if driver.in_transaction:
            driver.execute("ROLLBACK")
        raise
    driver.execute("COMMIT")


def sqlite_engine(path: Path) -> Engine:
    """Return an engine whose every connection is set up for durability, in autocommit mode."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_up)
    return engine


def create_private(path: Path) -> None:
    """Make an empty file that only its owner can read, in a folder likewise; keep what exists."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return


def _async_engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _set_up)
    event.listen(engine.sync_engine, "connect", _forbid_writes)
    event.listen(engine.sync_engine, "connect", _read_any_text)
    return engine


def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    try:
        _apply_settings(connection)
    except BaseException:
        connection.close()  # SQLAlchemy would leave it to the garbage collector.
        raise


def _read_any_text(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Let a text that is no UTF-8 come as it lies there: a walk over the trail must get past it."""
    connection.driver_connection.text_factory = partial(
        str, encoding="utf-8", errors="surrogateescape"
    )


def _apply_settings(connection: DBAPIConnection) -> None:
    cursor = connection.cursor()
    for setting in _SETTINGS:
        cursor.execute(setting)
    cursor.execute("PRAGMA journal_mode")
    (mode,) = cursor.fetchone() or ("",)
    cursor.close()
    if mode != "wal":
        raise unreadable("no write-ahead log on this file system")


def _forbid_writes(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(_READ_ONLY)
    cursor.close()


def _connect_patiently(engine: Engine) -> Connection:
    """Connect, also while another process turns the new file to write-ahead logging.

    SQLite does not wait for that lock by itself.
    """
    give_up_at = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return engine.connect()
        except (DBAPIError, sqlite3.Error) as error:
            if not is_busy(error) or time.monotonic() > give_up_at:
                raise
            time.sleep(_PAUSE_S)


def _check(connection: Connection, path: Path) -> None:
    if path.stat().st_size > QUICK_CHECK_MAX_BYTES:
        return
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if found != "ok":
        raise unreadable("quick_check")
