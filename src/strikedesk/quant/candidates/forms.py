"""Sums of what halves have, by which rules are asked before a pair is formed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from strikedesk.quant.candidates.halves import Half
from strikedesk.quant.candidates.shape import Sum
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray

# Of more multiplications they would be shared among threads, which takes longer than to do them.
_AT_ONCE: Final = 200_000


@dataclass(frozen=True, slots=True)
class Yearly:
    """A term by the years to a half's expiration."""

    term: "str | Sum | int"


Term: TypeAlias = str | Sum | int | Yearly


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Terms, each times a weight, and a constant.

    A term is a quantity by its name, a sum of strikes counted from the spot, or by its rank the
    chance of ending at or below a strike; or one of these by the years to the expiration.
    """

    terms: Mapping[Term, float]
    constant: float = 0.0

    def plus(self, other: "Form", times: float = 1.0) -> "Form":
        """Return the sum with so many times another."""
        terms = dict(self.terms)
        for term, weight in other.terms.items():
            # A weight of 0 stays: what is unknown of a term is unknown of the sum.
            terms[term] = terms.get(term, 0.0) + times * weight
        return Form(terms, self.constant + times * other.constant)

    def yearly(self) -> "Form":
        """Return this by the years to the expiration. Law: no term is so already."""
        terms: dict[Term, float] = {"yearly": self.constant} if self.constant else {}
        for term, weight in self.terms.items():
            terms[term if isinstance(term, Yearly) else Yearly(term)] = weight
        return Form(terms)

    def times(self, factor: float) -> "Form":
        """Return so many times this."""
        return Form({}).plus(self, factor)


def parts(forms: Sequence[Form], half: Half) -> FloatArray:
    """Return what each half has of some forms, without their constants: a row for each form.

    Law: unknown where any of its terms is, which has to be endless where the form is that term.
    """
    terms = {term: row for row, term in enumerate(dict.fromkeys(t for f in forms for t in f.terms))}
    columns = np.zeros((len(terms), half.size))
    for term, row in terms.items():
        columns[row] = _column(term, half)
    weights = np.zeros((len(forms), len(terms)))
    used = np.zeros(weights.shape, np.bool_)
    for place, form in enumerate(forms):
        for term, weight in form.terms.items():
            weights[place, terms[term]], used[place, terms[term]] = weight, True
    rows = np.empty((len(forms), half.size))
    some = max(_AT_ONCE // max(weights.size, 1), 1)
    for start in range(0, half.size, some):
        piece = slice(start, start + some)
        rows[:, piece] = _summed(weights, used, columns[:, piece])
    return rows


def _summed(weights: FloatArray, used: BoolArray, columns: FloatArray) -> FloatArray:
    known = np.isfinite(columns)
    return weights @ columns if known.all() else _where_known(weights, used, columns, known)


def _where_known(
    weights: FloatArray, used: BoolArray, columns: FloatArray, known: BoolArray
) -> FloatArray:
    """Return weighted sums of columns of which some are unknown, or endless."""
    rows = weights @ np.where(known, columns, 0.0)
    rows[used.astype(np.float64) @ ~known > 0.0] = np.nan
    for place in np.flatnonzero(used.sum(axis=1) == 1):
        term = int(np.argmax(used[place]))
        rows[place] = weights[place, term] * columns[term]
    return rows


def _column(term: Term, half: Half) -> FloatArray | float:
    if isinstance(term, Yearly):
        return _column(term.term, half) * half.yearly
    if isinstance(term, str):
        return half.quantity(term)
    if isinstance(term, tuple):
        return half.sum_of(term) if half.sums(term) else 0.0
    return half.below(term) if half.has(term) else 0.0
