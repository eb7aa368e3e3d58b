"""What an option is worth at the nearest expiration: on average, and over prices of the share.

One that ends there is worth what it ends with. One that goes on is worth Black's value with the
time that is left, at its volatility of now; the share's forward to its end moves with the share.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from strikedesk.quant import black_scholes
from strikedesk.quant.black_76 import on_futures
from strikedesk.quant.candidates.chain import Chain, Slice
from strikedesk.quant.candidates.shape import Option
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind
from strikedesk.quant.strategies.outlook import Lognormal, Outlook

_POINTS: Final = 241
_REACH: Final = 6.0  # Deviations to either side.


@dataclass(frozen=True, eq=False, kw_only=True)
class Values:
    """What ends, or goes on, at the nearest of some expirations.

    Units: `forecast` the distribution there that is stated, None for the market's own.
    """

    slices: Sequence[Slice]
    forecast: Outlook | None
    _kept: dict[Option, FloatArray] = field(default_factory=dict[Option, FloatArray], repr=False)

    @classmethod
    def of(cls, chain: Chain, slices: Sequence[Slice]) -> "Values":
        """Take the nearest expiration of a chain's."""
        near = slices[0]
        if chain.forecast is None:
            return cls(slices=slices, forecast=None)
        deviation = chain.forecast * float(np.sqrt(near.years))
        return cls(slices=slices, forecast=Lognormal(forward=near.forward, deviation=deviation))

    @cached_property
    def prices(self) -> FloatArray:
        """Prices of the share, USD, ascending, as far as the wider of the distributions reaches.

        The strikes of what ends are among them: there its value has its corners.
        """
        near = self.slices[0]
        reach = _REACH * near.market.volatility * float(np.sqrt(near.years))
        if isinstance(self.forecast, Lognormal):
            reach = max(reach, _REACH * self.forecast.deviation)
        even = near.forward * np.exp(np.linspace(-reach, reach, _POINTS))
        inside = near.strikes[(near.strikes > even[0]) & (near.strikes < even[-1])]
        return np.unique(np.concatenate((even, inside)))

    @cached_property
    def chances(self) -> FloatArray:
        """The market's chance of ending at or below each price."""
        return self.slices[0].market.below(self.prices)

    @cached_property
    def weights(self) -> tuple[FloatArray, FloatArray]:
        """What a value at each price counts in a mean, by the forecast and by the market."""
        market = _weights(self.chances)
        if self.forecast is None:
            return market, market
        return _weights(self.forecast.below(self.prices)), market

    def listed(self, kind: Kind, *, market: bool) -> FloatArray:
        """Return what each contract that ends here is worth today on average, USD.

        Law: kept with the expiration, and the same as `mean` at its strikes.
        """
        near, by = self.slices[0], self._by(market=market)
        key = "mean", kind, None if by is near.market.outlook else by
        return near.kept.once(key, lambda: near.discount * _mean(by, kind, near.strikes))

    def _by(self, *, market: bool) -> Outlook:
        """Return the forecast where there is one and that of the market is not asked for."""
        return self.slices[0].market.outlook if market or self.forecast is None else self.forecast

    def mean(
        self, option: Option, strikes: FloatArray, volatility: FloatArray, *, market: bool
    ) -> FloatArray:
        """Return what one contract is worth today on average at each strike, USD.

        Law: by the forecast where there is one and not `market`. One that goes on is unknown where
        its volatility is.
        """
        near = self.slices[0]
        if option.month:
            over = self.over(option, strikes, volatility)
            return near.discount * (over @ self.weights[market])
        return near.discount * _mean(self._by(market=market), option.kind, strikes)

    def over(self, option: Option, strikes: FloatArray, volatility: FloatArray) -> FloatArray:
        """Return the value of one contract at each strike (rows) and price (columns), USD then.

        Law: an option of the pattern is always asked for with the same strikes and volatilities.
        """
        if option not in self._kept:
            self._kept[option] = self._priced(option, strikes, volatility)
        return self._kept[option]

    def _priced(self, option: Option, strikes: FloatArray, volatility: FloatArray) -> FloatArray:
        if not option.month:
            return np.maximum(option.sign * (self.prices - strikes[:, None]), 0.0)
        near, far = self.slices
        left = far.years - near.years
        contracts = on_futures(
            future=self.prices * (far.forward / near.forward),
            strike=strikes[:, None],
            years=left,
            rate=-np.log(far.discount / near.discount) / left,
            is_call=option.kind is Kind.CALL,
        )
        return black_scholes.price(contracts, volatility[:, None])


def _mean(outlook: Outlook, kind: Kind, strikes: FloatArray) -> FloatArray:
    """Return what an option ends with on average, USD then."""
    calls = outlook.above(strikes)
    return calls if kind is Kind.CALL else calls - (outlook.forward - strikes)


def _weights(below: FloatArray) -> FloatArray:
    """Return what each price counts: half of what lies to either side, the ends all beyond."""
    between = np.diff(below)
    weights = np.zeros_like(below)
    weights[1:] += 0.5 * between
    weights[:-1] += 0.5 * between
    weights[0] += below[0]
    weights[-1] += 1.0 - below[-1]
    return weights
