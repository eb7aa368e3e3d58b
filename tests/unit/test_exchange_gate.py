"""The gate: what a venue refuses for the market's sake, and what a halt stops."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Rejected
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_option
from strikedesk.domain.terms import ON_SHARES
from strikedesk.exchange import orders
from strikedesk.exchange.simulated import SimulatedMarket
from tests.unit.exchange_floor import CALL, FAR_CALL, Floor, an_order, everything

BUY = f"buy_to_open 1 {CALL}"
STOPPED = frozenset({"AAPL"})


@pytest.fixture
def floor() -> Floor:
    """Return a floor where the call is 6.00 at 6.20 and the shares 199.90 at 200.10."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20", size=None)
    floor.quote(FAR_CALL, "2.00", "2.10", size=None)
    return floor


def refused(floor: Floor, *words: str, **told: object) -> dict[str, object]:
    """Return the facts of the refusal of an order; nothing of it may remain."""
    before = everything(floor.world)
    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(*words, **told))  # type: ignore[arg-type] -- prices by name
    assert everything(floor.world) == before
    return dict(rejected.value.facts)


# Halts


@pytest.mark.parametrize("tif", [TimeInForce.DAY, TimeInForce.IOC])
def test_a_market_order_is_refused_in_a_halt(floor: Floor, tif: TimeInForce) -> None:
    """Nobody knows at what price trading resumes."""
    floor.market.stopped = STOPPED

    assert refused(floor, BUY, tif=tif)["code"] == "underlying_halted"


def test_an_immediate_order_is_refused_in_a_halt(floor: Floor) -> None:
    floor.market.stopped = STOPPED

    assert refused(floor, BUY, net="6.20", tif=TimeInForce.IOC)["code"] == "underlying_halted"


def test_a_limit_order_is_taken_in_a_halt_and_meets_the_market_after_it(floor: Floor) -> None:
    floor.market.stopped = STOPPED
    order = floor.place(an_order(BUY, net="6.50")).broker_order_id
    floor.later(CALL, "6.00", "6.10")
    assert floor.state(order) is OrderState.SUBMITTED

    floor.market.stopped = frozenset()
    floor.later(CALL, "6.00", "6.15")

    assert floor.order(order).average_net == Decimal("6.15")


def test_trading_that_resumes_is_news_enough(floor: Floor) -> None:
    """The bid was passed in the halt; nobody quotes the call anew, only another contract."""
    floor.place(an_order(f"buy_to_open 1 {FAR_CALL}", net="0.10"))
    bid = floor.place(an_order(BUY, net="5.00")).broker_order_id
    floor.market.stopped = STOPPED
    floor.later(CALL, "4.00", "4.20")

    floor.market.resumes_at = floor.world.advanced_to + timedelta(seconds=30)
    floor.later(FAR_CALL, "2.00", "2.10")

    assert floor.order(bid).average_net == Decimal("5.00")


def test_nothing_that_rests_fills_or_triggers_in_a_halt(floor: Floor) -> None:
    bid = floor.place(an_order(BUY, net="5.00")).broker_order_id
    stop = floor.place(an_order(BUY, stop="7.00")).broker_order_id
    floor.market.stopped = STOPPED

    floor.later(CALL, "4.00", "4.20")
    floor.later(CALL, "8.00", "8.20")

    assert [floor.state(each) for each in (bid, stop)] == [OrderState.WORKING] * 2


def test_a_halt_of_one_underlying_stops_no_other(floor: Floor) -> None:
    floor.market.stopped = frozenset({"MSFT"})

    assert floor.place(an_order(BUY)).state is OrderState.FILLED


# Prices and sizes


@pytest.mark.parametrize(
    ("words", "net", "worst"),
    [
        ((BUY,), "12.41", "12.40"),
        ((f"buy_to_open 1 {FAR_CALL}",), "7.11", "7.10"),
        ((f"sell_to_open 1 {CALL}",), "0", None),
        (("buy 1 AAPL",), "220.12", "220.110"),
        (("sell 1 AAPL",), "-179.90", "179.910"),
        ((BUY, f"sell_to_open 1 {FAR_CALL}"), "9.21", "9.20"),
    ],
    ids=["dear", "cheap", "sold for nothing", "shares", "shares sold", "spread"],
)
def test_a_limit_far_beyond_the_market_is_a_slip(
    floor: Floor, words: tuple[str, ...], net: str, worst: str | None
) -> None:
    """Twice the market, or five dollars, for options; a tenth, or a dollar, for shares."""
    if worst is None:
        assert floor.place(an_order(*words, net=net)).state is OrderState.FILLED
        return
    facts = refused(floor, *words, net=net)

    assert (facts["code"], facts["worst"]) == ("price_outside_collar", Decimal(worst))


