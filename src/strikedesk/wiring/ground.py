"""What every desk stands on: time, chance and the store."""

import os
import secrets
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strikedesk.domain.ports import HaltSwitch
from strikedesk.settings import Settings

if TYPE_CHECKING:
    from strikedesk.store.database import Database


class UtcClock:
    """The clock on the wall."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)  # noqa: TID251 -- this is the Clock that everyone else asks


class SystemEntropy:
    """The operating system's randomness."""

    def token(self) -> str:
        """See `Entropy.token`."""
        return secrets.token_urlsafe(24)

    def identifier(self) -> str:
        """See `Entropy.identifier`."""
        return str(uuid.UUID(bytes=os.urandom(16), version=4))


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncGenerator["Database"]:
    """Open the database, brought up to date where it is ours alone (SQLite).

    Raises:
        Misconfigured: DATABASE_UNREADABLE, DATABASE_NEWER.
    """
    from strikedesk.store.database import Database  # noqa: PLC0415 -- kept off `initialize`

    settings.folders.make()
    database = await Database.open(settings.database.reveal())
    try:
        yield database
    finally:
        await database.close()


def halt_switch(settings: Settings, database: "Database") -> HaltSwitch:
    """Return the stop of the owner's desk: the stored switch, and the file HALT."""
    from strikedesk.store.halt_file import FiledHaltSwitch  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.halts import SqlHaltSwitch  # noqa: PLC0415 -- same

    clock = UtcClock()
    stored = SqlHaltSwitch(database, clock=clock)
    return FiledHaltSwitch(stored, settings.folders.halt_file, clock=clock)
