"""The value b(x, s) of an out-of-the-money option in normal form, and its derivatives.

With h = x/s and t = s/2, and E the scaled complementary error function,

    b(x, s) = exp(-(h² + t²)/2) · [E((h - t)/√2) - E((h + t)/√2)] / 2,

for calls and puts alike. Where h < t, E is taken at (t - h)/√2 instead, and the formula gives with
a plus sign the distance of b from its limit exp(-x/2): nothing overflows, nothing cancels twice.
Source: F. Black, M. Scholes, J. Polit. Econ. 81 (1973) 637, rearranged.
"""

import math
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from strikedesk.quant.normal import SQRT_HALF, FloatArray, erfcx_moved, erfcx_nonnegative

Lanes: TypeAlias = npt.NDArray[np.intp]

SMALLEST: Final = 1e-300  # Stands for a volatility of 0: divides without NaN, squares to infinity.
_FOUR_OVER_SQRT_PI: Final = 4.0 / math.sqrt(math.pi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tails:
    """The two scaled tails at (x, s), and where they were taken.

    Law: `h` = x/s/√2, `t` = s/2/√2; `sign` is -1 where h < t; `near` = E(|h - t|) and
    `far` = E(h + t).
    """

    h: FloatArray
    t: FloatArray
    sign: FloatArray
    near: FloatArray
    far: FloatArray

    @classmethod
    def at(cls, x: FloatArray, s: FloatArray) -> Self:
        """Take the tails at `s`; both in one sweep, which halves the number of numpy calls."""
        h, t = SQRT_HALF * x / s, (0.5 * SQRT_HALF) * s
        arguments = np.array((h - t, h + t))
        sign = np.copysign(1.0, arguments[0])
        near, far = erfcx_nonnegative(np.abs(arguments, out=arguments))
        return cls(h=h, t=t, sign=sign, near=near, far=far)

    def moved(self, ratio: FloatArray) -> "Tails":
        """Return the tails at s·ratio, for a ratio within 1e-3 of 1, to about 1e-11."""
        h, t = self.h / ratio, self.t * ratio
        new_near, new_far = self.sign * (h - t), h + t
        old_near, old_far = self.sign * (self.h - self.t), self.h + self.t
        return Tails(
            h=h,
            t=t,
            sign=self.sign,
            near=erfcx_moved(old_near, self.near, new_near - old_near),
            far=erfcx_moved(old_far, self.far, new_far - old_far),
        )

    def put(self, lanes: Lanes, tails: "Tails") -> None:
        """Overwrite some lanes, in place."""
        self.h[lanes], self.t[lanes] = tails.h, tails.t
        self.sign[lanes], self.near[lanes], self.far[lanes] = tails.sign, tails.near, tails.far

    @property
    def gap(self) -> FloatArray:
        """E(near) - E(far) where b is a difference; their sum where it is a distance."""
        return self.near - self.sign * self.far

    @property
    def exponent(self) -> FloatArray:
        """(h² + t²)/2 of the formula above."""
        return self.h * self.h + self.t * self.t


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the search for s: Newton's estimate, and a better one, both relative to s.

    `too_high` says that s prices above the target.
    """

    newton: FloatArray
    relative: FloatArray
    too_high: npt.NDArray[np.bool_]


def step_to(target: FloatArray, room: FloatArray, tails: Tails) -> Step:
    """Return the step from the tails' s towards that which prices at `target` = limit - `room`.

    The root is sought of f = ln b - ln target or, where h < t, of the same with the distances from
    the limit: either is nearly a power of s, and neither overflows. Householder's method of the
    fourth order leaves of a relative error e about its fifth power.
    """
    goal = np.where(tails.sign < 0.0, room, target)
    f = np.log(0.5 * tails.gap / goal) - tails.exponent
    slope = _FOUR_OVER_SQRT_PI * tails.sign * tails.t / tails.gap
    newton = -f / slope
    return Step(
        newton=newton,
        relative=newton * _householder(newton, slope, tails),
        too_high=f * tails.sign > 0.0,
    )


def _householder(newton: FloatArray, slope: FloatArray, tails: Tails) -> FloatArray:
    """Return the factor that makes Newton's step one of the fourth order.

    b2, b3, b4 are the Taylor coefficients of b over b', a2, a3, a4 those of f over f', both in
    units of s; the factor is a ratio of two coefficients of the series of 1/f.
    """
    h2, t2 = tails.h * tails.h, tails.t * tails.t
    d1, d2 = 2.0 * (h2 - t2), -6.0 * h2 - 2.0 * t2  # Derivatives of ln b', and 24·h2 the third.
    d1_squared = d1 * d1
    b2, b3 = 0.5 * d1, (d1_squared + d2) / 6.0
    b4 = (d1 * (d1_squared + 3.0 * d2) + 24.0 * h2) / 24.0
    a2 = (b2 - 0.5 * slope) * newton
    a3 = (b3 - slope * (b2 - slope / 3.0)) * (newton * newton)
    a4 = b4 - slope * (b3 + 0.5 * b2 * b2 - slope * (b2 - 0.25 * slope))
    a4 = a4 * (newton * newton * newton)
    top = 1.0 + 2.0 * a2 + a3
    return top / (top + a2 * (1.0 + a2) + a3 + a4)
