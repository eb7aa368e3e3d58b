"""Profit and loss at expiration, exact, for any legs of one underlying and one expiration date.

Law: the payoff is piecewise linear in the underlying's price with corners at the strikes, so its
extremes lie at 0, at a strike, or at infinity; nothing is sampled.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from strikedesk.domain.money import PRICE_STEP, SHARES_PER_CONTRACT
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.symbols import OptionSymbol, Right, Symbol
from strikedesk.domain.value_class import value_class

_NOTHING: Final = Decimal(0)


@value_class
class Holding:
    """So many contracts or shares of a symbol, + long."""

    symbol: Symbol
    quantity: int

    def value_at(self, spot: Decimal) -> Decimal:
        """USD that it is worth at expiration when the underlying stands at `spot`."""
        if not isinstance(self.symbol, OptionSymbol):
            return spot * self.quantity
        call = self.symbol.right is Right.CALL
        inside = spot - self.symbol.strike if call else self.symbol.strike - spot
        return max(inside, _NOTHING) * SHARES_PER_CONTRACT * self.quantity

    @property
    def slope_at_infinity(self) -> int:
        """Shares that it stands for when the underlying is far above every strike."""
        if not isinstance(self.symbol, OptionSymbol):
            return self.quantity
        return SHARES_PER_CONTRACT * self.quantity if self.symbol.right is Right.CALL else 0

    @property
    def slope_at_zero(self) -> int:
        """Shares that it stands for when the underlying is far below every strike."""
        if not isinstance(self.symbol, OptionSymbol):
            return self.quantity
        return -SHARES_PER_CONTRACT * self.quantity if self.symbol.right is Right.PUT else 0


@value_class
class Payoff:
    """What can come of it at expiration, USD, before fees.

    `max_loss` and `max_profit` are amounts >= 0, `None` = unbounded; `break_evens` in ascending
    order, USD per share of the underlying.
    """

    max_loss: Decimal | None
    max_profit: Decimal | None
    break_evens: tuple[Decimal, ...]


def holdings_of(order: OrderRequest) -> tuple[Holding, ...]:
    """Return what a complete fill of `order` adds to the account."""
    return tuple(Holding(symbol=leg.symbol, quantity=leg.signed_quantity) for leg in order.legs)


def expirations_differ(holdings: Sequence[Holding]) -> bool:
    """Whether the options end on different days, so that no single payoff exists."""
    days = {h.symbol.expiration for h in holdings if isinstance(h.symbol, OptionSymbol)}
    return len(days) > 1


def payoff(holdings: Sequence[Holding], cash_effect: Decimal) -> Payoff:
    """Return the extremes and zeros of `holdings` paid for with `cash_effect` (+ = received)."""
    corners = _corners(holdings)
    results = [_result(holdings, cash_effect, spot) for spot in corners]
    slope = sum(h.slope_at_infinity for h in holdings)
    worst, best = min(results), max(results)
    return Payoff(
        max_loss=None if slope < 0 else max(-worst, _NOTHING),
        max_profit=None if slope > 0 else max(best, _NOTHING),
        break_evens=_zeros(corners, results, slope),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Low:
    """The least that holdings can be worth, USD, and the price of the underlying at which."""

    value: Decimal
    spot: Decimal


def lowest(holdings: Sequence[Holding]) -> Low | None:
    """Return the least that `holdings` are worth at one price for all; `None` = no bound.

    One walk up the strikes: books may hold hundreds of contracts, and every preview asks.
    """
    steps: dict[Decimal, int] = defaultdict(int)
    for holding in holdings:
        if isinstance(holding.symbol, OptionSymbol):
            steps[holding.symbol.strike] += SHARES_PER_CONTRACT * holding.quantity
    spot, value = _NOTHING, _result(holdings, _NOTHING, _NOTHING)
    slope = sum(h.slope_at_zero for h in holdings)
    low = Low(value=value, spot=spot)
    for strike in sorted(steps):
        value, spot = value + slope * (strike - spot), strike
        slope += steps[strike]
        low = Low(value=value, spot=spot) if value < low.value else low
    return None if slope < 0 else low


def _corners(holdings: Sequence[Holding]) -> list[Decimal]:
    strikes = {h.symbol.strike for h in holdings if isinstance(h.symbol, OptionSymbol)}
    return sorted({_NOTHING, *strikes})


def _result(holdings: Sequence[Holding], cash_effect: Decimal, spot: Decimal) -> Decimal:
    return cash_effect + sum((h.value_at(spot) for h in holdings), _NOTHING)


def _zeros(
    corners: Sequence[Decimal], results: Sequence[Decimal], slope: int
) -> tuple[Decimal, ...]:
    zeros: set[Decimal] = set()
    for (low, at_low), (high, at_high) in pairwise(zip(corners, results, strict=True)):
        if at_low * at_high < 0:
            zeros.add(low + (high - low) * at_low / (at_low - at_high))
    last, at_last = corners[-1], results[-1]
    if at_last * slope < 0:
        zeros.add(last - at_last / slope)
    zeros |= _touches(corners, results, slope)
    return tuple(sorted(zero.quantize(PRICE_STEP).normalize() + 0 for zero in zeros))


def _touches(corners: Sequence[Decimal], results: Sequence[Decimal], slope: int) -> set[Decimal]:
    """Corners at exactly zero where the result is not flat at zero on both sides."""
    touched: set[Decimal] = set()
    for index, result in enumerate(results):
        before = results[index - 1] if index else None
        after = results[index + 1] if index + 1 < len(results) else Decimal(slope)
        if result == 0 and (before not in {None, _NOTHING} or after != 0):
            touched.add(corners[index])
    return touched
