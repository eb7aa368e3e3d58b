"""Rows of orders, previews and nonces. Every function runs inside a transaction of its caller."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from strikedesk.domain.ledger import NonceState, OrderRecord, PreviewRecord, TicketKind
from strikedesk.domain.orders import read_canonical
from strikedesk.store.schema import nonces, order_previews, orders
from strikedesk.store.types import Query

_NEWEST_FIRST: Final = (orders.c.created_at.desc(), orders.c.order_id.desc())
_PLAIN: Final = tuple(c.name for c in orders.columns if c.name != "canonical")

_ORDER: Final = select(orders).where(orders.c.order_id == bindparam("wanted"))
_LOCKED: Final = _ORDER.with_for_update()
_LOCKED_OF_PREVIEW: Final = (
    select(orders).where(orders.c.preview_id == bindparam("wanted")).with_for_update()
)
_BY_CLIENT_ID: Final = select(orders).where(orders.c.client_order_id == bindparam("wanted"))
_BY_BROKER_ID: Final = (
    select(orders)
    .where(
        orders.c.broker == bindparam("by"),
        orders.c.broker_order_id == bindparam("wanted"),
        orders.c.kind != TicketKind.CANCEL,
    )
    .order_by(*_NEWEST_FIRST)
    .limit(1)
)
_PREVIEW: Final = (
    select(
        orders,
        order_previews.c.shown,
        nonces.c.nonce_hash,
        nonces.c.binding,
        nonces.c.state.label("nonce_state"),
        nonces.c.created_at.label("minted_at"),
        nonces.c.expires_at,
    )
    .join(order_previews, order_previews.c.preview_id == orders.c.preview_id)
    .join(nonces, nonces.c.preview_id == orders.c.preview_id)
    .where(orders.c.preview_id == bindparam("wanted"))
)
_ORDER_OF_PREVIEW: Final = select(orders.c.order_id).where(
    orders.c.preview_id == bindparam("wanted")
)
_LIVE: Final = update(nonces).where(
    nonces.c.preview_id == bindparam("wanted"), nonces.c.state == NonceState.LIVE
)
_CLAIM: Final = _LIVE.where(
    nonces.c.nonce_hash == bindparam("hashed"),
    nonces.c.binding == bindparam("bound_to"),
    nonces.c.created_at <= bindparam("instant"),
    nonces.c.expires_at > bindparam("instant"),
)
_MOVE: Final = update(orders).where(orders.c.order_id == bindparam("wanted"))
_ADD_ORDER: Final = insert(orders)
_ADD_PREVIEW: Final = insert(order_previews)
_ADD_NONCE: Final = insert(nonces)


def add_preview(connection: Connection, preview: PreviewRecord) -> None:
    """Write a preview, its order and its nonce."""
    record = preview.record
    connection.execute(_ADD_ORDER, _columns_of(record))
    connection.execute(_ADD_PREVIEW, {"preview_id": record.preview_id, "shown": preview.shown})
    connection.execute(
        _ADD_NONCE,
        {
            "preview_id": record.preview_id,
            "nonce_hash": preview.nonce_hash,
            "binding": preview.binding,
            "state": preview.nonce_state,
            "created_at": preview.created_at,
            "expires_at": preview.expires_at,
        },
    )


def preview_by_id(connection: Connection, preview_id: str) -> PreviewRecord | None:
    """Return a preview with its order as it stands now."""
    row = _one(connection, _PREVIEW, wanted=preview_id)
    if row is None:
        return None
    return PreviewRecord(
        record=_record_of(row),
        nonce_hash=row["nonce_hash"],
        binding=row["binding"],
        created_at=row["minted_at"],
        expires_at=row["expires_at"],
        shown=row["shown"],
        nonce_state=row["nonce_state"],
    )


def spend_nonce(
    connection: Connection, preview_id: str, *, nonce_hash: str, binding: str, now: datetime
) -> bool:
    """Spend a nonce if it is live, meant for this, and of its time: all in one statement."""
    asked = {
        "wanted": preview_id,
        "hashed": nonce_hash,
        "bound_to": binding,
        "instant": now,
        "state": NonceState.SPENT,
        "settled_at": now,
    }
    return connection.execute(_CLAIM, asked).rowcount == 1


def void_nonce(connection: Connection, preview_id: str, *, at: datetime) -> bool:
    """Kill a live nonce; False when it is not live."""
    asked = {"wanted": preview_id, "state": NonceState.VOID, "settled_at": at}
    return connection.execute(_LIVE, asked).rowcount == 1


def order_of_preview(connection: Connection, preview_id: str) -> str:
    """Return the id of the order that a preview, which exists, is of."""
    return connection.execute(_ORDER_OF_PREVIEW, {"wanted": preview_id}).scalar_one()


def locked_order(connection: Connection, order_id: str) -> OrderRecord | None:
    """Return an order that nobody else can move before this transaction ends."""
    return _record(_one(connection, _LOCKED, wanted=order_id))


def locked_order_of(connection: Connection, preview_id: str) -> OrderRecord | None:
    """Return the order of a preview, as `locked_order` does."""
    return _record(_one(connection, _LOCKED_OF_PREVIEW, wanted=preview_id))


def store_moved(connection: Connection, record: OrderRecord) -> None:
    """Write the row of an order after a move."""
    connection.execute(_MOVE, {"wanted": record.order_id, **_columns_of(record)})


def order_by_id(connection: Connection, order_id: str) -> OrderRecord | None:
    """Return an order by the desk's id."""
    return _record(_one(connection, _ORDER, wanted=order_id))


def order_by_client_id(connection: Connection, client_order_id: str) -> OrderRecord | None:
    """Return an order by the id that the broker was given."""
    return _record(_one(connection, _BY_CLIENT_ID, wanted=client_order_id))


def order_by_broker_id(connection: Connection, broker: str, wanted: str) -> OrderRecord | None:
    """Return the newest order, no cancel, that the broker knows by this id."""
    return _record(_one(connection, _BY_BROKER_ID, by=broker, wanted=wanted))


def page_of_orders(
    connection: Connection,
    *,
    account_id: str | None,
    states: Collection[str] | None,
    limit: int,
    offset: int,
) -> tuple[tuple[OrderRecord, ...], int]:
    """Return a page, newest first, and how many orders match."""
    matching = select(orders)
    if account_id is not None:
        matching = matching.where(orders.c.account_id == account_id)
    if states is not None:
        matching = matching.where(orders.c.state.in_(sorted(states)))
    count = matching.with_only_columns(func.count(), maintain_column_froms=True)
    page = matching.order_by(*_NEWEST_FIRST).limit(limit).offset(offset)
    rows = connection.execute(page).mappings()
    return tuple(_record_of(row) for row in rows), connection.execute(count).scalar_one()


def _one(connection: Connection, query: Query, **asked: str) -> RowMapping | None:
    return connection.execute(query, asked).mappings().one_or_none()


def _record(row: RowMapping | None) -> OrderRecord | None:
    return None if row is None else _record_of(row)


def _record_of(row: RowMapping) -> OrderRecord:
    plain = {name: row[name] for name in _PLAIN}
    return OrderRecord(order=read_canonical(row["canonical"]), **plain)


def _columns_of(record: OrderRecord) -> Mapping[str, Any]:
    plain = {name: getattr(record, name) for name in _PLAIN}
    return {**plain, "canonical": record.order.canonical}
