"""Streams by asking again and again: slow, within the quotas, with nothing but the client."""

from dataclasses import dataclass
from typing import Final

from strikedesk.brokers.streams import Hub
from strikedesk.brokers.tastytrade.orders.finding import Finding
from strikedesk.brokers.tastytrade.quoting import Quoting
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.ports import Clock
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol

QUOTES_EVERY_S: Final = 3.0
ORDERS_EVERY_S: Final = 15.0  # The broker asks not to be polled for orders.


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotePolling:
    """Reads the quotes of whatever is read, and publishes them."""

    quoting: Quoting
    every_s: float = QUOTES_EVERY_S

    async def __call__(self, hub: Hub[Symbol, Symbol, Quote]) -> None:
        """Go on until cancelled."""
        while True:
            found = await self.quoting.quotes(hub.wanted)
            for symbol, quote in found.items():
                hub.publish(symbol, symbol, quote)
            await hub.pause(self.every_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPolling:
    """Reads the orders of whatever account is read, and publishes those that changed."""

    finding: Finding
    clock: Clock
    every_s: float = ORDERS_EVERY_S

    async def __call__(self, hub: Hub[str, str, BrokerOrder]) -> None:
        """Go on until cancelled. An order that ended is told to those who saw it work."""
        since, at_work = self.clock.now(), set[str]()
        while True:
            for account_id in hub.wanted:
                for order in reversed(await self.finding.orders(account_id, since)):
                    self._tell(hub, account_id, order, at_work)
            await hub.pause(self.every_s)

    def _tell(
        self, hub: Hub[str, str, BrokerOrder], account_id: str, order: BrokerOrder, seen: set[str]
    ) -> None:
        number, works = order.broker_order_id, not order.state.is_final
        if works or number in seen:
            hub.publish(account_id, number, order, stands=works)
        if works:
            seen.add(number)
        else:
            seen.discard(number)
