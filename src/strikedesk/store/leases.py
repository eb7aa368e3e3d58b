"""Which process acts, where one of several should."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, delete, or_
from sqlalchemy.dialects import postgresql, sqlite

from strikedesk.store.database import Database
from strikedesk.store.schema import leases

_GIVE_BACK: Final = delete(leases).where(
    leases.c.name == bindparam("wanted"), leases.c.holder == bindparam("own")
)


class SqlLeases:
    """See `Leases`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def take(self, name: str, holder: str, now: datetime, term: timedelta) -> bool:
        """See `Leases.take`."""
        work = partial(_take, name=name, holder=holder, now=now, until=now + term)
        return await self._database.write(work)

    async def give_back(self, name: str, holder: str) -> None:
        """See `Leases.give_back`."""
        await self._database.write(partial(_give_back, name=name, holder=holder))


def _take(
    connection: Connection, *, name: str, holder: str, now: datetime, until: datetime
) -> bool:
    """Insert it, or take the row over where it is ours, over, or from another time."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    taking = insert(leases).values(name=name, holder=holder, until=until)
    free = or_(leases.c.holder == holder, leases.c.until <= now, leases.c.until > until)
    taken = taking.on_conflict_do_update(
        index_elements=[leases.c.name],
        set_={"holder": taking.excluded.holder, "until": taking.excluded.until},
        where=free,
    )
    return connection.execute(taken).rowcount == 1


def _give_back(connection: Connection, *, name: str, holder: str) -> None:
    connection.execute(_GIVE_BACK, {"wanted": name, "own": holder})
