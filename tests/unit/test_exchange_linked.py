"""Groups of orders: together they never do more than one of them was meant to."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.groups import GroupKind, OrderGroup
from strikedesk.domain.orders import OrderRequest, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange import orders
from strikedesk.exchange.documents import read_order, write_order
from tests.builders import NOON
from tests.unit.exchange_floor import CALL, CASH, FAR_CALL, PUT, Floor, an_order

OCO, OTO, OTOCO = GroupKind.OCO, GroupKind.OTO, GroupKind.OTOCO
GTC = TimeInForce.GTC


@pytest.fixture
def floor() -> Floor:
    """Return a floor where the call is 6.00 at 6.20 and the shares 199.90 at 200.10."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    floor.quote(FAR_CALL, "2.00", "2.10")
    floor.quote(PUT, "5.00", "5.10")
    return floor


def entry(units: int = 4, net: str = "6.20", tif: TimeInForce = TimeInForce.DAY) -> OrderRequest:
    return an_order(f"buy_to_open {units} {CALL}", net=net, tif=tif)


def target(units: int = 4, net: str = "-8.00", tif: TimeInForce = GTC) -> OrderRequest:
    return an_order(f"sell_to_close {units} {CALL}", net=net, tif=tif)


def protection(units: int = 4, stop: str = "4.00", tif: TimeInForce = GTC) -> OrderRequest:
    return an_order(f"sell_to_close {units} {CALL}", stop=stop, tif=tif)


def held(floor: Floor) -> int:
    return floor.held().get(CALL, 0)


def ends(floor: Floor, *order_ids: str) -> list[tuple[OrderState, str | None]]:
    seen = [floor.order(order_id) for order_id in order_ids]
    return [(order.state, order.reject_code) for order in seen]


# What a group is


@pytest.mark.parametrize(
    ("kind", "orders_of", "rule"),
    [
        (OCO, (target(),), "orders_of_a_group"),
        (OTOCO, (entry(), target()), "orders_of_a_group"),
        (OCO, (target(), target(3)), "sides_have_one_size"),
        (OCO, (target(), protection(tif=TimeInForce.DAY)), "sides_stand_equally_long"),
        (OCO, (target(tif=TimeInForce.DAY), an_order(f"sell_to_close 4 {CALL}")), "sides_wait"),
        (OTO, (entry(tif=TimeInForce.IOC), target()), "orders_of_a_group_wait"),
        (OTO, (an_order("buy 1 MSFT", net="1"), target()), "one_account_and_underlying"),
        (OCO, (target(), an_order(f"sell_to_close 4 {CALL}", net="-9", account=CASH)), "one_acc"),
    ],
)
def test_a_group_is_lawful_or_is_not(
    kind: GroupKind, orders_of: tuple[OrderRequest, ...], rule: str
) -> None:
    with pytest.raises(Denied) as denied:
        OrderGroup(kind=kind, orders=orders_of)

    assert rule in str(denied.value.facts["rule"])


def test_a_group_names_its_trigger_and_its_sides() -> None:
    both = OrderGroup(kind=OTOCO, orders=(entry(), target(), protection()))

    assert (both.trigger, both.sides) == (entry(), (target(), protection()))
    assert OrderGroup(kind=OCO, orders=(target(), protection())).trigger is None
    assert OrderGroup(kind=OTO, orders=(entry(), target())).sides == ()


# One cancels the other


@pytest.fixture
def pair(floor: Floor) -> list[str]:
    """Return a target and a protection of four calls."""
    floor.place(entry())
    return floor.group(OCO, target(), protection())


def test_a_whole_fill_cancels_the_other_side(floor: Floor, pair: list[str]) -> None:
    floor.later(CALL, "8.10", "8.20")

    assert ends(floor, *pair) == [
        (OrderState.FILLED, None),
        (OrderState.CANCELLED, "other_side_filled"),
    ]
    assert held(floor) == 0


def test_a_partial_fill_takes_as_much_from_the_other_side(floor: Floor, pair: list[str]) -> None:
    """Three were sold at the target; the protection is for the one that is left."""
    floor.later(CALL, "8.10", "8.20", size=3)
    assert held(floor) == 1

    floor.later(CALL, "3.00", "3.20")

    assert ends(floor, *pair) == [
        (OrderState.CANCELLED, "other_side_filled"),
        (OrderState.CANCELLED, None),
    ]
    assert [floor.order(each).filled_units for each in pair] == [3, 1]
    assert held(floor) == 0


