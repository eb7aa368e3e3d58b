"""What legs come to at the nearest expiration, over prices of the share and over a distribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind, Leg
from strikedesk.quant.strategies.outlook import Outlook
from strikedesk.quant.strategies.payoffs import Extremes, Market, ahead, at_end

_SAMPLES: Final = 2001
_REACH: Final = (
    6.0  # Deviations to either side, over which a curve that is not straight is sampled.
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """What a distribution says. Units: `expected` today's USD beyond the cost."""

    profit: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The result at the nearest expiration over prices of the share, beyond cost, USD."""

    legs: Sequence[Leg]
    straight: bool
    cost: float
    discount: float
    spot: FloatArray
    result: FloatArray

    @classmethod
    def of(
        cls,
        legs: Sequence[Leg],
        sigma: FloatArray,
        market: Market,
        *,
        cost: float,
        years: float,
        outlook: Outlook,
    ) -> "Curve":
        """Value the legs there."""
        straight = all(leg.years in {0.0, years} for leg in legs)
        options = np.array([leg.kind is not Kind.SHARE for leg in legs])
        reach = _REACH * float(np.max(sigma[options])) * float(np.sqrt(years))
        # A straight one bends at its strikes alone: nothing between them has to be sampled.
        samples = 2 if straight else _SAMPLES
        grid = outlook.forward * np.exp(np.linspace(-reach, reach, samples))
        strikes = np.array([leg.strike for leg in legs if leg.strike])
        spot = np.unique(np.concatenate((grid, strikes)))
        if straight:
            worth = at_end(legs, spot)
        else:
            worth = ahead(legs, sigma, market, spot=spot, years=np.array([years]))[0]
        return cls(
            legs=legs,
            straight=straight,
            cost=cost,
            discount=float(np.exp(-market.rate * years)),
            spot=spot,
            result=worth - cost,
        )

    def chances(self, outlook: Outlook, bounds: Extremes) -> Chances:
        """Return what a distribution says of it."""
        mean = self._exact_mean(outlook) if self.straight else self._sampled_mean(outlook)
        return Chances(
            profit=self._profit(outlook, bounds.break_evens),
            expected=self.discount * mean - self.cost,
        )

    def _profit(self, outlook: Outlook, break_evens: tuple[float, ...]) -> float:
        """Return the probability of a result above 0: between break-evens its sign is one."""
        edges = np.array([0.0, *break_evens, np.inf])
        below = np.concatenate(([0.0], outlook.below(edges[1:-1]), [1.0]))
        ends = np.append(edges[1:-1], 2.0 * max(float(edges[-2]), float(self.spot[-1])))
        middle = (0.5 * (edges[:-1] + ends)).astype(np.float64)
        if self.straight:
            wins = at_end(self.legs, middle) - self.cost > 0.0
        else:
            wins = np.interp(middle, self.spot, self.result) > 0.0
        return float(np.sum(np.diff(below)[wins]))

    def _exact_mean(self, outlook: Outlook) -> float:
        strikes = np.array([leg.strike or outlook.forward for leg in self.legs])
        calls = outlook.above(strikes)
        puts = calls - (outlook.forward - strikes)
        total = 0.0
        for leg, call, put in zip(self.legs, calls.tolist(), puts.tolist(), strict=True):
            each = {Kind.CALL: call, Kind.PUT: put, Kind.SHARE: outlook.forward}
            total += leg.shares * each[leg.kind]
        return total

    def _sampled_mean(self, outlook: Outlook) -> float:
        worth = self.result + self.cost
        below = outlook.below(self.spot)
        inside = np.diff(below) @ (0.5 * (worth[1:] + worth[:-1]))
        return float(inside + below[0] * worth[0] + (1.0 - below[-1]) * worth[-1])
