"""Where the constants of `strikedesk.quant` come from: prints them, and how well they fit.

Run: `python -m benchmarks.quant_coefficients`. The polynomial is the same to the last digit on any
machine; the two ratios are fits whose last digits depend on the linear algebra library.
"""

from dataclasses import dataclass
from typing import Final

import mpmath
import numpy as np

from strikedesk.quant.black_scholes import price
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray, erfcx_nonnegative

PIVOT: Final = 3
DEGREE: Final = 21
SAMPLES: Final = 64  # Of the Chebyshev expansion, whose 64th coefficient is below 1e-40.
REWEIGHTINGS: Final = 300
TAIL_DEGREE: Final = 10
FARTHEST: Final = 6.5  # Where exp(-z²) is below 1e-18.

mp = mpmath.MPContext()
mp.dps = 60


def main() -> None:
    """Print all constants."""
    print("(z + 3)·erfcx(z), powers of (z - 3)/(z + 3), lowest first")
    for coefficient in erfcx_polynomial():
        print(f"    {coefficient!r},")
    print("the same for a tail that is right in absolute terms")
    for coefficient in tail_polynomial().tolist():
        print(f"    {coefficient!r},")
    show("variance: u²/d² over u", variance_ratio())
    show("damping: s²/variance - 1 over (u, variance)", damping_ratio())


def show(title: str, ratio: "Ratio") -> None:
    """Print one fitted ratio."""
    print(f"{title}: largest relative error of s {ratio.error:.1e}")
    print("    top   ", np.round(ratio.top, 8).tolist())
    print("    bottom", np.round(ratio.bottom, 8).tolist())


def erfcx_polynomial() -> list[float]:
    """Expand (z + 3)·erfcx(z) in Chebyshev polynomials, cut, and write it in powers."""
    nodes = [mp.cos(mp.pi * (n + mp.mpf(1) / 2) / SAMPLES) for n in range(SAMPLES)]
    values = [scaled_tail(PIVOT * (1 + node) / (1 - node)) for node in nodes]
    powers = [mp.mpf(0)] * (DEGREE + 1)
    before, here = [mp.mpf(0)], [mp.mpf(1)]
    for degree in range(DEGREE + 1):
        share = sum(v * mp.cos(degree * mp.acos(x)) for x, v in zip(nodes, values, strict=True))
        coefficient = share * (2 if degree else 1) / SAMPLES
        for power, factor in enumerate(here):
            powers[power] += coefficient * factor
        before, here = here, next_chebyshev(degree, before, here)
    return [float(power) for power in powers]


def tail_polynomial() -> FloatArray:
    """Fit (z + 3)·erfcx(z) so that the error of exp(-z²)·erfcx(z)/2 is as small as it gets."""
    nodes = -np.cos(np.pi * (np.arange(3000) + 0.5) / 3000)
    z = PIVOT * (1.0 + nodes) / (1.0 - nodes)
    nodes, z = nodes[z < FARTHEST], z[z < FARTHEST]
    unit = 2.0 * (z + PIVOT) * np.exp(z * z)
    terms = np.polynomial.chebyshev.chebvander(nodes, TAIL_DEGREE)
    best = fit_ratio((z + PIVOT) * erfcx_nonnegative(z), terms, terms[:, :0], unit)
    return np.polynomial.chebyshev.cheb2poly(best.top)


def next_chebyshev(degree: int, before: list, here: list) -> list:
    """Return the powers of T(n+1) = 2·x·T(n) - T(n-1), or x itself after 1."""
    if degree == 0:
        return [mp.mpf(0), mp.mpf(1)]
    doubled = [mp.mpf(0), *(2 * factor for factor in here)]
    padded = [*before, *([mp.mpf(0)] * (len(doubled) - len(before)))]
    return [a - b for a, b in zip(doubled, padded, strict=True)]


