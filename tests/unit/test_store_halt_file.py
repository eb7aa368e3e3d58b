"""The file HALT: whatever it is, and whatever keeps us from looking, trading is halted."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strikedesk.domain.ledger import Halt, HeldBy
from strikedesk.store.halt_file import FiledHaltSwitch
from tests.builders import NOON, a_note
from tests.fakes.clock import StoppedClock
from tests.fakes.halt import MemoryHalt

HALT = Halt(since=NOON, actor="owner", why="the market is on fire")
LIES = "a file HALT lies in the desk's home folder"
UNSEEN = "whether a file HALT lies in the desk's home folder cannot be told"


def watching(file: Path, halt: Halt | None = None) -> FiledHaltSwitch:
    return FiledHaltSwitch(MemoryHalt(halt=halt), file, clock=StoppedClock())


def an_empty_file(path: Path) -> None:
    path.touch()


def a_file_nobody_may_read(path: Path) -> None:
    path.touch(mode=0o000)


def a_folder(path: Path) -> None:
    path.mkdir()


def a_link_to_nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.promise("halt")
@pytest.mark.parametrize(
    "put", [an_empty_file, a_file_nobody_may_read, a_folder, a_link_to_nowhere, a_link_to_itself]
)
async def test_anything_of_that_name_halts(put: Callable[[Path], None], tmp_path: Path) -> None:
    """An owner in a hurry should not have to get it right."""
    switch = watching(tmp_path / "HALT")
    assert await switch.engaged() is None

    put(tmp_path / "HALT")

    halt = await switch.engaged()
    assert halt is not None
    assert (halt.actor, halt.why, halt.held_by) == ("file", LIES, HeldBy.FILE)


@pytest.mark.promise("halt")
@pytest.mark.parametrize(
    "file",
    ["a-file/HALT", "a-loop/HALT", "not-mounted/HALT", "H" * 5_000, "HA\0LT"],
    ids=["no folder", "a loop", "no home", "too long", "no name"],
)
async def test_what_cannot_be_looked_for_is_there(file: str, tmp_path: Path) -> None:
    """A check that cannot be made denies."""
    (tmp_path / "a-file").touch()
    (tmp_path / "a-loop").symlink_to(tmp_path / "a-loop")

    halt = await watching(tmp_path / file).engaged()

    assert halt == Halt(since=NOON, actor="file", why=UNSEEN, held_by=HeldBy.FILE)


@pytest.mark.promise("halt")
async def test_no_release_outweighs_the_file(tmp_path: Path) -> None:
    file = tmp_path / "HALT"
    file.touch()
    switch = watching(file, HALT)

    both = await switch.engaged()
    await switch.release(a_note("resumed"))
    after = await switch.engaged()
    file.unlink()

    assert both is not None
    assert (both.since, both.actor, both.why, both.held_by) == (
        HALT.since,
        HALT.actor,
        HALT.why,
        HeldBy.BOTH,
    )
    assert after is not None
    assert after.held_by is HeldBy.FILE
    assert await switch.engaged() is None


@pytest.mark.promise("halt")
async def test_removing_the_file_outweighs_no_switch(tmp_path: Path) -> None:
    file = tmp_path / "HALT"
    file.touch()
    switch = watching(file)
    await switch.engage(HALT)

    file.unlink()

    assert await switch.engaged() == HALT


async def test_the_halt_dates_from_when_the_file_was_put_there(tmp_path: Path) -> None:
    file = tmp_path / "HALT"
    file.touch()
    earlier = NOON - timedelta(hours=1)
    os.utime(file, (earlier.timestamp(), earlier.timestamp()))

    halt = await watching(file).engaged()

    assert halt is not None
    assert halt.since == earlier


@pytest.mark.promise("halt")
@pytest.mark.parametrize("stamp", [2**62, 2**70, int(datetime(2999, 1, 1, tzinfo=UTC).timestamp())])
async def test_a_date_without_sense_is_now(
    stamp: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it says of itself, it is there."""
    file = tmp_path / "HALT"
    file.touch()
    seen = os.lstat(file)
    odd = os.stat_result((*seen[:7], stamp, stamp, stamp))

    def lstat(_: Path) -> os.stat_result:
        return odd

    monkeypatch.setattr(os, "lstat", lstat)

    halt = await watching(file).engaged()

    assert halt == Halt(since=NOON, actor="file", why=LIES, held_by=HeldBy.FILE)


@pytest.mark.parametrize(
    ("held_by", "way_out"),
    [
        (HeldBy.SWITCH, "`strikedesk resume`"),
        (HeldBy.FILE, "remove the file HALT from the desk's home folder"),
        (HeldBy.BOTH, "remove the file HALT from the desk's home folder, then `strikedesk resume`"),
    ],
)
def test_a_halt_says_what_its_owner_has_to_do(held_by: HeldBy, way_out: str) -> None:
    assert Halt(since=NOON, actor="a", why="w", held_by=held_by).way_out == way_out
