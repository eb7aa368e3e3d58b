"""Brackets for tests: a call bought, and sold again higher, or lower by a stop."""

from decimal import Decimal
from typing import Any

from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, OrderType, TimeInForce
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.draft import Terms
from strikedesk.orders.groups import GroupDraft
from strikedesk.orders.preview import Preview
from tests.builders import a_leg
from tests.fakes.broker import ACCOUNT
from tests.unit.order_desk import CALL, ME, OrderDesk

ENTRY = Terms(
    legs=(a_leg(CALL),),
    order_type=OrderType.LIMIT,
    price=Decimal("1.20"),
    price_effect=PriceEffect.DEBIT,
)


def an_exit_at(price: str = "2.40", *, quantity: int = 1, **told: Any) -> Terms:
    """Return a good-till-cancelled sale of the call."""
    plain: dict[str, Any] = {
        "legs": (a_leg(CALL, Action.SELL_TO_CLOSE, quantity),),
        "order_type": OrderType.LIMIT,
        "price": Decimal(price),
        "price_effect": PriceEffect.CREDIT,
        "time_in_force": TimeInForce.GTC,
    }
    return Terms(**{**plain, **told})


def a_stop_at(trigger: str = "0.80", price: str = "0.75", **told: Any) -> Terms:
    """Return the sale of the call once it has lost so much."""
    kind = OrderType.STOP_LIMIT
    return an_exit_at(price, order_type=kind, stop_trigger=Decimal(trigger), **told)


BRACKET = (ENTRY, an_exit_at(), a_stop_at())
EXITS = (an_exit_at(), a_stop_at())


def a_group(*orders: Terms, kind: GroupKind = GroupKind.OTOCO) -> GroupDraft:
    """Return a bracket, unless told otherwise."""
    return GroupDraft(account=ACCOUNT.handle, kind=kind, orders=orders or BRACKET)


def hold(orders: OrderDesk, quantity: int = 1, symbol: str = CALL) -> None:
    """Let the account hold so many."""
    orders.broker.held[parse_symbol(symbol)] = quantity


async def preview_of(
    orders: OrderDesk, *terms: Terms, kind: GroupKind = GroupKind.OTOCO
) -> Preview:
    """Preview a bracket, unless told otherwise."""
    return await orders.previewer.place_group(a_group(*terms, kind=kind), caller=ME)


async def rows_of(orders: OrderDesk, preview: Preview) -> list[OrderRecord]:
    """Return the rows of a group as the ledger has them, in their order."""
    first = await orders.row(preview)
    return [first, *await orders.ledger.others(first.order_id)]
