"""Time: in one step or in many it comes to the same, and a long gap without orders is free."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain.errors import DeskError, Rejected
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.states import OrderState
from strikedesk.exchange.advance import advance
from strikedesk.exchange.rows import change_of
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CALL, FAR_CALL, Floor, a_world, an_order, everything

BUY = f"buy_to_open 1 {CALL}"
CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
EXPIRY = date(2026, 12, 18)


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    return floor


def test_a_day_order_ends_with_its_session(floor: Floor) -> None:
    order = floor.place(an_order(BUY, net="1.00"))
    floor.to(CLOSE - timedelta(seconds=1))
    assert floor.state(order.broker_order_id) is OrderState.WORKING

    floor.to(CLOSE + timedelta(hours=5))

    ended = floor.order(order.broker_order_id)
    assert (ended.state, ended.updated_at) == (OrderState.EXPIRED, CLOSE)


def test_a_day_order_after_the_close_is_for_the_next_session(floor: Floor) -> None:
    floor.to(CLOSE + timedelta(hours=1))
    order = floor.place(an_order(BUY, net="1.00"))

    floor.to(datetime(2026, 11, 23, 20, 59, tzinfo=UTC))
    assert floor.state(order.broker_order_id) is OrderState.WORKING

    floor.to(datetime(2026, 11, 23, 21, 0, tzinfo=UTC))
    assert floor.state(order.broker_order_id) is OrderState.EXPIRED


def test_a_dated_order_stands_until_the_close_of_its_day(floor: Floor) -> None:
    """The 26th is Thanksgiving: the close of the 25th is the last."""
    request = an_order(BUY, net="1.00", tif=TimeInForce.GTD, gtd=date(2026, 11, 26))
    order = floor.place(request)

    floor.to(datetime(2026, 11, 30, tzinfo=UTC))

    assert floor.order(order.broker_order_id).updated_at == datetime(2026, 11, 25, 21, tzinfo=UTC)


def test_a_date_that_has_passed_is_refused(floor: Floor) -> None:
    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(BUY, net="1.00", tif=TimeInForce.GTD, gtd=date(2026, 11, 19)))

    assert rejected.value.facts["code"] == "invalid_time_in_force"


def test_an_order_for_good_ends_with_its_contract(floor: Floor) -> None:
    order = floor.place(an_order(BUY, net="1.00", tif=TimeInForce.GTC))

    floor.to(datetime(2026, 12, 19, tzinfo=UTC))

    ended = floor.order(order.broker_order_id)
    assert (ended.state, ended.updated_at) == (
        OrderState.EXPIRED,
        datetime(2026, 12, 18, 21, tzinfo=UTC),
    )


def test_an_order_for_good_in_shares_stands_for_good(floor: Floor) -> None:
    order = floor.place(an_order("buy 1 AAPL", net="1.00", tif=TimeInForce.GTC))

    floor.to(datetime(2027, 11, 19, tzinfo=UTC))

    assert floor.state(order.broker_order_id) is OrderState.WORKING


def test_a_partly_filled_order_that_expires_keeps_what_it_got(floor: Floor) -> None:
    floor.later(CALL, "6.00", "6.20", size=2)
    order = floor.place(an_order(f"buy_to_open 5 {CALL}", net="6.20"))

    floor.to(CLOSE)

    ended = floor.order(order.broker_order_id)
    assert (ended.state, ended.filled_units) == (OrderState.EXPIRED, 2)
    assert floor.held() == {CALL: 2}


def test_a_long_gap_without_orders_asks_the_market_nothing(floor: Floor) -> None:
    """Whoever comes back after a month waits for nobody."""
    floor.place(an_order(BUY, net="6.20"))
    before = floor.market.asked

    floor.to(NOON + timedelta(days=27))

    assert floor.market.asked == before


def test_time_never_runs_back(floor: Floor) -> None:
    floor.to(NOON + timedelta(hours=1))

    assert advance(floor.world, floor.market, NOON)
    assert floor.world.advanced_to == NOON + timedelta(hours=1)


def test_nothing_is_due_until_a_tick_an_end_or_an_expiration(floor: Floor) -> None:
    """A read may then look at the world without the writer."""
    assert not floor.is_due(NOON + timedelta(days=9))

    floor.place(an_order(BUY, net="1.00"))
    assert not floor.is_due(NOON + timedelta(seconds=1))
    assert floor.is_due(CLOSE)

    floor.market.tell(CALL, "6.00", "6.20", at=NOON + timedelta(seconds=1))
    assert floor.is_due(NOON + timedelta(seconds=1))
    assert not floor.is_due(NOON)


def test_effort_is_bounded_and_the_next_call_goes_on(floor: Floor) -> None:
    """One call must not hold the only writer for a month of ticks."""
    for minute in range(1, 60):
        floor.market.tell(CALL, "6.00", "6.20", at=NOON + timedelta(minutes=minute))
    floor.place(an_order(BUY, net="1.00"))
    until = NOON + timedelta(hours=1)

    assert not advance(floor.world, floor.market, until, effort=1_100)
    assert floor.world.advanced_to == NOON + timedelta(minutes=10)
    calls = 1
    while not advance(floor.world, floor.market, until, effort=1_100):
        calls += 1
    assert (calls, floor.world.advanced_to) == (5, until)


def test_orders_that_no_quote_comes_near_cost_nothing(floor: Floor) -> None:
    """Five hundred bids far below: an hour of quotes is one call, however many they are."""
    floor.quote(FAR_CALL, "2.00", "2.10")
    for _ in range(500):
        floor.place(an_order(f"buy_to_open 1 {FAR_CALL}", net="0.01"))
    floor.place(an_order(BUY, net="5.99"))
    for minute in range(1, 60):
        at = NOON + timedelta(minutes=minute)
        floor.market.tell(CALL, "6.00", "6.20", at=at)
        floor.market.tell(FAR_CALL, "2.00", "2.10", at=at)

    assert advance(floor.world, floor.market, NOON + timedelta(hours=1), effort=8_000)


def test_orders_whose_quotes_stand_still_are_not_looked_at(floor: Floor) -> None:
    """Spreads are never far from anything: they wait for a quote of their own legs."""
    floor.quote(FAR_CALL, "2.00", "2.10")
    for _ in range(100):
        floor.place(an_order(BUY, f"sell_to_open 1 {FAR_CALL}", net="0.01"))
    floor.place(an_order("buy 1 AAPL", net="199.90"))
    for minute in range(1, 60):
        floor.market.tell("AAPL", "199.90", "200.10", at=NOON + timedelta(minutes=minute))

    assert advance(floor.world, floor.market, NOON + timedelta(hours=1), effort=8_000)


PRICES = st.tuples(
    st.sampled_from([CALL, FAR_CALL, "AAPL"]),
    st.integers(1, 60 * 24 * 32),
    st.one_of(st.none(), st.integers(1, 400)),
    st.integers(0, 30),
    st.integers(0, 6),
)
WISHES = st.tuples(
    st.sampled_from(
        [
            (f"buy_to_open 3 {CALL}",),
            (f"sell_to_open 2 {CALL}",),
            (f"buy_to_open 2 {CALL}", f"sell_to_open 2 {FAR_CALL}"),
            (f"sell_to_open 4 {FAR_CALL}", f"buy_to_open 2 {CALL}"),
            ("buy 7 AAPL",),
            ("buy 100 AAPL", f"sell_to_open 1 {CALL}"),
        ]
    ),
    st.integers(-300, 300),
    st.sampled_from(
        [
            TimeInForce.DAY,
            TimeInForce.GTC,
            TimeInForce.EXT,
            TimeInForce.GTC_EXT,
            TimeInForce.GTC_EXT_OVERNIGHT,
        ]
    ),
    st.booleans(),
)


def a_scripted(script: list[tuple[str, int, int | None, int, int]]) -> ScriptedMarket:
    """Return a market of random quotes over a month, past the expiration."""
    market = ScriptedMarket()
    for symbol in (CALL, FAR_CALL, "AAPL"):
        market.tell(symbol, "2.00", "2.10", at=NOON, size=4)
    for symbol, minute, cents, width, size in script:
        bid = None if cents is None else str(Decimal(cents) / 100)
        ask = "0.05" if cents is None else str(Decimal(cents + width) / 100)
        market.tell(symbol, bid, ask, at=NOON + timedelta(minutes=minute), size=size)
    market.settle("AAPL", EXPIRY, "203.33")
    return market


def a_floor(script: list[tuple[str, int, int | None, int, int]]) -> Floor:
    return Floor(market=a_scripted(script), world=a_world())


def wish(floor: Floor, wishes: list[tuple[tuple[str, ...], int, TimeInForce, bool]]) -> None:
    for words, cents, tif, stops in wishes:
        stop = "2.50" if stops and len(words) == 1 else None
        try:
            floor.place(an_order(*words, net=str(Decimal(cents) / 100), stop=stop, tif=tif))
        except DeskError:
            continue


@settings(max_examples=150, deadline=None)
@given(
    script=st.lists(PRICES, max_size=40),
    wishes=st.lists(WISHES, max_size=6),
    stops=st.lists(st.integers(1, 60 * 24 * 32), max_size=8),
    effort=st.integers(1, 900),
)
def test_one_step_or_many_leave_the_same_world(
    script: list[tuple[str, int, int | None, int, int]],
    wishes: list[tuple[tuple[str, ...], int, TimeInForce, bool]],
    stops: list[int],
    effort: int,
) -> None:
    """Who looks in between, and how often, must not change what happens to anybody."""
    until = NOON + timedelta(days=32)
    one, many, tired = a_floor(script), a_floor(script), a_floor(script)
    for floor in (one, many, tired):
        wish(floor, wishes)

    one.to(until)
    for minute in sorted(stops):
        many.to(NOON + timedelta(minutes=minute))
    many.to(until)
    while not advance(tired.world, tired.market, until, effort=effort):
        pass

    assert everything(one.world) == everything(many.world) == everything(tired.world)


def test_progress_that_is_not_the_end_is_written_down(floor: Floor) -> None:
    """Whoever goes on need not begin again: another process, or this one after a restart."""
    for minute in range(1, 60):
        floor.market.tell(CALL, "6.00", "6.20", at=NOON + timedelta(minutes=minute))
    floor.place(an_order(BUY, net="1.00"))
    world = floor.world.fork()

    advance(world, floor.market, NOON + timedelta(hours=1), effort=1_100)

    header = change_of(world).header
    assert header is not None
    assert header["advanced_to"] == (NOON + timedelta(minutes=10)).isoformat()


def test_what_was_taken_from_quotes_is_counted_anew_each_morning(floor: Floor) -> None:
    """Also where nothing else is left: a world would carry every quote ever traded against."""
    floor.place(an_order(BUY, net="6.20"))
    floor.place(an_order(BUY.replace("buy_to_open", "sell_to_close"), net="-6.00"))
    before = [*floor.world.taken]

    floor.to(NOON + timedelta(days=3))

    assert (len(before), floor.world.taken) == (2, {})