def test_both_sides_are_never_filled_at_one_instant(floor: Floor) -> None:
    """Two offers that one rise reaches: four are held, and four are sold."""
    floor.place(entry())
    pair = floor.group(OCO, target(net="-8.00"), target(net="-8.10"))

    floor.later(CALL, "9.00", "9.10")

    assert [state for state, _ in ends(floor, *pair)] == [OrderState.FILLED, OrderState.CANCELLED]
    assert held(floor) == 0


def test_cancelling_one_side_cancels_both(floor: Floor, pair: list[str]) -> None:
    floor.cancel(pair[1])

    assert ends(floor, *pair) == [
        (OrderState.CANCELLED, "other_side_ended"),
        (OrderState.CANCELLED, None),
    ]


def test_sides_whose_time_is_up_expire_together(floor: Floor) -> None:
    floor.place(entry())
    day = TimeInForce.DAY
    pair = floor.group(OCO, target(tif=day), protection(tif=day))

    floor.to(NOON + timedelta(hours=9))

    assert ends(floor, *pair) == [(OrderState.EXPIRED, None)] * 2


def test_what_two_sides_close_a_third_order_cannot_and_no_less(floor: Floor) -> None:
    """Six are held and the pair closes four of them, not eight."""
    floor.place(entry(6))
    floor.group(OCO, target(), protection())

    assert floor.place(target(2, "-9.00")).state is OrderState.WORKING
    with pytest.raises(Rejected):
        floor.place(target(1, "-9.00"))


def test_a_pair_holds_back_what_its_dearer_side_does(floor: Floor) -> None:
    """A bid for the call or one for the put, whichever comes first: only one can fill."""
    call = an_order(f"buy_to_open 10 {CALL}", net="5.00")
    put = an_order(f"buy_to_open 10 {PUT}", net="4.00")
    alone = Floor(market=floor.market)
    alone.place(call)

    pair = floor.group(OCO, call, put)

    reserved = floor.world.orders.reserved(call.account_id)
    assert reserved == alone.world.orders.reserved(call.account_id) > 5_000
    floor.cancel(pair[0])
    assert floor.world.orders.reserved(call.account_id) == 0


def test_a_side_can_be_replaced_and_keeps_its_place(floor: Floor, pair: list[str]) -> None:
    """The stop is moved up; the target still cancels it."""
    moved = floor.replace(pair[1], protection(stop="5.00"))
    assert moved.group_id == pair[0]

    floor.later(CALL, "8.10", "8.20")

    assert ends(floor, moved.broker_order_id) == [(OrderState.CANCELLED, "other_side_filled")]
    assert held(floor) == 0


def test_a_side_that_was_cut_is_replaced_for_what_is_left(floor: Floor, pair: list[str]) -> None:
    floor.later(CALL, "8.10", "8.20", size=3)

    moved = floor.replace(pair[1], protection(stop="5.00"))
    floor.later(CALL, "4.50", "4.70")

    assert moved.order.units == 1
    assert floor.state(moved.broker_order_id) is OrderState.FILLED
    assert ends(floor, pair[0]) == [(OrderState.CANCELLED, "other_side_filled")]
    assert held(floor) == 0


@pytest.mark.parametrize(
    ("request_of", "rule"),
    [
        (protection(3), "orders_of_a_group_keep_their_size"),
        (protection(tif=TimeInForce.DAY), "sides_stand_equally_long"),
    ],
)
def test_a_replacement_leaves_the_pair_a_pair(
    floor: Floor, pair: list[str], request_of: OrderRequest, rule: str
) -> None:
    with pytest.raises(Rejected) as rejected:
        floor.replace(pair[1], request_of)

    assert rejected.value.facts["rule"] == rule


# One triggers the other


def test_a_child_waits_until_its_trigger_has_filled(floor: Floor) -> None:
    """It waits through a partial fill, too; then it begins, and says so."""
    trigger, child = floor.group(OTO, entry(net="5.00"), target())
    assert (floor.order(child).state, floor.order(child).waits_for) == (
        OrderState.SUBMITTED,
        trigger,
    )

    floor.later(CALL, "4.90", "5.00", size=3)
    assert floor.order(child).waits_for == trigger
    floor.later(CALL, "4.90", "5.00", size=3)

    assert (floor.state(trigger), floor.state(child)) == (OrderState.FILLED, OrderState.WORKING)
    assert floor.order(child).waits_for is None
    floor.later(CALL, "8.10", "8.20")
    assert (floor.state(child), held(floor)) == (OrderState.FILLED, 0)


