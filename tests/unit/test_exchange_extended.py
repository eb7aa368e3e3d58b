"""Extended hours at the exchange: who may trade in them, who must not, and how long they stand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.calendar import session_on
from strikedesk.domain.errors import Rejected
from strikedesk.domain.events import Dividend, MarketEvent, Split
from strikedesk.domain.orders import OrderRequest, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, parse_symbol
from strikedesk.exchange import orders
from strikedesk.exchange.advance import advance
from strikedesk.exchange.simulated.market import SimulatedMarket
from strikedesk.exchange.world import World
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CALL, MARGIN, Floor, a_world, an_order, everything

CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)  # A Friday.
EVENING = CLOSE + timedelta(hours=1)
ENDS = CLOSE + timedelta(hours=4)  # 20:00 in New York.
MONDAY = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)  # The opening.
EARLY = MONDAY - timedelta(hours=1)
SPY = EquitySymbol("SPY")
DAY, EXT, GTC_EXT = TimeInForce.DAY, TimeInForce.EXT, TimeInForce.GTC_EXT
OVERNIGHT = TimeInForce.EXT_OVERNIGHT


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    return floor


def cheap(tif: TimeInForce, quantity: int = 10, net: str = "198.00") -> OrderRequest:
    return an_order(f"buy {quantity} AAPL", net=net, tif=tif)


def falls(floor: Floor, at: datetime) -> None:
    """Let the shares be offered at 197.10 from `at` on, and let that come."""
    floor.market.tell("AAPL", "196.90", "197.10", at=at)
    floor.to(at)


def test_in_the_evening_an_ext_order_fills_and_a_day_order_does_not(floor: Floor) -> None:
    """Who asked for regular hours alone is never filled in a market that they did not ask for."""
    by_day = [floor.place(cheap(tif)).broker_order_id for tif in (DAY, TimeInForce.GTC)]
    late = floor.place(cheap(EXT)).broker_order_id

    falls(floor, EVENING)

    told = floor.order(late)
    assert (told.state, told.average_net, told.updated_at) == (
        OrderState.FILLED,
        Decimal("198.00"),
        EVENING,
    )
    assert [floor.state(each) for each in by_day] == [OrderState.EXPIRED, OrderState.WORKING]
    assert floor.held() == {"AAPL": 10}


def test_placed_in_the_evening_one_meets_the_market_at_once_and_the_other_waits(
    floor: Floor,
) -> None:
    falls(floor, EVENING)

    late, by_day = floor.place(cheap(EXT)), floor.place(cheap(DAY))

    assert (late.state, late.average_net) == (OrderState.FILLED, Decimal("197.10"))
    assert (by_day.state, by_day.filled_units) == (OrderState.SUBMITTED, 0)


@pytest.mark.parametrize(
    ("tif", "ends"),
    [(EXT, ENDS), (OVERNIGHT, ENDS), (GTC_EXT, None), (TimeInForce.GTC_EXT_OVERNIGHT, None)],
)
def test_an_order_ends_with_its_evening_or_stands_on(
    floor: Floor, tif: TimeInForce, ends: datetime | None
) -> None:
    order = floor.place(cheap(tif)).broker_order_id

    floor.to(ENDS + timedelta(days=5))

    told = floor.order(order)
    assert told.state is (OrderState.WORKING if ends is None else OrderState.EXPIRED)
    assert ends is None or told.updated_at == ends


def test_what_stands_on_fills_in_any_later_evening_or_morning(floor: Floor) -> None:
    order = floor.place(cheap(GTC_EXT)).broker_order_id

    falls(floor, EARLY)

    assert (floor.state(order), floor.order(order).updated_at) == (OrderState.FILLED, EARLY)


def test_before_seven_in_the_morning_only_overnight_orders_trade(floor: Floor) -> None:
    at = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # 05:00 in New York.
    waits = floor.place(cheap(GTC_EXT)).broker_order_id
    trades = floor.place(cheap(TimeInForce.GTC_EXT_OVERNIGHT)).broker_order_id

    falls(floor, at)

    assert [floor.state(each) for each in (waits, trades)] == [
        OrderState.WORKING,
        OrderState.FILLED,
    ]


def test_at_night_nobody_is_there_to_trade_with(floor: Floor) -> None:
    order = floor.place(cheap(TimeInForce.GTC_EXT_OVERNIGHT)).broker_order_id

    falls(floor, datetime(2026, 11, 23, 3, 0, tzinfo=UTC))

    assert floor.state(order) is OrderState.WORKING


def test_volume_of_the_day_fills_nobody_in_the_evening(floor: Floor) -> None:
    """What was traded by day is told on in the evening: no order was part of it."""
    order = floor.place(cheap(EXT, net="199.90")).broker_order_id
    for minute in (1, 2):
        at = EVENING + timedelta(minutes=minute)
        floor.market.tell("AAPL", "199.80", "200.20", at=at, last="199.00", volume=9_000_000)

    floor.to(EVENING + timedelta(minutes=5))

    assert floor.state(order) is OrderState.WORKING


def test_the_line_of_a_day_order_does_not_move_at_night(floor: Floor) -> None:
    """An order for the evening beside it changes nothing for an order of the day."""
    beside = Floor(market=floor.market)
    for each in (floor, beside):
        each.place(cheap(TimeInForce.GTC, net="199.90"))
    late = beside.place(cheap(GTC_EXT, net="150.00")).broker_order_id
    for minute in range(1, 9):
        at = EVENING + timedelta(minutes=minute)
        floor.market.tell("AAPL", "199.90", "200.10", at=at, size=9 - minute)
    floor.market.tell("AAPL", "199.80", "199.95", at=MONDAY + timedelta(minutes=1))

    for each in (floor, beside):
        each.to(MONDAY + timedelta(minutes=2))
    beside.cancel(late)

    first, second = (each.world.line for each in (floor, beside))
    assert first == second


def test_nor_does_that_of_an_order_which_may_trade_then(floor: Floor) -> None:
    """What stands ahead in a thin market is not what stands ahead by day."""
    order = floor.place(cheap(GTC_EXT, net="199.90")).broker_order_id
    before = dict(floor.world.line)

    floor.market.tell("AAPL", "199.90", "200.40", at=EVENING, size=1)
    floor.to(EVENING)

    assert floor.world.line == before == {order: 100}


def test_a_recorded_market_takes_no_order_for_extended_hours() -> None:
    floor = Floor(market=ScriptedMarket(recorded=True))
    floor.quote("AAPL", "199.90", "200.10")

    with pytest.raises(Rejected) as rejected:
        floor.place(cheap(EXT))

    assert rejected.value.reason is Reason.INVALID_TIME_IN_FORCE
    rule = "this_market_was_recorded_in_regular_hours_only"
    assert rejected.value.facts["rule"] == rule


def test_time_in_force_can_be_changed_by_a_replacement(floor: Floor) -> None:
    order = floor.place(cheap(DAY)).broker_order_id
    new = floor.replace(order, cheap(GTC_EXT)).broker_order_id

    falls(floor, EVENING)

    assert floor.state(new) is OrderState.FILLED


def test_nothing_is_due_in_the_evening_for_orders_of_the_day(floor: Floor) -> None:
    floor.place(cheap(TimeInForce.GTC))
    floor.to(CLOSE + timedelta(minutes=1))
    floor.market.tell("AAPL", "196.90", "197.10", at=EVENING)
    assert not floor.is_due(EVENING)

    floor.place(cheap(GTC_EXT))

    assert floor.is_due(EVENING)


# On the simulated market


def simulated(at: datetime) -> tuple[SimulatedMarket, World]:
    return SimulatedMarket(seed=1), a_world(at)


def bought(market: SimulatedMarket, world: World, tif: TimeInForce, *, over: str = "0") -> str:
    at = world.advanced_to
    ask = market.quotes([SPY], at)[SPY].ask
    assert ask is not None
    order = an_order("buy 5 SPY", net=str(ask + Decimal(over)), tif=tif, account=MARGIN)
    return orders.place(world, market, at, order, client_order_id="c").broker_order_id


def test_shares_of_the_simulated_market_trade_in_its_evening() -> None:
    market, world = simulated(EVENING)

    late, by_day = bought(market, world, EXT), bought(market, world, DAY)

    assert orders.shown(world, late).state is OrderState.FILLED
    assert orders.shown(world, by_day).state is OrderState.SUBMITTED


@pytest.mark.parametrize("step", [timedelta(minutes=7), timedelta(hours=3), timedelta(days=4)])
def test_whoever_looks_in_between_finds_the_same_fills(step: timedelta) -> None:
    """A resting order meets every step of the evening, however seldom somebody asks."""
    told: list[object] = []
    for each in (timedelta(days=4), step):
        market, world = simulated(CLOSE - timedelta(minutes=1))
        for cents in ("-0.30", "-1.00", "-2.50", "-5.00"):
            bought(market, world, GTC_EXT, over=cents)
        until = CLOSE + timedelta(days=4)
        while world.advanced_to < until:
            advance(world, market, min(world.advanced_to + each, until))
        told.append(everything(world))

    assert told[0] == told[1]


@pytest.mark.parametrize("kind", [Split, Dividend])
def test_a_share_that_becomes_another_thing_at_the_opening_does_not_trade_before_it(
    kind: type[Split | Dividend],
) -> None:
    """The books learn of it at the opening: shares bought before would be split once more."""
    market = SimulatedMarket(seed=1)
    event = first_of(market, kind)
    session, shares = session_on(event.day), EquitySymbol(event.underlying)
    assert session is not None

    hours = [session.opens_at + timedelta(hours=after) for after in (-1, 7, 23)]

    assert [market.extended([shares], at) for at in hours] == [set(), {shares}, {shares}]


def first_of(market: SimulatedMarket, kind: type[Split | Dividend]) -> MarketEvent:
    """Return the first such event on a day that another session follows."""
    days = date(2024, 1, 3), date(2027, 12, 31)
    tickers = [EquitySymbol(info.symbol.underlying) for info in market.listed(EVENING)]
    events = (event for ticker in tickers for event in market.events(ticker, *days))
    return next(e for e in events if isinstance(e, kind) and session_on(e.day + timedelta(days=1)))


@pytest.mark.parametrize("symbol", ["SPX", CALL])
def test_neither_indices_nor_options_trade_in_extended_hours(symbol: str) -> None:
    market = SimulatedMarket(seed=1)

    assert market.extended([parse_symbol(symbol), SPY], EVENING) == {SPY}