def scaled_tail(z: mpmath.mpf) -> mpmath.mpf:
    """Return (z + 3)·exp(z²)·erfc(z), by the asymptotic series where the product overflows."""
    if z < 60:
        return (z + PIVOT) * mp.exp(z * z) * mp.erfc(z)
    total = term = mp.mpf(1)
    for n in range(1, 40):
        term *= -(2 * n - 1) / (2 * z * z)
        total += term
    return (z + PIVOT) * total / (z * mp.sqrt(mp.pi))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A fitted ratio: factors of the terms on top, of those below after 1, and its error."""

    top: FloatArray
    bottom: FloatArray
    error: float


def variance_ratio() -> Ratio:
    """Fit (u/d)² where a normally distributed price lies d deviations from the strike."""
    d = np.concatenate([np.linspace(1e-3, 2.0, 400), np.linspace(2.01, 18.0, 900)])
    u = u_of_distance(d)
    top = np.column_stack([u**0, u, u**2, u**3])
    return fit_ratio((u / d) ** 2, top, np.column_stack([u, u**2]), 2.0 * (u / d) ** 2)


def damping_ratio() -> Ratio:
    """Fit what turns the normal variance into the lognormal, up to s = 2 and 12 deviations."""
    s, h = np.meshgrid(
        np.linspace(0.005, 2.0, 60), np.r_[np.linspace(1e-3, 3, 100), np.linspace(3.05, 12, 100)]
    )
    s, x = s.ravel(), (s * h).ravel()
    calls = Contracts.of(spot=np.exp(-x), strike=1.0, years=1.0, rate=0.0, is_call=True)
    u = 0.5 * np.log1p(x / (price(calls, s) * np.exp(0.5 * x)))
    variance = (x / distance_of_u(u)) ** 2
    excess = s * s / variance - 1.0
    top = np.column_stack([variance, variance * u])
    bottom = np.column_stack([u, u * u, variance, variance * u])
    return fit_ratio(excess, top, bottom, 2.0 * (1.0 + excess))


def u_of_distance(d: FloatArray) -> FloatArray:
    """Return ln(1 + distance/value)/2 of an option on a normally distributed price."""
    mills = np.sqrt(np.pi / 2.0) * erfcx_nonnegative(d / np.sqrt(2.0))
    log_value = -0.5 * d * d - 0.5 * np.log(2.0 * np.pi) + np.log1p(-d * mills)
    return 0.5 * np.log1p(d * np.exp(-log_value))


def distance_of_u(u: FloatArray) -> FloatArray:
    """Return the inverse of `u_of_distance`, by halving."""
    low, high = np.full_like(u, 1e-9), np.full_like(u, 40.0)
    for _ in range(80):
        middle = 0.5 * (low + high)
        above = u_of_distance(middle) > u
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 0.5 * (low + high)


def fit_ratio(y: FloatArray, top: FloatArray, bottom: FloatArray, unit: FloatArray) -> Ratio:
    """Fit y = top·a / (1 + bottom·b), its largest error in units of `unit` as small as it gets.

    Least squares of the equation times its denominator, weighted anew after each round towards
    where the error is largest.
    """
    weight, below = np.ones_like(y), np.ones_like(y)
    best = Ratio(top=y[:0], bottom=y[:0], error=np.inf)
    for _ in range(REWEIGHTINGS):
        scale = weight / (below * unit)
        matrix = np.hstack([top, -y[:, None] * bottom]) * scale[:, None]
        solution = np.linalg.lstsq(matrix, y * scale, rcond=None)[0]
        a, b = np.split(solution, [top.shape[1]])
        below = 1.0 + bottom @ b
        error = np.abs(top @ a / below - y) / unit
        if error.max() < best.error:
            best = Ratio(top=a, bottom=b, error=float(error.max()))
        weight *= np.sqrt(0.2 + error / error.max())
        weight /= weight.mean()
    return best


if __name__ == "__main__":
    main()
