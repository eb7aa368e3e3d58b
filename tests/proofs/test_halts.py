"""S11: orders on their way while somebody halts; none leaves that could have known."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from strikedesk.domain.broking import Receipt, Ticket
from strikedesk.domain.errors import DeskError
from strikedesk.domain.ledger import Halt, Note
from strikedesk.domain.ports import HaltSwitch
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.confirm import Confirmer
from strikedesk.store.database import Database
from strikedesk.store.halt_file import FiledHaltSwitch
from strikedesk.store.halts import SqlHaltSwitch
from strikedesk.store.ledger import SqlLedger
from strikedesk.wiring.desk import Desk
from tests.builders import NOON, a_note
from tests.fakes.broker import ScriptedBroker
from tests.fakes.clock import StoppedClock
from tests.fakes.halt import MemoryHalt
from tests.proof import examples, report, seconds
from tests.proofs.desk import ME, WIDE, a_desk, a_preview
from tests.stores import a_url, opened

SEED: Final = 20_261_129
CALL: Final = "AAPL261218C00200000"
# So many are on their way when somebody halts; one more is confirmed once the halt is there.
TOGETHER: Final = 4
# Somebody halts after so many of their last looks, and up to so many turns of the loop later.
TURNS: Final = (0, 0, 3, 30, 300, 3_000)
OWNER: Final = Halt(since=NOON, actor="owner", why="lunch")
GARBLE: Final = text("INSERT INTO owner_settings (key, value, updated_at) VALUES ('halt', '{', 0)")


@dataclass
class Look:
    """When, by the count of all that happens, one submission asked for the last time."""

    began: int | None = None


_LOOK: ContextVar[Look] = ContextVar("look")


@dataclass
class Watched:
    """See `HaltSwitch`. Notes who asks it, and when the asking began."""

    switch: HaltSwitch
    happened: "count[int]"
    looks: int = 0

    async def engaged(self) -> Halt | None:
        self.looks += 1
        _LOOK.get().began = next(self.happened)
        return await self.switch.engaged()

    async def engage(self, halt: Halt) -> None:
        await self.switch.engage(halt)

    async def release(self, note: Note) -> None:
        await self.switch.release(note)


@dataclass(slots=True)
class Venue(ScriptedBroker):
    """Keeps, of each ticket, when the halt was asked for, and if the file lay there by then."""

    file: Path = field(default=Path("HALT"))
    heard_of: list[tuple[int | None, bool]] = field(default_factory=list[tuple[int | None, bool]])

    async def submit(self, ticket: Ticket) -> Receipt:
        lies = os.path.lexists(self.file)  # noqa: ASYNC240 -- nothing may come in between
        self.heard_of.append((_LOOK.get().began, lies))
        return await ScriptedBroker.submit(self, ticket)


@dataclass
class Room:
    """A desk over a real store, and the ways in which it can be halted."""

    desk: Desk
    venue: Venue
    switch: HaltSwitch
    watched: Watched
    elsewhere: Database
    file: Path
    happened: "count[int]"

    @property
    def means(self) -> tuple[Callable[[], Awaitable[object]], ...]:
        return (self.by_tool, self.by_another_process, self.by_file, self.by_folder, self.by_damage)

    async def by_tool(self) -> None:
        await self.desk.safety.stop("the model said so", caller=ME, path="tool:halt_trading")

    async def by_another_process(self) -> None:
        await SqlHaltSwitch(self.elsewhere, clock=StoppedClock()).engage(OWNER)

    async def by_file(self) -> None:
        self.file.touch()

    async def by_folder(self) -> None:
        self.file.mkdir()

    async def by_damage(self) -> None:
        """What cannot be read holds as well."""
        await self.elsewhere.write(lambda connection: connection.execute(GARBLE))

    async def lift(self) -> None:
        if self.file.is_dir():
            self.file.rmdir()
        self.file.unlink(missing_ok=True)
        await self.switch.release(a_note("resumed"))
        assert await self.switch.engaged() is None


@asynccontextmanager
async def a_room(folder: Path) -> AsyncGenerator[Room]:
    """Open two connections to a store of its own, one for the desk and one for whoever halts."""
    clock, happened, file = StoppedClock(), count(), folder / "HALT"
    async with a_url("sqlite", folder) as url, opened(url) as here, opened(url) as elsewhere:
        switch = FiledHaltSwitch(SqlHaltSwitch(here, clock=clock), file, clock=clock)
        venue = Venue(clock=clock, quoted={parse_symbol(CALL): ("1.10", "1.20")}, file=file)
        watched = Watched(switch, happened)
        desk = a_desk(
            broker=venue,
            ledger=SqlLedger(here),
            halt=watched,
            clock=clock,
            limits=WIDE,
        )
        yield Room(desk, venue, switch, watched, elsewhere, file, happened)


async def confirmed(confirm: Confirmer, preview_id: str, nonce: str) -> str:
    """Confirm; return how it ended, in a word. What is asked from here on is this order's look."""
    _LOOK.set(Look())
    try:
        return (await confirm(preview_id, nonce, caller=ME)).state.value
    except DeskError as error:
        return error.reason.name


