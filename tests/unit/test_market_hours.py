"""Is the market open: now, next, and on a given day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.calendar import MarketStatus, status
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.market.cache import MemoryCache
from strikedesk.market.hours import DayHours, MarketHours, day_hours, next_change
from strikedesk.market.room import MarketRoom
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket, StepClock


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def room_at(instant: datetime) -> MarketRoom:
    """Return a market room whose venue believes it is `instant`."""
    return MarketRoom(data=ScriptedMarket(clock=StepClock(instant)), cache=MemoryCache(StepClock()))


async def test_an_open_market_says_until_when_in_both_clocks() -> None:
    assert await room_at(NOON).hours() == MarketHours(
        now=NOON,
        status=MarketStatus.OPEN,
        next_change_at=utc("2026-11-20 21:00"),
        next_status=MarketStatus.AFTER_HOURS,
        minutes_to_change=300,
        hours=DayHours(
            day=date(2026, 11, 20),
            closed_because=None,
            early_close=False,
            opens_at=utc("2026-11-20 14:30"),
            closes_at=utc("2026-11-20 21:00"),
            opens_new_york="09:30 EST",
            closes_new_york="16:00 EST",
            extended_from=utc("2026-11-20 09:00"),
            extended_until=utc("2026-11-21 01:00"),
        ),
        following=date(2026, 11, 23),
        source="exchange rules",
    )


@pytest.mark.parametrize(
    ("instant", "day", "change", "after", "minutes"),
    [
        ("2026-11-21 12:00", "2026-11-23", "2026-11-23 09:00", MarketStatus.PRE_MARKET, 2700),
        ("2026-11-23 14:29:59", "2026-11-23", "2026-11-23 14:30", MarketStatus.OPEN, 1),
        ("2026-11-20 21:00", "2026-11-23", "2026-11-21 01:00", MarketStatus.CLOSED, 240),
        ("2026-11-27 17:59", "2026-11-27", "2026-11-27 18:00", MarketStatus.AFTER_HOURS, 1),
    ],
)
async def test_without_a_day_it_tells_the_session_under_way_or_the_next(
    instant: str, day: str, change: str, after: MarketStatus, minutes: int
) -> None:
    answer = await room_at(utc(instant)).hours()

    assert answer.hours.day == date.fromisoformat(day)
    assert (answer.next_change_at, answer.next_status) == (utc(change), after)
    assert answer.minutes_to_change == minutes


@pytest.mark.parametrize(
    ("day", "why", "following"),
    [
        (date(2026, 11, 26), "Thanksgiving Day", date(2026, 11, 27)),
        (date(2026, 11, 21), "weekend", date(2026, 11, 23)),
    ],
)
async def test_a_closed_day_says_why_and_what_follows(day: date, why: str, following: date) -> None:
    answer = await room_at(NOON).hours(day)

    assert answer.hours.closed_because == why
    assert (answer.hours.opens_at, answer.hours.opens_new_york) == (None, None)
    assert (answer.status, answer.following) == (MarketStatus.OPEN, following)


def test_a_half_day_says_so_and_summer_is_told_from_winter() -> None:
    half, summer = day_hours(date(2026, 11, 27)), day_hours(date(2026, 7, 2))

    assert (half.early_close, half.closes_new_york) == (True, "13:00 EST")
    assert (summer.early_close, summer.closes_new_york) == (False, "16:00 EDT")


@pytest.mark.parametrize("day", [date(1999, 1, 4), date(2100, 1, 4), date.max, date.min])
async def test_a_day_beyond_the_rules_is_denied(day: date) -> None:
    with pytest.raises(Denied) as denied:
        await room_at(NOON).hours(day)

    assert denied.value.reason is Reason.INVALID_ARGUMENT


@given(
    instant=st.datetimes(
        min_value=datetime(2005, 1, 3),  # noqa: DTZ001 -- hypothesis takes naive bounds, adds UTC
        max_value=datetime(2090, 12, 31),  # noqa: DTZ001 -- hypothesis takes naive bounds, adds UTC
        timezones=st.just(UTC),
    )
)
def test_the_status_holds_until_the_change_and_not_beyond(instant: datetime) -> None:
    """A caller that waits for the change finds another market, and not before."""
    change = next_change(instant)

    assert change > instant
    assert status(change - timedelta(microseconds=1)) is status(instant)
    assert status(change) is not status(instant)
