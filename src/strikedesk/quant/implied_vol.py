"""Implied volatility of European options: every lane solved, or NaN and the reason."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from strikedesk.quant.black_scholes import GreekArrays, as_greeks, fill_greeks
from strikedesk.quant.contracts import BoolArray, Contracts, NormalForm
from strikedesk.quant.lognormal import SMALLEST, Lanes, Tails, step_to
from strikedesk.quant.normal import FloatArray

ReasonArray: TypeAlias = npt.NDArray[np.uint8]


class NoVolatility(IntEnum):
    """Why a price has no implied volatility. `NONE`: it has one.

    The last two are of American exercise: a volatility outside 1 % to 500 %, and rates below zero
    at which a contract would be exercised between two boundaries.
    """

    NONE = 0
    BAD_INPUT = 1
    EXPIRED = 2
    BELOW_INTRINSIC = 3
    NO_TIME_VALUE = 4
    ABOVE_MAXIMUM = 5
    NOT_CONVERGED = 6
    OUT_OF_RANGE = 7
    TWO_BOUNDARIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedVolatility:
    """Implied volatilities, in the shape of the contracts.

    Units: `volatility` a fraction a year; `reason` values of `NoVolatility`.
    Law: `volatility` is NaN exactly where `reason` is not `NONE`.
    """

    volatility: FloatArray
    reason: ReasonArray


# A start within 6e-4 of the answer up to s = 2, and never far from it.
# Source: least-maximum fits made by benchmarks/quant_coefficients.py.
_VARIANCE_TOP: Final = (1.57138249, 0.4918147, 0.15316419, 0.01661539)
_VARIANCE_BOTTOM: Final = (0.31560377, 0.0659064)
_DAMPING_TOP: Final = (0.08266924, 0.02508853)
_DAMPING_BOTTOM: Final = (0.37795768, 0.38025771, -0.11578805, -0.04882382)

_DAMPING_FLOOR: Final = 0.1  # Keeps the ratio positive far outside the range of the fit.
_NEAR_THE_MONEY: Final = 1e-6  # Of the option's value: the start needs a distance to divide by.
_ONE_STEP_SUFFICES: Final = 1e-3  # A smaller step leaves an error of its fifth power: none.
_ROUNDS: Final = 64  # Bisection alone would reach the last digit in so many.
_NOISE: Final = 64.0 * np.finfo(np.float64).eps  # Of a price: a time value below is only rounding.


def implied_volatility(contracts: Contracts, price: npt.ArrayLike) -> ImpliedVolatility:
    """Return the volatility at which each contract is worth `price`, USD per share.

    Law: `black_scholes.price` of the answer is `price`. The answer's relative error is the
    rounding of the inputs times what the contract makes of it; beyond that about 1e-12.

    Raises:
        ValueError: `price` does not fit the contracts' shape.
    """
    return _solve(contracts, price, None)


def implied_greeks(
    contracts: Contracts, price: npt.ArrayLike
) -> tuple[ImpliedVolatility, GreekArrays]:
    """Return implied volatilities and the sensitivities at them, for little more than the first.

    Raises:
        ValueError: `price` does not fit the contracts' shape.
    """
    rows = np.empty((5, len(contracts)))
    return _solve(contracts, price, rows), as_greeks(rows, contracts.shape)


def _solve(
    contracts: Contracts, price: npt.ArrayLike, rows: FloatArray | None
) -> ImpliedVolatility:
    prices = contracts.flat(price)
    volatility = np.empty(len(contracts))
    reason = np.zeros(len(contracts), dtype=np.uint8)
    for piece in contracts.blocks():
        block, into = contracts.part(piece), rows if rows is None else rows[:, piece]
        with np.errstate(all="ignore"):  # What makes no sense is told apart by its NaN.
            _solve_block(block, prices[piece], volatility[piece], reason[piece], into)
    return ImpliedVolatility(
        volatility=volatility.reshape(contracts.shape), reason=reason.reshape(contracts.shape)
    )


def _solve_block(
    contracts: Contracts,
    price: FloatArray,
    volatility: FloatArray,
    reason: ReasonArray,
    rows: FloatArray | None,
) -> None:
    """Fill `volatility`, `reason` and, if wanted, the five `rows` of Greeks of one block."""
    form = NormalForm.of(contracts)
    value = price - form.intrinsic
    solvable = _solvable(contracts, form, value)
    found = _find(form, value, solvable)
    np.divide(found.s, np.sqrt(contracts.years), out=volatility)
    if rows is not None:
        tails = found.tails_there(form.x)
        fill_greeks(
            rows, contracts=contracts, form=form, tails=tails, volatility=volatility, s=found.s
        )
    if found.lost.size or not solvable.all():
        reason[~solvable] = _why_not(contracts, form, price, value)[~solvable]
        reason[found.lost] = NoVolatility.NOT_CONVERGED
        volatility[reason != NoVolatility.NONE] = np.nan
        if rows is not None:
            rows[:, reason != NoVolatility.NONE] = np.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Where the search ended: `s`, the tails one step before it, and the `ratio` of that step.

    Law: `hard` lanes needed more steps, and their tails are elsewhere; the `lost` among them have
    no answer.
    """

    s: FloatArray
    tails: Tails
    ratio: FloatArray
    hard: Lanes
    lost: Lanes

    def tails_there(self, x: FloatArray) -> Tails:
        """Return the tails at `s`: moved by the last step, taken anew for the hard lanes."""
        tails = self.tails.moved(self.ratio)
        if self.hard.size:
            tails.put(self.hard, Tails.at(x[self.hard], self.s[self.hard]))
        return tails


