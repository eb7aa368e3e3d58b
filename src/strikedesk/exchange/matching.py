"""Matching: what an order gets from a market that shows bids, asks and sizes.

Law: an order never trades through its limit, a side that is missing never fills, and no more is
filled than the quote displays and nobody took before.

On arrival an order trades at the natural side of each leg. A limit order that has rested trades at
its own limit when the market reaches it: nobody improves a price that stands. Before that it may
have its turn in the line at its price: see `line`. The legs of a resting
spread begin at their natural prices; the difference to the limit is put on bought legs first (they
become dearer), then on sold ones (they become cheaper, never below nothing), in the order of their
price. Leg prices are multiples of PRICE_STEP and add up exactly to the net that is reported, which
differs from the limit by less than a step, in our favour, where ratios do not divide it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from strikedesk.domain.money import PRICE_STEP
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import NOTHING, PaperAccount
from strikedesk.exchange.book import Part, WorkingOrder, net_of
from strikedesk.exchange.world import World

_NO_BOUND: Final = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """So many units at these leg prices, USD per share. `in_line` = by its turn in the line."""

    units: int
    net: Decimal
    prices: Mapping[Symbol, Decimal]
    in_line: bool = False


def match(
    world: World, order: WorkingOrder, quotes: Mapping[Symbol, Quote], *, fresh: bool
) -> Match | None:
    """Return what an order trades against these quotes, or None.

    `fresh` is True at the first quotes that it meets; later it has rested.
    """
    naturals = natural_prices(order.parts, quotes)
    if naturals is None:
        return None
    net = net_of(order.parts, naturals)
    if order.limit is not None and net > order.limit:
        return None
    units = min(order.remaining, _displayed(world, order.parts, quotes))
    if not units:
        return None
    if fresh or order.limit is None:
        return Match(units=units, net=net, prices=naturals)
    prices = _rested(order, naturals, net)
    return Match(units=units, net=net_of(order.parts, prices), prices=prices)


def natural_prices(
    parts: tuple[Part, ...], quotes: Mapping[Symbol, Quote]
) -> dict[Symbol, Decimal] | None:
    """Return the side that each leg meets, or None where one is missing."""
    prices: dict[Symbol, Decimal] = {}
    for part in parts:
        quote = quotes.get(part.symbol)
        price = None if quote is None else quote.natural(part.sign)
        if price is None or price <= 0:
            return None
        prices[part.symbol] = price
    return prices


def touched(order: WorkingOrder, quotes: Mapping[Symbol, Quote]) -> bool:
    """Whether the mark of the one leg has reached the stop: a buyer's from below."""
    part, trigger = order.parts[0], order.request.stop_trigger
    quote = quotes.get(part.symbol)
    if quote is None or quote.mark is None or trigger is None:
        return False
    return quote.mark >= trigger if part.sign > 0 else quote.mark <= trigger


def closable(account: PaperAccount, parts: tuple[Part, ...]) -> int:
    """Return the units that can be filled before a closing leg would open the other side."""
    units = [
        max(0, -part.sign * account.held(part.symbol)) // part.ratio
        for part in parts
        if part.closes
    ]
    return min(units, default=_NO_BOUND)


def _displayed(world: World, parts: tuple[Part, ...], quotes: Mapping[Symbol, Quote]) -> int:
    """Return the units that the displayed sizes allow; a market that tells no size bounds none."""
    units = _NO_BOUND
    for part in parts:
        quote = quotes[part.symbol]
        size = quote.ask_size if part.sign > 0 else quote.bid_size
        if size is not None:
            left = max(0, size - world.taken_from(quote, part.sign))
            units = min(units, left // part.ratio)
    return units


def _rested(
    order: WorkingOrder, naturals: Mapping[Symbol, Decimal], net: Decimal
) -> dict[Symbol, Decimal]:
    """Return leg prices that add up to the order's own limit; see the module's law."""
    prices = dict(naturals)
    surplus = (NOTHING if order.limit is None else order.limit) - net
    for part in sorted(order.parts, key=lambda p: (-p.sign, -naturals[p.symbol])):
        step = _part_of(surplus, part, prices[part.symbol])
        prices[part.symbol] += step * part.sign
        surplus -= step * abs(part.weight)
    return prices


def _part_of(surplus: Decimal, part: Part, price: Decimal) -> Decimal:
    """Return by how much this leg's price moves against us, on the step, at most to nothing."""
    step = (surplus / abs(part.weight)).quantize(PRICE_STEP, rounding=ROUND_FLOOR)
    return step if part.sign > 0 else min(step, price)
