"""The carry of each expiration: what its forward tells beyond the dividends that are known.

A rate where it is positive, a yield where it is negative (dividends that nobody announced, a fee to
borrow the share).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, nan
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from strikedesk.quant.cash_dividends import CashDividends
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Leg

_ROUNDS: Final = 4  # A rate changes what dividends are worth by so little that this is plenty.
_CARRY_MAX: Final = 0.25  # Beyond it the quotes of a last day are told, and no rate.
# To so many digits, half of which is a cent in a hundred dollars over two years: a market that
# ticks finds the tables of early exercise made.
_DIGITS: Final = 4


def carry(*, spot: float, forward: float, years: float, dividends: CashDividends) -> float:
    """Return the rate at which the share grows to its forward while it pays its dividends.

    Units: USD; a fraction a year, continuously compounded, at most a quarter to either side.
    Law: forward = (spot - worth of the dividends until then)·exp(rate·years). NaN where these are
    worth the share.
    """
    every = zip(dividends.years.tolist(), dividends.amounts.tolist(), strict=True)
    paid = [(when, amount) for when, amount in every if when <= years]
    rate = 0.0
    for _ in range(_ROUNDS):
        left = spot - sum(amount * exp(-rate * when) for when, amount in paid)
        if not (left > 0.0 and forward > 0.0):
            return nan
        rate = min(max(log(forward / left) / years, -_CARRY_MAX), _CARRY_MAX)
    return rate


def on_carries(
    *,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    carried: npt.ArrayLike,
    is_call: Sequence[bool],
) -> Contracts:
    """Return options on shares of some carry: a rate, or a yield where it is negative."""
    return Contracts.of(
        spot=spot,
        strike=strike,
        years=years,
        rate=np.maximum(carried, 0.0),
        dividend_yield=np.maximum(np.negative(carried), 0.0),
        is_call=np.asarray(is_call, dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The expirations of some options, each once, with what its calls and puts agree on.

    Units: `years` to each; `forwards` USD and `sigma` a fraction a year, as if they were European;
    `back` the expiration of each option.
    """

    spot: float
    years: FloatArray
    forwards: FloatArray
    sigma: FloatArray
    back: npt.NDArray[np.intp]

    @classmethod
    def of(cls, legs: Sequence[Leg], spot: float, forward: FloatArray, sigma: FloatArray) -> Self:
        """Take of each expiration what its first option tells."""
        of_each = [leg.years for leg in legs]
        ends = sorted({*of_each})
        first, back = [of_each.index(end) for end in ends], [ends.index(end) for end in of_each]
        return cls(
            spot=spot,
            years=np.array(ends),
            forwards=forward[first],
            sigma=sigma[first],
            back=np.array(back, np.intp),
        )

    def carries(self, dividends: CashDividends) -> FloatArray:
        """Return the carry of each."""
        pairs = zip(self.forwards.tolist(), self.years.tolist(), strict=True)
        found = [
            carry(spot=self.spot, forward=forward, years=years, dividends=dividends)
            for forward, years in pairs
        ]
        return np.round(found, _DIGITS)
