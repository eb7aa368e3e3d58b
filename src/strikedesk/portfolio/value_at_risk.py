"""Value at risk and expected shortfall: today's book through moves that were, and drawn ones.

Every option is priced anew in every scenario, at the price and at the volatility that it brings,
with a calendar day gone for one session and fourteen for ten.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from strikedesk.portfolio.past import MOVES_LEAST, Moves
from strikedesk.portfolio.priced import Priced

if TYPE_CHECKING:
    from strikedesk.quant.normal import FloatArray
    from strikedesk.quant.value_at_risk import Tail

DRAWS: Final = 10_000
SEED: Final = 1
CONFIDENCES: Final = (95, 99)
HORIZONS: Final = ((1, 1), (10, 14))  # Sessions, and the calendar days that they take.
_DAYS_PER_YEAR: Final = 365.0


class Method(StrEnum):
    """Where the scenarios come from."""

    HISTORICAL = "historical"
    MONTE_CARLO = "monte_carlo"


@dataclass(frozen=True, slots=True, kw_only=True)
class TailFigure:
    """What `percent` of the outcomes over so many sessions stay below; None = too few of them.

    Units: USD, a loss positive.
    """

    sessions: int
    method: Method
    percent: int
    value_at_risk: float | None
    expected_shortfall: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAtRisk:
    """Every tail, and how far today's book would have fallen through those sessions in a row.

    `drawdown`: the largest fall from a high of the sum of its one-session profits, USD; each of
    them starts from today's prices.
    """

    tails: tuple[TailFigure, ...]
    drawdown: float | None


def value_at_risk(known: Priced, moves: Moves) -> ValueAtRisk:
    """Return the tails; unknown where nothing can be priced or the past is too short."""
    if not known.covered or len(moves.rows) < MOVES_LEAST:
        return ValueAtRisk(tails=_unknown(), drawdown=None)
    from strikedesk.quant.value_at_risk import drawdown  # noqa: PLC0415 -- imports numpy

    tails: list[TailFigure] = []
    for sessions, days in HORIZONS:
        for method in Method:
            tails += _tails(_outcomes(known, moves, method, sessions, days), method, sessions)
    lived = _outcomes(known, moves, Method.HISTORICAL, *HORIZONS[0])
    return ValueAtRisk(tails=tuple(tails), drawdown=drawdown(lived))


def _outcomes(
    known: Priced, moves: Moves, method: Method, sessions: int, days: int
) -> "FloatArray":
    """Return the profit of the book in each scenario, USD; historical ones in order."""
    from strikedesk.quant.revaluation import profits  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.scenarios import as_moves, as_scenarios, drawn, over  # noqa: PLC0415 -- same

    rows = as_moves(moves.rows)
    if method is Method.HISTORICAL:
        found = over(rows, sessions)
    else:
        found = drawn(rows, sessions, DRAWS, SEED)
    return profits(known.book, as_scenarios(found, days / _DAYS_PER_YEAR)).sum(axis=0)


def _tails(outcomes: "FloatArray", method: Method, sessions: int) -> list[TailFigure]:
    from strikedesk.quant.value_at_risk import tail  # noqa: PLC0415 -- imports numpy

    return [_figure(tail(outcomes, each), method, sessions, each) for each in CONFIDENCES]


def _figure(found: "Tail | None", method: Method, sessions: int, percent: int) -> TailFigure:
    return TailFigure(
        sessions=sessions,
        method=method,
        percent=percent,
        value_at_risk=found.value_at_risk if found else None,
        expected_shortfall=found.expected_shortfall if found else None,
    )


def _unknown() -> tuple[TailFigure, ...]:
    return tuple(
        _figure(None, method, sessions, percent)
        for sessions, _ in HORIZONS
        for method in Method
        for percent in CONFIDENCES
    )
