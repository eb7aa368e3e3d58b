"""Lines as they are asked of pieces of a grid: one comparison of 16 bits for each.

A line that all pairs of a block keep is not asked there, and a block where none keeps one is told
by its highest lower half and its lowest bar alone.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from strikedesk.quant.candidates.blocks import COLUMNS, ROWS, Block, Listed
from strikedesk.quant.candidates.halves import numbered
from strikedesk.quant.candidates.lines import Lines, Places
from strikedesk.quant.candidates.ordinals import Ordinals, ordinals
from strikedesk.quant.contracts import BoolArray


class Look:
    """What is told of pairs by lines: whether they may keep the rules, or are sure to."""

    def __init__(self, lines: Lines) -> None:
        self._lines, self._rules = lines, lines.told
        self._may = _Lines(*ordinals(lines.low, lines.loose), np.greater_equal)
        self._every = [clause for rule in lines.told for clause in rule]
        self._whole, self._proofs, self._best = lines.whole, lines.proofs, lines.best

    @cached_property
    def _surely(self) -> "_Lines":
        """The other end, which a grid without a pair that may pass is not asked for."""
        return _Lines(*ordinals(self._lines.low, self._lines.least), np.greater)

    def may(self, piece: Block | Listed, allowed: int) -> BoolArray:
        """Return which pairs may fail no more rules than allowed."""
        if not allowed:
            return self._may.all(self._every, piece)
        kept = np.zeros(piece.shape, np.uint8)
        for clauses in self._rules:
            kept += self._may.all(clauses, piece).view(np.uint8)
        return kept >= len(self._rules) - allowed

    def sure(self, piece: Block | Listed) -> BoolArray:
        """Return which pairs are sure to keep the rules that are told whole."""
        return self._surely.all(self._whole, piece)

    def proved(self, piece: Block | Listed) -> BoolArray | None:
        """Return which of these are sure to keep the others too, None if that cannot be told."""
        return None if self._proofs is None else self._surely.all(self._proofs, piece)

    def best(self, piece: Block | Listed) -> BoolArray | None:
        """Return which pairs may be among the best, None if that cannot be told."""
        return None if self._best is None else self._may.all(self._best, piece)


class _Lines:
    """One end of lines."""

    def __init__(self, low: Ordinals, bars: Ordinals, reaches: np.ufunc) -> None:
        self._low, self._bars, self._reaches = low, bars, reaches
        lowest, highest = _ends(low, ROWS)
        easiest, hardest = _ends(bars, COLUMNS)
        self._all_do = reaches(lowest[:, :, None], hardest[:, None, :])
        self._some_may = reaches(highest[:, :, None], easiest[:, None, :])

    def all(self, clauses: Sequence[Places], piece: Block | Listed) -> BoolArray:
        """Return which pairs hold all clauses."""
        left = self._left(clauses, piece) if isinstance(piece, Block) else clauses
        if not all(left):
            return np.zeros(piece.shape, np.bool_)
        held = self._any(left[0], piece) if left else np.ones(piece.shape, np.bool_)
        for places in left[1:]:
            held &= self._any(places, piece)
        return held

    def _left(self, clauses: Sequence[Places], block: Block) -> list[Places]:
        """Return the clauses that some pair of a block may not hold, less what none does."""
        at = block.rows.start // ROWS, block.columns.start // COLUMNS
        all_do: list[bool] = self._all_do[:, *at].tolist()
        some_may: list[bool] = self._some_may[:, *at].tolist()
        return [
            tuple(line for line in places if some_may[line])
            for places in clauses
            if not any(all_do[line] for line in places)
        ]

    def _any(self, places: Places, piece: Block | Listed) -> BoolArray:
        held = self._held(places[0], piece)
        for line in places[1:]:
            held |= self._held(line, piece)
        return held

    def _held(self, line: int, piece: Block | Listed) -> BoolArray:
        low, bars = self._low[line][piece.rows], self._bars[line][piece.columns]
        return self._reaches(low[:, None] if isinstance(piece, Block) else low, bars)


def _ends(rows: Ordinals, size: int) -> tuple[Ordinals, Ordinals]:
    """Return the lowest and the highest of each row in pieces of a size."""
    starts = size * numbered(-(-rows.shape[1] // size))
    return np.minimum.reduceat(rows, starts, axis=1), np.maximum.reduceat(rows, starts, axis=1)
