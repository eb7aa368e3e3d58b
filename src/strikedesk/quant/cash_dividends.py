"""American options on a share that pays cash dividends: values and sensitivities.

The share less the present value of the dividends until the end is what is lognormal, and a
volatility is that of it. Where no dividend falls before the end, see `american`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from strikedesk.quant import american, black_scholes
from strikedesk.quant.black_scholes import DAYS_PER_YEAR, PERCENT, GreekArrays, as_greeks
from strikedesk.quant.contracts import BoolArray, Contracts, Lanes, alike
from strikedesk.quant.dividend_calendar import Calendar
from strikedesk.quant.dividend_tree import Options, premiums
from strikedesk.quant.frontier import SIGMA_MAX, SIGMA_MIN
from strikedesk.quant.normal import FloatArray

NOISE: Final = 1e-9  # Of a strike: a smaller time value says nothing.
_SIGMA_STEP: Final = (
    1e-2  # Of the volatility, to either side, for what early exercise adds to vega.
)
_RATE_STEP: Final = 1e-3
_SPOT_STEP: Final = 0.25  # Of a standard deviation to the end, for delta and gamma.


@dataclass(frozen=True, slots=True, kw_only=True)
class CashDividends:
    """What a share will pay, in order of time.

    Units: `years` from now to each ex-date, ACT/365; `amounts` USD a share.
    Law: as many of the one as of the other, all finite and positive, no two at one time.
    """

    years: FloatArray
    amounts: FloatArray

    @classmethod
    def of(cls, years: npt.ArrayLike, amounts: npt.ArrayLike) -> Self:
        """Put dividends in order.

        Raises:
            ValueError: they break the law; give one positive amount for each future ex-date.
        """
        when, paid = np.asarray(years, np.float64), np.asarray(amounts, np.float64)
        if when.ndim != 1 or when.shape != paid.shape:
            raise ValueError("give one amount for each ex-date, both in one dimension")
        order = np.argsort(when)
        when, paid = when[order], paid[order]
        if not (np.isfinite(when + paid).all() and (when > 0.0).all() and (paid > 0.0).all()):
            raise ValueError(
                "ex-dates and amounts must be positive numbers: leave out what is past"
            )
        if (np.diff(when) == 0.0).any():
            raise ValueError("add up what is paid on one ex-date")
        return cls(years=when, amounts=paid)

    def until(self, years: float) -> Self:
        """Return those that go ex by then."""
        soon = self.years <= years
        return replace(self, years=self.years[soon], amounts=self.amounts[soon])

    def worth(self, rate: float) -> float:
        """Return the present value of all, USD."""
        return float(np.sum(self.amounts * np.exp(-rate * self.years)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Contracts of one expiration, rate and yield, on the share without its dividends."""

    lanes: Lanes
    stripped: Contracts
    calendar: Calendar
    worth: float

    def log_spot(self) -> FloatArray:
        """Return ln(spot less dividends / strike)."""
        return np.log(self.stripped.spot / self.stripped.strike)

    def values(self, sigma: FloatArray) -> FloatArray:
        """Return values; never below what exercise brings."""
        european = black_scholes.price(self.stripped, sigma)
        return np.maximum(european + self.early(sigma), self.gain())

    def added(self, sigma: FloatArray) -> FloatArray:
        """Return what `values` are above European ones."""
        short = self.gain() - black_scholes.price(self.stripped, sigma)
        return np.maximum(self.early(sigma), short)

    def early(self, sigma: FloatArray) -> FloatArray:
        """Return what the right to exercise later adds."""
        some = self.stripped
        options = Options(
            log_spot=self.log_spot(), strike=some.strike, sigma=sigma, is_call=some.is_call
        )
        return some.strike * premiums(self.calendar, options)

    def gain(self) -> FloatArray:
        """Return what exercise brings now."""
        full = self.stripped.spot + self.worth - self.stripped.strike
        return np.maximum(np.where(self.stripped.is_call, full, -full), 0.0)


