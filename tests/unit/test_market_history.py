"""What a question about price history means, and what bars come to."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import Bar, Feed
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.market.bars import BarRange, width
from strikedesk.market.cache import MemoryCache
from strikedesk.market.history import HistoryQuery, Summary, price_history, summary
from strikedesk.market.room import MarketRoom
from tests.fakes.data import ScriptedMarket, StepClock

AAPL = EquitySymbol("AAPL")
# A Friday; the session is open from 14:30 to 21:00 UTC.
OPEN = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def a_bar(at: datetime, opening: str = "100", close: str = "101") -> Bar:
    low, high = sorted((Decimal(opening), Decimal(close)))
    return Bar(at=at, open=Decimal(opening), high=high + 1, low=low - 1, close=Decimal(close))


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (OPEN, date(2026, 11, 20)),
        (datetime(2026, 11, 20, 14, 29, tzinfo=UTC), date(2026, 11, 19)),
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 26, 18, 0, tzinfo=UTC), date(2026, 11, 25)),
    ],
    ids=["in the session", "before the opening", "on a Sunday", "on Thanksgiving"],
)
def test_without_an_end_it_means_up_to_the_last_session_that_began(
    now: datetime, last: date
) -> None:
    """A chart of minutes asked for at breakfast is yesterday's, not an empty one."""
    assert HistoryQuery(symbol=AAPL, width=width("1m")).days(now) == (last, last)


@pytest.mark.parametrize("minutes", range(1, 391))
def test_what_is_shown_without_a_start_is_never_too_much_to_ask_for(minutes: int) -> None:
    """A width of a prime number of minutes is made of single ones."""
    wide = width(f"{minutes}m")
    first, last = HistoryQuery(symbol=AAPL, width=wide).days(OPEN)

    begin = datetime.combine(first, time(), tzinfo=EXCHANGE_ZONE).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time(), tzinfo=EXCHANGE_ZONE).astimezone(UTC)

    assert BarRange.covering(wide, begin, end).interval is wide.interval


async def test_the_last_day_is_that_of_a_clock_which_another_process_has_moved() -> None:
    market = ScriptedMarket(clock=StepClock(OPEN), daily={"AAPL": ()})
    market.clock.elsewhere = timedelta(days=3)
    room = MarketRoom(data=market, cache=MemoryCache(StepClock()))

    found = await price_history(room, HistoryQuery(symbol=AAPL, width=width("1d")))

    assert found.last_day == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("interval", "first"),
    [
        ("1m", date(2026, 11, 20)),
        ("2m", date(2026, 11, 20)),
        ("5m", date(2026, 11, 17)),
        ("30m", date(2026, 11, 14)),
        ("1h", date(2026, 11, 7)),
        ("4h", date(2026, 9, 26)),
        ("390m", date(2026, 10, 1)),
        ("2w", date(2024, 11, 23)),
        ("1d", date(2026, 8, 23)),
        ("2d", date(2026, 5, 25)),
        ("1w", date(2025, 11, 22)),
        ("1mo", date(2021, 11, 21)),
        ("12mo", date(2016, 11, 22)),
    ],
)
def test_without_a_start_it_means_as_much_as_can_be_read(interval: str, first: date) -> None:
    query = HistoryQuery(symbol=AAPL, width=width(interval))

    assert query.days(OPEN) == (first, date(2026, 11, 20))


def test_an_end_on_a_closed_day_counts_back_from_the_session_before_it() -> None:
    """One day of minutes up to a Sunday is Friday's."""
    query = HistoryQuery(symbol=AAPL, width=width("1m"), end=date(2026, 11, 15))

    assert query.days(OPEN) == (date(2026, 11, 13), date(2026, 11, 15))


@pytest.mark.parametrize("day", [date(1970, 1, 2), date(2099, 12, 30)])
@pytest.mark.parametrize("interval", ["1m", "2m", "5m", "4h", "1d", "5d", "1w", "1mo", "12mo"])
async def test_the_days_at_the_edge_of_time_are_days(day: date, interval: str) -> None:
    """Whatever the reader of days lets through is counted with without a fault."""
    market = MarketRoom(data=(data := ScriptedMarket()), cache=MemoryCache(data.clock))
    data.daily["AAPL"] = ()

    query = HistoryQuery(symbol=AAPL, width=width(interval), start=day, end=day)

    assert (await price_history(market, query)).bars == ()


def room(*bars: Bar) -> MarketRoom:
    data = ScriptedMarket(spots={"AAPL": Decimal(100)}, daily={"AAPL": bars})
    return MarketRoom(data=data, cache=MemoryCache(data.clock))


async def test_both_days_are_included_as_new_york_counts_them() -> None:
    """A bar at 03:00 UTC belongs to the evening before."""
    inside = [
        datetime(2026, 11, 18, 5, 0, tzinfo=UTC),
        datetime(2026, 11, 19, 14, 30, tzinfo=UTC),
        datetime(2026, 11, 20, 4, 59, tzinfo=UTC),
    ]
    outside = [datetime(2026, 11, 18, 4, 59, tzinfo=UTC), datetime(2026, 11, 20, 5, 0, tzinfo=UTC)]
    market = room(*(a_bar(at) for at in sorted(inside + outside)))
    query = HistoryQuery(
        symbol=AAPL, width=width("1h"), start=date(2026, 11, 18), end=date(2026, 11, 19)
    )

    found = await price_history(market, query)

    assert [bar.at for bar in found.bars] == inside
    assert (found.first_day, found.last_day) == (query.start, query.end)
    assert found.feed is Feed.SIMULATED


async def test_a_page_is_cut_from_the_whole_and_the_summary_is_of_the_whole() -> None:
    bars = tuple(
        a_bar(datetime(2026, 11, 2 + n // 24, n % 24, tzinfo=UTC), str(100 + n), str(101 + n))
        for n in range(6, 106)
    )
    query = HistoryQuery(
        symbol=AAPL, width=width("1h"), start=date(2026, 11, 2), end=date(2026, 11, 9)
    )

    found = await price_history(room(*bars), query, page=2)

    assert found.page == bars[64:]
    assert (found.span.total, found.span.next_page) == (100, None)
    assert found.summary == Summary(
        open=Decimal(106),
        high=Decimal(207),
        low=Decimal(105),
        close=Decimal(206),
        change=100 / 106,
    )
    with pytest.raises(Denied) as past:
        await price_history(room(*bars), query, page=3)
    assert past.value.reason is Reason.PAGE_PAST_END


def test_nothing_sums_up_to_nothing() -> None:
    assert summary(()) is None


def test_a_price_that_began_at_nothing_has_no_change() -> None:
    """A fraction of zero is no number."""
    worthless = a_bar(OPEN, opening="0", close="0.05")

    assert summary((worthless,)) == Summary(
        open=Decimal(0),
        high=Decimal("1.05"),
        low=Decimal(-1),
        close=Decimal("0.05"),
        change=None,
    )
