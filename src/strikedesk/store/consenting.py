"""What becomes of an order that awaits consent. Each function runs inside one transaction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from strikedesk.domain.approvals import Approval
from strikedesk.domain.ledger import Note, OrderRecord, Progress
from strikedesk.domain.states import OrderState
from strikedesk.store import approval_rows, order_rows
from strikedesk.store.event_rows import append_event
from strikedesk.store.steps import move


def _awaiting(connection: Connection, order_id: str) -> tuple[OrderRecord, Approval] | None:
    """Return an order that awaits consent with its approval, both locked."""
    found = order_rows.locked_order(connection, order_id)
    if found is None or found.state is not OrderState.AWAITING_CONSENT:
        return None
    approval = approval_rows.locked_approval(connection, order_id)
    return None if approval is None else (found, approval)


def consent(
    connection: Connection,
    *,
    order_id: str,
    digest: str,
    progress: Progress,
    now: datetime,
    note: Note,
    take: Callable[[Connection, OrderRecord], None],
) -> OrderRecord | None:
    """See `Ledger.consent`."""
    waiting = _awaiting(connection, order_id)
    if waiting is None:
        return None
    found, approval = waiting
    if not approval.is_current(now) or approval.digest != digest:
        return None
    take(connection, found)
    return move(connection, found, progress, note)


def set_code(connection: Connection, *, order_id: str, code_hash: str, note: Note) -> bool:
    """See `Ledger.set_code`."""
    waiting = _awaiting(connection, order_id)
    if waiting is None:
        return False
    approval_rows.store_changed(connection, replace(waiting[1], code_hash=code_hash))
    append_event(connection, note, order_id=order_id)
    return True


def try_code(connection: Connection, *, order_id: str, code_hash: str, note: Note) -> bool:
    """See `Ledger.try_code`."""
    waiting = _awaiting(connection, order_id)
    if waiting is None:
        return False
    approval = waiting[1]
    if approval_rows.is_right(approval, code_hash):
        return True
    fewer = replace(approval, tries_left=max(approval.tries_left - 1, 0))
    approval_rows.store_changed(connection, fewer)
    append_event(connection, note, order_id=order_id)
    return False


def mark_unheard(connection: Connection, *, order_id: str, why: str, note: Note) -> None:
    """See `Ledger.mark_unheard`."""
    waiting = _awaiting(connection, order_id)
    if waiting is None or waiting[1].unheard is not None:
        return
    approval_rows.store_changed(connection, replace(waiting[1], unheard=why))
    append_event(connection, note, order_id=order_id)
