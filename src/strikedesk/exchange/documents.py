"""Accounts, orders and book lines as JSON documents, and back.

Law: reading what was written gives an equal value.
"""

from collections.abc import Iterable
from decimal import Decimal

from strikedesk.domain.accounts import AccountKind, OptionLevel, Transaction, TransactionKind
from strikedesk.domain.broking import BrokerOrder, Fill
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.exchange import fields
from strikedesk.exchange.accounts import (
    NOTHING,
    PaperAccount,
    Stake,
)
from strikedesk.exchange.book import WorkingOrder, parts_of
from strikedesk.exchange.fields import Document
from strikedesk.exchange.holding_documents import (
    read_pieces,
    read_receivables,
    read_today,
    write_count,
    write_pieces,
    write_receivable,
    write_today,
)
from strikedesk.exchange.membership import Membership, Pending, Wish

_FILL = ("id", "at", "symbol", "quantity", "price", "fees")
_GROUP = ("id", "kind", "place")
_PENDING = ("wish", "due")
_LEG = ("symbol", "action", "quantity")
_STAKE = ("symbol", "quantity", "cost", "opened_at")


def write_account(account: PaperAccount) -> dict[str, Json]:
    """Return an account as a document; its id is the document's."""
    return {
        "handle": account.handle,
        "nickname": account.nickname,
        "kind": account.kind.value,
        "cash": str(account.cash),
        "deposits": str(account.deposits),
        "realized": str(account.realized),
        "fees": str(account.fees),
        "dividends": str(account.dividends),
        "stakes": [
            [symbol.compact, stake.quantity, str(stake.cost), fields.told_at(stake.opened_at)]
            for symbol, stake in account.stakes.items()
        ],
        "receivables": [write_receivable(receivable) for receivable in account.receivables],
        "today": None if account.today is None else write_today(account.today),
        "level": account.option_level,
        "intraday": account.intraday,
        "called": _written(account.called),
        **write_pieces(account),
    }


def read_account(account_id: str, document: Document) -> PaperAccount:
    """Return the account of a document; one of before there were dividends has none."""
    return PaperAccount(
        account_id=account_id,
        handle=fields.text(document, "handle"),
        nickname=fields.text(document, "nickname"),
        kind=fields.choice(document, "kind", AccountKind),
        cash=fields.amount(document, "cash"),
        deposits=fields.amount(document, "deposits"),
        realized=fields.amount(document, "realized"),
        fees=fields.amount(document, "fees"),
        dividends=fields.amount_or(document, "dividends", NOTHING),
        receivables=read_receivables(document),
        today=read_today(document),
        stakes={
            parse_symbol(fields.text(row, "symbol")): Stake(
                quantity=fields.whole(row, "quantity"),
                cost=fields.amount(row, "cost"),
                opened_at=fields.instant(row, "opened_at"),
            )
            for row in fields.rows(document, "stakes", *_STAKE)
        },
        # Accounts that were written before there were levels have the highest of their kind.
        option_level=fields.choice_or_none(document, "level", OptionLevel),
        intraday=fields.flag(document, "intraday") if "intraday" in document else False,
        called=fields.amount_or_none(document, "called"),
        pieces=read_pieces(document),
    )


def write_order(order: WorkingOrder) -> dict[str, Json]:
    """Return a working order as a document; its id is the document's."""
    return {
        "number": order.number,
        "client": order.client_order_id,
        "request": write_request(order.request),
        "closing": [part.closes for part in order.parts],
        "created": fields.told_at(order.created_at),
        "updated": fields.told_at(order.updated_at),
        "expires": None if order.expires_at is None else fields.told_at(order.expires_at),
        "reserved": str(order.reserved),
        "arrived": order.arrived,
        "triggered": order.triggered,
        "filled": order.filled,
        "net_sum": str(order.net_sum),
        "fees": str(order.fees),
        "fills": _write_fills(order.fills),
        "replaces": order.replaces,
        **_write_ties(order),
    }


