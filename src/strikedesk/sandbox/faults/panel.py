"""The panel: which mishaps are armed, for which requests, and how often they strike.

The oldest that fits a request strikes, and no other; nothing is left to chance, so that a test of a
client's bad day is the same every time.
"""

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

import anyio

from strikedesk.domain.ledger import Json
from strikedesk.sandbox.faults.pace import Pace

ARMED_MAX: Final = 100


class Kind(StrEnum):
    """What happens to a request.

    `delay`: it is carried out later. `status`: it is not carried out, and this status answers.
    `reset`: it is not carried out, and the connection is reset. `lost`: it is carried out, and the
    connection is reset instead of the answer. `hang`: it is carried out, and nothing is answered.
    `late`: the connection is reset, and it is carried out afterwards. `garbled`: it is carried out,
    and its answer is spoilt.
    """

    DELAY = "delay"
    STATUS = "status"
    RESET = "reset"
    LOST = "lost"
    HANG = "hang"
    LATE = "late"
    GARBLED = "garbled"


class Garbling(StrEnum):
    """How an answer is spoilt: none, a page, half of it, ten megabytes, the request, elsewhere."""

    EMPTY = "empty"
    HTML = "html"
    HALF = "half"
    HUGE = "huge"
    ECHO = "echo"
    REDIRECT = "redirect"


@dataclass(slots=True, kw_only=True, eq=False)
class Mishap:
    """Something that goes wrong, as it was armed.

    `path` is a pattern of the shell's kind. `skip` requests that fit are spared first, then `times`
    are struck; None = all. `delay_ms` None = until it is taken off the panel.
    """

    number: int
    kind: Kind
    path: str = "*"
    method: str | None = None
    times: int | None = 1
    skip: int = 0
    delay_ms: int | None = 0
    status: int = 503
    retry_after_s: int | None = None
    how: Garbling = Garbling.HTML
    struck: int = field(default=0, init=False)
    _seen: int = field(default=0, init=False)
    _released: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def strikes(self, method: str, path: str) -> bool:
        """Whether it strikes this request; counts what it sees."""
        if self.method not in {None, method} or not fnmatchcase(path, self.path):
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self._seen += 1
        if self._seen <= self.skip:
            return False
        self.struck += 1
        return True

    async def wait(self) -> None:
        """Wait as long as it wants, or until it is taken off."""
        if self.delay_ms == 0:
            return
        seconds = None if self.delay_ms is None else self.delay_ms / 1000
        with anyio.move_on_after(seconds):
            await self._released.wait()

    async def held(self) -> None:
        """Wait until it is taken off."""
        await self._released.wait()

    def release(self) -> None:
        """Let everything go that waits for it."""
        self._released.set()

    def told(self) -> dict[str, Json]:
        """Return it as the panel shows it."""
        return {
            "number": self.number,
            "kind": self.kind.value,
            "path": self.path,
            "method": self.method,
            "times": self.times,
            "skip": self.skip,
            "delay_ms": self.delay_ms,
            "status": self.status,
            "retry_after_s": self.retry_after_s,
            "how": self.how.value,
            "struck": self.struck,
        }


@dataclass(slots=True)
class Panel:
    """The mishaps that are armed, oldest first, the pace, and what is carried out late.

    `under_way` is how many requests are with the app, those whose client has gone among them.
    """

    armed: dict[int, Mishap] = field(default_factory=dict[int, Mishap])
    pace: Pace = field(default_factory=Pace)
    under_way: int = 0
    _count: int = 0
    _late: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def next_number(self) -> int:
        """Return the number of the next mishap."""
        self._count += 1
        return self._count

    def arm(self, mishap: Mishap) -> None:
        """Put one on the panel."""
        self.armed[mishap.number] = mishap

    def disarm(self, number: int) -> bool:
        """Take one off, and let go what waits for it; False where there is none."""
        mishap = self.armed.pop(number, None)
        if mishap is not None:
            mishap.release()
        return mishap is not None

    def clear(self) -> int:
        """Take all off; return how many there were."""
        numbers = [*self.armed]
        for number in numbers:
            self.disarm(number)
        return len(numbers)

    def strike(self, method: str, path: str) -> Mishap | None:
        """Return what befalls a request, if anything does."""
        return next((m for m in self.armed.values() if m.strikes(method, path)), None)

    @contextmanager
    def counting(self) -> Generator[None]:
        """Count a request that is under way while the block runs."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def later(self, work: Coroutine[None, None, None]) -> None:
        """Let something be carried out although nobody waits for it."""
        task = asyncio.ensure_future(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def settled(self) -> None:
        """Wait until everything late has been carried out."""
        while self._late:
            await asyncio.wait({*self._late})
