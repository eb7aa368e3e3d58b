"""The owner's watchlists."""

from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from strikedesk.domain.ports import Watchlist
from strikedesk.domain.symbols import parse_symbol
from strikedesk.store.database import Database
from strikedesk.store.schema import watchlists
from strikedesk.store.upsert import put

_ALL: Final = select(watchlists)
_DROP: Final = delete(watchlists).where(watchlists.c.name == bindparam("wanted"))


class SqlWatchlists:
    """See `Watchlists`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def all(self) -> tuple[Watchlist, ...]:
        """See `Watchlists.all`."""
        return await self._database.read(_all)

    async def save(self, watchlist: Watchlist) -> None:
        """See `Watchlists.save`."""
        row = {
            "name": watchlist.name,
            "symbols": [symbol.compact for symbol in watchlist.symbols],
            "updated_at": watchlist.updated_at,
        }
        await self._database.write(partial(put, table=watchlists, rows=[row]))

    async def delete(self, name: str) -> bool:
        """See `Watchlists.delete`."""
        return await self._database.write(partial(_delete, name=name))


def _all(connection: Connection) -> tuple[Watchlist, ...]:
    found = (
        Watchlist(
            name=row.name,
            symbols=tuple(parse_symbol(text) for text in row.symbols),
            updated_at=row.updated_at,
        )
        for row in connection.execute(_ALL)
    )
    # Databases sort text by the locale they were made in.
    return tuple(sorted(found, key=lambda watchlist: watchlist.name))


def _delete(connection: Connection, *, name: str) -> bool:
    return connection.execute(_DROP, {"wanted": name}).rowcount == 1
