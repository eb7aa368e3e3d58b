"""The fit of a smile: linear in a, d and c given m and s, which a grid finds that zooms in.

Source: Zeliade Systems, Quasi-explicit calibration of Gatheral's SVI model (2009).
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from strikedesk.quant.normal import FloatArray

_STEEPEST: Final = 2.0  # Of a wing, in total variance: more would be free money (R. Lee, 2004).
_ZOOMS: Final = 5
# The grid: of each of nine centres seven widths, in units of what the zoom spans.
_CENTRES: Final = np.repeat(np.linspace(-1.0, 1.0, 9), 7)
_WIDTHS: Final = np.tile(np.linspace(-1.0, 1.0, 7), 9)
_RIDGE: Final = 1e-10


def nearest(k: FloatArray, w: FloatArray, weight: FloatArray) -> FloatArray:
    """Return a, d, c, m, s and the squared error: the best of a grid, which zooms in on it."""
    points = _Points.of(k, w, weight)
    width = max(float(np.ptp(k)), 1e-3)
    centre, spread = 0.5 * float(k.min() + k.max()), 0.5 * width
    log_s, ratio = np.log(0.2 * width), np.log(20.0)
    best = np.full(6, np.inf)
    for _ in range(_ZOOMS):
        m, s = centre + spread * _CENTRES, np.exp(log_s + ratio * _WIDTHS)
        found = _linear(points, m, s)
        here = found[:, np.argmin(found[5])]
        best = here if here[5] < best[5] else best
        centre, log_s = float(best[3]), float(np.log(best[4]))
        spread, ratio = 0.3 * spread, 0.4 * ratio
    return _told(best, k, w, weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Points:
    """The volatilities, and their sums, each counted by the square of its weight.

    Units: k and w around their means, but for `k` itself; `columns` the square of the weight, and
    it times what k and w are above their means.
    """

    k: FloatArray
    columns: FloatArray
    total: float
    k_mean: float
    w_mean: float
    kk: float
    kw: float
    ww: float

    @classmethod
    def of(cls, k: FloatArray, w: FloatArray, weight: FloatArray) -> Self:
        """Add up."""
        square = weight * weight
        total = float(np.sum(square))
        k_mean, w_mean = float(square @ k) / total, float(square @ w) / total
        away, above = k - k_mean, w - w_mean
        columns = np.column_stack((square, square * away, square * above))
        return cls(
            k=k,
            columns=columns,
            total=total,
            k_mean=k_mean,
            w_mean=w_mean,
            kk=float(columns[:, 1] @ away),
            kw=float(columns[:, 1] @ above),
            ww=float(columns[:, 2] @ above),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moments:
    """Means and second moments around them of y, of b = √(y² + 1) and of w, for each (m, s)."""

    y: FloatArray
    b: FloatArray
    yy: FloatArray
    yb: FloatArray
    bb: FloatArray
    yw: FloatArray
    bw: FloatArray

    @classmethod
    def of(cls, points: _Points, m: FloatArray, s: FloatArray) -> Self:
        """Add up; the square of b is that of y and 1, so that nothing is summed for it."""
        per_s = 1.0 / s
        bend = points.k * per_s[:, None]
        bend -= (m * per_s)[:, None]
        bend *= bend
        bend += 1.0
        bends, across, rises = (np.sqrt(bend, out=bend) @ points.columns).T
        y, b, yy = (points.k_mean - m) * per_s, bends / points.total, points.kk * per_s * per_s
        return cls(
            y=y,
            b=b,
            yy=yy,
            yb=across * per_s,
            bb=yy + points.total * (y * y + 1.0 - b * b),
            yw=points.kw * per_s,
            bw=rises,
        )


def _linear(points: _Points, m: FloatArray, s: FloatArray) -> FloatArray:
    """Return the lawful curve of each (m, s), a column of a, d, c, m, s and the squared error."""
    of = _Moments.of(points, m, s)
    d, c = _slopes(points, of)
    steepest = _STEEPEST * s
    c = np.minimum(np.maximum(c, 0.0), steepest)
    reach = np.minimum(c, steepest - c)
    d = np.minimum(np.maximum(d, -reach), reach)
    free = points.w_mean - d * of.y - c * of.b
    a = np.maximum(free, -np.sqrt(c * c - d * d))
    error = d * (d * of.yy + 2.0 * (c * of.yb - of.yw)) + c * (c * of.bb - 2.0 * of.bw)
    return np.array((a, d, c, m, s, error + points.ww + points.total * (a - free) ** 2))


def _slopes(points: _Points, of: _Moments) -> tuple[FloatArray, FloatArray]:
    """Return d and c of the least squares of each (m, s).

    Law: of three normal equations, whose diagonal is raised by the ridge, a is eliminated; around
    the means nothing large cancels.
    """
    total = points.total
    ridge = 2.0 * _RIDGE * (total + of.yy + total * of.y * of.y)
    left = total * ridge / (total + ridge)  # Of the means' share, what the ridge leaves in.
    ly, lb = left * of.y, left * of.b
    yy, yb, bb = of.yy + ridge + ly * of.y, of.yb + ly * of.b, of.bb + ridge + lb * of.b
    yw, bw = of.yw + ly * points.w_mean, of.bw + lb * points.w_mean
    det = yy * bb - yb * yb
    return (yw * bb - bw * yb) / det, (bw * yy - yw * yb) / det


def _told(best: FloatArray, k: FloatArray, w: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the same with its error added up point by point: of sums it has few digits."""
    a, d, c, m, s, _ = best.tolist()
    y = (k - m) / s
    missed = weight * (a + d * y + c * np.sqrt(y * y + 1.0) - w)
    return np.array((a, d, c, m, s, missed @ missed))
