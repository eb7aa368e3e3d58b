"""Splits: the same value in other pieces, and every step a line of the book."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.accounts import TransactionKind
from strikedesk.domain.events import Split
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.quotes import Settlement
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, parse_option
from strikedesk.domain.terms import Terms
from strikedesk.exchange.accounts import Move, average_price
from strikedesk.exchange.splits import adjusted, adjusted_terms
from tests.unit.exchange_floor import CALL, PUT, Floor, an_order

AAPL = EquitySymbol("AAPL")
SPLIT_DAY = date(2026, 11, 24)
OPENING = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
AT_EXPIRY = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)
HALVED, ODD = "AAPL261218C00100000", "AAPL1261218C00200000"


def a_split(new: int, old: int) -> Split:
    return Split(underlying="AAPL", day=SPLIT_DAY, new=new, old=old)


def a_floor(new: int, old: int) -> Floor:
    """Return a floor on which AAPL splits on Tuesday."""
    floor = Floor()
    floor.market.scheduled = (a_split(new, old),)
    floor.quote("AAPL", "199.90", "200.10", size=1_000)
    for symbol in (CALL, PUT):
        floor.quote(symbol, "6.00", "6.20")
    return floor


def test_shares_and_their_average_price_change_and_the_cost_does_not() -> None:
    floor = a_floor(2, 1)
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    before = floor.account()

    floor.to(OPENING)

    after = floor.account()
    assert floor.held() == {"AAPL": 200}
    assert average_price(AAPL, after.stakes[AAPL]) == Decimal("100.05")
    assert after.stakes[AAPL].cost == before.stakes[AAPL].cost
    assert (after.cash, after.realized, after.imbalance) == (before.cash, 0, 0)


def test_a_whole_split_makes_more_contracts_of_a_divided_strike() -> None:
    floor = a_floor(2, 1)
    floor.place(an_order(f"buy_to_open 3 {CALL}", net="6.20"))
    cost = floor.account().stakes[parse_option(CALL)].cost

    floor.to(OPENING)

    assert floor.held() == {HALVED: 6}
    assert floor.account().stakes[parse_option(HALVED)].cost == cost


def test_two_strikes_that_halve_into_each_other_stay_apart() -> None:
    """The 200 becomes the 100 while the 100 becomes the 50: neither swallows the other."""
    floor = a_floor(2, 1)
    floor.quote(HALVED, "99.00", "101.00")
    floor.place(an_order(f"buy_to_open 1 {HALVED}", net="101.00"))
    floor.place(an_order(f"buy_to_open 2 {CALL}", net="6.20"))

    floor.to(OPENING)

    assert floor.held() == {"AAPL261218C00050000": 2, HALVED: 4}


def test_an_uneven_split_keeps_strike_and_count_and_changes_what_is_delivered() -> None:
    floor = a_floor(3, 2)
    floor.market.promised[parse_option(ODD)] = Terms(shares=150)
    floor.market.settle("AAPL", date(2026, 12, 18), "140.00")
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))

    floor.to(OPENING)
    assert floor.held() == {ODD: 1}
    cash = floor.account().cash
    floor.to(AT_EXPIRY)

    assert floor.held() == {"AAPL": 150}
    assert floor.account().cash == cash - 20_000 - 5
    assert floor.account().imbalance == 0
    assert floor.lines()[-1].description == ("Received 150 AAPL for AAPL1 2026-12-18 200 call")


def test_an_adjusted_contract_is_worth_what_its_shares_are() -> None:
    """150 shares at 133.00 are less than the 20,000 that they would cost."""
    floor = a_floor(3, 2)
    floor.market.promised[parse_option(ODD)] = Terms(shares=150)
    floor.market.settle("AAPL", date(2026, 12, 18), "133.00")
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))

    floor.to(AT_EXPIRY)

    assert floor.held() == {}
    assert floor.lines()[-1].kind is TransactionKind.EXPIRATION


def test_an_adjusted_contract_can_be_closed() -> None:
    floor = a_floor(3, 2)
    floor.market.promised[parse_option(ODD)] = Terms(shares=150)
    floor.place(an_order(f"sell_to_open 1 {PUT}", net="-6.00"))
    odd_put = ODD.replace("C", "P", 1)
    floor.market.promised[parse_option(odd_put)] = Terms(shares=150)
    floor.to(OPENING)
    floor.quote(odd_put, "5.00", "5.20")

    order = floor.place(an_order(f"buy_to_close 1 {odd_put}", net="5.20"))

    assert order.state is OrderState.FILLED
    assert (floor.held(), floor.account().realized) == ({}, 80)


def test_a_part_of_a_share_is_paid_in_cash_at_the_last_close() -> None:
    """15 shares at 200 become 22.5 at 133.33; the half brings 66.67 and its part of the cost."""
    floor = a_floor(3, 2)
    floor.place(an_order("buy 15 AAPL", net="200.10"))
    cash = floor.account().cash

    floor.to(OPENING)

    account = floor.account()
    assert floor.held() == {"AAPL": 22}
    assert account.cash == cash + Decimal("66.67")
    assert account.realized == Decimal("66.67") - Decimal("66.70")
    assert account.imbalance == 0
    assert [(line.quantity, line.cash_effect) for line in floor.lines()[-2:]] == [
        (7, 0),
        (None, Decimal("66.67")),
    ]


def test_a_short_owes_its_part_of_a_share() -> None:
    floor = a_floor(3, 2)
    floor.place(an_order("sell 15 AAPL", net="-199.90"))
    cash = floor.account().cash

    floor.to(OPENING)

    assert floor.held() == {"AAPL": -22}
    assert floor.account().cash == cash - Decimal("66.67")
    assert floor.account().imbalance == 0


def test_a_part_that_nothing_prices_is_paid_at_cost() -> None:
    floor = a_floor(1, 10)
    floor.place(an_order("buy 15 AAPL", net="200.10"))
    floor.market.tell("AAPL", None, None, at=floor.world.advanced_to + timedelta(minutes=1))

    floor.to(OPENING)

    assert floor.held() == {"AAPL": 1}
    assert floor.account().realized == 0
    assert floor.lines()[-1].cash_effect == Decimal("1000.50")


def test_less_than_a_share_becomes_cash_alone() -> None:
    floor = a_floor(1, 10)
    floor.place(an_order("buy 5 AAPL", net="200.10"))

    floor.to(OPENING)

    assert floor.held() == {}
    assert floor.account().realized == Decimal("-0.50")
    assert floor.account().imbalance == 0


def test_orders_on_the_underlying_are_cancelled_and_say_why() -> None:
    """A limit of before the split is a price of another share, however long it was to stand."""
    floor = a_floor(2, 1)
    floor.quote("MSFT", "400.00", "400.10")
    shares = floor.place(an_order("buy 10 AAPL", net="150.00", tif=TimeInForce.GTC))
    contract = floor.place(an_order(f"buy_to_open 1 {CALL}", net="1.00", tif=TimeInForce.GTC))
    other = floor.place(an_order("buy 10 MSFT", net="150.00", tif=TimeInForce.GTC))

    floor.to(OPENING)

    ended = [floor.order(order.broker_order_id) for order in (shares, contract)]
    assert {(o.state, o.reject_code, o.updated_at) for o in ended} == {
        (OrderState.CANCELLED, "split", OPENING)
    }
    assert floor.state(other.broker_order_id) is OrderState.WORKING


def test_what_came_on_the_morning_of_a_split_is_counted_in_its_shares() -> None:
    """Else the day's profit would take a hundred shares for held since yesterday."""
    floor = a_floor(2, 1)
    deep = "AAPL261218P00300000"
    floor.quote("MSFT", "400.00", "400.10")
    floor.quote(deep, "100.00", "100.10")
    floor.quote("AAPL261218C00300000", "0.01", "0.02")
    floor.to(OPENING - timedelta(hours=20))
    floor.place(an_order("buy 10 MSFT", net="400.10"))
    floor.place(an_order(f"sell_to_open 1 {deep}", net="-100.00"))

    floor.to(OPENING)

    today = floor.account().since_open(OPENING)
    assert floor.held() == {"MSFT": 10, "AAPL": 200}
    assert today is not None
    assert today.moves[AAPL] == Move(quantity=200, amount=Decimal(30_000))


