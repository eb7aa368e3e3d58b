"""Values and sensitivities of American options with a continuous yield.

Where early exercise never pays (a call whose share yields nothing, a put whose strike earns
nothing), the European value is exact and taken; elsewhere see `early_exercise`.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from strikedesk.quant import black_scholes
from strikedesk.quant.black_scholes import DAYS_PER_YEAR, PERCENT, GreekArrays, as_greeks
from strikedesk.quant.contracts import BoolArray, Contracts, Lanes
from strikedesk.quant.early_exercise import PutForm, Schedule, groups
from strikedesk.quant.frontier import SIGMA_MAX, SIGMA_MIN
from strikedesk.quant.normal import FloatArray, pdf, upper_tail

BLOCK: Final = 2048  # Contracts worked on at a time, a row of some twenty points each.
_WORTH_A_TABLE: Final = 1e-12  # Of a strike: what early exercise can earn at most, below it none.
_SIGMA_STEP: Final = 1e-3  # Of the volatility, to either side: vega is a difference.
_RATE_STEP: Final = 1e-4  # To either side: so is rho.


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """Which contracts may be exercised early: `early` perhaps, `never`; else it is unknown.

    Law: with a rate and a yield below zero, and in put form the yield below the rate, a put has two
    boundaries, which nothing here follows; and nothing is known of a row of nonsense.
    """

    early: BoolArray
    never: BoolArray

    @classmethod
    def of(cls, contracts: Contracts, form: PutForm) -> Self:
        """Tell the contracts apart."""
        earned, paid = form.rate * form.years, form.dividend_yield * form.years
        earns, charged = earned > _WORTH_A_TABLE, paid < -_WORTH_A_TABLE
        loses = earned < -_WORTH_A_TABLE
        live = (form.years > 0.0) & np.isfinite(form.log_spot) & np.isfinite(earned + paid)
        early = live & (earns | (charged & ~loses))
        two = live & loses & (form.dividend_yield < form.rate)
        return cls(early=early, never=~early & ~two & np.isfinite(contracts.strike))


def price(contracts: Contracts, volatility: npt.ArrayLike) -> FloatArray:
    """Return the value of each contract, USD per share, in the shape of the contracts.

    Units: `volatility` a fraction a year, broadcast to the contracts.
    Law: within 1e-5 strikes of the true value, usually 1e-6; never below what exercise brings now,
    nor, by more than that, below the European value. NaN for what makes no sense, and, where early
    exercise may pay, for a volatility outside 1 % to 500 % and for two boundaries (see `Exercise`).

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    sigma = contracts.flat(volatility)
    with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
        form = PutForm.of(contracts)
        kind = Exercise.of(contracts, form)
        value = np.full(len(contracts), np.nan)
        never = np.flatnonzero(kind.never)
        value[never] = black_scholes.price(contracts.part(never), sigma[never])
        for table, lanes in groups(form, _tabled(kind, sigma)):
            value[lanes] = _values(form, table, lanes, sigma[lanes])
    return value.reshape(contracts.shape)


def added(contracts: Contracts, volatility: npt.ArrayLike) -> FloatArray:
    """Return what the right to exercise early adds to each European value, USD per share.

    Law: 0 where exercise never pays; elsewhere NaN where `price` is. Raises what that does.
    """
    sigma = contracts.flat(volatility)
    with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
        form = PutForm.of(contracts)
        kind = Exercise.of(contracts, form)
        more = np.where(kind.never & (sigma >= 0.0), 0.0, np.nan)
        for table, lanes in groups(form, _tabled(kind, sigma)):
            value = _values(form, table, lanes, sigma[lanes])
            more[lanes] = value - black_scholes.price(contracts.part(lanes), sigma[lanes])
    return more.reshape(contracts.shape)


