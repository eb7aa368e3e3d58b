"""Marketable limits on their way: refused unless they would trade at once, and limits otherwise."""

from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.orders.draft import Change
from strikedesk.orders.preview import Preview
from tests.builders import NOON, a_leg
from tests.fakes.broker import Day
from tests.unit.order_desk import CALL, ME, OrderDesk, OrderState

SPREAD = (a_leg(CALL), a_leg("AAPL261218C00210000", Action.SELL_TO_OPEN))
SOLD = (a_leg(CALL, Action.SELL_TO_OPEN), a_leg("AAPL261218C00210000"))
DEBIT, CREDIT = PriceEffect.DEBIT, PriceEffect.CREDIT


@pytest.fixture
def orders() -> OrderDesk:
    desk = OrderDesk()
    desk.quote("AAPL261218C00210000", "0.40", "0.45")
    return desk


async def previewed(
    orders: OrderDesk, *legs: Leg, price: str, effect: PriceEffect = DEBIT
) -> Preview:
    return await orders.preview(
        *legs, price=price, effect=effect, order_type=OrderType.MARKETABLE_LIMIT
    )


async def refused(orders: OrderDesk, *legs: Leg, price: str, effect: PriceEffect = DEBIT) -> Denied:
    with pytest.raises(Denied) as denied:
        await previewed(orders, *legs, price=price, effect=effect)
    return denied.value


@pytest.mark.parametrize(
    ("legs", "price", "short", "effect"),
    [
        ((a_leg(CALL),), "1.20", "1.19", DEBIT),  # The call is 1.10 at 1.20,
        (SPREAD, "0.80", "0.79", DEBIT),  # and the one above it 0.40 at 0.45.
        (SOLD, "0.65", "0.66", CREDIT),
    ],
)
async def test_it_reaches_the_market_or_is_refused_with_what_to_do(
    orders: OrderDesk, legs: tuple[Leg, ...], price: str, short: str, effect: PriceEffect
) -> None:
    """A cent short of the market it would only rest, and its sender would think that it trades."""
    taken = await previewed(orders, *legs, price=price, effect=effect)

    denied = await refused(orders, *legs, price=short, effect=effect)

    assert taken.record.order.order_type is OrderType.MARKETABLE_LIMIT
    assert denied.reason is Reason.INVALID_PRICE
    assert denied.facts["rule"] == "a_marketable_limit_reaches_the_market"
    assert denied.facts["market_net"] == taken.record.order.limit_net
    assert denied.facts["instead"] == "a price at the market_net or beyond, or order_type limit"


async def test_the_owners_collar_holds_it_as_well(orders: OrderDesk) -> None:
    assert (await refused(orders, price="5.00")).reason is Reason.PRICE_OUTSIDE_COLLAR


async def test_while_the_market_is_closed_nothing_trades_at_once(orders: OrderDesk) -> None:
    orders.clock.at = NOON + timedelta(days=1)

    denied = await refused(orders, price="1.20")

    assert denied.reason is Reason.MARKET_CLOSED
    assert denied.facts["rule"] == "a_marketable_limit_needs_an_open_market"


async def test_a_market_without_a_side_is_reached_by_nothing(orders: OrderDesk) -> None:
    orders.quote(CALL, "1.10", None)

    assert (await refused(orders, price="1.20")).reason is Reason.QUOTE_MISSING


async def test_where_the_market_moves_away_before_the_confirm_nothing_is_sent(
    orders: OrderDesk,
) -> None:
    """It would rest under a name that says that it trades."""
    taken = await previewed(orders, a_leg(CALL), price="1.20")
    orders.quote(CALL, "1.10", "1.21")

    with pytest.raises(Denied) as denied:
        await orders.confirm(taken)

    assert denied.value.reason is Reason.INVALID_PRICE
    assert denied.value.facts["rule"] == "a_marketable_limit_reaches_the_market"
    assert orders.broker.tickets == []


async def test_a_change_of_one_that_rests_must_reach_the_market_too(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    sent = await orders.confirm(await previewed(orders, price="1.20"))
    assert sent.state is OrderState.WORKING
    orders.quote(CALL, "1.20", "1.30")

    change = Change(price=Decimal("1.25"), price_effect=DEBIT)
    with pytest.raises(Denied) as denied:
        await orders.previewer.replace(sent.order_id, change, caller=ME)

    assert denied.value.facts["rule"] == "a_marketable_limit_reaches_the_market"
