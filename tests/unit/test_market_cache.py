"""The memory cache beyond its contract: what it lets go of, and what it does when nobody waits."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from strikedesk.domain.errors import Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.market.cache import MemoryCache
from tests.fakes.data import StepClock


def rows(count: int) -> Callable[[], Awaitable[list[int]]]:
    """Return a load that answers with so many rows."""

    async def load() -> list[int]:
        return [0] * count

    return load


async def remembers(cache: MemoryCache, key: str) -> bool:
    """Tell whether `key` is answered without asking."""
    asked: list[bool] = []

    async def load() -> list[int]:
        asked.append(True)
        raise Unavailable(Reason.BROKER_UNAVAILABLE)

    try:
        await cache.get(key, 60, load)
    except Unavailable:
        return False
    return not asked


async def test_the_least_recently_used_go_first_by_their_weight() -> None:
    """A chain of ten thousand rows weighs more than ten thousand quotes' worth of nothing."""
    cache = MemoryCache(StepClock(), weight_max=10)
    for key, count in (("a", 4), ("b", 4)):
        await cache.get(key, 60, rows(count))
    await cache.get("a", 60, rows(4))  # Used again: "b" is now the oldest.
    await cache.get("c", 60, rows(5))

    assert [await remembers(cache, key) for key in "abc"] == [True, False, True]


async def test_the_newest_stays_even_if_it_is_too_heavy_alone() -> None:
    """Or the largest chain would be loaded again for each of its pages."""
    cache = MemoryCache(StepClock(), weight_max=10)
    await cache.get("small", 60, rows(1))
    await cache.get("large", 60, rows(50))

    assert [await remembers(cache, key) for key in ("small", "large")] == [False, True]


async def test_what_is_replaced_or_dropped_no_longer_weighs() -> None:
    clock = StepClock()
    cache = MemoryCache(clock, weight_max=10)
    for _ in range(5):
        await cache.get("a", 60, rows(6))
        clock.step(61)
    cache.drop("a")
    for key in "bcd":
        await cache.get(key, 60, rows(3))

    assert [await remembers(cache, key) for key in "bcd"] == [True, True, True]


async def test_a_load_that_nobody_waits_for_is_cancelled_and_the_next_caller_starts_anew() -> None:
    """Nothing runs for nobody; and the next caller must not board a dying load."""
    cache, entered, ended = MemoryCache(StepClock()), asyncio.Event(), asyncio.Event()

    async def never() -> list[int]:
        entered.set()
        try:
            return await asyncio.Future[list[int]]()
        finally:
            ended.set()

    waiters = [asyncio.create_task(cache.get("k", 60, never)) for _ in range(2)]
    await entered.wait()
    for waiter in waiters:
        waiter.cancel()
    gone = await asyncio.gather(*waiters, return_exceptions=True)
    again = await cache.get("k", 60, rows(1))
    await ended.wait()

    assert [type(each) for each in gone] == [asyncio.CancelledError] * 2
    assert again == [0]


async def test_a_load_that_cancels_itself_is_unavailable_to_those_who_wait() -> None:
    """A waiter that was not cancelled must not look as if it were: its caller would hang up."""
    cache = MemoryCache(StepClock())

    async def gives_up() -> int:
        raise asyncio.CancelledError

    with pytest.raises(Unavailable):
        await cache.get("k", 60, gives_up)