def read_order(order_id: str, document: Document) -> WorkingOrder:
    """Return the working order of a document."""
    request = read_request(fields.part(document, "request"))
    closing = tuple(closes is True for closes in fields.items(document, "closing"))
    if len(closing) != len(request.legs):
        raise fields.damaged("closing")
    return WorkingOrder(
        order_id=order_id,
        number=fields.whole(document, "number"),
        client_order_id=fields.text(document, "client"),
        request=request,
        parts=parts_of(request, closing),
        created_at=fields.instant(document, "created"),
        updated_at=fields.instant(document, "updated"),
        expires_at=fields.instant_or_none(document, "expires"),
        reserved=fields.amount(document, "reserved"),
        arrived=fields.flag(document, "arrived"),
        triggered=fields.flag(document, "triggered"),
        filled=fields.whole(document, "filled"),
        net_sum=fields.amount(document, "net_sum"),
        fees=fields.amount(document, "fees"),
        fills=_read_fills(document),
        replaces=fields.text_or_none(document, "replaces"),
        group=_read_group(document),
        waits_for=fields.text_or_none(document, "waits_for"),
        cut=fields.whole_or_none(document, "cut") or 0,
        slot=fields.text_or_none(document, "slot"),
        pending=_read_pending(document),
    )


def write_ended(order: BrokerOrder) -> dict[str, Json]:
    """Return an order that has ended as a document."""
    return {
        "id": order.broker_order_id,
        "client": order.client_order_id,
        "request": write_request(order.order),
        "state": order.state.value,
        "filled": order.filled_units,
        "average": _written(order.average_net),
        "fees": _written(order.fees),
        "fills": _write_fills(order.fills),
        "replaces": order.replaces,
        "replaced_by": order.replaced_by,
        "code": order.reject_code,
        "message": order.message,
        "created": None if order.created_at is None else fields.told_at(order.created_at),
        "updated": None if order.updated_at is None else fields.told_at(order.updated_at),
        "group": order.group_id,
        "waits_for": order.waits_for,
    }


def read_ended(document: Document) -> BrokerOrder:
    """Return the ended order of a document."""
    return BrokerOrder(
        broker_order_id=fields.text(document, "id"),
        client_order_id=fields.text_or_none(document, "client"),
        order=read_request(fields.part(document, "request")),
        state=fields.choice(document, "state", OrderState),
        filled_units=fields.whole(document, "filled"),
        average_net=fields.amount_or_none(document, "average"),
        fees=fields.amount_or_none(document, "fees"),
        fills=_read_fills(document),
        replaces=fields.text_or_none(document, "replaces"),
        replaced_by=fields.text_or_none(document, "replaced_by"),
        reject_code=fields.text_or_none(document, "code"),
        message=fields.text_or_none(document, "message"),
        created_at=fields.instant_or_none(document, "created"),
        updated_at=fields.instant_or_none(document, "updated"),
        group_id=fields.text_or_none(document, "group"),
        waits_for=fields.text_or_none(document, "waits_for"),
    )


def write_line(line: Transaction) -> dict[str, Json]:
    """Return a line of the book as a document."""
    return {
        "id": line.transaction_id,
        "account": line.account_id,
        "at": fields.told_at(line.at),
        "kind": line.kind.value,
        "text": line.description,
        "cash": str(line.cash_effect),
        "symbol": None if line.symbol is None else line.symbol.compact,
        "quantity": line.quantity,
        "price": _written(line.price),
        "fees": _written(line.fees),
        "order": line.order_id,
        "realized": _written(line.realized),
        **({} if line.fraction is None else {"fraction": str(line.fraction)}),
    }


