"""The sandbox's futures, and options on them, on its stream of market data."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import exp, log, sqrt
from pathlib import Path
from statistics import NormalDist

import pytest
import tastytrade.session
from tastytrade import DXLinkStreamer, Session
from tastytrade.dxfeed import Candle, Greeks, Profile, Quote, Summary, Trade
from tastytrade.instruments import Future, NestedFutureOptionChain

from strikedesk.brokers.tastytrade.dxlink.kinds import Item, Kind
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange import future_options, futures
from strikedesk.sandbox.access import CLIENT_SECRET
from strikedesk.sandbox.streams.beside import KNOWN_MAX, Beside
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served, served
from tests.sandbox.test_line_on_sandbox import line_to
from tests.sandbox.test_sdk_quotes import step, streaming

pytestmark = pytest.mark.asyncio(loop_scope="module")

FUTURE, PUT = "/ESZ26:XCME", "./EW1Z26P5300:XCME"


def quote_of(sandbox: Served) -> UntradedQuote:
    market, at = sandbox.world.office.market, sandbox.world.now()
    quote = futures.quote(market, futures.listed(market, at)[0], at)
    assert quote is not None
    return quote


async def test_the_sdk_hears_of_a_future_what_rest_tells(session: Session, sandbox: Served) -> None:
    """By the name that its record says it is streamed under."""
    known = quote_of(sandbox)
    name = (await Future.get(session, "/ESZ6")).streamer_symbol
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        for kind in (Quote, Trade, Summary, Profile):
            await streamer.subscribe(kind, [name])
        quote = await streamer.get_event(Quote)
        trade = await streamer.get_event(Trade)
        summary = await streamer.get_event(Summary)
        profile = await streamer.get_event(Profile)

    assert (quote.event_symbol, quote.bid_price, quote.ask_price) == (name, known.bid, known.ask)
    assert (quote.bid_size, quote.ask_size) == (known.bid_size, known.ask_size)
    assert (trade.price, trade.day_volume) == (known.last, None)
    assert summary.prev_day_close_price == known.previous_close
    assert (summary.day_low_price, summary.day_high_price) == (None, None)
    assert (profile.trading_status, profile.description) == ("ACTIVE", "E Mini S&P /ESZ6")


async def test_the_sdk_hears_of_every_option_of_an_expiration(
    session: Session, sandbox: Served
) -> None:
    chain = await NestedFutureOptionChain.get(session, "ES")
    (week,) = [e for e in chain.option_chains[0].expirations if e.option_contract_symbol == "EW1Z6"]
    calls = {strike.call_streamer_symbol: strike.call for strike in week.strikes}
    names = {UntradedName(call, "future_option") for call in calls.values()}
    market, at = sandbox.world.office.market, sandbox.world.now()
    known = future_options.quotes(market, [*future_options.named(market, names, at).values()], at)

    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        await streamer.subscribe(Quote, [*calls, FUTURE, "SPY"])
        told = [await streamer.get_event(Quote) for _ in range(len(calls) + 2)]

    heard = {each.event_symbol: (each.bid_price, each.ask_price) for each in told}
    assert heard.keys() == {*calls, FUTURE, "SPY"}
    for streamed, called in calls.items():
        quote = known[UntradedName(called, "future_option")]
        assert heard[streamed] == (quote.bid, quote.ask)


async def test_the_sdk_hears_what_moves_the_options_of_an_expiration(
    session: Session, sandbox: Served
) -> None:
    """The volatility explains the price, by the textbook's formula, and both sides agree on it."""
    names = [f"./EW1Z26{right}{strike}:XCME" for right in "CP" for strike in (5200, 5300, 5400)]
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        await streamer.subscribe(Greeks, names)
        told = [await streamer.get_event(Greeks) for _ in names]

    heard = {each.event_symbol: each for each in told}
    future = float(quote_of(sandbox).mark or 0)
    years = (datetime(2026, 12, 4, 21, tzinfo=UTC) - sandbox.world.now()) / timedelta(days=365)
    assert heard.keys() == {*names}
    for name, each in heard.items():
        is_call, strike = name[8] == "C", float(name[9:13])
        reckoned = black_76(future, strike, years, float(each.volatility), is_call=is_call)
        step = 0.05 if each.price < 5 else 0.1 if each.price < 20 else 0.25
        assert abs(reckoned - float(each.price)) < 1.5 * step
        assert 0 < each.delta < 1 if is_call else -1 < each.delta < 0
        assert each.gamma > 0 > each.theta
        assert each.vega > 0
    for strike in (5200, 5300, 5400):
        call, put = (heard[f"./EW1Z26{right}{strike}:XCME"] for right in "CP")
        assert abs(call.volatility - put.volatility) < Decimal("0.01")


def black_76(
    future: float, strike: float, years: float, volatility: float, *, is_call: bool
) -> float:
    """Source: F. Black, J. Financial Economics 3 (1976) 167; 4 % a year."""
    deviation = volatility * sqrt(years)
    d1 = log(future / strike) / deviation + deviation / 2
    cdf, sign = NormalDist().cdf, 1 if is_call else -1
    worth = sign * (future * cdf(sign * d1) - strike * cdf(sign * (d1 - deviation)))
    return exp(-0.04 * years) * worth


