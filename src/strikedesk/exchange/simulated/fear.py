"""A volatility index: what the options of another index expect of the coming thirty days.

Its level is that expectation in volatility points. Its forwards are the expectation that the same
surface has of thirty days later on: they return to the usual level as moods fade. (The root of a
mean variance lies a little above the mean of the root; the difference is left out.)
"""

from typing import Final

import numpy as np

from strikedesk.exchange.simulated import surface
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.noise import Floats, Ints

WINDOW: Final = 30.0 / 365.0
_POINTS: Final = 100.0


def levels(measured: Underlying, moods: Floats) -> Ints:
    """Return the index in cents for each mood of what it measures."""
    points = forwards(measured, years=np.zeros(moods.size), mood=moods)
    return np.rint(100.0 * points).astype(np.int64)


def forwards(measured: Underlying, *, years: Floats, mood: Floats) -> Floats:
    """Return what the index is expected to be after so many years."""
    near = surface.usual_variance(measured, years=years, mood=mood)
    far = surface.usual_variance(measured, years=years + WINDOW, mood=mood)
    return _POINTS * np.sqrt((far - near) / WINDOW)
