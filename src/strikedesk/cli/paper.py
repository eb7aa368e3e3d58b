"""`strikedesk paper`: worlds listed, emptied, copied to a file and put back."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table

from strikedesk.brokers.paper.fresh_starts import broker_of, emptied, restored, resumed
from strikedesk.brokers.paper.world_file import WorldFile, read_world_file, write_world_file
from strikedesk.brokers.paper.worth import worth_of
from strikedesk.cli.office import DOOR, OWNER
from strikedesk.cli.showing import table
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json, Note
from strikedesk.domain.ports import WholeWorld
from strikedesk.domain.reasons import Reason
from strikedesk.exchange.rows import read_world
from strikedesk.exchange.world import World
from strikedesk.settings import WORLD_NAME, Settings, load
from strikedesk.store.whole_worlds import SqlWorlds
from strikedesk.wiring import SystemEntropy, UtcClock, market_of, open_store

if TYPE_CHECKING:
    from strikedesk.exchange.market import Market

_TAG_LENGTH: Final = 8
_COLUMNS: Final = ("", "world", "time (UTC)", "clock", "market", "account", "worth", "working")


async def listed() -> Table:
    """Return a table of all worlds, a row for each account; `*` is the one of the settings.

    Each is shown as it would be if somebody looked now; nothing is written.
    """
    settings, wall = load(), UtcClock().now()
    rows: list[tuple[str | None, ...]] = []
    async with _opened(settings) as worlds:
        for name in await worlds.names():
            whole = await worlds.whole(name)
            if whole is not None:
                rows += await asyncio.to_thread(_rows, settings, name, whole, wall)
    return table(_COLUMNS, rows)


async def loss_of(name: str) -> str:
    """Return what would be lost with a world.

    Raises:
        Denied: INVALID_ARGUMENT, where there is none.
    """
    async with _opened(load()) as worlds:
        whole = await _known(worlds, name)
    return _lost(name, whole)


async def reset(name: str) -> str:
    """Empty a world. Returns what to tell the owner.

    Raises:
        Denied: INVALID_ARGUMENT, UNSETTLED_ORDER.
    """
    note = _note("world_reset", world=name)
    async with _opened(load()) as worlds:
        await _known(worlds, name)
        start = await worlds.begin_anew(
            name, broker_of(name), lambda _whole, rows: emptied(rows, note)
        )
    told = f"The world {name} is empty: whoever opens it next begins with the settings of then."
    return f"{told} {len(start.ends)} orders were cancelled in the ledger."


async def snapshot(name: str, file: Path) -> str:
    """Copy a world to a file. Returns what to tell the owner.

    Raises:
        Denied: INVALID_ARGUMENT, where there is no such world, or the file cannot be written.
    """
    async with _opened(load()) as worlds:
        whole = await _known(worlds, name)
    at = _time_of(read_world(whole.rows), UtcClock().now())
    write_world_file(file, WorldFile(name=name, at=at, whole=whole))
    when = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{file} holds the world {name} as it was at {when}: {_counted(whole)}."


def opened_file(file: Path, name: str | None) -> WorldFile:
    """Read a file whole; `name` says which world it is to become.

    Raises:
        Denied: INVALID_ARGUMENT, for a name that a world cannot have.
        Misconfigured: SNAPSHOT_UNREADABLE.
    """
    copy = read_world_file(file)
    wanted = copy.name if name is None else name
    if re.fullmatch(WORLD_NAME, wanted) is None:
        give = "up to 40 small letters, digits and hyphens"
        raise Denied(Reason.INVALID_ARGUMENT, argument="NAME", give=give)
    return replace(copy, name=wanted)


async def replaced_by(copy: WorldFile) -> str | None:
    """Return what a copy would replace; None where it replaces nothing."""
    async with _opened(load()) as worlds:
        whole = await worlds.whole(copy.name)
    return None if whole is None else _lost(copy.name, whole)


async def restore(copy: WorldFile) -> str:
    """Put a copy in its place. Returns what to tell the owner.

    Raises:
        Denied: UNSETTLED_ORDER.
    """
    note = _note("world_restored", world=copy.name, at=copy.at.isoformat())
    header = resumed(copy.whole.rows.header, copy.at, UtcClock().now())
    whole = replace(copy.whole, rows=replace(copy.whole.rows, header=header))
    tag = SystemEntropy().identifier().replace("-", "")[:_TAG_LENGTH]
    async with _opened(load()) as worlds:
        start = await worlds.begin_anew(
            copy.name,
            broker_of(copy.name),
            lambda _whole, rows: restored(whole, rows, note, name=copy.name, tag=tag),
        )
    kept = start.world or whole
    stopped = len(whole.rows.orders) - len(kept.rows.orders)
    return (
        f"The world {copy.name} is what it was at {copy.at:%Y-%m-%d %H:%M:%S} UTC: "
        f"{_counted(kept)}. {stopped} orders of it do not work again, because the "
        f"ledger does not have them at work; {len(start.ends)} were cancelled in the ledger."
    )


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[SqlWorlds]:
    async with open_store(settings) as database:
        yield SqlWorlds(database)


async def _known(worlds: SqlWorlds, name: str) -> WholeWorld:
    whole = await worlds.whole(name)
    if whole is None:
        there = " ".join(await worlds.names()) or "none yet"
        raise Denied(
            Reason.INVALID_ARGUMENT, argument="NAME", problem="no such world", worlds=there
        )
    return whole


def _rows(
    settings: Settings, name: str, whole: WholeWorld, wall: datetime
) -> list[tuple[str | None, ...]]:
    world = read_world(whole.rows)
    market = market_of(settings, world.frame.source)
    worth = worth_of(world, market, _time_of(world, wall))
    first = (
        "*" if name == settings.paper.world else "",
        name,
        f"{_time_of(world, wall):%Y-%m-%d %H:%M:%S}",
        world.frame.clock.in_words,
        _market(world.frame.source, market),
    )
    blank = ("",) * len(first)
    return [
        (*(blank if number else first), found.handle, _money(found.worth), str(found.working))
        for number, found in enumerate(worth)
    ]


def _market(source: Mapping[str, Json], market: "Market | None") -> str:
    if "seed" in source:
        return f"seed {source['seed']}"
    here = "" if market is not None else ", not the tape of the settings"
    return f"tape {str(source.get('tape'))[:8]}{here}"


def _money(amount: object) -> str | None:
    return None if amount is None else f"{amount:,.2f}"


def _time_of(world: World, wall: datetime) -> datetime:
    return max(world.frame.clock.instant(wall), world.advanced_to)


def _lost(name: str, whole: WholeWorld) -> str:
    return (
        f"This takes away the world {name}: {_counted(whole)}. To keep a copy: "
        f"`strikedesk paper snapshot {name} FILE`."
    )


def _counted(whole: WholeWorld) -> str:
    rows = whole.rows
    return (
        f"{len(rows.accounts)} accounts, {len(rows.orders)} working orders "
        f"and {len(whole.lines):,} lines of its books"
    )


def _note(kind: str, **body: Json) -> Note:
    return Note(at=UtcClock().now(), actor=OWNER, path=DOOR, kind=kind, body=body)
