"""Orders that are there: at work, of the past, and the one that carries our own id."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, Query, bracketed, path_of, plain
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.orders.decoding import decoded
from strikedesk.brokers.tastytrade.orders.words import OVER, WORKING
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed, Told
from strikedesk.brokers.tastytrade.payloads.orders import ComplexOrderTold, OrderTold
from strikedesk.domain.broking import BrokerOrder, Lookup, LookupStatus
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.groups import member_id
from strikedesk.domain.ports import Clock
from strikedesk.domain.reasons import Reason

_ORDERS: Final = TypeAdapter(Listed[OrderTold])
_ORDER: Final = TypeAdapter(Told[OrderTold])
_COMPLEX: Final = TypeAdapter(Told[ComplexOrderTold])
_PER_PAGE: Final = 200
_SHOWN: Final = 40
# No order of ours is older that is still in doubt, and none stands longer.
PAST: Final = timedelta(days=370)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Reads orders."""

    client: Client
    directory: Directory
    clock: Clock

    async def orders(
        self, account_id: str, since: datetime | None = None
    ) -> tuple[BrokerOrder, ...]:
        """See `Broker.orders`. What the desk has no words for is left out."""
        path = await self._path(account_id)
        found = [*await self._live(path)]
        found += await self._past(path, bracketed("status", WORKING))
        if since is not None:
            found += await self._past(path, (), since=since)
        known = {each.id: each for each in reversed(found)}
        # Of what was touched today most has ended, which nobody asks for without a time.
        asked = [each for each in known.values() if since is not None or each.status not in OVER]
        told = [decoded(each, account_id, found) for each in asked]
        kept = [each for each in told if each is not None and _counts(each, since)]
        return tuple(sorted(kept, key=_newness, reverse=True))

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        """See `Broker.order`."""
        return await self.read(account_id, await self.told(account_id, broker_order_id))

    async def read(self, account_id: str, told: OrderTold) -> BrokerOrder:
        """Return an order as told, with what its group says of it.

        Raises:
            Denied: NOT_SUPPORTED, for what the desk has no words for.
        """
        order = decoded(told, account_id, await self._siblings(account_id, told))
        if order is None:
            raise Denied(Reason.NOT_SUPPORTED, order_id=(told.id or "")[:_SHOWN])
        return order

    async def told(self, account_id: str, broker_order_id: str) -> OrderTold:
        """Return an order as the broker tells it.

        Raises:
            Denied: ORDER_UNKNOWN.
        """
        unknown = {"order_id": broker_order_id[:_SHOWN]}
        path = await self._path(account_id)
        if not broker_order_id.isascii() or not broker_order_id.isdigit():
            raise Denied(Reason.ORDER_UNKNOWN, **unknown)
        call = Call(
            path=f"{path}/{broker_order_id[:_SHOWN]}", missing=Reason.ORDER_UNKNOWN, facts=unknown
        )
        return await self.client.one(call, _ORDER)

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        """See `Broker.find`: ABSENT after every page of a year, at work and past, was read."""
        path = await self._path(account_id)
        try:
            found = await self._live(path)
            mine = _carrying(found, client_order_id)
            if not mine:
                found = await self._past(path, ())
                mine = _carrying(found, client_order_id)
        except Unavailable:
            return Lookup(status=LookupStatus.INCOMPLETE)
        if not mine:
            return Lookup(status=LookupStatus.ABSENT)
        order = decoded(mine[0], account_id, found)
        if order is None or len(mine) > 1:  # Two of them: nobody knows which one is meant.
            return Lookup(status=LookupStatus.INCOMPLETE)
        return Lookup(status=LookupStatus.FOUND, broker_order=order)

    async def successor(self, account_id: str, replaced: str, client_order_id: str) -> str | None:
        """Return the number of the order that took the place of `replaced`, wherever it is told."""
        live = await self._live(await self._path(account_id))
        named = {each.id: each.replacing_order_id for each in live}.get(replaced)
        pointing = [each.id for each in live if each.replaces_order_id == replaced]
        mine = [each.id for each in _carrying(live, client_order_id)]
        return next((found for found in (named, *pointing, *mine) if found), None)

    async def _live(self, path: str) -> tuple[OrderTold, ...]:
        return await self.client.every(Call(path=f"{path}/live"), _ORDERS)

    async def _past(
        self, path: str, query: Query, *, since: datetime | None = None
    ) -> tuple[OrderTold, ...]:
        begins = since or self.clock.now() - PAST
        bounds = plain(start_at=begins.isoformat(), sort="Desc", per_page=_PER_PAGE)
        return await self.client.every(Call(path=path, query=bounds + query), _ORDERS)

    async def _siblings(self, account_id: str, told: OrderTold) -> Sequence[OrderTold]:
        if told.complex_order_id is None or not told.complex_order_id.isdigit():
            return ()
        number = await self.directory.number(account_id)
        path = path_of("accounts", number.reveal(), "complex-orders", told.complex_order_id)
        group = await self.client.one(Call(path=path), _COMPLEX)
        return [each for each in (group.trigger_order, *group.orders) if each is not None]

    async def _path(self, account_id: str) -> str:
        number = await self.directory.number(account_id)
        return path_of("accounts", number.reveal(), "orders")


def _carrying(told: Iterable[OrderTold], client_order_id: str) -> list[OrderTold]:
    """Return the orders with our id; of a chain of edits that kept it, the first alone.

    The id of a group is that of its first order.
    """
    ids = {client_order_id, member_id(client_order_id, 1)}
    mine = {e.id: e for e in told if e.external_identifier in ids and e.id}
    return [each for each in mine.values() if each.replaces_order_id not in mine]


def _counts(order: BrokerOrder, since: datetime | None) -> bool:
    """Whether it works, or was touched since."""
    if not order.state.is_final or since is None or order.updated_at is None:
        return not order.state.is_final or since is not None
    return order.updated_at >= since


def _newness(order: BrokerOrder) -> int:
    return int(order.broker_order_id) if order.broker_order_id.isdigit() else 0
