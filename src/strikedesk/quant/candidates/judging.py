"""Rules on pairs, and the order of what keeps them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from strikedesk.quant.candidates.gauges import is_costly, measured
from strikedesk.quant.candidates.halves import FloatsArray, Lanes
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
        return chosen(self.pairs, np.flatnonzero(self.failed == rule))


def chosen(pairs: Pairs, lanes: Lanes) -> Pairs:
    """Return some of a list of pairs."""
    low, high = (side[lanes] for side in pairs.picked if isinstance(side, np.ndarray))
    return Pairs((pairs.low, pairs.high), (low, high))


def in_turn(rules: Sequence[Bound], shape: Shape) -> tuple[Bound, ...]:
    """Return the rules, those that take long last."""
    return tuple(sorted(rules, key=lambda rule: is_costly(rule.measure, shape)))


def holds(rule: Bound, values: FloatsArray, share: float | None = None) -> BoolArray:
    """Return where a rule is kept, with a slack of a share of its ends if one is given."""
    low, high = rule.slack() if share is None else rule.slack(share)
    if rule.low is None and rule.high is None:
        return values == values  # noqa: PLR0124 -- known, which NaN is not
    if rule.high is None:
        return values >= low
    return values <= high if rule.low is None else (values >= low) & (values <= high)


def judged(pairs: Pairs, rules: Sequence[Bound], allowed: int) -> Iterator[Verdicts]:
    """Judge a list of pairs exactly; keep what fails no more rules than allowed (none or one)."""
    costly = [is_costly(rule.measure, pairs.board.shape) for rule in rules]
    plain = costly.index(True) if True in costly else len(rules)
    failed = np.full(pairs.size, KEPT, np.intp)
    first = _after(Verdicts(pairs=pairs, failed=failed), rules, range(plain), allowed)
    if plain == len(rules):
        yield first
        return
    for part in _parts(first):
        yield _after(part, rules, range(plain, len(rules)), allowed)


def _after(before: Verdicts, rules: Sequence[Bound], turns: range, allowed: int) -> Verdicts:
    failed = before.failed.copy()
    lost = np.zeros(failed.size, np.bool_)
    for turn in turns:
        breaks = ~holds(rules[turn], measured(before.pairs, rules[turn].measure))
        lost |= breaks & ((failed != KEPT) | (allowed == 0))
        failed[np.broadcast_to(breaks, failed.shape)] = turn
    if not lost.any():
        return Verdicts(pairs=before.pairs, failed=failed)
    left = np.flatnonzero(~lost)
    return Verdicts(pairs=chosen(before.pairs, left), failed=failed[left])


def _parts(verdicts: Verdicts) -> Iterator[Verdicts]:
    size = verdicts.failed.size
    several = verdicts.pairs.board.shape.months > 1 and size > _AT_ONCE
    if not several:
        yield verdicts
        return
    for start in range(0, size, _AT_ONCE):
        lanes = np.arange(start, min(start + _AT_ONCE, size))
        yield Verdicts(pairs=chosen(verdicts.pairs, lanes), failed=verdicts.failed[lanes])


def scores(pairs: Pairs, ranking: Sequence[Weight]) -> FloatArray:
    """Return the score of each of a list of pairs, see `Search`."""
    total = np.zeros(pairs.size)
    for each in ranking:
        value = measured(pairs, each.measure)
        scale = MEANINGS[each.measure].scale
        # x/(|x| + scale), written so that an endless one has the score 1.
        total += each.weight * np.copysign(1.0 - scale / (np.abs(value) + scale), value)
    return total


def misses_by(rule: Bound, values: FloatsArray) -> tuple[FloatsArray, FloatsArray]:
    """Return by how much values miss a rule, and that as a fraction of the end they miss."""
    below = values < rule.lowest
    end = np.where(below, rule.lowest, rule.highest)
    by = np.abs(values - end)
    return by, by / np.where(end == 0.0, MEANINGS[rule.measure].scale, np.abs(end))
