"""A binomial tree for American options on a share that pays cash, many contracts at a time.

What moves is the spot less the present value of the dividends to come before the end (the escrowed
model). Three things make few steps enough: the last step is the closed formula's, the tree's error
on the European option is taken off, and exercise just before a dividend (a call) or just after it
(a put) is decided at the nearest step but priced at its own time.
Sources: R. Roll, J. Financial Economics 5 (1977) 251, the model; M. Broadie, J. Detemple, Review of
Financial Studies 9 (1996) 1211, the last step; J. Hull, A. White, J. Financial and Quantitative
Analysis 23 (1988) 237, the European option as a control.
"""

from dataclasses import dataclass
from functools import cache
from math import comb
from typing import Final, Self

import numpy as np

from strikedesk.quant.normal import FloatArray, upper_tail

STEPS: Final = (40, 57)  # From so many to below so many: those that fall nearest to the ex-dates.
BLOCK: Final = 384  # Contracts at a time: few numpy calls, nodes that stay near the cache.


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The steps to one expiration, and the cash that is paid on the way.

    Units: `step` years; `held` what is still to be paid at each step, its present value there, USD;
    `owed` and `left` the discount and the cash to come of the exercise at an ex-date that is
    nearest to a step, or NaN. `moments` has a row for now, for each ex-date and for the end: the
    discounts of cash and share, and today's value of the cash to come, of who exercises then.
    Law: `rate` and `dividend_yield` continuously compounded.
    """

    steps: int
    step: float
    rate: float
    dividend_yield: float
    held: FloatArray
    owed: FloatArray
    left: FloatArray
    moments: FloatArray
    is_call: bool

    @classmethod
    def of(
        cls,
        *,
        years: float,
        rate: float,
        dividend_yield: float,
        is_call: bool,
        ex_years: FloatArray,
        amounts: FloatArray,
    ) -> Self:
        """Lay dividends over the steps. Law: 0 < each of `ex_years` <= years, in order."""
        steps = _steps(ex_years / years, amounts)
        step = years / steps
        ahead = ex_years[None, :] - np.arange(steps)[:, None] * step
        worth = amounts * np.exp(-rate * ahead)
        # The step nearest to an ex-date, from either side, decides about the exercise there.
        nearest = np.minimum(np.rint(ex_years / step), steps - 1)
        due = nearest == np.arange(steps)[:, None]
        rows, waits = np.arange(steps), due.any(axis=1)
        # A call is exercised just before the first of them, a put just after the last.
        which = np.argmax(due, axis=1) if is_call else due.shape[1] - 1 - np.argmax(due[:, ::-1], 1)
        later = np.arange(ex_years.size) >= (which[:, None] + (0 if is_call else 1))
        return cls(
            steps=steps,
            step=step,
            rate=rate,
            dividend_yield=dividend_yield,
            held=(worth * (ahead > 0.0)).sum(axis=1),
            owed=np.where(waits, np.exp(-rate * ahead[rows, which]), np.nan),
            left=np.where(waits, (worth * later).sum(axis=1), np.nan),
            moments=_moments(
                years=years,
                rate=rate,
                dividend_yield=dividend_yield,
                is_call=is_call,
                ex_years=ex_years,
                amounts=amounts,
            ),
            is_call=is_call,
        )

    @property
    def years(self) -> float:
        """The time to the end."""
        return self.steps * self.step

    @property
    def between(self) -> bool:
        """Whether exercise can pay where no dividend is near."""
        return not self.is_call or self.dividend_yield > 0.0 or self.rate < 0.0


def _steps(shares: FloatArray, amounts: FloatArray) -> int:
    """Return how many steps put the ex-dates, as shares of the time, nearest to steps."""
    counts = np.arange(*STEPS)
    places = shares * counts[:, None]
    missed = np.abs(places - np.rint(places)) / counts[:, None]
    return int(counts[np.argmin(missed @ amounts)])


def _moments(
    *,
    years: float,
    rate: float,
    dividend_yield: float,
    is_call: bool,
    ex_years: FloatArray,
    amounts: FloatArray,
) -> FloatArray:
    """Return the rows of `Calendar.moments`."""
    times = np.concatenate(([0.0], ex_years, [years]))
    to_come = ex_years >= times[:, None] if is_call else ex_years > times[:, None]
    cash = (to_come * amounts * np.exp(-rate * ex_years)).sum(axis=1)
    cash[-1] = 0.0  # At the end the share is without every dividend.
    return np.column_stack((np.exp(-rate * times), np.exp(-dividend_yield * times), cash))


def premiums(
    calendar: Calendar, log_spot: FloatArray, strike: FloatArray, sigma: FloatArray
) -> FloatArray:
    """Return what the right to early exercise adds to the European values, in strikes.

    Units: `log_spot` ln(spot less dividends / strike); `strike` USD.
    """
    starts = range(0, strike.size, BLOCK)
    pieces = [slice(start, start + BLOCK) for start in starts]
    parts = [_premiums(calendar, log_spot[n], strike[n], sigma[n]) for n in pieces]
    return np.concatenate(parts) if parts else np.empty(0)


def _premiums(
    calendar: Calendar, log_spot: FloatArray, strike: FloatArray, sigma: FloatArray
) -> FloatArray:
    gains, waits = _gains(calendar, strike), ~np.isnan(calendar.owed)
    shares, values = _last_step(calendar, log_spot, sigma)
    european = _likelihoods(calendar) @ values
    to_earlier = np.exp(sigma * np.sqrt(calendar.step) - _growth(calendar, sigma))
    half = 0.5 * np.exp(-calendar.rate * calendar.step)
    other, exercised = np.empty_like(values), np.empty_like(values)
    for step in range(calendar.steps - 1, -1, -1):
        size = step + 1
        if step < calendar.steps - 1:
            np.add(values[1 : size + 1], values[:size], out=other[:size])
            values, other = other, values
            values[:size] *= half
            shares[:size] *= to_earlier
        if (gain := gains[step]) is not None:
            np.add(shares[:size], gain, out=exercised[:size])
            corner = _corner(exercised[:size] - values[:size]) if waits[step] else 0.0
            np.maximum(values[:size], exercised[:size], out=values[:size])
            values[1:step] += corner
    exact = _closed(calendar, log_spot, calendar.years, sigma)
    apart = 1.0 - _optionality(calendar, log_spot, strike, values[0], exact)
    return np.maximum(values[0] - european + apart * (european - exact), 0.0)


def _optionality(
    calendar: Calendar,
    log_spot: FloatArray,
    strike: FloatArray,
    value: FloatArray,
    european: FloatArray,
) -> FloatArray:
    """Return how much of the European option's uncertainty is in the American one, 0 to 1.

    So much of the tree's error is common to both: an option that is surely exercised next month
    does not know what the tree makes of the months after. Each is measured above the best of the
    exercises at times that are fixed today.
    """
    sign = 1.0 if calendar.is_call else -1.0
    owed, held, cash = calendar.moments.T[:, :, None]
    fixed = sign * (np.exp(log_spot) * held + cash / strike - owed)
    least = np.maximum(fixed.max(axis=0), 0.0)
    uncertain = european - np.maximum(fixed[-1], 0.0)
    share = (value - least) / np.maximum(uncertain, np.finfo(np.float64).tiny)
    return np.clip(share, 0.0, 1.0)


def _corner(better: FloatArray) -> FloatArray:
    """Return what a sum over nodes lacks where exercise begins to pay between two of them.

    At one moment the holder changes from waiting to exercise at one share price, where the value
    has a corner. The mean of its cell, less the twelfth that such means have too much, makes the
    sum that of the integral, wherever in the cell the corner lies.
    """
    reach = 0.25 * np.abs(better[2:] - better[:-2])
    inside = np.maximum(reach - np.abs(better[1:-1]), 0.0)
    mean = inside * inside / np.maximum(4.0 * reach, np.finfo(np.float64).tiny)
    return mean - np.where(inside > 0.0, reach / 12.0, 0.0)


def _gains(calendar: Calendar, strike: FloatArray) -> list[FloatArray | None]:
    """Return what exercise at each step brings beside the share, which is negative for a put."""
    sign = 1.0 if calendar.is_call else -1.0
    now = sign * (calendar.held[:, None] / strike - 1.0)
    soon = sign * (calendar.left[:, None] / strike - calendar.owed[:, None])
    best = np.fmax(now, soon) if calendar.between else soon
    some = ~np.isnan(best[:, 0])
    return [row if there else None for row, there in zip(best, some.tolist(), strict=True)]


def _last_step(
    calendar: Calendar, log_spot: FloatArray, sigma: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the shares, with the option's sign, and the values a step before the end."""
    last = calendar.steps - 1
    moves = 2.0 * np.arange(calendar.steps)[:, None] - last
    log_share = log_spot + last * _growth(calendar, sigma)
    log_share = log_share + moves * (sigma * np.sqrt(calendar.step))
    sign = 1.0 if calendar.is_call else -1.0
    return sign * np.exp(log_share), _closed(calendar, log_share, calendar.step, sigma)


