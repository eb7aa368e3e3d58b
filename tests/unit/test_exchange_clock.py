"""What time it is in a paper world."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ledger import Json
from strikedesk.exchange.clock import ClockMode, VenueClock, read_clock
from tests.builders import NOON

instants = st.datetimes(datetime(2014, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- given a zone beside it
CLOCKS = [
    VenueClock(),
    VenueClock.starting(NOON - timedelta(days=9), NOON),
    VenueClock.accelerated(NOON - timedelta(days=9), NOON, 60),
    VenueClock.stepped(NOON),
    replace(VenueClock.stepped(NOON).stepping(NOON + timedelta(days=1)), at=NOON),
    VenueClock.frozen(NOON),
]


@given(st.timedeltas(timedelta(days=-4000), timedelta(days=4000)))
def test_a_world_that_starts_at_an_instant_is_never_before_it(ahead: timedelta) -> None:
    """A tape's first quote is dated to that instant: a moment earlier it would not be there."""
    wall = NOON + ahead

    begun = VenueClock.starting(NOON, wall).instant(wall)

    assert NOON <= begun < NOON + timedelta(seconds=1)


@given(instants, instants, st.integers(2, 3600), st.integers(0, 10**6))
def test_an_accelerated_world_goes_its_speed_from_where_it_began(
    at: datetime, wall: datetime, speed: int, seconds: int
) -> None:
    """A minute in each second, whoever looks how often."""
    clock = VenueClock.accelerated(at, wall, speed)

    assert clock.instant(wall) == at
    assert clock.instant(wall + timedelta(seconds=seconds)) == at + timedelta(
        seconds=seconds * speed
    )


def test_an_accelerated_world_is_never_before_its_beginning() -> None:
    """A wall that is set back must not show what lies before the world."""
    clock = VenueClock.accelerated(NOON, NOON, 60)

    assert clock.instant(NOON - timedelta(hours=1)) == NOON


@pytest.mark.parametrize("clock", [VenueClock.stepped(NOON), VenueClock.frozen(NOON)])
def test_a_clock_that_stands_does_not_look_at_the_wall(clock: VenueClock) -> None:
    assert clock.instant(NOON + timedelta(days=400)) == NOON


def test_a_step_is_over_where_it_ends_and_not_before() -> None:
    """What is left of it is kept with the world, for whoever finishes it."""
    target = NOON + timedelta(days=1)
    begun = VenueClock.stepped(NOON).stepping(target)

    half = begun.moved(NOON + timedelta(hours=5))

    assert (half.began, half.at, half.target) == (NOON, NOON + timedelta(hours=5), target)
    assert half.moved(target) == VenueClock.stepped(target)


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_clock_is_read_as_it_was_written(clock: VenueClock) -> None:
    """Every process of the desk reads it from the world."""
    assert read_clock(clock.document()) == clock


@pytest.mark.parametrize(
    "document",
    [
        {"mode": "backwards"},
        {"mode": "speed", "at": NOON.isoformat(), "speed": 60},
        {"mode": "stepped"},
        {"mode": "frozen", "at": "2026-11-20T16:00:00"},
        {},
    ],
)
def test_a_clock_that_nobody_of_ours_wrote_is_refused(document: dict[str, Json]) -> None:
    with pytest.raises(Misconfigured):
        read_clock(document)


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_copy_of_a_world_goes_on_from_its_own_time_at_its_own_pace(clock: VenueClock) -> None:
    """Weeks in a drawer are no weeks in the market; only a real clock cannot wait."""
    then, now = NOON - timedelta(days=2), NOON + timedelta(days=30)
    standing = clock.mode in {ClockMode.STEPPED, ClockMode.FROZEN}

    again = clock.resumed(then, now)

    shown = {ClockMode.REAL: now}.get(clock.mode, NOON if standing else then)
    assert again.instant(now) == shown
    assert again.same_pace(clock)
