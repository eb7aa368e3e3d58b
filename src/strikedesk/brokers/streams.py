"""One upstream, many readers: each hears the newest of everything, however slowly it reads.

A reader that falls behind is given the newest value of each key and never a backlog: what waits
for it is at most one value a key. Nobody waits for it, and what goes wrong in its own code is its
own affair.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Coroutine, Hashable
from contextlib import asynccontextmanager, suppress
from typing import Final, Generic, TypeAlias, TypeVar

from strikedesk.domain.errors import DeskError, Unavailable
from strikedesk.domain.reasons import Reason

Topic = TypeVar("Topic", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

FEED: Final = "the feed of a stream"  # What its task is called.

_log = logging.getLogger(__name__)


class Mailbox(Generic[Key, Value]):
    """What waits for one reader: the newest value of each key, in the order in which they came.

    Law: a value that is replaced while it waits keeps its place in line, so that a busy key cannot
    starve a quiet one. After a fault the reader still hears what waited, then the fault.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: dict[Key, Value] = {}
        self._line = deque[Key]()
        self._rung = asyncio.Event()
        self._fault: DeskError | None = None
        self._closed = False

    def __len__(self) -> int:
        """How many values wait."""
        return len(self._waiting)

    def put(self, key: Key, value: Value) -> None:
        """Let `value` wait in the place of an older one of the same key."""
        if key not in self._waiting:
            self._line.append(key)
        self._waiting[key] = value
        self._rung.set()

    def fail(self, fault: DeskError) -> None:
        """Say that nothing more comes, and why."""
        self._fault = fault
        self._rung.set()

    def close(self) -> None:
        """Let the reader go; what waits is forgotten."""
        self._closed = True
        self._waiting.clear()
        self._line.clear()
        self._rung.set()

    def __aiter__(self) -> AsyncIterator[Value]:
        """Return itself: a mailbox has one reader."""
        return self

    async def __anext__(self) -> Value:
        """Return what has waited longest, waiting for it if need be."""
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            if self._fault is not None:
                raise self._fault
            self._rung.clear()
            await self._rung.wait()
        return self._waiting.pop(self._line.popleft())


class Hub(Generic[Topic, Key, Value]):
    """Hands what one loop finds to all who read. For one event loop.

    `feed` is that loop: it looks upstream for what `wanted` names, tells it with `publish`, and
    waits with `pause`. It runs while somebody reads, once, and is cancelled when nobody does.
    Law: a reader begins with what stands of its topics; a value equal to the one that stands is
    told to nobody.
    Raises: to readers, the `DeskError` that ended the feed; `Unavailable(BROKER_UNAVAILABLE)` for
    any other end. The next reader starts a new feed.
    """

    def __init__(self, feed: "Feed[Topic, Key, Value]") -> None:
        """Name the loop; nothing runs until somebody reads."""
        self._feed = feed
        self._task: asyncio.Task[None] | None = None
        self._joined = asyncio.Event()
        self._readers: defaultdict[Topic, set[Mailbox[Key, Value]]] = defaultdict(set)
        self._standing: defaultdict[Topic, dict[Key, Value]] = defaultdict(dict)

    @property
    def wanted(self) -> frozenset[Topic]:
        """What somebody reads."""
        return frozenset(self._readers)

    @asynccontextmanager
    async def reader(self, topics: Collection[Topic]) -> AsyncGenerator[AsyncIterator[Value]]:
        """Read some topics while the block runs, in one task at a time."""
        box = Mailbox[Key, Value]()
        self._join(box, topics)
        try:
            yield box
        finally:
            await self._leave(box, topics)

    def publish(self, topic: Topic, key: Key, value: Value, *, stands: bool = True) -> None:
        """Tell the readers of a topic; what no longer `stands` is not told to those who come."""
        if topic not in self._readers:
            return
        standing = self._standing[topic]
        if standing.get(key) == value:
            return
        if stands:
            standing[key] = value
        else:
            standing.pop(key, None)
        for box in self._readers[topic]:
            box.put(key, value)

    async def pause(self, seconds: float) -> bool:
        """Wait so long, or until somebody joins; tell whether somebody did."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._joined.wait()
        joined = self._joined.is_set()
        self._joined.clear()
        return joined

    def _join(self, box: Mailbox[Key, Value], topics: Collection[Topic]) -> None:
        for topic in topics:
            self._readers[topic].add(box)
            for key, value in self._standing.get(topic, {}).items():
                box.put(key, value)
        self._joined.set()
        if self._task is None and topics:
            self._task = asyncio.create_task(self._feed(self), name=FEED)
            self._task.add_done_callback(self._ended)

    async def _leave(self, box: Mailbox[Key, Value], topics: Collection[Topic]) -> None:
        box.close()
        for topic in topics:
            if topic in self._readers:
                self._readers[topic].discard(box)
                if not self._readers[topic]:
                    del self._readers[topic]
                    self._standing.pop(topic, None)
        task = self._task
        if task is not None and not self._readers:
            self._task = None  # At once: whoever joins now must not board a dying feed.
            task.cancel()
            await asyncio.wait([task])

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Tell the readers why there is no more, unless the feed was sent home."""
        fault = _fault_of(task)
        if task is not self._task:
            return
        self._task = None
        boxes = {box for readers in self._readers.values() for box in readers}
        self._readers.clear()
        self._standing.clear()
        for box in boxes:
            box.fail(fault)


Feed: TypeAlias = Callable[[Hub[Topic, Key, Value]], Coroutine[object, object, None]]


def _fault_of(task: asyncio.Task[None]) -> DeskError:
    error = None if task.cancelled() else task.exception()
    if isinstance(error, DeskError):
        return error
    if error is not None:
        _log.error("a stream's feed broke", exc_info=error)
    return Unavailable(Reason.BROKER_UNAVAILABLE)
