"""Events as the desk's quotes, Greeks and bars, each with its age, and why there are none."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.brokers.tastytrade.dxlink.kinds import Cell, Item, Kind
from strikedesk.brokers.tastytrade.dxlink.line import Line
from strikedesk.brokers.tastytrade.dxlink.market import StreamedMarket
from strikedesk.brokers.tastytrade.dxlink.spelling import candles_of, streamed
from strikedesk.brokers.tastytrade.patience import Waits
from strikedesk.domain.errors import Misconfigured, Unavailable
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import Bar, Feed, Interval, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, parse_symbol
from tests.builders import NOON
from tests.fakes.clock import StoppedClock
from tests.fakes.dxlink import CountingTokens, FakeFeed

SPY = EquitySymbol("SPY")
CALL = parse_symbol("SPY261218C00600500")
NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
SOON = 0.02


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class Desk:
    def __init__(self, known: Mapping[Item, dict[str, Cell]]) -> None:
        self.feed = FakeFeed(known=dict(known))
        self.tokens = CountingTokens()
        self.clock = StoppedClock()
        self.line = Line(
            tokens=self.tokens,
            clock=self.clock,
            chance=Random("a test"),  # noqa: S311 -- how long to wait is no secret
            connect=self.feed.dial,
            waits=Waits(pause_first_s=0.001, pause_most_s=0.002),
        )
        self.market = StreamedMarket(line=self.line, clock=self.clock)

    async def quote(self, within_s: float = 5) -> Quote:
        return (await self.market.quotes((SPY,), within_s=within_s)).quotes[SPY]


@asynccontextmanager
async def market_of(known: Mapping[Item, dict[str, Cell]]) -> AsyncGenerator[Desk]:
    desk = Desk(known)
    try:
        yield desk
    finally:
        await desk.line.close()


SIDES: dict[str, Cell] = {"bidPrice": 601.12, "askPrice": 601.13, "bidSize": 300, "askSize": 500}


async def test_a_quote_is_put_together_of_three_events() -> None:
    told: dict[Item, dict[str, Cell]] = {
        Item(Kind.QUOTE, "SPY"): SIDES | {"bidTime": ms(NOON) - 5_000, "askTime": ms(NOON) - 2_000},
        Item(Kind.TRADE, "SPY"): {"price": 601.125, "dayVolume": 1_000_000.5, "time": ms(NOON)},
        Item(Kind.SUMMARY, "SPY"): {"prevDayClosePrice": 599.5, "openInterest": "NaN"},
    }
    async with market_of(told) as desk, desk.line.watching((*told,)):
        await desk.line.first((*told,), within_s=5)
        quote = await desk.quote()

    assert quote == Quote(
        symbol=SPY,
        at=NOON - timedelta(seconds=2),
        feed=Feed.REALTIME,
        bid=Decimal("601.12"),
        ask=Decimal("601.13"),
        bid_size=300,
        ask_size=500,
        last=Decimal("601.125"),
        previous_close=Decimal("599.5"),
        volume=1_000_000,
    )


@pytest.mark.parametrize("told", [0, "NaN", ms(NOON + timedelta(hours=1))])
async def test_a_quote_without_a_time_that_can_be_is_as_old_as_its_hearing(told: Cell) -> None:
    """The feed writes 0; and an hour of skew must make no quote younger than it is."""
    sides = SIDES | {"bidTime": told, "askTime": told}
    async with market_of({Item(Kind.QUOTE, "SPY"): sides}) as desk:
        assert (await desk.quote()).at == NOON


async def test_an_index_that_nobody_quotes_has_its_last_trade() -> None:
    trade: dict[str, Cell] = {"price": 601.5, "time": ms(NOON) - 1_000}
    async with market_of({Item(Kind.TRADE, "SPY"): trade}) as desk:
        quote = (await desk.market.quotes((SPY,), within_s=0.1)).quotes[SPY]

    assert (quote.bid, quote.ask, quote.last) == (None, None, Decimal("601.5"))
    assert quote.at == NOON - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("symbol", "at", "reason"),
    [
        (SPY, NOON, Reason.NO_QUOTE),
        (SPY, EVENING, Reason.NO_QUOTE),
        (SPY, NIGHT, Reason.MARKET_CLOSED),
        (CALL, NOON, Reason.NO_QUOTE),
        (CALL, EVENING, Reason.MARKET_CLOSED),
    ],
)
async def test_no_quote_comes_with_its_reason(
    symbol: EquitySymbol | OptionSymbol, at: datetime, reason: Reason
) -> None:
    """Options trade in regular hours alone; a share may be quoted in the evening."""
    async with market_of({}) as desk:
        desk.clock.at = at
        await desk.line.first((), within_s=0)
        async with desk.line.watching((Item(Kind.QUOTE, "SPY"),)):
            await desk.feed.until(1, "FEED_SUBSCRIPTION")
            answer = await desk.market.quotes((symbol,), within_s=SOON)

    assert (answer.quotes, answer.silent) == ({}, {symbol: reason})


async def test_a_halt_is_a_reason() -> None:
    halted = Item(Kind.PROFILE, "SPY")
    async with (
        market_of({halted: {"tradingStatus": "HALTED"}}) as desk,
        desk.line.watching((halted,)) as reader,
    ):
        await reader.news()
        answer = await desk.market.quotes((SPY,), within_s=SOON)

    assert answer.silent == {SPY: Reason.UNDERLYING_HALTED}


async def test_a_line_that_is_down_is_the_reason_before_all_others() -> None:
    async with market_of({}) as desk:
        desk.feed.unreachable = 10_000
        assert (await desk.market.quotes((SPY,), within_s=SOON)).silent == {
            SPY: Reason.BROKER_UNAVAILABLE
        }
    async with market_of({}) as desk:
        desk.tokens.troubles = [Misconfigured(Reason.BROKER_LINK_ENDED)] * 10_000
        assert (await desk.market.quotes((SPY,), within_s=SOON)).silent == {
            SPY: Reason.BROKER_LINK_ENDED
        }


async def test_greeks_are_the_feeds_and_say_so() -> None:
    greeks: dict[str, Cell] = {"volatility": 0.25, "delta": 0.5, "theta": -0.03, "rho": "NaN"}
    async with market_of({Item(Kind.GREEKS, ".SPY261218C600.5"): greeks}) as desk:
        told = await desk.market.greeks((CALL,), within_s=5)

    assert told == {
        CALL: Greeks(
            implied_volatility=0.25,
            delta=0.5,
            gamma=None,
            theta=-0.03,
            vega=None,
            rho=None,
            source="dxfeed",
            at=NOON,
        )
    }


async def test_bars_are_those_of_the_range_and_whole() -> None:
    item = candles_of(SPY, Interval.FIVE_MINUTES)
    price: dict[str, Cell] = {"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 7}
    bar: dict[str, Cell] = {"index": 1, "time": ms(NOON), "eventFlags": 12}
    async with market_of({item: price | bar}) as desk:
        hour = timedelta(hours=1)
        bars = await desk.market.bars(SPY, Interval.FIVE_MINUTES, NOON, NOON + hour)
        before = await desk.market.bars(SPY, Interval.FIVE_MINUTES, NOON - hour, NOON)
        desk.feed.known[item]["eventFlags"] = 4 | 16
        with pytest.raises(Unavailable) as cut:
            await desk.market.bars(SPY, Interval.FIVE_MINUTES, NOON, NOON + hour)

    assert (bars, before) == (
        (
            Bar(
                at=NOON,
                open=Decimal("1.0"),
                high=Decimal("2.0"),
                low=Decimal("0.5"),
                close=Decimal("1.5"),
                volume=7,
            ),
        ),
        (),
    )
    assert cut.value.reason is Reason.DATA_UNAVAILABLE


async def test_a_stream_begins_with_what_stands_and_goes_on_with_what_changes() -> None:
    async with (
        market_of({Item(Kind.QUOTE, "SPY"): SIDES}) as desk,
        desk.market.changes((SPY,)) as quotes,
    ):
        first = await anext(quotes)
        desk.feed.newest.tell(Item(Kind.QUOTE, "SPY"), **(SIDES | {"bidPrice": 601.0}))
        second = await anext(quotes)

    assert (first.bid, second.bid) == (Decimal("601.12"), Decimal("601.0"))


async def test_a_stream_whose_line_stays_away_says_so() -> None:
    """Silence would read as a market in which nothing happens; a short gap is nobody's news."""
    async with market_of({Item(Kind.QUOTE, "SPY"): SIDES}) as desk:
        market = StreamedMarket(line=desk.line, clock=desk.clock, told_after_s=0.05)
        desk.tokens.troubles = [Unavailable(Reason.BROKER_UNAVAILABLE)] * 10_000
        async with market.changes((SPY,)) as quotes:
            with pytest.raises(Unavailable):
                await anext(quotes)


