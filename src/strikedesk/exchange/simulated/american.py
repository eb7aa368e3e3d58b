"""The value of contracts, those on shares with the right to exercise early.

An American contract is taken to be worth the best of the European ones it contains: those that end
on one of many days up to its own, and exercise at once. For a call the days are those before each
ex-date, the only ones on which exercise can pay; for a put they are each ex-date, and a grid of
maturities. That is a little less than the whole right to choose (what a tree says is in the tests),
and it keeps what matters: never below exercise, never less for a longer life, no butterfly below
zero.
"""

from typing import Final

import numpy as np

from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.outlook import SECONDS_PER_YEAR
from strikedesk.exchange.simulated.pricing import Book, european
from strikedesk.quant.contracts import BoolArray

# The maturities tried for puts, in seconds, each a quarter longer than the one before.
_GRID: Final = np.array([0.002 * 1.25**n for n in range(34)]) * SECONDS_PER_YEAR
_SHORTER: Final = 0.97  # Of the life: enough to see whether the value falls towards its end.
_BEFORE: Final = 1.0  # Seconds before an ex-date, when exercise still brings the dividend.


def values(book: Book) -> Floats:
    """Return the fair value of each contract, USD for a hundredth of what it delivers."""
    if book.underlying.is_index:
        return european(book)
    size, puts = book.strike.size, np.flatnonzero(~book.is_call)
    shorter = book.now[puts] + _SHORTER * (book.ends[puts] - book.now[puts])
    which, ends = _around_dividends(book)
    every = np.concatenate((np.arange(size), puts, which))
    found = european(book.ending(every, np.concatenate((book.ends, shorter, ends))))
    value = found[:size].copy()
    # A put's value falls with maturity, rises, and falls again; where it rises at its end, its
    # best earlier date is today or an ex-date.
    falling = puts[found[size : size + puts.size] > value[puts]]
    np.maximum.at(value, which, found[size + puts.size :])
    if falling.size:
        value[falling] = np.maximum(value[falling], _best_of_grid(book, falling))
    return np.maximum(value, book.intrinsic)


def _around_dividends(book: Book) -> tuple[Ints, Floats]:
    """Return contracts with the ends to try: before ex-dates for calls, on them for puts."""
    instants = book.outlook.ex[:, np.newaxis]
    candidates = instants - np.where(book.is_call, _BEFORE, 0.0)
    inside: BoolArray = (candidates > book.now) & (instants <= book.ends)
    place, contract = np.nonzero(inside)
    return contract, candidates[place, contract]


def _best_of_grid(book: Book, chosen: Ints) -> Floats:
    """Return the best value with an end of the grid; `chosen` contracts only."""
    now = book.now[chosen]
    tried, contract = np.nonzero(_GRID[:, np.newaxis] < book.ends[chosen] - now)
    earlier = european(book.ending(chosen[contract], now[contract] + _GRID[tried]))
    table = np.zeros((_GRID.size, chosen.size))
    table[tried, contract] = earlier
    best: Floats = table.max(axis=0)
    return best
