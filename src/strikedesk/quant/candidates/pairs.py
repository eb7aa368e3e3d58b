"""Combinations as pairs of halves: a list of them, or each of some lower with each of some upper.

The second way is a table whose rows are lower halves and whose columns are upper ones. Whatever
depends on one side alone stays one row or one column; numpy spreads it where it meets the other.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from strikedesk.quant.candidates.board import Board
from strikedesk.quant.candidates.halves import FloatsArray, Half, Lanes, Precision, joining
from strikedesk.quant.candidates.shape import Sum

# Lanes of a list, or a slice with a new axis before or behind it.
Picked: TypeAlias = Lanes | tuple[slice, None] | tuple[None, slice]


class Pairs:
    """Lower and upper halves, pair by pair; figures are worked out once each."""

    def __init__(
        self,
        halves: tuple[Half, Half],
        picked: tuple[Picked, Picked],
        precision: Precision = np.float64,
    ) -> None:
        self.low, self.high = halves
        self.picked = picked
        self.precision: Precision = precision
        self._kept: dict[object, FloatsArray] = {}
        self._whole: tuple[Pairs, Lanes] | None = None

    @property
    def board(self) -> Board:
        """Where the options come from."""
        return self.low.board

    @property
    def size(self) -> int:
        """How many pairs there are, of a list."""
        return len(self.picked[0])

    def once(self, key: object, work: Callable[["Pairs"], FloatsArray]) -> FloatsArray:
        """Return a figure, worked out at the first asking."""
        if key not in self._kept:
            known = self._of_whole(key)
            self._kept[key] = work(self) if known is None else known
        return self._kept[key]

    def chosen(self, lanes: Lanes) -> "Pairs":
        """Return some of a list of pairs, which keep the figures that are known."""
        low, high = (side[lanes] for side in self.picked if isinstance(side, np.ndarray))
        some = Pairs((self.low, self.high), (low, high), self.precision)
        some._whole = self, lanes
        return some

    def quantity(self, name: str) -> FloatsArray:
        """Return what all options of each pair come to."""
        return self.once(name, lambda _: self._joined(name))

    def sum_of(self, coefficients: Sum) -> FloatsArray:
        """Return a sum of strikes, each counted from the spot, USD."""
        return self.once(coefficients, lambda _: self._summed(coefficients))

    def below(self, rank: int) -> FloatsArray:
        """Return the chance of ending at or below the strike of a rank."""
        side = 0 if self.low.has(rank) else 1
        return (self.low, self.high)[side].below(rank)[self.picked[side]]

    def strike(self, rank: int) -> FloatsArray:
        """Return the strike of a rank, USD."""
        side = 0 if self.low.has(rank) else 1
        return (self.low, self.high)[side].strike(rank)[self.picked[side]]

    def row(self, rank: int) -> Lanes:
        """Return the place of a rank's strike on the axis."""
        side = 0 if self.low.has(rank) else 1
        half = (self.low, self.high)[side]
        return half.rows[rank - half.start][self.picked[side]].astype(np.intp)

    def _of_whole(self, key: object) -> FloatsArray | None:
        if self._whole is None:
            return None
        whole, lanes = self._whole
        known = whole._kept.get(key)  # noqa: SLF001 -- its own kind
        return known if known is None or known.ndim == 0 else known[lanes]

    def _joined(self, name: str) -> FloatsArray:
        _, join = joining(name)
        low = self.low.quantity(name, self.precision)[self.picked[0]]
        if not self.high.rows.shape[0]:
            return low
        return join(low, self.high.quantity(name, self.precision)[self.picked[1]])

    def _summed(self, coefficients: Sum) -> FloatsArray:
        parts = [
            half.sum_of(coefficients, self.precision)[picked]
            for half, picked in zip((self.low, self.high), self.picked, strict=True)
            if half.sums(coefficients)
        ]
        if not parts:
            return np.zeros((), self.precision)
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]
