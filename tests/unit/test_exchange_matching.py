"""Matching: nobody trades through the book, nobody gets a better price out of nothing."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from strikedesk.domain.errors import Rejected
from strikedesk.domain.money import PRICE_STEP
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.states import OrderState
from tests.builders import NOON
from tests.unit.exchange_floor import (
    CALL,
    CASH,
    FAR_CALL,
    FAR_PUT,
    MARGIN,
    PUT,
    Floor,
    a_world,
    an_order,
)

BUY, SELL = f"buy_to_open 1 {CALL}", f"sell_to_open 1 {CALL}"
CLOSED = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
NEXT_OPEN = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@pytest.fixture
def floor() -> Floor:
    """Return a floor where the call is 6.00 at 6.20 and the shares 199.90 at 200.10."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    floor.quote(FAR_CALL, "2.00", "2.10")
    floor.quote(PUT, "5.00", "5.10")
    floor.quote(FAR_PUT, "2.00", "2.10")
    return floor


# Price


def test_an_arriving_limit_order_gets_the_ask_and_not_its_limit(floor: Floor) -> None:
    order = floor.place(an_order(BUY, net="9.00"))

    assert (order.state, order.average_net) == (OrderState.FILLED, Decimal("6.20"))


def test_a_limit_that_the_market_has_not_reached_does_not_fill(floor: Floor) -> None:
    """Half way is not there: no fill at the mid."""
    order = floor.place(an_order(BUY, net="6.19"))
    floor.later(CALL, "6.00", "6.20")

    assert floor.state(order.broker_order_id) is OrderState.WORKING


def test_a_resting_limit_fills_at_itself_when_the_market_comes_to_it(floor: Floor) -> None:
    """The market falls to 5.00: who stood at 6.00 pays 6.00."""
    order = floor.place(an_order(BUY, net="6.00"))
    floor.later(CALL, "4.90", "5.00")

    assert floor.order(order.broker_order_id).average_net == Decimal("6.00")


def test_a_resting_offer_is_paid_its_own_price(floor: Floor) -> None:
    order = floor.place(an_order(SELL, net="-6.50"))
    floor.later(CALL, "7.00", "7.10")

    filled = floor.order(order.broker_order_id)
    assert (filled.average_net, filled.fills[0].price) == (Decimal("-6.50"), Decimal("6.50"))


def test_a_market_order_gets_the_natural_side(floor: Floor) -> None:
    assert floor.place(an_order(BUY)).average_net == Decimal("6.20")
    assert floor.place(an_order(f"sell_to_close 1 {CALL}")).average_net == Decimal("-6.00")


@pytest.mark.parametrize("ask", [None, "0"])
def test_a_side_where_nobody_stands_never_fills(floor: Floor, ask: str | None) -> None:
    floor.later(CALL, "6.00", ask)

    order = floor.place(an_order(BUY, net="99.00"))

    assert order.state is OrderState.WORKING


def test_a_bid_of_nothing_buys_nothing(floor: Floor) -> None:
    """A bid of zero is a real quote, and it means that nobody pays."""
    floor.later(CALL, "0", "0.05")

    order = floor.place(an_order(SELL, net="0"))

    assert order.state is OrderState.WORKING


def test_one_missing_leg_holds_the_whole_spread(floor: Floor) -> None:
    floor.later(FAR_CALL, None, "2.10")

    order = floor.place(an_order(BUY, f"sell_to_open 1 {FAR_CALL}", net="50.00"))

    assert order.state is OrderState.WORKING


# Spreads


def test_a_spread_arrives_at_the_natural_side_of_each_leg(floor: Floor) -> None:
    order = floor.place(an_order(BUY, f"sell_to_open 1 {FAR_CALL}", net="9.00"))

    assert order.average_net == Decimal("4.20")
    assert [fill.price for fill in order.fills] == [Decimal("6.20"), Decimal("2.00")]


def test_four_legs_fill_at_one_net_price(floor: Floor) -> None:
    order = floor.place(
        an_order(
            f"sell_to_open 1 {CALL}",
            f"buy_to_open 1 {FAR_CALL}",
            f"sell_to_open 1 {PUT}",
            f"buy_to_open 1 {FAR_PUT}",
            net="-6.80",
        )
    )

    assert (order.state, order.average_net) == (OrderState.FILLED, Decimal("-6.80"))


def test_shares_and_a_call_fill_together(floor: Floor) -> None:
    """A hundred shares weigh as one contract in the net price."""
    order = floor.place(an_order("buy 100 AAPL", SELL, net="194.10"))

    assert (order.state, order.average_net) == (OrderState.FILLED, Decimal("194.10"))
    assert floor.held() == {"AAPL": 100, CALL: -1}
    assert floor.account().cash == Decimal("100000.00") - Decimal(19410) - (order.fees or 0)


