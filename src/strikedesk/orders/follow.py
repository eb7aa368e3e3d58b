"""Follow: read an order where it works, and write down what changed."""

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.ledger import Note, OrderRecord
from strikedesk.domain.ports import Broker, Clock, Ledger
from strikedesk.orders.outcome import is_news, progress_of


async def follow(
    record: OrderRecord, *, broker: Broker, ledger: Ledger, clock: Clock, actor: str, path: str
) -> OrderRecord:
    """Return the row of an open order as it stands once its broker was asked.

    Raises:
        Denied, Unavailable: the broker does not tell.
    """
    sought = record.broker_order_id or record.target_broker_order_id
    if not record.state.is_open or sought is None:
        return record
    seen = await broker.order(record.account_id, sought)
    return await take_in(record, seen, ledger=ledger, clock=clock, actor=actor, path=path)


async def take_in(
    record: OrderRecord, seen: BrokerOrder, *, ledger: Ledger, clock: Clock, actor: str, path: str
) -> OrderRecord:
    """Return the row of an open order as it stands now that the broker tells `seen` of it."""
    progress = progress_of(record, seen)
    if not is_news(record, progress):
        return record
    note = Note(at=clock.now(), actor=actor, path=path, kind=f"broker:{progress.state}")
    moved = await ledger.advance(record.order_id, progress, only_from={record.state}, note=note)
    return moved or await ledger.order(record.order_id) or record
