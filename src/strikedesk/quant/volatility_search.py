"""The search for the volatility of an American option, over whatever prices it.

It begins at the European volatility of the quote, which is never too low, goes on to that of the
quote less what early exercise added there, and then by secants. A bracket halves where they lead
out of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final, TypeAlias

import numpy as np

from strikedesk.quant.contracts import BoolArray, Lanes
from strikedesk.quant.frontier import SIGMA_MAX, SIGMA_MIN
from strikedesk.quant.implied_vol import NoVolatility, ReasonArray
from strikedesk.quant.normal import FloatArray

# What some lanes are worth at their volatilities.
Pricer: TypeAlias = Callable[[Lanes, FloatArray], FloatArray]
# The second volatility to try, given what the first made all lanes worth too much.
Refiner: TypeAlias = Callable[[FloatArray], FloatArray]

_ROUNDS: Final = 60  # Halving alone would end in so many.
_SETTLED: Final = 1e-6  # Distances from the last two tried, multiplied, in volatilities squared.
_NARROW: Final = 1e-7


@dataclass(slots=True, kw_only=True)
class _Bracket:
    """Contracts still searched for, and where; `excess` is what `last` made worth too much.

    Law: `low` is worth less than the target or is the least volatility; `high` at least as much.
    """

    lanes: Lanes
    low: FloatArray
    high: FloatArray
    here: FloatArray
    last: FloatArray
    excess: FloatArray

    def move(self, excess: FloatArray) -> BoolArray:
        """Take what `here` told; go on, and tell which contracts are where they end."""
        here, last, above = self.here, self.last, excess >= 0.0
        self.low, self.high = np.where(above, self.low, here), np.where(above, here, self.high)
        onward = here - excess * (here - last) / (excess - self.excess)
        inside = (onward >= self.low) & (onward <= self.high)
        onward = np.where(inside, onward, 0.5 * (self.low + self.high))
        self.last, self.excess, self.here = here, excess, onward
        left = np.abs(onward - here) * np.abs(onward - last)
        narrow = self.high - self.low <= _NARROW
        return narrow | (inside & (left <= _SETTLED * here * here))

    def keep(self, kept: BoolArray) -> None:
        """Go on with some of the contracts."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name)[kept])


def search(
    price: Pricer, refine: Refiner, *, target: FloatArray, start: FloatArray
) -> tuple[FloatArray, ReasonArray]:
    """Return the volatilities at which `price` meets `target`, and the reasons where none does.

    Law: `start` is not below any answer. What is worth too little there has no answer if that is
    the end of the range, and is there otherwise.
    """
    lanes = np.arange(start.size)
    answer, reason = start.copy(), np.zeros(start.shape, dtype=np.uint8)
    excess = price(lanes, start) - target
    reason[(start >= SIGMA_MAX) & (excess < 0.0)] = NoVolatility.OUT_OF_RANGE
    second, halved = refine(excess), 0.5 * (SIGMA_MIN + start)
    bracket = _Bracket(
        lanes=lanes,
        low=np.full_like(start, SIGMA_MIN),
        high=start,
        here=np.where((second >= SIGMA_MIN) & (second < start), second, halved),
        last=start,
        excess=excess,
    )
    bracket.keep((excess > 0.0) & (second != start))
    for _ in range(_ROUNDS):
        if not bracket.lanes.size:
            break
        there = bracket.move(price(bracket.lanes, bracket.here) - target[bracket.lanes])
        answer[bracket.lanes] = bracket.here
        bracket.keep(~there)
    reason[bracket.lanes] = NoVolatility.NOT_CONVERGED
    reason[answer <= SIGMA_MIN + _NARROW] = NoVolatility.OUT_OF_RANGE
    return answer, reason
