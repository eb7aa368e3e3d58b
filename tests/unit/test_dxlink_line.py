"""The line to market data: deadlines, silences, resets, refusals, and what is known meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.brokers.tastytrade.dxlink.kinds import Item, Kind
from strikedesk.brokers.tastytrade.dxlink.line import LINGERING_MAX, Line
from strikedesk.brokers.tastytrade.patience import Waits
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from tests.builders import NOON
from tests.fakes.clock import StoppedClock
from tests.fakes.dxlink import CountingTokens, FakeFeed

SPY = Item(Kind.QUOTE, "SPY")
AAPL = Item(Kind.QUOTE, "AAPL")
QUICK = Waits(pause_first_s=0.001, pause_most_s=0.002)
SOON = 0.02
PATIENT = 10.0


@dataclass(slots=True)
class StumblingClock(StoppedClock):
    """Does not tell the time for as many times as `stumbles` says."""

    stumbles: int = 0

    def now(self) -> datetime:
        if self.stumbles:
            self.stumbles -= 1
            raise RuntimeError
        return self.at


class Desk:
    """A line to a fake feed, on a clock that stands still."""

    def __init__(self, waits: Waits = QUICK, linger_s: float = 0.0) -> None:
        self.feed = FakeFeed()
        self.tokens = CountingTokens()
        self.clock = StumblingClock()
        self.line = Line(
            tokens=self.tokens,
            clock=self.clock,
            chance=Random("a test"),  # noqa: S311 -- how long to wait is no secret
            connect=self.feed.dial,
            waits=waits,
            linger_s=linger_s,
        )

    async def bid(self, item: Item = SPY, within_s: float = PATIENT) -> Decimal | None:
        told = await self.line.first((item,), within_s=within_s)
        return told[item].price("bidPrice") if item in told else None


@asynccontextmanager
async def open_desk(waits: Waits = QUICK, linger_s: float = 0.0) -> AsyncGenerator[Desk]:
    desk = Desk(waits, linger_s)
    try:
        yield desk
    finally:
        await desk.line.close()


async def test_the_first_value_of_a_symbol_is_waited_for() -> None:
    async with open_desk() as desk:
        desk.feed.known[SPY] = {"bidPrice": 601.25}

        assert await desk.bid() == Decimal("601.25")
        assert desk.line.trouble is None


async def test_what_nobody_tells_is_absent_after_the_deadline_and_the_rest_is_there() -> None:
    """A symbol that is silent keeps nobody waiting for ever."""
    async with open_desk() as desk:
        desk.feed.known[SPY] = {"bidPrice": 601.25}
        told = await desk.line.first((SPY, AAPL), within_s=SOON)

    assert told.keys() == {SPY}


async def test_a_server_that_cannot_be_reached_is_an_answer_too() -> None:
    async with open_desk(Waits(pause_first_s=60)) as desk:
        desk.feed.unreachable = 100

        assert await desk.bid(within_s=SOON) is None
        assert desk.line.trouble is not None
        assert desk.line.trouble.reason is Reason.BROKER_UNAVAILABLE


async def test_after_a_reset_all_that_is_wanted_is_asked_for_again() -> None:
    """And what was known stays readable meanwhile, as old as it is."""
    async with open_desk() as desk, desk.line.watching((SPY, AAPL)) as reader:
        desk.feed.known[SPY] = {"bidPrice": 601.25}
        first = await desk.feed.until(1, "FEED_SUBSCRIPTION")
        async with asyncio.timeout(PATIENT):
            assert await reader.news() == {SPY}
        desk.feed.known.clear()
        desk.clock.move(90)
        desk.feed.unreachable = 3
        first.reset()
        second = await desk.feed.until(2, "CHANNEL_REQUEST")
        kept = desk.line.newest(SPY)
        await desk.feed.until(2, "FEED_SUBSCRIPTION")
        subscribed = second.said("FEED_SUBSCRIPTION")

    assert kept is not None
    assert (kept.price("bidPrice"), kept.heard_at) == (Decimal("601.25"), NOON)
    assert [named["symbol"] for named in subscribed[0]["add"]] == ["AAPL", "SPY"]
    assert subscribed[0]["reset"] is True
    assert len(second.said("AUTH")) == 1


async def test_a_server_that_says_nothing_any_more_is_left() -> None:
    """A connection that stands is no sign of life."""
    waits = Waits(silence_s=SOON, pause_first_s=0.001)
    async with open_desk(waits) as desk, desk.line.watching((SPY,)):
        await desk.feed.until(1, "FEED_SUBSCRIPTION")
        await desk.feed.until(2, "FEED_SUBSCRIPTION")


async def test_a_server_that_never_lets_us_in_is_left() -> None:
    """A sign of life alone is no conversation either."""
    async with open_desk(Waits(ready_s=SOON, pause_first_s=0.001)) as desk:
        desk.feed.mute = True
        async with desk.line.watching((SPY,)):
            await desk.feed.until(1, "SETUP")
            desk.feed.newest.say("KEEPALIVE")
            await desk.feed.until(2, "SETUP")


async def test_we_give_signs_of_life() -> None:
    async with open_desk(Waits(keepalive_s=0.005)) as desk, desk.line.watching((SPY,)):
        await desk.feed.until(1, "KEEPALIVE", times=3)


async def test_a_token_that_is_refused_is_replaced_by_a_new_one() -> None:
    """And is not shown again: refusal upon refusal looks like an attack."""
    async with open_desk() as desk:
        desk.feed.refused = {"quote-token-number-1"}
        desk.feed.known[SPY] = {"bidPrice": 601.25}

        assert await desk.bid() == Decimal("601.25")
        assert desk.tokens.dropped == ["quote-token-number-1"]
        shown = [frame["token"] for each in desk.feed.connections for frame in each.said("AUTH")]
        assert shown == ["quote-token-number-1", "quote-token-number-2"]


async def test_a_link_that_ended_is_told_in_its_own_words_and_tried_again() -> None:
    """Every read says the same; and once the owner has linked again, no restart is needed."""
    async with open_desk() as desk:
        desk.tokens.troubles = [Misconfigured(Reason.BROKER_LINK_ENDED, broker="tastytrade")] * 2
        desk.feed.known[SPY] = {"bidPrice": 601.25}

        assert await desk.bid(within_s=0) is None
        assert desk.line.trouble is not None
        assert desk.line.trouble.reason is Reason.BROKER_LINK_ENDED
        assert await desk.bid() == Decimal("601.25")


async def test_no_message_of_a_server_ends_the_conversation() -> None:
    async with open_desk() as desk, desk.line.watching((SPY,)) as reader:
        connection = await desk.feed.until(1, "FEED_SUBSCRIPTION")
        for broken in (b"", b"\xff", b"[" * 9_999, b"{}", b'{"type":"FEED_DATA","channel":3}'):
            connection.say_bytes(broken)
        connection.tell(SPY, bidPrice=1.5)
        async with asyncio.timeout(PATIENT):
            assert await reader.news() == {SPY}

    assert len(desk.feed.connections) == 1


async def test_what_is_wanted_later_is_asked_for_on_the_same_connection() -> None:
    async with open_desk() as desk, desk.line.watching((SPY,)):
        await desk.feed.until(1, "FEED_SUBSCRIPTION")
        async with desk.line.watching((AAPL,)):
            await desk.feed.until(1, "FEED_SUBSCRIPTION", times=2)
        connection = await desk.feed.until(1, "FEED_SUBSCRIPTION", times=3)
        changes = connection.said("FEED_SUBSCRIPTION")[1:]

    assert [[*change] for change in changes] == [
        ["type", "channel", "add"],
        ["type", "channel", "remove"],
    ]


async def test_a_history_that_does_not_come_whole_is_none() -> None:
    async with open_desk() as desk:
        minutes = Item(Kind.CANDLE, "SPY{=5m}")
        desk.feed.known[minutes] = {"index": 1, "time": 1, "close": 5, "eventFlags": 4}

        assert await desk.line.candles(minutes, from_ms=0, within_s=SOON) is None
        desk.feed.known[minutes]["eventFlags"] = 4 | 8
        whole = await desk.line.candles(minutes, from_ms=0, within_s=PATIENT)

    assert whole is not None
    assert len(whole.events()) == 1


async def test_what_was_wanted_lately_stands_for_who_asks_again() -> None:
    """Also while the line is down, with its age: the last that is known is better than nothing."""
    async with open_desk(linger_s=60) as desk:
        desk.feed.known[SPY] = {"bidPrice": 601.25}
        assert await desk.bid() == Decimal("601.25")
        desk.clock.move(30)
        desk.feed.unreachable = 10_000
        desk.feed.newest.reset()
        told = await desk.line.first((SPY,), within_s=0)

    assert told[SPY].heard_at == NOON


async def test_what_nobody_asked_for_again_is_taken_back() -> None:
    async with open_desk(linger_s=SOON) as desk:
        desk.feed.known[SPY] = {"bidPrice": 601.25}
        await desk.bid()
        connection = await desk.feed.until(1, "FEED_SUBSCRIPTION", times=2)

    assert connection.said("FEED_SUBSCRIPTION")[1]["remove"] == [{"type": "Quote", "symbol": "SPY"}]


async def test_what_lingers_is_bounded() -> None:
    """Whoever asks for something else all the time does not have all of it told for ever."""
    async with open_desk(linger_s=60) as desk:
        desk.feed.unreachable = 100  # Until all was asked for, so that it is asked for at once.
        for place in range(LINGERING_MAX + 1):
            await desk.line.first((Item(Kind.QUOTE, f"S{place}"),), within_s=0)
        connection = await desk.feed.until(1, "FEED_SUBSCRIPTION")

        said = connection.said("FEED_SUBSCRIPTION")

    asked = {n["symbol"] for each in said[:1] for n in each["add"]}
    assert asked == {f"S{place}" for place in range(1, LINGERING_MAX + 1)}


async def test_a_longer_history_is_not_taken_for_a_shorter_one() -> None:
    """Two who ask for one symbol's candles at once each get theirs from where they asked."""
    minutes = Item(Kind.CANDLE, "SPY{=5m}")
    async with open_desk() as desk, desk.line.watching((minutes,), from_ms=2_000):
        await desk.feed.until(1, "FEED_SUBSCRIPTION")
        desk.feed.known[minutes] = {"index": 1, "time": 1, "close": 5, "eventFlags": 4 | 8}
        whole = await desk.line.candles(minutes, from_ms=1_000, within_s=PATIENT)
        connection = await desk.feed.until(1, "FEED_SUBSCRIPTION", times=3)

    changes = connection.said("FEED_SUBSCRIPTION")
    assert whole is not None
    assert [change["add"][0]["fromTime"] for change in changes if "add" in change] == [2_000, 1_000]
    assert [[*change][2] for change in changes[:3]] == ["add", "remove", "add"]


