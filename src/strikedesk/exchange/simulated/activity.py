"""How many contracts are open, change hands and stand on either side. Counts, all made up."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.noise import Bits, Floats, Ints
from strikedesk.exchange.simulated.pricing import Book, distance
from strikedesk.exchange.simulated.strikes import on_wide_grid

_STANDARD_BONUS: Final = 3.0  # For monthly expirations;
_ROUND_BONUS: Final = 2.0  # and for strikes on the wide grid.
_INTEREST_FADES: Final = 0.6  # With the square of the distance from the money.
_VOLUME_OF_INTEREST: Final = 0.35
_SIZE_OF_INTEREST: Final = 0.01
_SIXTEEN_BITS: Final = 65_536

# Trading by the clock: U-shaped, heaviest at the opening and at the close.
_AT_NOON: Final = 0.6  # Of the day's average.
_AT_ENDS: Final = 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Open interest with which a session begins, and the contracts that will trade in it."""

    open_interest: Ints
    volume: Ints


def activity(opening: Book, addresses: Bits, *, standard: bool, seed: int, day: int) -> Activity:
    """Return the activity of session `day` (an ordinal), given the book at its opening."""
    away = distance(opening)
    round_ones = on_wide_grid(opening.underlying, opening.strike)
    usual = opening.underlying.interest * (1.0 + (_ROUND_BONUS - 1.0) * round_ones)
    usual *= _STANDARD_BONUS if standard else 1.0
    own, today = (unit(noise.key(seed, "interest", *which), addresses) for which in ((), (day,)))
    interest = usual / (1.0 + _INTEREST_FADES * away**2) * (0.2 + 0.8 * own) * (0.9 + 0.1 * today)
    busy = _VOLUME_OF_INTEREST * unit(noise.key(seed, "volume", day), addresses) / (1.0 + away)
    return Activity(open_interest=_whole(interest), volume=_whole(interest * busy))


def sizes(interest: Ints, addresses: Bits, *, stream: int) -> tuple[Ints, Ints]:
    """Return the contracts bid for and offered, at least one each."""
    bits = noise.draw(stream, addresses)
    most = 2 + _whole(interest * _SIZE_OF_INTEREST)
    bid, ask = (
        1 + (noise.below(part, _SIXTEEN_BITS) * most >> 16)
        for part in (bits, bits >> np.uint64(16))
    )
    return bid, ask


def traded(volume: Ints, passed: float | Floats) -> Ints:
    """Return what of a session's `volume` is done when the part `passed` of it is over."""
    centred = passed - 0.5
    share = _AT_NOON * passed + _AT_ENDS * (centred * centred * centred + 0.125)
    return _whole(volume * share)


def unit(stream: int, addresses: Bits) -> Floats:
    """Return numbers in [0, 1), a multiple of 2**-16 each."""
    return noise.below(noise.draw(stream, addresses), _SIXTEEN_BITS).astype(float) / _SIXTEEN_BITS


def _whole(numbers: npt.NDArray[np.floating[Any]]) -> Ints:
    return np.floor(numbers).astype(np.int64)
