"""Orders that the desk writes from what is held: sizes, sides, prices, and whose they are."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import parse_option, parse_symbol
from strikedesk.orders.at_mid import order_at_mid
from strikedesk.orders.closing import CloseRequest, RollRequest
from strikedesk.orders.opening import Opener
from tests.builders import a_leg
from tests.fakes.broker import ACCOUNT
from tests.unit.order_desk import CALL, OrderDesk
from tests.unit.test_orders_change import NEXT, listing

PUT = "AAPL261218P00190000"
CLOSE = CloseRequest(account="paper-margin", symbols=(parse_symbol(CALL),))
ROLL = RollRequest(
    account="paper-margin", symbol=parse_option(CALL), new_expiration=date(2027, 1, 15)
)


@pytest.fixture
def rolling(orders: OrderDesk) -> OrderDesk:
    """Three calls are short against 300 shares, and the next month is listed."""
    listing(orders)
    orders.broker.held = {parse_symbol(CALL): -3, parse_symbol("AAPL"): 300}
    orders.quote(NEXT, "3.00", "3.10")
    return orders


async def refused(orders: OrderDesk, request: CloseRequest) -> Denied:
    with pytest.raises(Denied) as denied:
        await orders.closer.close(request, caller="owner")
    return denied.value


async def closing_leg(orders: OrderDesk, request: CloseRequest) -> Leg:
    (leg,) = (await orders.closer.close(request, caller="owner")).record.order.legs
    return leg


# Which way, and how many


@pytest.mark.parametrize(
    ("symbol", "held", "action"),
    [
        (CALL, 1, Action.SELL_TO_CLOSE),
        (CALL, -1, Action.BUY_TO_CLOSE),
        ("AAPL", 1, Action.SELL),
        ("AAPL", -1, Action.BUY),
    ],
)
async def test_a_close_goes_the_other_way(
    orders: OrderDesk, symbol: str, held: int, action: Action
) -> None:
    """One share is as much of a position as a hundred."""
    orders.broker.held = {parse_symbol(symbol): held}
    orders.quote("AAPL", "1.10", "1.20")

    leg = await closing_leg(orders, replace(CLOSE, symbols=(parse_symbol(symbol),)))

    assert (leg.action, leg.quantity) == (action, 1)


async def test_all_of_a_position_may_be_asked_for_by_its_number(orders: OrderDesk) -> None:
    orders.broker.held = {parse_symbol(CALL): 3}

    leg = await closing_leg(orders, replace(CLOSE, quantity=3))

    assert leg.quantity == 3


@pytest.mark.parametrize(("asked", "moved"), [(None, 3), (3, 3), (2, 2)])
async def test_a_roll_opens_as_many_as_it_closes(
    rolling: OrderDesk, asked: int | None, moved: int
) -> None:
    preview = await rolling.closer.roll(replace(ROLL, quantity=asked), caller="owner")

    assert {(leg.action, leg.quantity) for leg in preview.record.order.legs} == {
        (Action.BUY_TO_CLOSE, moved),
        (Action.SELL_TO_OPEN, moved),
    }


async def test_a_roll_to_where_the_position_is_names_it(rolling: OrderDesk) -> None:
    with pytest.raises(Denied) as denied:
        await rolling.closer.roll(replace(ROLL, new_expiration=None), caller="owner")

    assert denied.value.facts == {"symbol": CALL}


# Prices, times in force, and whose order it is


async def test_a_close_and_a_roll_are_of_whoever_asked(rolling: OrderDesk) -> None:
    close = await rolling.closer.close(CLOSE, caller="owner")
    roll = await rolling.closer.roll(ROLL, caller="owner")

    for preview in (close, roll):
        (line,) = await rolling.ledger.events(preview.record.order_id)
        assert (line.kind, line.actor) == ("previewed", "owner")
        assert preview.record.account_id == preview.record.order.account_id == ACCOUNT.account_id


@pytest.mark.parametrize("price", [None, Decimal("1.20")])
async def test_a_close_stands_as_long_as_is_asked(orders: OrderDesk, price: Decimal | None) -> None:
    orders.broker.held = {parse_symbol(CALL): -1}
    effect = None if price is None else PriceEffect.DEBIT
    asked = replace(CLOSE, price=price, price_effect=effect, time_in_force=TimeInForce.GTC)

    preview = await orders.closer.close(asked, caller="owner")

    assert preview.record.order.time_in_force is TimeInForce.GTC
    assert preview.record.order.order_type is OrderType.LIMIT


@pytest.mark.parametrize(("price", "effect"), [(Decimal("1.20"), None), (None, PriceEffect.DEBIT)])
async def test_half_a_price_is_refused_and_not_made_up_for(
    orders: OrderDesk, price: Decimal | None, effect: PriceEffect | None
) -> None:
    """Who says "for a credit" and no price, or a price and not which way, is asked again."""
    orders.broker.held = {parse_symbol(CALL): -1}

    told = await refused(orders, replace(CLOSE, price=price, price_effect=effect))

    assert told.reason is Reason.INVALID_PRICE


async def test_what_has_no_price_is_named_leg_by_leg(orders: OrderDesk) -> None:
    orders.broker.held = {parse_symbol(CALL): 1, parse_symbol(PUT): 1}
    orders.quote(CALL, None, None)

    told = await refused(orders, replace(CLOSE, symbols=(parse_symbol(CALL), parse_symbol(PUT))))

    assert told.reason is Reason.QUOTE_MISSING
    assert told.facts == {"symbols": f"{CALL}, {PUT}"}


@pytest.mark.parametrize(
    ("bid", "ask", "action", "net"),
    [
        ("1.10", "1.21", Action.BUY_TO_OPEN, "1.16"),
        ("1.11", "1.20", Action.SELL_TO_CLOSE, "-1.15"),
        ("0.00", "0.01", Action.BUY_TO_OPEN, "0.01"),
        ("0.00", "0.00", Action.BUY_TO_OPEN, "0.01"),
        ("0.00", "0.00", Action.SELL_TO_CLOSE, "-0.01"),
        ("0.02", "0.04", Action.BUY_TO_OPEN, "0.03"),
        ("0.02", "0.04", Action.SELL_TO_CLOSE, "-0.03"),
    ],
)
async def test_a_mid_between_cents_goes_towards_the_market(
    orders: OrderDesk, bid: str, ask: str, action: Action, net: str
) -> None:
    orders.quote(CALL, bid, ask)
    legs = (a_leg(CALL, action),)

    order = await order_at_mid(orders.broker, legs, ACCOUNT.account_id, TimeInForce.GTC)

    assert order.limit_net == Decimal(net)
    assert order.time_in_force is TimeInForce.GTC


# What was chosen from a list


@pytest.fixture
def opener(orders: OrderDesk) -> Opener:
    return Opener(accounts=orders.accounts, quotes=orders.broker, previewer=orders.previewer)


async def test_what_is_chosen_is_previewed_so_many_times_at_the_mid(
    orders: OrderDesk, opener: Opener
) -> None:
    """A day order, in the name of who chose."""
    orders.quote(PUT, "0.50", "0.60")
    legs = (a_leg(CALL), a_leg(PUT, quantity=2))

    preview = await opener("paper-margin", legs, units=3, caller="owner")

    order = preview.record.order
    assert {(leg.symbol.compact, leg.action, leg.quantity) for leg in order.legs} == {
        (CALL, Action.BUY_TO_OPEN, 3),
        (PUT, Action.BUY_TO_OPEN, 6),
    }
    assert (order.limit_net, order.time_in_force) == (Decimal("2.25"), TimeInForce.DAY)
    assert (order.account_id, order.order_type) == (ACCOUNT.account_id, OrderType.LIMIT)
    (line,) = await orders.ledger.events(preview.record.order_id)
    assert line.actor == "owner"
    assert orders.broker.tickets == []


async def test_a_choice_for_an_account_that_is_not_there_is_refused(opener: Opener) -> None:
    with pytest.raises(Denied) as denied:
        await opener("somebody", (a_leg(CALL),), units=1, caller="owner")

    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN
