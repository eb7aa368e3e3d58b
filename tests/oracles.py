"""Slow and sure: the formulas of `strikedesk.quant` with 80 digits, by an independent library."""

from dataclasses import dataclass, fields, replace
from typing import Protocol, cast

import mpmath
import numpy as np

from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray


class Real(Protocol):
    """A number of any precision, as far as these formulas use one."""

    def __add__(self, other: "Real | int") -> "Real": ...
    def __sub__(self, other: "Real | int") -> "Real": ...
    def __mul__(self, other: "Real | int") -> "Real": ...
    def __rmul__(self, other: int) -> "Real": ...
    def __truediv__(self, other: "Real | int") -> "Real": ...
    def __neg__(self) -> "Real": ...
    def __float__(self) -> float: ...


class Arithmetic(Protocol):
    """The functions asked of the library; its own types are not declared."""

    dps: int

    def mpf(self, value: float | str) -> Real: ...
    def exp(self, value: Real) -> Real: ...
    def log(self, value: Real) -> Real: ...
    def sqrt(self, value: Real) -> Real: ...
    def erfc(self, value: Real) -> Real: ...
    def ncdf(self, value: Real) -> Real: ...
    def npdf(self, value: Real) -> Real: ...


mp = cast(Arithmetic, mpmath.MPContext())
mp.dps = 80  # Strikes of 1e21 and second differences at 1e-12 take most of them.


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One European option with its volatility."""

    spot: float = 100.0
    strike: float = 100.0
    years: float = 0.5
    rate: float = 0.04
    dividend_yield: float = 0.01
    volatility: float = 0.2
    is_call: bool = True


def contracts(cases: list[Case]) -> tuple[Contracts, FloatArray]:
    """Return the columns of `cases`, and their volatilities."""
    columns = {
        field.name: np.array([getattr(case, field.name) for case in cases])
        for field in fields(Case)
    }
    volatility = columns.pop("volatility")
    return Contracts.of(**columns), volatility


def price(case: Case, *, volatility: Real | None = None) -> Real:
    """Return the value of `case`, at another volatility if one is given."""
    bumps = {} if volatility is None else {"volatility": volatility}
    return _value(case, bumps)


def difference(case: Case, name: str, *, order: int = 1) -> float:
    """Return a derivative of the value by the field `name`, from differences of exact values."""
    step = mp.mpf("1e-12")
    here = mp.mpf(getattr(case, name))
    up, down = _value(case, {name: here + step}), _value(case, {name: here - step})
    if order == 1:
        return float((up - down) / (2 * step))
    return float((up - 2 * _value(case, {name: here}) + down) / (step * step))


def mixed_difference(case: Case, one: str, other: str) -> float:
    """Return the derivative of the value by two fields, from differences of exact values."""
    step = mp.mpf("1e-12")
    a, b = mp.mpf(getattr(case, one)), mp.mpf(getattr(case, other))
    up, down = (
        _value(case, {one: a + step, other: b + sign * step})
        - _value(case, {one: a - step, other: b + sign * step})
        for sign in (1, -1)
    )
    return float((up - down) / (4 * step * step))


def exact_volatility(case: Case, quoted: float) -> Real:
    """Return the volatility at which `case` is worth exactly the float `quoted`.

    Newton's method from the volatility that the float was computed with: it is off by a rounding.
    """
    sigma = mp.mpf(case.volatility)
    for _ in range(4):
        vega = mp.mpf(difference(replace(case, volatility=float(sigma)), "volatility"))
        sigma = sigma - (price(case, volatility=sigma) - mp.mpf(quoted)) / vega
    return sigma


def relative_error(found: float, true: Real) -> float:
    """Return |found / true - 1|, not rounded by the comparison."""
    return abs(float((mp.mpf(found) - true) / true))


def _value(case: Case, bumps: dict[str, Real]) -> Real:
    names = ("spot", "strike", "years", "rate", "dividend_yield", "volatility")
    spot, strike, years, rate, dividend, sigma = (
        bumps.get(name, mp.mpf(getattr(case, name))) for name in names
    )
    s = sigma * mp.sqrt(years)
    d1 = (mp.log(spot / strike) + (rate - dividend) * years) / s + s / 2
    sign = 1 if case.is_call else -1
    held = spot * mp.exp(-dividend * years) * mp.ncdf(sign * d1)
    owed = strike * mp.exp(-rate * years) * mp.ncdf(sign * (d1 - s))
    return sign * (held - owed)
