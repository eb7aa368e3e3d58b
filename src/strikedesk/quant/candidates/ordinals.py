"""Lines in 16 bits: numbers whose order tells of the order of what they stand for.

Numbers are rounded to one of 65,000 places between the least and the greatest lower half. Where
one is not below another, its place is not below either; where its place is above, so is the number.
What shares a place is left to the exact judgement. To compare places takes a sixth of the time.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from strikedesk.quant.normal import FloatArray

Ordinals: TypeAlias = npt.NDArray[np.int16]

_HALF: Final = 32_500.0
_BEYOND: Final = 32_600.0  # Farther out than any lower half of a finite number.


def ordinals(low: FloatArray, bars: FloatArray) -> tuple[Ordinals, Ordinals]:
    """Return places for rows of lower halves and of the bars that they have to reach.

    Law: what is unknown reaches nothing, and nothing reaches a bar that is.
    """
    finite = np.where(np.isfinite(low), low, np.nan)
    bottom = np.fmin.reduce(finite, axis=1, initial=np.inf)
    top = np.fmax.reduce(finite, axis=1, initial=-np.inf)
    bottom[~np.isfinite(bottom)] = 0.0
    scale = 2.0 * _HALF / np.maximum(np.nan_to_num(top - bottom, neginf=0.0), 1e-300)
    places = _placed(low, bottom, scale), _placed(bars, bottom, scale)
    places[0][np.isnan(low)] = -32_768
    places[1][np.isnan(bars)] = 32_767
    return places


def _placed(rows: FloatArray, bottom: FloatArray, scale: FloatArray) -> Ordinals:
    places = (rows - bottom[:, None]) * scale[:, None]
    places -= _HALF
    return np.clip(places, -_BEYOND, _BEYOND, out=places).astype(np.int16)
