"""PostgreSQL: many processes and people on one desk, over asyncpg."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Final, TypeVar

from asyncpg import PostgresError
from sqlalchemy import URL, Connection, RowMapping, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.store.faults import as_opening_error
from strikedesk.store.migrate import HEAD, is_behind, revision_of, upgrade
from strikedesk.store.types import Query

T = TypeVar("T")

# Any number will do, as long as every process of the desk takes the same one.
_MIGRATION_LOCK: Final = text("SELECT pg_advisory_xact_lock(7467200119)")
_SERVER_SETTINGS: Final = {
    "application_name": "strikedesk",
    "synchronous_commit": "on",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "30000",
}
_CONNECT_TIMEOUT_S: Final = 10


class PostgresBackend:
    """A pool of connections. See `open_postgres`."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Take over an engine whose database is up to date."""
        self._engine = engine
        self._reads = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._writing: set[asyncio.Task[object]] = set()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own; return its answer once it is committed.

        A waiter that is cancelled leaves; the transaction goes on without it.
        """
        task = asyncio.ensure_future(self._transact(work))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return await asyncio.shield(task)

    async def jot(self, work: Callable[[Connection], T]) -> T:
        """Run `work` as `write` does: each round trip is one to another process."""
        return await self.write(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` over one snapshot."""
        async with self._reads.connect() as connection:
            return await connection.run_sync(work)

    async def glance(self, work: Callable[[Connection], T]) -> T:
        """Run `work` as `read` does: each round trip is one to another process."""
        return await self.read(work)

    async def stream(self, query: Query) -> AsyncGenerator[RowMapping]:
        """Yield the rows of `query` as one snapshot, without holding them all."""
        async with self._reads.connect() as connection:
            async for row in (await connection.stream(query)).mappings():
                yield row

    async def close(self) -> None:
        """Finish what is being written and close the connections."""
        await asyncio.gather(*self._writing, return_exceptions=True)
        await self._engine.dispose()

    async def _transact(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)


async def open_postgres(url: URL) -> PostgresBackend:
    """Open a database that is up to date; it is brought up to date by `upgrade_postgres` only.

    Raises:
        Misconfigured: DATABASE_UNREADABLE, DATABASE_NEWER, DATABASE_BEHIND.
    """
    engine = _engine(url)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_refuse_behind)
    except BaseException as error:
        await engine.dispose()
        if isinstance(error, SQLAlchemyError | OSError | PostgresError):
            raise as_opening_error(error) from None
        raise
    return PostgresBackend(engine)


async def upgrade_postgres(url: URL) -> None:
    """Run the migrations that are missing, once, whoever else does so at the same moment.

    Raises:
        Misconfigured: DATABASE_UNREADABLE, DATABASE_NEWER.
    """
    engine = _engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(_MIGRATION_LOCK)
            if await connection.run_sync(is_behind):
                await connection.run_sync(upgrade)
    except (SQLAlchemyError, OSError, PostgresError) as error:
        raise as_opening_error(error) from None
    finally:
        await engine.dispose()


def _refuse_behind(connection: Connection) -> None:
    if is_behind(connection):
        found = revision_of(connection) or "empty"
        raise Misconfigured(Reason.DATABASE_BEHIND, found=found, needed=HEAD)


def _engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        hide_parameters=True,
        pool_size=10,
        max_overflow=0,
        pool_timeout=_CONNECT_TIMEOUT_S,
        connect_args={"timeout": _CONNECT_TIMEOUT_S, "server_settings": _SERVER_SETTINGS},
    )
