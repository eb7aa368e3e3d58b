"""What kind of market an underlying is in: its trend, how excited it is, and its term structure.

Trend, of daily closes of finished sessions: the last close against the mean of the newest 50 and of
the newest 200, as fractions of the mean; and the slope of the least-squares line through the
logarithms of the newest 50. Its t-value is the slope over its standard deviation in a walk of
independent returns that deviate as these did. (The regression's own t-value takes a walk's
residuals for independent and finds a trend in nearly every walk.) Up: last close > 50-day mean >
200-day mean, and a rising line. Down: all of it the other way round. Else sideways.

Volatility: the share of the newest 252 sessions whose 20-session historical volatility lay below
today's, and the implied volatility's rank (`market.implied`). Their mean, or the one that is known:
low below 0.3, high above 0.7, else normal.

Term structure: at-the-money implied volatility of the far expiration over that of the near one,
less 1. Near: the first at least 7 days ahead. Far: the one nearest to 90 days that is at least 28
days later. Contango above 0.03, backwardation below -0.03, else flat. Earnings before the near
expiration lift it, and look like backwardation.

Units: means' distances and ratios are fractions, the slope a log return a year of 252 sessions.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Final, TypeVar

from strikedesk.domain.quotes import Expiration
from strikedesk.domain.volatility import TermPoint
from strikedesk.market.figures import Figure
from strikedesk.market.historical import SESSIONS_A_YEAR, rolling

SHORT_MEAN: Final = 50
LONG_MEAN: Final = 200
REALISED: Final = 20
NEAR_DAYS_MIN: Final = 7
FAR_DAYS: Final = 90
APART_DAYS_MIN: Final = 28

_YEAR: Final = 252
_CLOSES_OF_A_YEAR: Final = _YEAR + REALISED
_LOW: Final = 0.3
_HIGH: Final = 0.7
_FLAT: Final = 0.03

T = TypeVar("T", Expiration, TermPoint)


class Trend(StrEnum):
    """Where the price is going."""

    UP = "up"
    DOWN = "down"
    SIDEWAYS = "sideways"


class Excitement(StrEnum):
    """How volatile it is by its own measure."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Shape(StrEnum):
    """What later expirations cost beside near ones."""

    CONTANGO = "contango"
    FLAT = "flat"
    BACKWARDATION = "backwardation"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendState:
    """The trend, with its figures. `why` says of what is None why it is."""

    label: Trend | None = None
    to_mean50: float | None = None
    to_mean200: float | None = None
    slope: float | None = None
    t_value: float | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityState:
    """How excited it is, with its figures. `why` says of what is None why it is."""

    label: Excitement | None = None
    hv20_percentile: float | None = None
    iv_rank: float | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermState:
    """The term structure: days and volatility at both ends. `why` says why there is none."""

    label: Shape | None = None
    slope: float | None = None
    near: TermPoint | None = None
    far: TermPoint | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """The three of them."""

    trend: TrendState
    volatility: VolatilityState
    term: TermState


def regime(closes: Sequence[float], iv_rank: Figure, points: Iterable[TermPoint]) -> Regime:
    """Return the regime of closes (oldest first), a rank, and at-the-money volatilities."""
    return Regime(
        trend=trend(closes), volatility=volatility(closes, iv_rank), term=structure(points)
    )


def trend(closes: Sequence[float]) -> TrendState:
    """Return the trend of positive daily closes, oldest first."""
    if len(closes) < SHORT_MEAN:
        return TrendState(why=f"{len(closes)} finished daily closes, {SHORT_MEAN} needed")
    newest, last = closes[-SHORT_MEAN:], closes[-1]
    slope, t_value = _line(newest)
    short, long = statistics.fmean(newest), _long_mean(closes)
    return TrendState(
        label=None if long is None else _direction(last, short, long, slope),
        to_mean50=last / short - 1,
        to_mean200=None if long is None else last / long - 1,
        slope=slope * SESSIONS_A_YEAR,
        t_value=t_value,
        why=None if long else f"{len(closes)} finished daily closes, {LONG_MEAN} needed",
    )


