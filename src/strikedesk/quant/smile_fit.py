"""The fit of a smile: linear in a, d and c given m and s, which a grid finds that zooms in.

Source: Zeliade Systems, Quasi-explicit calibration of Gatheral's SVI model (2009).
"""

from typing import Final

import numpy as np

from strikedesk.quant.normal import FloatArray

_STEEPEST: Final = 2.0  # Of a wing, in total variance: more would be free money (R. Lee, 2004).
_CENTRES: Final = 9
_WIDTHS: Final = 7
_ZOOMS: Final = 5
_RIDGE: Final = 1e-10


def nearest(k: FloatArray, w: FloatArray, weight: FloatArray) -> FloatArray:
    """Return a, d, c, m, s and the squared error: the best of a grid, which zooms in on it."""
    width = max(float(np.ptp(k)), 1e-3)
    centre, spread = 0.5 * float(k.min() + k.max()), 0.5 * width
    log_s, ratio = np.log(0.2 * width), np.log(20.0)
    best = np.full(6, np.inf)
    for _ in range(_ZOOMS):
        ms = centre + spread * np.linspace(-1.0, 1.0, _CENTRES)
        widths = np.exp(log_s + ratio * np.linspace(-1.0, 1.0, _WIDTHS))
        m, s = np.repeat(ms, _WIDTHS), np.tile(widths, _CENTRES)
        found = _linear(k, w, weight, m, s)
        here = found[:, np.argmin(found[5])]
        best = here if here[5] < best[5] else best
        centre, log_s = float(best[3]), float(np.log(best[4]))
        spread, ratio = 0.3 * spread, 0.4 * ratio
    return best


def _linear(
    k: FloatArray, w: FloatArray, weight: FloatArray, m: FloatArray, s: FloatArray
) -> FloatArray:
    """Return the lawful curve of each (m, s), a column of a, d, c, m, s and the squared error."""
    square = weight * weight
    y = (k - m[:, None]) / s[:, None]
    bend = np.sqrt(y * y + 1.0)
    d, c = _slopes(k, w, square, m, s, bend)
    c = np.clip(c, 0.0, _STEEPEST * s)
    reach = np.minimum(c, _STEEPEST * s - c)
    d = np.clip(d, -reach, reach)
    y *= d[:, None]
    bend *= c[:, None]
    y += bend
    y -= w
    a = np.maximum(y @ square / -np.sum(square), -np.sqrt(c * c - d * d))
    y += a[:, None]
    y *= y
    return np.stack((a, d, c, m, s, y @ square))


def _slopes(  # noqa: PLR0917 -- columns side by side
    k: FloatArray,
    w: FloatArray,
    square: FloatArray,
    m: FloatArray,
    s: FloatArray,
    bend: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return d and c of the least squares of each (m, s), where `bend` is √(y² + 1).

    Law: of three normal equations, whose diagonal is raised by the ridge, a is eliminated; around
    the means of k and w nothing large cancels.
    """
    total = float(np.sum(square))
    away, above = k - square @ k / total, w - square @ w / total
    moved = square * away
    bends, across, rises = (bend @ np.column_stack((square, moved, square * above))).T
    centre, height = (square @ k / total - m) / s, float(square @ w)
    spread = moved @ away / (s * s)
    by_y = spread + total * centre * centre
    ridge = _RIDGE * (2.0 * total + 2.0 * by_y)
    left = ridge / (total + ridge)  # What of the constant's share the ridge leaves in the others.
    yy = spread + ridge + total * centre * centre * left
    yb = across / s + centre * bends * left
    bb = by_y + total + ridge - bends * bends / (total + ridge)
    y_w = moved @ above / s + centre * height * left
    b_w = rises + bends * (height / total) * left
    det = yy * bb - yb * yb
    return (y_w * bb - b_w * yb) / det, (b_w * yy - y_w * yb) / det
