"""`strikedesk audit prune`: the beginning of the trail leaves for a file once it is old enough."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from strikedesk.cli.auditing import Progress, counted, day, written
from strikedesk.cli.exporting import Export, Stretch, exported_file, new_file
from strikedesk.cli.office import DOOR, OWNER
from strikedesk.cli.trail_forms import Format
from strikedesk.domain.ledger import Json, Note
from strikedesk.domain.retention import PRUNED, years_before
from strikedesk.settings import Settings, load
from strikedesk.wiring import UtcClock, open_store

if TYPE_CHECKING:
    from strikedesk.store.retention import Old


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would go, to which file, and the question about it; `old` None = nothing would."""

    out: Path
    settings: Settings
    cutoff: datetime
    old: "Old | None"

    @property
    def words(self) -> str:
        """What the owner is asked, or told where nothing would go."""
        aged = _aged(self.settings.audit.keep_years)
        if self.old is None:
            return f"Nothing goes: no order and no line at the trail's beginning is {aged} old."
        days = f"{day(self.old.first_at)} to {day(self.old.last_at)}"
        return f"Older than {aged}: {_counted(self.old)}, {days}. Export and delete them?"


def plan(out: Path) -> Plan:
    """Return what is past its time.

    Raises:
        Denied: INVALID_ARGUMENT, when `out` exists.
    """
    new_file(out)
    settings = load()
    cutoff = years_before(UtcClock().now(), settings.audit.keep_years)
    old = asyncio.run(_old(settings, cutoff))
    return Plan(out=out, settings=settings, cutoff=cutoff, old=old)


def prune(planned: Plan, old: "Old", progress: Progress) -> list[str]:
    """Export what is past its time, then delete it. Returns what to tell the owner.

    The whole trail is verified on the way, and nothing is deleted before the file is on disk.

    Raises:
        Denied: DATABASE_UNREADABLE, with the line that is bad; INVALID_ARGUMENT, where other lines
            would go now than were exported.
    """
    stretch = Stretch(through=old.through.sequence)
    done, _ = exported_file(planned.out, Format.JSONL, stretch, planned.settings, progress)
    asyncio.run(_delete(planned, old, done))
    return [
        done.told(planned.out),
        f"They are deleted: {_counted(old)}. The trail goes on behind {written(old.through)}",
        "Keep the file: the desk no longer has what it tells.",
        *done.warned(),
    ]


async def _old(settings: Settings, cutoff: datetime) -> "Old | None":
    from strikedesk.store.retention import SqlRetention  # noqa: PLC0415 -- needs SQLAlchemy

    async with open_store(settings) as database:
        return await SqlRetention(database).old(cutoff)


async def _delete(planned: Plan, old: "Old", done: Export) -> None:
    from strikedesk.store.retention import SqlRetention  # noqa: PLC0415 -- needs SQLAlchemy

    years, digest = planned.settings.audit.keep_years, done.sum.hexdigest()
    body: dict[str, Json] = {"keep_years": years, "export_sha256": digest}
    note = Note(at=UtcClock().now(), actor=OWNER, path=DOOR, kind=PRUNED, body=body)
    async with open_store(planned.settings) as database:
        await SqlRetention(database).prune(old, cutoff=planned.cutoff, note=note)


def _counted(old: "Old") -> str:
    return f"{counted(old.lines)} and {counted(old.orders, 'order')}"


def _aged(years: int) -> str:
    return counted(years, "year")
