"""The shelf: the owner's lists and the broker's, one after the other."""

import asyncio
from dataclasses import dataclass, field

import pytest

from strikedesk.domain.broking import BrokerWatchlist
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.ports import Watchlist
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.market.cache import MemoryCache
from strikedesk.portfolio.list_shelf import KEPT_S, ListShelf
from tests.builders import NOON
from tests.fakes.clock import StoppedClock
from tests.fakes.watchlists import MemoryWatchlists

AAPL = EquitySymbol("AAPL")
FIRST = BrokerWatchlist(name="First", symbols=(AAPL,), entries=1, public=True)


@dataclass
class Keeper:
    """Tells one list, or is away, or says nothing at all; `asked` counts."""

    away: bool = False
    silent: bool = False
    asked: int = 0

    async def watchlists(self) -> tuple[BrokerWatchlist, ...]:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.away:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)
        return (FIRST,)


@dataclass
class Shelf:
    """A shelf with so many lists of the owner's."""

    own: int
    keeper: Keeper = field(default_factory=Keeper)
    clock: StoppedClock = field(default_factory=StoppedClock)
    within_s: float = 10

    def __post_init__(self) -> None:
        names = [f"List {number:02}" for number in range(self.own)]
        lists = {name: Watchlist(name=name, symbols=(AAPL,), updated_at=NOON) for name in names}
        self.shelf = ListShelf(
            lists=MemoryWatchlists(lists=lists),
            keeper=self.keeper,
            cache=MemoryCache(self.clock),
            within_s=self.within_s,
        )


async def test_lists_come_in_pages_the_brokers_last() -> None:
    shelf = Shelf(own=11).shelf

    second = await shelf.page(2)

    assert [each.name for each in second.rows] == ["List 10", "First"]
    assert (second.span.total, second.span.next_page, second.unseen) == (12, None, None)
    with pytest.raises(Denied) as past:
        await shelf.page(3)
    assert past.value.reason is Reason.PAGE_PAST_END


async def test_the_broker_is_asked_once_in_a_while() -> None:
    """A model that turns pages asks the broker once."""
    desk = Shelf(own=11)
    for seconds in (0, KEPT_S - 1, 1):
        desk.clock.move(seconds)
        await desk.shelf.page()

    assert desk.keeper.asked == 2


async def test_a_broker_that_was_away_is_asked_again_at_once() -> None:
    desk = Shelf(own=1, keeper=Keeper(away=True))
    before = await desk.shelf.page()
    desk.keeper.away = False
    after = await desk.shelf.page()

    assert (before.unseen, before.span.total) == (Reason.BROKER_UNAVAILABLE, 1)
    assert (after.unseen, after.span.total) == (None, 2)


async def test_nobody_waits_long_for_a_broker_that_says_nothing() -> None:
    """The owner's lists lie here, and a read of the broker may take most of a minute."""
    desk = Shelf(own=1, keeper=Keeper(silent=True), within_s=0)

    page = await desk.shelf.page()

    assert (page.unseen, [each.name for each in page.rows]) == (
        Reason.BROKER_UNAVAILABLE,
        ["List 00"],
    )
