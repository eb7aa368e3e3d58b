"""Margin: what options and shares require, against the worked examples of the rule."""

from datetime import date
from decimal import Decimal

import pytest

from strikedesk.domain.symbols import OptionSymbol, parse_option
from strikedesk.exchange.groups import maintenance, requirement
from strikedesk.exchange.margin_book import Rules
from strikedesk.exchange.rates import (
    EQUITY_RATES,
    INDEX_RATES,
    UNKNOWN,
    Prices,
    lends,
    rates_of,
    stock_maintenance,
)

EQUITY = Rules(rates=EQUITY_RATES, european=False)
INDEX = Rules(rates=INDEX_RATES, european=True)
NEAR, FAR = "261218", "270115"


def option(words: str) -> OptionSymbol:
    """Read `C200` (near), or `C200@far`."""
    kind, _, day = words.partition("@")
    strike = round(Decimal(kind[1:]) * 1000)
    return parse_option(f"AAPL{FAR if day else NEAR}{kind[0]}{strike:08d}")


def required(
    positions: dict[str, int],
    *,
    shares: int = 0,
    spot: str | None = "100",
    marks: dict[str, str] | None = None,
    rules: Rules = EQUITY,
) -> Decimal:
    """Return the requirement of these positions; every mark is 2.00 unless told."""
    held = {option(words): count for words, count in positions.items()}
    told = {option(words): Decimal(mark) for words, mark in (marks or {}).items()}
    prices = Prices(
        spot=None if spot is None else Decimal(spot),
        marks={contract: told.get(contract, Decimal(2)) for contract in held},
    )
    return requirement(held, shares, prices, rules)


def kept(positions: dict[str, int], *, shares: int, spot: str | None = "100") -> Decimal:
    """Return what these options and shares have to keep; every mark is 2.00."""
    held = {option(words): count for words, count in positions.items()}
    prices = Prices(
        spot=None if spot is None else Decimal(spot), marks=dict.fromkeys(held, Decimal(2))
    )
    return maintenance(held, shares, prices, EQUITY)


def test_a_naked_put_by_the_published_example() -> None:
    """Underlying 47.50, strike 45, premium 0.50: 750."""
    assert required({"P45": -1}, spot="47.50", marks={"P45": "0.50"}) == 750


def test_a_naked_call_far_out_falls_to_a_tenth_of_the_underlying() -> None:
    assert required({"C150": -1}, marks={"C150": "0.10"}) == 1_010


def test_a_naked_put_far_out_falls_to_a_tenth_of_its_strike() -> None:
    assert required({"P50": -1}, marks={"P50": "0.10"}) == 510


def test_a_naked_short_never_requires_less_than_the_floor() -> None:
    assert required({"P5": -1}, spot="10", marks={"P5": "0.01"}) == 250


def test_an_index_requires_more() -> None:
    assert required({"P100": -1}, rules=INDEX) == 2_700
    assert required({"P100": -1}) == 2_200


def test_longs_alone_require_nothing_even_without_prices() -> None:
    assert required({"C100": 5, "P90": 1}, spot=None) == 0


@pytest.mark.parametrize(
    ("positions", "needed"),
    [
        ({"C100": -1, "C105": 1}, 500),
        ({"C105": -1, "C100": 1}, 0),
        ({"P100": -2, "P95": 2}, 1_000),
        ({"P95": -1, "P100": 1}, 0),
    ],
    ids=["short call", "long call", "short put", "long put"],
)
def test_a_vertical_requires_its_width(positions: dict[str, int], needed: int) -> None:
    assert required(positions) == needed


def test_of_a_condors_sides_the_dearer_counts() -> None:
    """Only one of them can lose."""
    assert required({"P95": -1, "P90": 1, "C105": -1, "C115": 1}) == 1_000


def test_sides_of_different_days_can_both_lose() -> None:
    assert required({"P95": -1, "P90": 1, "C105@far": -1, "C115@far": 1}) == 1_500


def test_of_a_strangle_the_dearer_side_counts_with_the_premium_of_the_other() -> None:
    marks = {"P95": "1.00", "C102": "3.00"}
    put, call = required({"P95": -1}, marks=marks), required({"C102": -1}, marks=marks)

    assert (put, call) == (1_600, 2_100)
    assert required({"P95": -1, "C102": -1}, marks=marks) == call + 100


