"""A coarse first look at whole blocks in single precision: what surely fails is not judged.

The rules that take a few sums are asked of every combination, each with a slack far above what
single precision loses. What is left is judged in double precision.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from strikedesk.quant.candidates.blocks import Block, Grid
from strikedesk.quant.candidates.gauges import is_costly, measured
from strikedesk.quant.candidates.halves import Lanes
from strikedesk.quant.candidates.judging import Test
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.search import Bound

_SLACK: Final = 1e-3  # Of a bound or its scale.
# Pairs that are judged together: few numpy calls, arrays that fit a cache.
_AT_ONCE: Final = 16_384


class Sieve:
    """Sends on the pairs of a grid that may fail no more rules than allowed."""

    def __init__(self, grid: Grid, rules: Sequence[Bound], allowed: int) -> None:
        self._grid, self._allowed = grid, allowed
        shape = grid.board.shape
        plain = [rule for rule in rules if not is_costly(rule.measure, shape)]
        self._tests = [Test.of(rule, _SLACK) for rule in plain]

    def lists(self, *, look: bool) -> Iterator[Pairs]:
        """Yield the pairs in lists; without a first look all of them."""
        rows, columns, waiting = list[Lanes](), list[Lanes](), 0
        for block in self._grid.blocks():
            cells = np.flatnonzero(self._left(block) if look else _lawful(block))
            # Faster than dividing again for the rest.
            down = cells // block.across
            rows.append(down + block.rows.start)
            columns.append(cells - down * block.across + block.columns.start)
            waiting += cells.size
            if waiting >= _AT_ONCE:
                yield self._listed(rows, columns)
                rows, columns, waiting = [], [], 0
        if waiting:
            yield self._listed(rows, columns)

    def _listed(self, rows: list[Lanes], columns: list[Lanes]) -> Pairs:
        return Pairs(self._grid.halves, (np.concatenate(rows), np.concatenate(columns)))

    def _left(self, block: Block) -> np.ndarray:
        """Return which pairs of a block may pass."""
        picked = (block.rows, None), (None, block.columns)
        pairs = Pairs(self._grid.halves, picked, np.float32)
        kept = np.zeros(block.shape, np.uint8)
        for test in self._tests:
            kept += test.holds(measured(pairs, test.rule.measure)).view(np.uint8)
        left = kept >= len(self._tests) - self._allowed
        if block.lawful is not None:
            left &= block.lawful
        return left


def _lawful(block: Block) -> np.ndarray:
    return np.ones(block.shape, np.bool_) if block.lawful is None else block.lawful
