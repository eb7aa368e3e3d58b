"""Orders for extended hours on their way: what is asked of their quotes, and said of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.orders.preview import Preview
from strikedesk.risk.check import Outcome
from tests.builders import a_leg
from tests.unit.order_desk import OrderDesk

CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
EVENING = CLOSE + timedelta(hours=1)
SUNDAY_NIGHT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY, EXT, OVERNIGHT = TimeInForce.DAY, TimeInForce.EXT, TimeInForce.EXT_OVERNIGHT


@pytest.fixture
def orders() -> OrderDesk:
    desk = OrderDesk()
    desk.quote("AAPL", "199.90", "200.10")
    desk.clock.at = EVENING
    return desk


async def previewed(orders: OrderDesk, force: TimeInForce, price: str = "200.10") -> Preview:
    return await orders.preview(a_leg("AAPL", Action.BUY, 10), price=price, time_in_force=force)


async def refused(orders: OrderDesk, force: TimeInForce, price: str = "200.10") -> Denied:
    with pytest.raises(Denied) as denied:
        await previewed(orders, force, price)
    return denied.value


async def test_in_the_evening_the_preview_says_that_it_may_trade_now(orders: OrderDesk) -> None:
    late, by_day = await previewed(orders, EXT), await previewed(orders, DAY)

    now, ever = late.warnings[:2]
    assert now.endswith("the order may trade now, in extended hours.")
    assert ever.startswith("It may trade outside regular hours (07:00 to 20:00 in New York)")
    assert by_day.warnings[0].startswith("The market is closed; the order waits until 2026-11-23")


async def test_by_day_it_is_told_too_what_the_order_may_do_later(orders: OrderDesk) -> None:
    orders.clock.at = CLOSE - timedelta(hours=3)

    (warning,) = (await previewed(orders, TimeInForce.GTC_EXT_OVERNIGHT)).warnings

    assert warning.startswith("It may trade outside regular hours (20:00 of the evening before")


async def test_outside_its_hours_the_preview_says_when_they_begin(orders: OrderDesk) -> None:
    orders.clock.at = SUNDAY_NIGHT
    orders.broker.quote_age = SUNDAY_NIGHT - CLOSE

    told = (await previewed(orders, EXT)).warnings[0]

    assert told == "The market is closed; the order waits until 2026-11-23T12:00Z."


async def test_a_quote_of_the_close_is_old_to_an_order_that_may_trade_now(
    orders: OrderDesk,
) -> None:
    """Where no prices are told in the evening there is nothing that such an order could lean on."""
    orders.broker.quote_age = EVENING - CLOSE
    waits = await previewed(orders, DAY)

    denied = await refused(orders, EXT)

    assert waits.figures is not None
    assert waits.figures.quote_age_s == 0
    assert (denied.reason, denied.facts["age_s"]) == (Reason.QUOTE_STALE, 3600)


async def test_overnight_where_nobody_knows_whether_the_shares_trade_old_quotes_deny(
    orders: OrderDesk,
) -> None:
    orders.clock.at = SUNDAY_NIGHT
    orders.broker.quote_age = SUNDAY_NIGHT - CLOSE

    assert (await refused(orders, OVERNIGHT)).reason is Reason.QUOTE_STALE


async def test_overnight_a_fresh_quote_is_shown_with_a_warning(orders: OrderDesk) -> None:
    orders.clock.at = SUNDAY_NIGHT

    told = (await previewed(orders, OVERNIGHT)).warnings[0]

    assert told == "It is overnight: whether these shares trade then is not known here."


async def test_the_collar_holds_on_the_quotes_of_the_evening(orders: OrderDesk) -> None:
    assert (await refused(orders, EXT, "260.00")).reason is Reason.PRICE_OUTSIDE_COLLAR


async def test_an_owner_who_wants_an_open_market_has_one_in_the_hours_of_the_order(
    orders: OrderDesk,
) -> None:
    """The market of an ext order is open in the evening, that of a day order is not."""
    orders.limits = replace(orders.limits, open_market_only=True)
    late = await previewed(orders, EXT)

    denied = await refused(orders, DAY)

    outcomes = {check.name: check.outcome for check in late.checks}
    assert outcomes["market_hours"] is Outcome.PASSED
    assert denied.reason is Reason.MARKET_CLOSED


async def test_an_owner_who_wants_an_open_market_has_none_that_nobody_knows_of(
    orders: OrderDesk,
) -> None:
    orders.limits = replace(orders.limits, open_market_only=True)
    orders.clock.at = SUNDAY_NIGHT

    denied = await refused(orders, OVERNIGHT)

    assert denied.reason is Reason.CHECK_IMPOSSIBLE
    assert denied.facts["missing"] == "whether_the_shares_trade_overnight"


async def test_options_have_no_extended_hours(orders: OrderDesk) -> None:
    with pytest.raises(Denied) as denied:
        await orders.preview(time_in_force=EXT)

    assert denied.value.facts["rule"] == "extended_hours_are_for_one_leg_of_shares"
