"""Combinations as pairs of halves, in a list; figures are worked out once for each list."""

from collections.abc import Callable

import numpy as np

from strikedesk.quant.candidates.board import Board
from strikedesk.quant.candidates.halves import Half, Lanes, joining
from strikedesk.quant.candidates.shape import Sum
from strikedesk.quant.normal import FloatArray


class Pairs:
    """Lower and upper halves, pair by pair; figures are worked out once each."""

    def __init__(
        self,
        halves: tuple[Half, Half],
        picked: tuple[Lanes, Lanes],
    ) -> None:
        self.low, self.high = halves
        self.picked = picked
        self._kept: dict[object, FloatArray] = {}
        self._whole: tuple[Pairs, Lanes] | None = None
        self._numbers: Lanes | None = None

    @property
    def board(self) -> Board:
        """Where the options come from."""
        return self.low.board

    @property
    def size(self) -> int:
        """How many pairs there are, of a list."""
        return len(self.picked[0])

    def once(self, key: object, work: Callable[["Pairs"], FloatArray]) -> FloatArray:
        """Return a figure, worked out at the first asking."""
        if key not in self._kept:
            known = self._of_whole(key)
            self._kept[key] = work(self) if known is None else known
        return self._kept[key]

    def chosen(self, lanes: Lanes) -> "Pairs":
        """Return some of a list of pairs, which keep the figures that are known."""
        low, high = (side[lanes] for side in self.picked)
        some = Pairs((self.low, self.high), (low, high))
        some._whole = self, lanes
        return some

    def quantity(self, name: str) -> FloatArray:
        """Return what all options of each pair come to."""
        return self.once(name, lambda _: self._joined(name))

    def sum_of(self, coefficients: Sum) -> FloatArray:
        """Return a sum of strikes, each counted from the spot, USD."""
        return self.once(coefficients, lambda _: self._summed(coefficients))

    def below(self, rank: int) -> FloatArray:
        """Return the chance of ending at or below the strike of a rank."""
        side = 0 if self.low.has(rank) else 1
        half, lanes = (self.low, self.high)[side], self.picked[side]
        return self.once(("below", rank), lambda _: half.below(rank)[lanes])

    def strike(self, rank: int) -> FloatArray:
        """Return the strike of a rank, USD."""
        side = 0 if self.low.has(rank) else 1
        half, lanes = (self.low, self.high)[side], self.picked[side]
        return self.once(("strike", rank), lambda _: half.strike(rank)[lanes])

    @property
    def numbers(self) -> Lanes:
        """The number of each pair's expiration on the board."""
        if self._numbers is None:
            self._numbers = self.low.numbers[self.picked[0]]
        return self._numbers

    def at_end(self, values: FloatArray) -> FloatArray:
        """Return what the expiration of each pair has, told for each on the board."""
        return values[0] if values.size == 1 else values[self.numbers]

    def ends_below(self, price: FloatArray) -> FloatArray:
        """Return the chance that the share ends at or below a price of each pair."""
        market, several = self.board.near.market, len(self.board.axis.sizes) > 1
        return market.below(price, self.numbers if several else np.zeros((), np.intp))

    def row(self, rank: int) -> Lanes:
        """Return the place of a rank's strike on the axis."""
        side = 0 if self.low.has(rank) else 1
        half = (self.low, self.high)[side]
        return half.rows[rank - half.start][self.picked[side]].astype(np.intp)

    def _of_whole(self, key: object) -> FloatArray | None:
        if self._whole is None:
            return None
        whole, lanes = self._whole
        known = whole._kept.get(key)  # noqa: SLF001 -- its own kind
        return known if known is None or known.ndim == 0 else known[lanes]

    def _joined(self, name: str) -> FloatArray:
        _, join = joining(name)
        low = self.low.quantity(name)[self.picked[0]]
        if not self.high.rows.shape[0]:
            return low
        return join(low, self.high.quantity(name)[self.picked[1]])

    def _summed(self, coefficients: Sum) -> FloatArray:
        parts = [
            half.sum_of(coefficients)[picked]
            for half, picked in zip((self.low, self.high), self.picked, strict=True)
            if half.sums(coefficients)
        ]
        if not parts:
            return np.zeros(())
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]
