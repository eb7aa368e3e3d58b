"""Strikes on one axis: of an expiration, of two on one ladder, or of several one after another.

What is searched together is laid out together: a few long columns where each expiration would have
as many short ones, which take as many numpy calls each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from strikedesk.quant.candidates.chain import Quotes, Slice
from strikedesk.quant.candidates.distributions import Tables
from strikedesk.quant.candidates.found import Flaw
from strikedesk.quant.contracts import BoolArray, Lanes
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind


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
    """The expirations along an axis that a pattern's options of one month have."""

    def __init__(self, slices: Sequence[Slice], axis: Axis) -> None:
        self.slices, self.axis = slices, axis
        self._kept: dict[tuple[Kind, str], FloatArray] = {}

    @cached_property
    def market(self) -> Tables:
        """The market's own distributions of the share."""
        return Tables([each.market for each in self.slices])

    @cached_property
    def below(self) -> FloatArray:
        """The chance of ending at or below each strike."""
        return self.market.below(self.axis.strikes, self.axis.numbers)

    def column(self, kind: Kind, name: str) -> FloatArray:
        """Return a column of the calls or the puts, unknown where nothing is listed."""
        key = kind, name
        if key not in self._kept:
            self._kept[key] = self._joined([getattr(side(s, kind), name) for s in self.slices])
        return self._kept[key]

    def _joined(self, columns: Sequence[FloatArray]) -> FloatArray:
        if sum(column.size for column in columns) == self.axis.size:
            return np.concatenate(columns) if len(columns) > 1 else columns[0]
        (listed,), (column,) = [each.strikes for each in self.slices], columns
        spread = np.full(self.axis.size, np.nan)
        spread[np.searchsorted(self.axis.strikes, listed)] = column
        return spread

    def tradable(self, kind: Kind) -> BoolArray:
        """Return where there is a contract to trade."""
        flaws = flaws_of(self.column(kind, "bid"), self.column(kind, "ask"))
        return ~np.logical_or.reduce(list(flaws.values()))


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
