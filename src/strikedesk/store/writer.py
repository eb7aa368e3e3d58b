"""The one writer of a SQLite database: a thread that commits together what waits together.

Law: a job's answer is released only after the COMMIT, synced to disk, of the transaction it ran
in. A job that raises takes back its own changes and nobody else's. A COMMIT that fails fails every
job in it. The reasons are in docs/decisions/0002-one-writer-group-commit.md.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, Generic, Protocol, TypeVar, cast

from sqlalchemy import Connection

from strikedesk.domain.errors import DeskError
from strikedesk.store.faults import as_lost, is_busy, unavailable

T = TypeVar("T")

# More would make the first of them wait longer than a commit takes.
_TOGETHER_MAX: Final = 256
_BEGIN_ATTEMPTS: Final = 3


class GroupWriter:
    """Runs jobs on its own thread, over a connection that nobody else touches."""

    def __init__(self, connection: Connection) -> None:
        """Take over a connection in autocommit mode and start."""
        self._connection = connection
        self._driver = driver_of(connection)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed = False
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction; return its answer once that is on disk.

        A waiter cancelled before the writer gets to its job takes the job back; cancelled later,
        the job goes on without it.
        """
        if self._closed:
            raise unavailable("closed")
        job = _Pending(work)
        self._jobs.put(job)
        return await job.waiter

    async def close(self) -> None:
        """Finish what was asked for, then end the thread and close the connection."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            while not self._ending and (job := self._jobs.get()) is not None:
                self._run_together(job)
        finally:
            self._closed = True
            left = list(self._waiting(self._jobs.qsize()))
            _fail(left, unavailable("closed"))
            _wake(left)
            self._connection.close()

    def _run_together(self, first: "_Job") -> None:
        """Run a job and all that queue up behind it meanwhile; commit once; wake them all."""
        batch = [first]
        try:
            self._begin()
        except sqlite3.Error as error:
            batch.extend(self._waiting(_TOGETHER_MAX))
            _fail(batch, as_lost(error))
        else:
            self._commit(batch)
        _wake(batch)

    def _begin(self) -> None:
        """Take the write lock. SQLite itself waits for it as long as its busy timeout says."""
        for attempt in range(1, _BEGIN_ATTEMPTS + 1):
            try:
                self._driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if attempt == _BEGIN_ATTEMPTS or not is_busy(error):
                    raise
            else:
                return

    def _commit(self, batch: "list[_Job]") -> None:
        try:
            for place, job in enumerate(batch):  # which grows while it is walked
                (self._attempt if place else self._attempt_first)(job)
                if len(batch) < _TOGETHER_MAX:
                    batch.extend(self._waiting(1))
            self._driver.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            _fail(batch, as_lost(error))

    def _attempt_first(self, job: "_Job") -> None:
        """Run the job that opens a transaction; if it fails, the transaction begins anew.

        Most come alone: a savepoint would be two more statements for nothing.
        """
        if job.is_abandoned:
            return
        if not job.attempt(self._connection):
            self._roll_back()
            self._begin()
        elif not self._driver.in_transaction:
            raise sqlite3.OperationalError("the job lost its transaction")

    def _attempt(self, job: "_Job") -> None:
        if job.is_abandoned:
            return
        self._driver.execute("SAVEPOINT job")
        if not job.attempt(self._connection) and self._driver.in_transaction:
            self._driver.execute("ROLLBACK TO job")
        # Fails where the job's error took the whole transaction with it, as a full disk can.
        self._driver.execute("RELEASE job")

    def _roll_back(self) -> None:
        if self._driver.in_transaction:
            with suppress(sqlite3.Error):
                self._driver.execute("ROLLBACK")

    def _waiting(self, at_most: int) -> "Iterable[_Job]":
        with suppress(Empty):
            for _ in range(at_most):
                job = self._jobs.get_nowait()
                if job is None:
                    self._ending = True
                    return
                yield job


class _Job(Protocol):
    """What the writer needs to know of a job."""

    loop: asyncio.AbstractEventLoop

    @property
    def is_abandoned(self) -> bool: ...

    def attempt(self, connection: Connection) -> bool: ...

    def fail(self, error: DeskError) -> None: ...

    def release(self) -> None: ...


class _Pending(Generic[T]):
    """A piece of work, who waits for it, and how it ended."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        """Belong to the running loop."""
        self.loop = asyncio.get_running_loop()
        self.waiter: asyncio.Future[T] = self.loop.create_future()
        self._work = work
        self._answers: list[T] = []
        self._error: BaseException | None = None

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody waits any more."""
        return self.waiter.cancelled()

    def attempt(self, connection: Connection) -> bool:
        """Do the work; False when it raised."""
        try:
            self._answers.append(self._work(connection))
        except StopIteration as error:
            # A future does not take this one, and whoever waits would wait for ever.
            self._error = RuntimeError(f"{type(error).__name__} came out of a job")
        except BaseException as error:  # noqa: BLE001 -- whoever asked gets whatever it raised
            self._error = error
        return self._error is None

    def fail(self, error: DeskError) -> None:
        """Forget the answer, which is not on disk; what the job itself raised stays."""
        self._error = self._error or error

    def release(self) -> None:
        """Wake who waits. Called on the loop."""
        if self.waiter.done():
            return
        if self._error is None:
            self.waiter.set_result(self._answers[0])
        else:
            self.waiter.set_exception(self._error)


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the sqlite3 connection under a connection of SQLAlchemy."""
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


def _fail(jobs: "Iterable[_Job]", error: DeskError) -> None:
    for job in jobs:
        job.fail(type(error)(error.reason, **error.facts))


def _wake(jobs: "Iterable[_Job]") -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, theirs in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_release, theirs)


def _release(jobs: "Iterable[_Job]") -> None:
    for job in jobs:
        job.release()
