"""A world as the rows that a store keeps: what changed goes out, what is stored comes in."""

from collections.abc import Mapping
from datetime import datetime

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import WorldChange, WorldLine, WorldRows
from strikedesk.domain.symbols import parse_symbol
from strikedesk.exchange import documents, fields
from strikedesk.exchange.clock import read_clock
from strikedesk.exchange.fields import Document
from strikedesk.exchange.world import Counter, Frame, Taken, World

_TAKEN = ("symbol", "sign", "at", "quantity")


def ended_book(account_id: str) -> str:
    """Return the book that an account's ended orders are lines of."""
    return f"{account_id}/orders"


def change_of(world: World) -> WorldChange:
    """Return what happened to a world since it was forked, as rows to write."""
    changes = world.changes
    touched: dict[str, dict[str, Json]] = {
        order.order_id: {
            **documents.write_order(order),
            "ahead": world.line.get(order.order_id),
        }
        for order in map(world.orders.get, sorted(changes.orders))
        if order is not None
    }
    removed: dict[str, dict[str, Json]] = {order_id: {} for order_id in changes.removed}
    lines = tuple(
        WorldLine(
            line_id=line.transaction_id,
            account_id=line.account_id,
            at=line.at,
            document=documents.write_line(line),
        )
        for line in changes.lines
    )
    return WorldChange(
        header=write_header(world) if _moved(world) else None,
        accounts={
            account_id: documents.write_account(world.accounts[account_id])
            for account_id in changes.accounts
        },
        orders=touched | removed,
        lines=lines + tuple(_ended_line(order, world.advanced_to) for order in changes.ended),
    )


def read_world(rows: WorldRows) -> World:
    """Return the world of stored rows.

    Raises:
        Misconfigured: DATABASE_UNREADABLE.
    """
    world = read_header(rows.header)
    world.accounts = {
        key: documents.read_account(key, document) for key, document in rows.accounts.items()
    }
    orders = [documents.read_order(key, document) for key, document in rows.orders.items()]
    for order in sorted(orders, key=lambda order: order.number):
        world.orders.put(order)
    for order_id, document in rows.orders.items():
        ahead = fields.whole_or_none(document, "ahead")
        if ahead is not None:
            world.line[order_id] = ahead
    return world


def write_header(world: World) -> dict[str, Json]:
    """Return what a world is and how far it has come, as a document."""
    return {
        **world.frame.begins,
        "advanced_to": fields.told_at(world.advanced_to),
        "sequence": world.sequence,
        "taken": _write_taken(world.taken),
        "served": _write_taken(world.served),
        "latency_ms": world.frame.latency_ms,
    }


def read_header(header: Document) -> World:
    """Return a world without its accounts and orders."""
    return World(
        frame=Frame(
            name=fields.text(header, "name"),
            tag=fields.text(header, "tag"),
            opened_at=fields.instant(header, "opened_at"),
            clock=read_clock(fields.part(header, "clock")),
            source=fields.part(header, "source"),
            schedule=fields.text(header, "fees"),
            latency_ms=fields.whole_or_none(header, "latency_ms") or 0,
        ),
        advanced_to=fields.instant(header, "advanced_to"),
        sequence=fields.whole(header, "sequence"),
        taken=dict(_read_taken(row) for row in fields.rows(header, "taken", *_TAKEN)),
        served=dict(_read_taken(row) for row in fields.rows_or_none(header, "served", *_TAKEN)),
    )


def _moved(world: World) -> bool:
    """Whether anything at all changed: then how far time has come is written with it."""
    changes = world.changes
    return bool(
        changes.header or changes.accounts or changes.orders or changes.removed or changes.lines
    )


def _write_taken(counters: Mapping[Counter, Taken]) -> list[Json]:
    return [
        [symbol.compact, sign, fields.told_at(taken.at), taken.quantity]
        for (symbol, sign), taken in counters.items()
    ]


def _read_taken(row: Document) -> tuple[Counter, Taken]:
    counter = (parse_symbol(fields.text(row, "symbol")), fields.whole(row, "sign"))
    return counter, Taken(at=fields.instant(row, "at"), quantity=fields.whole(row, "quantity"))


def _ended_line(order: BrokerOrder, at: datetime) -> WorldLine:
    return WorldLine(
        line_id=order.broker_order_id,
        account_id=ended_book(order.order.account_id),
        at=order.updated_at or at,
        document=documents.write_ended(order),
    )
