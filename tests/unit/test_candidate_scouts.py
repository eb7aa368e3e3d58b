"""What a few pairs tell beforehand, and what is kept with an expiration: neither is an answer."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.quant.candidates import aims, telling
from strikedesk.quant.candidates.aims import Aim
from strikedesk.quant.candidates.axis import distinct
from strikedesk.quant.candidates.blocks import Grid
from strikedesk.quant.candidates.board import Board, board_of
from strikedesk.quant.candidates.chain import Chain, Kept, Slice
from strikedesk.quant.candidates.gauges import measured
from strikedesk.quant.candidates.halves import halves_of, numbered
from strikedesk.quant.candidates.judging import Test as Exactly
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.scouts import scouted
from strikedesk.quant.candidates.search import Bound, Search, Weight, Window
from strikedesk.quant.candidates.searching import search
from strikedesk.quant.candidates.shape import shape_of
from strikedesk.quant.candidates.telling import listed, narrowed
from strikedesk.quant.candidates.tiles import Tiling
from strikedesk.quant.candidates.touches import touch_chances
from strikedesk.quant.strategies.legs import Kind
from strikedesk.quant.strategies.patterns import PATTERNS
from tests.unit.candidate_chain import a_chain

ROOT = Path(__file__).parents[2]
NAMED = {pattern.name: pattern for pattern in PATTERNS}
BY_RETURN = (Weight(Measure.ANNUALISED),)


def sought(name: str = "bull put spread", **asked: object) -> Search:
    """Return a search of a pattern by its yearly return."""
    bounds = (Bound(Measure.CREDIT_TO_WIDTH, low=0.1),)
    plain = Search(pattern=NAMED[name], bounds=bounds, ranking=BY_RETURN, top=40, near=0)
    return replace(plain, slippage=0.1, **asked)


def laid(chain: Chain, asked: Search) -> tuple[Board, Grid]:
    """Return all expirations of a chain on a board, and their pairs."""
    places = tuple(range(len(chain.slices)))
    board = board_of(chain, asked, shape_of(asked.pattern), places)
    return board, Grid(*halves_of(board, asked.window), wing=asked.window.wing)


def an_aim(asked: Search) -> Aim:
    """Return what tells what the best of a search have to reach."""
    tests = [Exactly.of(rule) for rule in asked.rules]
    return Aim(asked, shape_of(asked.pattern), tests)


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("count", [True, False])
def test_scouts_change_no_answer(*, seed: int | None, count: bool) -> None:
    """Tens of thousands of pairs, of which equal quotes make many equal."""
    chain = a_chain(30, 31, 60, strikes=320, step=0.25, seed=seed)
    for asked in (sought(count=count), sought(count=count, per_expiration=15)):
        truth = search(chain, asked, sieve=False)

        found = search(chain, asked)

        assert found.candidates == truth.candidates
        assert len(found.candidates) == 40
        assert found.passed == truth.passed or not count
        assert found.passed < found.enumerated > 50_000


def test_scouts_tell_keys_of_pairs_that_there_are() -> None:
    """Each of another pair, and none better than the best."""
    asked = sought()
    with np.errstate(all="ignore"):
        _, grid = laid(a_chain(30, 60, strikes=60, step=1.0, seed=4), asked)
        aim = an_aim(asked)
        apart = grid.high.ends[0] > grid.low.ends[1][:, None]
        rows, columns = np.nonzero(apart & (grid.high.numbers == grid.low.numbers[:, None]))
        every = Pairs(grid.halves, (rows, columns))
        kept, keys = aim.in_order(every)
        some = scouted(Tiling(grid), aim.in_order)

    assert 0 < some.size < kept.size
    assert Counter(some.tolist()) <= Counter(keys.tolist())
    assert aim.ahead(Tiling(grid), 40) == np.inf
    assert float(np.sort(some)[39]) >= float(np.sort(keys)[39])


def test_scouts_that_find_nothing_tell_nothing() -> None:
    """Then all is looked at, and no bar is set."""
    asked = sought(bounds=(Bound(Measure.CREDIT, low=1000.0),))
    with np.errstate(all="ignore"):
        _, grid = laid(a_chain(30, strikes=60, step=1.0, seed=4), asked)
        assert an_aim(asked).ahead(Tiling(grid), 10**6) == np.inf
        assert scouted(Tiling(grid), an_aim(asked).in_order).size == 0


@pytest.mark.parametrize(
    "asked",
    [
        sought(near=1),
        sought(ranking=(Weight(Measure.CREDIT, -1.0),)),
        sought(ranking=(Weight(Measure.CREDIT), Weight(Measure.THETA))),
    ],
    ids=["near misses", "less is better", "two measures"],
)
def test_what_the_best_have_to_reach_is_not_told_of_every_ranking(asked: Search) -> None:
    """A bar on one measure says nothing of others, nor of what misses a rule."""
    assert an_aim(asked).bounds(-0.5) == ()


@pytest.mark.parametrize("value", [1e-9, 0.02, 3.0, 91_197.0, 1e13, -2.0])
def test_what_ties_with_the_last_of_the_best_reaches_the_bar(value: float) -> None:
    """A score is worked out from the measure and the bar from the score; digits are lost."""
    score = float(np.copysign(1.0 - 3.0 / (abs(value) + 3.0), value))

    (bound,) = an_aim(sought()).bounds(-score)

    assert bound.low is not None
    assert bound.low <= value
    assert aims.MEANINGS[Measure.ANNUALISED].scale == 3.0


@pytest.mark.parametrize("name", ["bull put spread", "iron condor", "jade lizard", "covered call"])
def test_what_is_told_of_a_pair_does_not_depend_on_other_strikes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last digit: a candidate is told on a board of the strikes that are told alone."""
    asked = sought(name, window=Window(wing=3), bounds=())
    with np.errstate(all="ignore"):
        board, _ = laid(a_chain(30, 60, 90, strikes=90, step=0.5, seed=2), asked)
        own = 5 * numbered(board.shape.ranks)
        rows = np.array([40, 52, 195, 230])[:, None] + own
        assert narrowed(board, asked, rows)[0] is board
        monkeypatch.setattr(telling, "_WIDE", 0)
        small, again = narrowed(board, asked, rows)
        assert small.strikes.size < 20
        assert np.array_equal(small.strikes[again], board.strikes[rows])
        for measure in Measure:
            whole, alone = (
                measured(listed(b, r), measure) for b, r in ((board, rows), (small, again))
            )
            assert np.array_equal(whole, alone, equal_nan=True), measure


