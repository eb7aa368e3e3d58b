"""Implied volatility of every strike and maturity, with no arbitrage between them.

The surface is an SSVI: total variance in the log-moneyness, around its value theta at the money,
with one skew and one bend for every maturity. Theta is what usual days bring, more or less by the
mood of the day, and what earnings add on their dates.

Law: theta grows with maturity, and bend² · (1 + |skew|) <= 4; then no calendar spread and no
butterfly is worth less than nothing.
Source: J. Gatheral, A. Jacquier, Quant. Finance 14 (2014) 59, with the power law of exponent 1/2.
"""

from typing import Final

import numpy as np

from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.noise import Floats

RATE: Final = 0.04  # Continuously compounded, for every maturity.
MOOD_FADES: Final = 3.0  # Per year: how fast the variance to come returns to its usual level.
VOLATILITY_FADES: Final = 3.0  # The same for what is known of a volatility index.


def total_variance(underlying: Underlying, *, away: Floats, theta: Floats) -> Floats:
    """Return the variance to the end at a logarithm `away` of the forward, theta at the money."""
    steep = underlying.bend / np.sqrt(theta * (1.0 + theta)) * away
    skew = underlying.skew
    bent = np.sqrt((steep + skew) ** 2 + (1.0 - skew**2))
    total: Floats = 0.5 * theta * (1.0 + skew * steep + bent)
    return total


def usual_variance(underlying: Underlying, *, years: Floats, mood: Floats) -> Floats:
    """Return theta without earnings: the usual variance, and what the mood adds until it fades.

    A volatility index returns to its mean, and its variance does not grow for ever.
    """
    usual = underlying.volatility**2
    if underlying.measured is not None:
        return -usual * np.expm1(-2.0 * VOLATILITY_FADES * years) / (2.0 * VOLATILITY_FADES)
    faded = -np.expm1(-MOOD_FADES * years) / MOOD_FADES
    return usual * (years + (mood * mood - 1.0) * faded)
