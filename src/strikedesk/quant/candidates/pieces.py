"""Pieces of a grid: tables of lower halves by upper ones, small tiles, and lists of pairs."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from strikedesk.quant.candidates.halves import Lanes
from strikedesk.quant.contracts import BoolArray

# How many halves of a side a tile has, but for the last of an expiration.
SIDE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list of pairs: the lower half and the upper one of each."""

    rows: Lanes
    columns: Lanes

    @property
    def shape(self) -> tuple[int]:
        """How many pairs there are."""
        return (self.rows.size,)

    @property
    def lawful(self) -> None:
        """All pairs are."""
        return

    def listed(self, chosen: BoolArray) -> "Listed":
        """Return chosen pairs."""
        cells = np.flatnonzero(chosen)
        return Listed(rows=self.rows[cells], columns=self.columns[cells])


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A table: which lower halves (rows) and upper ones (columns), and which cells are lawful.

    Units: `at` the numbers of its piece of the rows and of that of the columns. Law: `lawful` is
    None where all are; no block reaches beyond those pieces.
    """

    at: tuple[int, int]
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

    def listed(self, chosen: BoolArray) -> Listed:
        """Return chosen pairs as a list."""
        cells = np.flatnonzero(chosen)
        down = cells // self.across
        across = cells - down * self.across  # Faster than to divide again for the rest.
        return Listed(rows=down + self.rows.start, columns=across + self.columns.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiled:
    """Tiles of one size side by side: a table of the halves of each, the tiles along the last axis.

    Units: `down` and `across` the numbers of each tile's rows and columns among those of its grid;
    `rows` and `columns` their halves, of which one that fills a tile up is there twice and lawful
    once. Law: `lawful` is None where all cells are.
    """

    down: Lanes
    across: Lanes
    rows: Lanes
    columns: Lanes
    lawful: BoolArray | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many rows and columns the tiles have, and how many tiles there are."""
        return SIDE, SIDE, self.down.size

    def listed(self, chosen: BoolArray) -> Listed:
        """Return chosen pairs as a list."""
        cells = np.flatnonzero(chosen)
        places = cells // self.down.size
        tiles = cells - places * self.down.size
        down = places // SIDE
        rows = self.rows.take(down * self.down.size + tiles)
        columns = self.columns.take((places - down * SIDE) * self.down.size + tiles)
        return Listed(rows=rows, columns=columns)


Piece: TypeAlias = Block | Listed | Tiled