def test_a_calendar_is_covered_by_its_longer_side() -> None:
    assert required({"C100": -1, "C100@far": 1}) == 0


def test_the_shorter_side_covers_nothing() -> None:
    assert required({"C100": 1, "C100@far": -1}) == required({"C100@far": -1}) == 2_200


def test_an_index_lends_no_cover_across_days() -> None:
    """Cash-settled: the long may be worth less than the short pays."""
    calendar = {"C100": -1, "C100@far": 1}

    assert required(calendar, rules=INDEX) == required({"C100": -1}, rules=INDEX) == 2_700


def test_a_butterfly_cannot_lose_more_than_it_cost() -> None:
    """Paired with one wing each, the middle would require 500."""
    assert required({"C95": 1, "C100": -2, "C105": 1}) == 0


def test_a_ratio_spread_requires_its_naked_part() -> None:
    assert required({"C100": 1, "C105": -2}) == required({"C105": -1})


def test_shares_cover_calls_for_what_they_are_in_the_money() -> None:
    assert required({"C110": -1}, shares=100) == 0
    assert required({"C90": -1}, shares=100) == 1_000
    assert required({"C110": -2}, shares=199) == required({"C110": -1})


def test_short_shares_cover_puts() -> None:
    assert required({"P90": -1}, shares=-100) == 0
    assert required({"P110": -1}, shares=-100) == 1_000


def test_a_spread_keeps_its_long_when_shares_would_be_the_worse_cover() -> None:
    """Deep in the money, the long call covers for less than the shares give up."""
    assert required({"C60": -1, "C61": 1}, shares=100) == 100


def test_a_spread_wider_than_a_naked_short_is_margined_as_naked() -> None:
    assert required({"P100": -1, "P10": 1}) == required({"P100": -1}) == 2_200


@pytest.mark.parametrize("spot", [None, Decimal(100)])
def test_without_a_price_only_a_bound_is_known(spot: Decimal | None) -> None:
    """A put can cost its strike at most; what a call can cost has no bound, so nobody knows."""
    prices = Prices(spot=spot, marks={})

    assert requirement({option("C105"): -1}, 0, prices, EQUITY) == UNKNOWN
    assert requirement({option("P95"): -1}, 0, prices, EQUITY) == 9_500
    assert requirement({option("C105"): -1, option("C110"): 1}, 0, prices, EQUITY) == 500


def test_shares_whose_price_is_unknown_cover_nothing_that_is_known() -> None:
    """What the covered call is in the money cannot be told; and naked it has no bound."""
    assert required({"C110": -1}, shares=100, spot=None) == UNKNOWN


@pytest.mark.parametrize(
    ("positions", "needed"),
    [
        ({"P95": -1, "P90": 1, "C105": -1, "C110": 1}, 500),
        ({"P95": -2, "P90": 2, "C105": -1, "C110": 1}, 1_000),
        ({"P90": 1, "P100": -1, "C100": -1, "C110": 1}, 1_000),
        ({"C90": 1, "C100": -2, "C110": 1}, 0),
        ({"C95": 1, "C100": -2, "C110": 1}, 500),
        ({"C90": 1, "C95": -1, "C105": -1, "C110": 1}, 0),
        ({"C95": 1, "P95": -1, "C105": -1, "P105": 1}, 0),
        ({"C95": -1, "P95": 1, "C105": 1, "P105": -1}, 1_000),
        ({"C105": -1, "C100@far": 1}, 0),
        ({"C100": -1, "C105@far": 1}, 500),
        ({"P100": -1, "P95@far": 1, "C105": -1, "C108@far": 1}, 500),
    ],
    ids=[
        "iron condor",
        "unbalanced iron condor",
        "iron butterfly",
        "butterfly",
        "unbalanced butterfly",
        "condor",
        "long box",
        "short box",
        "diagonal",
        "diagonal with a width",
        "double diagonal",
    ],
)
def test_a_strategy_requires_what_the_margin_manual_says(
    positions: dict[str, int], needed: int
) -> None:
    """By the names of Cboe's manual; debits are paid and credits kept, neither is in here."""
    assert required(positions) == needed


def test_an_extra_long_is_no_part_of_a_spread() -> None:
    """As many longs as shorts of each right: the call cannot pay for what the puts lose between."""
    fly = {"P110": -1, "P100": 2, "P90": -1}

    assert required(fly) == 1_000
    assert required(fly | {"C80": 1}) == 1_000


