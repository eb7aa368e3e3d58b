"""The normal distribution on arrays, to about 1e-15 of the true value, tails included."""

import math
from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]

SQRT_HALF: Final = math.sqrt(0.5)
SQRT_TWO_PI: Final = math.sqrt(2.0 * math.pi)
_TWO_OVER_SQRT_PI: Final = 2.0 / math.sqrt(math.pi)

# (z + 3) * erfcx(z) as a polynomial in (z - 3) / (z + 3), lowest power first. It is the Chebyshev
# expansion on z >= 0, cut at degree 21 where it is 2e-16 from the function.
# Source: computed with 60 digits by benchmarks/quant_coefficients.py.
_PIVOT: Final = 3.0
_ERFCX: Final = (
    1.0740069070883398,
    -0.883394453169879,
    0.5902283571041071,
    -0.3104672619009746,
    0.11952776128703103,
    -0.02682723461387531,
    -0.0012124166223302848,
    0.00303406187394487,
    -0.000548309738742103,
    -0.00027677699993368523,
    0.00010756175221393728,
    3.039473602547077e-05,
    -1.747151783308634e-05,
    -4.7403568108185474e-06,
    2.7676472847012437e-06,
    9.839516452310493e-07,
    -4.1156335216014677e-07,
    -2.1723944408311606e-07,
    4.986707272786026e-08,
    3.9523308981847586e-08,
    -3.529913503448883e-09,
    -4.0301290737265825e-09,
)

# The same to 2e-14 of the whole tail where exp(-z²) makes it small: half as long, for sums of tails
# whose terms need no digits of their own.
_SHORT: Final = (
    1.0740069060170936,
    -0.8833945004885897,
    0.5902275769402298,
    -0.3104741152995379,
    0.11949074814252222,
    -0.026959283289523586,
    -0.0015352403935677858,
    0.002486062258400933,
    -0.0011883107427122605,
    -0.0007696254439663753,
    -0.00011314222685879248,
)

# The same from the highest power down to the first, as `_by_powers` takes them.
_FALLING: Final[Mapping[tuple[float, ...], FloatArray]] = {
    each: np.array(each[:0:-1]) for each in (_ERFCX, _SHORT)
}

_FEW: Final = 64  # Of so few numbers a polynomial's cost is that of its numpy calls.
_TAIL_ENDS: Final = 40.0  # Beyond it exp(-x²/2) is below the smallest float, exp(x²) above all.


def pdf(x: npt.ArrayLike) -> FloatArray:
    """Return the standard normal density."""
    return _exp_of_square(np.asarray(x, dtype=np.float64), -0.5) / SQRT_TWO_PI


def ndtr(x: npt.ArrayLike) -> FloatArray:
    """Return the probability that a standard normal variable is at most `x`.

    Law: the error is a few units of the last place, relative, in the lower tail too, down to where
    floats end (x = -37.5).
    """
    return ndtr_and_pdf(np.asarray(x, dtype=np.float64))[0]


def ndtr_and_pdf(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return `ndtr` and `pdf`, for little more than the first."""
    bell = _exp_of_square(x, -0.5)
    tail = 0.5 * bell * erfcx_nonnegative(np.abs(x) * SQRT_HALF)
    return np.where(x > 0.0, 1.0 - tail, tail), bell / SQRT_TWO_PI


def upper_tail(x: FloatArray) -> FloatArray:
    """Return the probability that a standard normal variable exceeds `x`, to 2e-14 absolute.

    Half the price of `ndtr`; a far tail has no digits of its own.
    """
    z = np.abs(x)
    z *= SQRT_HALF
    half = _times_exp_of_square(z, _SHORT)
    np.multiply(z, -z, out=z)
    half *= np.exp(z, out=z)
    half *= -0.5
    half += 0.5
    np.copysign(half, x, out=half)
    return np.subtract(0.5, half, out=half)


def erfcx(z: npt.ArrayLike) -> FloatArray:
    """Return exp(z²)·erfc(z); infinite below z = -26.6, where it exceeds every float."""
    z = np.asarray(z, dtype=np.float64)
    mirrored = erfcx_nonnegative(np.abs(z))
    if not np.any(z < 0.0):
        return mirrored
    with np.errstate(over="ignore"):  # Where the true value is beyond every float.
        reflected = 2.0 * _exp_of_square(np.minimum(z, 0.0), 1.0) - mirrored
    return np.where(z < 0.0, reflected, mirrored)


def erfcx_nonnegative(z: FloatArray) -> FloatArray:
    """Return exp(z²)·erfc(z) for z >= 0; the inner loop of every price.

    Law: relative error below 1e-15; meaningless, not refused, for z < 0.
    """
    return _times_exp_of_square(z, _ERFCX)


def erfcx_moved(z: FloatArray, value: FloatArray, by: FloatArray) -> FloatArray:
    """Return erfcx at `z + by`, given its `value` at `z`, by three terms of Taylor's series.

    Law: the relative error is below 2·(by / (z + 1))⁴.
    """
    double = 2.0 * z
    first = double * value - _TWO_OVER_SQRT_PI
    second = 2.0 * value + double * first
    third = 4.0 * first + double * second
    return value + by * (first + by * (0.5 * second + by * (third / 6.0)))


def _times_exp_of_square(z: FloatArray, polynomial: tuple[float, ...]) -> FloatArray:
    """Return exp(z²)·erfc(z) by one of the polynomials."""
    inverse = 1.0 / (z + _PIVOT)
    variable = 1.0 - (2.0 * _PIVOT) * inverse
    if z.size <= _FEW:
        return (_by_powers(variable, polynomial) + polynomial[0]) * inverse
    total = variable * polynomial[-1]
    for coefficient in polynomial[-2:0:-1]:
        total += coefficient
        total *= variable
    total += polynomial[0]
    total *= inverse
    return total


def _by_powers(variable: FloatArray, polynomial: tuple[float, ...]) -> FloatArray:
    """Return a polynomial without its constant, by three numpy calls instead of two a power.

    The highest power is added first, so that the error is that of Horner's rule. On a few numbers
    it takes a fourth of the time; on many, more.
    """
    coefficients = _FALLING[polynomial]
    powers = np.empty((coefficients.size, variable.size))
    powers[:] = variable.ravel()
    np.multiply.accumulate(powers[::-1], axis=0, out=powers[::-1])
    return (coefficients @ powers).reshape(variable.shape)


def _exp_of_square(x: FloatArray, factor: float) -> FloatArray:
    """Return exp(factor·x²) without the rounding of x², which a far tail would magnify."""
    x = np.minimum(np.abs(x), _TAIL_ENDS)
    coarse = np.rint(x * 16.0) / 16.0  # Few enough bits that its square is exact.
    return np.exp(factor * coarse * coarse) * np.exp(factor * (x - coarse) * (x + coarse))
