"""Positions read as strategies: named where they can be, none lost, none counted twice."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.portfolio.live import standing
from strikedesk.portfolio.strategies import ITEMS_MAX, Group, grouped
from tests.unit.test_portfolio_risk import a_holding

NEAR, FAR = "AAPL261218", "AAPL270115"


def read(*held: tuple[str, int]) -> list[tuple[str, int]]:
    """Return the names of what is held, and how many times each."""
    return [(each.name, each.units) for each in groups_of(*held)]


def groups_of(*held: tuple[str, int]) -> tuple[Group, ...]:
    return grouped([a_holding(symbol, quantity, "2.00") for symbol, quantity in held])


@pytest.mark.parametrize(
    ("held", "names"),
    [
        ([("AAPL", 37)], [("long shares", 37)]),
        ([("AAPL", -100)], [("short shares", 100)]),
        ([(f"{NEAR}C00105000", -3)], [("short call", 3)]),
        ([("AAPL", 100), (f"{NEAR}C00105000", -1)], [("covered call", 1)]),
        (
            [(f"{NEAR}P00090000", 2), (f"{NEAR}P00095000", -2), (f"{NEAR}C00105000", -2),
             (f"{NEAR}C00110000", 2)],
            [("iron condor", 2)],
        ),
        ([(f"{NEAR}C00100000", -1), (f"{FAR}C00100000", 1)], [("call calendar", 1)]),
        # Fewer calls than shares cover, and calls that no share covers.
        ([("AAPL", 350), (f"{NEAR}C00105000", -2)], [("covered call", 2), ("long shares", 150)]),
        ([("AAPL", 100), (f"{NEAR}C00105000", -2)], [("long shares", 100), ("short call", 2)]),
        # One whole has no name, two parts have.
        (
            [("AAPL", 200), (f"{NEAR}C00105000", -2), (f"{FAR}P00090000", -1)],
            [("covered call", 2), ("short put", 1)],
        ),
    ],
)  # fmt: skip
def test_positions_are_read_as_the_fewest_strategies_with_a_name(
    held: list[tuple[str, int]], names: list[tuple[str, int]]
) -> None:
    assert read(*held) == names


def test_underlyings_and_roots_are_read_by_themselves() -> None:
    """A put of one share and a call of another are no strangle; nor do AM and PM settle at once."""
    held = [
        ("SPXW261218P05000000", -1),
        ("SPX261218C06000000", -1),
        ("AAPL", 100),
        ("MSFT261218C00500000", -1),
        ("BRK.B", 100),
        ("BRKB261218C00500000", -1),
    ]

    assert [(each.underlying, each.name) for each in groups_of(*held)] == [
        ("AAPL", "long shares"),
        ("BRK.B", "covered call"),
        ("MSFT", "short call"),
        ("SPX", "short call"),
        ("SPX", "short put"),
    ]


def test_many_positions_are_read_an_expiration_at_a_time() -> None:
    """All ways to cut twenty positions are more than a server has time for."""
    spreads = [
        leg
        for day in ("261204", "261211", "261218", "261224")
        for leg in ((f"AAPL{day}P00090000", 1), (f"AAPL{day}P00095000", -1))
    ]
    crowd = [(f"{NEAR}P000{50 + n}000", 1) for n in range(ITEMS_MAX + 1)]

    assert read(*spreads, ("AAPL", 5)) == [("long shares", 5), *[("bull put spread", 1)] * 4]
    assert read(*crowd) == [("custom", 1)]


SOME = [
    "AAPL",
    *(
        f"{day}{right}{strike:05d}000"
        for day in (NEAR, FAR)
        for right in "CP"
        for strike in (90, 95)
    ),
]


@given(st.dictionaries(st.sampled_from(SOME), st.integers(-5, 5).filter(bool), max_size=9))
def test_every_position_is_in_the_strategies_whole_and_once(held: dict[str, int]) -> None:
    """What is lost there is risk that nobody sees; what is doubled is none."""
    lots = {name: each * (100 if name == "AAPL" else 1) for name, each in held.items()}
    counted: Counter[str] = Counter()
    for group in groups_of(*lots.items()):
        for part in group.parts:
            counted[part.holding.symbol.compact] += part.quantity

    assert dict(counted) == lots


def test_a_strategy_stands_where_its_positions_do_and_cut_shares_by_their_part() -> None:
    """200 of 350 shares at 2.00, bought at 1.00, and two calls sold at 1.00."""
    covered, rest = groups_of(("AAPL", 350), (f"{NEAR}C00105000", -2))

    assert (standing(covered).value, standing(covered).open_profit) == (0, 0)
    assert standing(covered).dollar_delta == pytest.approx(200 * 100 - 0.5 * 200 * 100)
    assert (standing(rest).value, standing(rest).open_profit) == (300, 150)
    assert standing(rest).dollar_delta == pytest.approx(150 * 100)


def test_a_strategy_with_an_unknown_position_stands_nowhere() -> None:
    (group,) = grouped([a_holding("AAPL", 100, None, spot=None)])

    assert standing(group).value is None
    assert standing(group).open_profit is None
    assert standing(group).dollar_delta is None
    assert standing(group).theta == 0.0
