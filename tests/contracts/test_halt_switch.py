"""What every halt switch promises."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from strikedesk.domain.ledger import Halt
from strikedesk.domain.ports import HaltSwitch
from strikedesk.store.halt_file import FiledHaltSwitch
from strikedesk.store.halts import SqlHaltSwitch
from tests.builders import NOON, a_note
from tests.fakes.clock import StoppedClock
from tests.fakes.halt import MemoryHalt
from tests.stores import STORES, a_database

HALT = Halt(since=NOON, actor="local", why="the market is on fire")


@pytest.fixture(params=[*STORES, "watching a file"])
async def switch(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[HaltSwitch]:
    if request.param == "memory":
        yield MemoryHalt()
        return
    if request.param == "watching a file":
        yield FiledHaltSwitch(MemoryHalt(), tmp_path / "HALT", clock=StoppedClock())
        return
    async with a_database(request.param, tmp_path) as database:
        yield SqlHaltSwitch(database, clock=StoppedClock())


async def test_trading_is_allowed_at_first(switch: HaltSwitch) -> None:
    assert await switch.engaged() is None


@pytest.mark.promise("halt")
async def test_a_halt_stays_until_it_is_released(switch: HaltSwitch) -> None:
    await switch.engage(HALT)

    assert [await switch.engaged(), await switch.engaged()] == [HALT, HALT]

    await switch.release(a_note("resumed"))

    assert await switch.engaged() is None


@pytest.mark.promise("halt")
async def test_an_earlier_halt_stays_as_it_was(switch: HaltSwitch) -> None:
    """Who halted first, and why, is what the owner has to look into."""
    await switch.engage(HALT)

    await switch.engage(Halt(since=NOON + timedelta(hours=1), actor="other", why="me too"))

    assert await switch.engaged() == HALT


async def test_a_release_without_a_halt_does_nothing(switch: HaltSwitch) -> None:
    await switch.release(a_note("resumed"))

    assert await switch.engaged() is None


async def test_it_can_be_engaged_again(switch: HaltSwitch) -> None:
    await switch.engage(HALT)
    await switch.release(a_note("resumed"))
    again = Halt(since=NOON + timedelta(microseconds=1), actor="owner", why="again: \u00e9")

    await switch.engage(again)

    assert await switch.engaged() == again
