"""Rules on pairs, and the order of what keeps them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from strikedesk.quant.candidates.gauges import is_costly, measured
from strikedesk.quant.candidates.halves import Lanes
from strikedesk.quant.candidates.measures import MEANINGS
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.search import Bound, Weight
from strikedesk.quant.candidates.shape import Shape
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray

KEPT: Final = -1
_AT_ONCE: Final = 4096  # Pairs whose curves are drawn at a time.


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Pairs that fail no rule, or one where that matters.

    Units: `failed` the place of the rule that each fails, `KEPT` for none.
    """

    pairs: Pairs
    failed: Lanes

    @property
    def kept(self) -> Pairs:
        """Those that keep all rules."""
        return self.of(KEPT)

    def of(self, rule: int) -> Pairs:
        """Return those that fail one rule."""
        lanes = np.flatnonzero(self.failed == rule)
        return self.pairs if lanes.size == self.failed.size else self.pairs.chosen(lanes)


def in_turn(rules: Sequence[Bound], shape: Shape) -> tuple[Bound, ...]:
    """Return the rules, those that take long last."""
    return tuple(sorted(rules, key=lambda rule: is_costly(rule.measure, shape)))


@dataclass(frozen=True, slots=True)
class Test:
    """A rule as it is asked: its ends moved out by a millionth of themselves, or of the scale."""

    rule: Bound
    low: float
    high: float

    @classmethod
    def of(cls, rule: Bound) -> Self:
        """Return the test of a rule."""
        return cls(rule, *rule.slack())

    def holds(self, values: FloatArray) -> BoolArray:
        """Return where values pass; unknown ones do not."""
        if self.high == np.inf:
            return values == values if self.low == -np.inf else values >= self.low  # noqa: PLR0124 -- known, which NaN is not
        return values <= self.high if self.low == -np.inf else self._between(values)

    def _between(self, values: FloatArray) -> BoolArray:
        return (values >= self.low) & (values <= self.high)


def judged(pairs: Pairs, tests: Sequence[Test], allowed: int) -> Iterator[Verdicts]:
    """Judge a list of pairs exactly; keep what fails no more rules than allowed (none or one)."""
    costly = [is_costly(test.rule.measure, pairs.board.shape) for test in tests]
    plain = costly.index(True) if True in costly else len(tests)
    failed = np.full(pairs.size, KEPT, np.intp)
    first = _after(Verdicts(pairs=pairs, failed=failed), tests, range(plain), allowed)
    if plain == len(tests):
        yield first
        return
    for part in _parts(first):
        yield _after(part, tests, range(plain, len(tests)), allowed)


def _after(before: Verdicts, tests: Sequence[Test], turns: range, allowed: int) -> Verdicts:
    failed = before.failed.copy()
    lost = np.zeros(failed.size, np.bool_)
    for turn in turns:
        test = tests[turn]
        breaks = ~test.holds(measured(before.pairs, test.rule.measure))
        if allowed:
            lost |= breaks & (failed != KEPT)
            np.copyto(failed, turn, where=breaks)
        else:
            lost |= breaks
    if not lost.any():
        return Verdicts(pairs=before.pairs, failed=failed)
    left = np.flatnonzero(~lost)
    return Verdicts(pairs=before.pairs.chosen(left), failed=failed[left])


def _parts(verdicts: Verdicts) -> Iterator[Verdicts]:
    size = verdicts.failed.size
    several = verdicts.pairs.board.shape.months > 1 and size > _AT_ONCE
    if not several:
        yield verdicts
        return
    for start in range(0, size, _AT_ONCE):
        lanes = np.arange(start, min(start + _AT_ONCE, size))
        yield Verdicts(pairs=verdicts.pairs.chosen(lanes), failed=verdicts.failed[lanes])


def scores(pairs: Pairs, ranking: Sequence[Weight]) -> FloatArray:
    """Return the score of each of a list of pairs, see `Search`."""
    total = np.zeros(pairs.size)
    for each in ranking:
        value = measured(pairs, each.measure)
        scale = MEANINGS[each.measure].scale
        # x/(|x| + scale), written so that an endless one has the score 1.
        total += each.weight * np.copysign(1.0 - scale / (np.abs(value) + scale), value)
    return total


def misses_by(rule: Bound, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return by how much values miss a rule, and that as a fraction of the end they miss."""
    below = values < rule.lowest
    end = np.where(below, rule.lowest, rule.highest)
    by = np.abs(values - end)
    return by, by / np.where(end == 0.0, MEANINGS[rule.measure].scale, np.abs(end))