async def halted(room: Room, orders: Sequence["asyncio.Task[str]"], chance: random.Random) -> int:
    """Halt at an instant of chance; return when that was there for all to see."""
    _LOOK.set(Look())
    wanted = room.watched.looks + chance.randrange(TOGETHER + 1)
    while room.watched.looks < wanted and not all(order.done() for order in orders):  # noqa: ASYNC110 -- it is the instant that is wanted
        await asyncio.sleep(0)
    for _ in range(chance.randrange(chance.choice(TURNS) + 1)):
        await asyncio.sleep(0)
    await chance.choice(room.means)()
    return next(room.happened)


async def a_round(room: Room, confirm: Confirmer, chance: random.Random) -> tuple[list[str], int]:
    """Let somebody halt among orders on their way; return how those ended, and how many erred."""
    _LOOK.set(Look())
    shown = [await a_preview(room.desk, CALL) for _ in range(TOGETHER + 1)]
    room.venue.heard_of.clear()
    *first, last = [(each.record.preview_id, each.nonce or "") for each in shown]
    orders = [asyncio.create_task(confirmed(confirm, *each)) for each in first]
    visible = await asyncio.create_task(halted(room, orders, chance))
    late = asyncio.create_task(confirmed(confirm, *last))
    ends = list(await asyncio.gather(*orders, late))
    wrong = sum(began is None or began > visible or lay for began, lay in room.venue.heard_of)
    await room.lift()
    return ends, wrong


async def rounds(room: Room, confirm: Confirmer, submits: int) -> tuple[Counter[str], int]:
    chance = random.Random(SEED)  # noqa: S311 -- the same halts on every machine
    ends, wrong = Counter[str](), 0
    while ends.total() < submits:
        ended, erred = await a_round(room, confirm, chance)
        ends.update(ended)
        wrong += erred
    return ends, wrong


@pytest.mark.timeout(seconds(600, 7_200))
@pytest.mark.promise("halt")
async def test_nothing_is_sent_once_a_halt_can_be_seen(tmp_path: Path) -> None:
    """By the tool, the owner's command, a file, a folder, or damage; at any instant of a confirm.

    A submission errs that began its last look when the halt was there, that took none, or that
    left while the file lay there.
    """
    async with a_room(tmp_path) as room:
        ends, wrong = await rounds(room, room.desk.confirm, examples(250, 10_000))

    sent = ends["filled"]
    what = f"submits with halts at random, {sent:,} of them sent; one was sent after the halt"
    report("S11", ends.total(), wrong, what)
    assert wrong == 0
    assert set(ends) == {"filled", "TRADING_HALTED"}
    assert min(sent, ends["TRADING_HALTED"]) > ends.total() // 10


@pytest.mark.promise("halt")
async def test_a_desk_that_looks_only_at_the_preview_is_found_out(tmp_path: Path) -> None:
    """Otherwise the proof would prove nothing."""
    async with a_room(tmp_path) as room:
        blind = replace(room.desk.confirm.submit, halt=MemoryHalt())
        _, wrong = await rounds(room, replace(room.desk.confirm, submit=blind), 25)

    assert wrong > 0


@pytest.mark.promise("halt")
async def test_a_desk_that_looks_too_early_is_found_out(tmp_path: Path) -> None:
    """A look before the claim is no last look: the halt may come in between."""

    class Early(MemoryHalt):
        async def engaged(self) -> Halt | None:
            return None

    async with a_room(tmp_path) as room:
        asks = Watched(Early(), room.happened)
        early = replace(room.desk.confirm.submit, halt=asks)
        _, wrong = await rounds(room, replace(room.desk.confirm, submit=early), 25)

    assert wrong > 0
