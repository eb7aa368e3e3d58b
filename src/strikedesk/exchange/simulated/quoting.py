"""From a fair value to a two-sided quote on its ticks.

Values are rounded to a millionth of a dollar first, and the rest is integer arithmetic: machines
that differ in the last bit of an exponential still show the same quote.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.pricing import Book, distance
from strikedesk.exchange.simulated.ticks import TickRule

_MICROS: Final = 1_000_000  # Per USD.
_MICROS_PER_CENT: Final = 10_000

# Half a spread: USD, or a fraction of what stands beside it; the last four make it wider.
_AT_LEAST: Final = 0.002
_OF_TIME_VALUE: Final = 0.003
_OF_INTRINSIC: Final = 0.0015
_PER_SIGMA: Final = 0.25
_PER_ROOT_YEAR: Final = 0.5
_PER_CENT_OF_TICK: Final = 0.125
_UNTRADED: Final = 1.0  # Of a contract that nobody trades in; half of it at so many a session:
_BUSY: Final = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Bid and ask of each contract, in cents. Law: 0 <= bid < ask, both on their tick."""

    bid: Ints
    ask: Ints


def sides(book: Book, value: Floats, volume: Ints) -> Sides:
    """Return the quote around each value, given how much of each is traded in a session.

    Law: bid <= value <= ask. It widens away from the money, with maturity and with low volume.
    """
    ticks = book.underlying.ticks
    centre, half = _micros(value), _micros(_half_spread(book, value, volume))
    low, high = np.maximum(centre - half, 0), centre + half
    low_tick, high_tick = _tick_at(ticks, low), _tick_at(ticks, high)
    bid, ask = low // low_tick * low_tick, -(-high // high_tick) * high_tick
    return Sides(bid=bid // _MICROS_PER_CENT, ask=ask // _MICROS_PER_CENT)


def _half_spread(book: Book, value: Floats, volume: Ints) -> Floats:
    intrinsic = book.intrinsic
    time_value = np.maximum(value - intrinsic, 0.0)
    coarse = 1.0 + _PER_CENT_OF_TICK * (book.underlying.ticks.coarse - 1)
    far = 1.0 + _PER_SIGMA * distance(book) + _PER_ROOT_YEAR * np.sqrt(book.years)
    thin = coarse * (1.0 + _UNTRADED * _BUSY / (_BUSY + volume))
    return _AT_LEAST + thin * far * (_OF_TIME_VALUE * time_value + _OF_INTRINSIC * intrinsic)


def _tick_at(ticks: TickRule, micros: Ints) -> Ints:
    fine = micros < ticks.coarse_from * _MICROS_PER_CENT
    return np.where(fine, ticks.fine, ticks.coarse) * _MICROS_PER_CENT


def _micros(usd: Floats) -> Ints:
    return np.rint(usd * _MICROS).astype(np.int64)
