"""The combinations of a window, in pieces that fit a cache.

A piece is a table of lower halves by upper ones. Lower halves go in order of their highest strike
and upper ones of their lowest, so that those above a lower half are the last columns. Where the
outer gaps have to be even, halves meet only where they make them so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from strikedesk.quant.candidates.board import Board
from strikedesk.quant.candidates.halves import FloatsArray, Half, Lanes, above
from strikedesk.quant.candidates.shape import Shape, Sum
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.patterns import Wings

_ROWS, _COLUMNS = 64, 1024
_SAME_USD = 1e-6  # Gaps that differ by less are even.


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A table: which lower halves (rows) and upper ones (columns), and which cells are lawful.

    Law: `lawful` is None where all are.
    """

    rows: slice
    columns: slice
    lawful: BoolArray | None

    @property
    def across(self) -> int:
        """How many columns there are."""
        return self.columns.stop - self.columns.start

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        return self.rows.stop - self.rows.start, self.across


class Grid:
    """Halves in the order that blocks are cut from."""

    def __init__(self, low: Half, high: Half, *, wing: int | None) -> None:
        shape = low.board.shape
        across = (shape.cut - 1, shape.cut) in shape.gaps
        self._reach = wing if across else None
        gaps = _unevenness(shape)
        self._uneven = gaps if shape.wings is Wings.UNEVEN else None
        none = np.zeros(low.size), np.zeros(high.size)
        evenness = none
        if gaps is not None and shape.wings is not Wings.ANY:
            evenness = (
                _rounded(low.sum_of(gaps, np.float64)),
                -_rounded(high.sum_of(gaps, np.float64)),
            )
        keys = evenness if shape.wings is Wings.EVEN else none
        orders = _order(low.ends[1], keys[0]), _order(high.ends[0], keys[1])
        self.low, self.high = low.chosen(orders[0]), high.chosen(orders[1])
        self._keys = keys[0][orders[0]], keys[1][orders[1]]
        self.count = sum(_meetings(low, high, none, self._reach))
        if shape.wings is not Wings.ANY:
            even = sum(_meetings(low, high, evenness, self._reach))
            self.count = even if shape.wings is Wings.EVEN else self.count - even

    @property
    def board(self) -> Board:
        """Where the halves come from."""
        return self.low.board

    @property
    def halves(self) -> tuple[Half, Half]:
        """The lower halves and the upper ones."""
        return self.low, self.high

    def blocks(self) -> Iterator[Block]:
        """Yield all combinations, each once."""
        lasts, firsts = self.low.ends[1], self.high.ends[0]
        for rows, columns in _groups(self._keys):
            start, stop = rows.start, rows.stop
            for at in range(start, stop, _ROWS):
                until = min(at + _ROWS, stop)
                here = firsts[columns]
                first, count = above(here, lasts[[at, until - 1]], self._reach)
                begin, end = columns.start + int(first[0]), columns.start + int(first[1] + count[1])
                for left in range(begin, end, _COLUMNS):
                    yield self._block(slice(at, until), slice(left, min(left + _COLUMNS, end)))

    def _block(self, rows: slice, columns: slice) -> Block:
        lasts, firsts = self.low.ends[1][rows], self.high.ends[0][columns]
        lawful: BoolArray | None = None
        if firsts[0] <= lasts[-1]:
            lawful = firsts[None, :] > lasts[:, None]
        if self._reach is not None and firsts[-1] > lasts[0] + self._reach:
            near = firsts[None, :] <= lasts[:, None] + self._reach
            lawful = near if lawful is None else lawful & near
        if self._uneven is not None:
            low = self.low.sum_of(self._uneven, np.float64)[rows, None]
            high = self.high.sum_of(self._uneven, np.float64)[None, columns]
            apart = np.abs(low + high) > _SAME_USD
            lawful = apart if lawful is None else lawful & apart
        return Block(rows=rows, columns=columns, lawful=lawful)


def _groups(keys: tuple[FloatArray, FloatArray]) -> Iterator[tuple[slice, slice]]:
    """Yield the rows and columns of each key that both sorted columns have."""
    low, high = keys
    for key in np.intersect1d(low, high).tolist():
        ends = (key, np.nextafter(key, np.inf))
        yield (
            slice(*np.searchsorted(low, ends).tolist()),
            slice(*np.searchsorted(high, ends).tolist()),
        )


def _meetings(
    low: Half, high: Half, keys: tuple[FloatArray, FloatArray], reach: int | None
) -> Iterator[int]:
    """Yield how many pairs of halves of one key may meet, key by key."""
    orders = _order(low.ends[1], keys[0]), _order(high.ends[0], keys[1])
    lasts, firsts = low.ends[1][orders[0]], high.ends[0][orders[1]]
    for rows, columns in _groups((keys[0][orders[0]], keys[1][orders[1]])):
        yield int(np.sum(above(firsts[columns], lasts[rows], reach)[1]))


def _unevenness(shape: Shape) -> Sum | None:
    """Return the lowest gap less the highest, as a sum of strikes; None with fewer than two."""
    if shape.ranks < 3:  # noqa: PLR2004 -- two gaps have three ends
        return None
    total = [0] * shape.ranks
    for rank, times in ((0, -1), (1, 1), (-2, 1), (-1, -1)):
        total[rank] += times
    return tuple(total)


def _rounded(values: FloatsArray) -> FloatArray:
    return np.rint(values / _SAME_USD).astype(np.float64)


def _order(places: np.ndarray, keys: FloatArray) -> Lanes:
    return np.lexsort((places, keys))