def test_a_limit_at_the_collar_is_taken(floor: Floor) -> None:
    assert floor.place(an_order(BUY, net="12.40")).average_net == Decimal("6.20")


def test_a_limit_far_below_the_market_is_no_slip(floor: Floor) -> None:
    assert floor.place(an_order(BUY, net="0.01")).state is OrderState.WORKING


@pytest.mark.parametrize(
    ("words", "most"),
    [(f"buy_to_open 10001 {FAR_CALL}", 10_000), ("buy 500001 AAPL", 500_000)],
)
def test_more_than_the_venue_takes_at_once_is_refused(floor: Floor, words: str, most: int) -> None:
    floor.quote("AAPL", "0.05", "0.06", size=None)
    floor.quote(FAR_CALL, "0.01", "0.02", size=None)

    facts = refused(floor, words, net="0.02")

    assert (facts["code"], facts["most"]) == ("quantity_above_venue_limit", most)


def test_a_contract_is_priced_on_its_own_tick(floor: Floor) -> None:
    """A nickel from three dollars on: the class says so, and not the house."""
    nickel = replace(ON_SHARES, coarse_tick=Decimal("0.05"))
    floor.market.promised[parse_option(CALL)] = nickel

    facts = refused(floor, BUY, net="6.21")

    assert (facts["code"], facts["tick"]) == ("invalid_tick", Decimal("0.05"))
    assert floor.place(an_order(BUY, net="2.99")).state is OrderState.WORKING
    assert floor.place(an_order(BUY, net="6.20")).state is OrderState.FILLED
    assert refused(floor, f"sell_to_close 1 {CALL}", stop="4.99")["code"] == "invalid_tick"


def test_a_spread_is_priced_to_the_cent_whatever_the_ticks_of_its_legs(floor: Floor) -> None:
    nickel = replace(ON_SHARES, tick=Decimal("0.05"), coarse_tick=Decimal("0.05"))
    floor.market.promised[parse_option(CALL)] = nickel

    spread = floor.place(an_order(BUY, f"sell_to_open 1 {FAR_CALL}", net="4.21"))

    assert spread.state is OrderState.FILLED


def test_the_simulated_market_tells_the_ticks_that_it_quotes_in() -> None:
    terms = SimulatedMarket(seed=1).terms(parse_option("SPXW261218P05000000"))

    assert terms is not None
    assert [terms.tick_at(Decimal(price)) for price in ("2.95", "3", "-3")] == [
        Decimal("0.05"),
        Decimal("0.10"),
        Decimal("0.10"),
    ]


# Where the gate does not stand


def test_what_waits_is_not_held_to_where_the_market_stands_now(floor: Floor) -> None:
    """Below the entry the stop is right; above the market of today it would be wrong."""
    entry = an_order(BUY, stop="8.00")
    protection = an_order(f"sell_to_close 1 {CALL}", stop="7.00")

    _, child = floor.group(GroupKind.OTO, entry, protection)

    assert floor.state(child) is OrderState.SUBMITTED
    assert floor.replace(child, replace(protection, stop_trigger=Decimal(9))).state.is_open


def test_what_waits_is_held_to_the_venues_sizes(floor: Floor) -> None:
    floor.quote(FAR_CALL, "0.01", "0.02", size=None)
    entry = an_order(BUY, net="5.00")
    huge = an_order(f"buy_to_open 10001 {FAR_CALL}", net="0.01")

    with pytest.raises(Rejected) as rejected:
        floor.group(GroupKind.OTO, entry, huge)

    assert rejected.value.facts["code"] == "quantity_above_venue_limit"


def test_an_examination_names_the_refusal_and_keeps_the_figures(floor: Floor) -> None:
    """A preview shows what the order would cost beside why it is refused."""
    at = floor.world.advanced_to

    found = orders.examine(floor.world, floor.market, at, an_order(BUY, net="99.00"))

    assert found.refusal is not None
    assert found.refusal.facts["code"] == "price_outside_collar"
    assert found.fees == Decimal("1.12")
