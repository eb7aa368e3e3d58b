"""A grid in small tiles, of which most are decided by the extremes of their rows and columns.

Rows and columns of a tile are of one expiration. What is left of a grid after that lies along the
borders of its rules: a few thousand cells where rules are smooth, and most of it where they are
not, which is then better looked at in tables as large as a cache holds.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np

from strikedesk.quant.candidates.blocks import ROWS, Grid, apart, starts_of
from strikedesk.quant.candidates.halves import Lanes, numbered
from strikedesk.quant.candidates.pieces import SIDE, Listed, Tiled
from strikedesk.quant.contracts import BoolArray

_TOGETHER: Final = 8192  # Tiles that are looked at together.
_FEWEST: Final = 8_000  # Pairs of which tables take longer than tiles.
_AT_ONCE: Final = 768  # Tiles whose cells are.
_NEVER: Final = np.iinfo(np.int32).max  # Above all places.


class Strip:
    """The halves of a side in tiles, a column for each: the last one fills a tile up."""

    def __init__(self, numbers: Lanes) -> None:
        self.starts = starts_of(numbers, SIDE)
        self.stops = np.append(self.starts[1:], numbers.size)
        self.sizes = self.stops - self.starts
        self.halves = np.minimum(self.starts + numbered(SIDE)[:, None], self.stops - 1)

    @cached_property
    def fills(self) -> BoolArray:
        """Where a half is there again to fill its tile up."""
        return numbered(SIDE)[:, None] >= self.sizes

    @cached_property
    def of(self) -> Lanes:
        """The tile of each half."""
        return np.repeat(numbered(self.sizes.size), self.sizes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pile:
    """Tiles in a list, and in which of them every cell is lawful.

    Units: `down` and `across` the tiles of the rows and of the columns; `sizes` cells; `rows` the
    blocks of rows that all of them are in.
    """

    down: Lanes
    across: Lanes
    whole: BoolArray
    sizes: Lanes
    rows: range


class Tiling:
    """The tiles of a grid."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.rows, self.columns = Strip(grid.low.numbers), Strip(grid.high.numbers)
        self._lasts, self._firsts = grid.low.ends[1], grid.high.ends[0]
        self._ends = grid.farthest(self._lasts)

    @classmethod
    def of(cls, grid: Grid, count: int) -> Self | None:
        """Return a grid of so many pairs in tiles, None where it is a list of pairs or small."""
        some = count >= _FEWEST and grid.low.size and grid.high.size
        return cls(grid) if some and not grid.by_lists else None

    def piles(self) -> Iterator[Pile]:
        """Yield all tiles with a lawful cell, those of some blocks of rows at a time."""
        begin, count = self._meetings()
        blocks: Lanes = np.searchsorted(self.rows.starts, starts_of(self.grid.low.numbers, ROWS))
        edges: list[int] = np.append(np.append(0, np.cumsum(count))[blocks], count.sum()).tolist()
        stops = [*blocks.tolist(), count.size]
        first = 0
        while first < blocks.size:
            last = max(bisect_right(edges, edges[first] + _TOGETHER) - 1, first + 1)
            tiles = slice(stops[first], stops[last])
            yield self._pile(tiles, begin[tiles], count[tiles], range(first, last))
            first = last

    def _meetings(self) -> tuple[Lanes, Lanes]:
        """Return where the tiles of columns begin that those of rows meet, and how many."""
        rows, columns = self.rows, self.columns
        lowest, highest = self._firsts[columns.starts], self._firsts[columns.stops - 1]
        begin = np.searchsorted(highest, self._lasts[rows.starts], side="right")
        return begin, np.searchsorted(lowest, self._ends[rows.stops - 1], side="right") - begin

    def _pile(self, tiles: slice, begin: Lanes, count: Lanes, blocks: range) -> Pile:
        down = np.repeat(numbered(count.size), count)
        across = numbered(down.size) + (begin - np.cumsum(count) + count)[down]
        down += tiles.start
        rows, columns = self.rows, self.columns
        whole = self._firsts[columns.starts][across] > self._lasts[rows.stops - 1][down]
        whole &= self._firsts[columns.stops - 1][across] <= self._ends[rows.starts][down]
        if self.grid.unevenness is not None:
            whole[:] = False
        sizes = rows.sizes[down] * columns.sizes[across]
        return Pile(down=down, across=across, whole=whole, sizes=sizes, rows=blocks)

    def corners(self, most: int) -> Listed:
        """Return of about so many tiles the pair that is farthest apart, if it is lawful."""
        begin, count = self._meetings()
        edges = np.cumsum(count)
        total = int(edges[-1])
        some = np.arange(0, total, -(-total // most) or 1)
        down: Lanes = np.searchsorted(edges, some, side="right")
        across = begin[down] + some - (edges - count)[down]
        rows, columns = self.rows.starts[down], self.columns.stops[across] - 1
        firsts = self._firsts[columns]
        lawful = (firsts > self._lasts[rows]) & (firsts <= self._ends[rows])
        sums = self.grid.unevenness
        if sums is not None:
            lawful &= apart(sums[0][rows], sums[1][columns])
        return Listed(rows=rows, columns=columns).listed(lawful)

    def pieces(self, down: Lanes, across: Lanes) -> Iterator[Tiled]:
        """Yield tiles as tables."""
        for start in range(0, down.size, _AT_ONCE):
            piece = slice(start, start + _AT_ONCE)
            yield self.table(down[piece], across[piece])

    def table(self, down: Lanes, across: Lanes) -> Tiled:
        """Return tiles as one table."""
        rows, columns = (
            strip.halves.take(tiles, axis=1)
            for strip, tiles in ((self.rows, down), (self.columns, across))
        )
        return Tiled(
            down=down,
            across=across,
            rows=rows,
            columns=columns,
            lawful=self._lawful(down, across, rows, columns),
        )

    def _lawful(self, down: Lanes, across: Lanes, rows: Lanes, columns: Lanes) -> BoolArray | None:
        """Return which cells of tiles are lawful, None for all."""
        lasts, firsts, ends = (
            of.take(halves)
            for of, halves in ((self._lasts, rows), (self._firsts, columns), (self._ends, rows))
        )
        lasts[self.rows.fills.take(down, axis=1)] = _NEVER
        firsts[self.columns.fills.take(across, axis=1)] = -1
        lawful = firsts > lasts[:, None]
        if np.any(firsts.max(axis=0) > ends[0]):
            lawful &= firsts <= ends[:, None]
        sums = self.grid.unevenness
        if sums is not None:
            lawful &= apart(sums[0][rows][:, None], sums[1][columns])
        return None if lawful.all() else lawful
