"""Implied volatility of every strike and maturity, with no arbitrage between them.

The surface is an SSVI: total variance in the log-moneyness, around its value theta at the money,
with one skew and one curvature for every maturity.

Law: theta grows with maturity, and curvature² · (1 + |skew|) <= 4; then no calendar spread and no
butterfly is worth less than nothing.
Source: J. Gatheral, A. Jacquier, Quant. Finance 14 (2014) 59, with the power law of exponent 1/2.
"""

from typing import Final

import numpy as np

from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.noise import Floats

RATE: Final = 0.04  # Continuously compounded, for every maturity.
MOOD_FADES: Final = 3.0  # Per year: how fast the variance to come returns to its usual level.


def implied_volatility(
    underlying: Underlying, *, spot: Floats, strike: Floats, years: Floats, mood: Floats
) -> Floats:
    """Return the volatility that each contract is priced at, a fraction a year; years above 0."""
    theta = variance_at_the_money(underlying, years=years, mood=mood)
    forward = np.log(strike / spot) - (RATE - underlying.dividend_yield) * years
    steep = underlying.curvature / np.sqrt(theta * (1.0 + theta))
    bent = np.sqrt((steep * forward + underlying.skew) ** 2 + 1.0 - underlying.skew**2)
    total = 0.5 * theta * (1.0 + underlying.skew * steep * forward + bent)
    return np.sqrt(total / years)


def variance_at_the_money(underlying: Underlying, *, years: Floats, mood: Floats) -> Floats:
    """Return theta: the usual variance, and what the mood adds until it fades."""
    usual = underlying.volatility**2
    faded = -np.expm1(-MOOD_FADES * years) / MOOD_FADES
    return usual * (years + (mood * mood - 1.0) * faded)
