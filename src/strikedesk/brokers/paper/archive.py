"""Orders that have ended: they left the working set and are lines of a book of their own."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.groups import member_id
from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import WorldStore
from strikedesk.exchange.documents import read_ended
from strikedesk.exchange.rows import ended_book

_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Finds ended orders of one world."""

    store: WorldStore
    world: str

    async def order(self, account_id: str, order_id: str) -> BrokerOrder | None:
        """Return an ended order of this account, or None."""
        document = await self.store.line(self.world, order_id)
        if document is None or not _is_order(document):
            return None
        order = read_ended(document)
        return order if order.order.account_id == account_id else None

    async def since(self, account_id: str, since: datetime) -> list[BrokerOrder]:
        """Return the orders that ended at `since` or later, newest first."""
        found: list[BrokerOrder] = []
        async with aclosing(self._walk(account_id, since.astimezone(UTC).date())) as walk:
            async for order in walk:
                if order.updated_at is None or order.updated_at < since:
                    break
                found.append(order)
        return found

    async def by_client_id(self, account_id: str, client_order_id: str) -> BrokerOrder | None:
        """Return the newest ended order with this client order id; every page is read for it."""
        async with aclosing(self._walk(account_id, None)) as walk:
            async for order in walk:
                if has_client_id(order, client_order_id):
                    return order
        return None

    async def _walk(self, account_id: str, start: date | None) -> AsyncGenerator[BrokerOrder]:
        """Yield ended orders, newest first. What ends meanwhile shifts pages; none is missed."""
        offset, total = 0, 1
        while offset < total:
            page, total = await self.store.lines(
                self.world,
                ended_book(account_id),
                start=start,
                end=None,
                limit=_PAGE,
                offset=offset,
            )
            for document in page:
                yield read_ended(document)
            if not page:
                return
            offset += len(page)


def has_client_id(order: BrokerOrder, client_order_id: str) -> bool:
    """Whether an order was sent under this id, alone or as the first of a group."""
    if order.client_order_id == client_order_id:
        return True
    first = member_id(client_order_id, 1)
    return order.group_id is not None and order.client_order_id == first


def _is_order(document: Mapping[str, Json]) -> bool:
    return "request" in document
