"""`strikedesk db`: bring the tables up to date, back the database up, put a backup back."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from strikedesk.cli.office import OWNER
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.settings import load
from strikedesk.wiring import UtcClock

# Told how many pages are copied and how many there are.
Progress: TypeAlias = Callable[[int, int], None]


async def upgrade() -> str:
    """Bring the tables up to date. Returns what to tell the owner."""
    from strikedesk.store.database import upgrade as bring_up  # noqa: PLC0415 -- needs SQLAlchemy
    from strikedesk.store.migrate import HEAD  # noqa: PLC0415 -- same

    settings = load()
    settings.folders.make()
    await bring_up(settings.database.reveal())
    return f"The database is at {HEAD}, the newest."


def back_up(target: Path, progress: Progress) -> str:
    """Copy the database to a new file, while servers go on writing."""
    from strikedesk.store.backup import back_up as copy  # noqa: PLC0415 -- needs SQLAlchemy

    made = copy(_own_file(), target.absolute(), progress=progress)
    return f"{made.path} holds everything: tables at {made.revision}, {made.lines} audit lines."


def restore(backup: Path, progress: Progress) -> str:
    """Put a copy back, once no server has the database open; trading is halted afterwards."""
    from strikedesk.store.restore import restore as put_back  # noqa: PLC0415 -- needs SQLAlchemy

    now = UtcClock().now()
    done = put_back(backup.absolute(), _own_file(), at=now, actor=OWNER, progress=progress)
    kept = f" What was there is {done.kept}." if done.kept else ""
    halted = "Trading is halted: look at what happened since, then `strikedesk resume`."
    return f"{done.copy.path} is what {backup} was.{kept} {halted}"


def _own_file() -> Path:
    """Return the file of the owner's database.

    Raises:
        Denied: NOT_SUPPORTED, for a database server, which brings tools of its own.
    """
    from strikedesk.store.database import file_of, parse  # noqa: PLC0415 -- needs SQLAlchemy

    settings = load()
    settings.folders.make()
    file = file_of(parse(settings.database.reveal()))
    if file is None:
        raise Denied(Reason.NOT_SUPPORTED, database="postgresql", use="pg_dump and pg_restore")
    return file
