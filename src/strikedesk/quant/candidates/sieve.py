"""A coarse first look at whole blocks in single precision: what surely fails is not judged.

The rules that take a few sums are asked of every combination, each with a slack far above what
single precision loses. What is left is judged in double precision.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from strikedesk.quant.candidates.blocks import Block, Grid
from strikedesk.quant.candidates.gauges import is_costly, measured
from strikedesk.quant.candidates.judging import holds
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.search import Bound

_SLACK: Final = 1e-3  # Of a bound or its scale.


def everything(grid: Grid, block: Block) -> Pairs:
    """Return all pairs of a block as a list."""
    shape = (block.rows.stop - block.rows.start, block.columns.stop - block.columns.start)
    lawful = np.ones(shape, np.bool_) if block.lawful is None else block.lawful
    return _listed(grid, block, np.flatnonzero(lawful))


def survivors(grid: Grid, block: Block, rules: Sequence[Bound], allowed: int) -> Pairs:
    """Return the pairs of a block that may fail no more rules than allowed, as a list."""
    if grid.board.shape.months > 1:
        return everything(grid, block)
    picked = (block.rows, None), (None, block.columns)
    pairs = Pairs((grid.low, grid.high), picked, np.float32)
    shape = (block.rows.stop - block.rows.start, block.columns.stop - block.columns.start)
    kept = np.zeros(shape, np.uint8)
    asked = [rule for rule in rules if not is_costly(rule.measure, grid.board.shape)]
    for rule in asked:
        kept += holds(rule, measured(pairs, rule.measure), _SLACK)
    may = kept >= len(asked) - allowed
    if block.lawful is not None:
        may &= block.lawful
    return _listed(grid, block, np.flatnonzero(may))


def _listed(grid: Grid, block: Block, cells: np.ndarray) -> Pairs:
    across = block.columns.stop - block.columns.start
    rows, columns = np.divmod(cells, across)
    lanes = rows + block.rows.start, columns + block.columns.start
    return Pairs((grid.low, grid.high), lanes)
