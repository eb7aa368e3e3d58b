"""Where an American put is exercised: its early-exercise boundary, for all volatilities at once.

With all amounts in strikes, the put that has `t` years left is exercised where the share is at or
below B(t). There its value is 1 - B, which turns into B = N(t, B) / D(t, B) with

    N = exp(-rt)·Φ(d-(t, B)) + r ∫ exp(-rs)·Φ(d-(s, B / B(t - s))) ds,
    D = exp(-qt)·Φ(d+(t, B)) + q ∫ exp(-qs)·Φ(d+(s, B / B(t - s))) ds,

over the years s from 0 to t, and is iterated from the quadratic approximation's boundary. The
boundary is held as ln²(B / X) at Chebyshev points of √t, X being its limit at expiration.
Sources: L. Andersen, M. Lake, D. Offengenden, J. Computational Finance 20 (2016) 39, their second
fixed point; G. Barone-Adesi, R. Whaley, J. Finance 42 (1987) 301, the start.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from strikedesk.quant.chebyshev import Chebyshev
from strikedesk.quant.normal import FloatArray, upper_tail

SIGMA_MIN: Final = 0.01
SIGMA_MAX: Final = 5.0

_MIDDLE: Final = 0.5 * float(np.log(SIGMA_MIN * SIGMA_MAX))
_HALF_WIDTH: Final = 0.5 * float(np.log(SIGMA_MAX / SIGMA_MIN))
_IN_SIGMA: Final = Chebyshev.of(28)  # In the logarithm of the volatility.
_IN_TIME: Final = Chebyshev.of(12)  # In √t, from now to the horizon.
_QUADRATURE: Final = 24
_ITERATIONS: Final = 10  # Each leaves a third of the error, which a value sees squared.
_HALVINGS: Final = 30
_DEEPEST: Final = -60.0  # ln B of a boundary that no share will reach.
_BELOW_LIMIT: Final = 1e-10
_TABLES: Final = 256  # Of 3 KB each.


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The boundary of one rate and yield up to a horizon, for volatilities of 1 % to 500 %.

    Units: `limit` in strikes, the boundary at expiration; `depths` ln²(B / limit), a row for each
    volatility, a column for each Chebyshev point of √t; the first column is expiration.
    """

    horizon: float
    limit: float
    depths: FloatArray

    def steepness(self, left: FloatArray) -> FloatArray:
        """Return -ln(B / limit) over the volatility, a row for each, with `left` years left."""
        at = _IN_TIME.matrix(2.0 * np.sqrt(left / self.horizon) - 1.0)
        return np.sqrt(np.maximum(self.depths @ at.T, 0.0)) / _SIGMAS[:, None]


def in_sigma(volatility: FloatArray) -> FloatArray:
    """Return the rows that turn a table's column into values at each volatility."""
    return _IN_SIGMA.matrix((np.log(volatility) - _MIDDLE) / _HALF_WIDTH)


_SIGMAS: Final = np.exp(_MIDDLE + _HALF_WIDTH * _IN_SIGMA.points)


@lru_cache(maxsize=_TABLES)
def frontier(horizon: float, rate: float, dividend_yield: float) -> Frontier:
    """Return the boundary of a put; a few milliseconds, kept for the next time.

    Law: rate > 0, or rate = 0 and the yield negative; else a put is not exercised early, or has
    two boundaries.
    """
    limit = 1.0 if dividend_yield <= rate else rate / dividend_yield
    equation = _Equation(horizon, rate, dividend_yield, limit)
    log_boundary = equation.quadratic()
    for _ in range(_ITERATIONS):
        log_boundary = equation.improved(log_boundary)
    depths = np.zeros((_SIGMAS.size, _IN_TIME.points.size))
    depths[:, 1:] = (log_boundary - np.log(limit)) ** 2
    return Frontier(horizon=horizon, limit=limit, depths=depths)


class _Equation:
    """The fixed point, with what does not change between iterations.

    Arrays have an axis for the volatilities, one for the times left, one for the years s.
    """

    def __init__(self, horizon: float, rate: float, dividend_yield: float, limit: float) -> None:
        self._rate, self._yield, self._log_limit = rate, dividend_yield, float(np.log(limit))
        self._left = horizon * (0.5 * (1.0 + _IN_TIME.points[1:])) ** 2
        nodes, weights = np.polynomial.legendre.leggauss(_QUADRATURE)
        y = 0.5 * (1.0 + nodes)
        # s = t·y²: near the present the integrand is a function of √s.
        self._ahead = self._left[:, None] * y * y
        step = self._left[:, None] * y * weights
        self._owed = rate * step * np.exp(-rate * self._ahead)
        self._held = dividend_yield * step * np.exp(-dividend_yield * self._ahead)
        later = np.sqrt((self._left[:, None] - self._ahead) / horizon)
        self._to_ahead = _IN_TIME.matrix(2.0 * later.ravel() - 1.0).T
        self._total = _SIGMAS[:, None, None] * np.sqrt(self._ahead)
        self._total_left = _SIGMAS[:, None] * np.sqrt(self._left)
        self._drift = rate - dividend_yield

    def quadratic(self) -> FloatArray:
        """Return ln B of the quadratic approximation, by halving."""
        power = self._power()
        low = np.full(self._total_left.shape, _DEEPEST)
        high = np.full(self._total_left.shape, self._log_limit)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            waits = self._worth_waiting(middle, power)
            low, high = np.where(waits, low, middle), np.where(waits, middle, high)
        return np.minimum(high, self._log_limit - _BELOW_LIMIT)

    def improved(self, log_boundary: FloatArray) -> FloatArray:
        """Return ln B after one iteration."""
        depths = np.zeros((_SIGMAS.size, _IN_TIME.points.size))
        depths[:, 1:] = (log_boundary - self._log_limit) ** 2
        ahead = (depths @ self._to_ahead).reshape(self._total.shape)
        fall = log_boundary[:, :, None] - self._log_limit + np.sqrt(np.maximum(ahead, 0.0))
        plus = (fall + self._drift * self._ahead) / self._total + 0.5 * self._total
        owed = (self._owed * upper_tail(self._total - plus)).sum(axis=2)
        held = (self._held * upper_tail(-plus)).sum(axis=2)
        plus = self._plus(log_boundary)
        owed += np.exp(-self._rate * self._left) * upper_tail(self._total_left - plus)
        held += np.exp(-self._yield * self._left) * upper_tail(-plus)
        return np.minimum(np.log(owed / held), self._log_limit - _BELOW_LIMIT)

    def _plus(self, log_spot: FloatArray) -> FloatArray:
        total = self._total_left
        return (log_spot + self._drift * self._left) / total + 0.5 * total

    def _power(self) -> FloatArray:
        """Return by which power of the spot the right to exercise early falls off."""
        variance = _SIGMAS[:, None] ** 2
        shift = 2.0 * self._drift / variance - 1.0
        forgone = -np.expm1(-self._rate * self._left) / self._rate if self._rate else self._left
        return 0.5 * (shift + np.sqrt(shift * shift + 8.0 / (variance * forgone)))

    def _worth_waiting(self, log_spot: FloatArray, power: FloatArray) -> np.ndarray:
        """Tell where the approximate value of waiting exceeds that of exercise."""
        plus, spot = self._plus(log_spot), np.exp(log_spot)
        share = np.exp(-self._yield * self._left) * upper_tail(plus)
        put = np.exp(-self._rate * self._left) * upper_tail(plus - self._total_left) - share * spot
        return put + (1.0 - share) * spot / power >= 1.0 - spot
