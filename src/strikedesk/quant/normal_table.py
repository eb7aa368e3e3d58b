"""The normal distribution by Taylor's series around a grid: half the price of `ndtr`."""

from typing import Final

import numpy as np
import numpy.typing as npt

from strikedesk.quant.normal import SQRT_TWO_PI, FloatArray, ndtr

_FARTHEST: Final = 9.0  # Beyond it a tail is 1e-19: nothing beside a spot.
_A_UNIT: Final = 256


def _derivatives() -> tuple[FloatArray, ...]:
    """Return the coefficients of the series at each point of the grid, lowest power last."""
    edge = int(_FARTHEST * _A_UNIT)
    grid: FloatArray = np.arange(-edge, edge + 1, dtype=np.float64) / _A_UNIT
    density = np.exp(-0.5 * grid * grid) / SQRT_TWO_PI
    return (grid * grid - 1.0) * density / 6.0, -0.5 * grid * density, density, ndtr(grid)


_SERIES: Final = _derivatives()


def ndtr_near(x: FloatArray) -> FloatArray:
    """Return the probability that a standard normal variable is at most `x`; overwrites `x`.

    Law: the error is below 1e-12, absolute: enough for a value held beside a spot, and not for a
    far tail by itself, which `ndtr` gives. NaN stays NaN.
    """
    np.clip(x, -_FARTHEST, _FARTHEST, out=x)
    nearest = np.rint(x * _A_UNIT)
    with np.errstate(invalid="ignore"):  # NaN has no place in the table; it stays in `x`.
        place = (nearest + _FARTHEST * _A_UNIT).astype(np.int32)
    nearest *= 1.0 / _A_UNIT
    x -= nearest
    return _summed(x, place, spare=nearest)


def _summed(x: FloatArray, place: npt.NDArray[np.int32], *, spare: FloatArray) -> FloatArray:
    """Return the series at `x` from the grid points, by Horner's rule."""
    total = np.take(_SERIES[0], place, mode="clip")
    for coefficients in _SERIES[1:]:
        total *= x
        np.take(coefficients, place, out=spare, mode="clip")
        total += spare
    return total
