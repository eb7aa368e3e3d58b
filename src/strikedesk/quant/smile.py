"""A smooth curve through the volatilities of one expiration, for strikes without a good quote.

In total variance over k = ln(strike / forward) it is

    w(k) = a + d·y + c·√(y² + 1),    y = (k - m)/s,

a hyperbola, whose wings are straight as those of any smile must at most be.
Source: J. Gatheral, The Volatility Surface (2006), chapter 3; how it is fitted: `smile_fit`.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from strikedesk.quant.normal import FloatArray
from strikedesk.quant.smile_fit import nearest

MarkArray: TypeAlias = npt.NDArray[np.uint8]

POINTS_MIN: Final = 5  # As many as the curve has numbers.
_WORTH_FITTING: Final = 1e-3  # Of the greatest weight: what counts for less leaves no trace.


class Mark(IntEnum):
    """Where a volatility comes from; `SMOOTHED` lies between quoted strikes, the next beyond."""

    NONE = 0
    QUOTED = 1
    SMOOTHED = 2
    EXTRAPOLATED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Smile:
    """The fitted curve of one expiration.

    Units: `forward` USD; `years` ACT/365; a, c, d total variance, m and s ln(strike / forward);
    `low` and `high` the range of k that was quoted; `misses` the root mean square of what the curve
    misses the volatilities by, as they were weighted.
    Law: w >= 0 everywhere; wings no steeper than 2.
    """

    forward: float
    years: float
    a: float
    c: float
    d: float
    m: float
    s: float
    low: float
    high: float
    misses: float

    def total_variance(self, k: npt.ArrayLike) -> FloatArray:
        """Return w at ln(strike / forward)."""
        y = (np.asarray(k, np.float64) - self.m) / self.s
        return np.maximum(self.a + self.d * y + self.c * np.sqrt(y * y + 1.0), 0.0)

    def slope(self, k: npt.ArrayLike) -> FloatArray:
        """Return dw/dk at ln(strike / forward)."""
        y = (np.asarray(k, np.float64) - self.m) / self.s
        return (self.d + self.c * y / np.sqrt(y * y + 1.0)) / self.s

    def volatility(self, strike: npt.ArrayLike) -> FloatArray:
        """Return the curve's volatility at each strike, a fraction a year."""
        k = np.log(np.asarray(strike, np.float64) / self.forward)
        return np.sqrt(self.total_variance(k) / self.years)

    def density(self, k: npt.ArrayLike) -> FloatArray:
        """Return what must not be negative: the curve's density, in units of the lognormal one.

        Source: Gatheral, chapter 3; where it is below 0, a butterfly would have a negative price.
        """
        x = np.asarray(k, np.float64)
        w, y = self.total_variance(x), (x - self.m) / self.s
        slope = self.slope(x)
        bend = self.c / (self.s * self.s * (y * y + 1.0) ** 1.5)
        straight = (1.0 - 0.5 * x * slope / w) ** 2
        return straight - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * bend


def fit_smile(
    *,
    forward: float,
    years: float,
    strike: npt.ArrayLike,
    volatility: npt.ArrayLike,
    weight: npt.ArrayLike = 1.0,
) -> Smile | None:
    """Return the curve nearest to the known volatilities, or None with fewer than five of them.

    Units: `weight` how much each counts, as the inverse of a bid-ask spread in volatility; a
    volatility or weight that is NaN, or a weight below a thousandth of the greatest, leaves its
    strike out.

    Raises:
        ValueError: `forward` or `years` is not positive, or the columns do not broadcast.
    """
    if not (forward > 0.0 and years > 0.0):
        raise ValueError("forward and years must be positive")
    columns = (np.asarray(each, np.float64) for each in (strike, volatility, weight))
    strikes, sigma, weights = (each.ravel() for each in np.broadcast_arrays(*columns))
    known = (strikes > 0.0) & (sigma > 0.0) & (weights > 0.0)
    known &= weights >= _WORTH_FITTING * np.max(weights, initial=0.0, where=known)
    strikes, sigma, weights = strikes[known], sigma[known], weights[known]
    if len(set(strikes.tolist())) < POINTS_MIN:
        return None
    k, w = np.log(strikes / forward), sigma * sigma * years
    # Errors of volatility, not of variance: dw = 2·volatility·years·d(volatility).
    by_point = weights / (2.0 * sigma * years)
    by_point /= np.sqrt(np.sum(weights * weights))
    best = nearest(k, w, by_point)
    misses = float(np.sqrt(best[5]))
    a, d, c, m, s = (float(each) for each in best[:5])
    return Smile(
        forward=forward,
        years=years,
        a=a,
        c=c,
        d=d,
        m=m,
        s=s,
        low=float(k.min()),
        high=float(k.max()),
        misses=misses,
    )


def marks(
    smile: Smile | None, strike: npt.ArrayLike, volatility: npt.ArrayLike
) -> tuple[FloatArray, MarkArray]:
    """Return volatilities for all strikes, and where each comes from.

    Law: a known one is kept; an unknown one is the curve's, and labelled so; without a curve it
    stays unknown.
    """
    strikes, sigma = (np.asarray(each, np.float64) for each in (strike, volatility))
    quoted = np.isfinite(sigma)
    if smile is None:
        return sigma.copy(), np.where(quoted, Mark.QUOTED, Mark.NONE).astype(np.uint8)
    k = np.log(strikes / smile.forward)
    inside = (k >= smile.low) & (k <= smile.high)
    source = np.where(quoted, Mark.QUOTED, np.where(inside, Mark.SMOOTHED, Mark.EXTRAPOLATED))
    return np.where(quoted, sigma, smile.volatility(strikes)), source.astype(np.uint8)
