"""The database of the desk: read a snapshot, or write durably.

SQLite for one person on one machine, PostgreSQL for several: the URL decides.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Final, Protocol, TypeVar

from sqlalchemy import URL, Connection, RowMapping, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.store.faults import as_desk_error
from strikedesk.store.sqlite import open_sqlite
from strikedesk.store.types import Query

T = TypeVar("T")

_THEIRS: Final = (SQLAlchemyError, sqlite3.Error, OSError)


class Backend(Protocol):
    """A kind of database. What the methods promise is said at `Database`."""

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        ...

    async def jot(self, work: Callable[[Connection], T]) -> T:
        """See `Database.jot`."""
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        ...

    async def glance(self, work: Callable[[Connection], T]) -> T:
        """See `Database.glance`."""
        ...

    def stream(self, query: Query) -> AsyncGenerator[RowMapping]:
        """See `Database.stream`."""
        ...

    async def close(self) -> None:
        """See `Database.close`."""
        ...


class Database:
    """Two verbs, a brief form of each, and a stream, over either kind.

    Raises (all five): what the work raises; `Denied(INVALID_ARGUMENT)` where a row conflicts with
    another; `Unavailable(DATABASE_UNAVAILABLE)`; `Misconfigured(DATABASE_UNREADABLE)`.
    """

    def __init__(self, backend: Backend) -> None:
        """Take over an open backend. See `Database.open`."""
        self._backend = backend

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Open by URL: `sqlite:///path` or `postgresql://user@host/name`.

        A SQLite file is made and migrated as needed; PostgreSQL has to be up to date already.

        Raises:
            Misconfigured: CONFIGURATION_UNREADABLE, DATABASE_UNREADABLE, DATABASE_NEWER,
                DATABASE_BEHIND.
            Unavailable: another process kept the file locked.
        """
        parsed = parse(url)
        if (path := file_of(parsed)) is not None:
            return cls(await asyncio.to_thread(open_sqlite, path))
        from strikedesk.store.postgres import (  # noqa: PLC0415 -- asyncpg only where it is used
            open_postgres,
        )

        return cls(await open_postgres(parsed))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction; return its answer after a durable commit.

        `work` may run on another thread: it must be quick, and must not wait for anything but the
        connection it is given. It never commits by itself.
        """
        try:
            return await self._backend.write(work)
        except _THEIRS as error:
            raise _in_our_words(error) from None

    async def jot(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which is a few statements about rows by their keys, as `write` does.

        It may run on the event loop, which stands still meanwhile: nothing longer belongs here.
        """
        try:
            return await self._backend.jot(work)
        except _THEIRS as error:
            raise _in_our_words(error) from None

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which changes nothing, over one consistent snapshot."""
        try:
            return await self._backend.read(work)
        except _THEIRS as error:
            raise _in_our_words(error) from None

    async def glance(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which looks for rows by their keys or counts those of a day, as `read` does.

        It may run on the event loop, which stands still meanwhile: nothing longer belongs here.
        Each of its statements may see a moment of its own.
        """
        try:
            return await self._backend.glance(work)
        except _THEIRS as error:
            raise _in_our_words(error) from None

    async def stream(self, query: Query) -> AsyncGenerator[RowMapping]:
        """Yield the rows of a long `query` as one snapshot. Close it: `contextlib.aclosing`."""
        try:
            async with aclosing(self._backend.stream(query)) as rows:
                async for row in rows:
                    yield row
        except _THEIRS as error:
            raise _in_our_words(error) from None

    async def close(self) -> None:
        """Finish what was asked for and let go."""
        await self._backend.close()


async def upgrade(url: str) -> None:
    """Bring the tables of a database up to date; no-op where they are.

    Raises:
        Misconfigured: as `Database.open`.
    """
    parsed = parse(url)
    if file_of(parsed) is not None:
        await (await Database.open(url)).close()
        return
    from strikedesk.store.postgres import (  # noqa: PLC0415 -- asyncpg only where it is used
        upgrade_postgres,
    )

    await upgrade_postgres(parsed)


def parse(url: str) -> URL:
    """Read a database URL; the error never repeats it, for it may hold a password.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _no_url("is no database URL") from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed
    if backend != "sqlite":
        raise _no_url("is neither sqlite nor postgresql")
    if parsed.database in {None, "", ":memory:"}:
        raise _no_url("names no file")
    return parsed


def file_of(url: URL) -> Path | None:
    """Return the file of a SQLite URL, absolute; None for PostgreSQL."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    return Path(url.database).expanduser().absolute()


def _no_url(problem: str) -> Misconfigured:
    return Misconfigured(
        Reason.CONFIGURATION_UNREADABLE, setting="STRIKEDESK_DATABASE_URL", problem=problem
    )


def _in_our_words(error: Exception) -> Exception:
    """Return what the desk says of it; what is somebody's bug stays what it is."""
    return as_desk_error(error) or error
