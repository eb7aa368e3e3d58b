"""Profit and loss at expiration, and the risk an order adds beside what is held."""
# ruff: noqa: E501 -- a table of cases reads best one case a line

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.payoff import Holding, Payoff, payoff
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.domain.worst_case import floor_value, netted, risk_added

NEAR, FAR = date(2026, 12, 18), date(2027, 1, 15)


def option(strike: int, right: Right, quantity: int, day: date = NEAR) -> Holding:
    symbol = OptionSymbol("AAPL", day, right, Decimal(strike))
    return Holding(symbol=symbol, quantity=quantity)


def call(strike: int, quantity: int, day: date = NEAR) -> Holding:
    return option(strike, Right.CALL, quantity, day)


def put(strike: int, quantity: int, day: date = NEAR) -> Holding:
    return option(strike, Right.PUT, quantity, day)


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


@pytest.mark.parametrize(
    ("name", "held", "added", "cash", "expected"),
    [
        ("a long option risks what it costs", [], [call(200, 1)], -500, D(500)),
        ("a naked call has no bound", [], [call(200, -1)], 500, None),
        ("a covered call adds nothing", [shares(100)], [call(210, -1)], 150, D(-150)),
        ("shares cover once", [shares(100), call(210, -1)], [call(220, -1)], 100, None),
        ("shares cover once over all expirations", [shares(100), call(210, -1)], [call(220, -1, FAR)], 100, None),
        ("a short put risks its strike", [], [put(200, -1)], 400, D(19_600)),
        ("a vertical risks its width less the credit", [], [put(200, -1), put(190, 1)], 300, D(700)),
        ("a calendar risks its debit", [], [call(200, -1), call(200, 1, FAR)], -250, D(250)),
        ("a reverse calendar has no bound", [], [call(200, 1), call(200, -1, FAR)], 250, None),
        ("a diagonal against a held LEAP is covered", [call(180, 1, FAR)], [call(210, -1)], 200, D(-200)),
        ("closing a short frees its risk", [put(200, -1)], [put(200, 1)], -2_000, D(-18_000)),
        ("buying a naked call back adds nothing", [call(200, -2)], [call(200, 1)], -9_000, D(0)),
        ("selling the protection out has no bound", [call(200, -1), call(210, 1)], [call(210, -1)], 100, None),
        ("selling a long out frees what it cost", [call(200, 1)], [call(200, -1)], 450, D(-450)),
    ],
)  # fmt: skip
def test_the_risk_an_order_adds_is_signed(
    name: str, held: list[Holding], added: list[Holding], cash: int, expected: Decimal | None
) -> None:
    """Limits look at this figure: a close must pass them, and a naked option must not."""
    assert risk_added(held, added, Decimal(cash)) == expected, name


def test_two_expirations_of_shorts_each_meet_their_own_worst_price() -> None:
    """Down to the first expiration, up to the second: both sides of the strangle can lose."""
    strangle = [put(200, -1), call(200, -1, FAR), call(210, 1, FAR)]

    assert floor_value(strangle) == Decimal(-20_000 - 1_000)


@given(holdings_lists)
def test_the_floor_is_no_higher_than_any_price_gives(holdings: list[Holding]) -> None:
    floor = floor_value(holdings)

    assert floor is None or all(result_at(holdings, D(0), spot) >= floor for spot in SPOTS)


@given(holdings_lists, holdings_lists, cash_effects)
def test_the_risk_added_is_never_too_low(
    held: list[Holding], added: list[Holding], cash: Decimal
) -> None:
    """With one expiration the truth is known: compare worst case with worst case."""
    told = risk_added(held, added, cash)
    before, after = floor_value(held), floor_value([*held, *added])

    if before is not None:
        assert told == (None if after is None else before - after - cash)
    elif told is not None:
        assert netted(held) != []
