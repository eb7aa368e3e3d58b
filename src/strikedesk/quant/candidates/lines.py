"""Rules as lines: a number of the lower half is to be no less than one of the upper half.

A sum over both halves reaches a bound where the lower half's part is at least what the upper one's
leaves to it. For each line all halves of a side are a row of numbers, so that a table of pairs
takes one comparison.

A line has two ends: below `loose` no pair keeps the rule, from `least` on each does. What lies
between, a hundred thousandth of the bound, is left to the exact judgement.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from strikedesk.quant.candidates.clauses import Asked, Clause, Literal, asked_of
from strikedesk.quant.candidates.forms import parts
from strikedesk.quant.candidates.halves import Half, Lanes
from strikedesk.quant.candidates.search import Bound
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray

_LOOSE: Final = 1e-5  # Of a unit: ten times what the exact rule forgives.
_LEAST: Final = 1e-9  # A thousandth of what it forgives, and more than sums lose.

# The places of the lines of which one has to hold.
Places: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """Rules on lower and upper halves, a row for each line and a column for each half.

    Units: `told` the clauses of each rule of which sums tell anything; `hints` clauses that follow
    from all of them; `whole` the clauses of the rules that those are all there is to; `untold` the
    other rules; `proofs` clauses from which these follow, None where there are none; `best` clauses
    that a pair among the best keeps, None where nothing is told of it.
    """

    low: FloatArray
    loose: FloatArray
    least: FloatArray
    told: tuple[tuple[Places, ...], ...]
    hints: tuple[tuple[Places, ...], ...]
    whole: tuple[Places, ...]
    untold: tuple[Bound, ...]
    proofs: tuple[Places, ...] | None
    best: tuple[Places, ...] | None

    def chosen(self, low: Lanes, high: Lanes) -> "Lines":
        """Return the lines of some of the halves."""
        loose, least = self.loose.take(high, axis=1), self.least.take(high, axis=1)
        return replace(self, low=self.low.take(low, axis=1), loose=loose, least=least)


def lines_of(
    rules: Sequence[Bound],
    halves: tuple[Half, Half],
    best: Sequence[Bound] = (),
    *,
    only: bool = False,
) -> Lines:
    """Return rules as lines on halves, and what a pair has to keep to be among the best.

    Units: `only` whether that is asked like any rule, as no other pairs are wanted.
    """
    board, listed = halves[0].board, _List()
    asked = [asked_of(rule, board) or _NOTHING for rule in rules]
    told = [listed.places(each.clauses) for each in asked]
    hints = [listed.places(each.hints) for each in asked]
    partly = [each for each in asked if not each.whole]
    proofs = listed.places([clause for each in partly for clause in each.proofs])
    among = [asked_of(bound, board) or _NOTHING for bound in best]
    ranked = [listed.places(each.clauses, _LEAST) for each in among]
    if only:
        told += ranked
        hints += [listed.places(each.hints, _LEAST) for each in among]
    low, loose, least = _written(listed, halves)
    return Lines(
        low=low,
        loose=loose,
        least=least,
        told=tuple(told),
        hints=tuple(hints),
        whole=tuple(c for each, of in zip(asked, told, strict=False) if each.whole for c in of),
        untold=tuple(r for r, each in zip(rules, asked, strict=True) if not each.whole),
        proofs=proofs if all(each.proofs for each in partly) else None,
        best=tuple(c for of in ranked for c in of) if best and not only else None,
    )


_NOTHING: Final = Asked(clauses=(), whole=False)


def held_by(clauses: Sequence[Places], holds: BoolArray) -> BoolArray:
    """Return where each clause holds, told where each line does."""
    kept = np.logical_and.reduce(holds[[line for line, *others in clauses if not others]])
    for places in clauses:
        if len(places) > 1:
            kept &= np.logical_or.reduce(holds[list(places)])
    return kept


class _List:
    """Literals, one after another: each will be a line."""

    def __init__(self) -> None:
        self.literals: list[Literal] = []
        self.loose: list[float] = []

    def places(self, clauses: Sequence[Clause], loose: float = _LOOSE) -> tuple[Places, ...]:
        """Add clauses and how far below them a pair may be; return the places of their lines."""
        return tuple(tuple(self._added(each, loose) for each in clause) for clause in clauses)

    def _added(self, literal: Literal, loose: float) -> int:
        self.literals.append(literal)
        self.loose.append(loose)
        return len(self.literals) - 1


def _written(listed: _List, halves: tuple[Half, Half]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the numbers of lower halves, and the two ends for upper ones."""
    literals = listed.literals
    overs = list(dict.fromkeys(form for literal in literals for form in literal.over))
    forms = [*(literal.form for literal in literals), *overs]
    rows = [parts(forms, half) for half in halves]
    low, high = (_sided(literals, rows[side], side) for side in (0, 1))
    highest = [np.fmax.reduce(each[len(literals) :], axis=1, initial=-np.inf) for each in rows]
    most = np.array([form.constant for form in overs]) + highest[0] + highest[1]
    over = dict(zip(overs, np.where(np.isfinite(most), most, 0.0).tolist(), strict=True))
    units = [each.unit * max((over[f] for f in each.over), default=1.0) for each in literals]
    bars = -np.array([literal.form.constant for literal in literals])[:, None] - high
    slack = np.array(units)[:, None]
    loose = np.array(listed.loose)[:, None]
    return low, bars - loose * slack, bars + _LEAST * slack


def _sided(literals: Sequence[Literal], rows: FloatArray, side: int) -> FloatArray:
    """Return the parts of one side, 0 where a literal is of the other alone."""
    for row, literal in zip(rows, literals, strict=False):
        if not literal.sides[side]:
            row[:] = 0.0
        elif literal.form.constant == np.inf:
            row[~np.isnan(row)] = 0.0  # An option that has no say would be endless.
    return rows[: len(literals)]
