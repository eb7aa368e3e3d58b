"""What the streams of a paper world tell: looked up at a steady pace, in the world's own time.

The pace is the wall's and the instants are the world's, so that a clock that runs fast, stands
still, or is moved by another process is followed all the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from strikedesk.brokers.paper.archive import Archive
from strikedesk.brokers.paper.keeper import Snapshot, WorldKeeper
from strikedesk.brokers.paper.venue import Venue
from strikedesk.brokers.streams import Hub
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Unavailable
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.world import World

QuoteHub: TypeAlias = Hub[Symbol, Symbol, Quote]
OrderHub: TypeAlias = Hub[str, str, BrokerOrder]

LOOK_EVERY_S: Final = 0.25

# Another process's order may carry an instant from just before this one last looked.
_LOOK_BACK: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteFeed:
    """Tells quotes as they change; a symbol that is not quoted is silent."""

    keeper: WorldKeeper
    venue: Venue
    every_s: float

    async def __call__(self, hub: QuoteHub) -> None:
        """Look again and again. See `Hub`."""
        looked_at: datetime | None = None
        while True:
            at = (await self.keeper.snapshot()).at
            if at != looked_at:
                for symbol, quote in (await self.venue.quotes(hub.wanted, at)).items():
                    hub.publish(symbol, symbol, quote)
            joined = await hub.pause(self.every_s)
            looked_at = None if joined else at


@dataclass(slots=True, kw_only=True, eq=False)
class _Followed:
    """What was told of one account: which orders work, and which of the newest have ended.

    `since`: what ended before it was told, or is of no interest.
    """

    since: datetime
    working: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class OrderFeed:
    """Tells the orders of accounts as they change, those that end in the same instant too."""

    keeper: WorldKeeper
    archive: Archive
    every_s: float
    _followed: dict[str, _Followed] = field(default_factory=dict[str, _Followed], init=False)

    async def follow(self, account_id: str) -> None:
        """Take note of what is over by now, so that everything after it is news.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
        """
        seen = await self.keeper.snapshot()
        seen.world.account(account_id)
        since = seen.at - _LOOK_BACK
        ended = _ids(await self.archive.since(account_id, since))
        self._followed.setdefault(account_id, _Followed(since=since, ended=ended))

    def forget(self, account_id: str) -> None:
        """Nobody reads this account any more."""
        self._followed.pop(account_id, None)

    async def __call__(self, hub: OrderHub) -> None:
        """Look again and again. See `Hub`. A world in which nothing happened is the same object."""
        world: World | None = None
        told: tuple[_Followed, ...] = ()
        while True:
            seen, followed = await self.keeper.snapshot(), dict(self._followed)
            if seen.world is not world or told != (*followed.values(),):
                for account_id, each in followed.items():
                    await self._tell(hub, account_id, each, seen)
            world, told = seen.world, (*followed.values(),)
            await hub.pause(self.every_s)

    async def _tell(
        self, hub: OrderHub, account_id: str, followed: _Followed, seen: Snapshot
    ) -> None:
        """Tell what ended, oldest first, then what works. What ended meanwhile works no more."""
        newest_first = await self.archive.since(account_id, followed.since)
        ended = {order.broker_order_id: order for order in reversed(newest_first)}
        working = {
            order.order_id: order.shown
            for order in seen.world.orders_of(account_id)
            if order.order_id not in ended
        }
        if followed.working - working.keys() - ended.keys() or seen.at < followed.since:
            # Another world was put in this one's place: whoever reads begins anew.
            raise Unavailable(Reason.BROKER_UNAVAILABLE)
        for order_id, order in ended.items():
            if order_id not in followed.ended:
                hub.publish(account_id, order_id, order, stands=False)
        for order_id, order in working.items():
            hub.publish(account_id, order_id, order)
        followed.working, followed.ended = frozenset(working), frozenset(ended)
        followed.since = max(followed.since, seen.at - _LOOK_BACK)


def _ids(orders: Iterable[BrokerOrder]) -> frozenset[str]:
    return frozenset(order.broker_order_id for order in orders)