def price(contracts: Contracts, dividends: CashDividends, volatility: npt.ArrayLike) -> FloatArray:
    """Return the value of each contract, USD per share, in the shape of the contracts.

    Units: `contracts.spot` is the share with its dividends; `volatility` a fraction a year.
    Law: never below what exercise brings now; within 1e-3 of the strike of a tree of any length,
    usually 1e-4. NaN as in `american.price`, and where the dividends are worth the share.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    return _told(contracts, dividends, volatility, american.price, Group.values)


def added(contracts: Contracts, dividends: CashDividends, volatility: npt.ArrayLike) -> FloatArray:
    """Return what the right to exercise early adds to each contract's European value, USD a share.

    Law: `price` less the European value on the share without its dividends, NaN as in `price` but
    where exercise never pays, which adds 0.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    return _told(contracts, dividends, volatility, american.added, Group.added)


def _told(
    contracts: Contracts,
    dividends: CashDividends,
    volatility: npt.ArrayLike,
    plain: Callable[[Contracts, FloatArray], FloatArray],
    by_tree: Callable[[Group, FloatArray], FloatArray],
) -> FloatArray:
    """Return a figure of each contract: by its tree where a dividend is paid before it ends."""
    sigma = contracts.flat(volatility)
    found = np.full(len(contracts), np.nan)
    with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
        sees = paying(contracts, dividends)
        rest = np.flatnonzero(~sees)
        if rest.size:
            found[rest] = plain(contracts.part(rest), sigma[rest])
        for group in groups(contracts, dividends, sees & _in_range(sigma)):
            found[group.lanes] = by_tree(group, sigma[group.lanes])
    return found.reshape(contracts.shape)


