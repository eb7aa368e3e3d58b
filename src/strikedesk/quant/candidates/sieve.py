"""A first look at whole pieces of a grid: what surely fails is not judged, nor what surely passes.

Each rule that is made of sums takes one comparison for each of its lines. What may pass is judged
by all rules. What surely keeps those and is not among the best has only the other rules to keep,
and is counted: by area where all pairs of a tile are such.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from strikedesk.quant.candidates.blocks import Grid
from strikedesk.quant.candidates.judging import Test
from strikedesk.quant.candidates.lines import Lines, lines_of
from strikedesk.quant.candidates.looks import Look
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.pieces import Listed, Piece
from strikedesk.quant.candidates.search import Bound
from strikedesk.quant.candidates.tiles import Pile, Tiling
from strikedesk.quant.contracts import BoolArray

# Pairs that are judged together: few numpy calls, arrays that fit a cache.
_AT_ONCE: Final = 16_384
# Of more tiles than this share that are left a table of all is looked at sooner than each.
_LEFT: Final = 0.4

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
        self,
        grid: Grid,
        tiling: Tiling | None,
        lines: Lines,
        allowed: int,
        *,
        bounds: Sequence[Bound],
        settles: bool,
    ) -> None:
        self._grid, self._tiling, self._allowed = grid, tiling, allowed
        self._settles, self._bounds = settles, bounds
        self._look = self._among = Look(lines, grid, self._tiling)
        # Of near misses lines leave most open, and lists were asked already.
        self._again = not allowed and tiling is not None
        self._old = False
        # What is left to ask of pairs that surely keep the rules that are made of sums.
        self.rest = [Test.of(rule) for rule in lines.untold]
        # How many pairs passed that were not sent on.
        self.proved = 0

    def raise_to(self, bounds: Sequence[Bound]) -> None:
        """Tell what a pair has to reach from now on to be among the best, if that is known."""
        if bounds != self._bounds:
            self._bounds, self._old = bounds, True

    @property
    def _raised(self) -> Look:
        """The look at what a pair has to reach, worked out when next asked for."""
        if self._old:
            lines = lines_of((), self._grid.halves, self._bounds)
            self._among, self._old = Look(lines, self._grid, self._tiling), False
        return self._among

    def batches(self) -> Iterator[Batch]:
        """Yield the pairs that are left."""
        waiting, size = list[_Split](), 0
        for piece in self._pieces():
            waiting.append(self._split(piece))
            size += sum(each.rows.size for each in waiting[-1])
            if size >= _AT_ONCE:
                yield self._batch(waiting)
                waiting, size = [], 0
        if size:
            yield self._batch(waiting)

    def _pieces(self) -> Iterator[Piece]:
        """Yield what the extremes of small tiles do not tell."""
        if self._tiling is None:
            yield from self._grid.pieces()
            return
        for pile in self._tiling.piles():
            left, settled = self._left(pile)
            if np.count_nonzero(left) > _LEFT * left.size:
                yield from self._grid.blocks(pile.rows)
                continue
            self.proved += int(pile.sizes[settled].sum())
            yield from self._tiling.pieces(pile.down[left], pile.across[left])

    def _left(self, pile: Pile) -> tuple[BoolArray, BoolArray]:
        """Return the tiles to look at, and those of which all pairs pass and none is the best."""
        left = self._look.some_may(pile, self._allowed)
        settled = np.zeros_like(left)
        best = self._raised.some_best(pile)
        if not self._settles:
            return left if best is None else left & best, settled
        sure = None if best is None else self._look.every_sure(pile)
        if best is not None and sure is not None:
            settled = sure & ~best
            left &= ~settled
        return left, settled

    def _batch(self, waiting: Sequence[_Split]) -> Batch:
        open_, sure = (_joined([each[place] for each in waiting]) for place in (0, 1))
        if open_.rows.size and self._again:
            open_, more = self._split(open_)
            sure = _joined([sure, more])
        return Batch(self._pairs(open_), self._pairs(sure), not self._bounds)

    def _pairs(self, listed: Listed) -> Pairs:
        return Pairs(self._grid.halves, (listed.rows, listed.columns))

    def _split(self, piece: Piece) -> _Split:
        """Return the pairs of a piece that may pass: those to judge, and those that are sure to."""
        may = self._look.may(piece, self._allowed)
        if piece.lawful is not None:
            may &= piece.lawful
        if not may.any():
            return _NONE, _NONE
        sure = self._sure(piece, may)
        return piece.listed(may), _NONE if sure is None else piece.listed(sure)

    def _sure(self, piece: Piece, may: BoolArray) -> BoolArray | None:
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

    def _count(self, piece: Piece, sure: BoolArray) -> None:
        """Count what is proved to pass, and take it out."""
        proved = self._look.proved(piece)
        if proved is not None:
            proved &= sure
            sure ^= proved
            self.proved += int(np.count_nonzero(proved))


_NONE: Final = Listed(rows=np.zeros(0, np.intp), columns=np.zeros(0, np.intp))


def _joined(lists: Sequence[Listed]) -> Listed:
    """Return lists of pairs as one."""
    some = [each for each in lists if each.rows.size]
    if len(some) < 2:  # noqa: PLR2004 -- nothing to join
        return some[0] if some else _NONE
    rows, columns = (np.concatenate([getattr(e, s) for e in some]) for s in ("rows", "columns"))
    return Listed(rows=rows, columns=columns)
