"""The writer of SQLite: what waits together is committed together, and fails alone."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.store.transaction import driver_of
from strikedesk.store.writer import GroupWriter
from tests.unit.writers_room import File, Work, adding


class Room(File):
    """A writer over the file, and what it said to SQLite."""

    def __init__(self, path: Path) -> None:
        File.__init__(self, path)
        connection = self.connect()
        self.driver = driver_of(connection)
        self.driver.execute("PRAGMA busy_timeout = 1")
        self.said: list[str] = []
        self.driver.set_trace_callback(self.said.append)
        self.writer = GroupWriter(connection)

    def count(self, statement: str) -> int:
        return self.said.count(statement)

    async def close(self) -> None:
        await self.writer.close()
        self.outsider.close()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Room]:
    opened = Room(tmp_path / "desk.db")
    yield opened
    await opened.close()


class Gate:
    """Work that keeps the writer busy until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self, connection: Connection) -> str:
        self.entered.set()
        assert self.open.wait(30)
        return "through"

    def is_entered(self) -> None:
        """Wait for that in a thread, which a loop that closes waits for however long it takes."""
        assert self.entered.wait(30)


async def behind_a_gate(room: Room, *works: Work) -> list[object]:
    """Let these jobs queue up behind another, then let them all go; return how each ended."""
    return (await behind(Gate(), room, *works))[1:]


async def behind(gate: Gate, room: Room, *works: Work) -> list[object]:
    """Let these jobs queue up behind one that waits; return how it and each of them ended."""
    tasks = [asyncio.ensure_future(room.writer.write(gate))]
    await asyncio.to_thread(gate.is_entered)
    tasks += [asyncio.ensure_future(room.writer.write(work)) for work in works]
    await asyncio.sleep(0)
    gate.open.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_answer_comes_after_its_commit(room: Room) -> None:
    """Whoever has the answer may act on it: another process must see the same."""
    for number in range(5):
        assert await room.writer.write(adding(number)) == number
        assert room.committed() == list(range(number + 1))


async def test_jobs_that_wait_together_share_one_commit(room: Room) -> None:
    answers = await behind_a_gate(room, *(adding(number) for number in range(50)))

    assert answers == list(range(50))
    assert (room.count("BEGIN IMMEDIATE"), room.count("COMMIT")) == (1, 1)
    assert room.committed() == list(range(50))


async def test_a_single_job_does_not_wait_for_company(room: Room) -> None:
    await room.writer.write(adding(1))
    await room.writer.write(adding(2))

    assert (room.count("BEGIN IMMEDIATE"), room.count("COMMIT")) == (2, 2)
    assert room.count("SAVEPOINT job") == 0


async def test_no_transaction_grows_without_end(room: Room) -> None:
    """The first in a batch waits for all of it."""
    answers = await behind_a_gate(room, *(adding(number) for number in range(600)))

    assert answers == list(range(600))
    assert room.count("COMMIT") == 3


async def test_a_job_that_raises_takes_back_its_own_work_alone(room: Room) -> None:
    def half_done(connection: Connection) -> None:
        adding(10)(connection)
        raise Denied(Reason.INVALID_ARGUMENT, half=True)

    first, failed, last = await behind_a_gate(room, adding(1), half_done, adding(2))

    assert (first, last) == (1, 2)
    assert isinstance(failed, Denied)
    assert failed.facts == {"half": True}
    assert room.committed() == [1, 2]
    assert room.count("COMMIT") == 1


async def test_the_first_job_that_raises_takes_back_its_own_work_alone(room: Room) -> None:
    """It opened the transaction that the others join: theirs begins anew."""

    class Refused(Gate):
        def __call__(self, connection: Connection) -> str:
            adding(10)(connection)
            super().__call__(connection)
            raise Denied(Reason.INVALID_ARGUMENT)

    refused, one, two = await behind(Refused(), room, adding(1), adding(2))

    assert isinstance(refused, Denied)
    assert (one, two) == (1, 2)
    assert room.committed() == [1, 2]
    assert (room.count("BEGIN IMMEDIATE"), room.count("COMMIT")) == (2, 1)


async def test_the_first_job_that_loses_its_transaction_takes_nobody_along(room: Room) -> None:
    """Those behind it would be on disk one by one, and hear that nothing is."""

    class Loses(Gate):
        def __call__(self, connection: Connection) -> str:
            super().__call__(connection)
            driver_of(connection).execute("ROLLBACK")
            return "through"

    lost, one = await behind(Loses(), room, adding(1))

    assert isinstance(lost, Unavailable)
    assert (one, room.committed()) == (1, [1])


async def test_a_job_that_breaks_a_rule_of_the_tables_fails_alone(room: Room) -> None:
    """SQLAlchemy answers an error with a rollback of its own where it is let."""
    first, failed, last = await behind_a_gate(room, adding(1), adding(1), adding(2))

    assert (first, last) == (1, 2)
    assert isinstance(failed, Exception)
    assert room.committed() == [1, 2]