def test_the_dearest_bought_leg_of_a_resting_spread_takes_up_the_difference(floor: Floor) -> None:
    """The spread stood at 4.00, the market gives it for 3.40: the bought leg is 0.60 dearer."""
    order = floor.place(an_order(BUY, f"sell_to_open 1 {FAR_CALL}", net="4.00"))
    floor.later(CALL, "5.20", "5.40")

    filled = floor.order(order.broker_order_id)
    assert filled.average_net == Decimal("4.00")
    assert [fill.price for fill in filled.fills] == [Decimal("6.00"), Decimal("2.00")]


def test_sold_legs_give_way_down_to_nothing_and_no_further(floor: Floor) -> None:
    """A strangle stood at a credit of 1.00 and the market pays 7.00 for it."""
    floor.later(CALL, "0.20", "0.30")
    floor.later(PUT, "0.20", "0.30")
    order = floor.place(an_order(SELL, f"sell_to_open 1 {PUT}", net="-1.00"))
    floor.later(CALL, "6.00", "6.10")
    assert floor.order(order.broker_order_id).average_net == Decimal("-1.00")
    assert [f.price for f in floor.order(order.broker_order_id).fills] == [
        Decimal("0.80"),
        Decimal("0.20"),
    ]


PRICE = st.integers(5, 900).map(lambda cents: Decimal(cents) / 100)


@given(
    ratios=st.lists(st.integers(1, 4), min_size=3, max_size=3),
    signs=st.lists(st.sampled_from(["buy", "sell"]), min_size=3, max_size=3),
    prices=st.lists(PRICE, min_size=3, max_size=3),
    fall=st.integers(1, 300),
)
def test_leg_prices_add_up_to_a_net_at_the_limit(
    ratios: list[int], signs: list[str], prices: list[Decimal], fall: int
) -> None:
    """Whatever the ratios: legs sum to the net, the net is never worse than the limit."""
    floor = Floor()
    symbols = [CALL, FAR_CALL, PUT]
    floor.quote("AAPL", "199.90", "200.10")
    words = [
        f"{s}_to_open {r} {symbol}" for s, r, symbol in zip(signs, ratios, symbols, strict=True)
    ]
    weights = [r if s == "buy" else -r for r, s in zip(ratios, signs, strict=True)]
    for symbol, price in zip(symbols, prices, strict=True):
        floor.quote(symbol, str(price), str(price))
    units = an_order(*words, net="0").units
    natural = sum((w * p for w, p in zip(weights, prices, strict=True)), Decimal(0)) / units
    limit = (natural - Decimal(fall) / 100).quantize(Decimal("0.01"))
    try:
        order = floor.place(an_order(*words, net=str(limit)))
    except Rejected:
        reject()  # More than the account can carry, or an effect that no such order has.
    for symbol, weight, price in zip(symbols, weights, prices, strict=True):
        better = price - Decimal(4) if weight > 0 else price + Decimal(4)
        told = str(max(better, Decimal("0.01")))
        floor.market.tell(symbol, told, told, at=NOON + timedelta(minutes=1))
    floor.to(NOON + timedelta(minutes=1))

    filled = floor.order(order.broker_order_id)
    assume(filled.state is OrderState.FILLED)
    total = sum((f.price * f.signed_quantity for f in filled.fills), Decimal(0))
    assert filled.average_net == (total / units).quantize(Decimal("0.000001"))
    assert limit - 4 * PRICE_STEP < total / units <= limit
    assert min(fill.price for fill in filled.fills) >= 0


# Size


def test_no_more_fills_than_the_quote_displays(floor: Floor) -> None:
    floor.later(CALL, "6.00", "6.20", size=3)

    order = floor.place(an_order(f"buy_to_open 5 {CALL}", net="6.20"))

    assert (order.state, order.filled_units) == (OrderState.PARTIALLY_FILLED, 3)
    floor.later(CALL, "6.00", "6.20", size=3)
    assert floor.state(order.broker_order_id) is OrderState.FILLED


def test_the_rest_of_an_arriving_order_rests_at_its_limit(floor: Floor) -> None:
    """The first three got 6.20; the other two stood at 7.00."""
    floor.later(CALL, "6.00", "6.20", size=3)
    order = floor.place(an_order(f"buy_to_open 5 {CALL}", net="7.00"))

    floor.later(CALL, "6.00", "6.20", size=9)

    filled = floor.order(order.broker_order_id)
    assert [(f.signed_quantity, f.price) for f in filled.fills] == [
        (3, Decimal("6.20")),
        (2, Decimal("7.00")),
    ]
    assert filled.average_net == Decimal("6.52")


