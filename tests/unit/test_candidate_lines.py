"""Rules as lines and places: what they say of a pair is never other than what judging it says."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.quant.candidates.blocks import Grid
from strikedesk.quant.candidates.board import Board, board_of
from strikedesk.quant.candidates.gauges import measured
from strikedesk.quant.candidates.halves import halves_of
from strikedesk.quant.candidates.judging import Test as Exactly
from strikedesk.quant.candidates.lines import lines_of
from strikedesk.quant.candidates.looks import Look
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.ordinals import Ladder
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.pieces import Block
from strikedesk.quant.candidates.search import LEAST_USD, Bound, Search, Weight, Window
from strikedesk.quant.candidates.shape import shape_of
from strikedesk.quant.contracts import BoolArray, Lanes
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern
from tests.unit.candidate_chain import a_chain

NAMED = {pattern.name: pattern for pattern in PATTERNS}
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
# What every search asks: without it a loss may be none, and what is over it is unknown.
LEAST = tuple(Bound(measure, low=LEAST_USD) for measure in (Measure.MAX_LOSS, Measure.MAX_PROFIT))


@given(low=st.lists(NUMBERS, min_size=1, max_size=9), bars=st.lists(NUMBERS, min_size=1))
@settings(deadline=None)
def test_places_tell_the_order_of_numbers(low: list[float], bars: list[float]) -> None:
    """What is not below a bar has no place below its; whose place is above, is above."""
    with np.errstate(all="ignore"):
        ladder = Ladder(np.array([low]))
        lower, upper = ladder.low(), ladder.bars(np.array([bars]))

    for number, place in zip(low, lower[0].tolist(), strict=True):
        for bar, above in zip(bars, upper[0].tolist(), strict=True):
            assert place >= above or not number >= bar
            assert number > bar or not place > above


def a_board(name: str, seed: int) -> Board:
    """Lay out two expirations together, as a search does."""
    chain = a_chain(30, 50, strikes=9, step=2.5, seed=seed, forecast=0.3)
    pattern = Pattern(name=name, signature=NAMED[name].signature)  # Wings of any width.
    shape = shape_of(pattern)
    places = (0, 1) if shape.months == 1 else (0,)
    return board_of(
        chain, Search(pattern=pattern, ranking=(Weight(Measure.CREDIT),)), shape, places
    )


def looked_at(grid: Grid, rules: Sequence[Bound]) -> tuple[Pairs, BoolArray, BoolArray]:
    """Return pairs in a grid's blocks, which may keep some rules, and which are sure to."""
    lines = lines_of(rules, grid.halves)
    look, blocks = Look(lines, grid, None), [p for p in grid.pieces() if isinstance(p, Block)]
    assert len(blocks) == len(grid.board.near.slices)
    rows, columns, may, sure = list[Lanes](), list[Lanes](), list[BoolArray](), list[BoolArray]()
    for block in blocks:
        cells = np.indices(block.shape).reshape(2, -1)
        rows.append(cells[0] + block.rows.start)
        columns.append(cells[1] + block.columns.start)
        told, proved = look.sure(block), look.proved(block)
        told &= np.zeros_like(told) if proved is None else proved
        may.append(look.may(block, 0).ravel())
        sure.append(told.ravel())
    pairs = Pairs(grid.halves, (np.concatenate(rows), np.concatenate(columns)))
    return pairs, np.concatenate(may), np.concatenate(sure)


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("measure", sorted(set(Measure) - {Measure.DAYS}))
@pytest.mark.parametrize(
    "name",
    [
        "bull put spread",
        "bear call spread",
        "iron condor",
        "jade lizard",
        "collar",
        "short strangle",
        "protective call",
    ],
)
def test_lines_agree_with_judging(name: str, measure: Measure, *, above: bool) -> None:
    """Whatever is asked: what keeps the rules may, and what is sure to keeps them."""
    grid = Grid(*halves_of(a_board(name, 3), Window()), wing=None)
    with np.errstate(all="ignore"):
        everything = measured(looked_at(grid, ())[0], measure)
        ends = np.unique(everything[np.isfinite(everything)])[:: max(1, everything.size // 9)]
        for end in [*ends.tolist(), 0.0]:
            own = Bound(measure, low=end) if above else Bound(measure, high=end)
            rules = (own, *(each for each in LEAST if each.measure is not measure))
            pairs, may, sure = looked_at(grid, rules)
            kept = np.logical_and.reduce(
                [
                    np.broadcast_to(
                        Exactly.of(rule).holds(measured(pairs, rule.measure)), may.shape
                    )
                    for rule in rules
                ]
            )
            lawful = pairs.low.ends[1][pairs.picked[0]] < pairs.high.ends[0][pairs.picked[1]]
            assert not np.any(kept & ~may & lawful)
            assert not np.any(sure & ~kept & lawful)
