"""What each option of a pattern has at every strike: a column for each quantity.

A column is already times the option's ratio, so that a combination's quantity is the sum, the least
or the greatest of its options'. Columns are worked out when they are first asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import numpy as np

from strikedesk.quant.candidates.axis import Ends
from strikedesk.quant.candidates.search import Window
from strikedesk.quant.candidates.shape import Option
from strikedesk.quant.candidates.touches import touch_chances, touched
from strikedesk.quant.candidates.values import Values
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.likelihoods import expected_move
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind

# How the quantities of options come together.
SUMS: Final = (
    *("mid", "cost", "natural", "spread", "edge", "market_edge"),
    *("delta", "gamma", "theta", "vega", "iv", "carried", "yearly"),
)
LEAST: Final = ("open_interest", "volume", "distance", "sold_calls_below")
GREATEST: Final = ("short_delta", "long_delta", "touch", "sold_puts_below")


@dataclass(frozen=True, eq=False, kw_only=True)
class Laid:
    """What all options of a board have in common.

    Units: `spot` USD; `near` the near expirations; `values` of each of those; `slippage` the share
    of half the spread that is paid.
    """

    spot: float
    near: Ends
    values: Sequence[Values]
    slippage: float

    @cached_property
    def move(self) -> FloatArray:
        """The expected move to the expiration at each place, USD."""
        moves = [expected_move(self.spot, e.market.volatility, e.years) for e in self.near.slices]
        return self.near.axis.spread([float(each) for each in moves])

    @cached_property
    def carried(self) -> FloatArray:
        """What a share is worth more than it costs at each place, see `Ends.carried`."""
        return self.near.axis.spread(self.near.carried(self.spot))

    @cached_property
    def yearly(self) -> FloatArray:
        """What of a year the expiration at each place is, inverted."""
        return self.near.axis.spread([1.0 / each.years for each in self.near.slices])


class Columns:
    """One option of the pattern at every strike. Units: as in `Quotes`, times the ratio.

    Law: of the options of a combination one leads, which has what there is once in each.
    """

    def __init__(self, laid: Laid, ends: Ends, option: Option, *, leads: bool) -> None:
        self._laid, self._ends, self._option, self._leads = laid, ends, option, leads
        self._strikes = ends.axis.strikes
        self._kept: dict[str, FloatArray] = {}

    def open(self, window: Window) -> BoolArray:
        """Return where it is to be had, in the window."""
        tradable = self._ends.tradable(self._option.kind)
        ends = window.bought if self._option.ratio > 0 else window.sold
        if ends is None:
            return tradable
        size = np.abs(self.plain("delta"))
        return tradable & (size >= ends[0]) & (size <= ends[1])

    def of(self, name: str) -> FloatArray:
        """Return a quantity at each strike."""
        if name not in self._kept:
            self._kept[name] = _WORK[name](self)
        return self._kept[name]

    def plain(self, name: str) -> FloatArray:
        """Return a column of the quotes as it is."""
        return self._ends.column(self._option.kind, name)

    def times(self, name: str) -> FloatArray:
        """Return a column of the quotes, times the ratio."""
        return self._option.ratio * self.plain(name)

    def mid(self) -> FloatArray:
        """Return the middle between bid and ask."""
        return self._option.ratio * (0.5 * (self.plain("bid") + self.plain("ask")))

    def spread(self) -> FloatArray:
        """Return the bid-ask spread, the same bought or sold."""
        return abs(self._option.ratio) * (self.plain("ask") - self.plain("bid"))

    def price(self, *, slippage: float) -> FloatArray:
        """Return what it costs with a share of what crossing takes, half the spread."""
        return self.of("mid") + (0.5 * slippage) * self.of("spread")

    def cost(self) -> FloatArray:
        """Return what it costs with the slippage that the search pays."""
        return self.price(slippage=self._laid.slippage)

    def edge(self, *, market: bool) -> FloatArray:
        """Return what it is worth on average beyond its cost, by the market or the forecast."""
        return self._option.ratio * self._mean(market=market) - self.of("cost")

    def _mean(self, *, market: bool) -> FloatArray:
        """Return what one contract is worth on average."""
        values, option = self._laid.values, self._option
        if option.month or self._ends.ladder:
            return values[0].mean(option, self._strikes, self.plain("iv"), market=market)
        return self._ends.joined([each.listed(option.kind, market=market) for each in values])

    def once(self, name: str) -> FloatArray:
        """Return what a combination has once, with the option that leads."""
        return getattr(self._laid, name) if self._leads else self._silent(0.0)

    def size(self, *, sold: bool) -> FloatArray:
        """Return |delta| of an option sold, or bought; the other has no say."""
        return np.abs(self.plain("delta")) if sold == self._sold else self._silent(-np.inf)

    def touched(self) -> FloatArray:
        """Return the chance that the share is at the strike of an option sold before it ends."""
        if not self._sold:
            return self._silent(-np.inf)
        spot, kind, slices = self._laid.spot, self._option.kind, self._ends.slices
        if self._ends.ladder:
            return touched(spot, slices, kind, [self._strikes], self.plain("iv"))
        return self._ends.joined(touch_chances(spot, slices, kind))

    def sold_below(self, kind: Kind) -> FloatArray:
        """Return the chance of ending at or below the strike of an option of a kind sold."""
        if self._sold and self._option.kind is kind:
            return self._ends.below
        return self._silent(np.inf if kind is Kind.CALL else -np.inf)

    def distance(self) -> FloatArray:
        """Return how far out an option sold is, in expected moves."""
        if not self._sold:
            return self._silent(np.inf)
        return self._option.sign * (self._strikes - self._laid.spot) / self._laid.move

    @property
    def _sold(self) -> bool:
        return self._option.ratio < 0

    def _silent(self, value: float) -> FloatArray:
        return np.full(self._strikes.size, value)


_WORK: Final[Mapping[str, Callable[[Columns], FloatArray]]] = {
    "mid": Columns.mid,
    "spread": Columns.spread,
    "cost": Columns.cost,
    "natural": partial(Columns.price, slippage=1.0),
    "edge": partial(Columns.edge, market=False),
    "market_edge": partial(Columns.edge, market=True),
    "touch": Columns.touched,
    "distance": Columns.distance,
    "short_delta": partial(Columns.size, sold=True),
    "long_delta": partial(Columns.size, sold=False),
    "sold_calls_below": partial(Columns.sold_below, kind=Kind.CALL),
    "sold_puts_below": partial(Columns.sold_below, kind=Kind.PUT),
    **{name: partial(Columns.once, name=name) for name in ("carried", "yearly")},
    **{name: partial(Columns.times, name=name) for name in ("delta", "gamma", "theta", "vega")},
    **{name: partial(Columns.plain, name=name) for name in ("iv", "open_interest", "volume")},
}
