"""Profit and loss at expiration, exact for any legs of one expiration."""
# ruff: noqa: E501 -- a table of cases reads best one case a line

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.payoff import Holding, Low, Payoff, lowest, payoff
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right

NEAR = date(2026, 12, 18)


def option(strike: int, right: Right, quantity: int) -> Holding:
    symbol = OptionSymbol("AAPL", NEAR, right, Decimal(strike))
    return Holding(symbol=symbol, quantity=quantity)


def call(strike: int, quantity: int) -> Holding:
    return option(strike, Right.CALL, quantity)


def put(strike: int, quantity: int) -> Holding:
    return option(strike, Right.PUT, quantity)


def shares(quantity: int) -> Holding:
    return Holding(symbol=EquitySymbol("AAPL"), quantity=quantity)


D = Decimal


@pytest.mark.parametrize(
    ("name", "holdings", "cash", "expected"),
    [
        ("long call", [call(200, 1)], -500, Payoff(max_loss=D(500), max_profit=None, break_evens=(D(205),))),
        ("short call", [call(200, -1)], 500, Payoff(max_loss=None, max_profit=D(500), break_evens=(D(205),))),
        ("long put", [put(200, 1)], -500, Payoff(max_loss=D(500), max_profit=D(19_500), break_evens=(D(195),))),
        ("short put", [put(200, -2)], 800, Payoff(max_loss=D(39_200), max_profit=D(800), break_evens=(D(196),))),
        ("bull call", [call(200, 1), call(210, -1)], -400, Payoff(max_loss=D(400), max_profit=D(600), break_evens=(D(204),))),
        ("bear call", [call(200, -1), call(210, 1)], 300, Payoff(max_loss=D(700), max_profit=D(300), break_evens=(D(203),))),
        (
            "iron condor",
            [put(180, 1), put(190, -1), call(210, -1), call(220, 1)],
            250,
            Payoff(max_loss=D(750), max_profit=D(250), break_evens=(D("187.5"), D("212.5"))),
        ),
        (
            "straddle",
            [call(200, 1), put(200, 1)],
            -1200,
            Payoff(max_loss=D(1200), max_profit=None, break_evens=(D(188), D(212))),
        ),
        ("buy-write", [shares(100), call(210, -1)], -19_850, Payoff(max_loss=D(19_850), max_profit=D(1_150), break_evens=(D("198.5"),))),
        ("box", [call(200, 1), call(210, -1), put(210, 1), put(200, -1)], -1000, Payoff(max_loss=D(0), max_profit=D(0), break_evens=())),
    ],
)  # fmt: skip
def test_the_textbook_shapes_have_their_textbook_figures(
    name: str, holdings: list[Holding], cash: int, expected: Payoff
) -> None:
    assert payoff(holdings, Decimal(cash)) == expected, name


holdings_lists = st.lists(
    st.builds(
        option,
        st.sampled_from([180, 190, 200, 210]),
        st.sampled_from(Right),
        st.integers(-3, 3).filter(bool),
    ),
    min_size=1,
    max_size=4,
)
cash_effects = st.integers(-3000, 3000).map(Decimal)
SPOTS = [Decimal(spot) / 2 for spot in range(1000)]


def result_at(holdings: list[Holding], cash: Decimal, spot: Decimal) -> Decimal:
    return cash + sum((h.value_at(spot) for h in holdings), Decimal(0))


@given(holdings_lists, cash_effects)
def test_no_price_does_worse_or_better_than_the_extremes(
    holdings: list[Holding], cash: Decimal
) -> None:
    """A brute-force walk over prices must stay within what the closed form promises."""
    told = payoff(holdings, cash)
    results = [result_at(holdings, cash, spot) for spot in SPOTS]

    assert told.max_loss is None or -min(results) <= told.max_loss
    assert told.max_profit is None or max(results) <= told.max_profit
    crossings = sum(a * b < 0 for a, b in pairwise(results))
    assert crossings <= len(told.break_evens)


@given(holdings_lists, cash_effects)
def test_at_every_break_even_the_result_is_nothing(holdings: list[Holding], cash: Decimal) -> None:
    for zero in payoff(holdings, cash).break_evens:
        # Break-evens are shown to a hundredth of a cent; the rest times 3 legs times 300 shares.
        assert abs(result_at(holdings, cash, zero)) <= Decimal("0.1")


@given(holdings_lists)
def test_the_lowest_value_is_that_of_the_worst_payoff(holdings: list[Holding]) -> None:
    """Two ways to the same figure: one walk up the strikes, and every corner for itself."""
    low, told = lowest(holdings), payoff(holdings, Decimal(0))

    assert (low is None) == (told.max_loss is None)
    if low is not None:
        assert max(-low.value, Decimal(0)) == told.max_loss
        assert result_at(holdings, Decimal(0), low.spot) == low.value


def test_shares_are_worth_nothing_at_the_worst() -> None:
    assert lowest([shares(100)]) == Low(value=D(0), spot=D(0))
    assert lowest([shares(-1)]) is None
