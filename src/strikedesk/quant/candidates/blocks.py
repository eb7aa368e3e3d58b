"""The combinations of a window, in pieces that fit a cache.

A piece is a table of lower halves by upper ones, or a list of pairs. Lower halves go in order of
their highest strike and upper ones of their lowest, so that those above a lower half are the last
columns. Where the outer gaps have to be even, halves meet only where they make them so: each lower
one meets few, which are listed.
"""

from bisect import bisect_right
from collections.abc import Iterator
from copy import copy
from itertools import pairwise

import numpy as np

from strikedesk.quant.candidates.board import Board
from strikedesk.quant.candidates.halves import Half, Lanes, RowArray, farthest, numbered
from strikedesk.quant.candidates.pieces import Block, Listed
from strikedesk.quant.candidates.shape import Sum
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.patterns import Wings

ROWS, COLUMNS = 256, 256
_LISTED = 16_384
_SAME_USD = 1e-6  # Gaps that differ by less are even.


class Grid:
    """Halves in the order that pieces are cut from."""

    def __init__(self, low: Half, high: Half, *, wing: int | None) -> None:
        shape = low.board.shape
        across = (shape.cut - 1, shape.cut) in shape.gaps
        self._ends = farthest(low.board, wing if across else None)
        self._even = shape.unevenness if shape.wings is Wings.EVEN else None
        self._uneven = shape.unevenness if shape.wings is Wings.UNEVEN else None
        # Low halves of one highest strike side by side: then few cells of a table are unlawful.
        self.low = _sorted(low, low.ends[1])
        outer = (_key(high, self._even, -1.0), high.numbers) if self._even else ()
        self.high = _sorted(high, high.ends[0], *outer)

    def chosen(self, low: Lanes, high: Lanes) -> "Grid":
        """Return the grid of some of the halves, told in ascending order."""
        some = copy(self)
        some.low, some.high = self.low.chosen(low), self.high.chosen(high)
        return some

    @property
    def starts(self) -> tuple[Lanes, Lanes]:
        """Where the pieces of the rows and those of the columns begin: none has two expirations."""
        return starts_of(self.low.numbers, ROWS), starts_of(self.high.numbers, COLUMNS)

    @property
    def board(self) -> Board:
        """Where the halves come from."""
        return self.low.board

    @property
    def halves(self) -> tuple[Half, Half]:
        """The lower halves and the upper ones."""
        return self.low, self.high

    @property
    def count(self) -> int:
        """How many combinations there are."""
        total = int(np.sum(self._meetings(self._even)[1]))
        return total - int(np.sum(self._meetings(self._uneven)[1])) if self._uneven else total

    @property
    def by_lists(self) -> bool:
        """Whether halves meet so few others that pairs are listed."""
        return self._even is not None

    @property
    def unevenness(self) -> tuple[FloatArray, FloatArray] | None:
        """What lower and upper halves come to where they make the outer gaps even, None for any."""
        if self._uneven is None:
            return None
        return self.low.sum_of(self._uneven), self.high.sum_of(self._uneven)

    def pieces(self) -> Iterator[Block | Listed]:
        """Yield all combinations, each once."""
        if not (self.low.size and self.high.size):
            return iter(())
        return self._lists() if self._even else self.blocks(range(self.starts[0].size))

    def _meetings(self, gaps: Sum | None) -> tuple[Lanes, Lanes]:
        """Return where the upper halves begin that each lower one meets, and how many they are.

        Law: they meet in the order of `high` if `gaps` is what that was sorted by.
        """
        lasts = self.low.ends[1].astype(np.intp)
        if gaps is None:
            up_to = np.cumsum(np.bincount(self.high.ends[0], minlength=self._span))
            begin = up_to[lasts]
            return begin, up_to[self.farthest(lasts)] - begin
        low, high = self._codes(gaps)
        firsts = np.sort(high + self.high.ends[0])
        begin = np.searchsorted(firsts, low + lasts, side="right")
        return begin, np.searchsorted(firsts, low + self.farthest(lasts), side="right") - begin

    def farthest(self, lasts: Lanes | RowArray) -> Lanes | RowArray:
        """Return the last place at which an upper half may begin above each of some places."""
        return self._ends[lasts] if self.high.rows.shape[0] else np.full_like(lasts, self._span - 1)

    def _codes(self, gaps: Sum) -> tuple[Lanes, Lanes]:
        """Return a number for each lower and upper half, the same for those that may meet."""
        keys = _key(self.low, gaps, 1.0), _key(self.high, gaps, -1.0)
        codes = np.unique(np.concatenate(keys), return_inverse=True)[1].astype(np.intp)
        codes += codes.size * np.concatenate((self.low.numbers, self.high.numbers))
        codes *= self._span
        return codes[: self.low.size], codes[self.low.size :]

    @property
    def _span(self) -> int:
        """More than any place on the axis, that of an absent upper half included."""
        return self.board.strikes.size + 2

    def _lists(self) -> Iterator[Listed]:
        begin, count = self._meetings(self._even)
        edges = np.concatenate(([0], np.cumsum(count)))
        start = 0
        while start < count.size:
            stop = max(int(np.sum(edges <= edges[start] + _LISTED)) - 1, start + 1)
            rows = np.repeat(numbered(stop - start) + start, count[start:stop])
            within = numbered(rows.size) - (edges[rows] - edges[start])
            yield Listed(rows=rows, columns=begin[rows] + within)
            start = stop

    def blocks(self, rows: range) -> Iterator[Block]:
        """Yield all combinations of some pieces of the rows as tables."""
        down, across = (
            list(pairwise([*starts.tolist(), half.size]))
            for starts, half in zip(self.starts, self.halves, strict=True)
        )
        begin, end = self._reaches([start for start, _ in down], [stop - 1 for _, stop in down])
        ends = [stop for _, stop in across]
        for row in rows:
            start, stop = down[row]
            left, last = int(begin[row]), int(end[row])
            column = bisect_right(ends, left)
            while left < last:
                right = min(ends[column], last)
                yield self._block((row, column), slice(start, stop), slice(left, right))
                left, column = right, column + 1

    def _reaches(self, first: list[int], last: list[int]) -> tuple[Lanes, Lanes]:
        """Return where the upper halves begin above some lower ones, and end for others."""
        lasts, firsts = self.low.ends[1], self.high.ends[0]
        begin = np.searchsorted(firsts, lasts[first], side="right")
        return begin, np.searchsorted(firsts, self.farthest(lasts[last]), side="right")

    def _block(self, at: tuple[int, int], rows: slice, columns: slice) -> Block:
        lasts, firsts = self.low.ends[1][rows], self.high.ends[0][columns]
        lawful = _within(lasts, firsts, self.farthest(lasts))
        if self.unevenness is not None:
            low, high = self.unevenness
            uneven = apart(low[rows, None], high[columns])
            lawful = uneven if lawful is None else lawful & uneven
        return Block(at=at, rows=rows, columns=columns, lawful=lawful)


