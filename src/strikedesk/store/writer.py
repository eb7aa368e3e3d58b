"""The one writer of a SQLite database: a thread that commits together what waits together.

Law: a job's answer is released only after the COMMIT, synced to disk, of the transaction it ran in.
See `Transaction` for what becomes of jobs that fail.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from sqlalchemy import Connection

from strikedesk.store.faults import as_lost, unavailable
from strikedesk.store.jobs import Job, Pending, fail, wake
from strikedesk.store.transaction import TOGETHER_MAX, Transaction

T = TypeVar("T")

_BEGIN_ATTEMPTS: Final = 3


class GroupWriter:
    """Runs jobs on its own thread, over a connection that nobody else touches."""

    def __init__(self, connection: Connection) -> None:
        """Take over a connection in autocommit mode and start."""
        self._transaction = Transaction(connection, attempts=_BEGIN_ATTEMPTS)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._closed = False
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction; return its answer once that is on disk.

        A waiter cancelled before the writer gets to its job takes the job back; cancelled later,
        the job goes on without it.
        """
        job = Pending(work)
        self.put(job)
        return await job.waiter

    def put(self, job: Job) -> None:
        """Let a job queue up; whoever waits for it is woken by its end.

        Raises:
            Unavailable: closed.
        """
        if self._closed:
            raise unavailable("closed")
        self._jobs.put(job)

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
            fail(left, unavailable("closed"))
            wake(left)
            self._transaction.close()

    def _run_together(self, first: Job) -> None:
        """Run a job and all that queue up behind it meanwhile; commit once; wake them all."""
        batch = [first]
        try:
            self._transaction.begin()
        except sqlite3.Error as error:
            batch.extend(self._waiting(TOGETHER_MAX))
            fail(batch, as_lost(error))
        else:
            self._transaction.commit(batch, self._waiting)
        wake(batch)

    def _waiting(self, at_most: int) -> Iterable[Job]:
        with suppress(Empty):
            for _ in range(at_most):
                job = self._jobs.get_nowait()
                if job is None:
                    self._ending = True
                    return
                yield job
