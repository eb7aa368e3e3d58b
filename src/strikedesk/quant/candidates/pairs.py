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
            self._kept[key] = work(self)
        return self._kept[key]

    def quantity(self, name: str) -> FloatsArray:
        """Return what all options of each pair come to."""
        return self.once(name, lambda _: self._joined(name))

    def sum_of(self, coefficients: Sum) -> FloatsArray:
        """Return a sum of strikes, each counted from the spot, USD."""
        return self.once(coefficients, lambda _: self._summed(coefficients))

    def below(self, rank: int) -> FloatsArray:
        """Return the chance of ending at or below the strike of a rank."""
        side = 0 if self.low.has(rank) else 1
        return (self.low, self.high)[side].at(rank)[self.picked[side]].astype(self.precision)

    def row(self, rank: int) -> Lanes:
        """Return the place of a rank's strike on the axis."""
        side = 0 if self.low.has(rank) else 1
        half = (self.low, self.high)[side]
        return half.rows[rank - half.start][self.picked[side]].astype(np.intp)

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
