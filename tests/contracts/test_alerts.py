"""What every keeper of alerts promises."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strikedesk.domain.alerts import Alert, Measure, Side
from strikedesk.domain.ports import Alerts
from strikedesk.domain.symbols import parse_symbol
from strikedesk.store.alerts import SqlAlerts
from tests.builders import NOON
from tests.fakes.alerts import MemoryAlerts
from tests.stores import STORES, a_url, opened

Two = tuple[Alerts, Alerts]
MOST = 50


@pytest.fixture(params=STORES)
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Two]:
    """Yield two keepers of the same alerts, as two processes have them."""
    if request.param == "memory":
        alerts = MemoryAlerts()
        yield alerts, alerts
        return
    async with (
        a_url(request.param, tmp_path) as url,
        opened(url) as here,
        opened(url) as there,
    ):
        yield SqlAlerts(here), SqlAlerts(there)


def an_alert(number: int, *, broker: str = "paper", seconds: int = 0) -> Alert:
    """Return one on the price of a contract, or of the account for an even number."""
    of_price = number % 2 == 1
    return Alert(
        alert_id=f"alert-{number}",
        broker=broker,
        measure=Measure.PRICE if of_price else Measure.OPEN_PROFIT,
        side=Side.AT_OR_BELOW,
        level=Decimal("-1.250"),
        symbol=parse_symbol("AAPL261218C00200000") if of_price else None,
        account=None if of_price else "paper-margin",
        note="roll it",
        created_at=NOON + timedelta(seconds=seconds),
    )


async def test_alerts_come_oldest_first_whole_and_only_those_of_their_broker(both: Two) -> None:
    """Another world has other prices."""
    late, early, strange = an_alert(1, seconds=9), an_alert(2), an_alert(3, broker="paper:other")
    for alert in (late, early, strange):
        assert await both[0].add(alert, MOST)

    assert await both[1].all("paper") == (early, late)
    assert await both[1].all("paper:other") == (strange,)


async def test_no_more_are_kept_than_may_be(both: Two) -> None:
    assert await both[0].add(an_alert(1), 1)
    assert not await both[1].add(an_alert(2), 1)
    assert await both[1].add(an_alert(3, broker="paper:other"), 1)

    assert await both[0].all("paper") == (an_alert(1),)


async def test_an_alert_fires_once_whoever_watches(both: Two) -> None:
    """Several servers watch one desk; the owner hears of it one time."""
    await both[0].add(an_alert(1), MOST)
    at = NOON + timedelta(minutes=1)

    fired = await asyncio.gather(
        *(each.fire("alert-1", at, Decimal("-1.30")) for each in (*both, *both))
    )

    assert sorted(fired) == [False, False, False, True]
    (alert,) = await both[1].all("paper")
    assert (alert.fired_at, alert.fired_value) == (at, Decimal("-1.30"))
    assert not await both[0].fire("nobody", at, Decimal(1))


async def test_an_alert_is_removed_by_its_own_broker_once(both: Two) -> None:
    await both[0].add(an_alert(1), MOST)

    assert not await both[0].remove("paper:other", "alert-1")
    assert await both[1].remove("paper", "alert-1")
    assert not await both[0].remove("paper", "alert-1")
    assert await both[0].all("paper") == ()
