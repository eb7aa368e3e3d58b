"""The market's distribution of one expiration, as a table that millions of prices are read off."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from strikedesk.quant.contracts import Lanes
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.smile import fit_smile
from strikedesk.quant.strategies.outlook import Lognormal, Outlook, Smiled

_CELLS: Final = 4096
_REACH: Final = 8.0  # Deviations to either side; beyond them nothing ends.


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A distribution function on an even grid of ln(price / forward), and where it came from.

    Units: `volatility` at the forward, a fraction a year, NaN where none is known: then no
    chance is.
    Law: rises from 0 to 1. Between the points it is straight, which misses by less than 1e-6;
    `rises` is how much it rises from each to the next.
    """

    outlook: Outlook
    volatility: float
    low: float
    step: float
    values: FloatArray = field(repr=False)
    rises: FloatArray = field(repr=False)

    @property
    def forward(self) -> float:
        """The mean, USD."""
        return self.outlook.forward

    def below(self, price: FloatArray) -> FloatArray:
        """Return the probability of ending at or below each price, 0 for prices not above 0."""
        return Tables([self]).below(price, np.zeros((), np.intp))


class Tables:
    """The tables of some expirations as one."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._lows = np.array([each.low + np.log(each.forward) for each in tables])
        self._scales = np.array([1.0 / each.step for each in tables])
        self._values = _joined([each.values for each in tables])
        # Beyond the last point nothing rises: what there is of a cell there is 0.
        self._rises = _joined([part for each in tables for part in (each.rises, _NO_RISE)])

    def below(self, price: FloatArray, numbers: Lanes) -> FloatArray:
        """Return the probability of ending at or below each price, 0 for prices not above 0.

        Units: `numbers` of each price's expiration.
        """
        with np.errstate(divide="ignore", invalid="ignore"):  # What is unknown stays so.
            place: FloatArray = np.log(np.maximum(price, 0.0))
            place -= self._lows[numbers]
            place *= self._scales[numbers]
            np.clip(place, 0.0, _CELLS, out=place)
            whole = place.astype(np.intp)
        place -= whole
        whole += (_CELLS + 1) * numbers
        # The cell of what is unknown is any.
        place *= self._rises.take(whole, mode="clip")
        place += self._values.take(whole, mode="clip")
        return place


def _joined(columns: Sequence[FloatArray]) -> FloatArray:
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


_NO_RISE: Final = np.zeros(1)


def market_of(
    *,
    forward: float,
    years: float,
    strikes: FloatArray,
    volatility: FloatArray,
    vega: FloatArray,
) -> Table:
    """Return what the options of one expiration say of the share's price there.

    Law: the smile through the volatilities, each counted by its vega; with fewer than five of them
    the lognormal of the one nearest the forward; with none, nothing is known.
    """
    smile = fit_smile(
        forward=forward, years=years, strike=strikes, volatility=volatility, weight=vega
    )
    if smile is not None:
        return tabled(Smiled(smile=smile), float(smile.volatility(forward)), years)
    known = np.flatnonzero(volatility > 0.0)
    sigma = np.nan
    if known.size:
        sigma = float(volatility[known[np.argmin(np.abs(strikes[known] - forward))]])
    return tabled(Lognormal(forward=forward, deviation=sigma * np.sqrt(years)), sigma, years)


def tabled(outlook: Outlook, volatility: float, years: float) -> Table:
    """Return a distribution as a table, around its forward as wide as a volatility tells."""
    reach = _REACH * volatility * float(np.sqrt(years))
    grid = np.linspace(-reach, reach, _CELLS + 1)
    below = outlook.below(outlook.forward * np.exp(grid))
    # Where a curve has free money in it, its chances fall with the price: the rise between.
    from_low, from_high = np.maximum.accumulate(below), np.minimum.accumulate(below[::-1])[::-1]
    values = 0.5 * (from_low + from_high)
    return Table(
        outlook=outlook,
        volatility=volatility,
        low=-reach,
        step=2.0 * reach / _CELLS,
        values=values,
        rises=np.diff(values),
    )
