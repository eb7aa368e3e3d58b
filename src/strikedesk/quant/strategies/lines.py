"""Payoffs as lines to be drawn: at the nearest expiration, and at times before it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind, Leg
from strikedesk.quant.strategies.payoffs import Market, ahead

_POINTS: Final = 241
_REACH: Final = 2.5  # Deviations to either side that are always shown.
_REACH_MAX: Final = 6.0  # Beyond them a break-even is too far to be looked for.
_MARGIN: Final = 0.04
_LEAST: Final = 0.01  # Of the share: no price is nothing.


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What legs bring beyond their cost at prices of the share, ascending.

    Units: `spot`, `low` and `high` USD a share, the latter one deviation to either side at the
    nearest expiration; `now`, `half_way` to it and `at_end`, USD.
    """

    spot: Sequence[float]
    now: Sequence[float]
    half_way: Sequence[float]
    at_end: Sequence[float]
    low: float
    high: float


def lines(
    legs: Sequence[Leg],
    volatility: npt.ArrayLike,
    *,
    spot: float,
    forward: float,
    deviation: float,
    cost: float,
    marks: Sequence[float] = (),
) -> Lines:
    """Return the lines over prices that show the strikes and, if they are near enough, the marks.

    Units: `volatility` one for each leg; `forward` USD at the nearest expiration, to which the
    share is carried evenly; `deviation` of ln(price) there; `marks` USD a share.
    Law: European values, undiscounted; the strikes and marks are among the prices, so that corners
    are sharp.
    """
    sigma = np.asarray(volatility, np.float64)
    end = min(leg.years for leg in legs if leg.years)
    grid = _grid(legs, spot=spot, deviation=deviation, marks=marks)
    market = Market(spot=forward, rate=0.0)
    held = sum(leg.shares for leg in legs if leg.kind is Kind.SHARE)
    worth = [
        ahead(legs, sigma, market, spot=carried, years=np.array([end * gone]))[0]
        - held * (carried - grid)  # Shares are worth their price of the day, not that of the end.
        - cost
        for gone in (0.0, 0.5, 1.0)
        for carried in [grid * (forward / spot) ** (1.0 - gone)]
    ]
    now, half_way, at_end = (line.tolist() for line in worth)
    return Lines(
        spot=grid.tolist(),
        now=now,
        half_way=half_way,
        at_end=at_end,
        low=forward * float(np.exp(-deviation)),
        high=forward * float(np.exp(deviation)),
    )


def _grid(
    legs: Sequence[Leg], *, spot: float, deviation: float, marks: Sequence[float]
) -> FloatArray:
    strikes = [leg.strike for leg in legs if leg.strike]
    far = [spot * math.exp(side * _REACH_MAX * deviation) for side in (-1.0, 1.0)]
    reach = [spot * math.exp(side * _REACH * deviation) for side in (-1.0, 1.0)]
    shown = [*strikes, *(mark for mark in marks if far[0] < mark < far[1])]
    low, high = min(*reach, *shown), max(*reach, *shown)
    margin = _MARGIN * (high - low)
    even = np.linspace(max(low - margin, _LEAST * spot), high + margin, _POINTS)
    return np.unique(np.concatenate((even, np.array(shown))))
