"""Brief jobs that come alone: committed on the event loop itself, while the disk is quick.

To hand a job to the writer's thread and to be woken by it takes longer than a brief transaction on
a quick disk, and afterwards both threads find their caches cold: a fifth of an order went there.
What does not come alone goes to the thread, which commits it together; so does all else while the
disk takes its time, and what would have to wait for somebody's lock. Law: as `writer`.

Whether a job comes alone is known at the end of its turn of the loop. As long as none has come in
another's turn, that is not waited for: it costs a turn more, and an order has four jobs.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection

from strikedesk.store.jobs import Job, Pending
from strikedesk.store.transaction import Transaction
from strikedesk.store.writer import GroupWriter

T = TypeVar("T")

# A loop that stands still for this long is not felt. One commit may take longer by the way, as
# when the log is copied into the file; two in a row tell what the disk is like.
_QUICK_S: Final = 0.004
_SLOW_IN_A_ROW: Final = 2
# How many jobs go by the thread before the disk is tried again.
_RESTS: Final = 64
# How many jobs in a row have to come alone before they are taken to do so.
_LOOKS_OUT: Final = 32


class LoneWriter:
    """Commits a brief job at once if nothing else is written in the same turn of the loop."""

    def __init__(
        self,
        connection: Connection,
        others: GroupWriter,
        *,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Take over a connection that waits for no lock; `others` takes what is not for it."""
        self._transaction = Transaction(connection)
        self._others = others
        self._seconds = seconds
        self._come: list[Job] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._moving = threading.Lock()
        self._slow, self._rests = 0, 0
        self._looks_out = 0
        # Whose job was done in this turn of the loop, without waiting for its end.
        self._had: asyncio.Task[object] | None = None

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, a few statements by key, as `GroupWriter.write` does.

        Where others came of late, it is seen until the end of this turn whether they come too.
        """
        job = Pending(work)
        if self.is_at_home(job.loop):
            self._come.append(job)
            if not self._comes_alone(job.loop):
                await self._end_of_turn(job)
                self._looks_out = _LOOKS_OUT if len(self._come) > 1 else max(0, self._looks_out - 1)
            self._go()
        else:
            self._others.put(job)
        return await job.waiter

    def look(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which changes nothing, between two jobs: the pages they left need no reading.

        Only for its loop; see `is_at_home`. To guard it by a transaction of its own would cost as
        much as is saved, so what it changes is an error, and done.

        Raises:
            RuntimeError: it changed something.
        """
        return self._transaction.look(work)

    def close(self) -> None:
        """Leave to the thread what has come and not begun; it may not be asked again."""
        come, self._come = self._come, []
        for job in come:
            self._others.put(job)
        self._transaction.close()

    def is_at_home(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether this is the one loop on which it works; the first that asks, as long as it is."""
        with self._moving:
            if self._loop is None or self._loop.is_closed():
                self._loop, self._come, self._had = loop, [], None
            return self._loop is loop

    def _comes_alone(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether to take a job for alone: nobody else has come in this turn, or did of late."""
        task = asyncio.current_task(loop)
        if self._had is not None and self._had is not task:
            self._looks_out = _LOOKS_OUT
        if self._looks_out:
            return False
        if self._had is None:
            self._had = task
            loop.call_soon(self._turn_over)
        return True

    def _turn_over(self) -> None:
        self._had = None

    async def _end_of_turn(self, job: Job) -> None:
        """Let all run who were ready; the first who goes on takes along what came meanwhile."""
        try:
            await asyncio.sleep(0)
        except BaseException:
            self._come = [other for other in self._come if other is not job]
            raise

    def _go(self) -> None:
        come, self._come = self._come, []
        if len(come) == 1 and self._may_try() and self._is_done(come[0]):
            return
        for job in come:
            self._others.put(job)

    def _may_try(self) -> bool:
        """Whether the disk was quick of late, or has not been asked for long."""
        if self._slow < _SLOW_IN_A_ROW:
            return True
        self._rests += 1
        if self._rests <= _RESTS:
            return False
        self._rests = 0
        return True

    def _is_done(self, job: Job) -> bool:
        """Do a job; False where the lock is not to be had at once, and nothing was done."""
        began = self._seconds()
        try:
            self._transaction.begin()
        except sqlite3.Error:
            return False
        self._transaction.commit([job], lambda _: ())
        job.release()
        took = self._seconds() - began
        self._slow = 0 if took < _QUICK_S else self._slow + 1
        return True
