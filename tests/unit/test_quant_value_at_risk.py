"""Tails, drawdowns, and the scenarios that they are taken of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.quant.scenarios import as_scenarios, drawn, grid, over
from strikedesk.quant.value_at_risk import Tail, drawdown, tail

PROFITS = st.lists(st.floats(-1e6, 1e6), min_size=100, max_size=400)


@given(PROFITS, st.sampled_from([95, 99]))
def test_a_tail_is_what_sorting_all_outcomes_gives(profits: list[float], percent: int) -> None:
    """By brute force: the worst so many of a hundred, their mildest and their mean."""
    losses = sorted((-profit for profit in profits), reverse=True)
    worst = [loss for n, loss in enumerate(losses) if n * 100 < len(losses) * (100 - percent)]

    found = tail(np.array(profits), percent)

    assert found is not None
    assert found.value_at_risk == worst[-1]
    assert found.expected_shortfall == pytest.approx(sum(worst) / len(worst))
    assert (found.worst, found.outcomes) == (len(worst), len(profits))


def test_a_tail_that_no_outcome_reaches_is_unknown() -> None:
    """One day in a hundred cannot be read off ninety-nine."""
    assert tail(np.zeros(99), 99) is None
    assert tail(np.zeros(100), 99) == Tail(
        value_at_risk=0.0, expected_shortfall=0.0, worst=1, outcomes=100
    )
    assert tail(np.empty(0), 95) is None


def test_one_unknown_outcome_leaves_the_tail_unknown() -> None:
    """It might be the worst."""
    profits = np.arange(200.0)
    profits[7] = np.nan

    assert tail(profits, 95) is None


@given(st.lists(st.integers(-1000, 1000), max_size=40))
def test_a_drawdown_is_the_worst_of_all_stretches(profits: list[int]) -> None:
    """By brute force over every pair of days."""
    path = np.cumsum([0, *profits]).tolist()
    falls = [path[a] - path[b] for a in range(len(path)) for b in range(a, len(path))]

    assert drawdown(np.array(profits, dtype=np.float64)) == max(falls)


def test_a_grid_has_every_pair_in_order() -> None:
    found = grid(2, [0.9, 1.0], [0.5, 1.0, 2.0])

    assert found.spot.tolist() == [[0.9, 0.9, 0.9, 1.0, 1.0, 1.0]] * 2
    assert found.volatility.tolist() == [[0.5, 1.0, 2.0, 0.5, 1.0, 2.0]] * 2
    assert found.later == 0.0


def test_moves_over_several_days_are_the_sums_of_every_run() -> None:
    moves = np.arange(12.0).reshape(6, 2)

    assert over(moves, 1).tolist() == moves.tolist()
    assert over(moves, 3).tolist() == [moves[n : n + 3].sum(axis=0).tolist() for n in range(4)]
    assert over(moves, 7).shape == (0, 2)


def test_draws_have_the_covariance_of_the_days_and_no_drift() -> None:
    """Ten days have ten times the variance; what moved together does."""
    rng = np.random.default_rng(3)
    days = rng.normal(0.001, 0.02, (300, 1)) @ np.array([[1.0, 0.5, -0.7]])
    days += rng.normal(0.0, 0.005, (300, 3))

    draws = drawn(days, 10, 200_000, seed=4)

    np.testing.assert_allclose(np.cov(draws.T), 10 * np.cov(days.T), rtol=0.02)
    assert np.abs(draws.mean(axis=0)).max() < 0.001


def test_draws_are_the_same_for_the_same_seed() -> None:
    """A figure that changes by itself from one call to the next is nobody's figure."""
    days = np.random.default_rng(5).normal(0.0, 0.01, (60, 4))

    first, same, other = (drawn(days, 1, 100, seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_day_that_never_moved_is_drawn_without_a_move() -> None:
    """A covariance that is singular is lawful: an underlying may have no known volatility."""
    days = np.zeros((60, 2))
    days[::2, 0], days[1::2, 0] = 0.01, -0.01

    assert np.abs(drawn(days, 1, 100, seed=1)[:, 1]).max() < 1e-9
    with pytest.raises(ValueError, match="two days"):
        drawn(days[:1], 1, 100, seed=1)


def test_moves_become_factors_of_prices_and_of_volatilities() -> None:
    found = as_scenarios(np.log([[1.1, 0.9, 2.0, 3.0]]), later=0.5)

    np.testing.assert_allclose(found.spot, [[1.1], [0.9]])
    np.testing.assert_allclose(found.volatility, [[2.0], [3.0]])
    assert found.later == 0.5
