"""European contracts as arrays, and the normal form in which every formula here is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Final, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from strikedesk.quant.normal import FloatArray

BoolArray: TypeAlias = npt.NDArray[np.bool_]
Lanes: TypeAlias = npt.NDArray[np.intp]
_Number = TypeVar("_Number", np.float64, np.bool_)

BLOCK: Final = 12_288  # Contracts worked on at a time: few numpy calls, arrays that fit a cache.

# glibc gives freed memory back to the system above a threshold that starts at 128 KB and grows to
# twice the largest array freed so far. Until then every block's intermediate arrays are paged in
# afresh, which doubles the time. This array is never touched: it costs addresses, not memory.
np.empty(8 << 20, dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """European options and their market; everything but price and volatility.

    Units: `spot` and `strike` USD per share; `years` to expiration, ACT/365; `rate` and
    `dividend_yield` continuously compounded fractions a year, of any sign; `is_call` true for a
    call. `strike_decay` is exp(-rate·years) - 1, `spot_decay` the same of the yield.
    Law: one-dimensional arrays of one length; `shape` is what results are given back in. A lane
    that makes no sense (a negative strike, a NaN) is carried along and answered with NaN. An option
    on a future is one whose `spot` is the future's price and whose `dividend_yield` is the rate.
    Source: `Contracts.of`.
    """

    shape: tuple[int, ...]
    spot: FloatArray
    strike: FloatArray
    years: FloatArray
    rate: FloatArray
    dividend_yield: FloatArray
    is_call: BoolArray
    strike_decay: FloatArray
    spot_decay: FloatArray

    @classmethod
    def of(
        cls,
        *,
        spot: npt.ArrayLike,
        strike: npt.ArrayLike,
        years: npt.ArrayLike,
        rate: npt.ArrayLike,
        is_call: npt.ArrayLike,
        dividend_yield: npt.ArrayLike = 0.0,
    ) -> Self:
        """Broadcast the columns against each other and discount.

        Raises:
            TypeError: `is_call` is not boolean; a letter would pass for true.
            ValueError: the shapes do not broadcast.
        """
        calls = np.asarray(is_call)
        if calls.dtype != np.bool_:
            raise TypeError("is_call must be boolean")
        t, r, q = (np.asarray(column, dtype=np.float64) for column in (years, rate, dividend_yield))
        # Less than one by so much: exact where rates times years are small, which a factor is not.
        # Taken before broadcasting: a chain has few expirations and many strikes.
        decays = np.expm1(-r * t), np.expm1(-q * t)
        floats = (np.asarray(spot, np.float64), np.asarray(strike, np.float64), t, r, q, *decays)
        shape = np.broadcast(calls, *floats).shape
        columns = [_flat(column, shape) for column in floats]
        return cls(
            shape=shape,
            spot=columns[0],
            strike=columns[1],
            years=columns[2],
            rate=columns[3],
            dividend_yield=columns[4],
            strike_decay=columns[5],
            spot_decay=columns[6],
            is_call=_flat(calls, shape),
        )

    def __len__(self) -> int:
        return self.spot.size

    def flat(self, column: npt.ArrayLike) -> FloatArray:
        """Return another column of these contracts, broadcast to them.

        Raises:
            ValueError: it does not fit their shape.
        """
        return _flat(np.asarray(column, dtype=np.float64), self.shape)

    def part(self, piece: slice | Lanes) -> "Contracts":
        """Return the contracts of a slice, as a view, or those of some lanes."""
        spot = self.spot[piece]
        return Contracts(
            shape=spot.shape,
            spot=spot,
            strike=self.strike[piece],
            years=self.years[piece],
            rate=self.rate[piece],
            dividend_yield=self.dividend_yield[piece],
            is_call=self.is_call[piece],
            strike_decay=self.strike_decay[piece],
            spot_decay=self.spot_decay[piece],
        )

    def at_rate(self, rate: FloatArray) -> Self:
        """Return the same contracts at other rates, flat."""
        return self.of(
            spot=self.spot,
            strike=self.strike,
            years=self.years,
            rate=rate,
            dividend_yield=self.dividend_yield,
            is_call=self.is_call,
        )

    def blocks(self) -> Iterator[slice]:
        """Return slices of nearly equal length, at most `BLOCK`, that cover all lanes in order."""
        count = -(-len(self) // BLOCK)
        edges = [len(self) * n // max(count, 1) for n in range(count + 1)]
        return (slice(start, end) for start, end in pairwise(edges))


def _flat(column: npt.NDArray[_Number], shape: tuple[int, ...]) -> npt.NDArray[_Number]:
    """Return a column broadcast to a shape, in one dimension; one that has it is not copied."""
    if column.shape == shape:
        return column.ravel()
    if not column.ndim:
        return np.full(prod(shape), column)
    return np.broadcast_to(column, shape).ravel()


def alike(columns: FloatArray, lanes: Lanes) -> list[Lanes]:
    """Return lanes that have the same in all columns, together and in order."""
    chosen = columns[:, lanes]
    if (chosen == chosen[:, :1]).all():  # As those of one expiration are.
        return [lanes]
    order = np.lexsort(chosen)
    new = np.flatnonzero((np.diff(chosen[:, order]) != 0.0).any(axis=0)) + 1
    return np.split(lanes[order], new)


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalForm:
    """Each contract as the out-of-the-money option at its strike, plus what parity adds.

    The value of that option is `scale` times a function b(x, s) of two numbers, s being the
    volatility times the root of the time. A contract in the money is worth `intrinsic` more.

    Units: `pv_spot`, `pv_strike`, `scale`, `ceiling`, `intrinsic` USD per share, today's; `x` a
    pure number.
    Law: x = |ln(forward / strike)|; ceiling = min(pv_spot, pv_strike) bounds the option's value;
    `side` is +1 where that option is a call, -1 where it is a put; `parity` is +1 for a call in the
    money, -1 for a put in the money, else 0, and intrinsic = parity·(pv_spot - pv_strike).
    """

    pv_spot: FloatArray
    pv_strike: FloatArray
    scale: FloatArray
    ceiling: FloatArray
    intrinsic: FloatArray
    x: FloatArray
    side: FloatArray
    parity: FloatArray

    @classmethod
    def of(cls, contracts: Contracts) -> Self:
        """Bring contracts into the form; `x` is NaN on lanes that make no sense."""
        spot, strike = contracts.spot, contracts.strike
        lost_spot, lost_strike = spot * contracts.spot_decay, strike * contracts.strike_decay
        pv_spot, pv_strike = spot + lost_spot, strike + lost_strike
        carry = (contracts.rate - contracts.dividend_yield) * contracts.years
        log_forward = np.log(spot / strike) + carry
        calls_outside = log_forward <= 0.0
        parity = np.subtract(contracts.is_call, calls_outside, dtype=np.float64)
        return cls(
            pv_spot=pv_spot,
            pv_strike=pv_strike,
            scale=np.sqrt(pv_spot * pv_strike),
            ceiling=np.minimum(pv_spot, pv_strike),
            # Not pv_spot - pv_strike: their rounding is large beside a small time value.
            intrinsic=parity * ((spot - strike) + (lost_spot - lost_strike)),
            x=np.where(np.isfinite(log_forward), np.abs(log_forward), np.nan),
            side=np.where(calls_outside, 1.0, -1.0),
            parity=parity,
        )
