"""The hub behind every stream: bounded, fair, one loop, and honest about its end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.brokers.streams import FEED, Feed, Hub, Mailbox
from strikedesk.domain.errors import Denied, DeskError, Unavailable
from strikedesk.domain.reasons import Reason

Numbers = Hub[str, str, int]


async def idle(hub: Numbers) -> None:
    """Find nothing, for ever."""
    while True:
        await hub.pause(60)


async def the_next(stream: AsyncIterator[int]) -> int:
    async with asyncio.timeout(5):
        return await anext(stream)


async def waiting_in(box: Mailbox[str, int]) -> list[int]:
    """Return what waits, having closed the door behind it."""
    return [await anext(box) for _ in range(len(box))]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers()), max_size=60))
def test_what_waits_is_the_newest_of_each_key_in_the_order_of_coming(
    told: list[tuple[str, int]],
) -> None:
    """Never more than there are keys, whatever comes; a busy key does not push itself forward."""
    box = Mailbox[str, int]()
    for key, value in told:
        box.put(key, value)

    assert asyncio.run(waiting_in(box)) == list(dict(told).values())


async def test_a_reader_with_a_full_box_cannot_keep_the_others_waiting() -> None:
    hub = Numbers(idle)
    async with hub.reader(["a"]) as slow, hub.reader(["a"]) as quick:
        for value in range(1_000):
            hub.publish("a", "a", value)
            assert await the_next(quick) == value

        assert await the_next(slow) == 999


async def test_one_loop_feeds_all_and_ends_with_the_last() -> None:
    started = list[str]()
    ended = list[str]()

    async def feed(hub: Numbers) -> None:
        started.append("feed")
        try:
            await idle(hub)
        finally:
            ended.append("feed")

    hub = Numbers(feed)
    async with hub.reader(["a"]), hub.reader(["b", "a"]):
        await asyncio.sleep(0)
        assert (started, hub.wanted) == (["feed"], {"a", "b"})
    assert (ended, hub.wanted) == (["feed"], frozenset[str]())
    async with hub.reader(["a"]):
        await asyncio.sleep(0)
    assert started == ended == ["feed", "feed"]


async def test_what_nobody_reads_is_not_kept() -> None:
    """The memory of a hub is what its readers read."""
    hub = Numbers(idle)
    hub.publish("a", "a", 1)
    async with hub.reader(["b"]):
        async with hub.reader(["a"]):
            hub.publish("a", "a", 2)
        async with hub.reader(["a"]) as late:
            hub.publish("a", "a", 3)
            assert await the_next(late) == 3


async def test_what_no_longer_stands_is_told_once_and_not_to_those_who_come() -> None:
    hub = Numbers(idle)
    async with hub.reader(["a"]) as first:
        hub.publish("a", "order", 1)
        hub.publish("a", "order", 2, stands=False)
        hub.publish("a", "other", 5)
        hub.publish("a", "other", 5)
        async with hub.reader(["a"]) as second:
            assert await the_next(second) == 5
        assert [await the_next(first), await the_next(first)] == [2, 5]


async def breaks(_: Numbers) -> None:
    raise RuntimeError("token=hunter2")


async def returns(_: Numbers) -> None:
    return


async def denies(_: Numbers) -> None:
    raise Denied(Reason.NOT_SUPPORTED)


ENDS: dict[str, tuple[Feed[str, str, int], type[DeskError], Reason]] = {
    "a bug": (breaks, Unavailable, Reason.BROKER_UNAVAILABLE),
    "a feed that stops": (returns, Unavailable, Reason.BROKER_UNAVAILABLE),
    "a refusal": (denies, Denied, Reason.NOT_SUPPORTED),
}


@pytest.mark.parametrize("end", list(ENDS))
async def test_every_end_of_a_feed_is_told_as_a_typed_error(
    end: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The reader knows what to do next; what broke is in the log and not in what it hears."""
    feed, kind, reason = ENDS[end]
    caplog.set_level(logging.ERROR)
    hub = Numbers(feed)
    async with hub.reader(["a"]) as one, hub.reader(["a"]) as other:
        for stream in (one, other, one):
            with pytest.raises(kind) as told:
                await the_next(stream)
            assert told.value.reason is reason
            assert "hunter2" not in str(told.value)

    assert len(caplog.records) == (end == "a bug")


async def test_a_feed_that_somebody_else_cancelled_is_a_fault() -> None:
    hub = Numbers(idle)
    async with hub.reader(["a"]) as stream:
        (feed,) = (task for task in asyncio.all_tasks() if task.get_name() == FEED)
        feed.cancel()

        with pytest.raises(Unavailable):
            await the_next(stream)


async def test_what_waited_is_heard_before_the_fault() -> None:
    async def tells_and_breaks(hub: Numbers) -> None:
        hub.publish("a", "a", 1)
        raise Unavailable(Reason.BROKER_UNAVAILABLE)

    async with Numbers(tells_and_breaks).reader(["a"]) as stream:
        assert await the_next(stream) == 1
        with pytest.raises(Unavailable):
            await the_next(stream)


async def test_a_reader_of_a_feed_that_broke_does_not_end_the_next_one() -> None:
    """It leaves late, when others have long begun anew."""
    feeds: list[Callable[[Numbers], object]] = [breaks]

    async def feed(hub: Numbers) -> None:
        await (breaks(hub) if feeds.pop() is breaks else idle(hub))

    hub = Numbers(feed)
    async with hub.reader(["a"]) as broken:
        with pytest.raises(Unavailable):
            await the_next(broken)
        feeds.append(idle)
        second = hub.reader(["a"])
        stream = await second.__aenter__()
        await asyncio.sleep(0)
    hub.publish("a", "a", 7)

    assert await the_next(stream) == 7
    await second.__aexit__(None, None, None)


async def test_a_pause_ends_when_somebody_joins() -> None:
    """Nobody waits a whole pause for the quote that stands."""
    hub = Numbers(idle)
    pausing = asyncio.create_task(hub.pause(60))
    await asyncio.sleep(0)
    async with hub.reader(["a"]), asyncio.timeout(5):
        assert await pausing
    assert not await hub.pause(0)
