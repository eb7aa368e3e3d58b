"""What time it is in a paper world."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from strikedesk.exchange.clock import VenueClock
from tests.builders import NOON


@given(st.timedeltas(timedelta(days=-4000), timedelta(days=4000)))
def test_a_world_that_starts_at_an_instant_is_never_before_it(ahead: timedelta) -> None:
    """A tape's first quote is dated to that instant: a moment earlier it would not be there."""
    wall = NOON + ahead

    begun = VenueClock.starting(NOON, wall).instant(wall)

    assert NOON <= begun < NOON + timedelta(seconds=1)
