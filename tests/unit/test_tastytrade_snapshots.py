"""What tastytrade tells of the balances of past days, as the desk reads it."""

from collections.abc import AsyncGenerator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.accounts import ClosingBalances
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.reasons import Reason
from tests.fakes.loopback import told
from tests.unit.tastytrade_desk import NUMBER, Desk, a_desk, listed

SNAPSHOTS = f"/accounts/{NUMBER}/balance-snapshots"
MONDAY, TODAY = date(2026, 11, 16), date(2026, 11, 20)


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    async with a_desk() as desk:
        yield desk


def a_snapshot(day: object = "2026-11-17", cash: object = "1.0", **more: Any) -> dict[str, Any]:
    return {
        "account-number": NUMBER,
        "snapshot-date": day,
        "time-of-day": "EOD",
        "cash-balance": cash,
    } | {name.replace("_", "-"): value for name, value in more.items()}


async def closes(desk: Desk) -> tuple[ClosingBalances, ...]:
    return await desk.broker.closing_balances(desk.account_id, MONDAY, TODAY)


async def days(desk: Desk) -> list[str]:
    return [f"{each.day:%d} {each.cash}" for each in await closes(desk)]


async def test_a_snapshot_is_told_in_the_desks_words(desk: Desk) -> None:
    figures = {
        "net_liquidating_value": "98798.88",
        "derivative_buying_power": "98723.88",
        "equity_buying_power": "197447.76",
        "maintenance_requirement": "75.0",
        "long_equity_value": "0.0",
        "long_derivative_value": "75.0",
        "short_equity_value": "0.0",
        "short_derivative_value": "12.5",
    }
    desk.answers(SNAPSHOTS, listed(a_snapshot(cash="98723.88", **figures)))

    (close,) = await closes(desk)

    assert close == ClosingBalances(
        account_id=desk.account_id,
        day=date(2026, 11, 17),
        net_liquidation=Decimal("98798.88"),
        cash=Decimal("98723.88"),
        option_buying_power=Decimal("98723.88"),
        stock_buying_power=Decimal("197447.76"),
        maintenance_margin=Decimal("75.0"),
        long_value=Decimal("75.0"),
        short_value=Decimal("-12.5"),
    )
    assert NUMBER not in repr(close)
    (asked,) = desk.asked(SNAPSHOTS)
    assert asked.target.split("?")[1].split("&") == [
        "time-of-day=EOD",
        "start-date=2026-11-16",
        "end-date=2026-11-20",
        "currency=USD",
        "per-page=1000",
    ]


async def test_every_page_is_read_and_days_come_in_order(desk: Desk) -> None:
    desk.answers(
        SNAPSHOTS,
        listed(a_snapshot("2026-11-18", "3.0"), page_offset=0, total_pages=2),
        listed(a_snapshot("2026-11-16", "2.0"), page_offset=1, total_pages=2),
    )

    assert await days(desk) == ["16 2.0", "18 3.0"]


async def test_a_part_is_never_told_for_all(desk: Desk) -> None:
    desk.answers(
        SNAPSHOTS,
        listed(a_snapshot(), page_offset=0, total_pages=2),
        listed(page_offset=1, total_pages=3),
    )

    with pytest.raises(Unavailable):
        await closes(desk)


@pytest.mark.parametrize(
    "odd",
    [
        a_snapshot(None),
        a_snapshot("yesterday"),
        a_snapshot("2026-11-13"),
        a_snapshot("2026-11-23"),
        a_snapshot("2026-11-20"),
        a_snapshot(time_of_day="BOD"),
        a_snapshot(currency="EUR"),
        {},
    ],
)
async def test_what_is_no_close_of_the_days_that_are_asked_for_is_left_out(
    desk: Desk, odd: dict[str, Any]
) -> None:
    """Without a day, of other days, of a session that is not over, a morning, another currency."""
    desk.answers(SNAPSHOTS, listed(odd, a_snapshot("2026-11-19", time_of_day=None)))

    assert await days(desk) == ["19 1.0"]


async def test_a_day_that_is_no_session_has_none(desk: Desk) -> None:
    desk.answers(SNAPSHOTS, listed(a_snapshot("2026-11-15"), a_snapshot("2026-11-16")))
    sunday = date(2026, 11, 15)

    told = await desk.broker.closing_balances(desk.account_id, sunday, MONDAY)

    assert [each.day for each in told] == [MONDAY]


@pytest.mark.parametrize("odd", ["NaN", "", None, [], True, {"a": 1}])
async def test_a_figure_that_cannot_be_read_is_unknown_and_no_zero(desk: Desk, odd: object) -> None:
    desk.answers(SNAPSHOTS, listed(a_snapshot(cash=odd, long_equity_value="5.0")))

    (close,) = await closes(desk)

    assert close == ClosingBalances(account_id=desk.account_id, day=date(2026, 11, 17))


async def test_a_broker_that_does_not_tell_says_so(desk: Desk) -> None:
    desk.answers(SNAPSHOTS, told({}, status=404))

    with pytest.raises(Denied) as denied:
        await closes(desk)

    assert denied.value.reason is Reason.DATA_UNAVAILABLE
