"""Rows in doubt: orders sent, or nearly, of which nobody knows what came of them."""

from typing import Final

from sqlalchemy import Connection, and_, bindparam, or_, select

from strikedesk.domain.orders import read_canonical
from strikedesk.domain.states import OrderState
from strikedesk.domain.usage import Window
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import orders

_SILENT: Final = and_(
    orders.c.state == OrderState.SUBMITTING,
    or_(
        orders.c.updated_at < bindparam("silent_since"),
        orders.c.updated_at > bindparam("ahead_since"),
    ),
)
_IN_DOUBT: Final = Prepared(
    select(orders.c.order_id, orders.c.canonical)
    .where(
        or_(orders.c.state == OrderState.UNKNOWN, _SILENT),
        orders.c.account_id == bindparam("account"),
        orders.c.broker == bindparam("by"),
        orders.c.environment == bindparam("at"),
    )
    .order_by(orders.c.created_at.desc(), orders.c.order_id.desc())
)


def like_in_doubt(connection: Connection, window: Window) -> str | None:
    """Return the newest order in doubt that the window's own may be a second of."""
    if window.like is None:
        return None
    rows = _IN_DOUBT.rows(
        connection,
        account=window.like.account_id,
        silent_since=window.like.silent_since,
        ahead_since=window.like.ahead_since,
        by=window.broker,
        at=window.environment,
    )
    underlying = window.like.underlying
    alike = (r["order_id"] for r in rows if read_canonical(r["canonical"]).underlying == underlying)
    return next(alike, None)
