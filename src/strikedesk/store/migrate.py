"""Which migration a database stands at, and how it gets to the newest. Forward only.

Alembic is imported only when something has to be run.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

import strikedesk
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.store.faults import unreadable

# The revision ids of migrations/versions are numbers, so that newer ones can be told from older.
HEAD: Final = "0010"

_VERSION_TABLE: Final = "alembic_version"
_VERSION: Final = text(f"SELECT version_num FROM {_VERSION_TABLE}")  # noqa: S608 -- a constant


def is_behind(connection: Connection) -> bool:
    """Whether migrations are missing.

    Raises:
        Misconfigured: DATABASE_NEWER; DATABASE_UNREADABLE when the tables are not ours.
    """
    found = revision_of(connection)
    if found is not None and not found.isdecimal():
        raise unreadable("tables of another program")
    if found is not None and int(found) > int(HEAD):
        raise Misconfigured(Reason.DATABASE_NEWER, found=found, known=HEAD)
    return found != HEAD


def revision_of(connection: Connection) -> str | None:
    """Return the migration that the database stands at; None for an empty one.

    Raises:
        Misconfigured: DATABASE_UNREADABLE when it is neither ours nor empty.
    """
    tables = inspect(connection)
    if tables.has_table(_VERSION_TABLE):
        return connection.execute(_VERSION).scalar_one_or_none()
    if tables.get_table_names():
        raise unreadable("tables of another program")
    return None


def upgrade(connection: Connection) -> None:
    """Run the missing migrations in the caller's transaction, under the caller's lock."""
    from alembic import command  # noqa: PLC0415 -- wanted at the first start only
    from alembic.config import Config  # noqa: PLC0415 -- wanted at the first start only

    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def folder() -> Path:
    """Return where the migrations lie: inside the wheel, or beside `src` in the source tree.

    Raises:
        Misconfigured: DATABASE_UNREADABLE when this installation lacks them.
    """
    package = Path(strikedesk.__file__).parent
    for place in (package / "migrations", package.parents[1] / "migrations"):
        if (place / "env.py").is_file():
            return place
    raise unreadable("this installation lacks its migrations")
