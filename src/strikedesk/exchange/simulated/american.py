"""The value of contracts, those on shares with the right to exercise early.

An American contract is taken to be worth the best of the European ones it contains: those that end
on one of many days up to its own, and exercise at once. For a call the days are those before each
ex-date, the only ones on which exercise can pay; for a put they are the ex-dates, those on which
earnings are known, and a grid of maturities. That is less than the whole right to choose: beside
a tree by at most 0.7 % of the spot up to half a year, and 2.3 % for two years (deep puts on wild
shares). It keeps what matters: never below exercise, never less for a longer life, no butterfly
below zero.
"""

from typing import Final

import numpy as np

from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.outlook import SECONDS_PER_YEAR
from strikedesk.exchange.simulated.pricing import Book, european

# The maturities tried for puts, in seconds, each a quarter longer than the one before.
_GRID: Final = np.array([0.002 * 1.25**n for n in range(34)]) * SECONDS_PER_YEAR
_SHORTER: Final = 0.999  # Of the life: shows how the value moves at its end, events apart.
_BEFORE: Final = 1.0  # Seconds before an ex-date, when exercise still brings the dividend.


def values(book: Book) -> Floats:
    """Return the fair value of each contract, USD for a hundredth of what it delivers."""
    if book.underlying.is_index:
        return european(book)
    size, puts = book.strike.size, np.flatnonzero(~book.is_call)
    shorter = book.now[puts] + _SHORTER * (book.ends[puts] - book.now[puts])
    which, ends = _around_events(book)
    every = np.concatenate((np.arange(size), puts, which))
    found = european(book.ending(every, np.concatenate((book.ends, shorter, ends))))
    value = found[:size].copy()
    # A put's value falls with maturity, rises, and falls again, and jumps up at events; where it
    # rises at its end, its best earlier date is today or an event.
    falling = puts[found[size : size + puts.size] > value[puts]]
    np.maximum.at(value, which, found[size + puts.size :])
    if falling.size:
        value[falling] = np.maximum(value[falling], _best_of_grid(book, falling))
    return np.maximum(value, book.intrinsic)


def _around_events(book: Book) -> tuple[Ints, Floats]:
    """Return contracts with the ends to try: before ex-dates for calls, on events for puts."""
    calls, puts = np.flatnonzero(book.is_call), np.flatnonzero(~book.is_call)
    ahead = book.outlook
    found = [
        _inside(book, calls, ahead.ex - _BEFORE),
        _inside(book, puts, np.concatenate((ahead.ex, ahead.told))),
    ]
    which, ends = (np.concatenate(column) for column in zip(*found, strict=True))
    return which, ends


def _inside(book: Book, chosen: Ints, instants: Floats) -> tuple[Ints, Floats]:
    """Return the chosen contracts with those instants that lie within their lives."""
    candidates = instants[:, np.newaxis]
    inside = (candidates > book.now[chosen]) & (candidates <= book.ends[chosen])
    place, contract = np.nonzero(inside)
    return chosen[contract], instants[place]


def _best_of_grid(book: Book, chosen: Ints) -> Floats:
    """Return the best value with an end of the grid; `chosen` contracts only."""
    now = book.now[chosen]
    tried, contract = np.nonzero(_GRID[:, np.newaxis] < book.ends[chosen] - now)
    earlier = european(book.ending(chosen[contract], now[contract] + _GRID[tried]))
    table = np.zeros((_GRID.size, chosen.size))
    table[tried, contract] = earlier
    best: Floats = table.max(axis=0)
    return best
