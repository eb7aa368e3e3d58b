"""The owner's watchlists."""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection, bindparam, delete, select, text

from strikedesk.domain.ports import ListChange, Watchlist
from strikedesk.domain.symbols import parse_symbol
from strikedesk.store.database import Database
from strikedesk.store.schema import watchlists
from strikedesk.store.upsert import put

T = TypeVar("T")

_ALL: Final = select(watchlists)
_DROP: Final = delete(watchlists).where(watchlists.c.name == bindparam("wanted"))
_LOCK: Final = text("LOCK TABLE watchlists IN SHARE ROW EXCLUSIVE MODE")


class SqlWatchlists:
    """See `Watchlists`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def all(self) -> tuple[Watchlist, ...]:
        """See `Watchlists.all`."""
        return await self._database.read(_all)

    async def change(self, act: Callable[[tuple[Watchlist, ...]], tuple[ListChange, T]]) -> T:
        """See `Watchlists.change`."""
        return await self._database.write(partial(_change, act=act))


def _change(
    connection: Connection, *, act: Callable[[tuple[Watchlist, ...]], tuple[ListChange, T]]
) -> T:
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway.
        connection.execute(_LOCK)
    change, answer = act(_all(connection))
    for name in change.drop:
        connection.execute(_DROP, {"wanted": name})
    put(connection, watchlists, [_row(each) for each in change.save])
    return answer


def _row(watchlist: Watchlist) -> dict[str, object]:
    return {
        "name": watchlist.name,
        "symbols": [symbol.compact for symbol in watchlist.symbols],
        "updated_at": watchlist.updated_at,
    }


def _all(connection: Connection) -> tuple[Watchlist, ...]:
    found = (
        Watchlist(
            name=row.name,
            symbols=tuple(parse_symbol(spelled) for spelled in row.symbols),
            updated_at=row.updated_at,
        )
        for row in connection.execute(_ALL)
    )
    # Databases sort text by the locale they were made in.
    return tuple(sorted(found, key=lambda watchlist: watchlist.name))
