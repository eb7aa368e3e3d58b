"""Where the share may end: the market's own distribution, or one that somebody states."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from strikedesk.quant.normal import FloatArray, ndtr, ndtr_and_pdf
from strikedesk.quant.smile import Smile


class Outlook(Protocol):
    """A distribution of the share's price at one time."""

    @property
    def forward(self) -> float:
        """The mean, USD."""
        ...

    @property
    def deviation(self) -> float:
        """The standard deviation of ln(price), at the money where it differs."""
        ...

    def below(self, price: FloatArray) -> FloatArray:
        """Return the probability of ending at or below each price; prices are positive."""
        ...

    def above(self, strike: FloatArray) -> FloatArray:
        """Return by how much the price exceeds each strike on average, 0 where it does not, USD."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """One volatility for all prices. Units: `forward` the mean, USD; `deviation` of ln(price)."""

    forward: float
    deviation: float

    def below(self, price: FloatArray) -> FloatArray:
        """Return the probability of ending at or below each price."""
        return ndtr(np.log(price / self.forward) / self.deviation + 0.5 * self.deviation)

    def above(self, strike: FloatArray) -> FloatArray:
        """Return the mean of what exceeds each strike, USD."""
        return _excess(self.forward, strike, np.full_like(strike, self.deviation))


@dataclass(frozen=True, slots=True, kw_only=True)
class Smiled:
    """What the options of one expiration say, each strike by its volatility on their curve.

    Law: `below` is the price of a dollar that is paid there, undiscounted; where the curve would
    make that fall with the price, see `Smile.density`, it is cut to between 0 and 1.
    """

    smile: Smile

    @property
    def forward(self) -> float:
        """The mean, USD."""
        return self.smile.forward

    @property
    def deviation(self) -> float:
        """That of the curve at the money."""
        return float(np.sqrt(self.smile.total_variance(np.zeros(1))[0]))

    def below(self, price: FloatArray) -> FloatArray:
        """Return the probability of ending at or below each price."""
        k = np.log(price / self.smile.forward)
        deviation = np.sqrt(np.maximum(self.smile.total_variance(k), 1e-300))
        plain = k / deviation + 0.5 * deviation
        below, density = ndtr_and_pdf(plain)
        skewed = below + density * self.smile.slope(k) / (2.0 * deviation)
        return np.minimum(np.maximum(skewed, 0.0), 1.0)

    def above(self, strike: FloatArray) -> FloatArray:
        """Return the mean of what exceeds each strike, USD."""
        k = np.log(strike / self.smile.forward)
        deviation = np.sqrt(np.maximum(self.smile.total_variance(k), 1e-300))
        return _excess(self.smile.forward, strike, deviation)


def _excess(forward: float, strike: FloatArray, deviation: FloatArray) -> FloatArray:
    """Return Black's undiscounted call."""
    plus = np.log(forward / strike) / deviation + 0.5 * deviation
    held, owed = ndtr(np.array((plus, plus - deviation)))
    return forward * held - strike * owed