def test_two_orders_share_what_one_quote_displays(floor: Floor) -> None:
    """Cutting an order into pieces must not find more than is there; nor two accounts."""
    floor.later(CALL, "6.00", "6.20", size=3)
    floor.place(an_order(f"buy_to_open 2 {CALL}", net="6.20"))

    order = floor.place(an_order(f"buy_to_open 2 {CALL}", net="6.20", account=CASH))

    assert order.filled_units == 1


def test_who_came_first_is_served_first(floor: Floor) -> None:
    first = floor.place(an_order(f"buy_to_open 2 {CALL}", net="5.00"))
    second = floor.place(an_order(f"buy_to_open 2 {CALL}", net="5.00"))

    floor.later(CALL, "4.90", "5.00", size=3)

    assert floor.order(first.broker_order_id).filled_units == 2
    assert floor.order(second.broker_order_id).filled_units == 1


def test_the_sides_of_a_quote_have_sizes_of_their_own(floor: Floor) -> None:
    floor.later(CALL, "6.00", "6.20", size=1)
    floor.place(an_order(BUY, net="6.20"))

    assert floor.place(an_order(f"sell_to_close 1 {CALL}", net="-6.00")).state is OrderState.FILLED


def test_a_market_that_tells_no_size_bounds_nothing(floor: Floor) -> None:
    """Tapes of end-of-day chains have none."""
    floor.later(CALL, "0.10", "0.12", size=None)

    order = floor.place(an_order(f"buy_to_open 5000 {CALL}", net="0.12"))

    assert order.state is OrderState.FILLED


def test_a_spread_fills_in_whole_units(floor: Floor) -> None:
    """Five long contracts are there, but two are wanted for each: two units."""
    floor.later(CALL, "6.00", "6.20", size=5)

    order = floor.place(
        an_order(f"buy_to_open 6 {CALL}", f"sell_to_open 3 {FAR_CALL}", net="20.00")
    )

    assert order.filled_units == 2
    assert floor.held() == {CALL: 4, FAR_CALL: -2}


# Stops


def test_a_buy_stop_waits_below_and_triggers_on_the_mark(floor: Floor) -> None:
    order = floor.place(an_order(BUY, stop="6.50"))
    floor.later(CALL, "6.30", "6.60")
    assert floor.state(order.broker_order_id) is OrderState.WORKING

    floor.later(CALL, "6.40", "6.60")

    assert floor.order(order.broker_order_id).average_net == Decimal("6.60")


def test_a_sell_stop_triggers_when_the_mark_falls_to_it(floor: Floor) -> None:
    floor.place(an_order(BUY, net="6.20"))
    order = floor.place(an_order(f"sell_to_close 1 {CALL}", stop="5.00"))
    assert order.state is OrderState.WORKING

    floor.later(CALL, "4.00", "4.20")

    assert floor.order(order.broker_order_id).average_net == Decimal("-4.00")


def test_a_triggered_stop_limit_holds_its_limit(floor: Floor) -> None:
    """It gapped through both: triggered, and then it rests."""
    floor.place(an_order(BUY, net="6.20"))
    order = floor.place(an_order(f"sell_to_close 1 {CALL}", net="-4.50", stop="5.00"))
    floor.later(CALL, "4.00", "4.20")
    assert floor.state(order.broker_order_id) is OrderState.WORKING

    floor.later(CALL, "5.50", "5.60")

    assert floor.order(order.broker_order_id).average_net == Decimal("-4.50")


@pytest.mark.parametrize(
    ("words", "stop"),
    [(BUY, "6.00"), (BUY, "6.10"), (SELL, "6.10"), (SELL, "6.20")],
    ids=["buy below", "buy at", "sell at", "sell above"],
)
def test_a_stop_on_the_wrong_side_of_the_market_is_refused(
    floor: Floor, words: str, stop: str
) -> None:
    """It would trade at once, which is not what a stop is for."""
    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(words, stop=stop))

    assert rejected.value.facts["code"] == "stop_on_wrong_side"
    assert rejected.value.facts["market"] == Decimal("6.10")


# Time


def test_an_immediate_order_takes_what_is_there_and_leaves(floor: Floor) -> None:
    floor.later(CALL, "6.00", "6.20", size=3)

    order = floor.place(an_order(f"buy_to_open 5 {CALL}", net="6.20", tif=TimeInForce.IOC))

    assert (order.state, order.filled_units) == (OrderState.CANCELLED, 3)
    assert len(floor.world.orders) == 0