@pytest.mark.parametrize(("interval", "hours"), [("5m", 1), ("1h", 3), ("1d", 24 * 9)])
async def test_the_sdk_hears_candles_of_a_future(
    session: Session, sandbox: Served, interval: str, hours: int
) -> None:
    """They stand beside the index's as far as what carries it to the future's end."""
    start = sandbox.world.now() - timedelta(hours=hours)
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        told = {name: await candles(streamer, name, interval, start) for name in (FUTURE, "SPX")}

    known = quote_of(sandbox)
    assert known.last is not None
    assert told[FUTURE].keys() == told["SPX"].keys()
    assert abs(told[FUTURE][max(told[FUTURE])].close - known.last) <= 1
    for at, future in told[FUTURE].items():
        index = told["SPX"][at]
        assert future.low <= min(future.open, future.close)
        assert max(future.open, future.close) <= future.high
        assert future.close % Decimal("0.25") == 0
        assert Decimal("1.0") < future.close / index.close < Decimal("1.01")


async def candles(
    streamer: DXLinkStreamer, name: str, interval: str, start: datetime
) -> dict[int, Candle]:
    await streamer.subscribe_candle([name], interval, start)
    events = [await streamer.get_event(Candle)]
    while not events[-1].snapshot_end:
        events.append(await streamer.get_event(Candle))
    return {event.time: event for event in events if not event.remove}


async def test_a_future_that_is_not_listed_has_no_candle(session: Session, sandbox: Served) -> None:
    start = sandbox.world.now() - timedelta(hours=1)
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        assert await candles(streamer, "/NQZ26:XCME", "5m", start) == {}


async def test_greeks_are_told_of_options_alone(session: Session) -> None:
    strange = [FUTURE, "./EW1Z26P5301:XCME", "./", "/"]
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        await streamer.subscribe(Greeks, [*strange, PUT])
        told = await streamer.get_event(Greeks)
        assert streamer.get_event_nowait(Greeks) is None

    assert told.event_symbol == PUT


async def test_our_own_line_hears_of_both(sandbox: Served) -> None:
    """The desk asks for their quotes and subscribes to none; but its line could."""
    items = [Item(Kind.QUOTE, name) for name in (FUTURE, PUT)]
    async with line_to(sandbox) as line:
        told = await line.first(items, within_s=PATIENCE_S)

    known = quote_of(sandbox)
    future, put = (told[item] for item in items)
    assert (future.price("bidPrice"), future.price("askPrice")) == (known.bid, known.ask)
    assert put.price("bidPrice") is not None


async def test_what_has_ended_is_told_no_longer(tmp_path: Path) -> None:
    """What was made a step before does not stand beyond the end."""
    ending, lasting = "./EW3X26P5300:XCME", FUTURE
    async with served(tmp_path, "stepped:2026-11-20T20:59:50Z") as running:
        beside = Beside(running.world)
        before = beside.of([ending, lasting, "SPY"])
        await step(running, "15m")
        after = beside.of([ending, lasting])

    assert before.keys() == {ending, lasting}
    assert after.keys() == {lasting}


async def test_what_is_known_of_many_names_is_bounded(sandbox: Served) -> None:
    """A client may ask by any names it likes for as long as it likes."""
    beside = Beside(sandbox.world)
    for start in range(0, 20_000, 1_000):
        assert beside.of([f"/ES{n}" for n in range(start, start + 1_000)]) == {}
    assert beside.of([FUTURE]).keys() == {FUTURE}
    assert len(beside.known) <= KNOWN_MAX


async def test_what_is_not_listed_is_not_told(session: Session) -> None:
    """The one that is listed is told, and nothing comes before it."""
    strange = ["/NQZ26:XCME", "/ESZ36:XCME", "./EW1Z26P5301:XCME", "./E1AZ26P5300:XCME", "/", "./"]
    async with asyncio.timeout(PATIENCE_S), streaming(session) as streamer:
        await streamer.subscribe(Quote, [*strange, FUTURE])
        told = await streamer.get_event(Quote)
        assert streamer.get_event_nowait(Quote) is None

    assert told.event_symbol == FUTURE


async def test_a_future_is_told_as_the_market_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(tmp_path, "stepped:2026-11-20T16:00:00Z") as running:
        monkeypatch.setattr(tastytrade.session, "API_URL", running.address)
        grant = running.world.access.full
        async with (
            asyncio.timeout(PATIENCE_S),
            Session(CLIENT_SECRET, grant.refresh_token, trust_env=False) as session,
            streaming(session) as streamer,
        ):
            await streamer.subscribe(Quote, [FUTURE])
            before = await streamer.get_event(Quote)
            await step(running, "15m")
            after = await streamer.get_event(Quote)
        known = quote_of(running)

    assert before.bid_price != after.bid_price == known.bid
