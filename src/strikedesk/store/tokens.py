"""Bearer tokens of callers. Only hashes are stored."""

from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from strikedesk.domain.ports import CallerToken
from strikedesk.store.database import Database
from strikedesk.store.schema import caller_tokens
from strikedesk.store.types import Instant

_COLUMNS: Final = tuple(column.name for column in caller_tokens.columns)
_ADD: Final = insert(caller_tokens).inline()
_BY_DIGEST: Final = select(caller_tokens).where(caller_tokens.c.digest == bindparam("wanted"))
_OLDEST_FIRST: Final = select(caller_tokens).order_by(caller_tokens.c.created_at)
_REVOKE: Final = (
    update(caller_tokens)
    .where(caller_tokens.c.token_id == bindparam("wanted"))
    .values(
        revoked_at=func.coalesce(caller_tokens.c.revoked_at, bindparam("instant", type_=Instant))
    )
)
_USE: Final = (
    update(caller_tokens)
    .where(caller_tokens.c.token_id == bindparam("wanted"))
    .values(used_at=bindparam("instant", type_=Instant))
)


class SqlCallerTokens:
    """See `CallerTokens`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def add(self, token: CallerToken) -> None:
        """See `CallerTokens.add`.

        Raises:
            Denied: INVALID_ARGUMENT, when its id or its digest is known already.
        """
        await self._database.write(partial(_add, token=token))

    async def by_digest(self, digest: str) -> CallerToken | None:
        """See `CallerTokens.by_digest`."""
        return await self._database.read(partial(_by_digest, digest=digest))

    async def all(self) -> tuple[CallerToken, ...]:
        """See `CallerTokens.all`."""
        return await self._database.read(_all)

    async def used(self, token_id: str, at: datetime) -> None:
        """See `CallerTokens.used`."""
        await self._database.write(partial(_use, token_id=token_id, at=at))

    async def revoke(self, token_id: str, at: datetime) -> bool:
        """See `CallerTokens.revoke`. Who was revoked before stays so since then."""
        return await self._database.write(partial(_revoke, token_id=token_id, at=at))


def _add(connection: Connection, *, token: CallerToken) -> None:
    connection.execute(_ADD, {name: getattr(token, name) for name in _COLUMNS})


def _by_digest(connection: Connection, *, digest: str) -> CallerToken | None:
    row = connection.execute(_BY_DIGEST, {"wanted": digest}).mappings().one_or_none()
    return None if row is None else _token_of(row)


def _all(connection: Connection) -> tuple[CallerToken, ...]:
    found = (_token_of(row) for row in connection.execute(_OLDEST_FIRST).mappings())
    return tuple(sorted(found, key=lambda token: (token.created_at, token.token_id)))


def _use(connection: Connection, *, token_id: str, at: datetime) -> None:
    connection.execute(_USE, {"wanted": token_id, "instant": at})


def _revoke(connection: Connection, *, token_id: str, at: datetime) -> bool:
    return connection.execute(_REVOKE, {"wanted": token_id, "instant": at}).rowcount == 1


def _token_of(row: RowMapping) -> CallerToken:
    told: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    return CallerToken(**told)
