"""Bars of any width: what they are made of, where they begin, and that nothing is lost in them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.calendar import session_on, sessions_between
from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import Bar, Interval
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.market.bars import POSSIBLE, width
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket

AAPL = EquitySymbol("AAPL")
FRIDAY, HALF_DAY = date(2026, 11, 20), date(2026, 11, 27)


def a_bar(at: datetime, price: int = 100, volume: int | None = 10) -> Bar:
    """Return a bar that opens at a price, rises by two, falls by one and closes a dollar up."""
    return Bar(
        at=at,
        open=Decimal(price),
        high=Decimal(price + 2),
        low=Decimal(price - 1),
        close=Decimal(price + 1),
        volume=volume,
    )


def through(day: date, minutes: int) -> tuple[Bar, ...]:
    """Return the bars of a session's regular hours."""
    session = session_on(day)
    assert session is not None
    count = (session.closes_at - session.opens_at) // timedelta(minutes=minutes)
    starts = [session.opens_at + n * timedelta(minutes=minutes) for n in range(count)]
    return tuple(a_bar(at, 100 + n) for n, at in enumerate(starts))


def days(first: date, last: date) -> tuple[Bar, ...]:
    return tuple(a_bar(each.opens_at) for each in sessions_between(first, last))


def starts(asked: str, bars: Sequence[Bar]) -> list[str]:
    return [f"{bar.at:%d %H:%M}" for bar in width(asked).summed(bars)]


@pytest.mark.parametrize(
    ("asked", "spelled", "made_of"),
    [
        ("1m", "1m", Interval.MINUTE),
        (" 2M ", "2m", Interval.MINUTE),
        ("5m", "5m", Interval.FIVE_MINUTES),
        ("12m", "12m", Interval.MINUTE),
        ("30m", "30m", Interval.FIVE_MINUTES),
        ("60m", "1h", Interval.HOUR),
        ("90m", "90m", Interval.FIVE_MINUTES),
        ("240m", "4h", Interval.HOUR),
        ("6h", "6h", Interval.HOUR),
        ("1d", "1d", Interval.DAY),
        ("5d", "5d", Interval.DAY),
        ("1w", "1w", Interval.WEEK),
        ("7m", "7m", Interval.MINUTE),
        ("45m", "45m", Interval.FIVE_MINUTES),
        ("390m", "390m", Interval.FIVE_MINUTES),
        ("21d", "21d", Interval.DAY),
        ("2w", "2w", Interval.WEEK),
        ("1mo", "1mo", Interval.DAY),
        ("5mo", "5mo", Interval.DAY),
        ("1y", "12mo", Interval.DAY),
        ("12mo", "12mo", Interval.DAY),
    ],
)
def test_a_width_is_made_of_the_widest_bars_that_a_broker_gives(
    asked: str, spelled: str, made_of: Interval
) -> None:
    """Fewer to fetch; and one that a broker gives itself is asked for as it is."""
    found = width(asked)

    assert (str(found), found.interval) == (spelled, made_of)
    assert found.own == (spelled == made_of.value)


@pytest.mark.parametrize(
    "asked",
    ["", "m", "0m", "391m", "7h", "61d", "53w", "61mo", "6y", "1.5h", "-5m", "1 m", "1s", "٣m"],
)
def test_a_width_that_cannot_be_is_refused_with_those_that_can(asked: str) -> None:
    with pytest.raises(Denied) as denied:
        width(asked)

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert denied.value.facts == {"argument": "interval", "choose_from": POSSIBLE}


def test_bars_begin_with_the_session_and_the_last_is_what_is_left() -> None:
    """Six and a half hours are three bars of two hours and a half of one more."""
    bars = tuple(width("2h").summed(through(FRIDAY, 30)))

    assert [f"{bar.at:%H:%M}" for bar in bars] == ["14:30", "16:30", "18:30", "20:30"]
    assert [bar.volume for bar in bars] == [40, 40, 40, 10]
    assert bars[0] == Bar(
        at=datetime(2026, 11, 20, 14, 30, tzinfo=UTC),
        open=Decimal(100),
        high=Decimal(105),
        low=Decimal(99),
        close=Decimal(104),
        volume=40,
    )


def test_a_whole_session_is_one_bar_and_an_uneven_width_ends_with_a_rest() -> None:
    assert starts("390m", through(FRIDAY, 30)) == ["20 14:30"]
    assert starts("45m", through(HALF_DAY, 5)) == [
        f"27 {at}" for at in ("14:30", "15:15", "16:00", "16:45", "17:30")
    ]


def test_two_weeks_are_the_same_two_whoever_asks() -> None:
    """A week begins on Monday, also where that is a holiday and its first session a Tuesday."""
    mondays = [datetime(2026, 1, 5, 14, 30, tzinfo=UTC) + n * timedelta(days=7) for n in range(9)]
    weeks = [a_bar(at + timedelta(days=at.day == 19)) for at in mondays]

    whole = list(width("2w").summed(weeks))
    late = list(width("2w").summed(weeks[3:]))

    assert {bar.volume for bar in whole[1:-1]} == {20}
    assert late[1:] == whole[-len(late) + 1 :]


def test_a_half_day_ends_at_its_own_close() -> None:
    assert starts("2h", through(HALF_DAY, 30)) == ["27 14:30", "27 16:30"]
    assert starts("90m", through(HALF_DAY, 30)) == ["27 14:30", "27 16:00", "27 17:30"]


