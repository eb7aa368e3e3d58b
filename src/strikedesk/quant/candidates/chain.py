"""A chain as columns: what a search reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final

import numpy as np

from strikedesk.quant.candidates.distributions import Table, market_of
from strikedesk.quant.normal import FloatArray

# Means and chances of both kinds, by the market and by a forecast, and of a spot or two before.
_KEPT: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotes:
    """The calls or the puts of one expiration, a row for each strike. Law: NaN is unknown.

    Units: `bid` and `ask` USD per share; `iv` a fraction a year; `delta`, `gamma` per $1; `theta`
    USD per share per day; `vega` USD per share per volatility point; the rest contracts.
    """

    bid: FloatArray
    ask: FloatArray
    iv: FloatArray
    delta: FloatArray
    gamma: FloatArray
    theta: FloatArray
    vega: FloatArray
    open_interest: FloatArray
    volume: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Slice:
    """One expiration of one underlying. A row that is not listed has NaN quotes.

    Units: `days` calendar days, `years` ACT/365 (more than 0); `forward` and `strikes` USD;
    `discount` what a dollar at expiration is worth today.
    Law: strikes ascend; every column has a row for each. What is worked out of a slice is kept with
    it: searches of one chain share it.

    Raises:
        ValueError: the law is broken.
    """

    days: float
    years: float
    forward: float
    strikes: FloatArray
    calls: Quotes
    puts: Quotes
    discount: float = 1.0

    def __post_init__(self) -> None:
        """Refuse columns that do not fit each other."""
        if not (self.years > 0.0 and self.forward > 0.0 and 0.0 < self.discount < np.inf):
            raise ValueError("years, forward and discount must be positive")
        if self.strikes.ndim != 1 or not np.all(np.diff(self.strikes, prepend=0.0) > 0.0):
            raise ValueError("strikes must be positive and ascend")
        for quotes in (self.calls, self.puts):
            if {getattr(quotes, each.name).shape for each in fields(Quotes)} != {
                self.strikes.shape
            }:
                raise ValueError("every column must have a row for each strike")

    @cached_property
    def kept(self) -> "Kept":
        """What else was worked out for all strikes."""
        return Kept()

    @cached_property
    def market(self) -> Table:
        """The market's own distribution of the share at this expiration."""
        calls, puts = self.calls, self.puts
        outside = self.strikes >= self.forward
        return market_of(
            forward=self.forward,
            years=self.years,
            strikes=self.strikes,
            volatility=np.where(outside, calls.iv, puts.iv),
            vega=np.where(outside, calls.vega, puts.vega),
        )


class Kept:
    """A few columns that were worked out of a slice.

    Law: no more are kept than `_KEPT`, the newest ones. Threads may share it: none sees what
    another is about to change, and what two work out at a time is the same.
    """

    def __init__(self) -> None:
        self._columns: Mapping[object, FloatArray] = {}

    def get(self, key: object) -> FloatArray | None:
        """Return a column if it is kept."""
        return self._columns.get(key)

    def keep(self, key: object, column: FloatArray) -> FloatArray:
        """Keep a column, in place of the oldest one."""
        newest = list(self._columns.items())[1 - _KEPT :]
        self._columns = {**dict(newest), key: column}
        return column

    def once(self, key: object, work: Callable[[], FloatArray]) -> FloatArray:
        """Return a column, worked out where it is not kept."""
        found = self.get(key)
        return self.keep(key, work()) if found is None else found


@dataclass(frozen=True, eq=False, kw_only=True)
class Chain:
    """The expirations of one underlying.

    Units: `spot` USD; `forecast` a volatility, a fraction a year, that expected values are taken
    under, None for the market's own distribution.
    """

    spot: float
    slices: tuple[Slice, ...]
    forecast: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no chain."""
        days = [each.years for each in self.slices]
        if not self.spot > 0.0 or sorted(set(days)) != days:
            raise ValueError("the spot must be positive, and the expirations ascend")
