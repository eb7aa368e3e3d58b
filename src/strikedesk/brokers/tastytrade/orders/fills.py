"""What filled of an order, and at what net price."""

from collections import defaultdict
from decimal import Decimal
from typing import Final

from strikedesk.brokers.tastytrade.orders.words import OVER
from strikedesk.brokers.tastytrade.payloads.orders import LegTold, OrderTold
from strikedesk.domain.broking import Fill
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.symbols import Symbol

_FINEST: Final = Decimal("0.000001")


def filled_units(order: OrderRequest, told: OrderTold) -> int:
    """Return how many whole units filled: of a spread, as many as its slowest leg has.

    Of an order by value there is one. While it works none has filled; once it is over that is the
    one where anything of it did.
    """
    if order.by_value:
        return int(told.status in OVER and any(_filled(leg) for leg in told.legs))
    legs = zip(order.legs, told.legs, strict=True)
    return min(int(_filled(leg) * order.units // asked.quantity) for asked, leg in legs)


def fills_of(order: OrderRequest, told: OrderTold) -> tuple[Fill, ...]:
    """Return every execution that is told whole. The broker does not tell what one cost."""
    return tuple(
        Fill(
            fill_id=fill.fill_id or fill.ext_group_fill_id or f"{told.id}-{place}-{number}",
            at=fill.filled_at,
            symbol=leg.symbol,
            signed_quantity=_counted(order, fill.quantity) * leg.action.sign,
            price=fill.fill_price,
            fees=None,
        )
        for place, (leg, told_leg) in enumerate(zip(order.legs, told.legs, strict=True), start=1)
        for number, fill in enumerate(told_leg.fills, start=1)
        if fill.filled_at is not None and fill.quantity and fill.fill_price is not None
    )


def _counted(order: OrderRequest, quantity: Decimal) -> int | Decimal:
    """Return a quantity as the desk counts it: whole, but for an order by value."""
    return quantity if order.by_value else int(quantity)


def average_net(order: OrderRequest, told: OrderTold, filled: int) -> Decimal | None:
    """Return the net price per share of one unit of what filled, USD.

    None as long as fills of a leg are missing: an order is told filled before all of them are.
    """
    if not filled:
        return None
    prices = dict[Symbol, Decimal]()
    for leg, told_leg in zip(order.legs, told.legs, strict=True):
        # How many shares an amount comes to nobody knows before: what is told is all there is.
        least = 0 if order.by_value else filled * leg.quantity // order.units
        price = _average(leg, told_leg, least)
        if price is None:
            return None
        prices[leg.symbol] = price
    return order.net_of(prices).quantize(_FINEST).normalize() + 0


def _average(leg: Leg, told: LegTold, at_least: int) -> Decimal | None:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for fill in told.fills:
        if fill.quantity is not None and fill.fill_price is not None:
            sums["quantity"] += fill.quantity
            sums["value"] += fill.quantity * fill.fill_price
    if sums["quantity"] < min(at_least, leg.quantity) or not sums["quantity"]:
        return None
    return sums["value"] / sums["quantity"]


def _filled(told: LegTold) -> Decimal:
    """Return what filled of a leg: what is not left, or the sum of its fills if that is more."""
    fills = sum((fill.quantity or Decimal(0) for fill in told.fills), Decimal(0))
    if told.quantity is None or told.remaining_quantity is None:
        return fills
    return max(fills, told.quantity - told.remaining_quantity)