def _closed(
    calendar: Calendar, log_spot: FloatArray, years: float, sigma: FloatArray
) -> FloatArray:
    """Return European values by the closed formula, in strikes."""
    sign = 1.0 if calendar.is_call else -1.0
    spread = sigma * np.sqrt(years)
    plus = (log_spot + (calendar.rate - calendar.dividend_yield) * years) / spread + 0.5 * spread
    held = np.exp(log_spot - calendar.dividend_yield * years) * upper_tail(-sign * plus)
    owed = np.exp(-calendar.rate * years) * upper_tail(-sign * (plus - spread))
    return sign * (held - owed)


def _growth(calendar: Calendar, sigma: FloatArray) -> FloatArray:
    """Return by how much the logarithms of both ends of a step rise, so that their mean is fair."""
    drift = (calendar.rate - calendar.dividend_yield) * calendar.step
    return drift - np.log(np.cosh(sigma * np.sqrt(calendar.step)))


def _likelihoods(calendar: Calendar) -> FloatArray:
    """Return the discounted probabilities of the nodes a step before the end."""
    last = calendar.steps - 1
    return _odds(last) * np.exp(-calendar.rate * calendar.step * last)


@cache
def _odds(steps: int) -> FloatArray:
    """Return the probabilities of so many ups out of `steps` even chances."""
    return np.array([comb(steps, up) / 2**steps for up in range(steps + 1)])
