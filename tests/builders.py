"""Things that tests talk about, with every detail they do not care about filled in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from strikedesk.domain.accounts import Environment
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import Json, Note, OrderRecord, PreviewRecord, TicketKind
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import OptionSymbol, Right, parse_symbol

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


def an_order_by_value(
    value: str = "50",
    symbol: str = "SPY",
    action: Action = Action.BUY,
    account_id: str = "PAPER0001",
) -> OrderRequest:
    """Return an order for so many USD of shares."""
    return OrderRequest(
        account_id=account_id,
        legs=(a_leg(symbol, action),),
        order_type=OrderType.NOTIONAL_MARKET,
        value=Decimal(value),
    )


def an_order_record(number: int = 1, **told: Any) -> OrderRecord:
    """Return the row of a preview, with ids of its own by `number`."""
    plain: dict[str, Any] = {
        "order_id": f"order-{number}",
        "preview_id": f"preview-{number}",
        "client_order_id": f"client-{number}",
        "kind": TicketKind.PLACE,
        "state": OrderState.PREVIEWED,
        "account_id": "PAPER0001",
        "account_handle": "paper-margin",
        "broker": "paper",
        "environment": Environment.PAPER,
        "caller": "local",
        "order": an_order(),
        "created_at": NOON,
        "updated_at": NOON,
    }
    return OrderRecord(**{**plain, **told})


def a_preview(number: int = 1, **told: Any) -> PreviewRecord:
    """Return a preview that may be confirmed for two minutes from noon."""
    record = an_order_record(number, **told)
    return PreviewRecord(
        record=record,
        nonce_hash=f"hash-{number}",
        binding=f"binding-{number}",
        created_at=record.created_at,
        expires_at=record.created_at + timedelta(seconds=120),
        shown={"max_loss": "120.00", "warnings": ["wide"]},
    )


def a_note(kind: str = "noted", *, seconds: float = 0, **body: Json) -> Note:
    """Return a line for the audit trail, so many seconds after noon."""
    at = NOON + timedelta(seconds=seconds)
    return Note(at=at, actor="local", path="test", kind=kind, body=body)


def a_contract(
    root: str, day: date, right: Right = Right.CALL, strike: str = "100"
) -> OptionSymbol:
    """Return a contract of that root and day."""
    return OptionSymbol(root, day, right, Decimal(strike))


def a_group_preview(
    number: int = 1, *, kind: GroupKind = GroupKind.OTO, **told: Any
) -> PreviewRecord:
    """Return a preview of calls bought and, once they are, sold again; by one side or by two."""
    first = f"order-{number}"
    rows = [
        an_order_record(
            number,
            order_id=first if place == 1 else f"{first}-{place}",
            preview_id=f"preview-{number}" if place == 1 else f"preview-{number}-{place}",
            client_order_id=f"client-{number}-{place}",
            order=an_order() if place == 1 else an_exit(f"-{place}.00"),
            group_id=first,
            group_kind=kind,
            group_place=place,
            **told,
        )
        for place in range(1, 3 if kind is GroupKind.OTO else 4)
    ]
    return replace(a_preview(number, **told), record=rows[0], others=tuple(rows[1:]))


def an_exit(net: str) -> OrderRequest:
    """Return the order that sells the one call again."""
    return an_order(a_leg(action=Action.SELL_TO_CLOSE), net=net)