def test_a_trigger_that_fills_at_once_sets_its_child_to_work_at_once(floor: Floor) -> None:
    trigger, child = floor.group(OTO, entry(), target(net="-6.00"))

    assert [state for state, _ in ends(floor, trigger, child)] == [OrderState.FILLED] * 2
    assert held(floor) == 0


def test_a_child_is_not_matched_while_it_waits(floor: Floor) -> None:
    """Its price comes and goes; there is nothing to sell yet."""
    _, child = floor.group(OTO, entry(net="5.00"), target(net="-6.50"))

    floor.later(CALL, "7.00", "7.20")

    assert floor.state(child) is OrderState.SUBMITTED


@pytest.mark.parametrize("filled", [0, 3])
def test_a_trigger_that_ends_takes_its_children_along(floor: Floor, filled: int) -> None:
    """Also when it had filled in part: what it got stays, without them."""
    trigger, *children = floor.group(OTOCO, entry(net="5.00"), target(), protection())
    if filled:
        floor.later(CALL, "4.90", "5.00", size=filled)

    floor.to(NOON + timedelta(hours=9))

    assert floor.state(trigger) is OrderState.EXPIRED
    assert ends(floor, *children) == [(OrderState.CANCELLED, "trigger_ended")] * 2
    assert held(floor) == filled


def test_both_kinds_in_one_work_one_after_the_other(floor: Floor) -> None:
    trigger, up, down = floor.group(OTOCO, entry(), target(), protection())
    assert floor.state(trigger) is OrderState.FILLED
    assert [floor.state(each) for each in (up, down)] == [OrderState.WORKING] * 2

    floor.later(CALL, "3.50", "3.70")

    assert [state for state, _ in ends(floor, up, down)] == [
        OrderState.CANCELLED,
        OrderState.FILLED,
    ]
    assert held(floor) == 0


def test_the_id_of_a_group_cancels_what_is_left_of_it(floor: Floor) -> None:
    """It is that of the first order, which has filled long ago."""
    group_id, up, down = floor.group(OTOCO, entry(), target(), protection())

    floor.cancel(group_id)

    assert [state for state, _ in ends(floor, up, down)] == [OrderState.CANCELLED] * 2
    with pytest.raises(Rejected):
        floor.cancel(group_id)


def test_cancelling_a_trigger_cancels_all(floor: Floor) -> None:
    group = floor.group(OTOCO, entry(net="5.00"), target(), protection())

    floor.cancel(group[0])

    assert [state for state, _ in ends(floor, *group)] == [OrderState.CANCELLED] * 3
    assert len(floor.world.orders) == 0


def test_cancelling_a_waiting_child_leaves_its_trigger(floor: Floor) -> None:
    trigger, up, down = floor.group(OTOCO, entry(net="5.00"), target(), protection())

    floor.cancel(up)

    assert [floor.state(each).is_open for each in (trigger, up, down)] == [True, False, False]


def test_children_wait_for_the_order_that_took_their_triggers_place(floor: Floor) -> None:
    trigger, child = floor.group(OTO, entry(net="5.00"), target())

    moved = floor.replace(trigger, entry(net="6.20"))

    assert moved.state is OrderState.FILLED
    assert floor.state(child) is OrderState.WORKING


def test_a_waiting_child_can_be_replaced_and_waits_on(floor: Floor) -> None:
    trigger, child = floor.group(OTO, entry(net="5.00"), target())

    moved = floor.replace(child, target(net="-7.00"))

    assert (moved.waits_for, moved.state) == (trigger, OrderState.SUBMITTED)
    floor.later(CALL, "4.90", "5.00")
    floor.later(CALL, "7.00", "7.20")
    assert floor.state(moved.broker_order_id) is OrderState.FILLED


def test_a_day_order_that_waits_stands_for_the_day_on_which_it_begins(floor: Floor) -> None:
    _, child = floor.group(OTO, entry(net="5.00", tif=GTC), target(tif=TimeInForce.DAY))
    floor.to(NOON + timedelta(days=3))

    floor.later(CALL, "4.90", "5.00")
    assert floor.state(child) is OrderState.WORKING
    floor.to(NOON + timedelta(days=3, hours=9))

    assert floor.state(child) is OrderState.EXPIRED


