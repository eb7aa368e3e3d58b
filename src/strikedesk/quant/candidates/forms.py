"""Sums of what halves have, by which rules are asked before a pair is formed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from strikedesk.quant.candidates.halves import Half
from strikedesk.quant.candidates.shape import Sum
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Terms, each times a weight, and a constant.

    A term is a quantity by its name, a sum of strikes counted from the spot, or by its rank the
    chance of ending at or below a strike.
    """

    terms: Mapping[str | Sum | int, float]
    constant: float = 0.0

    def plus(self, other: "Form", times: float = 1.0) -> "Form":
        """Return the sum with so many times another."""
        terms = dict(self.terms)
        for term, weight in other.terms.items():
            # A weight of 0 stays: what is unknown of a term is unknown of the sum.
            terms[term] = terms.get(term, 0.0) + times * weight
        return Form(terms, self.constant + times * other.constant)

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
        if not isinstance(term, tuple) or half.sums(term):
            columns[row] = _column(term, half)
    weights = np.zeros((len(forms), len(terms)))
    used = np.zeros(weights.shape, np.bool_)
    for place, form in enumerate(forms):
        for term, weight in form.terms.items():
            weights[place, terms[term]], used[place, terms[term]] = weight, True
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


def _column(term: str | Sum | int, half: Half) -> FloatArray | float:
    if isinstance(term, str):
        return half.quantity(term)
    if isinstance(term, tuple):
        return half.sum_of(term)
    return half.below(term) if half.has(term) else 0.0
