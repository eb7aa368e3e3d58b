"""Margin: what short options require, against the worked examples of the rule, and its laws."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.symbols import OptionSymbol, Right, parse_option
from strikedesk.exchange.groups import requirement
from strikedesk.exchange.margin_book import Rules
from strikedesk.exchange.rates import EQUITY_RATES, INDEX_RATES, UNKNOWN, Prices, naked

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


CONTRACTS = st.builds(
    OptionSymbol,
    st.just("AAPL"),
    st.sampled_from([date(2026, 12, 18), date(2027, 1, 15)]),
    st.sampled_from(Right),
    st.sampled_from([Decimal(strike) for strike in (80, 90, 95, 100, 105, 110, 120)]),
)
POSITIONS = st.dictionaries(CONTRACTS, st.integers(-4, 4).filter(bool), max_size=6)
PRICES = Prices(
    spot=Decimal(100),
    marks={
        OptionSymbol("AAPL", day, right, Decimal(strike)): Decimal(2)
        for day in (date(2026, 12, 18), date(2027, 1, 15))
        for right in Right
        for strike in (80, 90, 95, 100, 105, 110, 120)
    },
)


@given(held=POSITIONS, rules=st.sampled_from([EQUITY, INDEX]))
def test_grouping_never_asks_for_more_than_every_short_by_itself(
    held: dict[OptionSymbol, int], rules: Rules
) -> None:
    """Nor for less than nothing."""
    alone = sum(
        (
            -n * naked(c, PRICES.marks[c], PRICES.spot, rules.rates)
            for c, n in held.items()
            if n < 0
        ),
        Decimal(0),
    )

    assert 0 <= requirement(held, 0, PRICES, rules) <= alone


@given(held=POSITIONS, more=CONTRACTS, rules=st.sampled_from([EQUITY, INDEX]))
def test_one_more_long_never_raises_the_requirement(
    held: dict[OptionSymbol, int], more: OptionSymbol, rules: Rules
) -> None:
    """Insurance may be useless, but it cannot hurt: nobody has to use it."""
    added = {**held, more: held.get(more, 0) + 1}
    added = {contract: count for contract, count in added.items() if count}

    assert requirement(added, 0, PRICES, rules) <= requirement(held, 0, PRICES, rules)


@given(held=POSITIONS, times=st.integers(2, 5))
def test_a_position_many_times_over_requires_at_most_as_many_times_as_much(
    held: dict[OptionSymbol, int], times: int
) -> None:
    """At most: with more lots there are more ways to put them together."""
    larger = {contract: count * times for contract, count in held.items()}

    assert requirement(larger, 0, PRICES, EQUITY) <= times * requirement(held, 0, PRICES, EQUITY)


def test_shares_whose_price_is_unknown_cover_nothing_that_is_known() -> None:
    """What the covered call is in the money cannot be told; and naked it has no bound."""
    assert required({"C110": -1}, shares=100, spot=None) == UNKNOWN
