"""Halves that no partner can save, found before any pair is formed.

A rule that is a sum, or that a sum bounds, is kept by a pair only if its two parts come to enough:
a half whose part does not, even with the best part there is on the other side, is in no pair that
keeps the rule. A smallest or greatest of options is settled by the half alone. Greatest losses are
at least the mean of the worst corners, widths at least the mean of the two sides' own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from strikedesk.quant.candidates.board import Board
from strikedesk.quant.candidates.columns import GREATEST, LEAST
from strikedesk.quant.candidates.halves import Half
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.search import Bound
from strikedesk.quant.candidates.shape import Shape, Sum
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray

_SLACK: Final = 1e-5  # Of a bound or its scale: ten times what the exact rule forgives.
_ROUNDS: Final = 2  # What one side loses may doom halves of the other.

_OWN: Final[Mapping[Measure, str]] = {
    Measure.OPEN_INTEREST: "open_interest",
    Measure.VOLUME: "volume",
    Measure.SHORT_DISTANCE: "distance",
    Measure.SHORT_DELTA: "short_delta",
    Measure.LONG_DELTA: "long_delta",
    Measure.TOUCH_PROBABILITY: "touch",
}
_SUMS: Final[Mapping[Measure, tuple[str, float]]] = {
    Measure.CREDIT: ("cost", -1.0),
    Measure.DEBIT: ("cost", 1.0),
    Measure.EXPECTED_VALUE: ("edge", 1.0),
    Measure.MARKET_VALUE: ("market_edge", 1.0),
    Measure.DELTA: ("delta", 1.0),
    Measure.GAMMA: ("gamma", 1.0),
    Measure.THETA: ("theta", 1.0),
    Measure.VEGA: ("vega", 1.0),
}
_TO_RISK: Final[Mapping[Measure, str]] = {
    Measure.EV_TO_RISK: "edge",
    Measure.THETA_TO_RISK: "theta",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A sum over both halves that may not fall below `least`: quantities and strikes, weighted."""

    quantities: tuple[tuple[str, float], ...]
    strikes: tuple[tuple[Sum, float], ...] = ()
    least: float = 0.0

    def part(self, half: Half) -> FloatArray:
        """Return what each half has of it."""
        total = np.zeros(half.size)
        for name, weight in self.quantities:
            total += weight * half.quantity(name, np.float64)
        for sums, weight in self.strikes:
            total += weight * half.sum_of(sums, np.float64)
        return total


def hopeful(halves: tuple[Half, Half], rules: Sequence[Bound], allowed: int) -> tuple[Half, Half]:
    """Return the halves that may be in a pair that fails no more rules than allowed.

    Law: shares have parts of their own, which are not looked into: with them all halves are kept.
    """
    low, high = halves
    if low.board.shape.shares:
        return halves
    askers = [asker for rule in rules if (asker := _Asker.of(rule, low.board)).asks]
    for _ in range(_ROUNDS):
        fails = np.zeros(low.size, np.intp), np.zeros(high.size, np.intp)
        for asker in askers:
            for count, doomed in zip(fails, asker.doomed(low, high), strict=True):
                np.add(count, doomed, out=count)
        left = [np.flatnonzero(count <= allowed) for count in fails]
        if (left[0].size, left[1].size) == (low.size, high.size):
            break
        low, high = low.chosen(left[0]), high.chosen(left[1])
    return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asker:
    """One rule as halves are asked it: sums, and a quantity that no half may break by itself."""

    needs: tuple[Need, ...]
    own: str
    lowest: float
    highest: float

    @classmethod
    def of(cls, rule: Bound, board: Board) -> "_Asker":
        lowest, highest = rule.slack(_SLACK)
        own, needs = _OWN.get(rule.measure, ""), tuple(_needs(rule, board))
        return cls(needs=needs, own=own, lowest=lowest, highest=highest)

    @property
    def asks(self) -> bool:
        """Whether a half can be found wanting at all."""
        return bool(self.needs or self.own)

    def doomed(self, low: Half, high: Half) -> tuple[BoolArray, BoolArray]:
        """Return which halves fail in every pair."""
        found = self._by_itself(low), self._by_itself(high)
        for need in self.needs:
            parts = need.part(low), need.part(high)
            for side, other in ((0, 1), (1, 0)):
                best = np.fmax.reduce(parts[other], initial=-np.inf)
                np.logical_or(found[side], ~(parts[side] + best >= need.least), out=found[side])
        return found

    def _by_itself(self, half: Half) -> BoolArray:
        if self.own in LEAST:
            return ~(half.quantity(self.own, np.float64) >= self.lowest)
        if self.own in GREATEST:
            return ~(half.quantity(self.own, np.float64) <= self.highest)
        return np.zeros(half.size, np.bool_)


def _needs(rule: Bound, board: Board) -> Iterator[Need]:
    """Yield sums that a pair which keeps the rule has enough of."""
    shape = board.shape
    lowest, highest = rule.slack(_SLACK)
    if rule.measure in _SUMS:
        name, weight = _SUMS[rule.measure]
        # Asked even if it has no end, for what is unknown.
        if lowest > -np.inf or highest == np.inf:
            yield Need(quantities=((name, weight),), least=lowest)
        if highest < np.inf:
            yield Need(quantities=((name, -weight),), least=-highest)
    if shape.months > 1 or not _bounded(shape):
        return
    if rule.measure is Measure.MAX_LOSS:
        cost, strikes = (("cost", -1.0),), _mean(shape.worst, 1.0)
        yield Need(quantities=cost, strikes=strikes, least=-highest)
    elif rule.measure is Measure.ANNUALISED:
        yield from _ratios(Measure.RETURN_ON_RISK, lowest * board.near.years, board)
    else:
        yield from _ratios(rule.measure, lowest, board)


def _ratios(measure: Measure, lowest: float, board: Board) -> Iterator[Need]:
    """Yield what a ratio needs: as much above the line as so many times what is below."""
    shape = board.shape
    if measure in _TO_RISK and -_SLACK <= lowest <= 0.0:
        # What is below the line may be anything up to all that its options can come to.
        contracts = sum(abs(option.ratio) for option in shape.options)
        least = 2.0 * lowest * contracts * float(board.strikes[-1])
        yield Need(quantities=((_TO_RISK[measure], 1.0),), least=least)
    if lowest <= 0.0:
        return
    if measure in _TO_RISK:
        # value - lowest x (cost - mean of the worst corners) >= 0
        quantities = ((_TO_RISK[measure], 1.0), ("cost", -lowest))
        yield Need(quantities=quantities, strikes=_mean(shape.worst, lowest))
    if measure is Measure.RETURN_ON_RISK and len(shape.best) == 1:
        strikes = ((shape.best[0], 1.0), *_mean(shape.worst, lowest))
        yield Need(quantities=(("cost", -1.0 - lowest),), strikes=strikes)
    widths = [each for each in shape.widths if _one_sided(each, shape.cut)]
    if measure is Measure.CREDIT_TO_WIDTH and widths:
        yield Need(quantities=(("cost", -1.0),), strikes=_mean(widths, -lowest))


def _bounded(shape: Shape) -> bool:
    """Whether nothing but distances between strikes is lost or earned, beyond the cost."""
    return bool(shape.worst) and not any(sum(each) for each in (*shape.best, *shape.worst))


def _mean(sums: Sequence[Sum], weight: float) -> tuple[tuple[Sum, float], ...]:
    return tuple((each, weight / len(sums)) for each in sums)


def _one_sided(sums: Sum, cut: int) -> bool:
    """Whether a sum of strikes is of one half alone."""
    return not (any(sums[:cut]) and any(sums[cut:]))
