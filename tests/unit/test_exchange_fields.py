"""Instants in documents of the exchange."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from strikedesk.exchange.fields import instant, told_at

instants = st.integers(0, 2**31 * 10**6).map(
    lambda microseconds: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(instants, zones)
def test_an_instant_reads_as_its_own_zone_has_it_and_comes_back(
    at: datetime, zone: timezone
) -> None:
    """Also right after an equal one of another zone was told."""
    elsewhere = at.astimezone(zone)

    texts = [told_at(at), told_at(elsewhere), told_at(at)]

    assert texts == [at.isoformat(), elsewhere.isoformat(), at.isoformat()]
    assert instant({"at": texts[0]}, "at") == instant({"at": texts[1]}, "at") == at
