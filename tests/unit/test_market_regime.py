"""The regime of a market: each label against its definition, each figure against another way."""

import math
import random
from datetime import timedelta
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain.volatility import TermPoint
from strikedesk.market.figures import Figure
from strikedesk.market.historical import close_to_close, rolling
from strikedesk.market.regime import (
    Excitement,
    Shape,
    TermState,
    Trend,
    TrendState,
    VolatilityState,
    ends_of,
    structure,
    trend,
    volatility,
)
from tests.builders import NOON
from tests.fakes.data import an_expiration

NO_RANK = Figure(value=None, why="0 sessions known, 252 needed")
PRICES = st.lists(st.floats(1, 1000), min_size=200, max_size=210)


def a_rank(value: float) -> Figure:
    return Figure(value=value, basis="252 sessions")


def a_walk(seed: int, sessions: int, deviation: float = 0.01) -> list[float]:
    """Return closes of a walk without drift."""
    chance = random.Random(seed)  # noqa: S311 -- a walk, not a secret
    steps = (chance.gauss(0, deviation) for _ in range(sessions))
    return [100 * math.exp(sum_) for sum_ in accumulate(steps)]


def a_climb(sessions: int) -> list[float]:
    """Return closes that rise on two days of three."""
    return [100 * math.exp(0.002 * n + 0.004 * (n % 3 == 0)) for n in range(sessions)]


def points(*each: tuple[int, float]) -> list[TermPoint]:
    return [TermPoint(days=days, volatility=vol) for days, vol in each]


def test_a_climb_is_up_and_its_mirror_is_down() -> None:
    up = trend(a_climb(200))
    down = trend([10_000 / close for close in a_climb(200)])

    assert (up.label, down.label) == (Trend.UP, Trend.DOWN)
    assert up.slope == pytest.approx(-(down.slope or 0))
    assert up.t_value == pytest.approx(-(down.t_value or 0))
    assert (up.t_value or 0) > 2


def test_a_new_high_after_a_fall_is_sideways() -> None:
    """One day above both means is no trend while the means themselves still fall."""
    fallen = [*reversed(a_climb(199)), 200.0]
    found = trend(fallen)

    assert (found.to_mean50 or 0) > 0 < (found.to_mean200 or 0)
    assert found.label is Trend.SIDEWAYS


@settings(max_examples=25)
@given(closes=PRICES)
def test_the_figures_are_those_of_the_textbook(closes: list[float]) -> None:
    """The slope of the line as a solver of least squares finds it, and plain means."""
    found = trend(closes)
    newest = closes[-50:]

    slope = float(np.polyfit(np.arange(50), np.log(newest), 1)[0])
    assert found.slope == pytest.approx(slope * 252, rel=1e-6, abs=1e-9)
    assert found.to_mean50 == pytest.approx(closes[-1] / float(np.mean(newest)) - 1, abs=1e-9)
    assert found.to_mean200 == pytest.approx(
        closes[-1] / float(np.mean(closes[-200:])) - 1, abs=1e-9
    )


def test_a_walk_without_drift_seldom_has_a_trend() -> None:
    """Its t-value deviates by one; a plain regression's is beyond 2 in four of five."""
    values = [trend(a_walk(seed, 50)).t_value or 0 for seed in range(400)]

    assert 0.85 < float(np.std(values)) < 1.15
    assert sum(abs(value) > 2 for value in values) / len(values) < 0.08


def test_a_still_price_has_no_t_value() -> None:
    """Nothing over nothing is unknown, not 0."""
    assert trend([100.0] * 200) == TrendState(
        label=Trend.SIDEWAYS, to_mean50=0.0, to_mean200=0.0, slope=0.0, t_value=None
    )


@pytest.mark.parametrize(("closes", "needed"), [(49, 50), (0, 50), (199, 200)])
def test_too_few_closes_have_no_trend_and_say_so(closes: int, needed: int) -> None:
    found = trend(a_climb(closes))

    assert (found.label, found.to_mean200) == (None, None)
    assert found.why == f"{closes} finished daily closes, {needed} needed"
    assert (found.slope is None) == (needed == 50)