def test_extended_hours_share_no_bar_with_the_session() -> None:
    """The jump of an opening would hide in a bar that began before it."""
    minutes = [(14, 0), (14, 25), (14, 30), (20, 55), (21, 0), (22, 55), (23, 0)]
    bars = [a_bar(datetime(2026, 11, 20, *at, tzinfo=UTC)) for at in minutes]

    assert starts("2h", bars) == ["20 12:30", "20 14:30", "20 20:30", "20 21:00", "20 23:00"]


def test_a_bar_on_a_day_without_a_session_is_a_bar() -> None:
    """A feed may know of trading that our calendar does not."""
    assert starts("30m", [a_bar(datetime(2026, 11, 21, 15, 40, tzinfo=UTC))]) == ["21 15:30"]


def test_a_missing_beginning_does_not_move_the_bar() -> None:
    """Nobody traded at the opening: the bar is that of the opening all the same."""
    assert starts("30m", through(FRIDAY, 5)[3:7]) == ["20 14:30", "20 15:00"]


def test_months_are_calendar_months_and_quarters_begin_in_january() -> None:
    year = days(date(2025, 12, 1), date(2026, 11, 20))

    assert [f"{bar.at:%y-%m-%d}" for bar in width("3mo").summed(year)] == [
        "25-12-01",
        "26-01-02",
        "26-04-01",
        "26-07-01",
        "26-10-01",
    ]
    assert len(tuple(width("1mo").summed(year))) == 12


def test_days_are_sessions_and_the_same_ones_whoever_asks() -> None:
    """A bar that began with the question would be another bar tomorrow."""
    year = days(date(2026, 1, 2), date(2026, 11, 20))
    whole = {bar.at: bar for bar in width("5d").summed(year)}
    late = [bar for bar in width("5d").summed(year[33:]) if bar.at in whole]

    assert len(late) > 30
    assert all(whole[bar.at] == bar for bar in late)
    assert {bar.volume for bar in whole.values()} >= {50}


@given(
    asked=st.sampled_from(
        ["2m", "7m", "10m", "45m", "90m", "390m", "4h", "2d", "21d", "2w", "1mo", "5mo"]
    ),
    volumes=st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=60, max_size=60),
    prices=st.lists(st.integers(2, 400), min_size=60, max_size=60),
)
def test_nothing_is_lost_in_wider_bars(
    asked: str, volumes: list[int | None], prices: list[int]
) -> None:
    """First, last, highest, lowest and all that traded; a sum with an unknown part is unknown."""
    wide = width(asked)
    at = [b.at for b in (through(FRIDAY, 5) if wide.intraday else days(date(2026, 1, 2), FRIDAY))]
    bars = [a_bar(at[n], prices[n], volumes[n]) for n in range(60)]

    found = list(wide.summed(bars))

    assert (found[0].open, found[-1].close) == (bars[0].open, bars[-1].close)
    assert max(bar.high for bar in found) == max(bar.high for bar in bars)
    assert min(bar.low for bar in found) == min(bar.low for bar in bars)
    assert [bar.at for bar in found] == sorted({bar.at for bar in found})
    if None in volumes:
        assert None in [bar.volume for bar in found]
    else:
        assert sum(bar.volume or 0 for bar in found) == sum(volume or 0 for volume in volumes)


async def asked_of(bars: tuple[Bar, ...], asked: str, start: datetime, end: datetime) -> list[Bar]:
    data = ScriptedMarket(daily={"AAPL": bars})
    room = MarketRoom(data=data, cache=MemoryCache(data.clock))
    return [*await room.bars_of(AAPL, width(asked), start, end)]


async def test_a_bar_that_starts_in_the_range_is_whole() -> None:
    """The first half of October is no October."""
    year = days(date(2026, 1, 2), date(2026, 11, 20))
    months = await asked_of(
        year, "1mo", datetime(2026, 9, 10, tzinfo=UTC), datetime(2026, 10, 15, tzinfo=UTC)
    )
    fives = await asked_of(
        year, "5d", datetime(2026, 9, 10, tzinfo=UTC), datetime(2026, 9, 18, tzinfo=UTC)
    )

    assert [(f"{bar.at:%m-%d}", bar.volume) for bar in months] == [("10-01", 220)]
    assert {bar.volume for bar in fives} == {50}


async def test_a_range_that_needs_too_many_bars_is_refused_in_the_words_it_was_asked() -> None:
    with pytest.raises(Denied) as denied:
        await asked_of((), "2m", NOON - timedelta(days=60), NOON)

    facts = denied.value.facts
    assert (facts["argument"], facts["given"], facts["at_most"]) == ("interval", "2m", 10_000)


async def test_widths_of_one_kind_share_what_was_fetched() -> None:
    """Ten minutes, half an hour and an hour and a half of one day are one question."""
    data = ScriptedMarket(daily={"AAPL": through(FRIDAY, 5)})
    room = MarketRoom(data=data, cache=MemoryCache(data.clock))
    for asked in ("10m", "30m", "90m"):
        await room.bars_of(AAPL, width(asked), NOON - timedelta(hours=1), NOON)

    assert data.calls == [("bars", "AAPL", "5m")]
