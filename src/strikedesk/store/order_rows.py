"""Rows of orders, previews and nonces. Every function runs inside a transaction of its caller."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Text, bindparam, func, insert, select, type_coerce, update

from strikedesk.domain.canonical import Written
from strikedesk.domain.ledger import NonceState, OrderRecord, PreviewRecord, TicketKind
from strikedesk.domain.orders import read_canonical
from strikedesk.store.faults import legible
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import nonces, order_previews, orders

_NEWEST_FIRST: Final = (orders.c.created_at.desc(), orders.c.order_id.desc())
_COLUMNS: Final = tuple(c.name for c in orders.columns)
_PLAIN: Final = tuple(name for name in _COLUMNS if name != "canonical")
_MOVABLE: Final = (
    "state",
    "updated_at",
    "broker_order_id",
    "filled_units",
    "average_net",
    "fees",
    "reason",
    "replaced_by",
)

_BY_ID: Final = select(orders).where(orders.c.order_id == bindparam("wanted"))
_BY_PREVIEW: Final = select(orders).where(orders.c.preview_id == bindparam("wanted"))
_ORDER: Final = Prepared(_BY_ID)
_LOCKED: Final = Prepared(_BY_ID.with_for_update())
_LOCKED_OF_PREVIEW: Final = Prepared(_BY_PREVIEW.with_for_update())
_OF_GROUP: Final = (
    select(orders)
    .where(orders.c.group_id == bindparam("wanted"), orders.c.order_id != bindparam("wanted"))
    .order_by(orders.c.group_place)
)
_OTHERS: Final = Prepared(_OF_GROUP)
_LOCKED_OTHERS: Final = Prepared(_OF_GROUP.with_for_update())
_BY_CLIENT_ID: Final = Prepared(
    select(orders).where(orders.c.client_order_id == bindparam("wanted"))
)
_BY_BROKER_ID: Final = Prepared(
    select(orders)
    .where(
        orders.c.broker == bindparam("by"),
        orders.c.broker_order_id == bindparam("wanted"),
        orders.c.kind != TicketKind.CANCEL,
    )
    .order_by(*_NEWEST_FIRST)
    .limit(1)
)
_PREVIEW: Final = Prepared(
    select(
        orders,
        type_coerce(order_previews.c.shown, Text).label("shown"),
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
_LIVE: Final = update(nonces).where(
    nonces.c.preview_id == bindparam("wanted"), nonces.c.state == NonceState.LIVE
)
_CLAIM: Final = Prepared(
    _LIVE.where(
        nonces.c.nonce_hash == bindparam("hashed"),
        nonces.c.binding == bindparam("bound_to"),
        nonces.c.created_at <= bindparam("instant"),
        nonces.c.expires_at > bindparam("instant"),
    ),
    sets=("state", "settled_at"),
)
_VOID: Final = Prepared(_LIVE, sets=("state", "settled_at"))
_MOVE: Final = Prepared(
    update(orders).where(orders.c.order_id == bindparam("wanted")), sets=_MOVABLE
)
_ADD_ORDER: Final = Prepared(insert(orders).inline(), sets=_COLUMNS)
_ADD_PREVIEW: Final = Prepared(insert(order_previews).inline(), sets=("preview_id", "shown"))
_ADD_NONCE: Final = Prepared(
    insert(nonces).inline(),
    sets=("preview_id", "nonce_hash", "binding", "state", "created_at", "expires_at"),
)


def add_preview(connection: Connection, preview: PreviewRecord) -> None:
    """Write a preview, its order, or all those of its group, and its nonce."""
    record = preview.record
    _ADD_ORDER.run_each(connection, [_columns_of(each) for each in (record, *preview.others)])
    _ADD_PREVIEW.run(connection, {"preview_id": record.preview_id, "shown": preview.shown})
    _ADD_NONCE.run(
        connection,
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
    with legible("preview"):
        row = _PREVIEW.row(connection, wanted=preview_id)
        return None if row is None else _preview_of(connection, row)


def _preview_of(connection: Connection, row: Mapping[str, Any]) -> PreviewRecord:
    record = _record_of(row)
    return PreviewRecord(
        record=record,
        others=others_of(connection, record),
        nonce_hash=row["nonce_hash"],
        binding=row["binding"],
        created_at=row["minted_at"],
        expires_at=row["expires_at"],
        shown=Written.read(row["shown"]),
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
    return _CLAIM.run(connection, asked) == 1


def void_nonce(connection: Connection, preview_id: str, *, at: datetime) -> bool:
    """Kill a live nonce; False when it is not live."""
    asked = {"wanted": preview_id, "state": NonceState.VOID, "settled_at": at}
    return _VOID.run(connection, asked) == 1


def locked_order(connection: Connection, order_id: str) -> OrderRecord | None:
    """Return an order that nobody else can move before this transaction ends.

    Nor can they move the others of a group that it leads.
    """
    return _with_others_locked(connection, _record(connection, _LOCKED, wanted=order_id))


def locked_order_of(connection: Connection, preview_id: str) -> OrderRecord | None:
    """Return the order of a preview, as `locked_order` does. Ask for it before its nonce."""
    found = _record(connection, _LOCKED_OF_PREVIEW, wanted=preview_id)
    return _with_others_locked(connection, found)


def others_of(connection: Connection, record: OrderRecord) -> tuple[OrderRecord, ...]:
    """Return the others of a group that an order leads, in their order; none for any other."""
    if not record.leads:
        return ()
    with legible("order"):
        return tuple(_record_of(row) for row in _OTHERS.rows(connection, wanted=record.order_id))


def store_moved(connection: Connection, record: OrderRecord) -> None:
    """Write the row of an order after a move."""
    told = {name: getattr(record, name) for name in _MOVABLE}
    _MOVE.run(connection, {"wanted": record.order_id, **told})


def order_by_id(connection: Connection, order_id: str) -> OrderRecord | None:
    """Return an order by the desk's id."""
    return _record(connection, _ORDER, wanted=order_id)


