"""A binomial tree for American options on a share that pays cash, many contracts at a time.

What moves is the spot less the present value of the dividends to come before the end (the escrowed
model). Three things make few steps enough: the last step is the closed formula's, the tree's error
on the European option is taken off, and exercise just before a dividend (a call) or just after it
(a put) is decided at the nearest step but priced at its own time.
Sources: R. Roll, J. Financial Economics 5 (1977) 251, the model; M. Broadie, J. Detemple, Review of
Financial Studies 9 (1996) 1211, the last step; J. Hull, A. White, J. Financial and Quantitative
Analysis 23 (1988) 237, the European option as a control.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import comb
from typing import Final

import numpy as np

from strikedesk.quant.contracts import BoolArray, Lanes
from strikedesk.quant.dividend_calendar import Calendar
from strikedesk.quant.normal import FloatArray, upper_tail

_FEW: Final = 64  # So many contracts cost less together than calls and puts apart.
_AT_ONCE: Final = 24  # Of so many, all nodes of all steps still fit a cache.
BLOCK: Final = 384  # Contracts at a time: few numpy calls, nodes that stay near the cache.


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The contracts of one calendar, a column each.

    Units: `log_spot` ln(spot less dividends / strike); `strike` USD; `sigma` a fraction a year.
    """

    log_spot: FloatArray
    strike: FloatArray
    sigma: FloatArray
    is_call: BoolArray

    @property
    def sign(self) -> FloatArray:
        """+1 for a call, -1 for a put."""
        return np.where(self.is_call, 1.0, -1.0)

    def part(self, lanes: Lanes) -> "Options":
        """Return some of them."""
        return Options(
            log_spot=self.log_spot[lanes],
            strike=self.strike[lanes],
            sigma=self.sigma[lanes],
            is_call=self.is_call[lanes],
        )

    def pieces(self) -> list[Lanes]:
        """Return what goes through the tree together: a few at once, of many each right apart.

        Few cost its steps, and many its nodes, of which calls mostly need not be exercised.
        """
        if self.strike.size <= _FEW:
            return [np.arange(self.strike.size)]
        rights = np.flatnonzero(self.is_call), np.flatnonzero(~self.is_call)
        return [
            lanes[start : start + BLOCK]
            for lanes in rights
            for start in range(0, lanes.size, BLOCK)
        ]


def premiums(calendar: Calendar, options: Options) -> FloatArray:
    """Return what the right to early exercise adds to the European values, in strikes."""
    found = np.empty_like(options.strike)
    for lanes in options.pieces():
        found[lanes] = _premiums(calendar, options.part(lanes))
    return found


def _premiums(calendar: Calendar, options: Options) -> FloatArray:
    waits, scale = ~np.isnan(calendar.owed[0]), _half(calendar) ** (calendar.steps - 1)
    shares, values, exact = _last_step(calendar, options)
    european = _likelihoods(calendar) @ values
    brought = _brought(calendar, options, shares * scale)
    values *= scale
    other = np.empty_like(values)
    for step in range(calendar.steps - 1, -1, -1):
        size = step + 1
        if step < calendar.steps - 1:
            np.add(values[1 : size + 1], values[:size], out=other[:size])
            values, other = other, values
        if (exercised := next(brought)) is None:
            continue
        here = values[:size]
        corner = _corner(exercised - here) if waits[step] else None
        np.maximum(here, exercised, out=here)
        if corner is not None:
            here[1:step] += corner
    apart = 1.0 - _optionality(calendar, options, values[0], exact)
    return np.maximum(values[0] - european + apart * (european - exact), 0.0)


def _half(calendar: Calendar) -> float:
    """Return what a node is worth of the sum of the two after it.

    All of a step are scaled by the power of it that makes the sum itself what they are.
    """
    return float(0.5 * np.exp(-calendar.rate * calendar.step))


def _brought(
    calendar: Calendar, options: Options, shares: FloatArray
) -> Iterator[FloatArray | None]:
    """Yield what exercise brings at the nodes of each step, from the last `shares` back, scaled.

    None where no contract is exercised. Few contracts cost numpy calls: theirs are made at once.
    """
    last, half = calendar.steps - 1, _half(calendar)
    gains = _gains(calendar, options) * half ** np.arange(calendar.steps)[:, None]
    pays = (gains.max(axis=1) > -np.inf).tolist()
    back = options.sigma * np.sqrt(calendar.step) - _growth(calendar, options.sigma) - np.log(half)
    if options.strike.size <= _AT_ONCE:
        every = shares * np.exp(np.arange(last, -1, -1.0)[:, None] * back)[:, None]
        every += gains[:, None]
        yield from (every[n, : n + 1] if pays[n] else None for n in range(last, -1, -1))
        return
    brought, to_earlier = np.empty_like(shares), np.exp(back)
    for step in range(last, -1, -1):
        now = brought[: step + 1]
        yield np.add(shares[: step + 1], gains[step], out=now) if pays[step] else None
        shares[:step] *= to_earlier


def _optionality(
    calendar: Calendar, options: Options, value: FloatArray, european: FloatArray
) -> FloatArray:
    """Return how much of the European option's uncertainty is in the American one, 0 to 1.

    So much of the tree's error is common to both: an option that is surely exercised next month
    does not know what the tree makes of the months after. Each is measured above the best of the
    exercises at times that are fixed today.
    """
    owed, held, cash = calendar.moments[options.is_call.astype(np.intp)].T
    fixed = options.sign * (np.exp(options.log_spot) * held + cash / options.strike - owed)
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


def _gains(calendar: Calendar, options: Options) -> FloatArray:
    """Return what exercise at each step brings beside the share, which is negative for a put.

    Minus infinity where a contract is not exercised.
    """
    right, strike = options.is_call.astype(np.intp), options.strike
    now = options.sign * (calendar.held[:, None] / strike - 1.0)
    soon = options.sign * (calendar.left.T[:, right] / strike - calendar.owed.T[:, right])
    if not calendar.calls_between:
        now[:, options.is_call] = -np.inf
    return np.fmax(now, soon)


def _last_step(calendar: Calendar, options: Options) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the shares, with the option's sign, and the values a step before the end.

    Beside them the European value of now, which the same formula tells.
    """
    last = calendar.steps - 1
    moves = 2.0 * np.arange(calendar.steps)[:, None] - last
    log_spot = np.empty((calendar.steps + 1, options.strike.size))
    log_spot[:-1] = options.log_spot + last * _growth(calendar, options.sigma)
    log_spot[:-1] += moves * (options.sigma * np.sqrt(calendar.step))
    log_spot[-1] = options.log_spot
    years = np.full(calendar.steps + 1, calendar.step)
    years[-1] = calendar.years
    share, values = _closed(calendar, options, log_spot, years[:, None])
    return share[:-1], values[:-1], values[-1]


def _closed(
    calendar: Calendar, options: Options, log_spot: FloatArray, years: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return shares, with the option's sign, and European values, by the closed formula."""
    sign = options.sign
    spread = options.sigma * np.sqrt(years)
    plus = (log_spot + (calendar.rate - calendar.dividend_yield) * years) / spread
    plus += 0.5 * spread
    tails = upper_tail(np.array((plus, plus - spread)) * -sign)
    share = sign * np.exp(log_spot)
    held = share * np.exp(-calendar.dividend_yield * years) * tails[0]
    return share, held - sign * np.exp(-calendar.rate * years) * tails[1]


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
