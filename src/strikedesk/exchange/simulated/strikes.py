"""Strikes of an expiration: multiples of realistic steps around where the price has been."""

import math
from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np

from strikedesk.exchange.simulated.catalogue import Band, Underlying
from strikedesk.exchange.simulated.expirations import Lead
from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.quant.contracts import BoolArray

# How far the strikes reach beyond where the price has been, in standard deviations of the
# contract's whole life, with the least and the most as fractions of the price.
FINE_REACH: Final = (0.7, 0.03, 0.30)
COARSE_REACH: Final = (3.0, 0.10, 0.60)
BASIS: Final = 10_000

# A reason to list with the lowest and the highest close since it began, in cents.
Reach: TypeAlias = tuple[Lead, int, int]


def strikes(underlying: Underlying, lead: Lead, low: int, high: int) -> Iterator[int]:
    """Yield the strikes of one programme for a price between `low` and `high`; all in cents."""
    sigma = underlying.volatility * math.sqrt(lead.life.days / 365)
    floor = 0
    for band in underlying.bands:
        for step, reach in ((band.fine, FINE_REACH), (band.wide, COARSE_REACH)):
            first, last = _around(low, high, _bounded(sigma, reach))
            yield from _multiples(step * lead.widened, max(first, floor), last, band)
        floor = band.below or floor


def on_wide_grid(underlying: Underlying, strike: Floats) -> BoolArray:
    """Return which strikes, in USD, are those that are listed far from the money too."""
    cents: Ints = np.rint(100.0 * strike).astype(np.int64)
    ends = [band.below for band in underlying.bands if band.below is not None]
    wide = np.array([band.wide for band in underlying.bands])
    step = wide[np.searchsorted(np.array(ends, dtype=np.int64), cents, side="right")]
    return cents % step == 0


def _around(low: int, high: int, reach: int) -> tuple[int, int]:
    return -(-low * (BASIS - reach) // BASIS), high * (BASIS + reach) // BASIS


def _bounded(sigma: float, reach: tuple[float, float, float]) -> int:
    times, least, most = reach
    return round(min(max(times * sigma, least), most) * BASIS)


def _multiples(step: int, first: int, last: int, band: Band) -> range:
    """Return the multiples of `step` from `first` to `last`, below the end of the band."""
    after = last + 1 if band.below is None else min(last + 1, band.below)
    return range(max(-(-first // step), 1) * step, after, step)
