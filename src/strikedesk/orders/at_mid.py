"""Orders for which the desk itself proposes a price: the mid of now."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from strikedesk.domain.errors import Denied
from strikedesk.domain.money import CENT
from strikedesk.domain.orders import Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.ports import Quotes
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.orders.draft import check_shape, one_way
from strikedesk.orders.figures import mid_net, natural_net


async def order_at_mid(
    quotes: Quotes, legs: tuple[Leg, ...], account_id: str, time_in_force: TimeInForce
) -> OrderRequest:
    """Return a limit order at the mid, rounded towards the market.

    Raises:
        Denied: QUOTE_MISSING, or the shape rule that the legs break.
    """
    bare = OrderRequest(account_id=account_id, legs=legs, order_type=OrderType.MARKET)
    net = _proposal(bare, await quotes.fresh({leg.symbol for leg in legs}))
    if net is None:
        raise Denied(Reason.QUOTE_MISSING, symbols=", ".join(g.symbol.compact for g in legs))
    order = OrderRequest(
        account_id=account_id,
        legs=legs,
        order_type=OrderType.LIMIT,
        limit_net=net,
        time_in_force=time_in_force,
    )
    check_shape(order)
    return order


def _proposal(order: OrderRequest, quotes: Mapping[Symbol, Quote]) -> Decimal | None:
    """Return the mid rounded to the cent towards the market; the natural where there is no mid.

    What only buys or only sells is never proposed for nothing.
    """
    net = mid_net(order, quotes)
    if net is None:
        net = natural_net(order, quotes)
    if net is None:
        return None
    rounded, sign = net.quantize(CENT, rounding=ROUND_CEILING), one_way(order)
    return CENT * sign if sign and rounded * sign <= 0 else rounded
