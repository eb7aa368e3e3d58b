"""When an order may trade: regular hours, extended ones, and the night between."""

from datetime import datetime

import pytest

from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.trading_hours import Span, in_words, span_at, trades_at

DAY, EXT, OVERNIGHT = TimeInForce.DAY, TimeInForce.EXT, TimeInForce.EXT_OVERNIGHT


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=EXCHANGE_ZONE)


@pytest.mark.parametrize(
    ("at", "day", "ext", "overnight"),
    [
        ("2026-11-20 03:59", False, False, None),
        ("2026-11-20 04:00", False, False, True),
        ("2026-11-20 06:59", False, False, True),
        ("2026-11-20 07:00", False, True, True),
        ("2026-11-20 09:30", True, True, True),
        ("2026-11-20 16:00", False, True, True),
        ("2026-11-20 19:59", False, True, True),
        ("2026-11-20 20:00", False, False, False),  # A Friday: nothing trades until Sunday.
        ("2026-11-22 19:59", False, False, False),
        ("2026-11-22 20:00", False, False, None),
        ("2026-11-24 23:00", False, False, None),
        ("2026-11-25 20:00", False, False, False),  # The 26th is Thanksgiving.
        ("2026-11-27 13:00", False, True, True),  # The 27th closes early.
        ("2026-11-27 17:00", False, False, False),
    ],
)
def test_each_time_in_force_trades_in_its_own_hours(
    at: str, day: bool, ext: bool, overnight: bool | None
) -> None:
    """Of the night nobody tells which shares trade: that is unknown, and neither yes nor no."""
    told = [trades_at(force, new_york(at)) for force in (DAY, EXT, OVERNIGHT)]

    assert told == [day, ext, overnight]


@pytest.mark.parametrize("force", [*TimeInForce])
def test_regular_hours_are_for_every_order(force: TimeInForce) -> None:
    assert trades_at(force, new_york("2026-11-20 11:00")) is True


def test_an_order_for_the_day_lives_in_the_hours_under_way_or_to_come() -> None:
    evening, night = new_york("2026-11-19 17:00"), new_york("2026-11-19 21:00")
    friday = new_york("2026-11-20 16:00"), new_york("2026-11-20 20:00")

    assert span_at(DAY, evening).ends_at == friday[0]
    assert span_at(EXT, evening).ends_at == new_york("2026-11-19 20:00")
    assert span_at(EXT, night) == Span(
        begins_at=new_york("2026-11-20 07:00"),
        ends_at=friday[1],
        known_from=new_york("2026-11-20 07:00"),
    )
    assert span_at(OVERNIGHT, night).begins_at == new_york("2026-11-19 20:00")


def test_only_hours_beyond_the_regular_ones_have_words() -> None:
    assert {force for force in TimeInForce if in_words(force) is None} == {
        force for force in TimeInForce if not force.extended
    }
    assert in_words(TimeInForce.GTC_EXT) == "07:00 to 20:00 in New York"
    assert in_words(TimeInForce.GTC_EXT_OVERNIGHT) == in_words(OVERNIGHT)
