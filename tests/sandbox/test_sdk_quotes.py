"""The independent SDK's DXLinkStreamer, as it is, on the sandbox's market data."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from pathlib import Path

import pytest
import tastytrade.session
from tastytrade import DXLinkStreamer, Session
from tastytrade.dxfeed import Candle, Greeks, Profile, Quote, Summary, Trade
from tastytrade.instruments import NestedOptionChain

from strikedesk.brokers.paper.stepping import Stepper
from strikedesk.domain.symbols import parse_symbol
from strikedesk.exchange.steps import read_step
from strikedesk.sandbox.access import CLIENT_SECRET
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@asynccontextmanager
async def streaming(session: Session) -> AsyncGenerator[DXLinkStreamer]:
    """Open the SDK's streamer, and close the queues that it leaves open itself."""
    streamer = DXLinkStreamer(session)
    try:
        async with streamer:
            yield streamer
    finally:
        received, sent = attrgetter("_recv", "_send")(streamer)
        for queue in (*received.values(), *sent.values()):
            queue.close()


async def the_calls(session: Session, count: int) -> list[str]:
    (chain,) = await NestedOptionChain.get(session, "AAPL")
    strikes = chain.expirations[2].strikes
    middle = len(strikes) // 2
    return [strike.call_streamer_symbol for strike in strikes[middle : middle + count]]


async def test_quotes_trades_and_days_are_what_rest_tells(
    session: Session, sandbox: Served
) -> None:
    """Two protocols of one venue agree, and the SDK's own models take every event."""
    spy = parse_symbol("SPY")
    known = (await sandbox.world.broker.quotes({spy}))[spy]
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        for kind in (Quote, Trade, Summary, Profile):
            await streamer.subscribe(kind, ["SPY"])
        quote = await streamer.get_event(Quote)
        trade = await streamer.get_event(Trade)
        summary = await streamer.get_event(Summary)
        profile = await streamer.get_event(Profile)

    assert (quote.bid_price, quote.ask_price) == (known.bid, known.ask)
    assert (quote.bid_size, quote.ask_size) == (known.bid_size, known.ask_size)
    assert (trade.price, trade.day_volume) == (known.last, known.volume)
    assert summary.prev_day_close_price == known.previous_close
    assert summary.day_low_price is not None
    assert summary.day_high_price is not None
    assert summary.day_low_price <= trade.price <= summary.day_high_price
    assert (profile.trading_status, profile.event_symbol) == ("ACTIVE", "SPY")


async def test_greeks_come_for_the_options_of_a_chain(session: Session) -> None:
    calls = await the_calls(session, 150)
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        await streamer.subscribe(Greeks, calls)
        await streamer.subscribe(Quote, calls)
        greeks = {(await streamer.get_event(Greeks)).event_symbol for _ in calls}
        quotes = {(await streamer.get_event(Quote)).event_symbol for _ in calls}

    assert greeks == quotes == set(calls)


async def test_an_index_trades_and_is_not_quoted(session: Session) -> None:
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        await streamer.subscribe(Quote, ["SPX"])
        await streamer.subscribe(Trade, ["SPX"])
        trade = await streamer.get_event(Trade)
        assert streamer.get_event_nowait(Quote) is None

    assert trade.price > 0


@pytest.mark.parametrize(("interval", "hours"), [("5m", 1), ("15m", 2), ("1h", 3), ("1d", 24 * 9)])
async def test_candles_come_newest_first_between_their_flags(
    session: Session, interval: str, hours: int
) -> None:
    start = AT - timedelta(hours=hours)
    events = list[Candle]()
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        await streamer.subscribe_candle(["SPY"], interval, start)
        while not events or not events[-1].snapshot_end:
            events.append(await streamer.get_event(Candle))

    candles = [event for event in events if not event.remove]
    times = [event.time for event in candles]
    assert events[0].snapshot_begin
    assert len(candles) > 1
    assert times == sorted(set(times), reverse=True)
    assert min(times) >= start.timestamp() * 1000
    assert all(event.low <= event.open <= event.high for event in candles)


async def test_a_history_beyond_the_reach_is_cut_off_and_says_so(session: Session) -> None:
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        await streamer.subscribe_candle(["SPY"], "5m")
        events = [await streamer.get_event(Candle)]
        while not (events[-1].snapshot_end or events[-1].snapshot_snip):
            events.append(await streamer.get_event(Candle))

    assert events[-1].snapshot_snip
    assert events[-1].close > Decimal(1)


async def test_what_is_wanted_no_longer_is_not_told(session: Session) -> None:
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        await streamer.subscribe(Quote, ["SPY"])
        await streamer.get_event(Quote)
        await streamer.unsubscribe(Quote, ["SPY"])
        await streamer.subscribe(Quote, ["AAPL"])
        assert (await streamer.get_event(Quote)).event_symbol == "AAPL"
        await streamer.unsubscribe_all(Quote)
        await streamer.subscribe(Trade, ["AAPL"])
        await streamer.get_event(Trade)
        assert streamer.get_event_nowait(Quote) is None


async def step(sandbox: Served, how_far: str) -> None:
    """Let the market's time go on, as its control panel does."""
    stepper = Stepper(keeper=sandbox.world.office.keeper)
    way = await stepper.begin(read_step(how_far))
    while not way.done:
        way = await stepper.go_on(way)


async def test_a_market_that_runs_is_told_as_it_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told once and never again would be a snapshot."""
    async with served(tmp_path, "stepped:2026-11-20T16:00:00Z") as running:
        monkeypatch.setattr(tastytrade.session, "API_URL", running.address)
        grant = running.world.access.full
        async with (
            asyncio.timeout(PATIENCE_S),
            Session(CLIENT_SECRET, grant.refresh_token, trust_env=False) as session,
            streaming(session) as streamer,
        ):
            await streamer.subscribe(Quote, ["SPY", "AAPL", "QQQ"])
            told = [await streamer.get_event(Quote) for _ in range(3)]
            await step(running, "15m")
            told += [await streamer.get_event(Quote) for _ in range(3)]

    assert {each.event_symbol for each in told[:3]} == {"SPY", "AAPL", "QQQ"}
    assert all(each not in told[:3] for each in told[3:])