def test_a_search_of_a_chain_that_was_searched_before_finds_the_same() -> None:
    """By another forecast, and with other rules in between."""
    ranked = sought(ranking=(Weight(Measure.EV_TO_RISK),))
    touched = sought(bounds=(Bound(Measure.TOUCH_PROBABILITY, high=0.6),))
    chain = a_chain(30, 60, strikes=70, step=1.0, seed=2, forecast=0.3)

    for asked in (ranked, touched, ranked):
        for forecast in (0.3, 0.2, None):
            used = replace(chain, forecast=forecast)
            anew = replace(a_chain(30, 60, strikes=70, step=1.0, seed=2), forecast=forecast)
            assert search(used, asked) == search(anew, asked)


def test_no_more_is_kept_with_an_expiration_than_a_few_columns() -> None:
    """Forecasts may change with every search: the oldest one goes."""
    kept, worked = Kept(), list[int]()

    def once(key: int) -> float:
        return float(kept.once(key, lambda: np.full(1, worked.append(key) or float(key)))[0])

    assert [once(key) for key in (*range(8), *range(8))] == [*range(8), *range(8)]
    assert worked == [*range(8)]
    assert (once(8), once(1), once(0)) == (8.0, 1.0, 0.0)
    assert worked == [*range(8), 8, 0]


