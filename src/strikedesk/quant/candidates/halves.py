"""Half combinations: the strikes of a pattern's lower ranks, and those of the ranks above.

A combination is a lower half and an upper one whose strikes lie above it. What a half contributes
to a quantity is worked out once for each half, and combined for each pair.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from strikedesk.quant.candidates.board import Board
from strikedesk.quant.candidates.columns import LEAST, SUMS
from strikedesk.quant.candidates.search import Window
from strikedesk.quant.candidates.shape import Sum
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray

_ROWS: Final = np.int32
RowArray: TypeAlias = npt.NDArray[np.int32]
Lanes: TypeAlias = npt.NDArray[np.intp]

_HALVES_MAX: Final = 4_000_000  # As many as fit the memory that a search may take.


@dataclass(frozen=True, eq=False, kw_only=True)
class Half:
    """All halves of one side.

    Units: `rows` the places on the axis of strikes, a column for each half and a row for each of
    its ranks, which begin at `start`. Law: without ranks there is one half, which adds nothing.
    """

    board: Board
    start: int
    rows: RowArray
    _kept: dict[object, FloatArray] = field(default_factory=dict[object, FloatArray], repr=False)
    _whole: "tuple[Half, Lanes] | None" = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """How many halves there are."""
        return int(self.rows.shape[1])

    @cached_property
    def ends(self) -> tuple[RowArray, RowArray]:
        """The places of the lowest and the highest strike; an absent half is above everything."""
        if self.rows.shape[0]:
            return self.rows[0], self.rows[-1]
        above = np.full(self.size, self.board.strikes.size, _ROWS)
        return above, above

    @cached_property
    def numbers(self) -> Lanes:
        """The number of each half's expiration on the board; an absent half has the first."""
        if self.rows.shape[0]:
            return self.board.axis.numbers[self.rows[0]]
        return np.zeros(self.size, np.intp)

    @property
    def yearly(self) -> FloatArray:
        """What of a year each half's expiration is, inverted."""
        return self.board.yearly[self.numbers]

    def chosen(self, lanes: Lanes) -> "Half":
        """Return some of the halves, which keep what is known of them."""
        return replace(self, rows=self.rows[:, lanes], _kept={}, _whole=(self, lanes))

    def quantity(self, name: str) -> FloatArray:
        """Return what the options of each half come to."""
        return self._once(name, lambda: self._together(name))

    def sum_of(self, coefficients: Sum) -> FloatArray:
        """Return this side's part of a sum of strikes, each counted from the spot, USD."""
        return self._once(coefficients, lambda: self._summed(coefficients))

    def sums(self, coefficients: Sum) -> bool:
        """Whether this side has a part in a sum of strikes."""
        return any(coefficients[self.start : self.start + self.rows.shape[0]])

    def below(self, rank: int) -> FloatArray:
        """Return the chance of ending at or below the strike of a rank."""
        return self._at("below", rank, self.board.below)

    def strike(self, rank: int) -> FloatArray:
        """Return the strike of a rank, USD."""
        return self._at("strike", rank, self.board.strikes)

    def has(self, rank: int) -> bool:
        """Whether a rank is on this side."""
        return self.start <= rank < self.start + self.rows.shape[0]

    def _at(self, name: str, rank: int, column: FloatArray) -> FloatArray:
        return self._once((name, rank), lambda: column[self.rows[rank - self.start]])

    def _once(self, key: object, work: Callable[[], FloatArray]) -> FloatArray:
        """Return a column, worked out at the first asking or taken from the whole."""
        if key not in self._kept:
            known = None if self._whole is None else self._whole[0]._kept.get(key)  # noqa: SLF001 -- its own kind
            taken = work() if self._whole is None or known is None else known[self._whole[1]]
            self._kept[key] = taken
        return self._kept[key]

    def _summed(self, coefficients: Sum) -> FloatArray:
        strikes = self.board.strikes - self.board.chain.spot
        total = np.zeros(self.size)
        for rank, row in enumerate(self.rows, start=self.start):
            total += coefficients[rank] * strikes[row]
        return total

    def _together(self, name: str) -> FloatArray:
        parts = [
            columns.of(name)[self.rows[option.rank - self.start]]
            for option, columns in zip(self.board.shape.options, self.board.columns, strict=True)
            if self.has(option.rank)
        ]
        empty, join = joining(name)
        if not parts:
            return np.full(self.size, empty)
        total = join(parts[0], empty)
        for part in parts[1:]:
            total = join(total, part)
        return total


def joining(name: str) -> tuple[float, np.ufunc]:
    """Return what nothing comes to in a quantity, and how two parts come together."""
    if name in SUMS:
        return 0.0, np.add
    return (np.inf, np.minimum) if name in LEAST else (-np.inf, np.maximum)


def halves_of(board: Board, window: Window) -> tuple[Half, Half]:
    """Return the lower halves and the upper ones, in order of their strikes from below.

    Raises:
        ValueError: there are too many.
    """
    shape = board.shape
    low, high = (
        Half(board=board, start=ranks.start, rows=_combined(board, window, ranks))
        for ranks in (range(shape.cut), range(shape.cut, shape.ranks))
    )
    return low, high


def _combined(board: Board, window: Window, ranks: range) -> RowArray:
    """Return every ascending choice of places for some ranks, in order of the first, then next."""
    chosen = np.zeros((0, 1), _ROWS)
    for rank in ranks:
        here = np.flatnonzero(_open(board, rank)).astype(_ROWS)
        chosen = _extended(chosen, here, farthest(board, _reach(board, window, rank)))
    return chosen


def farthest(board: Board, reach: int | None) -> Lanes:
    """Return for each place the last one of its expiration, or the last in `reach` above it."""
    lasts = board.axis.lasts
    return lasts if reach is None else np.minimum(numbered(lasts.size) + reach, lasts)


def _extended(chosen: RowArray, here: RowArray, ends: Lanes) -> RowArray:
    """Return each choice with each place above its last and up to the end for that."""
    if not chosen.shape[0]:
        return here[None, :]
    first, counts = between(here, chosen[-1], ends[chosen[-1]])
    if int(np.sum(counts)) > _HALVES_MAX:
        raise ValueError("too many strikes come together: bound the wings or the deltas")
    which = np.repeat(numbered(counts.size), counts)
    within = numbered(which.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.vstack((chosen[:, which], here[first[which] + within]))


def between(places: RowArray, after: RowArray, last: Lanes) -> tuple[Lanes, Lanes]:
    """Return where the ascending places begin that are above each of some, and how many there are.

    Units: `last` the place up to which they count, for each.
    """
    first = np.searchsorted(places, after, side="right")
    return first, np.searchsorted(places, last, side="right") - first


def numbered(size: int) -> Lanes:
    """Return the numbers from 0."""
    return np.arange(size, dtype=np.intp)


def _open(board: Board, rank: int) -> BoolArray:
    """Return where every option of a rank is to be had."""
    options = zip(board.shape.options, board.open, strict=True)
    return np.logical_and.reduce([open_ for option, open_ in options if option.rank == rank])


def _reach(board: Board, window: Window, rank: int) -> int | None:
    """Return how far a rank's place is at most from the one below it."""
    return window.wing if (rank - 1, rank) in board.shape.gaps else None
