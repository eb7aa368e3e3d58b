"""What every ledger promises of failures in a row: it halts by itself, and tells how near it is."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.breaker import FailuresInRow
from strikedesk.domain.ledger import Halt, HeldBy, Progress
from strikedesk.domain.ports import HaltSwitch, Ledger
from strikedesk.domain.states import OrderState
from strikedesk.store.halts import SqlHaltSwitch
from strikedesk.store.ledger import SqlLedger
from tests.builders import NOON, a_note, a_preview
from tests.fakes.clock import StoppedClock
from tests.fakes.halt import MemoryHalt
from tests.fakes.ledger import MemoryLedger
from tests.stores import STORES, a_database

S = OrderState
EARLIER = Halt(since=NOON, actor="owner", why="lunch")


@dataclass
class Room:
    """A ledger that halts at three failures in a row, and the switch that it moves."""

    ledger: Ledger
    switch: HaltSwitch
    orders: int = 0

    async def sent(self, **told: object) -> str:
        """Preview an order and send it; nobody has said yet what came of it."""
        self.orders += 1
        preview = a_preview(self.orders, **told)
        await self.ledger.open_preview(preview, a_note("previewed"))
        await self.becomes(preview.record.order_id, S.SUBMITTING)
        return preview.record.order_id

    async def becomes(self, order_id: str, *states: OrderState) -> None:
        """Move an order through these states."""
        for state in states:
            moved = await self.ledger.advance(
                order_id, Progress(state=state), only_from=set(S), note=a_note(f"broker:{state}")
            )
            assert moved is not None

    async def ends(self, *states: OrderState, **told: object) -> str:
        """Send an order and let the broker say this of it."""
        order_id = await self.sent(**told)
        await self.becomes(order_id, *states)
        return order_id

    async def count(self, broker: str = "paper") -> int | None:
        row = await self.ledger.failures_in_row(broker, Environment.PAPER)
        assert row.halts_at == 3
        return row.failures


@asynccontextmanager
async def a_room(kind: str, folder: Path) -> AsyncGenerator[Room]:
    if kind == "memory":
        halt = MemoryHalt()
        yield Room(MemoryLedger(halt=halt, halts_at=3), halt)
        return
    async with a_database(kind, folder) as database:
        switch = SqlHaltSwitch(database, clock=StoppedClock())
        yield Room(SqlLedger(database, halts_at=3), switch)


@pytest.fixture(params=STORES)
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Room]:
    async with a_room(request.param, tmp_path) as made:
        yield made


@pytest.mark.promise("breaker")
@pytest.mark.parametrize(
    "ends",
    [
        [S.REJECTED, S.REJECTED, S.REJECTED],
        [S.UNKNOWN, S.UNKNOWN, S.UNKNOWN],
        [S.REJECTED, S.UNKNOWN, S.REJECTED],
    ],
)
async def test_the_last_failure_that_is_allowed_in_a_row_halts(
    room: Room, ends: list[OrderState]
) -> None:
    for state in ends[:-1]:
        await room.ends(state)
    assert (await room.switch.engaged(), await room.count()) == (None, 2)

    await room.ends(ends[-1])

    halt = await room.switch.engaged()
    assert halt is not None
    assert (halt.since, halt.actor, halt.held_by) == (NOON, "breaker", HeldBy.SWITCH)
    assert halt.why.startswith("3 orders in a row failed at paper (paper)")
    assert len(halt.why) <= 200
    assert await room.count() == 3
    assert await room.ledger.verify() is None


@pytest.mark.promise("breaker")
@pytest.mark.parametrize(
    "accepted",
    [
        [S.WORKING],
        [S.FILLED],
        [S.PARTIALLY_FILLED],
        [S.SUBMITTED, S.WORKING],
        [S.CANCELLED],
        [S.EXPIRED],
    ],
)
async def test_an_order_that_the_broker_takes_begins_the_count_anew(
    room: Room, accepted: list[OrderState]
) -> None:
    await room.ends(S.REJECTED)
    await room.ends(S.UNKNOWN)

    await room.ends(*accepted)

    assert await room.count() == 0
    await room.ends(S.REJECTED)
    await room.ends(S.REJECTED)
    assert await room.switch.engaged() is None


@pytest.mark.promise("breaker")
async def test_what_never_left_neither_counts_nor_ends_the_row(room: Room) -> None:
    """A desk that refuses by itself has learnt nothing of the broker."""
    await room.ends(S.REJECTED)
    await room.ends(S.REJECTED)

    await room.ends(S.LAPSED)
    await room.sent()
    assert (await room.count(), await room.switch.engaged()) == (2, None)

    await room.ends(S.REJECTED)
    assert await room.switch.engaged() is not None


@pytest.mark.promise("breaker")
@pytest.mark.parametrize(
    "later",
    [
        [S.REJECTED],
        [S.FILLED],
        [S.WORKING, S.UNKNOWN],
        [S.WORKING, S.REJECTED],
        [S.SUBMITTED, S.UNKNOWN, S.WORKING],
        [S.LAPSED],
    ],
)
async def test_doubt_counts_once_however_it_ends(room: Room, later: list[OrderState]) -> None:
    await room.ends(S.REJECTED)
    doubtful = await room.ends(S.UNKNOWN)

    await room.becomes(doubtful, *later)

    assert (await room.count(), await room.switch.engaged()) == (2, None)


@pytest.mark.promise("breaker")
@pytest.mark.parametrize("later", [[S.REJECTED], [S.WORKING, S.UNKNOWN], [S.FILLED]])
async def test_doubt_of_an_earlier_row_does_not_count_in_the_next(
    room: Room, later: list[OrderState]
) -> None:
    """Its order counted when the doubt began; the row that it stood in has ended since."""
    doubtful = await room.ends(S.UNKNOWN)
    await room.ends(S.FILLED)

    await room.becomes(doubtful, *later)

    assert await room.count() == 0


@pytest.mark.promise("breaker")
@pytest.mark.parametrize("on_the_way", [[S.SUBMITTED], [S.WORKING], [S.SUBMITTED, S.WORKING]])
async def test_a_refusal_that_comes_late_counts(room: Room, on_the_way: list[OrderState]) -> None:
    """Brokers take an order first and refuse it a moment later."""
    for _ in range(3):
        await room.ends(S.SUBMITTED, S.REJECTED)
    assert await room.switch.engaged() is not None
    await room.switch.release(a_note("resumed"))

    await room.ends(*on_the_way, S.REJECTED)

    assert await room.count() == 1


@pytest.mark.promise("breaker")
async def test_each_broker_has_a_count_of_its_own(room: Room) -> None:
    """One that works must not hide that another one does not."""
    await room.ends(S.REJECTED)
    await room.ends(S.REJECTED)

    await room.ends(S.FILLED, broker="other")
    await room.ends(S.REJECTED, broker="other")
    await room.ends(S.FILLED, environment=Environment.SANDBOX)

    assert (await room.count(), await room.count("other")) == (2, 1)
    await room.ends(S.REJECTED)
    assert await room.switch.engaged() is not None


@pytest.mark.promise("breaker")
async def test_whoever_resumes_has_looked_and_the_count_begins_anew(room: Room) -> None:
    """Else the next failure alone would halt again."""
    for _ in range(3):
        await room.ends(S.REJECTED)

    await room.switch.release(a_note("resumed"))

    assert (await room.count(), await room.switch.engaged()) == (0, None)
    await room.ends(S.REJECTED)
    assert await room.switch.engaged() is None


async def test_a_release_without_a_halt_leaves_the_count(room: Room) -> None:
    await room.ends(S.REJECTED)

    await room.switch.release(a_note("resumed"))

    assert await room.count() == 1


async def test_an_earlier_halt_stays_and_no_second_one_is_noted(room: Room) -> None:
    await room.switch.engage(EARLIER)

    for _ in range(4):
        await room.ends(S.REJECTED)

    assert (await room.switch.engaged(), await room.count()) == (EARLIER, 4)


async def test_a_desk_that_sent_nothing_counts_nothing(room: Room) -> None:
    row = await room.ledger.failures_in_row("paper", Environment.PAPER)

    assert row == FailuresInRow(failures=0, halts_at=3)