def greeks(
    contracts: Contracts, volatility: npt.ArrayLike, *, with_rho: bool = True
) -> GreekArrays:
    """Return the sensitivities of each contract at `volatility`; units as in `GreekArrays`.

    Rho, which takes two more tables, may be left out: it is NaN then.

    Law: where exercise is due, those of the exercised option: delta ±1, else 0. NaN where `price`
    is. Vega and rho are differences of values, theta is what the others leave to the equation.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    sigma = contracts.flat(volatility)
    rows = np.full((5, len(contracts)), np.nan)
    with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
        form = PutForm.of(contracts)
        kind = Exercise.of(contracts, form)
        never = np.flatnonzero(kind.never)
        at = black_scholes.greeks(contracts.part(never), sigma[never])
        rows[:, never] = at.delta, at.gamma, at.theta, at.vega, at.rho
        tabled = _tabled(kind, sigma)
        for table, lanes in groups(form, tabled):
            for part in _parts(lanes):
                rows[:, part] = _greeks(contracts.part(part), form, table, part, sigma[part])
        held = tabled[rows[1, tabled] > 0.0]
        rows[4, held] = _rho(contracts.part(held), sigma[held]) if with_rho else np.nan
    return as_greeks(rows, contracts.shape)


def _tabled(kind: Exercise, sigma: FloatArray) -> Lanes:
    return np.flatnonzero(kind.early & (sigma >= SIGMA_MIN) & (sigma <= SIGMA_MAX))


def _parts(lanes: Lanes) -> list[Lanes]:
    return np.array_split(lanes, -(-lanes.size // BLOCK))


def _values(form: PutForm, table: Schedule, lanes: Lanes, sigma: FloatArray) -> FloatArray:
    """Return values in USD; never below what exercise brings, nor below nothing."""
    log_spot = form.log_spot[lanes]
    found = np.concatenate(
        [
            table.value(log_spot[n : n + BLOCK], sigma[n : n + BLOCK])
            for n in range(0, lanes.size, BLOCK)
        ]
    )
    gain = np.maximum(-np.expm1(log_spot), 0.0)
    return form.scale[lanes] * np.maximum(found, gain)


def _greeks(
    contracts: Contracts, form: PutForm, table: Schedule, lanes: Lanes, sigma: FloatArray
) -> FloatArray:
    """Return the five rows of contracts of one table."""
    log_spot, scale = form.log_spot[lanes], form.scale[lanes]
    value, slope, bend = _in_strikes(table, log_spot, sigma)
    spot = np.exp(log_spot)
    call = contracts.is_call
    # A call's put has the share for its strike: its value is the share's price times a function.
    delta = np.where(call, value - spot * slope, slope)
    gamma = np.where(call, spot * spot, 1.0) * bend / scale
    drift = (contracts.rate - contracts.dividend_yield) * contracts.spot * delta
    diffusion = 0.5 * (sigma * contracts.spot) ** 2 * gamma
    rows = np.stack(
        (
            delta,
            gamma,
            (contracts.rate * scale * value - drift - diffusion) / DAYS_PER_YEAR,
            scale * _by_sigma(table, log_spot, sigma) * PERCENT,
            np.zeros_like(delta),  # Rho needs other tables.
        )
    )
    exercised = log_spot <= table.log_boundary(sigma)
    rows[:, exercised] = 0.0
    rows[0, exercised] = np.where(call, 1.0, -1.0)[exercised]
    return rows


def _in_strikes(
    table: Schedule, log_spot: FloatArray, sigma: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return value, slope and bend of the put by its spot, all in strikes."""
    at = table.distances(log_spot, sigma)
    spot = np.exp(log_spot)
    total = sigma[:, None] * table.root_years
    minus, plus = pdf(at.minus) / total, pdf(at.plus) / total
    held = upper_tail(at.plus) @ table.held
    value = upper_tail(at.minus) @ table.owed - spot * held
    slope = plus @ table.held - held - (minus @ table.owed) / spot
    bend = (minus * (1.0 + at.minus / total)) @ table.owed / (spot * spot)
    bend += (plus * (1.0 - at.plus / total)) @ table.held / spot
    return value, slope, bend


def _by_sigma(table: Schedule, log_spot: FloatArray, sigma: FloatArray) -> FloatArray:
    """Return the derivative by volatility, in strikes."""
    low = np.maximum(sigma * (1.0 - _SIGMA_STEP), SIGMA_MIN)
    high = np.minimum(sigma * (1.0 + _SIGMA_STEP), SIGMA_MAX)
    return (table.value(log_spot, high) - table.value(log_spot, low)) / (high - low)


def _rho(contracts: Contracts, sigma: FloatArray) -> FloatArray:
    """Return rho as the difference between two rates."""
    high, low = (
        price(contracts.at_rate(contracts.rate + step), sigma) for step in (_RATE_STEP, -_RATE_STEP)
    )
    return (high - low) / (2.0 * _RATE_STEP) * PERCENT