def test_the_book_can_be_read() -> None:
    floor = a_floor(2, 1)
    floor.place(an_order("buy 100 AAPL", net="200.10"))
    floor.place(an_order(f"sell_to_open 1 {CALL}", net="-6.00"))

    floor.to(OPENING)

    told = [(line.symbol and line.symbol.compact, line.quantity) for line in floor.lines()[-3:]]
    assert told == [("AAPL", 100), (CALL, 1), (HALVED, -2)]
    assert [line.description for line in floor.lines()[-3:]] == [
        "Split 2 for 1: 100 AAPL became 200 AAPL",
        "Split 2 for 1: -1 AAPL 2026-12-18 200 call became -2 AAPL 2026-12-18 100 call",
        "Split 2 for 1: -2 AAPL 2026-12-18 100 call for -1 AAPL 2026-12-18 200 call",
    ]


def test_a_contract_that_waits_for_its_price_stays_what_it_was() -> None:
    """It settles at a price of before the split."""
    floor = a_floor(2, 1)
    past = "AAPL261120C00200000"
    floor.quote(past, "6.00", "6.20")
    floor.place(an_order(f"buy_to_open 1 {past}", net="6.20"))

    floor.to(OPENING)

    assert floor.held() == {past: 1}


@pytest.mark.parametrize(
    ("symbol", "new", "old", "becomes"),
    [
        (CALL, 4, 1, "AAPL261218C00050000"),
        (CALL, 3, 1, "AAPL261218C00066667"),
        (CALL, 3, 2, "AAPL1261218C00200000"),
        (CALL, 1, 10, "AAPL1261218C00200000"),
        (ODD, 3, 2, "AAPL2261218C00200000"),
        (ODD, 2, 1, "AAPL1261218C00100000"),
        ("AAPL261218C00000001", 4, 1, "AAPL261218C00000001"),
    ],
)
def test_what_a_contract_becomes(symbol: str, new: int, old: int, becomes: str) -> None:
    assert adjusted(parse_option(symbol), a_split(new, old)).compact == becomes


@pytest.mark.parametrize(
    ("shares", "new", "old", "delivers"),
    [(100, 2, 1, 100), (100, 3, 2, 150), (100, 4, 3, 133), (100, 1, 10, 10), (10, 1, 20, 1)],
)
def test_what_a_contract_delivers(shares: int, new: int, old: int, delivers: int) -> None:
    """Whole shares; a contract that delivers none would be no contract."""
    terms = Terms(shares=shares, settlement=Settlement.PM)

    assert adjusted_terms(terms, a_split(new, old)) == Terms(shares=delivers)
