"""Orders by value: what an amount of USD comes to in shares, and the whole shares it is weighed as.

Every figure, limit and cover of the desk counts whole shares. So one order stands in for an order
by value wherever one is weighed: of whole shares, rounded up, so that no rounding lets anything
pass that the amount itself would not.
"""

from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Final

from strikedesk.domain.orders import OrderRequest, OrderType
from strikedesk.domain.quotes import Quote

# The finest part of a share that is held or told.
SHARE_STEP: Final = Decimal("0.00001")


def shares_for(value: Decimal, price: Decimal) -> Decimal:
    """Return the shares that `value` USD buys or sells at `price`, rounded down to the step."""
    return (value / price).quantize(SHARE_STEP, rounding=ROUND_DOWN)


def in_whole_shares(order: OrderRequest, quote: Quote | None) -> OrderRequest | None:
    """Return the market order of whole shares that an order by value is weighed as.

    As many as the value comes to at the side that it meets, rounded up: of a purchase none is
    missing in what is limited, of a sale none in what is taken from a cover. None where the quote
    has not both sides.
    """
    parts = _parts(order, quote)
    if parts is None:
        return None
    whole, rest, _ = parts
    leg = replace(order.legs[0], quantity=int(whole) + (1 if rest else 0))
    return replace(order, order_type=OrderType.MARKET, legs=(leg,), value=None)


def pays_the_rest(order: OrderRequest, quote: Quote | None, fraction: Decimal) -> bool:
    """Whether the fraction held has all of a sale by value that is beside whole shares.

    Law: with one share more before such a sale, what is left after its stand-in is exactly what is
    left of whole shares after itself.
    """
    parts = _parts(order, quote)
    if parts is None or order.legs[0].action.sign > 0:
        return False
    _, rest, price = parts
    return bool(rest) and rest <= fraction * price


def _parts(order: OrderRequest, quote: Quote | None) -> tuple[Decimal, Decimal, Decimal] | None:
    """Return the whole shares of the value, the USD that are left over, and the price."""
    if order.value is None or quote is None or not quote.two_sided:
        return None
    price = quote.natural(order.legs[0].action.sign)
    if not price:
        return None
    whole, rest = divmod(order.value, price)
    return whole, rest, price
