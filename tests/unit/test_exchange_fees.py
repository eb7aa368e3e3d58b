"""Fees: the schedule that is part of the program, line by line, and the laws of a bill."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Misconfigured
from strikedesk.exchange.fees import (
    DEFAULT_SCHEDULE,
    Per,
    Product,
    Side,
    Trade,
    load_schedule,
    read_schedule,
)

SCHEDULE = load_schedule(DEFAULT_SCHEDULE)
TODAY = date(2026, 11, 20)


def a_trade(
    quantity: int = 1,
    *,
    product: Product = Product.EQUITY_OPTION,
    underlying: str = "AAPL",
    opens: bool = True,
    sells: bool = False,
    notional: str = "620.00",
    day: date = TODAY,
) -> Trade:
    """Return a contract bought to open unless told otherwise."""
    return Trade(
        product=product,
        underlying=underlying,
        day=day,
        opens=opens,
        sells=sells,
        quantity=quantity,
        notional=Decimal(notional),
    )


def test_one_contract_bought_to_open_costs_what_a_broker_charged_for_it() -> None:
    """1.00 commission, 0.10 clearing, 0.02 regulatory."""
    assert SCHEDULE.items(a_trade()) == {
        "commission": Decimal("1.00"),
        "clearing": Decimal("0.10"),
        "orf": Decimal("0.02"),
    }
    assert SCHEDULE.total(a_trade()) == Decimal("1.12")


def test_the_commission_of_a_leg_is_capped_and_closing_is_free() -> None:
    assert SCHEDULE.total(a_trade(12)) == Decimal("11.44")
    assert SCHEDULE.total(a_trade(12, opens=False)) == Decimal("1.44")


def test_an_index_option_pays_its_exchange_and_has_no_cap() -> None:
    trade = a_trade(12, product=Product.INDEX_OPTION, underlying="SPX")

    assert SCHEDULE.items(trade)["commission"] == Decimal("12.00")
    assert SCHEDULE.items(trade)["proprietary"] == Decimal("7.80")
    assert "proprietary" not in SCHEDULE.items(replace(trade, underlying="NDX"))


@pytest.mark.parametrize(
    ("underlying", "fee"),
    [("VIX", "0.65"), ("OEX", "0.40"), ("MXEF", "0.25"), ("SIXRE", "0.25"), ("RUT", "0.18")],
)
def test_every_index_pays_the_exchange_that_owns_it(underlying: str, fee: str) -> None:
    trade = a_trade(product=Product.INDEX_OPTION, underlying=underlying)

    assert SCHEDULE.items(trade)["proprietary"] == Decimal(fee)


def test_a_small_order_of_the_small_index_pays_its_exchange_nothing() -> None:
    """From ten contracts a leg on all of them are counted, in however many pieces they came."""
    trade = a_trade(9, product=Product.INDEX_OPTION, underlying="XSP")

    assert "proprietary" not in SCHEDULE.items(trade)
    assert SCHEDULE.items(replace(trade, quantity=10))["proprietary"] == Decimal("0.70")


def test_sales_pay_the_regulators() -> None:
    """Twenty dollars and sixty cents for a million, and a fee for each contract."""
    sale = a_trade(10, opens=False, sells=True, notional="1000000")

    assert SCHEDULE.items(sale)["sec"] == Decimal("20.6000000")
    assert SCHEDULE.items(sale)["taf"] == Decimal("0.03290")
    assert "taf" not in SCHEDULE.items(replace(sale, sells=False))


def test_shares_pay_no_commission() -> None:
    trade = a_trade(100, product=Product.EQUITY, notional="20000")

    assert SCHEDULE.items(trade) == {"clearing": Decimal("0.0800")}


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        ("2013-06-06", "22.10"),
        ("2014-06-06", "22.10"),
        ("2015-02-13", "22.10"),
        ("2015-02-14", "18.40"),
        ("2021-06-01", "5.10"),
        ("2024-05-21", "8.00"),
        ("2024-05-22", "27.80"),
        ("2025-05-13", "27.80"),
        ("2025-05-14", "0"),
        ("2026-04-03", "0"),
        ("2026-04-04", "20.60"),
    ],
)
def test_a_line_holds_from_its_day_on_and_the_first_before_it(day: str, rate: str) -> None:
    """A tape of 2014 is charged what 2014 paid; of 2013 the oldest rate known, not nothing."""
    sale = a_trade(sells=True, notional="1000000", day=date.fromisoformat(day))

    assert SCHEDULE.items(sale)["sec"] == Decimal(rate)


def test_delivery_is_charged_by_the_event() -> None:
    assert SCHEDULE.delivery(Product.EQUITY_OPTION, "AAPL", TODAY) == Decimal("5.00")
    assert SCHEDULE.delivery(Product.EQUITY, "AAPL", TODAY) == 0


def test_every_line_says_where_it_comes_from() -> None:
    """A fee that nobody can look up is a fee that nobody can correct."""
    assert all(len(line.source) > 20 for line in SCHEDULE.lines)
    assert all((line.per is Per.EVENT) == (line.side is Side.DELIVERY) for line in SCHEDULE.lines)


def test_a_schedule_that_nobody_wrote_stops_the_start() -> None:
    with pytest.raises(Misconfigured):
        load_schedule("free-of-charge")


def test_a_line_can_fall_on_closing_trades_alone() -> None:
    schedule = read_schedule(
        'id = "x"\n[[line]]\nname = "exit"\nproducts = ["equity"]\nside = "close"\n'
        'per = "share"\nrate = "0.01"\nsince = 2026-01-01\nsource = "a test"\n'
    )
    trade = a_trade(3, product=Product.EQUITY, opens=False)

    assert schedule.total(trade) == Decimal("0.03")
    assert schedule.total(replace(trade, opens=True)) == 0


@given(quantity=st.integers(1, 500), more=st.integers(0, 500), sells=st.booleans())
def test_more_never_costs_less(quantity: int, more: int, sells: bool) -> None:
    """Otherwise a later piece of a fill would be paid for having been filled."""
    small = a_trade(quantity, sells=sells, notional=str(quantity))
    large = a_trade(quantity + more, sells=sells, notional=str(quantity + more))

    assert SCHEDULE.total(small) <= SCHEDULE.total(large)