def order_by_client_id(connection: Connection, client_order_id: str) -> OrderRecord | None:
    """Return an order by the id that the broker was given."""
    return _record(connection, _BY_CLIENT_ID, wanted=client_order_id)


def order_by_broker_id(connection: Connection, broker: str, wanted: str) -> OrderRecord | None:
    """Return the newest order, no cancel, that the broker knows by this id."""
    return _record(connection, _BY_BROKER_ID, by=broker, wanted=wanted)


def page_of_orders(
    connection: Connection,
    *,
    account_id: str | None,
    states: Collection[str] | None,
    limit: int,
    offset: int,
    broker: str | None = None,
) -> tuple[tuple[OrderRecord, ...], int]:
    """Return a page, newest first, and how many orders match."""
    matching = select(orders)
    if account_id is not None:
        matching = matching.where(orders.c.account_id == account_id)
    if broker is not None:
        matching = matching.where(orders.c.broker == broker)
    if states is not None:
        matching = matching.where(orders.c.state.in_(sorted(states)))
    count = matching.with_only_columns(func.count(), maintain_column_froms=True)
    page = matching.order_by(*_NEWEST_FIRST).limit(limit).offset(offset)
    with legible("order"):
        rows = connection.execute(page).mappings()
        found = tuple(_record_of({str(name): row[name] for name in _COLUMNS}) for row in rows)
    return found, connection.execute(count).scalar_one()


def _with_others_locked(connection: Connection, found: OrderRecord | None) -> OrderRecord | None:
    """Lock them before the head of the trail is: whoever moves one of them takes both in turn."""
    if found is not None and found.leads:
        _LOCKED_OTHERS.rows(connection, wanted=found.order_id)
    return found


def _record(connection: Connection, statement: Prepared, **asked: str) -> OrderRecord | None:
    with legible("order"):
        row = statement.row(connection, **asked)
        return None if row is None else _record_of(row)


def _record_of(row: Mapping[str, Any]) -> OrderRecord:
    plain = {name: row[name] for name in _PLAIN}
    return OrderRecord(order=read_canonical(row["canonical"]), **plain)


def _columns_of(record: OrderRecord) -> Mapping[str, Any]:
    plain = {name: getattr(record, name) for name in _PLAIN}
    return {**plain, "canonical": record.order.canonical}
