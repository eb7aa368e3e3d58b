"""Things that tests talk about, with every detail they do not care about filled in."""

from datetime import UTC, datetime
from decimal import Decimal

from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.symbols import parse_symbol

# A Friday at 11:00 in New York, the market open.
NOON = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def a_leg(
    symbol: str = "AAPL261218C00200000",
    action: Action = Action.BUY_TO_OPEN,
    quantity: int = 1,
) -> Leg:
    """Return one contract bought to open, unless told otherwise."""
    return Leg(symbol=parse_symbol(symbol), action=action, quantity=quantity)


def an_order(*legs: Leg, net: str | None = "1.20", account_id: str = "PAPER0001") -> OrderRequest:
    """Return a limit order for the day."""
    return OrderRequest(
        account_id=account_id,
        legs=legs or (a_leg(),),
        order_type=OrderType.LIMIT if net is not None else OrderType.MARKET,
        limit_net=Decimal(net) if net is not None else None,
    )