@pytest.mark.parametrize(
    ("ticker", "rates"),
    [("AAPL", EQUITY_RATES), ("VIX", EQUITY_RATES), ("SPX", INDEX_RATES), ("RUT", INDEX_RATES)],
)
def test_a_broad_index_asks_more_than_shares_and_volatility(ticker: str, rates: object) -> None:
    assert rates_of(ticker) == rates


@pytest.mark.parametrize(
    ("spot", "long", "short"),
    [("100", "25.00", "30.00"), ("10", "2.50", "5.00"), ("4", "1.00", "4"), ("2", "0.50", "2.50")],
)
def test_shares_have_to_keep_a_part_of_their_price(spot: str, long: str, short: str) -> None:
    """Cheap ones that are short all of it, and never less than 2.50."""
    assert stock_maintenance(Decimal(spot), short=False) == Decimal(long)
    assert stock_maintenance(Decimal(spot), short=True) == Decimal(short)


@pytest.mark.parametrize(
    ("positions", "shares", "needed"),
    [
        ({}, 100, 2_500),
        ({}, 150, 3_750),
        ({"P95": 1}, 100, 1_450),
        ({"P80": 1}, 100, 2_500),
        ({"P95": 1}, 200, 1_450 + 2_500),
        ({"C110": -1}, 100, 2_500),
        ({"C90": -1}, 100, 3_500),
        ({"P95": 1, "C110": -1}, 100, 1_450),
        ({"P95": 1, "C90": -1}, 100, 2_500 + 1_000),
        ({"P100": 1, "C100": -1}, 100, 1_000),
        ({}, -100, 3_000),
        ({"C105": 1}, -100, 1_550),
        ({"C100": 1, "P100": -1}, -100, 1_000),
        ({"P90": -1}, -100, 3_000),
    ],
    ids=[
        "shares",
        "odd lot",
        "protective put",
        "put too far away",
        "half protected",
        "covered call",
        "covered call in the money",
        "collar",
        "put above the call: no collar",
        "conversion",
        "short shares",
        "protective call",
        "reverse conversion",
        "covered put",
    ],
)
def test_hedged_shares_have_to_keep_less(
    positions: dict[str, int], shares: int, needed: int
) -> None:
    """Ten percent of the strike, and what lies between it and the price."""
    assert kept(positions, shares=shares) == needed


def test_shares_without_a_price_keep_nobody_knows_what() -> None:
    assert kept({"P95": 1}, shares=100, spot=None) == UNKNOWN
    assert kept({"P95": 1}, shares=0, spot=None) == 0


@pytest.mark.parametrize(
    ("today", "end", "lent"),
    [
        ("2026-11-20", "2027-08-20", False),
        ("2026-11-20", "2027-08-21", True),
        ("2026-03-31", "2026-12-31", False),
        ("2026-03-31", "2027-01-15", True),
        ("2026-05-31", "2027-03-01", True),
    ],
)
def test_an_option_of_more_than_nine_months_has_a_loan_value(
    today: str, end: str, lent: bool
) -> None:
    contract = parse_option(f"AAPL{date.fromisoformat(end):%y%m%d}C00200000")

    assert lends(contract, date.fromisoformat(today)) is lent


def test_a_strangle_needs_the_premium_of_its_cheaper_side() -> None:
    """A put that nobody quotes can cost its strike at most: beside a dearer call in full."""
    call, near, far = option("C105"), option("P95"), option("P10")
    prices = Prices(spot=Decimal(100), marks={call: Decimal(2)})

    assert requirement({call: -1, near: -1}, 0, prices, EQUITY) == 9_500 + 200
    assert requirement({call: -1, far: -1}, 0, prices, EQUITY) == 1_700 + 1_000


def test_what_is_lent_on_a_long_option_is_not_lent_where_it_covers() -> None:
    """A calendar's long side is paid in full: covering with it costs its loan value."""
    short, long = option("C100"), option("C100@far")
    prices = Prices(spot=Decimal(100), marks={short: Decimal(2), long: Decimal(8)})
    calendar = {short: -1, long: 1}

    assert requirement(calendar, 0, prices, EQUITY, {long: Decimal(200)}) == 200
    assert requirement(calendar, 0, prices, EQUITY, {long: Decimal(9_000)}) == 2_200