async def test_a_commit_that_fails_fails_all_that_was_in_it(room: Room) -> None:
    """An answer would promise what no disk holds."""

    def orphan(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO children VALUES (99)")

    def denied(connection: Connection) -> None:
        raise Denied(Reason.INVALID_ARGUMENT)

    one, refused, two, three = await behind_a_gate(room, adding(1), denied, orphan, adding(2))

    assert isinstance(refused, Denied)
    for lost in (one, two, three):
        assert isinstance(lost, Unavailable)
        assert lost.reason is Reason.DATABASE_UNAVAILABLE
        assert lost.facts == {"cause": "SQLITE_CONSTRAINT_FOREIGNKEY"}
    assert room.committed() == []
    assert await room.writer.write(adding(3)) == 3
    assert room.committed() == [3]


async def test_an_error_that_ends_the_transaction_fails_all_that_ran_in_it(room: Room) -> None:
    """Some errors of the disk do; so would a job that ends the transaction by itself."""

    def ends_it(connection: Connection) -> None:
        driver_of(connection).execute("ROLLBACK")
        raise Denied(Reason.INVALID_ARGUMENT)

    one, culprit, two = await behind_a_gate(room, adding(1), ends_it, adding(2))

    assert isinstance(culprit, Denied)
    assert isinstance(one, Unavailable)
    assert two == 2
    assert room.committed() == [2]


async def test_a_full_disk_fails_all_that_shared_the_transaction(room: Room) -> None:
    """SQLite ends the whole transaction; nobody in it may believe to be on disk."""
    room.driver.execute("CREATE TABLE blobs (body BLOB) STRICT")
    room.driver.execute("PRAGMA max_page_count = 20")

    def fill(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO blobs VALUES (zeroblob(1000000))")

    first, full = await behind_a_gate(room, adding(1), fill)

    assert isinstance(full, Exception)
    assert "full" in str(full)
    assert isinstance(first, Unavailable)
    assert room.committed() == []
    assert await room.writer.write(adding(2)) == 2


async def test_a_job_whose_caller_left_in_time_is_not_done(room: Room) -> None:
    """A client that gives up before its turn has changed nothing."""
    gate = Gate()
    held = asyncio.ensure_future(room.writer.write(gate))
    await asyncio.to_thread(gate.is_entered)
    left = asyncio.ensure_future(room.writer.write(adding(1)))
    stayed = asyncio.ensure_future(room.writer.write(adding(2)))
    await asyncio.sleep(0)

    left.cancel()
    await asyncio.sleep(0)
    gate.open.set()

    assert (await held, await stayed) == ("through", 2)
    assert room.committed() == [2]
    with pytest.raises(asyncio.CancelledError):
        await left


async def test_a_job_whose_caller_left_while_the_lock_was_waited_for_is_not_done(
    room: Room,
) -> None:
    """It is the first of its transaction, and nothing has been done for it yet."""
    room.driver.execute("PRAGMA busy_timeout = 30000")
    room.outsider.execute("BEGIN IMMEDIATE")
    loop, begins = asyncio.get_running_loop(), asyncio.Event()
    room.driver.set_trace_callback(lambda _: loop.call_soon_threadsafe(begins.set))
    left = asyncio.ensure_future(room.writer.write(adding(1)))
    await asyncio.wait_for(begins.wait(), 30)

    left.cancel()
    await asyncio.wait([left])
    room.outsider.execute("ROLLBACK")

    assert await room.writer.write(adding(2)) == 2
    assert room.committed() == [2]


async def test_a_job_whose_caller_left_too_late_is_done_whole(room: Room) -> None:
    gate = Gate()

    def add_behind_the_gate(connection: Connection) -> None:
        gate(connection)
        adding(1)(connection)

    left = asyncio.ensure_future(room.writer.write(add_behind_the_gate))
    await asyncio.to_thread(gate.is_entered)

    left.cancel()
    await asyncio.sleep(0)
    gate.open.set()

    assert await room.writer.write(adding(2)) == 2
    assert room.committed() == [1, 2]


@pytest.mark.parametrize("error", [StopIteration, GeneratorExit, OSError])
async def test_whatever_a_job_raises_ends_the_wait(room: Room, error: type[BaseException]) -> None:
    """An exception that a future does not take would leave its waiter waiting for ever."""

    def odd(connection: Connection) -> None:
        raise error

    with pytest.raises((error, RuntimeError)):
        await asyncio.wait_for(room.writer.write(odd), 30)
    assert await room.writer.write(adding(1)) == 1


async def test_a_lock_that_does_not_come_fails_all_who_wait_for_it(room: Room) -> None:
    """Another process may hold it for long; nobody queues behind it without end."""
    room.outsider.execute("BEGIN IMMEDIATE")

    ended = await asyncio.gather(
        *(room.writer.write(adding(number)) for number in range(3)), return_exceptions=True
    )

    for busy in ended:
        assert isinstance(busy, Unavailable)
        assert busy.facts == {"cause": "SQLITE_BUSY"}
    assert room.count("BEGIN IMMEDIATE") in {3, 6, 9}
    room.outsider.execute("ROLLBACK")
    assert await room.writer.write(adding(4)) == 4


async def test_closing_finishes_what_was_asked_for(room: Room) -> None:
    gate = Gate()
    held = asyncio.ensure_future(room.writer.write(gate))
    await asyncio.to_thread(gate.is_entered)
    asked = asyncio.ensure_future(room.writer.write(adding(1)))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(room.writer.close())
    await asyncio.sleep(0)
    gate.open.set()

    await closing

    assert (await held, await asked) == ("through", 1)
    assert room.committed() == [1]
    with pytest.raises(Unavailable) as closed:
        await room.writer.write(adding(2))
    assert closed.value.facts == {"cause": "closed"}


async def test_it_outlives_a_loop_that_closed_without_waiting(room: Room) -> None:
    """Another thread's loop may be gone before its job is done."""
    gate = Gate()

    def ask_and_leave() -> None:
        loop = asyncio.new_event_loop()
        asked = loop.create_task(room.writer.write(gate))
        loop.run_until_complete(loop.run_in_executor(None, gate.is_entered))
        asked.cancel()
        loop.run_until_complete(asyncio.wait([asked]))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    await asyncio.to_thread(ask_and_leave)
    gate.open.set()

    assert await room.writer.write(adding(1)) == 1
