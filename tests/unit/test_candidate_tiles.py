"""Small tiles of a grid: what they say of all their pairs at once is what each pair says."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.quant.candidates.blocks import Grid
from strikedesk.quant.candidates.board import board_of
from strikedesk.quant.candidates.gauges import measured
from strikedesk.quant.candidates.halves import halves_of
from strikedesk.quant.candidates.judging import Test as Exactly
from strikedesk.quant.candidates.lines import Lines, lines_of
from strikedesk.quant.candidates.looks import Look
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.pieces import Block, Listed
from strikedesk.quant.candidates.search import LEAST_USD, Bound, Search, Weight, Window
from strikedesk.quant.candidates.shape import shape_of
from strikedesk.quant.candidates.tiles import Tiling
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern, Wings
from tests.unit.candidate_chain import a_chain

NAMED = {pattern.name: pattern for pattern in PATTERNS}
LEAST = tuple(Bound(measure, low=LEAST_USD) for measure in (Measure.MAX_LOSS, Measure.MAX_PROFIT))
NAMES = ("bull put spread", "bear call spread", "iron condor", "jade lizard", "short put")
RULES = (
    Bound(Measure.CREDIT_TO_WIDTH, low=0.2),
    Bound(Measure.ANNUALISED, low=0.5),
    Bound(Measure.DELTA, low=-0.2, high=0.3),
    Bound(Measure.PROFIT_PROBABILITY, low=0.6),
    Bound(Measure.EV_TO_RISK, low=-0.05),
    Bound(Measure.OPEN_INTEREST, low=200.0),
)


def a_grid(name: str, strikes: int, seed: int | None, wing: int | None, wings: Wings) -> Grid:
    """Return the grid of two expirations that are laid out together."""
    chain = a_chain(30, 50, strikes=strikes, step=80.0 / strikes, seed=seed, forecast=0.3)
    pattern = Pattern(name=name, signature=NAMED[name].signature, wings=wings)
    sought = Search(pattern=pattern, ranking=(Weight(Measure.CREDIT),), window=Window(wing=wing))
    board = board_of(chain, sought, shape_of(pattern), (0, 1))
    return Grid(*halves_of(board, sought.window), wing=wing)


def pairs_of(*lists: Listed) -> Counter[tuple[int, int]]:
    """Return how often each pair is in lists."""
    return Counter(
        pair
        for each in lists
        for pair in zip(each.rows.tolist(), each.columns.tolist(), strict=True)
    )


def all_pairs(piece: Block) -> Listed:
    """Return the lawful pairs of a table."""
    return piece.listed(np.ones(piece.shape, np.bool_) if piece.lawful is None else piece.lawful)


@pytest.mark.parametrize("wings", [Wings.ANY, Wings.UNEVEN])
@pytest.mark.parametrize("wing", [None, 3, 19])
@pytest.mark.parametrize("strikes", [5, 16, 33, 70])
@pytest.mark.parametrize(
    "name", ["bull put spread", "short put", "broken-wing long call butterfly"]
)
def test_tiles_have_every_pair_once(
    name: str, strikes: int, wing: int | None, wings: Wings
) -> None:
    """Where halves do not fill a tile up one is there again, and is no pair again."""
    grid = a_grid(name, strikes, 1, wing, wings)
    tiling = Tiling(grid)
    tables = [all_pairs(piece) for piece in grid.pieces() if isinstance(piece, Block)]

    piles = list(tiling.piles())
    tiled = [
        piece.listed(np.ones(piece.shape, np.bool_) if piece.lawful is None else piece.lawful)
        for pile in piles
        for piece in tiling.pieces(pile.down, pile.across)
    ]

    assert pairs_of(*tiled) == pairs_of(*tables)
    assert set(pairs_of(*tiled).values()) <= {1}
    assert sum(pairs_of(*tiled).values()) == grid.count
    for most in (1, 7, 10_000):
        corners = pairs_of(tiling.corners(most))
        assert corners <= pairs_of(*tables)
        assert corners.total() <= most
    whole = sum(int(pile.sizes[pile.whole].sum()) for pile in piles)
    assert whole <= grid.count


def kept_by(rules: tuple[Bound, ...], pairs: Pairs) -> BoolArray:
    """Return which pairs keep rules as they are judged."""
    tests = [Exactly.of(rule) for rule in rules]
    held = [t.holds(np.broadcast_to(measured(pairs, t.rule.measure), (pairs.size,))) for t in tests]
    return np.logical_and.reduce(held)


def by_tile(tiling: Tiling, down: np.ndarray, across: np.ndarray) -> list[Pairs]:
    """Return the lawful pairs of each tile."""
    tables = [tiling.table(down[n : n + 1], across[n : n + 1]) for n in range(down.size)]
    lists = [
        each.listed(np.ones(each.shape, np.bool_) if each.lawful is None else each.lawful)
        for each in tables
    ]
    return [Pairs(tiling.grid.halves, (each.rows, each.columns)) for each in lists]


@given(
    name=st.sampled_from(NAMES),
    seed=st.none() | st.integers(0, 5),
    strikes=st.sampled_from([9, 21, 40]),
    rules=st.lists(st.sampled_from(RULES), min_size=1, max_size=3, unique=True),
    best=st.floats(-0.5, 2.0),
    allowed=st.integers(0, 1),
)
@settings(max_examples=60, deadline=None)
def test_a_tile_decided_at_a_look_agrees_with_each_of_its_pairs(
    *, name: str, seed: int | None, strikes: int, rules: list[Bound], best: float, allowed: int
) -> None:
    """What is counted by area passes, and what is dropped fails, alone among the best or not."""
    grid = a_grid(name, strikes, seed, 4 if name == "iron condor" else None, Wings.ANY)
    asked, bar = (*rules, *LEAST), Bound(Measure.RETURN_ON_RISK, low=best)
    tiling = Tiling(grid)
    with np.errstate(all="ignore"):
        look = Look(lines_of(asked, grid.halves, (bar,)), grid, tiling)
        for pile in tiling.piles():
            may, among = look.some_may(pile, allowed), look.some_best(pile)
            sure = look.every_sure(pile)
            assert among is not None
            for n, pairs in enumerate(by_tile(tiling, pile.down, pile.across)):
                failed = sum(~kept_by((rule,), pairs) for rule in asked)
                reached = kept_by(asked, pairs) & kept_by((bar,), pairs)
                assert may[n] or not np.any(failed <= allowed)
                assert among[n] or not np.any(reached)
                if sure is not None and sure[n]:
                    assert pairs.size == pile.sizes[n]
                    assert kept_by(asked, pairs).all()


@pytest.mark.parametrize("name", NAMES)
def test_tiles_and_tables_and_lists_are_told_alike(name: str) -> None:
    """Whatever piece a pair is in, it may pass if it does and is sure to only if it does."""
    grid = a_grid(name, 24, 2, 5, Wings.ANY)
    rules = (Bound(Measure.CREDIT, low=-2.0), *LEAST)
    tiling = Tiling(grid)
    with np.errstate(all="ignore"):
        lines: Lines = lines_of(rules, grid.halves)
        look = Look(lines, grid, tiling)
        blocks = [piece for piece in grid.pieces() if isinstance(piece, Block)]
        piles = list(tiling.piles())
        tables = [table for p in piles for table in tiling.pieces(p.down, p.across)]
        told: list[Counter[tuple[int, int]]] = []
        for pieces in (blocks, tables, [all_pairs(block) for block in blocks]):
            for surely in (False, True):
                lists: list[Listed] = []
                for piece in pieces:
                    held = look.sure(piece) if surely else look.may(piece, 0)
                    lawful = (
                        np.ones(piece.shape, np.bool_) if piece.lawful is None else piece.lawful
                    )
                    lists.append(piece.listed(held & lawful))
                told.append(pairs_of(*lists))
        pairs = all_pairs_of(blocks, grid)
        kept = kept_by(rules, pairs)
    passing = set(zip(*(side[kept].tolist() for side in pairs.picked), strict=True))
    for may, sure in zip(told[::2], told[1::2], strict=True):
        assert set(sure) <= passing <= set(may)
    # Compared as they are, lines leave fewer open than their places in 16 bits.
    assert set(told[4]) <= set(told[0]) == set(told[2])
    assert set(told[1]) == set(told[3]) <= set(told[5])


def all_pairs_of(blocks: list[Block], grid: Grid) -> Pairs:
    """Return the lawful pairs of tables as one list."""
    lists = [all_pairs(block) for block in blocks]
    rows, columns = (np.concatenate([getattr(e, s) for e in lists]) for s in ("rows", "columns"))
    return Pairs(grid.halves, (rows, columns))
