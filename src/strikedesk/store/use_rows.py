"""Rows of what orders use up. Every function runs inside a transaction of its caller."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    and_,
    bindparam,
    case,
    func,
    insert,
    not_,
    or_,
    select,
)

from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.states import OrderState
from strikedesk.domain.usage import Use, Used, Window
from strikedesk.store.doubt_rows import ANY_IN_DOUBT, like_in_doubt, silence_of
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import order_uses as uses
from strikedesk.store.schema import orders

_CENTS: Final = Decimal(100)


def _in_states(*states: OrderState) -> ColumnElement[bool]:
    return or_(*(orders.c.state == state for state in states))


# It left nothing behind at the broker, or never got there.
_NOTHING: Final = _in_states(OrderState.LAPSED, OrderState.DECLINED, OrderState.REJECTED)
# It may have filled in part, and will not fill any more.
_OVER: Final = _in_states(OrderState.CANCELLED, OrderState.REPLACED, OrderState.EXPIRED)
# Most of a day's are these: asked for first, a row costs three quarters.
_IN_FULL: Final = _in_states(OrderState.FILLED, OrderState.WORKING)
_REPLACED: Final = uses.c.order_id == bindparam("replaces")
_TODAY: Final = uses.c.claimed_at >= bindparam("day_from")
_HERE: Final = (uses.c.broker == bindparam("by"), uses.c.environment == bindparam("at"))


def _sum(cents: ColumnElement[int]) -> ColumnElement[int]:
    """Sum amounts of the day: what may still fill in full, what is over by its filled units."""
    filled = (cents + uses.c.units - 1) // uses.c.units * orders.c.filled_units
    # The broker's order may stand for fewer units than its row: what filled before is not of it.
    of = bindparam("seen_of", type_=Integer)
    seen = (cents + of - 1) // of * bindparam("seen_filled", type_=Integer)
    most = case((seen > filled, seen), else_=filled)
    counts = case(
        (not_(_TODAY), 0),
        (and_(_IN_FULL, not_(_REPLACED)), cents),
        (_NOTHING, 0),
        (_REPLACED, most),
        (_OVER, filled),
        else_=cents,
    )
    return func.sum(counts)


_TWIN_ID: Final = (
    select(uses.c.order_id)
    .join(orders, orders.c.order_id == uses.c.order_id)
    .where(
        *_HERE,
        uses.c.claimed_at > bindparam("twins_from"),
        uses.c.digest == bindparam("digest"),
        not_(_NOTHING),
        or_(not_(or_(_OVER, _REPLACED)), orders.c.filled_units > 0),
    )
    .order_by(uses.c.claimed_at.desc(), uses.c.order_id.desc())
    .limit(1)
)
_TWIN: Final = Prepared(_TWIN_ID)
# All that is asked of every order at once: three statements would take twice as long.
_COUNT: Final = Prepared(
    select(
        func.sum(case((_TODAY, 1), else_=0)).label("today"),
        func.sum(case((uses.c.claimed_at > bindparam("minute_from"), 1), else_=0)).label("minute"),
        _sum(uses.c.loss_cents).label("loss"),
        _sum(uses.c.notional_cents).label("notional"),
        _TWIN_ID.correlate(None).scalar_subquery().label("twin"),
        ANY_IN_DOUBT.label("in_doubt"),
    )
    .join(orders, orders.c.order_id == uses.c.order_id)
    .where(*_HERE, uses.c.claimed_at >= bindparam("since"))
)
_ADD: Final = Prepared(insert(uses).inline(), sets=tuple(column.name for column in uses.columns))


def add_use(connection: Connection, record: OrderRecord, use: Use, *, at: datetime) -> None:
    """Write down what an order uses, which is claimed at this instant."""
    told = {
        "order_id": record.order_id,
        "broker": record.broker,
        "environment": record.environment,
        "claimed_at": at,
        "digest": record.order.digest,
        "units": record.order.units,
        "loss_cents": _cents(use.loss_usd),
        "notional_cents": _cents(use.notional_usd),
    }
    _ADD.run(connection, told)


def used_in(connection: Connection, window: Window) -> Used:
    """Return what the orders of a window have used up."""
    here: dict[str, object] = {
        "by": window.broker,
        "at": window.environment,
        "replaces": window.replaces or "",
    }
    counted = _COUNT.rows(
        connection,
        day_from=window.day_from,
        minute_from=window.minute_from,
        since=min(window.day_from, window.minute_from),
        seen_filled=window.filled.units,
        seen_of=window.filled.of,
        twins_from=window.twins_from,
        digest=window.digest,
        **silence_of(window),
        **here,
    )[0]
    return Used(
        orders_today=_told(counted, "today"),
        orders_this_minute=_told(counted, "minute"),
        loss_usd_today=_told(counted, "loss") / _CENTS,
        notional_usd_today=_told(counted, "notional") / _CENTS,
        twin=counted["twin"] or _twin_beside(connection, window, here),
        in_doubt=like_in_doubt(connection, window) if counted["in_doubt"] else None,
    )


def _twin_beside(connection: Connection, window: Window, here: Mapping[str, object]) -> str | None:
    """Return the twin of one of the others of a group."""
    for digest in () if window.digest is None else window.digests_beside:
        row = _TWIN.row(connection, twins_from=window.twins_from, digest=digest, **here)
        if row is not None:
            return row["order_id"]
    return None


def _told(row: Mapping[str, Any], name: str) -> int:
    """Return a sum; over no rows it is unknown to SQL, and nothing to us."""
    return 0 if row[name] is None else int(row[name])


def _cents(amount: Decimal) -> int:
    return int((amount * _CENTS).to_integral_value(rounding=ROUND_CEILING))
