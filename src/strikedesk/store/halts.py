"""The stop, kept where every process of the desk reads it."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, select

from strikedesk.domain.ledger import Halt, Json, Note
from strikedesk.domain.ports import Clock
from strikedesk.store.database import Database
from strikedesk.store.event_rows import append_event
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import owner_settings
from strikedesk.store.upsert import put_new

_KEY: Final = "halt"
_ROW: Final = Prepared(select(owner_settings.c.value).where(owner_settings.c.key == _KEY))
_GONE: Final = delete(owner_settings).where(owner_settings.c.key == _KEY)
# What begins the keys of the breaker's counts: whoever resumes has looked, and they begin anew.
FAILURES: Final = "failures:"
_COUNTED: Final = delete(owner_settings).where(owner_settings.c.key.startswith(FAILURES))


class SqlHaltSwitch:
    """See `HaltSwitch`. A row is a halt; so is a row that is garbled, or a database in trouble."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        """Read and write this database; the clock dates a halt whose own date is lost."""
        self._database = database
        self._clock = clock

    async def engaged(self) -> Halt | None:
        """See `HaltSwitch.engaged`. It never raises."""
        try:
            return await self._database.glance(_halt)
        except Exception:  # noqa: BLE001 -- whatever keeps us from reading it, it counts as engaged
            return Halt(since=self._clock.now(), actor="desk", why="halt state unreadable")

    async def engage(self, halt: Halt) -> None:
        """See `HaltSwitch.engage`."""
        await self._database.write(partial(engage, halt=halt))

    async def release(self, note: Note) -> None:
        """See `HaltSwitch.release`. Without a halt nothing is written."""
        await self._database.write(partial(_release, note=note))


def engage(connection: Connection, *, halt: Halt) -> bool:
    """Write a halt; False, and nothing is written, where there is one."""
    value: Mapping[str, Json] = {
        "since": halt.since.isoformat(),
        "actor": halt.actor,
        "why": halt.why,
    }
    row = {"key": _KEY, "value": value, "updated_at": halt.since}
    return put_new(connection, owner_settings, row)


def _halt(connection: Connection) -> Halt | None:
    row = _ROW.row(connection)
    if row is None:
        return None
    told = row["value"]
    return Halt(since=datetime.fromisoformat(told["since"]), actor=told["actor"], why=told["why"])


def _release(connection: Connection, *, note: Note) -> None:
    if connection.execute(_GONE).rowcount:
        connection.execute(_COUNTED)
        append_event(connection, note, order_id=None)
