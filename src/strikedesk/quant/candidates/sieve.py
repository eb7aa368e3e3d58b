"""A first look at whole pieces of a grid: what surely fails is not judged, nor what surely passes.

Each rule that is made of sums takes one comparison of 16 bits for each of its lines. What may pass
is judged in double precision by all rules. What surely keeps those and is not among the best has
only the other rules to keep, and is counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from strikedesk.quant.candidates.blocks import Block, Grid, Listed
from strikedesk.quant.candidates.judging import Test
from strikedesk.quant.candidates.lines import Lines, lines_of
from strikedesk.quant.candidates.looks import Look
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.search import Bound
from strikedesk.quant.contracts import BoolArray

# Pairs that are judged together: few numpy calls, arrays that fit a cache.
_AT_ONCE: Final = 16_384

_Split: TypeAlias = tuple[Listed, Listed]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pairs to judge by all rules, and pairs that surely keep those that are made of sums.

    Units: `ranked` whether the second ones may be among the best too.
    """

    open: Pairs
    sure: Pairs
    ranked: bool


class Sieve:
    """Sends on the pairs of a grid that may fail no more rules than allowed."""

    def __init__(
        self, grid: Grid, lines: Lines, allowed: int, *, bounds: Sequence[Bound], settles: bool
    ) -> None:
        self._grid, self._allowed, self._settles, self._bounds = grid, allowed, settles, bounds
        self._starts = grid.starts
        self._look = self._raised = Look(lines, self._starts)
        # What is left to ask of pairs that surely keep the rules that are made of sums.
        self.rest = [Test.of(rule) for rule in lines.untold]
        # How many pairs passed that were not sent on.
        self.proved = 0

    def raise_to(self, bounds: Sequence[Bound]) -> None:
        """Tell what a pair has to reach from now on to be among the best, if that is known."""
        if bounds != self._bounds:
            self._bounds = bounds
            self._raised = Look(lines_of((), self._grid.halves, bounds), self._starts)

    def batches(self) -> Iterator[Batch]:
        """Yield the pairs that are left."""
        waiting, size = list[_Split](), 0
        for piece in self._grid.pieces():
            waiting.append(self._split(piece))
            size += sum(each.rows.size for each in waiting[-1])
            if size >= _AT_ONCE:
                yield self._batch(waiting)
                waiting, size = [], 0
        if size:
            yield self._batch(waiting)

    def _batch(self, waiting: Sequence[_Split]) -> Batch:
        open_, sure = (
            self._listed([each[place] for each in waiting if each[place].rows.size])
            for place in (0, 1)
        )
        return Batch(open_, sure, not self._bounds)

    def _listed(self, pieces: Sequence[Listed]) -> Pairs:
        rows = np.concatenate([np.zeros(0, np.intp), *(each.rows for each in pieces)])
        columns = np.concatenate([np.zeros(0, np.intp), *(each.columns for each in pieces)])
        return Pairs(self._grid.halves, (rows, columns))

    def _split(self, piece: Block | Listed) -> _Split:
        """Return the pairs of a piece that may pass: those to judge, and those that are sure to."""
        may = self._look.may(piece, self._allowed)
        if isinstance(piece, Block) and piece.lawful is not None:
            may &= piece.lawful
        if not may.any():
            return _NONE, _NONE
        sure = self._sure(piece, may)
        return _chosen(piece, may), _NONE if sure is None else _chosen(piece, sure)

    def _sure(self, piece: Block | Listed, may: BoolArray) -> BoolArray | None:
        """Take out of what may pass what cannot be among the best; return what of it is sure to."""
        best = self._raised.best(piece)
        if not self._settles:
            if best is not None:
                may &= best
            return None
        sure = self._look.sure(piece)
        sure &= may
        if best is not None:
            sure &= ~best
        may ^= sure
        if best is not None:
            self._count(piece, sure)
        return sure

    def _count(self, piece: Block | Listed, sure: BoolArray) -> None:
        """Count what is proved to pass, and take it out."""
        proved = self._look.proved(piece)
        if proved is not None:
            proved &= sure
            sure ^= proved
            self.proved += int(np.count_nonzero(proved))


_NONE: Final = Listed(rows=np.zeros(0, np.intp), columns=np.zeros(0, np.intp))


def _chosen(piece: Block | Listed, chosen: BoolArray) -> Listed:
    """Return chosen pairs of a piece as a list."""
    cells = np.flatnonzero(chosen)
    if isinstance(piece, Listed):
        return Listed(rows=piece.rows[cells], columns=piece.columns[cells])
    down = cells // piece.across
    across = cells - down * piece.across  # Faster than to divide again for the rest.
    return Listed(rows=down + piece.rows.start, columns=across + piece.columns.start)
