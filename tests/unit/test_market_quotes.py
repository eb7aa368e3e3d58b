"""Quotes, bars and searches of the market room: what is asked of the broker, and how often."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Denied, DeskError, Unavailable
from strikedesk.domain.quotes import Bar, Feed, Interval, SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Symbol, parse_symbol
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.market.bars import BARS_MAX
from strikedesk.market.cache import MemoryCache
from strikedesk.market.pace import Pace
from strikedesk.market.room import WATCHED_MAX, MarketRoom
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket, StepClock, a_quote, an_expiration

AAPL, MSFT, SPY = EquitySymbol("AAPL"), EquitySymbol("MSFT"), EquitySymbol("SPY")
CALL = parse_symbol("AAPL261218C00200000")


@pytest.fixture
def market() -> ScriptedMarket:
    listed = an_expiration(date(2026, 12, 18), range(190, 211), today=exchange_date(NOON))
    return ScriptedMarket(
        spots={"AAPL": Decimal(200), "MSFT": Decimal(500), "SPY": Decimal(680)},
        listed={"AAPL": (listed,)},
    )


@pytest.fixture
def clock(market: ScriptedMarket) -> StepClock:
    return market.clock


@pytest.fixture
def room(market: ScriptedMarket, clock: StepClock) -> MarketRoom:
    return MarketRoom(data=market, cache=MemoryCache(clock))


async def test_a_quote_is_asked_once_in_five_seconds_for_each_symbol(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    """Symbols age one by one; those missing together are asked for together."""
    await room.quotes([AAPL])
    clock.step(3)
    await room.quotes([AAPL, MSFT, SPY])
    clock.step(3)
    found = await room.quotes([AAPL, MSFT, SPY])

    assert market.calls == [("quotes", "AAPL"), ("quotes", "MSFT", "SPY"), ("quotes", "AAPL")]
    assert list(found) == [AAPL, MSFT, SPY]
    assert found[AAPL] == a_quote(AAPL, "200", NOON + timedelta(seconds=6))


async def test_what_is_remembered_is_old_once_another_process_has_moved_the_clock(
    market: ScriptedMarket, clock: StepClock
) -> None:
    """`market step` is a process of its own: a server that was there asks before it answers."""
    room = MarketRoom(data=market, cache=MemoryCache(Pace(wall=StepClock(), venue=market)))
    await room.quote_sheet([AAPL])
    clock.elsewhere = timedelta(hours=1)

    assert (await room.quote_sheet([AAPL])).quotes[0].at == NOON + timedelta(hours=1)

    clock.elsewhere = timedelta(hours=2)
    assert (await room.hours()).now == NOON + timedelta(hours=3)


async def test_a_hundred_callers_of_overlapping_symbols_ask_for_each_once(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    lists: list[list[Symbol]] = [[AAPL, MSFT], [MSFT, SPY], [SPY, AAPL], [CALL]]
    await asyncio.gather(*(room.quotes(lists[n % 4]) for n in range(100)))

    asked = [symbol for call in market.calls for symbol in call[1:]]
    assert sorted(asked) == ["AAPL", "AAPL261218C00200000", "MSFT", "SPY"]


async def test_the_chain_of_a_product_is_asked_for_once_however_its_code_is_written(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """It is a document of some megabytes."""
    await asyncio.gather(*(room.future_chain(code) for code in ("ES", "/ES", "es")))

    assert market.calls == [("future_chain", "ES")]


async def test_fresh_quotes_pass_over_what_is_remembered_and_share_a_request(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """An order is checked against a price of now; a hundred checks at once are one request."""
    await room.quotes([AAPL])
    await asyncio.gather(*(room.fresh([AAPL]) for _ in range(100)))

    assert market.calls == [("quotes", "AAPL"), ("quotes", "AAPL")]


async def test_a_fresh_quote_renews_what_is_remembered(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    await room.quotes([AAPL])
    clock.step(4)
    market.spots["AAPL"] = Decimal(201)
    fresh = await room.fresh([AAPL])
    clock.step(4)

    assert await room.quotes([AAPL]) == fresh
    assert len(market.calls) == 2


async def test_a_symbol_that_nobody_quotes_is_absent_and_not_asked_for_at_once_again(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """A model that repeats a misspelled ticker must not spend the broker's rate budget."""
    nope = EquitySymbol("NOPE")

    assert list(await room.quotes([AAPL, nope])) == [AAPL]
    assert list(await room.quotes([AAPL, nope])) == [AAPL]
    assert len(market.calls) == 1