def a_closed_floor() -> Floor:
    """Return a floor on a Friday evening, with the quotes of the close."""
    floor = Floor(world=a_world(CLOSED))
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    return floor


def test_an_order_in_a_closed_market_waits_for_the_open() -> None:
    """It is accepted, meets nobody, and arrives with the first quotes of Monday."""
    floor = a_closed_floor()
    order = floor.place(an_order(BUY, net="7.00"))
    assert order.state is OrderState.SUBMITTED

    floor.market.tell(CALL, "5.40", "5.50", at=NEXT_OPEN)
    floor.to(NEXT_OPEN)

    filled = floor.order(order.broker_order_id)
    assert (filled.average_net, filled.updated_at) == (Decimal("5.50"), NEXT_OPEN)


def test_a_market_order_that_opens_is_refused_while_closed() -> None:
    floor = a_closed_floor()

    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(BUY))

    assert rejected.value.facts["code"] == "market_closed"


def test_a_market_order_that_closes_waits_for_the_open(floor: Floor) -> None:
    floor.place(an_order(BUY, net="6.20"))
    floor.to(CLOSED)
    order = floor.place(an_order(f"sell_to_close 1 {CALL}"))
    assert order.state is OrderState.SUBMITTED

    floor.to(NEXT_OPEN)

    assert floor.order(order.broker_order_id).average_net == Decimal("-6.00")


def test_an_immediate_order_needs_an_open_market() -> None:
    floor = a_closed_floor()

    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(BUY, net="7.00", tif=TimeInForce.IOC))

    assert rejected.value.facts["rule"] == "ioc_needs_an_open_market"


# What is held


def test_a_closing_order_whose_position_has_gone_ends(floor: Floor) -> None:
    """Another order that closes plainly sold the shares: what is left to close is nothing."""
    floor.place(an_order("buy 10 AAPL", net="200.10"))
    resting = floor.place(an_order("sell_to_close 10 AAPL", net="-201.00"))
    account = floor.account().traded(resting.order.legs[0].symbol, -10, Decimal(200), NOON)
    floor.world.put_account(account)

    floor.later("AAPL", "202.00", "202.10")

    ended = floor.order(resting.broker_order_id)
    assert (ended.state, ended.reject_code) == (OrderState.REJECTED, "close_exceeds_position")
    assert floor.held() == {}


def test_a_closing_order_fills_no_more_than_is_left(floor: Floor) -> None:
    floor.place(an_order("buy 10 AAPL", net="200.10"))
    resting = floor.place(an_order("sell_to_close 10 AAPL", net="-201.00"))
    account = floor.account().traded(resting.order.legs[0].symbol, -4, Decimal(200), NOON)
    floor.world.put_account(account)

    floor.later("AAPL", "202.00", "202.10")
    floor.later("AAPL", "202.00", "202.10")

    ended = floor.order(resting.broker_order_id)
    assert (ended.state, ended.filled_units) == (OrderState.CANCELLED, 6)
    assert floor.held() == {}


def test_an_order_without_a_limit_cannot_put_a_cash_account_into_debt() -> None:
    """The stop was affordable where it stood; the market gapped far beyond."""
    floor = Floor()
    floor.quote("AAPL", "99.90", "100.00", size=None)
    order = floor.place(an_order("buy 900 AAPL", stop="105.00", account=CASH))

    floor.later("AAPL", "139.90", "140.00", size=None)

    ended = floor.order(order.broker_order_id)
    assert (ended.state, ended.reject_code) == (OrderState.REJECTED, "insufficient_buying_power")
    assert floor.account(CASH).cash == Decimal("100000.00")
    assert floor.account(MARGIN).cash == Decimal("100000.00")


def test_fees_do_not_depend_on_how_many_pieces_a_fill_comes_in(floor: Floor) -> None:
    """Twelve contracts pay the capped commission once, in one fill or in four."""
    whole = floor.place(an_order(f"buy_to_open 12 {CALL}", net="6.20"))
    floor.later(FAR_CALL, "2.00", "2.10", size=3)
    pieces = floor.place(an_order(f"buy_to_open 12 {FAR_CALL}", net="2.10"))
    for _ in range(3):
        floor.later(FAR_CALL, "2.00", "2.10", size=3)

    filled = floor.order(pieces.broker_order_id)
    assert len(filled.fills) == 4
    assert filled.fees == whole.fees == Decimal("11.44")
