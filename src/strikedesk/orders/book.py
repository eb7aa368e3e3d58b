"""The order book of the desk: what was previewed, sent, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import OrderEvent, OrderRecord
from strikedesk.domain.pages import PageSpan, offset_of
from strikedesk.domain.ports import Accounts, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.reconcile import Reconciler

_PATH = "read"
_NEVER_LEFT = frozenset({OrderState.PREVIEWED, OrderState.DECLINED, OrderState.LAPSED})
SENT = frozenset(OrderState) - _NEVER_LEFT
OPEN = frozenset(state for state in OrderState if state.is_open)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """Orders newest first, and which of how many they are."""

    rows: tuple[OrderRecord, ...]
    span: PageSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """Reads orders, refreshing those at work from the broker first."""

    ledger: Ledger
    accounts: Accounts
    reconciler: Reconciler

    async def page(
        self, handle: str, *, states: frozenset[OrderState] = SENT, page: int, page_size: int
    ) -> OrderPage:
        """Return a page of an account's orders at this broker.

        Every paper world has accounts of the same names: another one's orders are not shown.

        Raises:
            Denied: ACCOUNT_UNKNOWN, PAGE_PAST_END.
        """
        account = await self.accounts.named(handle)
        await self._refresh_open(account.account_id)
        rows, total = await self.ledger.orders(
            account_id=account.account_id,
            states=states,
            limit=page_size,
            offset=offset_of(page, page_size),
            broker=self._broker,
        )
        return OrderPage(rows=tuple(rows), span=PageSpan(page=page, size=page_size, total=total))

    async def get(self, order_id: str) -> tuple[OrderRecord, Sequence[OrderEvent]]:
        """Return an order by the desk's id or its client order id, with its audit lines.

        Raises:
            Denied: ORDER_UNKNOWN.
        """
        record = await self.ledger.order(order_id) or await self.ledger.order_by_client_id(order_id)
        if record is None:
            raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id[:36])
        record = await self.reconciler.refresh(record, path=_PATH)
        return record, await self.ledger.events(record.order_id)

    async def group(self, record: OrderRecord) -> Sequence[OrderRecord]:
        """Return every order of a group, in their order; none of an order by itself."""
        first = await self.ledger.order(record.group_id) if record.group_id else None
        if first is None:
            return ()
        return (first, *await self.ledger.others(first.order_id))

    @property
    def _broker(self) -> str:
        return self.reconciler.broker.capabilities.name

    async def _refresh_open(self, account_id: str) -> None:
        rows, _ = await self.ledger.orders(
            account_id=account_id, states=OPEN, limit=50, offset=0, broker=self._broker
        )
        for row in rows:
            await self.reconciler.refresh(row, path=_PATH)