async def test_a_sheet_says_why_a_symbol_has_no_quote(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """Misspelled, not listed and not quoted call for three different next steps."""
    gaps = {
        "NOPE": Reason.SYMBOL_NOT_FOUND,
        "MSFT": Reason.NO_QUOTE,
        "AAPL261218C00200000": Reason.NO_QUOTE,
        "AAPL261218C00200500": Reason.CONTRACT_NOT_FOUND,
        "AAPL261219C00200000": Reason.EXPIRATION_NOT_FOUND,
        "NOPE261218C00200000": Reason.SYMBOL_NOT_FOUND,
    }
    missing = {parse_symbol(text): reason for text, reason in gaps.items()}
    market.unquoted = set(missing)

    sheet = await room.quote_sheet([AAPL, *missing, AAPL])

    assert (sheet.now, sheet.quotes, sheet.missing) == (NOON, (a_quote(AAPL, "200"),), missing)


@pytest.mark.parametrize(
    "failure", [Unavailable(Reason.BROKER_UNAVAILABLE), Denied(Reason.NOT_SUPPORTED)]
)
@pytest.mark.parametrize("symbol", [MSFT, CALL])
async def test_a_reason_that_cannot_be_found_out_does_not_cost_the_quotes(
    room: MarketRoom, market: ScriptedMarket, symbol: Symbol, failure: DeskError
) -> None:
    """A broker without a search has quotes all the same."""
    market.unquoted = {symbol}
    await room.quotes([AAPL, symbol])
    market.fails_with = failure

    sheet = await room.quote_sheet([AAPL, symbol])

    assert (len(sheet.quotes), sheet.missing) == (1, {symbol: Reason.NO_QUOTE})


async def test_a_sheet_without_any_quote_is_denied_with_the_first_symbols(
    room: MarketRoom,
) -> None:
    """A hundred symbols in an error would be a page of their own."""
    with pytest.raises(Denied) as denied:
        await room.quote_sheet([EquitySymbol(f"NOPE{n}") for n in range(9)])

    assert denied.value.reason is Reason.SYMBOL_NOT_FOUND
    assert denied.value.facts == {
        "symbols": "NOPE0 NOPE1 NOPE2 NOPE3 NOPE4",
        "without_quote": 9,
    }


FUTURE, COIN = UntradedName("/ESZ6", "future"), UntradedName("BTC/USD", "cryptocurrency")


def beside(name: UntradedName, last: str = "6800.25") -> UntradedQuote:
    return UntradedQuote(name=name, at=NOON, feed=Feed.SIMULATED, last=Decimal(last))


async def test_what_is_not_traded_is_quoted_on_the_same_sheet_and_asked_for_as_seldom(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    market.beside = {FUTURE: beside(FUTURE)}
    sheets = await asyncio.gather(*(room.quote_sheet([FUTURE, AAPL]) for _ in range(20)))
    clock.step(4)
    await room.quote_sheet([FUTURE])
    clock.step(2)
    await room.quote_sheet([FUTURE])

    assert [call for call in market.calls if call[0] == "beside"] == [("beside", "/ESZ6")] * 2
    assert {(s.quotes, s.beside, len(s.missing)) for s in sheets} == {
        ((a_quote(AAPL, "200"),), (beside(FUTURE),), 0)
    }


async def test_a_sheet_says_why_something_beside_has_no_quote_and_asks_once(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """On record and quoted by nobody, or not on record: the broker itself drops both in silence."""
    market.beside = {FUTURE: None}
    for _ in range(2):
        sheet = await room.quote_sheet([AAPL, COIN, FUTURE])

        assert sheet.missing == {COIN: Reason.SYMBOL_NOT_FOUND, FUTURE: Reason.NO_QUOTE}
    assert sum(call[0] == "instrument" for call in market.calls) == 2


async def test_quotes_that_were_found_are_not_lost_with_those_beside(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """The broker's sandbox streams shares, and answers for nothing else."""
    await room.quotes([AAPL])
    market.fails_with = Unavailable(Reason.BROKER_UNAVAILABLE)

    sheet = await room.quote_sheet([AAPL, FUTURE])

    assert (len(sheet.quotes), sheet.missing) == (1, {FUTURE: Reason.NO_QUOTE})
    with pytest.raises(Unavailable):
        await room.quote_sheet([FUTURE])


async def test_a_reason_that_is_no_word_about_the_symbol_is_not_passed_off_as_one(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """A grant that may not ask for records says nothing about a future."""
    await room.quote_sheet([AAPL])
    market.beside = {FUTURE: beside(FUTURE)}
    await room.quote_sheet([FUTURE])
    market.record_fails_with = Denied(Reason.BROKER_SCOPE_MISSING)

    sheet = await room.quote_sheet([FUTURE, COIN])

    assert sheet.missing == {COIN: Reason.NO_QUOTE}


@pytest.mark.parametrize("count", [0, 101])
async def test_a_sheet_of_no_symbols_or_too_many_is_denied(room: MarketRoom, count: int) -> None:
    with pytest.raises(Denied) as denied:
        await room.quote_sheet([AAPL] * count)

    assert denied.value.facts == {
        "argument": "symbols",
        "given": count,
        "between": "1 and 100",
    }


async def test_a_broker_that_does_not_answer_is_unavailable_and_asked_again(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.fails_with = Unavailable(Reason.BROKER_UNAVAILABLE)
    with pytest.raises(Unavailable):
        await room.quotes([AAPL])
    market.fails_with = None

    assert list(await room.quotes([AAPL])) == [AAPL]


def a_bar(at: datetime) -> Bar:
    price = Decimal(200)
    return Bar(at=at, open=price, high=price, low=price, close=price)


async def test_bars_asked_for_a_moment_apart_are_one_question(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    """`end` is mostly now, which is never the same twice."""
    opens = [datetime(2026, 11, day, 14, 30, tzinfo=UTC) for day in (18, 19, 20)]
    market.daily["AAPL"] = tuple(a_bar(at) for at in opens)
    start = NOON - timedelta(days=30)
    first = await room.bars(AAPL, Interval.DAY, start, clock.now())
    clock.step(20)
    again = await room.bars(AAPL, Interval.DAY, start + timedelta(seconds=1), clock.now())

    assert (first, again) == (market.daily["AAPL"], market.daily["AAPL"])
    assert market.calls == [("bars", "AAPL", "1d")]


async def test_bars_outside_the_range_asked_for_are_not_shown(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """The broker is asked for whole days; the caller gets what it asked for."""
    minutes = [NOON - timedelta(minutes=n) for n in (3, 2, 1)]
    market.daily["AAPL"] = tuple(a_bar(at) for at in minutes)
    half = timedelta(seconds=30)

    found = await room.bars(AAPL, Interval.MINUTE, minutes[0] + half, minutes[2])

    assert [bar.at for bar in found] == [minutes[1]]


@pytest.mark.parametrize(
    ("days_ago", "seconds", "asked"),
    [(30, 3_000, 1), (30, 3_700, 2), (0, 200, 1), (0, 301, 2)],
)
async def test_bars_that_are_over_are_kept_longer_than_those_that_grow(
    room: MarketRoom, market: ScriptedMarket, days_ago: int, seconds: int, asked: int
) -> None:
    market.daily["AAPL"] = ()
    end = NOON - timedelta(days=days_ago)
    await room.bars(AAPL, Interval.HOUR, end - timedelta(days=5), end)
    market.clock.step(seconds)
    await room.bars(AAPL, Interval.HOUR, end - timedelta(days=5), end)

    assert len(market.calls) == asked


@pytest.mark.parametrize(
    ("interval", "start", "end", "argument"),
    [
        (Interval.DAY, NOON, NOON, "start"),
        (Interval.DAY, NOON, NOON - timedelta(days=1), "start"),
        (Interval.DAY, datetime(1, 1, 1, tzinfo=UTC), NOON, "start"),
        (Interval.DAY, NOON, datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "start"),
        (Interval.MINUTE, NOON - timedelta(days=30), NOON, "interval"),
        (Interval.DAY, NOON - timedelta(days=BARS_MAX + 1), NOON, "interval"),
    ],
)
async def test_a_range_that_is_empty_or_too_long_is_denied(
    room: MarketRoom, interval: Interval, start: datetime, end: datetime, argument: str
) -> None:
    with pytest.raises(Denied) as denied:
        await room.bars(AAPL, interval, start, end)

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert denied.value.facts["argument"] == argument


async def test_a_search_is_asked_once_however_it_is_spaced_and_spelled(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    found = await room.search("  aa ")

    assert [info.symbol for info in found] == [AAPL]
    assert await room.search("AA") == found
    assert market.calls == [("search", "aa")]


@pytest.mark.parametrize(("text", "limit"), [(" ", 10), ("x" * 41, 10), ("AAPL", 0), ("AAPL", 51)])
async def test_a_search_for_nothing_or_too_much_is_denied(
    room: MarketRoom, text: str, limit: int
) -> None:
    with pytest.raises(Denied) as denied:
        await room.search(text, limit)

    assert denied.value.reason is Reason.INVALID_ARGUMENT


async def test_watching_tells_quotes_as_they_change(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    async with room.watch([AAPL]) as quotes, asyncio.timeout(5):
        first = await anext(quotes)
        market.spots["AAPL"] = Decimal(201)
        second = await anext(quotes)

    assert [first.mid, second.mid] == [Decimal(200), Decimal(201)]


@pytest.mark.parametrize("count", [0, WATCHED_MAX + 1])
async def test_nothing_or_too_much_cannot_be_watched(room: MarketRoom, count: int) -> None:
    with pytest.raises(Denied) as denied:
        async with room.watch([AAPL] * count):
            raise AssertionError

    assert denied.value.facts == {
        "argument": "symbols",
        "given": count,
        "between": f"1 and {WATCHED_MAX}",
    }


@dataclass(slots=True)
class Directory(ScriptedMarket):
    """Knows what its symbols are, or keeps no directory at all."""

    kinds: dict[str, str] = field(default_factory=dict[str, str])
    none: bool = False

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        if self.none:
            raise Denied(Reason.NOT_SUPPORTED)
        return tuple(
            SymbolInfo(symbol=EquitySymbol(name), description="", kind=kind, has_options=True)
            for name, kind in self.kinds.items()
        )


@pytest.mark.parametrize(
    ("ticker", "style"),
    [
        ("AAPL", ExerciseStyle.AMERICAN),
        ("SPY", ExerciseStyle.AMERICAN),
        ("SPX", ExerciseStyle.EUROPEAN),
        ("OEX", ExerciseStyle.AMERICAN),
        ("NOPE", None),
    ],
)
async def test_options_are_american_but_on_indices(
    ticker: str, style: ExerciseStyle | None, clock: StepClock
) -> None:
    """One index has both kinds; what nobody lists has none that is known."""
    kinds = {"AAPL": "equity", "SPY": "etf", "SPX": "index", "OEX": "index"}
    room = MarketRoom(data=Directory(kinds=kinds), cache=MemoryCache(clock))

    assert await room.exercise_style(EquitySymbol(ticker)) == style


async def test_a_market_without_a_directory_knows_no_style(clock: StepClock) -> None:
    room = MarketRoom(data=Directory(none=True), cache=MemoryCache(clock))

    assert await room.exercise_style(AAPL) is None