def _find(form: NormalForm, value: FloatArray, solvable: BoolArray) -> _Found:
    """Step once from the start, which is enough in any usual chain; search where it is not."""
    target, room = value / form.scale, (form.ceiling - value) / form.scale
    s = start(form.x, target)
    tails = Tails.at(form.x, s)
    step = step_to(target, room, tails)
    ratio = 1.0 + step.relative
    s *= ratio
    hard = np.flatnonzero(solvable & ~(np.abs(step.newton) <= _ONE_STEP_SUFFICES))
    lost = hard
    if hard.size:
        s[hard], settled = _search(form.x[hard], target[hard], room[hard])
        lost = hard[~settled]
    return _Found(s=s, tails=tails, ratio=ratio, hard=hard, lost=lost)


def _search(x: FloatArray, target: FloatArray, room: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the s of every lane and whether it was found: steps while they help, else halving."""
    s = start(x, target)
    low, high = np.zeros_like(s), np.full_like(s, np.inf)
    settled = np.zeros(s.shape, dtype=np.bool_)
    for _ in range(_ROUNDS):
        step = step_to(target, room, Tails.at(x, s))
        low, high = np.where(step.too_high, low, s), np.where(step.too_high, s, high)
        proposal = s * (1.0 + step.relative)
        settled = np.abs(step.newton) <= _ONE_STEP_SUFFICES
        helps = settled | ((low < proposal) & (proposal < high))
        s = np.where(helps, proposal, np.where(np.isinf(high), 2.0 * s, 0.5 * (low + high)))
        if settled.all():
            break
    return s, settled


def start(x: FloatArray, target: FloatArray) -> FloatArray:
    """Return a first s for b(x, s) = target.

    db/ds is the normal density of x/s times exp(-s²/8). Without that factor the equation is that of
    a normally distributed price, whose s² is (x/u)² times a function of u = ln(1 + x/target)/2; the
    factor then damps s² by a function of u and of that variance. Both are fitted as ratios.
    """
    away = np.maximum(x, _NEAR_THE_MONEY * target)
    u = 0.5 * np.log(1.0 + away / target)
    a0, a1, a2, a3 = _VARIANCE_TOP
    b1, b2 = _VARIANCE_BOTTOM
    per_u = away / u
    variance = per_u * per_u * (a0 + u * (a1 + u * (a2 + u * a3))) / (1.0 + u * (b1 + u * b2))
    c0, c1 = _DAMPING_TOP
    d1, d2, d3, d4 = _DAMPING_BOTTOM
    bottom = 1.0 + u * (d1 + u * d2) + variance * (d3 + u * d4)
    damping = variance * (c0 + u * c1) / np.maximum(bottom, _DAMPING_FLOOR)
    return np.sqrt(variance * (1.0 + damping))


def _solvable(contracts: Contracts, form: NormalForm, value: FloatArray) -> BoolArray:
    """Tell which lanes have a volatility: a live contract, a value within its bounds."""
    noise = _noise(form)
    above, below = value > noise, form.ceiling - value > noise + _NOISE * form.ceiling
    return above & below & (contracts.years > 0.0) & _sensible(form)


def _sensible(form: NormalForm) -> BoolArray:
    finite = np.isfinite(form.scale) & np.isfinite(form.x)
    return finite & (form.scale > 0.0) & (form.ceiling > 0.0)


def _noise(form: NormalForm) -> FloatArray:
    """Return the time value below which a price says nothing, USD.

    In the money the time value is a difference of large numbers; out of it, the price itself.
    """
    in_the_money = form.parity * form.parity * (form.pv_spot + form.pv_strike)
    return np.maximum(_NOISE * in_the_money, SMALLEST * form.scale)


def _why_not(
    contracts: Contracts, form: NormalForm, price: FloatArray, value: FloatArray
) -> ReasonArray:
    """Return why each lane that is not solvable is not: the first reason that applies."""
    noise = _noise(form)
    causes = {
        NoVolatility.BAD_INPUT: ~(_sensible(form) & np.isfinite(price)),
        NoVolatility.EXPIRED: contracts.years <= 0.0,
        NoVolatility.BELOW_INTRINSIC: value < -noise,
        NoVolatility.NO_TIME_VALUE: value <= noise,
    }
    codes = [int(cause) for cause in causes]
    chosen = np.select(list(causes.values()), codes, int(NoVolatility.ABOVE_MAXIMUM))
    return chosen.astype(np.uint8)
