"""What each option of a pattern has at every strike: a column for each quantity.

A column is already times the option's ratio, so that a combination's quantity is the sum, the least
or the greatest of its options'. Columns are worked out when they are first asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import Final

import numpy as np

from strikedesk.quant.candidates.chain import Chain, Quotes, Slice
from strikedesk.quant.candidates.found import Flaw
from strikedesk.quant.candidates.search import Window
from strikedesk.quant.candidates.shape import Option
from strikedesk.quant.candidates.values import Values
from strikedesk.quant.contracts import BoolArray, Contracts
from strikedesk.quant.likelihoods import touch
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind

# How the quantities of options come together.
SUMS: Final = (
    *("mid", "cost", "natural", "spread", "edge", "market_edge"),
    *("delta", "gamma", "theta", "vega", "iv"),
)
LEAST: Final = ("open_interest", "volume", "distance", "sold_calls_below")
GREATEST: Final = ("short_delta", "long_delta", "touch", "sold_puts_below")


def flaws_of(quotes: Quotes) -> Mapping[Flaw, BoolArray]:
    """Return which rows are no contracts to trade, and why."""
    missing = ~(np.isfinite(quotes.bid) & np.isfinite(quotes.ask))
    no_bid = ~missing & ~(quotes.bid > 0.0)
    return {
        Flaw.NO_QUOTE: missing,
        Flaw.NO_BID: no_bid,
        Flaw.CROSSED: ~missing & ~no_bid & (quotes.bid > quotes.ask),
    }


class Columns:
    """One option of the pattern at every strike. Units: as in `Quotes`, times the ratio."""

    def __init__(
        self,
        chain: Chain,
        of: Slice,
        option: Option,
        strikes: FloatArray,
        *,
        move: float,
        values: Values,
        slippage: float,
    ) -> None:
        self._slippage = slippage
        self._chain, self._slice, self._option = chain, of, option
        self._strikes, self._move, self._values = strikes, move, values
        quotes = of.calls if option.kind is Kind.CALL else of.puts
        flawed = np.logical_or.reduce(list(flaws_of(quotes).values()))
        rows = np.searchsorted(strikes, of.strikes)
        self._quotes = quotes if rows.size == strikes.size else _spread(quotes, rows, strikes.size)
        self._tradable = np.zeros(strikes.size, np.bool_)
        self._tradable[rows] = ~flawed
        self._kept: dict[str, FloatArray] = {}

    def open(self, window: Window) -> BoolArray:
        """Return where it is to be had, in the window."""
        ends = window.bought if self._option.ratio > 0 else window.sold
        if ends is None:
            return self._tradable
        size = np.abs(self._quotes.delta)
        return self._tradable & (size >= ends[0]) & (size <= ends[1])

    def of(self, name: str) -> FloatArray:
        """Return a quantity at each strike."""
        if name not in self._kept:
            self._kept[name] = _WORK[name](self)
        return self._kept[name]

    def plain(self, name: str) -> FloatArray:
        """Return a column of the quotes as it is."""
        return getattr(self._quotes, name)

    def times(self, name: str) -> FloatArray:
        """Return a column of the quotes, times the ratio."""
        return self._option.ratio * self.plain(name)

    def mid(self) -> FloatArray:
        """Return the middle between bid and ask."""
        return self._option.ratio * (0.5 * (self._quotes.bid + self._quotes.ask))

    def spread(self) -> FloatArray:
        """Return the bid-ask spread, the same bought or sold."""
        return abs(self._option.ratio) * (self._quotes.ask - self._quotes.bid)

    def price(self, *, slippage: float) -> FloatArray:
        """Return what it costs with a share of what crossing takes, half the spread."""
        return self.of("mid") + (0.5 * slippage) * self.of("spread")

    def cost(self) -> FloatArray:
        """Return what it costs with the slippage that the search pays."""
        return self.price(slippage=self._slippage)

    def edge(self, *, market: bool) -> FloatArray:
        """Return what it is worth on average beyond its cost, by the market or the forecast."""
        ratio, iv = self._option.ratio, self._quotes.iv
        mean = self._values.mean(self._option, self._strikes, iv, market=market)
        return ratio * mean - self.of("cost")

    def size(self, *, sold: bool) -> FloatArray:
        """Return |delta| of an option sold, or bought; the other has no say."""
        return np.abs(self._quotes.delta) if sold == self._sold else self._silent(-np.inf)

    def touched(self) -> FloatArray:
        """Return the chance that the share is at the strike of an option sold before it ends."""
        if not self._sold:
            return self._silent(-np.inf)
        spot, of = self._chain.spot, self._slice
        called = self._option.kind is Kind.CALL
        contracts = Contracts.of(
            spot=spot,
            strike=self._strikes,
            years=of.years,
            rate=np.log(of.forward / spot) / of.years,
            is_call=called,
        )
        inside = self._strikes <= spot if called else self._strikes >= spot
        return np.where(inside, 1.0, touch(contracts, self._quotes.iv))

    def sold_below(self, kind: Kind) -> FloatArray:
        """Return the chance of ending at or below the strike of an option of a kind sold."""
        if self._sold and self._option.kind is kind:
            return self._slice.market.below(self._strikes)
        return self._silent(np.inf if kind is Kind.CALL else -np.inf)

    def distance(self) -> FloatArray:
        """Return how far out an option sold is, in expected moves."""
        if not self._sold:
            return self._silent(np.inf)
        return self._option.sign * (self._strikes - self._chain.spot) / self._move

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
    **{name: partial(Columns.times, name=name) for name in ("delta", "gamma", "theta", "vega")},
    **{name: partial(Columns.plain, name=name) for name in ("iv", "open_interest", "volume")},
}


def _spread(quotes: Quotes, rows: np.ndarray, size: int) -> Quotes:
    """Return the columns on a longer axis, unknown where nothing is listed."""
    spread: dict[str, FloatArray] = {}
    for each in fields(Quotes):
        column = np.full(size, np.nan)
        column[rows] = getattr(quotes, each.name)
        spread[each.name] = column
    return Quotes(**spread)
