"""A rule as clauses: each has to hold, and does where one of its sums is not below 0."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, TypeAlias

from strikedesk.quant.candidates.board import Board
from strikedesk.quant.candidates.columns import LEAST
from strikedesk.quant.candidates.figures import Figure, figure_of, flats, own_of, plateaus
from strikedesk.quant.candidates.forms import Form
from strikedesk.quant.candidates.measures import MEANINGS, Measure
from strikedesk.quant.candidates.search import Bound

_BOTH: Final = (True, True)
_SIDES: Final = ((True, False), (False, True))
_Forms: TypeAlias = tuple[Form, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A sum of the halves of `sides` (lower, upper) that may not fall below 0.

    Units: `unit` what slack is a share of: the rule's end or scale, times the highest of `over`.
    Law: with an endless constant it holds wherever it is known.
    """

    form: Form
    unit: float = 1.0
    over: _Forms = ()
    sides: tuple[bool, bool] = _BOTH


Clause: TypeAlias = tuple[Literal, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a rule asks.

    Law: a pair that keeps it has the `clauses` and the `hints`, and one that has the `proofs` keeps
    it, if it keeps the rules that are told whole. Those have their clauses for proofs.
    """

    clauses: tuple[Clause, ...]
    hints: tuple[Clause, ...] = ()
    proofs: tuple[Clause, ...] = ()
    whole: bool = True


def asked_of(rule: Bound, board: Board) -> Asked | None:
    """Return a rule as clauses, None where sums tell nothing of it."""
    if rule.measure is Measure.PROFIT_PROBABILITY:
        return _by_chances(rule, board)
    name = own_of(rule.measure, board.shape)
    if name:
        return Asked(tuple(_by_halves(rule, name)))
    figure = figure_of(rule.measure, board)
    if figure is None:
        return None
    clauses, hints = list[Clause](), list[Clause]()
    for end, forms in ((rule.low, _at_least), (rule.high, _at_most)):
        if end is not None:
            needed = forms(figure, end)
            clauses += _literals(rule, end, needed, figure)
            hints += _literals(rule, end, _mean(needed), figure)
    return Asked(tuple(clauses) or (_known(figure),), tuple(hints))


def _by_chances(rule: Bound, board: Board) -> Asked | None:
    """Return what the chances at strikes tell of a chance of a profit that has a low end alone.

    It is at least that of the greatest profit, and at most that of not ending where the outer
    strikes have the result flat and no profit.
    """
    if rule.low is None or rule.high is not None or board.shape.months > 1:
        return None
    bar, unit = Form({}, -rule.low), _unit(rule, rule.low)
    most, none = Form({}), Form({}, 1.0)
    for span in plateaus(board):
        most = most.plus(span)
    outer = list(flats(board))
    for span, _ in outer:
        none = none.plus(span, -1.0)
    upper = (Literal(none.plus(bar), unit), *(Literal(result) for _, result in outer))
    lower = (Literal(most.plus(bar), unit),)
    return Asked((upper,) if outer else (), proofs=(lower,), whole=False)


def _literals(
    rule: Bound, end: float, clauses: Sequence[_Forms], figure: Figure
) -> Iterator[Clause]:
    for forms in clauses:
        yield tuple(Literal(form, _unit(rule, end), figure.unders) for form in forms)


def _unit(rule: Bound, end: float) -> float:
    return max(abs(end), MEANINGS[rule.measure].scale)


def _at_least(figure: Figure, end: float) -> Sequence[_Forms]:
    """Return what a figure of an end or more has."""
    tops, unders = figure.tops, figure.unders
    if not unders:
        return [tuple(top.plus(Form({}, -end)) for top in tops)]
    if end == 0.0:
        unders = unders[:1]  # Whatever it is over.
    parts = [tuple(top.plus(under, -end) for top in tops) for under in unders]
    # Times a negative end, the highest is the lowest: one of them is enough.
    return parts if end >= 0.0 else [sum(parts, ())]


def _at_most(figure: Figure, end: float) -> Sequence[_Forms]:
    """Return what a figure of an end or less has."""
    unders = figure.unders or (Form({}, 1.0),)
    parts = [tuple(under.times(end).plus(top, -1.0) for under in unders) for top in figure.tops]
    return parts if end >= 0.0 else [(form,) for part in parts for form in part]


def _mean(clauses: Sequence[_Forms]) -> Sequence[_Forms]:
    """Return the mean of sums that all have to hold: of halves it tells more than each."""
    if len(clauses) < 2 or any(len(forms) > 1 for forms in clauses):  # noqa: PLR2004 -- several
        return ()
    total = Form({})
    for (form,) in clauses:
        total = total.plus(form, 1.0 / len(clauses))
    return [(total,)]


def _known(figure: Figure) -> Clause:
    total = Form({}, inf)
    for form in (*figure.tops, *figure.unders):
        total = total.plus(form)
    return (Literal(total),)


def _by_halves(rule: Bound, name: str) -> Iterator[Clause]:
    """Yield what the least or the greatest of all options has to be on both sides, or on one."""
    for end, sign in ((rule.low, 1.0), (rule.high, -1.0)):
        if end is not None:
            form, unit = Form({name: sign}, -sign * end), _unit(rule, end)
            low, high = (Literal(form, unit, sides=side) for side in _SIDES)
            yield from [(low,), (high,)] if (name in LEAST) == (sign > 0.0) else [(low, high)]
    for side in _SIDES:
        yield (Literal(Form({name: 1.0}, inf), sides=side),)
