"""What contracts are worth to the market makers of the simulated market."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from strikedesk.exchange.simulated import fear, surface
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.outlook import SECONDS_PER_YEAR, Outlook
from strikedesk.quant import black_scholes
from strikedesk.quant.contracts import BoolArray, Contracts

FARTHEST: Final = 10.0  # Standard deviations: beyond, all is equally far.
_LEFT_OF_SPOT: Final = 0.1  # At least, when every dividend to come is taken away.


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Contracts of one underlying with the market they stand in, a column each.

    Units: `spot`, `strike` USD a share; `mood` a factor; `now` and `ends` seconds since 1970;
    `scale` what a share's option is multiplied by. Law: now < ends.
    """

    underlying: Underlying
    outlook: Outlook
    spot: Floats
    mood: Floats
    strike: Floats
    now: Floats
    ends: Floats
    is_call: BoolArray
    scale: Floats

    @property
    def years(self) -> Floats:
        """The time to the end, ACT/365."""
        return (self.ends - self.now) / SECONDS_PER_YEAR

    @property
    def intrinsic(self) -> Floats:
        """What exercise would bring now."""
        gain = np.where(self.is_call, self.spot - self.strike, self.strike - self.spot)
        return self.scale * np.maximum(gain, 0.0)

    def ending(self, which: Ints, ends: Floats) -> "Book":
        """Return some of the contracts, with other ends."""
        return replace(
            self,
            spot=self.spot[which],
            mood=self.mood[which],
            strike=self.strike[which],
            now=self.now[which],
            ends=ends,
            is_call=self.is_call[which],
            scale=self.scale[which],
        )


def theta(book: Book) -> Floats:
    """Return the variance at the money to each contract's end, earnings included."""
    usual = surface.usual_variance(book.underlying, years=book.years, mood=book.mood)
    return usual if not book.outlook.told.size else usual + book.outlook.jumps(book.now, book.ends)


def distance(book: Book) -> Floats:
    """Return how far each strike is from the spot, in standard deviations, at most `FARTHEST`."""
    return np.minimum(np.abs(np.log(book.strike / book.spot)) / np.sqrt(theta(book)), FARTHEST)


def volatilities(book: Book) -> Floats:
    """Return the surface's volatility of each contract, a fraction a year."""
    return _volatilities(book, carried(book))


def carried(book: Book) -> Floats:
    """Return what the right to the underlying at the end is worth now, USD, but for the carry.

    Shares lose the dividends that are paid before. Nobody holds a volatility index: that right is
    its forward's.
    """
    known = book.underlying
    if known.measured is not None:
        forward = fear.forwards(known.measured, years=book.years, mood=book.mood)
        return forward * np.exp(-surface.RATE * book.years)
    if not book.outlook.ex.size:
        return book.spot
    escrow = book.outlook.escrow(book.now, book.ends)
    return np.maximum(book.spot - escrow, _LEFT_OF_SPOT * book.spot)


def forward(book: Book) -> Floats:
    """Return what the underlying costs now for delivery at each contract's end, USD."""
    return carried(book) * np.exp((surface.RATE - book.underlying.carry) * book.years)


def european(book: Book) -> Floats:
    """Return the value of each contract without the right to exercise early, USD."""
    spot = carried(book)
    return book.scale * black_scholes.price(_contracts(book, spot), _volatilities(book, spot))


def greeks(book: Book, volatility: Floats) -> black_scholes.GreekArrays:
    """Return the sensitivities of each contract as a European one at its volatility."""
    found = black_scholes.greeks(_contracts(book, carried(book)), volatility)
    return black_scholes.GreekArrays(
        delta=book.scale * found.delta,
        gamma=book.scale * found.gamma,
        theta=book.scale * found.theta,
        vega=book.scale * found.vega,
        rho=book.scale * found.rho,
    )


def _volatilities(book: Book, spot: Floats) -> Floats:
    drift = (surface.RATE - book.underlying.carry) * book.years
    away = np.log(book.strike / spot) - drift
    total = surface.total_variance(book.underlying, away=away, theta=theta(book))
    volatility: Floats = np.sqrt(total / book.years)
    return volatility


def _contracts(book: Book, spot: Floats) -> Contracts:
    return Contracts.of(
        spot=spot,
        strike=book.strike,
        years=book.years,
        rate=surface.RATE,
        dividend_yield=book.underlying.carry,
        is_call=book.is_call,
    )
