"""A coarse first look at whole blocks in single precision: what surely fails is not judged.

The rules that take a few sums are asked of every combination, each with a slack far above what
single precision loses. What is left is judged in double precision.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from strikedesk.quant.candidates.blocks import Block, Grid, Listed
from strikedesk.quant.candidates.gauges import is_costly, measured
from strikedesk.quant.candidates.judging import Test
from strikedesk.quant.candidates.pairs import Pairs, Picked
from strikedesk.quant.candidates.search import Bound
from strikedesk.quant.contracts import BoolArray

_SLACK: Final = 1e-3  # Of a bound or its scale.
# Pairs that are judged together: few numpy calls, arrays that fit a cache.
_AT_ONCE: Final = 16_384


class Sieve:
    """Sends on the pairs of a grid that may fail no more rules than allowed."""

    def __init__(self, grid: Grid, rules: Sequence[Bound], allowed: int) -> None:
        self._grid, self._allowed = grid, allowed
        shape = grid.board.shape
        plain = [rule for rule in rules if not is_costly(rule.measure, shape)]
        self._raised: list[Test] = []
        self._tests = [Test.of(rule, _SLACK) for rule in plain]

    def raise_to(self, bounds: Sequence[Bound]) -> None:
        """Let pass from now on only what also keeps these, as far as a first look can tell."""
        plain = [each for each in bounds if not is_costly(each.measure, self._grid.board.shape)]
        self._raised = [Test.of(bound, _SLACK) for bound in plain]

    def lists(self, *, look: bool) -> Iterator[Pairs]:
        """Yield the pairs in lists; without a first look all of them."""
        waiting, size = list[Listed](), 0
        for piece in self._grid.pieces():
            waiting.append(self._seen(piece) if look else _all_of(piece))
            size += waiting[-1].rows.size
            if size >= _AT_ONCE:
                yield self._listed(waiting)
                waiting, size = [], 0
        if size:
            yield self._listed(waiting)

    def _listed(self, waiting: Sequence[Listed]) -> Pairs:
        rows = np.concatenate([each.rows for each in waiting])
        columns = np.concatenate([each.columns for each in waiting])
        return Pairs(self._grid.halves, (rows, columns))

    def _seen(self, piece: Block | Listed) -> Listed:
        """Return the pairs of a piece that may pass."""
        if isinstance(piece, Listed):
            left = self._left((piece.rows, piece.columns), piece.rows.shape)
            return Listed(rows=piece.rows[left], columns=piece.columns[left])
        left = self._left(((piece.rows, None), (None, piece.columns)), piece.shape)
        if piece.lawful is not None:
            left &= piece.lawful
        return _cells(piece, left)

    def _left(self, picked: tuple[Picked, Picked], shape: tuple[int, ...]) -> BoolArray:
        """Return which pairs may pass, those of no other piece being among them."""
        pairs = Pairs(self._grid.halves, picked, np.float32)
        kept = np.zeros(shape, np.uint8)
        tests = self._tests + self._raised
        for test in tests:
            kept += test.holds(measured(pairs, test.rule.measure)).view(np.uint8)
        return kept >= len(tests) - self._allowed


def _all_of(piece: Block | Listed) -> Listed:
    if isinstance(piece, Listed):
        return piece
    whole = np.ones(piece.shape, np.bool_)
    return _cells(piece, whole if piece.lawful is None else piece.lawful)


def _cells(block: Block, chosen: BoolArray) -> Listed:
    """Return chosen cells of a table as a list."""
    cells = np.flatnonzero(chosen)
    down = cells // block.across
    across = cells - down * block.across  # Faster than to divide again for the rest.
    return Listed(rows=down + block.rows.start, columns=across + block.columns.start)