@settings(max_examples=15)
@given(closes=st.lists(st.floats(1, 1000), min_size=25, max_size=40))
def test_a_rolling_volatility_is_that_of_each_run(closes: list[float]) -> None:
    """One definition, twice as fast a way to it."""
    each = [close_to_close(closes[:end], 20).value for end in range(21, len(closes) + 1)]

    assert rolling(closes, 20) == pytest.approx(each, rel=1e-9)


@pytest.mark.parametrize(
    ("late", "rank", "label", "share"),
    [
        (0.05, 0.9, Excitement.HIGH, 1.0),
        (0.001, 0.1, Excitement.LOW, 0.0),
        (0.05, 0.1, Excitement.NORMAL, 1.0),
        (0.001, 0.9, Excitement.NORMAL, 0.0),
    ],
)
def test_excitement_is_what_price_and_options_say_together(
    late: float, rank: float, label: Excitement, share: float
) -> None:
    calm = a_walk(1, 252)
    closes = [*calm, *(calm[-1] * math.exp(late * (n % 2)) for n in range(21))]

    found = volatility(closes, a_rank(rank))

    assert (found.label, found.iv_rank, found.why) == (label, rank, None)
    assert found.hv20_percentile == pytest.approx(share, abs=0.01)


def test_one_of_the_two_is_enough_and_what_lacks_is_said() -> None:
    by_rank = volatility(a_walk(1, 272), a_rank(0.8))
    by_price = volatility(a_walk(1, 273), NO_RANK)

    assert (by_rank.label, by_rank.why) == (
        Excitement.HIGH,
        "272 finished daily closes, 273 needed",
    )
    assert (by_price.hv20_percentile is None, by_price.why) == (False, NO_RANK.why)
    assert by_price.label is not None


def test_without_either_nobody_knows() -> None:
    assert volatility([], NO_RANK) == VolatilityState(
        why="0 finished daily closes, 273 needed; 0 sessions known, 252 needed"
    )


@pytest.mark.parametrize(
    ("far", "shape"),
    [
        (0.21, Shape.CONTANGO),
        (0.2, Shape.FLAT),
        (0.205, Shape.FLAT),
        (0.195, Shape.FLAT),
        (0.19, Shape.BACKWARDATION),
    ],
)
def test_the_shape_compares_the_far_end_with_the_near_one(far: float, shape: Shape) -> None:
    found = structure(points((92, far), (14, 0.2), (3, 0.9), (400, 0.9), (40, 0.9)))

    assert (found.label, found.slope) == (shape, pytest.approx(far / 0.2 - 1))
    assert (found.near, found.far) == (*points((14, 0.2)), *points((92, far)))


@pytest.mark.parametrize(
    ("listed", "state"),
    [
        ([], TermState(why="no volatility at the money 7 or more days ahead")),
        ([(6, 0.2)], TermState(why="no volatility at the money 7 or more days ahead")),
        (
            [(7, 0.2), (34, 0.3)],
            TermState(
                near=TermPoint(days=7, volatility=0.2),
                why="no volatility at the money 28 or more days after the near one",
            ),
        ),
    ],
)
def test_a_structure_without_both_ends_has_no_shape(
    listed: list[tuple[int, float]], state: TermState
) -> None:
    assert structure(points(*listed)) == state


def test_the_ends_of_a_listing_are_those_of_the_structure() -> None:
    """What is asked of the market is what the method needs."""
    today = NOON.date()
    ahead = (1, 8, 22, 36, 85, 99, 200)
    listed = [an_expiration(today + timedelta(days=days), (200,), today=today) for days in ahead]

    assert [each.days for each in ends_of(listed)] == [8, 85]
    assert [each.days for each in ends_of(listed[:3])] == [8]
    assert ends_of(listed[:1]) == ()