def volatility(closes: Sequence[float], iv_rank: Figure) -> VolatilityState:
    """Return how excited an underlying is, of its closes (oldest first) and its rank."""
    percentile = _realised_percentile(closes)
    known = [each for each in (percentile, iv_rank.value) if each is not None]
    too_few = f"{len(closes)} finished daily closes, {_CLOSES_OF_A_YEAR + 1} needed"
    whys = [too_few if percentile is None else None, iv_rank.why]
    return VolatilityState(
        label=_excitement(statistics.fmean(known)) if known else None,
        hv20_percentile=percentile,
        iv_rank=iv_rank.value,
        why="; ".join(why for why in whys if why) or None,
    )


def structure(points: Iterable[TermPoint]) -> TermState:
    """Return the term structure of at-the-money volatilities, in any order."""
    near, far = _ends(sorted(points, key=lambda point: point.days))
    if near is None:
        return TermState(why=f"no volatility at the money {NEAR_DAYS_MIN} or more days ahead")
    if far is None:
        why = f"no volatility at the money {APART_DAYS_MIN} or more days after the near one"
        return TermState(near=near, why=why)
    slope = far.volatility / near.volatility - 1
    return TermState(label=_shape(slope), slope=slope, near=near, far=far)


def ends_of(listed: Sequence[Expiration]) -> tuple[Expiration, ...]:
    """Return the listings, ascending as they came, that a term structure is made from."""
    return tuple(each for each in _ends(listed) if each is not None)


def _ends(listed: Sequence[T]) -> tuple[T | None, T | None]:
    near = next((each for each in listed if each.days >= NEAR_DAYS_MIN), None)
    if near is None:
        return None, None
    later = [each for each in listed if each.days >= near.days + APART_DAYS_MIN]
    return near, min(later, key=lambda each: abs(each.days - FAR_DAYS), default=None)


def _line(closes: Sequence[float]) -> tuple[float, float | None]:
    """Return the slope of the line through log closes, a session, and its t-value.

    The slope is a weighted sum of the returns: each weighs what it moves in all closes after it.
    """
    count = len(closes)
    middle, spread = (count - 1) / 2, count * (count * count - 1) / 12
    pulls = [(place - middle) / spread for place in range(count)]
    returns = [math.log(new / old) for old, new in pairwise(closes)]
    weights = [-pull for pull in list(accumulate(pulls))[:-1]]
    slope = math.fsum(weight * each for weight, each in zip(weights, returns, strict=True))
    deviation = statistics.stdev(returns) * math.sqrt(math.fsum(w * w for w in weights))
    return slope, slope / deviation if deviation > 0 else None


def _long_mean(closes: Sequence[float]) -> float | None:
    return statistics.fmean(closes[-LONG_MEAN:]) if len(closes) >= LONG_MEAN else None


def _direction(last: float, short: float, long: float, slope: float) -> Trend:
    if last > short > long and slope > 0:
        return Trend.UP
    return Trend.DOWN if last < short < long and slope < 0 else Trend.SIDEWAYS


def _realised_percentile(closes: Sequence[float]) -> float | None:
    if len(closes) <= _CLOSES_OF_A_YEAR:
        return None
    *past, now = rolling(closes[-_CLOSES_OF_A_YEAR - 1 :], REALISED)
    return sum(each < now for each in past) / len(past)


def _excitement(score: float) -> Excitement:
    if score < _LOW:
        return Excitement.LOW
    return Excitement.HIGH if score > _HIGH else Excitement.NORMAL


def _shape(slope: float) -> Shape:
    if slope > _FLAT:
        return Shape.CONTANGO
    return Shape.BACKWARDATION if slope < -_FLAT else Shape.FLAT
