"""Days: one begins when a session opens, and a weekend belongs to the Friday before it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.exchange.days import next_morning, trading_day

MONDAY = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(days=-900), timedelta(days=900)).map(lambda gap: MONDAY + gap)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (MONDAY - timedelta(seconds=1), date(2026, 11, 20)),
        (MONDAY, date(2026, 11, 23)),
        (MONDAY + timedelta(hours=16), date(2026, 11, 23)),
        (datetime(2026, 11, 26, 18, 0, tzinfo=UTC), date(2026, 11, 25)),
    ],
)
def test_a_day_lasts_until_the_next_session_opens(at: datetime, day: date) -> None:
    """Thanksgiving still shows what Wednesday brought."""
    assert trading_day(at).day == day


def test_a_morning_takes_the_events_of_the_closed_days_before_it() -> None:
    morning = next_morning(MONDAY - timedelta(days=2))

    assert (morning.first_day, morning.day) == (date(2026, 11, 21), date(2026, 11, 23))
    assert (morning.last.day, morning.opens_at) == (date(2026, 11, 20), MONDAY)


@given(at=INSTANTS)
def test_mornings_follow_each_other_without_a_gap(at: datetime) -> None:
    """No event falls between two mornings, and none into both."""
    first = next_morning(at)
    second = next_morning(first.eve)

    assert at < first.eve < first.opens_at
    assert second.first_day == first.day + timedelta(days=1)
    assert next_morning(first.eve - timedelta(microseconds=1)) == first
