"""Orders by an amount of dollars: their law, their text, and what they are weighed as."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.by_value import in_whole_shares, pays_the_rest, shares_for
from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import GroupKind, OrderGroup
from strikedesk.domain.orders import (
    Action,
    OrderRequest,
    OrderType,
    TimeInForce,
    read_canonical,
)
from strikedesk.domain.quotes import Feed, Quote
from strikedesk.domain.symbols import EquitySymbol
from tests.builders import NOON, a_leg, an_order, an_order_by_value

SPY = EquitySymbol("SPY")
CALL = "AAPL261218C00200000"


def a_quote(bid: str | None = "612.20", ask: str | None = "612.30") -> Quote:
    sides = [None if side is None else Decimal(side) for side in (bid, ask)]
    return Quote(symbol=SPY, at=NOON, feed=Feed.SIMULATED, bid=sides[0], ask=sides[1])


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ({"value": None}, "value_goes_with_notional_market_orders"),
        ({"order_type": OrderType.MARKET}, "value_goes_with_notional_market_orders"),
        ({"value": Decimal("4.99")}, "value_out_of_bounds"),
        ({"value": Decimal(-50)}, "value_out_of_bounds"),
        ({"value": Decimal("1000000.01")}, "value_out_of_bounds"),
        ({"value": Decimal("NaN")}, "value_out_of_bounds"),
        ({"value": Decimal("50.001")}, "value_is_to_the_cent"),
        ({"legs": (a_leg("SPY", Action.BUY, 2),)}, "an_order_by_value_has_no_quantity"),
        ({"legs": (a_leg(CALL),)}, "an_order_by_value_is_one_leg_of_shares"),
        (
            {"legs": (a_leg("AAPL", Action.BUY), a_leg(CALL, Action.SELL_TO_OPEN))},
            "an_order_by_value_is_one_leg_of_shares",
        ),
        ({"legs": (a_leg("SPY", Action.SELL_TO_OPEN),)}, "a_short_is_not_traded_by_value"),
        ({"legs": (a_leg("SPY", Action.BUY_TO_CLOSE),)}, "a_short_is_not_traded_by_value"),
        ({"time_in_force": TimeInForce.IOC}, "an_order_by_value_is_for_the_day"),
        ({"time_in_force": TimeInForce.EXT}, "an_order_by_value_is_for_the_day"),
        ({"time_in_force": TimeInForce.GTC}, "an_order_by_value_is_for_the_day"),
        ({"limit_net": Decimal(600)}, "price_goes_with_limit_orders"),
        ({"stop_trigger": Decimal(600)}, "stop_trigger_goes_with_stop_orders"),
        ({"gtd_date": date(2026, 12, 1)}, "gtd_date_with_gtd_only"),
    ],
)
def test_what_an_amount_cannot_say_is_refused_by_its_rule(told: dict[str, Any], rule: str) -> None:
    """One leg of shares, bought long or sold from it, on this day, for an amount that is one."""
    plain: dict[str, Any] = {
        "account_id": "PAPER0001",
        "legs": (a_leg("SPY", Action.BUY),),
        "order_type": OrderType.NOTIONAL_MARKET,
        "value": Decimal(50),
    }

    with pytest.raises(Denied) as denied:
        OrderRequest(**{**plain, **told})

    assert denied.value.facts["rule"] == rule


@pytest.mark.parametrize("value", ["5", "5.00", "1000000"])
@pytest.mark.parametrize(
    "action", [Action.BUY, Action.BUY_TO_OPEN, Action.SELL, Action.SELL_TO_CLOSE]
)
def test_shares_are_bought_and_sold_by_value_both_ways(value: str, action: Action) -> None:
    order = an_order_by_value(value, action=action)

    assert order.by_value
    assert order.units == 1
    assert order.cash_effect(Decimal("612.30")) == -Decimal(value) * action.sign


def test_no_group_holds_an_order_by_value() -> None:
    """Nobody reckons what a fraction is worth to the side that waits for it."""
    orders = (an_order_by_value("50", "AAPL"), an_order(a_leg("AAPL", Action.SELL), net="-300"))

    with pytest.raises(Denied) as denied:
        OrderGroup(kind=GroupKind.OTO, orders=orders)

    assert denied.value.facts["rule"] == "an_order_by_value_is_of_no_group"


def test_every_order_without_a_value_keeps_the_text_and_the_hash_that_it_had() -> None:
    """Rows, approvals and the trail of before are matched by it."""
    order = an_order(a_leg("SPY", Action.BUY, 10), net="600")

    assert order.canonical == (
        '{"account":"PAPER0001","gtd_date":null,"legs":[["SPY","buy",1]],"limit_net":"600.0000",'
        '"order_type":"limit","stop_trigger":null,"time_in_force":"day","units":10}'
    )
    assert order.digest == "18119755b43227cc85929ffdcd38a275393f10a5a609eae19410a789d55a005e"


@pytest.mark.parametrize("value", ["50", "50.0", "50.00", "5E+1"])
def test_an_order_by_value_reads_back_and_one_amount_has_one_text(value: str) -> None:
    order = an_order_by_value(value)

    again = read_canonical(order.canonical)

    assert json.loads(order.canonical)["value"] == "50.00"
    assert again == order
    assert str(again.value) == "50.00"
    assert again.digest == order.digest == an_order_by_value("50").digest
    assert order.digest != an_order_by_value("51").digest


def test_a_purchase_is_weighed_as_no_share_too_few() -> None:
    """A limit on shares is not passed by rounding."""
    counted = in_whole_shares(an_order_by_value("1300"), a_quote())

    assert counted is not None
    assert (counted.order_type, counted.value) == (OrderType.MARKET, None)
    assert counted.legs == (a_leg("SPY", Action.BUY, 3),)


def test_what_comes_to_whole_shares_is_weighed_as_just_those() -> None:
    counted = in_whole_shares(an_order_by_value("1224.60"), a_quote())

    assert counted is not None
    assert counted.shares == 2


@pytest.mark.parametrize(
    "quote", [None, a_quote(bid=None), a_quote(ask=None), a_quote("613", "612"), a_quote("0")]
)
def test_without_both_sides_nobody_knows_how_many_shares_it_is(quote: Quote | None) -> None:
    sale = an_order_by_value("50", action=Action.SELL)

    assert in_whole_shares(sale, quote) is None
    assert not pays_the_rest(sale, quote, Decimal("0.9"))


def test_an_order_of_shares_by_number_has_no_stand_in() -> None:
    assert in_whole_shares(an_order(a_leg("SPY", Action.BUY, 10), net=None), a_quote()) is None


amounts = st.integers(500, 10_000_000).map(lambda cents: Decimal(cents) / 100)
prices = st.integers(1_00, 5_000_00).map(lambda cents: Decimal(cents) / 100)
fractions = st.integers(0, 99_999).map(lambda steps: Decimal(steps) / 100_000)


@given(amounts, prices, st.integers(0, 10**7), fractions)
def test_what_the_stand_in_leaves_of_whole_shares_is_what_the_sale_leaves(
    value: Decimal, bid: Decimal, whole: int, fraction: Decimal
) -> None:
    """A cover counts whole shares: none is left that the sale takes apart, none is missed."""
    sale, quote = an_order_by_value(str(value), action=Action.SELL), a_quote(str(bid), str(bid + 1))

    counted = in_whole_shares(sale, quote)
    lent = pays_the_rest(sale, quote, fraction)

    assert counted is not None
    left = (whole + fraction) * bid - value
    assert whole + lent - counted.shares == left // bid - (left < 0 and left % bid != 0)


@given(amounts, prices)
def test_shares_for_an_amount_never_cost_more_than_it(value: Decimal, price: Decimal) -> None:
    shares = shares_for(value, price)

    assert shares * price <= value < (shares + Decimal("0.00001")) * price


def test_a_purchase_takes_nothing_from_a_fraction() -> None:
    assert not pays_the_rest(an_order_by_value("50"), a_quote(), Decimal("0.99999"))