def test_strikes_of_another_expiration_change_nothing_of_an_option() -> None:
    """On the ladder of a near and a far expiration an option has what it has by itself."""
    near, far = (a_chain(days, strikes=n, forecast=0.3, seed=1) for days, n in ((30, 9), (60, 12)))
    chain = replace(near, slices=(*near.slices, *far.slices))
    asked = sought("put calendar", bounds=())
    with np.errstate(all="ignore"):
        board = board_of(chain, asked, shape_of(asked.pattern), (0, 1))
        sold = next(
            c for c, o in zip(board.columns, board.shape.options, strict=True) if not o.month
        )
        own = board_of(chain, asked, shape_of(NAMED["short put"]), (0,)).columns[0]
        at = np.searchsorted(board.strikes, chain.slices[0].strikes)
        assert board.strikes.size > at.size
        for name in ("edge", "market_edge", "touch", "delta"):
            np.testing.assert_allclose(sold.of(name)[at], own.of(name), rtol=1e-12, atol=1e-12)


def test_a_near_miss_by_an_unknown_fact_is_counted_and_not_told() -> None:
    """Nobody can say by how much it misses."""
    chain = a_chain(30, strikes=9, seed=1)
    (only,) = chain.slices
    unknown = replace(only.puts, open_interest=np.full(9, np.nan))
    blind = replace(chain, slices=(replace(only, puts=unknown),))

    found = search(blind, sought(bounds=(Bound(Measure.OPEN_INTEREST, low=1.0),), near=3))

    assert found.near == found.candidates == ()
    assert found.alone == found.unknown
    assert set(found.unknown or ()) == {Measure.OPEN_INTEREST}


@pytest.mark.parametrize("kind", [Kind.CALL, Kind.PUT])
def test_a_chance_of_a_touch_does_not_depend_on_what_it_is_worked_out_with(kind: Kind) -> None:
    """To the last digit: alone, with a longer expiration, and with one that is known already."""
    few, many = (a_chain(days, strikes=n, step=1.0, seed=1) for days, n in ((30, 9), (60, 90)))

    def fresh() -> tuple[Slice, Slice]:
        return replace(few.slices[0]), replace(many.slices[0])

    alone = [touch_chances(100.0, [each], kind)[0] for each in fresh()]
    together = touch_chances(100.0, fresh(), kind)
    first, second = fresh()
    known = touch_chances(100.0, [second], kind)
    mixed = touch_chances(100.0, [first, second], kind)

    for one, other, last in zip(alone, together, mixed, strict=True):
        assert one.tolist() == other.tolist() == last.tolist()
    assert mixed[1] is known[0]
    assert touch_chances(101.0, [second], kind)[0].tolist() != known[0].tolist()


@given(values=st.lists(st.integers(-5, 5)))
def test_distinct_values_are_what_numpy_says_they_are(values: list[int]) -> None:
    """None at all is fine too."""
    column = np.array(values, np.intp)

    assert distinct(column).tolist() == sorted(set(values))


def test_a_first_search_loads_no_masked_arrays() -> None:
    """They take longer to load than a search takes, and nothing here has a use for them."""
    program = (
        "import sys\n"
        "from strikedesk.quant.candidates.search import Search\n"
        "from strikedesk.quant.candidates.searching import search\n"
        "from strikedesk.quant.strategies.patterns import PATTERNS\n"
        "from tests.unit.candidate_chain import a_chain\n"
        "pattern = next(each for each in PATTERNS if each.name == 'bull put spread')\n"
        "found = search(a_chain(30, 60, strikes=30, step=1.0, seed=1), Search(pattern=pattern))\n"
        "assert found.candidates and found.near\n"
        "sys.exit('numpy.ma' in sys.modules)"
    )

    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60)

    assert ran.returncode == 0
