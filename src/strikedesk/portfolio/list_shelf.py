"""Every list of symbols there is to see: the owner's, and behind them those that the broker keeps.

The broker's are shown and nothing else: no edit, scan or alert takes one by its name, which
somebody elsewhere gave it and can give to another list tomorrow.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from strikedesk.domain.broking import BrokerWatchlist
from strikedesk.domain.errors import DeskError
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.ports import Cache, Watchlist, Watchlists
from strikedesk.domain.reasons import Reason

LISTS_A_PAGE: Final = 10
KEPT_S: Final = 300.0
WITHIN_S: Final = 10.0

_KEY: Final = "watchlists of the broker"

AnyList: TypeAlias = Watchlist | BrokerWatchlist


class ListKeeper(Protocol):
    """The part of a `Broker` that keeps lists."""

    async def watchlists(self) -> tuple[BrokerWatchlist, ...]:
        """See `Broker.watchlists`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfPage:
    """A page of the lists, the owner's first.

    `unseen` is why the broker's are not among them; None = they are.
    """

    rows: tuple[AnyList, ...]
    span: PageSpan
    unseen: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListShelf:
    """Shows the lists. The broker is asked once in five minutes, and not waited for long.

    Law: whatever becomes of the broker, the owner's lists are told.
    """

    lists: Watchlists
    keeper: ListKeeper
    cache: Cache
    within_s: float = WITHIN_S

    async def page(self, page: int = 1) -> ShelfPage:
        """Return a page of the lists.

        Raises:
            Denied: PAGE_PAST_END.
        """
        own = await self.lists.all()
        seen = await self._brokers()
        unseen, brokers = (seen, ()) if isinstance(seen, Reason) else (None, seen)
        found = (*own, *brokers)
        span = PageSpan(page=page, size=LISTS_A_PAGE, total=len(found))
        return ShelfPage(rows=found[span.start : span.stop], span=span, unseen=unseen)

    async def _brokers(self) -> tuple[BrokerWatchlist, ...] | Reason:
        """Return the broker's lists, or why nobody sees them."""
        try:
            async with asyncio.timeout(self.within_s):
                return await self.cache.get(_KEY, KEPT_S, self.keeper.watchlists)
        except TimeoutError:
            return Reason.BROKER_UNAVAILABLE
        except DeskError as error:
            return error.reason
