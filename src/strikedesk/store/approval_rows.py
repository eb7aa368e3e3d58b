"""Rows of approvals. Every function runs inside a transaction of its caller."""

import hmac
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from strikedesk.domain.approvals import PENDING_MAX, Approval
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import approvals, orders

_COLUMNS: Final = tuple(column.name for column in approvals.columns)
_BY_ORDER: Final = select(approvals).where(approvals.c.order_id == bindparam("wanted"))
_APPROVAL: Final = Prepared(_BY_ORDER)
_LOCKED: Final = Prepared(_BY_ORDER.with_for_update())
_ADD: Final = Prepared(insert(approvals).inline(), sets=_COLUMNS)
_CHANGE: Final = Prepared(
    update(approvals).where(approvals.c.order_id == bindparam("wanted")),
    sets=("code_hash", "tries_left", "unheard"),
)
_CURRENT: Final = Prepared(
    select(func.count().label("count"))
    .select_from(approvals)
    .join(orders, orders.c.order_id == approvals.c.order_id)
    .where(
        orders.c.state == OrderState.AWAITING_CONSENT,
        approvals.c.requested_at <= bindparam("instant"),
        approvals.c.expires_at > bindparam("instant"),
    )
)


def approval_of(connection: Connection, order_id: str) -> Approval | None:
    """Return the approval of an order."""
    return _approval(_APPROVAL.row(connection, wanted=order_id))


def locked_approval(connection: Connection, order_id: str) -> Approval | None:
    """Return it so that nobody else can change it. Ask for its order before it."""
    return _approval(_LOCKED.row(connection, wanted=order_id))


def add_approval(connection: Connection, approval: Approval, *, now: datetime) -> None:
    """Write an approval, unless as many as a person can look at are current.

    The lock on the head of the trail has to be held: nobody else may add one meanwhile.

    Raises:
        Denied: APPROVALS_FULL.
    """
    _ADD.run(connection, {name: getattr(approval, name) for name in _COLUMNS})
    found = _CURRENT.row(connection, instant=now)
    if found is None or found["count"] > PENDING_MAX:
        raise Denied(Reason.APPROVALS_FULL, most=PENDING_MAX)


def store_changed(connection: Connection, approval: Approval) -> None:
    """Write what may change about an approval."""
    told = {name: getattr(approval, name) for name in ("code_hash", "tries_left", "unheard")}
    _CHANGE.run(connection, {"wanted": approval.order_id, **told})


def is_right(approval: Approval, code_hash: str) -> bool:
    """Whether this is the code, and may still be tried."""
    if approval.code_hash is None or approval.tries_left < 1:
        return False
    return hmac.compare_digest(approval.code_hash, code_hash)


def _approval(row: dict[str, object] | None) -> Approval | None:
    return None if row is None else Approval(**row)  # type: ignore[arg-type] -- the table's columns