def greeks(
    contracts: Contracts,
    dividends: CashDividends,
    volatility: npt.ArrayLike,
    *,
    with_rho: bool = True,
) -> GreekArrays:
    """Return the sensitivities of each contract at `volatility`; units as in `GreekArrays`.

    Rho, which takes as long as the others together, may be left out: it is NaN then.

    Law: the closed formula's, plus differences of what early exercise adds; where exercise is due,
    delta is ±1 and the rest 0. Theta is that of a day on which no dividend is paid.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    return valued_greeks(contracts, dividends, volatility, with_rho=with_rho)[1]


def valued_greeks(
    contracts: Contracts,
    dividends: CashDividends,
    volatility: npt.ArrayLike,
    *,
    with_rho: bool = False,
) -> tuple[FloatArray, GreekArrays]:
    """Return `price` and `greeks` of one volatility, from one tree for both.

    Raises:
        ValueError: `volatility` does not fit the contracts' shape.
    """
    sigma = contracts.flat(volatility)
    rows, values = np.full((5, len(contracts)), np.nan), np.full(len(contracts), np.nan)
    with np.errstate(all="ignore"):  # What makes no sense becomes NaN, which is the answer.
        sees = paying(contracts, dividends)
        plain = np.flatnonzero(~sees)
        if plain.size:
            some = contracts.part(plain)
            values[plain] = american.price(some, sigma[plain])
            at = american.greeks(some, sigma[plain], with_rho=with_rho)
            rows[:, plain] = at.delta, at.gamma, at.theta, at.vega, at.rho
        for group in groups(contracts, dividends, sees & _in_range(sigma)):
            found, value = _greeks(group, sigma[group.lanes])
            rows[:, group.lanes] = found
            if with_rho:
                some = contracts.part(group.lanes)
                rows[4, group.lanes] = _rho(some, dividends, sigma[group.lanes])
            gain = group.gain()
            due = (value <= gain * (1.0 + NOISE)) & (gain > 0.0)
            rows[:, group.lanes[due]] = 0.0
            rows[0, group.lanes[due]] = np.where(group.stripped.is_call, 1.0, -1.0)[due]
            values[group.lanes] = np.maximum(value, gain)
    if not with_rho:
        rows[4] = np.nan
    return values.reshape(contracts.shape), as_greeks(rows, contracts.shape)


def paying(contracts: Contracts, dividends: CashDividends) -> BoolArray:
    """Tell which contracts see a dividend; an expired one sees none."""
    first = dividends.years[0] if dividends.years.size else np.inf
    return contracts.years >= first


def _in_range(sigma: FloatArray) -> BoolArray:
    return (sigma >= SIGMA_MIN) & (sigma <= SIGMA_MAX)


def groups(contracts: Contracts, dividends: CashDividends, chosen: BoolArray) -> list[Group]:
    """Return the chosen contracts that make sense, apart by what their trees share."""
    sensible = np.isfinite(contracts.strike + contracts.spot) & (contracts.strike > 0.0)
    sensible &= np.isfinite(contracts.rate + contracts.dividend_yield + contracts.years)
    lanes = np.flatnonzero(chosen & sensible)
    if not lanes.size:
        return []
    parts = alike(np.array((contracts.years, contracts.rate, contracts.dividend_yield)), lanes)
    return [group for part in parts if (group := _group(contracts, dividends, part))]


def _group(contracts: Contracts, dividends: CashDividends, lanes: Lanes) -> Group | None:
    """Take the dividends off the share; nothing where they are worth all of it."""
    first = contracts.part(lanes[:1])
    years, rate, held = float(first.years[0]), float(first.rate[0]), float(first.dividend_yield[0])
    paid = dividends.until(years)
    worth = paid.worth(rate)
    lanes = lanes[contracts.spot[lanes] > worth]
    calendar = Calendar.of(
        years=years,
        rate=rate,
        dividend_yield=held,
        ex_years=paid.years,
        amounts=paid.amounts,
    )
    some = contracts.part(lanes)
    stripped = replace(some, spot=some.spot - worth)
    return (
        Group(lanes=lanes, stripped=stripped, calendar=calendar, worth=worth)
        if lanes.size
        else None
    )


def _greeks(group: Group, sigma: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the rows of one group, but for rho, and the values beside them."""
    contracts, calendar = group.stripped, group.calendar
    spot, strike, log_spot = contracts.spot, contracts.strike, group.log_spot()
    by = _SPOT_STEP * sigma * np.sqrt(contracts.years)
    # All in one tree: of a few contracts its steps cost more than its lanes.
    logs = np.concatenate((log_spot - by, log_spot, log_spot + by, log_spot, log_spot))
    scales = np.repeat((1.0, 1.0, 1.0, 1.0 - _SIGMA_STEP, 1.0 + _SIGMA_STEP), strike.size)
    options = Options(
        log_spot=logs,
        strike=np.tile(strike, 5),
        sigma=np.tile(sigma, 5) * scales,
        is_call=np.tile(contracts.is_call, 5),
    )
    every = premiums(calendar, options)
    down, here, up, low, high = strike * every.reshape(5, -1)
    at = black_scholes.greeks(contracts, sigma)
    slope = (up - down) / (2.0 * by)
    delta = at.delta + slope / spot
    gamma = at.gamma + ((up - 2.0 * here + down) / (by * by) - slope) / (spot * spot)
    value = _european(contracts, at) + here
    drift = (contracts.rate - contracts.dividend_yield) * spot + contracts.rate * group.worth
    decay = drift * delta + 0.5 * (sigma * spot) ** 2 * gamma
    theta = (contracts.rate * value - decay) / DAYS_PER_YEAR
    vega = at.vega + (high - low) / (2.0 * _SIGMA_STEP * sigma) * PERCENT
    return np.array((delta, gamma, theta, vega, np.zeros_like(delta))), value


def _european(contracts: Contracts, at: GreekArrays) -> FloatArray:
    """Return the value that the sensitivities of the closed formula tell: shares less cash."""
    return at.delta * contracts.spot - at.rho / (contracts.years * PERCENT)


def _rho(contracts: Contracts, dividends: CashDividends, sigma: FloatArray) -> FloatArray:
    """Return rho as the difference between two rates."""
    high, low = (
        price(contracts.at_rate(contracts.rate + step), dividends, sigma)
        for step in (_RATE_STEP, -_RATE_STEP)
    )
    return (high - low) / (2.0 * _RATE_STEP) * PERCENT