def read_line(document: Document) -> Transaction:
    """Return the line of a document."""
    symbol = fields.text_or_none(document, "symbol")
    quantity = document.get("quantity")
    return Transaction(
        transaction_id=fields.text(document, "id"),
        account_id=fields.text(document, "account"),
        at=fields.instant(document, "at"),
        kind=fields.choice(document, "kind", TransactionKind),
        description=fields.text(document, "text"),
        cash_effect=fields.amount(document, "cash"),
        symbol=None if symbol is None else parse_symbol(symbol),
        quantity=None if quantity is None else fields.whole(document, "quantity"),
        price=fields.amount_or_none(document, "price"),
        fees=fields.amount_or_none(document, "fees"),
        order_id=fields.text_or_none(document, "order"),
        realized=fields.amount_or_none(document, "realized"),
        fraction=fields.amount_or_none(document, "fraction"),
    )


def write_request(request: OrderRequest) -> dict[str, Json]:
    """Return what an order asks for as a document; legs stay in their order."""
    return {
        "account": request.account_id,
        "legs": [[leg.symbol.compact, leg.action.value, leg.quantity] for leg in request.legs],
        "type": request.order_type.value,
        "limit": _written(request.limit_net),
        "stop": _written(request.stop_trigger),
        "tif": request.time_in_force.value,
        "gtd": None if request.gtd_date is None else request.gtd_date.isoformat(),
        **({} if request.value is None else {"value": str(request.value)}),
    }


def read_request(document: Document) -> OrderRequest:
    """Return what the order of a document asks for."""
    return OrderRequest(
        account_id=fields.text(document, "account"),
        legs=tuple(
            Leg(
                symbol=parse_symbol(fields.text(row, "symbol")),
                action=fields.choice(row, "action", Action),
                quantity=fields.whole(row, "quantity"),
            )
            for row in fields.rows(document, "legs", *_LEG)
        ),
        order_type=fields.choice(document, "type", OrderType),
        limit_net=fields.amount_or_none(document, "limit"),
        stop_trigger=fields.amount_or_none(document, "stop"),
        time_in_force=fields.choice(document, "tif", TimeInForce),
        gtd_date=fields.day_or_none(document, "gtd"),
        value=fields.amount_or_none(document, "value"),
    )


def _write_ties(order: WorkingOrder) -> dict[str, Json]:
    """Return what most orders have nothing of; older documents lack all of it."""
    group, pending = order.group, order.pending
    return {
        "group": None if group is None else [group.group_id, group.kind.value, group.place],
        "waits_for": order.waits_for,
        "cut": order.cut,
        "slot": order.slot,
        "pending": None if pending is None else [pending.wish.value, pending.due.isoformat()],
    }


def _read_group(document: Document) -> Membership | None:
    row = fields.row_or_none(document, "group", *_GROUP)
    if row is None:
        return None
    return Membership(
        group_id=fields.text(row, "id"),
        kind=fields.choice(row, "kind", GroupKind),
        place=fields.whole(row, "place"),
    )


def _read_pending(document: Document) -> Pending | None:
    row = fields.row_or_none(document, "pending", *_PENDING)
    if row is None:
        return None
    return Pending(wish=fields.choice(row, "wish", Wish), due=fields.instant(row, "due"))


def _write_fills(fills: Iterable[Fill]) -> list[Json]:
    return [
        [
            fill.fill_id,
            fields.told_at(fill.at),
            fill.symbol.compact,
            write_count(fill.signed_quantity),
            str(fill.price),
            str(fill.known_fees),
        ]
        for fill in fills
    ]


def _read_fills(document: Document) -> tuple[Fill, ...]:
    return tuple(
        Fill(
            fill_id=fields.text(row, "id"),
            at=fields.instant(row, "at"),
            symbol=parse_symbol(fields.text(row, "symbol")),
            signed_quantity=fields.count(row, "quantity"),
            price=fields.amount(row, "price"),
            fees=fields.amount(row, "fees"),
        )
        for row in fields.rows(document, "fills", *_FILL)
    )


def _written(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
