"""Targets: the working order that a replacement or a cancel acts on, and where a row belongs."""

from strikedesk.domain.accounts import Account
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.ledger import OrderRecord, TicketKind
from strikedesk.domain.ports import Accounts, Broker, Ledger
from strikedesk.domain.reasons import Reason


def is_at(record: OrderRecord, broker: Broker) -> bool:
    """Whether a row was made at this broker, for this environment.

    Another one may use the same number for another order, and finds nothing under our ids.
    """
    here = broker.capabilities
    return (record.broker, record.environment) == (here.name, here.environment)


async def target_of(
    order_id: str, *, ledger: Ledger, accounts: Accounts, broker: Broker
) -> tuple[OrderRecord, Account]:
    """Return the working order by the desk's id, and its account.

    Raises:
        Denied: ORDER_UNKNOWN, ORDER_NOT_WORKING, ACCOUNT_UNKNOWN.
    """
    target = await ledger.order(order_id)
    if target is None or target.broker_order_id is None or not is_at(target, broker):
        raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id)
    if not target.state.is_open or target.kind is TicketKind.CANCEL:
        raise Denied(Reason.ORDER_NOT_WORKING, order_id=order_id, state=target.state.value)
    account = await accounts.named(target.account_handle)
    if account.account_id != target.account_id:
        raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id)
    return target, account


async def origin_of(record: OrderRecord, ledger: Ledger) -> OrderRecord:
    """Return the order that a row of replacements began with: it tells what group they are in."""
    while record.kind is TicketKind.REPLACE and record.target_order_id is not None:
        before = await ledger.order(record.target_order_id)
        if before is None:
            break
        record = before
    return record


async def seen_working(target: OrderRecord, *, broker: Broker) -> BrokerOrder | None:
    """Return the order as the broker has it; None where it cannot be asked now.

    Raises:
        Denied: ORDER_NOT_WORKING, ORDER_UNKNOWN.
    """
    try:
        seen = await broker.order(target.account_id, target.broker_order_id or "")
    except Unavailable:
        return None
    if not seen.state.is_open:
        state = seen.state.value
        raise Denied(Reason.ORDER_NOT_WORKING, order_id=target.order_id, state=state)
    return seen