def test_a_child_whose_contract_ended_while_it_waited_never_begins(floor: Floor) -> None:
    shares = an_order("buy 1 AAPL", net="150.00", tif=GTC)
    sale = an_order(f"sell_to_open 1 {FAR_CALL}", net="-2.00", tif=GTC)
    floor.market.settle("AAPL", date(2026, 12, 18), "190.00")
    trigger, child = floor.group(OTO, shares, sale)
    floor.to(NOON + timedelta(days=31))

    floor.later("AAPL", "149.00", "150.00")

    assert [state for state, _ in ends(floor, trigger, child)] == [
        OrderState.FILLED,
        OrderState.EXPIRED,
    ]


def test_a_child_is_looked_at_again_when_it_begins(floor: Floor) -> None:
    """The shares that were to cover its call cover another one by now."""
    hundred = an_order("buy 100 AAPL", net="200.10", account=CASH)
    floor.place(hundred)
    bid = an_order(f"buy_to_open 1 {PUT}", net="4.00", account=CASH)
    covered = an_order(f"sell_to_open 1 {FAR_CALL}", net="-3.00", account=CASH)
    _, child = floor.group(OTO, bid, covered)
    floor.place(an_order(f"sell_to_open 1 {CALL}", net="-6.00", account=CASH))

    floor.later(PUT, "3.90", "4.00")

    assert ends(floor, child) == [(OrderState.REJECTED, "option_level_too_low")]


def test_a_stop_that_was_passed_while_it_waited_protects_at_once(floor: Floor) -> None:
    """The market gapped through the entry and the stop: refusing it would leave the loss open."""
    _, child = floor.group(OTO, entry(net="5.00"), protection(stop="4.50"))

    floor.later(CALL, "3.00", "3.20")

    assert floor.order(child).average_net == Decimal("-3.00")


def test_a_group_is_taken_whole_or_not_at_all(floor: Floor) -> None:
    """The child would close more than there will be."""
    with pytest.raises(Rejected) as rejected:
        floor.group(OTO, entry(4), target(5))

    assert rejected.value.reason is Reason.CLOSE_EXCEEDS_POSITION
    assert (len(floor.world.orders), floor.world.changes.ended) == (0, [])


def test_a_refused_trigger_refuses_its_group(floor: Floor) -> None:
    with pytest.raises(Rejected) as rejected:
        floor.group(OTO, entry(900), target(900))

    assert rejected.value.reason is Reason.INSUFFICIENT_BUYING_POWER


def test_a_spread_triggers_the_spread_that_takes_it_back(floor: Floor) -> None:
    words = f"buy_to_open 2 {CALL}", f"sell_to_open 2 {FAR_CALL}"
    back = f"sell_to_close 2 {CALL}", f"buy_to_close 2 {FAR_CALL}"

    _, child = floor.group(OTO, an_order(*words, net="4.20"), an_order(*back, net="-5.00"))

    assert floor.state(child) is OrderState.WORKING


def test_a_group_comes_back_as_it_was(floor: Floor) -> None:
    """A restart must not let both sides fill, or a child begin before its time."""
    floor.group(OTOCO, entry(net="5.00"), target(), protection())

    for order in floor.world.orders:
        document = json.loads(json.dumps(write_order(order)))
        assert read_order(order.order_id, document) == order


SIZES = st.lists(st.tuples(st.integers(300, 900), st.integers(0, 5)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(quotes=SIZES, units=st.integers(1, 9), again=st.booleans())
def test_two_sides_together_never_do_more_than_one(
    quotes: list[tuple[int, int]], units: int, again: bool
) -> None:
    """Whatever is quoted, in whatever pieces, with a replacement on the way or without."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    floor.place(entry(9))
    ids = floor.group(OCO, target(units), protection(units))
    for number, (cents, size) in enumerate(quotes):
        bid = Decimal(cents) / 100
        floor.later(CALL, str(bid), str(bid + Decimal("0.10")), size=size)
        if again and number == 1 and floor.state(ids[1]).is_open:
            ids = list(dict.fromkeys([*ids, moved(floor, ids[1], units)]))

    sold = sum(floor.order(order_id).filled_units for order_id in ids)
    assert sold == 9 - held(floor) <= units
    if sold == units:
        assert len(floor.world.orders) == 0


def moved(floor: Floor, order_id: str, units: int) -> str:
    """Move a protection that may have been touched already; return the id that counts."""
    try:
        return floor.replace(order_id, protection(units, "3.50")).broker_order_id
    except Rejected:
        return order_id


def test_an_unknown_group_cannot_be_cancelled(floor: Floor) -> None:
    with pytest.raises(Rejected):
        orders.cancel(floor.world, NOON, CASH, "w-99")
