"""Expiration: what is worth a cent is exercised, what is not is gone; every step has a line."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from strikedesk.domain.accounts import Transaction, TransactionKind
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CALL, CASH, FAR_CALL, MARGIN, PUT, Floor, an_order

EXPIRY = date(2026, 12, 18)
AT_EXPIRY = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)
INDEX_CALL = "SPXW261218C05000000"


def a_floor(settled: str | None) -> Floor:
    """Return a floor where AAPL will settle at this price."""
    floor = Floor(market=ScriptedMarket(indices=frozenset({"SPX"})))
    floor.quote("AAPL", "199.90", "200.10", size=None)
    floor.market.tell("SPX", None, None, last="5000")
    for symbol in (CALL, FAR_CALL, PUT, INDEX_CALL):
        floor.quote(symbol, "6.00", "6.20")
    if settled is not None:
        floor.market.settle("AAPL", EXPIRY, settled)
    return floor


def told(line: Transaction) -> tuple[TransactionKind, str, int | None, Decimal]:
    symbol = "" if line.symbol is None else line.symbol.compact
    return line.kind, symbol, line.quantity, line.cash_effect


def test_a_worthless_contract_is_removed_and_its_cost_is_lost() -> None:
    floor = a_floor("199.00")
    floor.place(an_order(f"buy_to_open 2 {CALL}", net="6.20"))
    cash = floor.account().cash

    floor.to(AT_EXPIRY)

    assert (floor.held(), floor.account().cash) == ({}, cash)
    assert floor.account().realized == Decimal("-1240.00")
    assert told(floor.lines()[-1]) == (TransactionKind.EXPIRATION, CALL, -2, Decimal(0))
    assert floor.lines()[-1].at == AT_EXPIRY


def test_nothing_is_settled_before_the_close_of_the_last_day() -> None:
    floor = a_floor("199.00")
    floor.place(an_order(f"buy_to_open 2 {CALL}", net="6.20"))

    floor.to(AT_EXPIRY.replace(hour=20, minute=59))

    assert floor.held() == {CALL: 2}


def test_less_than_a_cent_in_the_money_is_worthless() -> None:
    floor = a_floor("200.009")
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))

    floor.to(AT_EXPIRY)

    assert floor.lines()[-1].kind is TransactionKind.EXPIRATION


def test_a_long_call_takes_delivery_at_the_strike() -> None:
    floor = a_floor("200.01")
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))
    cash = floor.account().cash

    floor.to(AT_EXPIRY)

    assert floor.held() == {"AAPL": 100}
    assert floor.account().cash == cash - 20_000 - 5
    assert [told(line) for line in floor.lines()[-2:]] == [
        (TransactionKind.EXERCISE, CALL, -1, Decimal(0)),
        (TransactionKind.EXERCISE, "AAPL", 100, Decimal("-20005.00")),
    ]


def test_a_short_put_is_assigned_shares() -> None:
    floor = a_floor("180.00")
    floor.place(an_order(f"sell_to_open 1 {PUT}", net="-6.00"))

    floor.to(AT_EXPIRY)

    assert floor.held() == {"AAPL": 100}
    assert [told(line)[0] for line in floor.lines()[-2:]] == [TransactionKind.ASSIGNMENT] * 2
    assert floor.account().realized == Decimal("600.00")
    assert floor.account().stakes[floor.lines()[-1].symbol].cost == Decimal(20_000)  # type: ignore[index] -- shares


def test_a_covered_call_gives_up_its_shares() -> None:
    floor = a_floor("230.00")
    floor.place(an_order("buy 100 AAPL", f"sell_to_open 1 {CALL}", net="194.10"))

    floor.to(AT_EXPIRY)

    assert floor.held() == {}
    assert floor.account().imbalance == 0
    assert floor.account().realized == Decimal("590.00")


def test_both_legs_of_a_vertical_deliver_into_each_other() -> None:
    floor = a_floor("230.00")
    floor.place(an_order(f"buy_to_open 1 {CALL}", f"sell_to_open 1 {FAR_CALL}", net="0.20"))
    before = floor.account().cash

    floor.to(AT_EXPIRY)

    assert floor.held() == {}
    assert floor.account().cash == before + 1_000 - 10


def test_an_index_settles_in_cash() -> None:
    """No share of a number can be delivered."""
    floor = a_floor(None)
    floor.market.settle("SPX", EXPIRY, "5012.34")
    floor.place(an_order(f"buy_to_open 1 {INDEX_CALL}", net="6.20"))
    cash = floor.account().cash

    floor.to(AT_EXPIRY)

    assert floor.held() == {}
    assert floor.account().cash == cash + Decimal("1234.00") - 5
    assert told(floor.lines()[-1])[0] is TransactionKind.EXERCISE


def test_a_cash_account_without_the_cash_is_sold_out() -> None:
    """Six calls would take delivery of 120,000 dollars of shares."""
    floor = a_floor("204.00")
    floor.place(an_order(f"buy_to_open 6 {CALL}", net="6.20", account=CASH))
    cash = floor.account(CASH).cash

    floor.to(AT_EXPIRY)

    assert floor.held(CASH) == {}
    assert floor.account(CASH).cash == cash + 2_400
    assert "delivery was not possible" in floor.lines(CASH)[-1].description


def test_a_cash_account_with_the_cash_takes_delivery() -> None:
    floor = a_floor("204.00")
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20", account=CASH))

    floor.to(AT_EXPIRY)

    assert floor.held(CASH) == {"AAPL": 100}


def test_delivery_must_be_paid_for_with_its_fee() -> None:
    """Twenty thousand dollars and four are one too few."""
    floor = a_floor("204.00")
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20", account=CASH))
    account = floor.account(CASH)
    spent = account.cash - 20_004
    floor.world.put_account(replace(account, cash=account.cash - spent, fees=account.fees + spent))

    floor.to(AT_EXPIRY)

    assert floor.held(CASH) == {}
    assert floor.account(CASH).cash == 20_404


def test_a_put_of_a_cash_account_without_shares_is_sold_out() -> None:
    floor = a_floor("190.00")
    floor.place(an_order(f"buy_to_open 1 {PUT}", net="6.20", account=CASH))

    floor.to(AT_EXPIRY)

    assert floor.held(CASH) == {}
    assert floor.lines(CASH)[-1].cash_effect == Decimal("1000.00")


def test_what_is_assigned_comes_before_what_is_exercised() -> None:
    """Its shares let the put of a cash account be exercised in the same night."""
    floor = a_floor("190.00")
    far_put = "AAPL261218P00195000"
    floor.quote(far_put, "6.00", "6.20")
    floor.place(an_order(f"sell_to_open 1 {PUT}", net="-6.00", account=CASH))
    floor.place(an_order(f"buy_to_open 1 {far_put}", net="6.20", account=CASH))

    floor.to(AT_EXPIRY)

    assert floor.held(CASH) == {}
    assert floor.account(CASH).realized == Decimal(600) - Decimal(620) - Decimal(500)


def test_a_contract_whose_settlement_is_unknown_waits() -> None:
    """A tape with a hole must not turn a position into nothing."""
    floor = a_floor(None)
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))
    floor.to(AT_EXPIRY)
    assert floor.held(MARGIN) == {CALL: 1}

    floor.market.settle("AAPL", EXPIRY, "210.00")
    later = AT_EXPIRY.replace(hour=22)
    floor.to(later)

    assert floor.held() == {"AAPL": 100}
    assert floor.lines()[-1].at == later
