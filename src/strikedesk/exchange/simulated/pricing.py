"""What contracts are worth to the market makers of the simulated market."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from strikedesk.exchange.simulated import surface
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.noise import Floats
from strikedesk.quant import black_scholes
from strikedesk.quant.contracts import BoolArray, Contracts

# The maturities tried for early exercise, in years, each a quarter longer than the one before.
_EXERCISE_YEARS: Final = np.array([0.002 * 1.25**n for n in range(34)])
FARTHEST: Final = 10.0  # Standard deviations: beyond, all is equally far.
_SHORTER: Final = 0.97  # Of the life: enough to see whether the value falls towards its end.


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Contracts of one underlying with the market they stand in, a column each.

    Units: `spot`, `strike` USD; `years` to expiration, ACT/365, above 0; `mood` a factor.
    """

    underlying: Underlying
    spot: Floats
    mood: Floats
    strike: Floats
    years: Floats
    is_call: BoolArray

    @property
    def intrinsic(self) -> Floats:
        """What exercise would bring now."""
        return np.maximum(np.where(self.is_call, 1.0, -1.0) * (self.spot - self.strike), 0.0)


def distance(book: Book) -> Floats:
    """Return how far each strike is from the spot, in standard deviations, at most `FARTHEST`."""
    theta = surface.variance_at_the_money(book.underlying, years=book.years, mood=book.mood)
    return np.minimum(np.abs(np.log(book.strike / book.spot)) / np.sqrt(theta), FARTHEST)


def volatilities(book: Book) -> Floats:
    """Return the surface's volatility of each contract."""
    return surface.implied_volatility(
        book.underlying, spot=book.spot, strike=book.strike, years=book.years, mood=book.mood
    )


def values(book: Book) -> Floats:
    """Return the fair value of each contract, USD per share.

    An American contract is worth the best of the European ones it contains: those that end on one
    of many days up to its own, and exercise at once. That is a little less than the whole right to
    choose, and keeps what matters: never below exercise, never less for a longer life, no
    butterfly below zero.
    """
    if book.underlying.is_index:
        return _european(book)
    european, shorter = _with_shorter(book)
    # A European value falls with maturity, rises, and falls again; where it rises at its end, its
    # best earlier date is today.
    falling = shorter > european
    if falling.any():
        european[falling] = np.maximum(european[falling], _best_earlier(book, falling))
    return np.maximum(european, book.intrinsic)


def greeks(book: Book, volatility: Floats) -> black_scholes.GreekArrays:
    """Return the sensitivities of each contract as a European one at its volatility."""
    return black_scholes.greeks(_contracts(book), volatility)


def _with_shorter(book: Book) -> tuple[Floats, Floats]:
    """Return the European values, and those of contracts that end a little earlier."""
    twice = Book(
        underlying=book.underlying,
        spot=np.concatenate((book.spot, book.spot)),
        mood=np.concatenate((book.mood, book.mood)),
        strike=np.concatenate((book.strike, book.strike)),
        years=np.concatenate((book.years, book.years * _SHORTER)),
        is_call=np.concatenate((book.is_call, book.is_call)),
    )
    both = _european(twice)
    return both[: book.strike.size], both[book.strike.size :]


def _best_earlier(book: Book, chosen: BoolArray) -> Floats:
    """Return the best value with an earlier end; `chosen` contracts only."""
    ends = book.years[chosen]
    tried, contract = np.nonzero(_EXERCISE_YEARS[:, np.newaxis] < ends)
    which = np.flatnonzero(chosen)[contract]
    earlier = Book(
        underlying=book.underlying,
        spot=book.spot[which],
        mood=book.mood[which],
        strike=book.strike[which],
        years=_EXERCISE_YEARS[tried],
        is_call=book.is_call[which],
    )
    table = np.zeros((_EXERCISE_YEARS.size, ends.size))
    table[tried, contract] = _european(earlier)
    best: Floats = table.max(axis=0)
    return best


def _european(book: Book) -> Floats:
    return black_scholes.price(_contracts(book), volatilities(book))


def _contracts(book: Book) -> Contracts:
    return Contracts.of(
        spot=book.spot,
        strike=book.strike,
        years=book.years,
        rate=surface.RATE,
        dividend_yield=book.underlying.dividend_yield,
        is_call=book.is_call,
    )
