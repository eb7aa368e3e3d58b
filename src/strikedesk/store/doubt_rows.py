"""Rows in doubt: orders sent, or nearly, of which nobody knows what came of them."""

from collections.abc import Mapping
from datetime import datetime
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
_DOUBTFUL: Final = or_(orders.c.state == OrderState.UNKNOWN, _SILENT)
# Whether there is any at all, of whomever: mostly there is none.
ANY_IN_DOUBT: Final = select(orders.c.order_id).where(_DOUBTFUL).correlate(None).exists()
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
    .where(_DOUBTFUL)
    .order_by(orders.c.created_at.desc(), orders.c.order_id.desc())
)


def silence_of(window: Window) -> Mapping[str, datetime | None]:
    """Return what says since when an order counts as silent, as the statements here are told it."""
    like = window.like
    return {
        "silent_since": None if like is None else like.silent_since,
        "ahead_since": None if like is None else like.ahead_since,
    }


def like_in_doubt(connection: Connection, window: Window) -> str | None:
    """Return the newest order in doubt that the window's own may be a second of."""
    like = window.like
    if like is None:
        return None
    rows = _IN_DOUBT.rows(connection, **silence_of(window))
    here = (like.account_id, window.broker, window.environment)
    alike = (
        row["order_id"]
        for row in rows
        if (row["account_id"], row["broker"], row["environment"]) == here
        and read_canonical(row["canonical"]).underlying == like.underlying
    )
    return next(alike, None)
