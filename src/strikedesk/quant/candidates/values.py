"""What an option is worth at the nearest expiration: on average, and over prices of the share.

One that ends there is worth what it ends with. One that goes on is worth Black's value with the
time that is left, at its volatility of now; the share's forward to its end moves with the share.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The nearest expiration's prices of the share and their chances.

    Units: `prices` USD, ascending; `chances` of ending at or below each, the market's; `weights`
    and `stated` what a value at each price counts in a mean, by the market and by the forecast.
    """

    slices: Sequence[Slice]
    forecast: Outlook | None
    prices: FloatArray = field(repr=False)
    chances: FloatArray = field(repr=False)
    weights: FloatArray = field(repr=False)
    stated: FloatArray = field(repr=False)

    @classmethod
    def of(cls, chain: Chain, slices: Sequence[Slice]) -> "Values":
        """Lay out the prices, as far as the wider of the two distributions reaches.

        The strikes of what ends are among them: there its value has its corners.
        """
        near = slices[0]
        sigma = max(near.market.volatility, chain.forecast or 0.0)
        reach = _REACH * sigma * float(np.sqrt(near.years))
        even = near.forward * np.exp(np.linspace(-reach, reach, _POINTS))
        inside = near.strikes[(near.strikes > even[0]) & (near.strikes < even[-1])]
        prices = np.unique(np.concatenate((even, inside)))
        forecast = None
        if chain.forecast is not None:
            deviation = chain.forecast * float(np.sqrt(near.years))
            forecast = Lognormal(forward=near.forward, deviation=deviation)
        chances = near.market.below(prices)
        weights = _weights(chances)
        return cls(
            slices=slices,
            forecast=forecast,
            prices=prices,
            chances=chances,
            weights=weights,
            stated=weights if forecast is None else _weights(forecast.below(prices)),
        )

    def means(
        self, option: Option, strikes: FloatArray, volatility: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return what one contract is worth today on average, forecast and market, at each strike.

        Law: one that goes on is unknown where its volatility is.
        """
        near = self.slices[0]
        if option.month:
            over = self.over(option, strikes, volatility)
            return near.discount * (over @ self.stated), near.discount * (over @ self.weights)
        market = near.discount * _mean(near.market.outlook, option, strikes)
        if self.forecast is None:
            return market, market
        return near.discount * _mean(self.forecast, option, strikes), market

    def over(self, option: Option, strikes: FloatArray, volatility: FloatArray) -> FloatArray:
        """Return the value of one contract at each strike (rows) and price (columns), USD then."""
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


def _mean(outlook: Outlook, option: Option, strikes: FloatArray) -> FloatArray:
    """Return what an option ends with on average, USD then."""
    calls = outlook.above(strikes)
    return calls if option.kind is Kind.CALL else calls - (outlook.forward - strikes)


def _weights(below: FloatArray) -> FloatArray:
    """Return what each price counts: half of what lies to either side, the ends all beyond."""
    between = np.diff(below)
    weights = np.zeros_like(below)
    weights[1:] += 0.5 * between
    weights[:-1] += 0.5 * between
    weights[0] += below[0]
    weights[-1] += 1.0 - below[-1]
    return weights
