"""Strikes on one axis: of an expiration, of two on one ladder, or of several one after another.

What is searched together is laid out together: a few long columns where each expiration would have
as many short ones, which take as many numpy calls each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from strikedesk.quant.candidates.chain import Quotes, Slice
from strikedesk.quant.candidates.distributions import Tables
from strikedesk.quant.candidates.found import Flaw
from strikedesk.quant.contracts import BoolArray, Lanes
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind

_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, eq=False, kw_only=True)
class Axis:
    """Places of strikes.

    Units: `strikes` USD; `sizes` how many places each expiration has. Law: strikes ascend within
    an expiration, and places go by expiration.
    """

    strikes: FloatArray
    sizes: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many places there are."""
        return self.strikes.size

    @cached_property
    def edges(self) -> tuple[int, ...]:
        """Where each expiration begins, and where the last one ends."""
        return tuple(np.cumsum((0, *self.sizes)).tolist())

    @cached_property
    def numbers(self) -> Lanes:
        """The number of each place's expiration."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def lasts(self) -> Lanes:
        """The last place of each place's expiration."""
        return (np.array(self.edges[1:]) - 1)[self.numbers]

    def spread(self, values: Sequence[float]) -> FloatArray:
        """Return what each expiration has at its places."""
        return np.array(values)[self.numbers]


class Ends:
    """The expirations along an axis that a pattern's options of one month have.

    Units: `rows` those of each expiration that are on the axis, None for all.
    """

    def __init__(
        self, slices: Sequence[Slice], axis: Axis, rows: Sequence[Lanes] | None = None
    ) -> None:
        self.slices, self.axis, self._rows = slices, axis, rows
        self._kept: dict[tuple[Kind, str], FloatArray] = {}

    @cached_property
    def market(self) -> Tables:
        """The market's own distributions of the share."""
        return Tables([each.market for each in self.slices])

    @cached_property
    def below(self) -> FloatArray:
        """The chance of ending at or below each strike."""
        return self.market.below(self.axis.strikes, self.axis.numbers)

    def carried(self, spot: float) -> list[float]:
        """Return what a share is worth more today than it costs, on average at each expiration."""
        return [each.discount * each.forward - spot for each in self.slices]

    def column(self, kind: Kind, name: str) -> FloatArray:
        """Return a column of the calls or the puts, unknown where nothing is listed."""
        key = kind, name
        if key not in self._kept:
            self._kept[key] = self.joined([getattr(side(s, kind), name) for s in self.slices])
        return self._kept[key]

    @cached_property
    def rows(self) -> Lanes:
        """The row of each place in its expiration, if it is listed there."""
        if self._rows is not None:
            return np.concatenate(self._rows)
        pieces = zip(self.slices, pairwise(self.axis.edges), strict=True)
        strikes = self.axis.strikes
        return np.concatenate([of.strikes.searchsorted(strikes[a:b]) for of, (a, b) in pieces])

    @property
    def ladder(self) -> bool:
        """Whether there are strikes of another expiration on the axis too."""
        return self._rows is None and self._listed != self.axis.size

    @cached_property
    def _listed(self) -> int:
        return sum(each.strikes.size for each in self.slices)

    def joined(self, columns: Sequence[FloatArray]) -> FloatArray:
        """Return what the strikes of each expiration have along the axis, unknown at others."""
        if self._rows is not None:
            return chosen_of(columns, self._rows)
        if not self.ladder:
            return np.concatenate(columns) if len(columns) > 1 else columns[0]
        (listed,), (column,) = [each.strikes for each in self.slices], columns
        spread = np.full(self.axis.size, np.nan)
        spread[np.searchsorted(self.axis.strikes, listed)] = column
        return spread

    def tradable(self, kind: Kind) -> BoolArray:
        """Return where there is a contract to trade."""
        flaws = flaws_of(self.column(kind, "bid"), self.column(kind, "ask"))
        return ~np.logical_or.reduce(list(flaws.values()))


def distinct(values: npt.NDArray[_T]) -> npt.NDArray[_T]:
    """Return values in ascending order, each once.

    numpy's own function loads its masked arrays for that, which takes as long as several searches.
    """
    ordered = np.sort(values, axis=None)
    first = np.ones(ordered.size, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def chosen_of(columns: Sequence[FloatArray], rows: Sequence[Lanes]) -> FloatArray:
    """Return some rows of columns, one after another."""
    return np.concatenate([column[some] for column, some in zip(columns, rows, strict=True)])


def side(of: Slice, kind: Kind) -> Quotes:
    """Return the calls or the puts."""
    return of.calls if kind is Kind.CALL else of.puts


def flaws_of(bid: FloatArray, ask: FloatArray) -> dict[Flaw, BoolArray]:
    """Return which rows are no contracts to trade, and why."""
    missing = ~(np.isfinite(bid) & np.isfinite(ask))
    no_bid = ~missing & ~(bid > 0.0)
    return {
        Flaw.NO_QUOTE: missing,
        Flaw.NO_BID: no_bid,
        Flaw.CROSSED: ~missing & ~no_bid & (bid > ask),
    }