async def test_a_stream_whose_link_ended_says_so() -> None:
    """A reader that waited for ever would look like a quiet market."""
    async with market_of({}) as desk:
        desk.tokens.troubles = [Misconfigured(Reason.BROKER_LINK_ENDED)] * 10_000
        async with desk.market.changes((SPY,)) as quotes:
            with pytest.raises(Misconfigured) as ended:
                await anext(quotes)

    assert ended.value.reason is Reason.BROKER_LINK_ENDED


@given(st.decimals(Decimal("0.001"), Decimal(99999), places=3), st.sampled_from([*Right]))
def test_a_strike_is_written_plainly_and_in_full(strike: Decimal, right: Right) -> None:
    """No trailing zeros, no exponent, nothing rounded away: `.SPXW261218C6000.5`."""
    told = streamed(OptionSymbol("SPXW", date(2026, 12, 18), right, strike))

    head, written = told[:12], told[12:]
    assert head == f".SPXW261218{right.value}"
    assert Decimal(written) == strike
    assert "E" not in written
    assert not ("." in written and written.endswith(("0", ".")))


@pytest.mark.parametrize(
    ("symbol", "told"),
    [("BRK.B", "BRK/B"), ("SPX", "SPX"), ("F250620C00002020", ".F250620C2.02")],
)
def test_symbols_are_spelled_as_the_feed_has_them(symbol: str, told: str) -> None:
    assert streamed(parse_symbol(symbol)) == told
