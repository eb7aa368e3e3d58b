"""Randomness by address: the same key and counter give the same bits in every process.

Everything up to the last scaling is integer arithmetic, which no compiler or processor rounds.
"""

from hashlib import blake2b
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Bits: TypeAlias = npt.NDArray[np.uint64]
Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

# SplitMix64: the counter times an odd constant, then a mixer in which every bit moves every other.
# Source: G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014, 453.
_STRIDE: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)

_LOWEST: Final = np.uint64(0xFFFF)
_EVEN_PARTS: Final = np.uint64(0x0000FFFF0000FFFF)
_LOWER_HALF: Final = np.uint64(0xFFFFFFFF)
_SIXTEEN, _THIRTY_TWO = np.uint64(16), np.uint64(32)
_MEAN_OF_PARTS: Final = 2 * 0xFFFF
STEPS_PER_SIGMA: Final = ((2**32 - 1) / 3) ** 0.5  # Of `bell`: four uniforms of sixteen bits each.
STEPS_PER_EVEN_SIGMA: Final = ((2**32 - 1) / 3) ** 0.5  # Of `even`: each alone, twice as wide.


def key(*names: object) -> int:
    """Return the 64-bit key of a stream that `names` (seed, ticker, purpose) identify."""
    text = "|".join(str(name) for name in names)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def draw(stream: int, counters: Bits | Ints) -> Bits:
    """Return 64 even bits for each counter of a stream."""
    z = counters.astype(np.uint64) * _STRIDE + np.uint64(stream)
    z ^= z >> _SHIFT_1
    z *= _MIX_1
    z ^= z >> _SHIFT_2
    z *= _MIX_2
    z ^= z >> _SHIFT_3
    return z


def bell(bits: Bits) -> Ints:
    """Return whole numbers, nearly normal about 0, with a standard deviation `STEPS_PER_SIGMA`."""
    pairs = (bits & _EVEN_PARTS) + ((bits >> _SIXTEEN) & _EVEN_PARTS)
    return ((pairs + (pairs >> _THIRTY_TWO)) & _LOWER_HALF).astype(np.int64) - _MEAN_OF_PARTS


def even(bits: Bits) -> npt.NDArray[np.int32]:
    """Return four whole numbers of each draw, even about 0, deviating `STEPS_PER_EVEN_SIGMA`."""
    parts = bits.astype("<u8", copy=False).view("<u2").astype(np.int32)
    parts *= 2
    parts -= np.int32(_LOWEST)
    return parts


def below(bits: Bits, bound: int) -> Ints:
    """Return whole numbers in `[0, bound)`, `bound` at most 65,536, from the lowest bits."""
    return (bits & _LOWEST).astype(np.int64) * bound >> 16
