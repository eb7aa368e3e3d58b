"""What links a user to a broker: sealed tokens, opened by the vault alone."""

from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from strikedesk.domain.accounts import Environment
from strikedesk.store.database import Database
from strikedesk.store.schema import broker_links, users
from strikedesk.store.upsert import put, put_new

_THIS: Final = (
    broker_links.c.user_id == bindparam("of_user"),
    broker_links.c.broker == bindparam("of_broker"),
    broker_links.c.environment == bindparam("of_environment"),
)
_SEALED: Final = select(broker_links.c.sealed).where(*_THIS)
_DROP: Final = delete(broker_links).where(*_THIS)


class SqlLinks:
    """Keeps one sealed blob for each user, broker and environment. It never sees inside."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def save(
        self, *, user_id: str, broker: str, environment: Environment, sealed: bytes, at: datetime
    ) -> None:
        """Link, or replace the link. A user who is new is written down."""
        row: dict[str, object] = {
            "user_id": user_id,
            "broker": broker,
            "environment": environment,
            "sealed": sealed,
            "updated_at": at,
        }
        await self._database.write(partial(_save, row=row))

    async def load(self, *, user_id: str, broker: str, environment: Environment) -> bytes | None:
        """Return the sealed blob, or None where there is no link."""
        asked = _asked(user_id, broker, environment)
        return await self._database.read(partial(_load, asked=asked))

    async def delete(self, *, user_id: str, broker: str, environment: Environment) -> bool:
        """Unlink; False when there was no link."""
        asked = _asked(user_id, broker, environment)
        return await self._database.write(partial(_delete, asked=asked))


def _asked(user_id: str, broker: str, environment: Environment) -> dict[str, object]:
    return {"of_user": user_id, "of_broker": broker, "of_environment": environment}


def _save(connection: Connection, *, row: dict[str, object]) -> None:
    put_new(connection, users, {"user_id": row["user_id"], "created_at": row["updated_at"]})
    put(connection, broker_links, [row])


def _load(connection: Connection, *, asked: dict[str, object]) -> bytes | None:
    return connection.execute(_SEALED, asked).scalar_one_or_none()


def _delete(connection: Connection, *, asked: dict[str, object]) -> bool:
    return connection.execute(_DROP, asked).rowcount == 1
