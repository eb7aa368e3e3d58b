"""Turns at what a broker lets be asked so often, kept where every process of the desk reads them.

A row says when the next turn of a quota is free: as much as there is to know, and one short
transaction to take it.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, select

from strikedesk.domain.ports import Clock, Turns
from strikedesk.store.database import Database
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import owner_settings
from strikedesk.store.upsert import put, put_new

_PREFIX: Final = "turns:"
# Locked where rows are locked at all; in SQLite a writer is alone.
_ROW: Final = Prepared(
    select(owner_settings.c.value)
    .where(owner_settings.c.key == bindparam("of_key"))
    .with_for_update()
)
# Nobody lets turns be taken so far ahead: a clock was wrong then, and is not waited for.
_AHEAD_MAX: Final = timedelta(minutes=2)


class SqlRateBudget:
    """See `RateBudget`. Processes on several machines count on clocks that agree."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        """Keep turns in this database; the clock is the wall's."""
        self._database = database
        self._clock = clock

    async def reserve(self, turns: Turns, *, within: timedelta) -> timedelta | None:
        """See `RateBudget.reserve`."""
        work = partial(_take, turns=turns, clock=self._clock, within=within)
        return await self._database.write(work)


def _take(
    connection: Connection, *, turns: Turns, clock: Clock, within: timedelta
) -> timedelta | None:
    key = _PREFIX + turns.quota
    told = _locked(connection, key, clock)
    now = clock.now()  # Not from before the row was waited for.
    begins = max(now, _free_at(told, now))
    if begins - now > within:
        return None
    free_at = begins + turns.gap * turns.count
    value = {"free_at": free_at.isoformat()}
    put(connection, owner_settings, [{"key": key, "value": value, "updated_at": now}])
    return begins - now


def _locked(connection: Connection, key: str, clock: Clock) -> object:
    """Return the row of a quota, held until the transaction ends; one is made where none is."""
    row = _ROW.row(connection, of_key=key)
    if row is None:
        put_new(connection, owner_settings, {"key": key, "value": {}, "updated_at": clock.now()})
        row = _ROW.row(connection, of_key=key)
    return None if row is None else row["value"]


def _free_at(told: object, now: datetime) -> datetime:
    """Return when the next turn is free; a row that is garbled or absurd says now."""
    text = told.get("free_at") if isinstance(told, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- of JSON
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else now
    except ValueError:
        return now
    return at if at.tzinfo is not None and at - now <= _AHEAD_MAX else now
