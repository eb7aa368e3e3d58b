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
# Few rows are in these states, and an account has every row that it ever had: whose they are is
# looked at afterwards, for SQLite would take the index of that.
_IN_DOUBT: Final = Prepared(
    select(
        orders.c.order_id,
        orders.c.canonical,
        orders.c.account_id,
        orders.c.broker,
        orders.c.environment,
    )
    .where(or_(orders.c.state == OrderState.UNKNOWN, _SILENT))
    .order_by(orders.c.created_at.desc(), orders.c.order_id.desc())
)


def like_in_doubt(connection: Connection, window: Window) -> str | None:
    """Return the newest order in doubt that the window's own may be a second of."""
    like = window.like
    if like is None:
        return None
    rows = _IN_DOUBT.rows(connection, silent_since=like.silent_since, ahead_since=like.ahead_since)
    here = (like.account_id, window.broker, window.environment)
    alike = (
        row["order_id"]
        for row in rows
        if (row["account_id"], row["broker"], row["environment"]) == here
        and read_canonical(row["canonical"]).underlying == like.underlying
    )
    return next(alike, None)
