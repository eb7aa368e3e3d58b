"""Rows of what orders use up. Every function runs inside a transaction of its caller."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.states import OrderState
from strikedesk.domain.usage import Use, Used, Window
from strikedesk.store.doubt_rows import ANY_IN_DOUBT, like_in_doubt, silence_of
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import order_uses as uses
from strikedesk.store.schema import orders

_CENTS: Final = Decimal(100)


def _said(number: int) -> ColumnElement[int]:
    """Return a number of the text itself, which need not be bound at every run."""
    return literal_column(str(number), Integer)


def _in_states(*states: OrderState) -> ColumnElement[bool]:
    said = (literal_column(f"'{state.value}'", Text) for state in states)
    return or_(*(type_coerce(orders.c.state, Text) == state for state in said))


_ZERO, _ONE = _said(0), _said(1)
# It left nothing behind at the broker, or never got there.
_NOTHING: Final = _in_states(OrderState.LAPSED, OrderState.DECLINED, OrderState.REJECTED)
# It may have filled in part, and will not fill any more.
_OVER: Final = _in_states(OrderState.CANCELLED, OrderState.REPLACED, OrderState.EXPIRED)
_REPLACED: Final = orders.c.order_id == bindparam("replaces")
_TODAY: Final = uses.c.claimed_at >= bindparam("day_from")
_THIS_MINUTE: Final = uses.c.claimed_at > bindparam("minute_from")
_HERE: Final = (uses.c.broker == bindparam("by"), uses.c.environment == bindparam("at"))
# It does not count in full. Of a day's orders few are these, and each of a day has moved on that
# day: with a clock that was put back some are missed, and count in full.
_CURTAILED: Final = or_(
    and_(or_(_NOTHING, _OVER), orders.c.updated_at >= bindparam("day_from")), _REPLACED
)


def _of_today(cents: ColumnElement[int]) -> ColumnElement[int]:
    """Sum amounts of the day as if all of them still counted in full."""
    return func.sum(case((_TODAY, cents), else_=_ZERO))


def _missing(cents: ColumnElement[int]) -> ColumnElement[int]:
    """Sum what of these amounts of the day does not count any more: all but the filled units."""
    filled = (cents + uses.c.units - _ONE) // uses.c.units * orders.c.filled_units
    # The broker's order may stand for fewer units than its row: what filled before is not of it.
    of = bindparam("seen_of", type_=Integer)
    seen = (cents + of - _ONE) // of * bindparam("seen_filled", type_=Integer)
    most = case((seen > filled, seen), else_=filled)
    left = case((_NOTHING, _ZERO), (_REPLACED, most), else_=filled)
    # Asked of a row and not of the table: few orders are met, by their state, and each has one.
    return func.coalesce(func.sum(case((and_(_TODAY, *_HERE), cents - left), else_=_ZERO)), _ZERO)


_TWIN_ID: Final = (
    select(uses.c.order_id)
    .join(orders, orders.c.order_id == uses.c.order_id)
    .where(
        *_HERE,
        uses.c.claimed_at > bindparam("twins_from"),
        uses.c.digest == bindparam("digest"),
        not_(_NOTHING),
        or_(not_(or_(_OVER, _REPLACED)), orders.c.filled_units > _ZERO),
    )
    .order_by(uses.c.claimed_at.desc(), uses.c.order_id.desc())
    .limit(_ONE)
)
_TWIN: Final = Prepared(_TWIN_ID)
# The orders of the day are summed by an index alone: to look at the state of each takes five times
# as long, and a busy day has hundreds.
_ALL: Final = (
    select(
        func.sum(case((_TODAY, _ONE), else_=_ZERO)).label("today"),
        func.sum(case((_THIS_MINUTE, _ONE), else_=_ZERO)).label("minute"),
        _of_today(uses.c.loss_cents).label("loss"),
        _of_today(uses.c.notional_cents).label("notional"),
    )
    .where(*_HERE, uses.c.claimed_at >= bindparam("since"))
    .subquery("of_day")
)
_LESS: Final = (
    select(
        _missing(uses.c.loss_cents).label("loss"), _missing(uses.c.notional_cents).label("notional")
    )
    .select_from(orders)
    .join(uses, uses.c.order_id == orders.c.order_id)
    .where(_CURTAILED)
    .subquery("curtailed")
)
# All that is asked of every order at once: three statements would take twice as long.
_COUNT: Final = Prepared(
    select(
        _ALL.c.today,
        _ALL.c.minute,
        (_ALL.c.loss - _LESS.c.loss).label("loss"),
        (_ALL.c.notional - _LESS.c.notional).label("notional"),
        _TWIN_ID.correlate(None).scalar_subquery().label("twin"),
        ANY_IN_DOUBT.label("in_doubt"),
    ).join_from(_ALL, _LESS, true())
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