async def test_a_fault_of_our_own_is_logged_and_the_line_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A line that died of it would leave its readers waiting for ever."""
    async with open_desk() as desk:
        desk.clock.stumbles = 1
        desk.feed.known[SPY] = {"bidPrice": 601.25}
        assert await desk.bid() == Decimal("601.25")

    assert [record.exc_info is not None for record in caplog.records] == [True]
    assert len(desk.feed.connections) == 2


async def test_a_line_that_is_closed_leaves_nothing_running() -> None:
    async with open_desk() as desk:
        async with desk.line.watching((SPY,)):
            await desk.feed.until(1, "SETUP")
        await desk.line.close()
        await desk.line.close()

    assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} == set()


@given(st.integers(0, 10_000), st.integers())
def test_a_pause_grows_to_a_bound_and_is_never_the_same_for_all(misses: int, seed: int) -> None:
    """Half of it is chance: a server that comes back is not run over by everybody at once."""
    waits = Waits(pause_first_s=0.5, pause_most_s=30)
    pause = waits.pause_s(misses, Random(seed))  # noqa: S311 -- same

    whole = min(30, 0.5 * 2 ** min(misses, 20))
    assert whole / 2 <= pause <= whole


@pytest.mark.parametrize("kind", [*Kind])
async def test_every_kind_is_asked_for_on_its_own_channel(kind: Kind) -> None:
    async with open_desk() as desk, desk.line.watching((Item(kind, "SPY"),)):
        connection = await desk.feed.until(1, "FEED_SUBSCRIPTION")
        (subscribed,) = connection.said("FEED_SUBSCRIPTION")

    assert [named["type"] for named in subscribed["add"]] == [kind.value]
