"""Programs: the cheapest plan in whole numbers, against trying every plan there is."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.quant.programs import Plan, Program

MOST = 3
COEFFICIENTS = st.integers(-3, 5)


def a_program(costs: list[int], rows: list[tuple[list[int], int]]) -> Program:
    """Return a program of activities that can be done at most MOST times each."""
    program = Program()
    limits = [program.limit(float(most)) for _, most in rows]
    for place, cost in enumerate(costs):
        own = program.limit(float(MOST))
        uses = {limit: float(row[place]) for limit, (row, _) in zip(limits, rows, strict=True)}
        program.activity(float(cost), uses | {own: 1.0})
    return program


def by_trying(costs: list[int], rows: list[tuple[list[int], int]]) -> int:
    """Return the least cost of all plans."""
    plans = product(range(MOST + 1), repeat=len(costs))
    lawful = (p for p in plans if all(_dot(row, p) <= most for row, most in rows))
    return min(_dot(costs, plan) for plan in lawful)


def _dot(row: list[int], plan: tuple[int, ...]) -> int:
    return sum(a * b for a, b in zip(row, plan, strict=True))


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[int], list[tuple[list[int], int]]]:
    count = draw(st.integers(1, 5))
    coefficients = st.lists(COEFFICIENTS, min_size=count, max_size=count)
    rows = st.lists(st.tuples(coefficients, st.integers(0, 9)), max_size=5)
    return draw(st.lists(st.integers(-9, 3), min_size=count, max_size=count)), draw(rows)


@settings(max_examples=150, deadline=None)
@given(drawn=programs())
def test_no_plan_in_whole_numbers_costs_less(
    drawn: tuple[list[int], list[tuple[list[int], int]]],
) -> None:
    costs, rows = drawn

    plan = a_program(costs, rows).least(nodes=10_000)

    assert plan.proven
    assert all(_dot(row, plan.amounts) <= most for row, most in rows)
    assert all(0 <= amount <= MOST for amount in plan.amounts)
    assert _dot(costs, plan.amounts) == by_trying(costs, rows)


def test_a_program_without_activities_does_nothing() -> None:
    assert Program().least(nodes=1) == Plan(amounts=(), proven=True)


def test_what_only_costs_is_not_done() -> None:
    assert a_program([1, 2], []).least(nodes=1) == Plan(amounts=(0, 0), proven=True)


def test_slack_may_be_broken_where_the_rest_is_whole() -> None:
    """Two and a half of what holds it back let five halves of a thing be done: two whole ones."""
    program = Program()
    limit, room = program.limit(), program.limit(2.5)
    program.activity(-4.0, {limit: 1.0})
    program.activity(1.0, {limit: -1.0, room: 1.0}, whole=False)

    assert program.least(nodes=50).amounts == (2, 2)


@pytest.mark.parametrize(
    ("nodes", "plan"),
    [
        (1, Plan(amounts=(1, 1, 1, 0, 0), proven=False)),
        (400, Plan(amounts=(1, 1, 0, 0, 1), proven=True)),
    ],
)
def test_a_search_that_is_cut_short_still_returns_a_plan_and_says_so(
    nodes: int, plan: Plan
) -> None:
    """Five boxes for one room: the first packing that fits is worth 19, the best one 22."""
    program = Program()
    room = program.limit(18.0)
    for value, size in ((6, 4), (7, 5), (6, 5), (14, 14), (9, 8)):
        program.activity(-float(value), {room: float(size), program.limit(1.0): 1.0})

    assert program.least(nodes=nodes) == plan


@pytest.mark.parametrize(
    ("costs", "rows"),
    [
        ([-10, 57, 9, 24], [[0.5, -5.5, -2.5, 9], [0.5, -1.5, -0.5, 1], [1, 0, 0, 0]]),
        ([-0.75, 20, -0.5, 6], [[0.25, -8, -1, 9], [0.5, -12, -0.5, 3], [0, 0, 1, 0]]),
    ],
    ids=["Chvatal", "Beale"],
)
def test_vertices_that_gain_nothing_are_not_gone_round_for_ever(
    costs: list[float], rows: list[list[float]]
) -> None:
    """Two textbook programs in which the steepest way alone comes back to where it began."""
    program = Program()
    limits = [program.limit(most) for most in (0.0, 0.0, 1.0)]
    for place, cost in enumerate(costs):
        program.activity(cost, {limit: row[place] for limit, row in zip(limits, rows, strict=True)})

    assert program.least(nodes=400).amounts == (1, 0, 1, 0)
