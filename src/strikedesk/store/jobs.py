"""Jobs of the writers: a piece of work, who waits for it, and how it ended."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection

from strikedesk.domain.errors import DeskError

T = TypeVar("T")


class Job(Protocol):
    """What a writer needs to know of a job. See `Pending`."""

    loop: asyncio.AbstractEventLoop

    @property
    def is_abandoned(self) -> bool:
        """See `Pending.is_abandoned`."""
        ...

    def attempt(self, connection: Connection) -> bool:
        """See `Pending.attempt`."""
        ...

    def fail(self, error: DeskError) -> None:
        """See `Pending.fail`."""
        ...

    def release(self) -> None:
        """See `Pending.release`."""
        ...


class Pending(Generic[T]):
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


def fail(jobs: Iterable[Job], error: DeskError) -> None:
    """Tell each that it is not on disk; what a job itself raised stays."""
    for job in jobs:
        job.fail(type(error)(error.reason, **error.facts))


def wake(jobs: Iterable[Job]) -> None:
    """Wake who waits, from another thread."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, theirs in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_release, theirs)


def _release(jobs: Iterable[Job]) -> None:
    for job in jobs:
        job.release()
