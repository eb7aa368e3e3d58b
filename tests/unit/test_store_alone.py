"""Brief jobs of SQLite: alone on the event loop, together on the writer's thread."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.store.alone import LoneWriter
from strikedesk.store.transaction import driver_of
from strikedesk.store.writer import GroupWriter
from tests.unit.writers_room import File, adding

# More than a quick disk takes, and less.
SLOW_S, QUICK_S = 0.02, 0.001


class Room(File):
    """Both writers over the file, and a disk as slow as one says."""

    def __init__(self, path: Path) -> None:
        File.__init__(self, path)
        jotter = self.connect()
        self.jotter = driver_of(jotter)
        self.jotter.execute("PRAGMA busy_timeout = 0")
        self.said: list[str] = []
        self.jotter.set_trace_callback(self.said.append)
        self.takes_s, self._now = QUICK_S, 0.0
        self.writer = GroupWriter(self.connect())
        self.alone = LoneWriter(jotter, self.writer, seconds=self.seconds)

    def seconds(self) -> float:
        """Let a transaction, at whose ends this is asked, take as long as one says."""
        self._now += self.takes_s
        return self._now

    async def is_jotted(self, number: int) -> bool:
        """Write a row; return whether the event loop did so itself."""
        said = len(self.said)
        await self.alone.write(adding(number))
        assert number in self.committed()
        return len(self.said) > said

    async def close(self) -> None:
        self.alone.close()
        await self.writer.close()
        self.outsider.close()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Room]:
    opened = Room(tmp_path / "desk.db")
    yield opened
    await opened.close()


def whose_thread(_: Connection) -> int:
    return threading.get_ident()


async def test_a_job_that_comes_alone_is_done_by_the_loop_and_on_disk(room: Room) -> None:
    for number in range(5):
        assert await room.alone.write(adding(number)) == number
        assert room.committed() == list(range(number + 1))
    assert await room.alone.write(whose_thread) == threading.get_ident()


async def by_the_loop(room: Room, jobs: int) -> int:
    """Write so many in one turn of the loop; return how many of them it did itself."""
    threads = await asyncio.gather(*(room.alone.write(whose_thread) for _ in range(jobs)))
    return threads.count(threading.get_ident())


async def test_jobs_of_one_turn_are_committed_together_by_the_thread(room: Room) -> None:
    """Each of them alone would pay for a sync of its own; the first cannot know of the others."""
    assert await by_the_loop(room, 8) == 1

    assert [await by_the_loop(room, 8) for _ in range(3)] == [0, 0, 0]


async def waited(room: Room, number: int) -> bool:
    """Write a row; return whether anybody else had a turn before it was written."""
    others: list[int] = []
    asyncio.get_running_loop().call_soon(others.append, number)
    await room.alone.write(adding(number))
    seen = bool(others)
    await asyncio.sleep(0)
    return seen


async def test_a_job_is_not_made_to_wait_for_others_that_never_come(room: Room) -> None:
    """One client alone makes four in a row, and each would cost a turn more."""
    assert [await waited(room, number) for number in range(4)] == [False] * 4


async def test_once_others_came_it_is_seen_for_a_while_whether_they_come_again(room: Room) -> None:
    await by_the_loop(room, 2)

    waits = [await waited(room, number) for number in range(40)]

    # The second of the two was the first that waited.
    assert waits == [True] * 31 + [False] * 9


async def test_jobs_of_one_caller_in_one_turn_are_no_company(room: Room) -> None:
    """A claim and what follows it come one after the other, without a break."""

    async def order() -> None:
        for number in range(3):
            await room.alone.write(adding(number))

    await asyncio.ensure_future(order())

    assert not await waited(room, 3)


async def test_the_loop_does_not_wait_for_somebody_elses_lock(room: Room) -> None:
    """The thread does in its place, and everybody else is served meanwhile."""
    room.outsider.execute("BEGIN IMMEDIATE")
    waits = asyncio.ensure_future(room.alone.write(adding(1)))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waits.done()

    room.outsider.execute("ROLLBACK")

    assert await waits == 1
    assert room.committed() == [1]


async def test_a_job_that_raises_leaves_nothing_behind(room: Room) -> None:
    def half_done(connection: Connection) -> None:
        adding(10)(connection)
        raise Denied(Reason.INVALID_ARGUMENT, half=True)

    with pytest.raises(Denied) as denied:
        await room.alone.write(half_done)

    assert denied.value.facts == {"half": True}
    assert not room.jotter.in_transaction
    assert await room.is_jotted(1)
    assert room.committed() == [1]


async def test_a_commit_that_fails_is_told_to_who_waits(room: Room) -> None:
    """An answer would promise what no disk holds."""

    def orphan(connection: Connection) -> str:
        connection.exec_driver_sql("INSERT INTO children VALUES (99)")
        return "done"

    with pytest.raises(Unavailable) as lost:
        await room.alone.write(orphan)

    assert lost.value.facts == {"cause": "SQLITE_CONSTRAINT_FOREIGNKEY"}
    assert not room.jotter.in_transaction
    assert await room.is_jotted(1)


async def test_a_job_whose_caller_left_in_the_same_turn_is_not_done(room: Room) -> None:
    await by_the_loop(room, 2)
    left = asyncio.ensure_future(room.alone.write(adding(1)))
    asyncio.get_running_loop().call_soon(left.cancel)

    with pytest.raises(asyncio.CancelledError):
        await left
    await asyncio.sleep(0)

    assert room.committed() == []
    assert await room.is_jotted(2)
    assert room.committed() == [2]


async def test_one_slow_commit_by_the_way_changes_nothing(room: Room) -> None:
    """Now and then the log is copied into the file, on the quickest disk too."""
    for number in range(6):
        room.takes_s = SLOW_S if number % 2 else QUICK_S
        assert await room.is_jotted(number)


async def test_on_a_slow_disk_the_thread_waits_and_the_loop_does_not(room: Room) -> None:
    """Others would wait for each commit; in between the disk is tried again."""
    room.takes_s = SLOW_S
    jotted = [await room.is_jotted(number) for number in range(200)]

    assert jotted[:2] == [True, True]
    assert sum(jotted[2:]) == 3
    assert [n for n, alone in enumerate(jotted) if alone] == [0, 1, 66, 131, 196]


async def test_a_disk_that_is_quick_again_is_trusted_again(room: Room) -> None:
    room.takes_s = SLOW_S
    for number in range(66):
        await room.is_jotted(number)
    room.takes_s = QUICK_S

    assert [await room.is_jotted(number) for number in range(66, 70)] == [True] * 4


async def test_closing_finishes_what_was_asked_for(room: Room) -> None:
    asked = asyncio.ensure_future(room.alone.write(adding(1)))
    await asyncio.sleep(0)

    room.alone.close()
    await room.writer.close()

    assert await asked == 1
    assert room.committed() == [1]


async def test_another_loops_jobs_are_done_by_the_thread(room: Room) -> None:
    """Two loops would stand on one connection."""
    assert await room.is_jotted(1)

    answer = await asyncio.to_thread(lambda: asyncio.run(room.alone.write(adding(2))))

    assert answer == 2
    assert room.committed() == [1, 2]
    assert sum(text.startswith("BEGIN") for text in room.said) == 1


async def test_it_follows_when_its_loop_has_gone(tmp_path: Path) -> None:
    """A command line runs one loop after the other over one file."""
    other = Room(tmp_path / "other.db")

    def first() -> None:
        asyncio.run(other.alone.write(adding(1)))

    await asyncio.to_thread(first)

    assert await other.is_jotted(2)
    await other.close()
