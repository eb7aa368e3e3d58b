"""The vault's wrapped data keys."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from strikedesk.domain.ports import WrappedKey
from strikedesk.store.database import Database
from strikedesk.store.schema import vault_keys
from strikedesk.store.upsert import put

_COLUMNS: Final = tuple(column.name for column in vault_keys.columns)
_IN_USE: Final = select(vault_keys).where(vault_keys.c.wrapped.is_not(None))
# In one order, so that two who retire at once wait for each other and do not lock up.
_KEKS_IN_USE: Final = (
    select(vault_keys.c.kek_id)
    .where(vault_keys.c.dek_id == bindparam("of_dek"), vault_keys.c.wrapped.is_not(None))
    .order_by(vault_keys.c.kek_id)
    .with_for_update()
)
_ERASE: Final = (
    update(vault_keys)
    .where(vault_keys.c.dek_id == bindparam("of_dek"), vault_keys.c.kek_id == bindparam("of_kek"))
    .values(wrapped=None)
)


class SqlKeyStore:
    """See `WrappedKeyStore`. SQLite overwrites what it erases (`secure_delete`)."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def load(self) -> Sequence[WrappedKey]:
        """See `WrappedKeyStore.load`."""
        return await self._database.read(_load)

    async def save(self, key: WrappedKey) -> None:
        """See `WrappedKeyStore.save`."""
        row = {name: getattr(key, name) for name in _COLUMNS}
        await self._database.write(partial(put, table=vault_keys, rows=[row]))

    async def retire(self, *, dek_id: str, kek_id: str) -> None:
        """See `WrappedKeyStore.retire`."""
        await self._database.write(partial(_retire, dek_id=dek_id, kek_id=kek_id))


def _load(connection: Connection) -> tuple[WrappedKey, ...]:
    rows = connection.execute(_IN_USE).mappings()
    return tuple(WrappedKey(**_told(row)) for row in rows)


def _retire(connection: Connection, *, dek_id: str, kek_id: str) -> None:
    in_use = connection.execute(_KEKS_IN_USE, {"of_dek": dek_id}).scalars().all()
    if kek_id in in_use and len(in_use) > 1:
        connection.execute(_ERASE, {"of_dek": dek_id, "of_kek": kek_id})


def _told(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in _COLUMNS}
