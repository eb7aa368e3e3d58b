"""The cache of one process: what was asked a moment ago is not asked again."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sized
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar, cast

from strikedesk.domain.errors import Unavailable
from strikedesk.domain.ports import Clock
from strikedesk.domain.reasons import Reason

T = TypeVar("T")

WEIGHT_MAX: Final = 60_000  # Rows of a chain take about 1 kB each.


@dataclass(frozen=True, slots=True)
class _Kept:
    """A value and the instant at which its load began: what it tells is at least that new."""

    began: datetime
    value: object
    weight: int


@dataclass(slots=True, eq=False)
class _Flight:
    """One load under way, for one key or for several, and how many callers wait for it."""

    task: asyncio.Task[Mapping[str, object]]
    began: datetime
    waiters: int = 0


class MemoryCache:
    """Keeps values in memory, newest used last; the port `Cache` for one event loop.

    Law: callers of one key share one load, which lives until its last waiter has gone and is then
    cancelled, so that nothing runs for nobody. A failed load is told to all who wait and is not
    remembered. A value's age counts from when its load began, so it is never understated; a clock
    that went backwards makes every value stale.
    Units: a value weighs its `len()` (rows), or 1; the least recently used go first when the sum
    passes `weight_max`. The newest stays even if it is heavier alone.
    """

    def __init__(self, clock: Clock, *, weight_max: int = WEIGHT_MAX) -> None:
        self._clock = clock
        self._weight_max = weight_max
        self._weight = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._flights: dict[str, _Flight] = {}

    async def get(self, key: str, ttl_s: float, load: Callable[[], Awaitable[T]]) -> T:
        """See `Cache.get`."""

        async def load_one(_: Collection[str]) -> Mapping[str, T]:
            return {key: await load()}

        return (await self.get_many((key,), ttl_s, load_one))[key]

    async def get_many(
        self,
        keys: Collection[str],
        ttl_s: float,
        load: Callable[[Collection[str]], Awaitable[Mapping[str, T]]],
    ) -> Mapping[str, T]:
        """See `Cache.get_many`."""
        now = self._clock.now()
        found = self._hits(keys, timedelta(seconds=ttl_s), now)
        wanting = [key for key in keys if key not in found]
        if wanting:
            found |= await self._arrivals(self._board(wanting, load, now))
        return {key: cast("T", found[key]) for key in keys if key in found}

    def drop(self, prefix: str) -> None:
        """See `Cache.drop`."""
        for key in [key for key in self._kept if key.startswith(prefix)]:
            self._forget(key)
        for key in [key for key in self._flights if key.startswith(prefix)]:
            del self._flights[key]  # Those aboard still hear its answer; nobody after them does.

    def _hits(self, keys: Iterable[str], ttl: timedelta, now: datetime) -> dict[str, object]:
        found: dict[str, object] = {}
        for key in keys:
            kept = self._kept.get(key)
            if kept is not None and timedelta(0) <= now - kept.began < ttl:
                self._kept.move_to_end(key)
                found[key] = kept.value
        return found

    def _board(
        self,
        keys: Iterable[str],
        load: Callable[[Collection[str]], Awaitable[Mapping[str, T]]],
        now: datetime,
    ) -> Mapping[str, _Flight]:
        """Return the flight of each key, starting one for the keys that have none."""
        flights = {key: self._flights[key] for key in keys if key in self._flights}
        if grounded := tuple(key for key in keys if key not in flights):
            task = asyncio.ensure_future(_loaded(load, grounded))
            started = _Flight(task=task, began=now)
            task.add_done_callback(partial(self._land, started, grounded))
            self._flights |= dict.fromkeys(grounded, started)
            flights |= dict.fromkeys(grounded, started)
        return flights

    async def _arrivals(self, boarded: Mapping[str, _Flight]) -> dict[str, object]:
        """Wait for every flight; a cancelled waiter leaves the others aboard."""
        flights = tuple(dict.fromkeys(boarded.values()))
        for flight in flights:
            flight.waiters += 1
        try:
            await asyncio.wait([flight.task for flight in flights])
        finally:
            for flight in flights:
                self._leave(flight)
        answers = {flight: _answer(flight.task) for flight in flights}
        return {key: answers[at][key] for key, at in boarded.items() if key in answers[at]}

    def _leave(self, flight: _Flight) -> None:
        flight.waiters -= 1
        if flight.waiters == 0 and not flight.task.done():
            for key in [key for key, at in self._flights.items() if at is flight]:
                del self._flights[key]  # At once: the next caller must not board a dead flight.
            flight.task.cancel()

    def _land(
        self,
        flight: _Flight,
        keys: Collection[str],
        task: asyncio.Task[Mapping[str, object]],
    ) -> None:
        """Keep what a flight brought; runs before any of its waiters wakes."""
        current = [key for key in keys if self._flights.get(key) is flight]
        for key in current:
            del self._flights[key]
        if task.cancelled() or task.exception() is not None:
            return
        answer = task.result()
        for key in current:
            if key in answer:
                self._keep(key, answer[key], flight.began)

    def _keep(self, key: str, value: object, began: datetime) -> None:
        self._forget(key)
        weight = max(1, len(value)) if isinstance(value, Sized) else 1
        self._kept[key] = _Kept(began, value, weight)
        self._weight += weight
        while self._weight > self._weight_max and len(self._kept) > 1:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        self._weight -= kept.weight if kept else 0


async def _loaded(
    load: Callable[[Collection[str]], Awaitable[Mapping[str, T]]], keys: Collection[str]
) -> Mapping[str, object]:
    return await load(keys)


def _answer(task: asyncio.Task[Mapping[str, object]]) -> Mapping[str, object]:
    if task.cancelled():  # By its own doing: this waiter is still here, and was not cancelled.
        raise Unavailable(Reason.BROKER_UNAVAILABLE)
    return task.result()
