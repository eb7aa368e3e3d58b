"""The contracts that a pattern's options can be, of one expiration or two, on one axis of strikes.

Each option of the pattern has a column for every quantity, already times its ratio, so that a
combination's quantity is the sum, the least or the greatest of its options'.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final

import numpy as np

from strikedesk.quant.candidates.chain import Chain, Quotes, Slice
from strikedesk.quant.candidates.found import Flaw
from strikedesk.quant.candidates.search import Search
from strikedesk.quant.candidates.shape import Option, Shape
from strikedesk.quant.candidates.values import Values
from strikedesk.quant.contracts import BoolArray, Contracts
from strikedesk.quant.likelihoods import expected_move, touch
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind

# How the quantities of options come together.
SUMS: Final = (
    *("cost", "mid", "natural", "spread", "edge", "market_edge"),
    *("delta", "gamma", "theta", "vega", "iv"),
)
LEAST: Final = ("open_interest", "volume", "distance", "sold_calls_below")
GREATEST: Final = ("short_delta", "long_delta", "touch", "sold_puts_below")


@dataclass(frozen=True, eq=False, kw_only=True)
class Board:
    """What a search sees of one expiration, or of a nearer and a farther one.

    Units: `places` of the expirations in the chain; `strikes` USD, ascending; `move` the expected
    one, USD; `below` the chance of ending at or below each strike; `columns` for each of the
    pattern's options and quantity; `open` where an option is to be had.
    """

    chain: Chain
    shape: Shape
    places: tuple[int, ...]
    strikes: FloatArray
    move: float
    below: FloatArray
    columns: tuple[Mapping[str, FloatArray], ...]
    open: tuple[BoolArray, ...]
    values: Values

    @property
    def near(self) -> Slice:
        """The expiration, the nearer one of two."""
        return self.chain.slices[self.places[0]]

    @cached_property
    def tables(self) -> tuple[FloatArray, ...]:
        """Each option's value at the nearest expiration, strikes by prices of the share."""
        return tuple(
            self.values.over(option, self.strikes, columns["iv"])
            for option, columns in zip(self.shape.options, self.columns, strict=True)
        )


def flaws_of(quotes: Quotes) -> Mapping[Flaw, BoolArray]:
    """Return which rows are no contracts to trade, and why."""
    missing = ~(np.isfinite(quotes.bid) & np.isfinite(quotes.ask))
    no_bid = ~missing & ~(quotes.bid > 0.0)
    return {
        Flaw.NO_QUOTE: missing,
        Flaw.NO_BID: no_bid,
        Flaw.CROSSED: ~missing & ~no_bid & (quotes.bid > quotes.ask),
    }


def counted(slices: Sequence[Slice], kinds: set[Kind]) -> Counter[Flaw]:
    """Return how many contracts of some expirations have each flaw."""
    found = Counter[Flaw]()
    for each in slices:
        for kind in kinds:
            for flaw, rows in flaws_of(each.calls if kind is Kind.CALL else each.puts).items():
                found[flaw] += int(rows.sum())
    return found


def board_of(chain: Chain, search: Search, shape: Shape, places: tuple[int, ...]) -> Board:
    """Lay out one expiration, or two."""
    slices = [chain.slices[place] for place in places]
    near = slices[0]
    strikes = np.unique(np.concatenate([each.strikes for each in slices]))
    values = Values.of(chain, slices)
    move = float(expected_move(chain.spot, near.market.volatility, near.years))
    laid = [
        _Laid(chain, slices[option.month], option, strikes, move=move, values=values)
        for option in shape.options
    ]
    return Board(
        chain=chain,
        shape=shape,
        places=places,
        strikes=strikes,
        move=move,
        below=near.market.below(strikes),
        columns=tuple(each.columns(search) for each in laid),
        open=tuple(each.open(search) for each in laid),
        values=values,
    )


class _Laid:
    """One option of the pattern at every strike."""

    def __init__(
        self,
        chain: Chain,
        of: Slice,
        option: Option,
        strikes: FloatArray,
        *,
        move: float,
        values: Values,
    ) -> None:
        self._chain, self._slice, self._option = chain, of, option
        self._strikes, self._move, self._values = strikes, move, values
        quotes = of.calls if option.kind is Kind.CALL else of.puts
        flawed = np.logical_or.reduce(list(flaws_of(quotes).values()))
        rows = np.searchsorted(strikes, of.strikes)
        self._quotes = quotes if rows.size == strikes.size else _spread(quotes, rows, strikes.size)
        self._tradable = np.zeros(strikes.size, np.bool_)
        self._tradable[rows] = ~flawed

    def open(self, search: Search) -> BoolArray:
        """Return where it is to be had, in the window."""
        window = search.window
        ends = window.bought if self._option.ratio > 0 else window.sold
        if ends is None:
            return self._tradable
        size = np.abs(self._quotes.delta)
        return self._tradable & (size >= ends[0]) & (size <= ends[1])

    def columns(self, search: Search) -> dict[str, FloatArray]:
        """Return every quantity."""
        quotes, ratio = self._quotes, float(self._option.ratio)
        mid, half = 0.5 * (quotes.bid + quotes.ask), 0.5 * (quotes.ask - quotes.bid)
        cost = ratio * mid + search.slippage * abs(ratio) * half
        forecast, market = self._values.means(self._option, self._strikes, quotes.iv)
        return {
            "cost": cost,
            "mid": ratio * mid,
            "natural": ratio * mid + abs(ratio) * half,
            "spread": 2.0 * abs(ratio) * half,
            "edge": ratio * forecast - cost,
            "market_edge": ratio * market - cost,
            "delta": ratio * quotes.delta,
            "gamma": ratio * quotes.gamma,
            "theta": ratio * quotes.theta,
            "vega": ratio * quotes.vega,
            "iv": quotes.iv,
            "open_interest": quotes.open_interest,
            "volume": quotes.volume,
        } | self._of_its_side()

    def _of_its_side(self) -> dict[str, FloatArray]:
        """Return what only options sold, or only those bought, have; others have no say."""
        option, size = self._option, np.abs(self._quotes.delta)
        silent_low, silent_high = np.full(size.shape, -np.inf), np.full(size.shape, np.inf)
        if option.ratio > 0:
            sides = {"long_delta": size, "short_delta": silent_low, "touch": silent_low}
            levels = {"sold_calls_below": silent_high, "sold_puts_below": silent_low}
            return sides | levels | {"distance": silent_high}
        below = self._slice.market.below(self._strikes)
        called = option.kind is Kind.CALL
        return {
            "long_delta": silent_low,
            "short_delta": size,
            "touch": self._touch(),
            "sold_calls_below": below if called else silent_high,
            "sold_puts_below": silent_low if called else below,
            "distance": option.sign * (self._strikes - self._chain.spot) / self._move,
        }

    def _touch(self) -> FloatArray:
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


def _spread(quotes: Quotes, rows: np.ndarray, size: int) -> Quotes:
    """Return the columns on a longer axis, unknown where nothing is listed."""
    spread: dict[str, FloatArray] = {}
    for each in fields(Quotes):
        column = np.full(size, np.nan)
        column[rows] = getattr(quotes, each.name)
        spread[each.name] = column
    return Quotes(**spread)
