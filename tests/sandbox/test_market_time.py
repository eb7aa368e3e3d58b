"""Whose time it is: that of the sandbox's market for who trades there, and of nobody else."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from strikedesk.brokers.tastytrade.sites import PRODUCTION, SANDBOX, Site, on_this_machine
from strikedesk.brokers.tastytrade.wire import market_time_of
from strikedesk.domain.calendar import sessions_between
from strikedesk.domain.symbols import EquitySymbol
from tests.sandbox.linked import linked
from tests.sandbox.served import served

THEN = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
HERE = on_this_machine("http://127.0.0.1:8770")
SPY = EquitySymbol("SPY")


async def test_a_quote_of_the_sandbox_is_as_old_as_it_is_there(tmp_path: Path) -> None:
    """On a Sunday it is in the middle of a session; by the wall all of it would be stale."""
    async with served(tmp_path, clock=f"frozen:{THEN:%Y-%m-%dT%H:%M:%SZ}") as here:
        broker, wire = linked(here)

        await broker.ready()
        quote = (await broker.quotes({SPY}))[SPY]

        assert broker.now() == THEN != here.wall.now()
        assert 0 <= quote.age(broker.now()).total_seconds() < 60
        await wire.close()


async def test_the_days_that_the_sandbox_names_are_those_of_the_rule(tmp_path: Path) -> None:
    """Two years of them, over the wire."""
    async with served(tmp_path) as here:
        broker, wire = linked(here)
        told = await broker.holidays()
        await wire.close()

    assert told is not None
    assert len(told.closed) >= 20
    assert told.unlike_rule(THEN.date()) == ()


async def test_the_hours_that_the_sandbox_names_are_those_of_the_rule(tmp_path: Path) -> None:
    """Thanksgiving among them, and the short day after it."""
    start, end = THEN.date(), THEN.date() + timedelta(days=20)
    async with served(tmp_path) as here:
        broker, wire = linked(here)
        told = await broker.sessions(start, end)
        await wire.close()

    assert told is not None
    assert told == sessions_between(start, end)
    assert [each.day for each in told if each.early_close] == [date(2026, 11, 27)]


@pytest.mark.parametrize(("site", "believed"), [(HERE, THEN), (SANDBOX, None), (PRODUCTION, None)])
def test_no_broker_elsewhere_tells_the_desk_what_time_it_is(
    site: Site, believed: datetime | None
) -> None:
    """Else a quote of yesterday could be called new."""
    assert market_time_of(site, THEN.isoformat()) == believed


@pytest.mark.parametrize("text", [None, "", "noon", "2026-11-18T15:30:00", "9" * 400])
def test_what_is_no_instant_is_no_time(text: str | None) -> None:
    assert market_time_of(HERE, text) is None
