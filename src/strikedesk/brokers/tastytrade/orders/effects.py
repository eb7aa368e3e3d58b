"""Whether a leg opens or closes: tastytrade wants it said, where shares at the desk need not."""

from collections.abc import Mapping
from dataclasses import replace

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, Leg, OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol


def asks_what_is_held(order: OrderRequest) -> bool:
    """Whether what is held decides what an action means."""
    return any(leg.action is Action.BUY for leg in order.legs)


def explicit(order: OrderRequest, held: Mapping[Symbol, int]) -> OrderRequest:
    """Return the order with every action saying whether it opens.

    A plain `sell` closes: it never opens a short. A plain `buy` covers what is short, else opens.

    Raises:
        Denied: INVALID_LEGS for a buy that would do both.
    """
    legs = tuple(_explicit(leg, held.get(leg.symbol, 0)) for leg in order.legs)
    return order if legs == order.legs else replace(order, legs=legs)


def _explicit(leg: Leg, held: int) -> Leg:
    if leg.action is Action.SELL:
        return replace(leg, action=Action.SELL_TO_CLOSE)
    if leg.action is not Action.BUY:
        return leg
    if -leg.quantity < held < 0:
        raise Denied(
            Reason.INVALID_LEGS,
            rule="one_order_covers_or_opens",
            symbol=leg.symbol.compact,
            held=held,
        )
    return replace(leg, action=Action.BUY_TO_CLOSE if held < 0 else Action.BUY_TO_OPEN)
