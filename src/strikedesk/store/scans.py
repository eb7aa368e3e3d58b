"""The owner's scans."""

from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select, text

from strikedesk.domain.ports import SavedScan
from strikedesk.store.database import Database
from strikedesk.store.schema import saved_scans
from strikedesk.store.upsert import put

_ALL: Final = select(saved_scans)
_OTHERS: Final = (
    select(func.count()).select_from(saved_scans).where(saved_scans.c.name != bindparam("wanted"))
)
_REMOVE: Final = delete(saved_scans).where(saved_scans.c.name == bindparam("wanted"))
_LOCK: Final = text("LOCK TABLE saved_scans IN SHARE ROW EXCLUSIVE MODE")
_TOML: Final = "toml"  # A document is JSON: what a scan is written in has its own name in it.


class SqlSavedScans:
    """See `SavedScans`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def all(self) -> tuple[SavedScan, ...]:
        """See `SavedScans.all`."""
        return await self._database.read(_all)

    async def save(self, scan: SavedScan, most: int) -> bool:
        """See `SavedScans.save`."""
        return await self._database.write(partial(_save, scan=scan, most=most))

    async def remove(self, name: str) -> bool:
        """See `SavedScans.remove`."""
        return await self._database.write(partial(_remove, name=name))


def _all(connection: Connection) -> tuple[SavedScan, ...]:
    found = (
        SavedScan(name=row.name, definition=row.definition[_TOML], updated_at=row.updated_at)
        for row in connection.execute(_ALL)
    )
    # Databases sort text by the locale they were made in.
    return tuple(sorted(found, key=lambda scan: scan.name))


def _save(connection: Connection, *, scan: SavedScan, most: int) -> bool:
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway.
        connection.execute(_LOCK)
    if connection.execute(_OTHERS, {"wanted": scan.name}).scalar_one() >= most:
        return False
    row = {
        "name": scan.name,
        "definition": {_TOML: scan.definition},
        "updated_at": scan.updated_at,
    }
    put(connection, saved_scans, [row])
    return True


def _remove(connection: Connection, *, name: str) -> bool:
    return connection.execute(_REMOVE, {"wanted": name}).rowcount == 1