def _sorted(half: Half, places: RowArray, *outer: FloatArray | Lanes) -> Half:
    """Return halves in order of their places, within that of what stands after these."""
    if not outer and np.all(places[1:] >= places[:-1]):
        return half
    return half.chosen(np.lexsort((places, *outer)))


def apart(low: FloatArray, high: FloatArray) -> BoolArray:
    """Return where outer gaps differ, told what halves come to where they are even."""
    return np.abs(low + high) > _SAME_USD


def starts_of(numbers: Lanes, size: int) -> Lanes:
    """Return where pieces of a size begin, and anew with each number."""
    edges = [*np.flatnonzero(np.diff(numbers, prepend=-1)).tolist(), numbers.size]
    starts = [np.arange(start, stop, size) for start, stop in pairwise(edges)]
    return np.concatenate([np.zeros(0, np.intp), *starts])


def _within(lasts: RowArray, firsts: RowArray, ends: Lanes | RowArray) -> BoolArray | None:
    """Return which upper halves are above which lower ones and no farther, None for all."""
    lawful: BoolArray | None = None
    if firsts[0] <= lasts[-1]:
        lawful = firsts[None, :] > lasts[:, None]
    if firsts[-1] > ends[0]:
        near = firsts[None, :] <= ends[:, None]
        lawful = near if lawful is None else lawful & near
    return lawful


def _key(half: Half, gaps: Sum, sign: float) -> FloatArray:
    """Return what halves that make the outer gaps even have in common."""
    return np.rint(sign * half.sum_of(gaps) / _SAME_USD)
