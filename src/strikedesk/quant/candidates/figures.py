"""Measures as sums of what both halves have.

A measure is the highest of some sums, over the highest of others where there are any: a loss is the
highest of its corners, a width of its gaps, |credit| of the credit and its opposite.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from strikedesk.quant.candidates.board import Board
from strikedesk.quant.candidates.forms import Form
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.shape import Shape, Sum


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A measure: the highest of `tops`, over the highest of `unders` where there are any.

    Law: what it is over is positive wherever the measure is known and the greatest loss is.
    """

    tops: tuple[Form, ...]
    unders: tuple[Form, ...] = ()


def figure_of(measure: Measure, board: Board) -> Figure | None:
    """Return a measure as sums, None if it is not made of them or is the same for all pairs."""
    work = _FIGURES.get(measure)
    return None if work is None else work(board)


def own_of(measure: Measure, shape: Shape) -> str:
    """Return the quantity whose least or greatest among the options a measure is, or nothing."""
    name = _OWN.get(measure, "")
    signs = {option.ratio > 0 for option in shape.options}
    needed = {"distance": False, "short_delta": False, "touch": False, "long_delta": True}
    return name if name not in needed or needed[name] in signs else ""


def _debit(board: Board) -> Form:
    return Form({"cost": 1.0}, board.shape.shares * board.chain.spot)


def _expected(name: str, board: Board) -> Form:
    shares = board.shape.shares
    return Form({name: 1.0, "carried": float(shares)} if shares else {name: 1.0})


def _greek(name: str, board: Board) -> Form:
    return Form({name: 1.0}, float(board.shape.shares) if name == "delta" else 0.0)


def _iv(board: Board) -> Form:
    return Form({"iv": 1.0 / len(board.shape.options)})


def _corner(corner: Sum, board: Board) -> Form:
    """Return a result at expiration."""
    rest = board.chain.spot * (sum(corner) - board.shape.shares)
    return Form({corner: 1.0, "cost": -1.0}, rest)


def profits(board: Board) -> tuple[Form, ...]:
    """Return the corners of which the highest is the greatest profit, none if that has no bound."""
    shape = board.shape
    return tuple(_corner(each, board) for each in shape.best if shape.months == 1)


def losses(board: Board) -> tuple[Form, ...]:
    """Return the losses of which the highest is the greatest, none if that has no bound."""
    shape = board.shape
    return tuple(_corner(each, board).times(-1.0) for each in shape.worst if shape.months == 1)


def plateaus(board: Board) -> Iterator[Form]:
    """Yield the chances of ending where the result is flat and the greatest, if it has a bound."""
    shape = board.shape
    for segment, slope in enumerate(shape.slopes):
        if slope == 0 and shape.best == (shape.corners[segment],):
            yield _span(segment, board)


def flats(board: Board) -> Iterator[tuple[Form, Form]]:
    """Yield the chances of ending beyond outer strikes where a loss is flat, and that result."""
    shape = board.shape
    for segment in (0, shape.ranks):
        if shape.slopes[segment] == 0 and shape.corners[segment] in shape.worst:
            yield _span(segment, board), _corner(shape.corners[segment], board)


def _span(segment: int, board: Board) -> Form:
    """Return the chance of ending between two strikes, or beyond them."""
    below = Form({segment: 1.0}) if segment < board.shape.ranks else Form({}, 1.0)
    return below.plus(Form({segment - 1: -1.0})) if segment else below


def _widths(board: Board) -> tuple[Form, ...]:
    return tuple(Form({each: 1.0}) for each in board.shape.widths)


def _over(tops: tuple[Form, ...], unders: tuple[Form, ...]) -> Figure | None:
    return Figure(tops, unders) if tops and unders else None


def _highest(forms: Callable[[Board], tuple[Form, ...]], board: Board) -> Figure | None:
    tops = forms(board)
    return Figure(tops) if tops else None


def _one(form: Callable[[Board], Form], board: Board) -> Figure:
    return Figure((form(board),))


def _to_risk(form: Callable[[Board], Form], board: Board) -> Figure | None:
    return _over((form(board),), losses(board))


def _credit(board: Board) -> Form:
    return _debit(board).times(-1.0)


def _annualised(board: Board) -> Figure | None:
    return _over(tuple(each.yearly() for each in profits(board)), losses(board))


def _spread_share(board: Board) -> Figure:
    return Figure((Form({"spread": 1.0}),), (_credit(board), _debit(board)))


_OWN: Final[Mapping[Measure, str]] = {
    Measure.OPEN_INTEREST: "open_interest",
    Measure.VOLUME: "volume",
    Measure.SHORT_DISTANCE: "distance",
    Measure.SHORT_DELTA: "short_delta",
    Measure.LONG_DELTA: "long_delta",
    Measure.TOUCH_PROBABILITY: "touch",
}
_FIGURES: Final[Mapping[Measure, Callable[[Board], Figure | None]]] = {
    Measure.CREDIT: partial(_one, _credit),
    Measure.DEBIT: partial(_one, _debit),
    Measure.WIDTH: partial(_highest, _widths),
    Measure.CREDIT_TO_WIDTH: lambda board: _over((_credit(board),), _widths(board)),
    Measure.MAX_PROFIT: partial(_highest, profits),
    Measure.MAX_LOSS: partial(_highest, losses),
    Measure.RETURN_ON_RISK: lambda board: _over(profits(board), losses(board)),
    Measure.ANNUALISED: _annualised,
    Measure.EXPECTED_VALUE: partial(_one, partial(_expected, "edge")),
    Measure.MARKET_VALUE: partial(_one, partial(_expected, "market_edge")),
    Measure.EV_TO_RISK: partial(_to_risk, partial(_expected, "edge")),
    Measure.THETA_TO_RISK: partial(_to_risk, partial(_greek, "theta")),
    Measure.SPREAD_SHARE: _spread_share,
    Measure.IV: partial(_one, _iv),
    **{
        measure: partial(_one, partial(_greek, measure.value))
        for measure in (Measure.DELTA, Measure.GAMMA, Measure.THETA, Measure.VEGA)
    },
}
