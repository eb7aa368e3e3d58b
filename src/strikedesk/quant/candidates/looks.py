"""Lines as they are asked of pieces of a grid: one comparison of 16 bits for each.

Of most small tiles the extremes of their rows and columns tell all. In a table, a line that all
pairs keep is not asked, and where none keeps one it is told by the highest lower half and the
lowest bar alone. Of a list of pairs lines are asked as they are: few are left to be judged.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from strikedesk.quant.candidates.blocks import Grid
from strikedesk.quant.candidates.halves import Lanes
from strikedesk.quant.candidates.lines import Lines, Places, held_by
from strikedesk.quant.candidates.ordinals import Ladder, Ordinals
from strikedesk.quant.candidates.pieces import Block, Listed, Piece
from strikedesk.quant.candidates.tiles import Pile, Strip, Tiling
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray


class Look:
    """What is told of pairs by lines: whether they may keep the rules, or are sure to."""

    def __init__(self, lines: Lines, grid: Grid, tiling: Tiling | None) -> None:
        self._lines, self._rules = lines, lines.told
        self._sides = _Sides(lines.low, grid, tiling)
        self._may = _Lines(self._sides, lines.loose, np.greater_equal)
        self._every = [clause for rule in lines.told for clause in rule]
        self._whole, self._proofs, self._best = lines.whole, lines.proofs, lines.best

    @cached_property
    def _surely(self) -> "_Lines":
        """The other end, which a grid without a pair that may pass is not asked for."""
        return _Lines(self._sides, self._lines.least, np.greater)

    def may(self, piece: Piece, allowed: int) -> BoolArray:
        """Return which pairs may fail no more rules than allowed."""
        if not allowed:
            return self._may.all(self._every, piece)
        kept = np.zeros(piece.shape, np.uint8)
        for clauses in self._rules:
            kept += self._may.all(clauses, piece).view(np.uint8)
        return kept >= len(self._rules) - allowed

    def sure(self, piece: Piece) -> BoolArray:
        """Return which pairs are sure to keep the rules that are told whole."""
        return self._surely.all(self._whole, piece)

    def proved(self, piece: Piece) -> BoolArray | None:
        """Return which of these are sure to keep the others too, None if that cannot be told."""
        return None if self._proofs is None else self._surely.all(self._proofs, piece)

    def best(self, piece: Piece) -> BoolArray | None:
        """Return which pairs may be among the best, None if that cannot be told."""
        return None if self._best is None else self._may.all(self._best, piece)

    def some_may(self, pile: Pile, allowed: int) -> BoolArray:
        """Return the tiles of which some pair may fail no more rules than allowed."""
        held = self._may.some(pile)
        if not allowed:
            return held_by(self._every, held)
        kept = np.zeros(pile.down.size, np.uint8)
        for clauses in self._rules:
            kept += held_by(clauses, held)
        return kept >= len(self._rules) - allowed

    def some_best(self, pile: Pile) -> BoolArray | None:
        """Return the tiles of which some pair may be among the best."""
        return None if self._best is None else held_by(self._best, self._may.some(pile))

    def every_sure(self, pile: Pile) -> BoolArray | None:
        """Return the tiles of which every pair keeps all rules, None if that cannot be told."""
        if self._proofs is None:
            return None
        return held_by([*self._whole, *self._proofs], self._surely.every(pile)) & pile.whole


class _Sides:
    """Lower halves of lines, and how a grid is cut."""

    def __init__(self, low: FloatArray, grid: Grid, tiling: Tiling | None) -> None:
        self.low, self.grid, self.tiling = low, grid, tiling
        self.ladder = Ladder(low)

    @cached_property
    def places(self) -> Ordinals:
        return self.ladder.low()

    @cached_property
    def tiles(self) -> Ordinals:
        """The places in the tiles of a grid that has some: lines, rows of a tile, tiles."""
        return _in_tiles(self.places, self.tiling.rows if self.tiling else None)

    @cached_property
    def blocks(self) -> tuple[Ordinals, Ordinals]:
        """The lowest and the highest places of each block of rows."""
        return _ends(self.places, self.grid.starts[0])


class _Lines:
    """One end of lines."""

    def __init__(self, sides: _Sides, bars: FloatArray, reaches: np.ufunc) -> None:
        self._sides, self._bars, self._reaches = sides, bars, reaches
        self._asked: tuple[Pile, BoolArray] | None = None  # Rules and the best ask of one pile.

    @cached_property
    def _places(self) -> Ordinals:
        return self._sides.ladder.bars(self._bars)

    @cached_property
    def _tiles(self) -> Ordinals:
        return _in_tiles(self._places, self._sides.tiling.columns if self._sides.tiling else None)

    @cached_property
    def _blocks(self) -> tuple[BoolArray, BoolArray]:
        """Which lines all pairs of a block hold, and which some may."""
        lowest, highest = self._sides.blocks
        easiest, hardest = _ends(self._places, self._sides.grid.starts[1])
        return (
            self._reaches(lowest[:, :, None], hardest[:, None, :]),
            self._reaches(highest[:, :, None], easiest[:, None, :]),
        )

    def some(self, pile: Pile) -> BoolArray:
        """Return which lines (rows) some pair of each tile may hold."""
        if self._asked is None or self._asked[0] is not pile:
            low, bars = self._sides.tiles.max(axis=1), self._tiles.min(axis=1)
            self._asked = pile, self._extremes(pile, low, bars)
        return self._asked[1]

    def every(self, pile: Pile) -> BoolArray:
        """Return which lines (rows) every pair of each tile holds."""
        return self._extremes(pile, self._sides.tiles.min(axis=1), self._tiles.max(axis=1))

    def _extremes(self, pile: Pile, low: Ordinals, bars: Ordinals) -> BoolArray:
        return self._reaches(low.take(pile.down, axis=1), bars.take(pile.across, axis=1))

    def all(self, clauses: Sequence[Places], piece: Piece) -> BoolArray:
        """Return which pairs hold all clauses."""
        left = self._left(clauses, piece) if isinstance(piece, Block) else clauses
        if not all(left):
            return np.zeros(piece.shape, np.bool_)
        held = self._any(left[0], piece) if left else np.ones(piece.shape, np.bool_)
        for places in left[1:]:
            if not held.any():
                break
            held &= self._any(places, piece)
        return held

    def _left(self, clauses: Sequence[Places], block: Block) -> list[Places]:
        """Return the clauses that some pair of a block may not hold, less what none does."""
        all_do, some_may = (each[:, *block.at].tolist() for each in self._blocks)
        return [
            tuple(line for line in places if some_may[line])
            for places in clauses
            if not any(all_do[line] for line in places)
        ]

    def _any(self, places: Places, piece: Piece) -> BoolArray:
        held = self._held(places[0], piece)
        for line in places[1:]:
            held |= self._held(line, piece)
        return held

    def _held(self, line: int, piece: Piece) -> BoolArray:
        sides, reaches = self._sides, self._reaches
        if isinstance(piece, Listed):
            return reaches(sides.low[line][piece.rows], self._bars[line][piece.columns])
        if isinstance(piece, Block):
            low, bars = sides.places[line][piece.rows], self._places[line][piece.columns]
            return reaches(low[:, None], bars)
        low = sides.tiles[line].take(piece.down, axis=1)
        return reaches(low[:, None], self._tiles[line].take(piece.across, axis=1))


def _in_tiles(places: Ordinals, strip: Strip | None) -> Ordinals:
    """Return places in tiles, none where there are none."""
    return places[:, None, :0] if strip is None else places.take(strip.halves, axis=1)


def _ends(rows: Ordinals, starts: Lanes) -> tuple[Ordinals, Ordinals]:
    """Return the lowest and the highest of each row in pieces that begin at some columns."""
    return np.minimum.reduceat(rows, starts, axis=1), np.maximum.reduceat(rows, starts, axis=1)
