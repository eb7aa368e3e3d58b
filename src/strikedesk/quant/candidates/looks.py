"""Lines as they are asked of pieces of a grid: one comparison of 16 bits for each.

A line that all pairs of a block keep is not asked there, and a block where none keeps one is told
by its highest lower half and its lowest bar alone.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from strikedesk.quant.candidates.blocks import Block, Listed
from strikedesk.quant.candidates.halves import Lanes
from strikedesk.quant.candidates.lines import Lines, Places
from strikedesk.quant.candidates.ordinals import Ordinals, ordinals
from strikedesk.quant.contracts import BoolArray


class Look:
    """What is told of pairs by lines: whether they may keep the rules, or are sure to."""

    def __init__(self, lines: Lines, starts: tuple[Lanes, Lanes]) -> None:
        self._lines, self._rules, self._starts = lines, lines.told, starts
        self._may = _Lines(*ordinals(lines.low, lines.loose), starts, np.greater_equal)
        self._every = [clause for rule in lines.told for clause in rule]
        self._whole, self._proofs, self._best = lines.whole, lines.proofs, lines.best

    @cached_property
    def _surely(self) -> "_Lines":
        """The other end, which a grid without a pair that may pass is not asked for."""
        return _Lines(*ordinals(self._lines.low, self._lines.least), self._starts, np.greater)

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

    def __init__(
        self, low: Ordinals, bars: Ordinals, starts: tuple[Lanes, Lanes], reaches: np.ufunc
    ) -> None:
        self._low, self._bars, self._reaches = low, bars, reaches
        lowest, highest = _ends(low, starts[0])
        easiest, hardest = _ends(bars, starts[1])
        self._all_do = reaches(lowest[:, :, None], hardest[:, None, :])
        self._some_may = reaches(highest[:, :, None], easiest[:, None, :])

    def all(self, clauses: Sequence[Places], piece: Block | Listed) -> BoolArray:
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
        all_do: list[bool] = self._all_do[:, *block.at].tolist()
        some_may: list[bool] = self._some_may[:, *block.at].tolist()
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


def _ends(rows: Ordinals, starts: Lanes) -> tuple[Ordinals, Ordinals]:
    """Return the lowest and the highest of each row in pieces that begin at some columns."""
    return np.minimum.reduceat(rows, starts, axis=1), np.maximum.reduceat(rows, starts, axis=1)
