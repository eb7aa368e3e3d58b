"""Changes take a moment to arrive: until then the order stands, and a fill may be first."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.brokers.paper.opening import Opening
from strikedesk.brokers.paper.preflights import told_of_group
from strikedesk.domain.errors import Rejected
from strikedesk.domain.groups import GroupKind, OrderGroup
from strikedesk.domain.states import OrderState
from strikedesk.exchange.assess import Assessment
from strikedesk.exchange.documents import read_order, write_order
from strikedesk.exchange.rows import read_header, write_header
from strikedesk.exchange.screen import Screen
from tests.builders import NOON
from tests.fakes.clock import CountingEntropy
from tests.unit.exchange_floor import CALL, MARGIN, Floor, a_world, an_order

BID = f"buy_to_open 10 {CALL}"
LATENCY = timedelta(milliseconds=250)


@pytest.fixture
def floor() -> Floor:
    """Return a floor a quarter of a second away, where the call is 6.00 at 6.20."""
    floor = Floor(world=a_world(latency_ms=250))
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    return floor


@pytest.fixture
def bid(floor: Floor) -> str:
    """Return a bid for ten calls, 1.20 below the market."""
    return floor.place(an_order(BID, net="5.00")).broker_order_id


def falls(floor: Floor, after: timedelta, *, size: int = 100, ask: str = "5.00") -> datetime:
    """Let the market come to the bid so long from now; nobody looks yet."""
    at = floor.world.advanced_to + after
    floor.market.tell(CALL, "4.90", ask, at=at, size=size)
    return at


def test_a_cancel_arrives_after_the_latency(floor: Floor, bid: str) -> None:
    assert floor.cancel(bid).state is OrderState.CANCEL_PENDING
    floor.to(NOON + LATENCY - timedelta(milliseconds=1))
    assert floor.state(bid) is OrderState.CANCEL_PENDING

    floor.to(NOON + LATENCY)

    ended = floor.order(bid)
    assert (ended.state, ended.updated_at) == (OrderState.CANCELLED, NOON + LATENCY)


@pytest.mark.parametrize("after", [timedelta(milliseconds=100), LATENCY])
def test_a_fill_on_the_way_wins_against_a_cancel(floor: Floor, bid: str, after: timedelta) -> None:
    """Also at the very instant at which the cancel arrives."""
    floor.cancel(bid)
    falls(floor, after)

    floor.to(NOON + timedelta(seconds=1))

    assert floor.state(bid) is OrderState.FILLED


def test_a_fill_in_part_leaves_the_rest_to_the_cancel(floor: Floor, bid: str) -> None:
    floor.cancel(bid)
    falls(floor, timedelta(milliseconds=100), size=3)
    floor.to(NOON + timedelta(milliseconds=200))
    seen = floor.order(bid)
    assert (seen.state, seen.filled_units) == (OrderState.CANCEL_PENDING, 3)

    floor.to(NOON + timedelta(seconds=1))

    ended = floor.order(bid)
    assert (ended.state, ended.filled_units) == (OrderState.CANCELLED, 3)


def test_a_cancel_that_was_first_leaves_nothing_to_fill(floor: Floor, bid: str) -> None:
    floor.cancel(bid)
    falls(floor, timedelta(milliseconds=251))

    floor.to(NOON + timedelta(seconds=1))

    assert (floor.state(bid), floor.held()) == (OrderState.CANCELLED, {})


def test_a_replacement_exists_at_once_and_works_after_the_latency(floor: Floor, bid: str) -> None:
    new = floor.replace(bid, an_order(BID, net="5.50"))
    assert (new.state, new.replaces, new.waits_for) == (OrderState.SUBMITTED, bid, bid)
    assert floor.state(bid) is OrderState.REPLACE_PENDING

    floor.to(NOON + LATENCY)

    old, seen = floor.order(bid), floor.order(new.broker_order_id)
    assert (old.state, old.replaced_by) == (OrderState.REPLACED, new.broker_order_id)
    assert (seen.state, seen.waits_for, seen.created_at) == (OrderState.WORKING, None, NOON)


def test_until_it_works_a_replacement_holds_back_no_more_than_the_dearer(
    floor: Floor, bid: str
) -> None:
    before = floor.world.orders.reserved("PAPER0001")

    floor.replace(bid, an_order(BID, net="5.50"))

    assert floor.world.orders.reserved("PAPER0001") == before + 500
    floor.to(NOON + LATENCY)
    assert floor.world.orders.reserved("PAPER0001") == before + 500


def test_a_fill_on_the_way_refuses_the_replacement(floor: Floor, bid: str) -> None:
    new = floor.replace(bid, an_order(BID, net="5.50"))
    falls(floor, timedelta(milliseconds=100))

    floor.to(NOON + timedelta(seconds=1))

    late = floor.order(new.broker_order_id)
    assert floor.state(bid) is OrderState.FILLED
    assert (late.state, late.reject_code) == (OrderState.REJECTED, "order_not_working")
    assert floor.held() == {CALL: 10}


def test_a_fill_in_part_on_the_way_makes_the_replacement_smaller(floor: Floor, bid: str) -> None:
    """Ten were wanted in all, and four are there."""
    new = floor.replace(bid, an_order(BID, net="5.50"))
    falls(floor, timedelta(milliseconds=100), size=4)

    floor.to(NOON + LATENCY)
    floor.later(CALL, "5.40", "5.50")

    assert floor.order(bid).filled_units == 4
    assert floor.order(new.broker_order_id).order.units == 6
    assert floor.held() == {CALL: 10}


def test_a_replacement_that_a_fill_outran_is_refused_and_the_old_works_on(
    floor: Floor, bid: str
) -> None:
    """Three in all were wanted, and four are there: nothing is left to ask for."""
    new = floor.replace(bid, an_order(f"buy_to_open 3 {CALL}", net="5.50"))
    falls(floor, timedelta(milliseconds=100), size=4)

    floor.to(NOON + LATENCY)

    late, old = floor.order(new.broker_order_id), floor.order(bid)
    assert (late.state, late.reject_code) == (OrderState.REJECTED, "invalid_quantity")
    assert (old.state, old.filled_units) == (OrderState.PARTIALLY_FILLED, 4)


def test_an_order_that_ends_on_the_way_takes_its_replacement_along(floor: Floor) -> None:
    close = NOON.replace(hour=21)
    floor.to(close - timedelta(milliseconds=100))
    bid = floor.place(an_order(BID, net="5.00")).broker_order_id
    new = floor.replace(bid, an_order(BID, net="5.50")).broker_order_id

    floor.to(close)

    assert [floor.state(each) for each in (bid, new)] == [OrderState.EXPIRED, OrderState.REJECTED]


@pytest.mark.parametrize("first", ["cancel", "replace"])
def test_while_a_change_is_on_its_way_no_other_is_taken(floor: Floor, bid: str, first: str) -> None:
    if first == "cancel":
        floor.cancel(bid)
        ids = [bid]
    else:
        ids = [bid, floor.replace(bid, an_order(BID, net="5.50")).broker_order_id]

    for order_id in ids:
        with pytest.raises(Rejected) as cancel:
            floor.cancel(order_id)
        with pytest.raises(Rejected) as replacement:
            floor.replace(order_id, an_order(BID, net="5.60"))
        codes = [each.value.facts["code"] for each in (cancel, replacement)]
        assert codes == ["change_pending"] * 2


def test_a_replaced_side_is_a_side_from_the_moment_it_works(floor: Floor) -> None:
    """The old stop protects until the new one does, and the target cancels either."""
    floor.place(an_order(BID, net="6.20"))
    target = an_order(f"sell_to_close 10 {CALL}", net="-8.00")
    stop = an_order(f"sell_to_close 10 {CALL}", stop="4.00")
    pair = floor.group(GroupKind.OCO, target, stop)
    new = floor.replace(pair[1], replace(stop, stop_trigger=Decimal(5))).broker_order_id
    floor.to(NOON + LATENCY)
    assert floor.order(new).group_id == pair[0]

    floor.later(CALL, "8.00", "8.20")

    assert [floor.state(each) for each in (pair[0], new)] == [
        OrderState.FILLED,
        OrderState.CANCELLED,
    ]
    assert floor.held() == {}


def test_a_target_that_fills_while_the_stop_is_replaced_cancels_both(floor: Floor) -> None:
    floor.place(an_order(BID, net="6.20"))
    target = an_order(f"sell_to_close 10 {CALL}", net="-8.00")
    stop = an_order(f"sell_to_close 10 {CALL}", stop="4.00")
    pair = floor.group(GroupKind.OCO, target, stop)
    new = floor.replace(pair[1], replace(stop, stop_trigger=Decimal(5))).broker_order_id
    at = NOON + timedelta(milliseconds=100)
    floor.market.tell(CALL, "8.00", "8.20", at=at)

    floor.to(NOON + timedelta(seconds=1))

    assert [floor.state(each) for each in (*pair, new)] == [
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.REJECTED,
    ]
    assert (floor.held(), len(floor.world.orders)) == ({}, 0)


def test_what_is_on_its_way_is_written_down(floor: Floor, bid: str) -> None:
    """A restart in between neither loses a cancel nor makes it earlier."""
    floor.replace(bid, an_order(BID, net="5.50"))

    for order in floor.world.orders:
        document = json.loads(json.dumps(write_order(order)))
        assert read_order(order.order_id, document) == order
    assert read_header(write_header(floor.world)).frame.latency_ms == 250


def test_without_latency_a_change_acts_at_once() -> None:
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    bid = floor.place(an_order(BID, net="5.00")).broker_order_id

    assert floor.cancel(bid).state is OrderState.CANCELLED


def test_a_new_world_is_born_with_the_latency_of_its_opening() -> None:
    world = Opening(latency_ms=40).world("far", wall=NOON, entropy=CountingEntropy())

    assert world.frame.latency_ms == 40


def test_preflight_counts_nothing_where_a_price_is_not_known() -> None:
    """Two closing orders are always taken, also where nobody knows what they free."""
    screen = Screen(at=NOON, quotes={}, indices=frozenset(), is_open=True)
    sides = tuple(an_order(f"sell_to_close 1 {CALL}", net=net) for net in ("-8.00", "-9.00"))
    found = [Assessment(screen=screen, fees=Decimal(1)) for _ in sides]

    told = told_of_group(OrderGroup(kind=GroupKind.OCO, orders=sides), found)

    assert (told.fees, told.buying_power_after, told.margin_change) == (Decimal(1), None, None)


def test_orders_stand_in_the_order_of_their_numbers_whatever_took_whose_place(
    floor: Floor, bid: str
) -> None:
    """They are shown that way, and nobody sorts them."""
    second = floor.place(an_order(BID, net="4.90")).broker_order_id
    floor.replace(bid, an_order(BID, net="5.10"))
    floor.place(an_order(BID, net="4.80"))
    floor.cancel(second)

    floor.to(NOON + timedelta(seconds=1))
    floor.place(an_order(BID, net="4.70"))

    numbers = [order.number for order in floor.world.orders.of(MARGIN)]
    assert len(numbers) == 3
    assert numbers == sorted(numbers)
