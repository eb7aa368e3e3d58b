"""What every keeper of watchlists promises."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from strikedesk.domain.ports import ListChange, Watchlist, Watchlists
from strikedesk.domain.symbols import EquitySymbol, parse_symbol
from strikedesk.portfolio.watchlists import Edit, WatchlistBook
from strikedesk.store.watchlists import SqlWatchlists
from tests.builders import NOON
from tests.fakes.clock import StoppedClock
from tests.fakes.watchlists import MemoryWatchlists
from tests.stores import STORES, a_url, opened

Two = tuple[Watchlists, Watchlists]


@pytest.fixture(params=STORES)
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Two]:
    """Yield two keepers of the same lists, as two processes have them."""
    if request.param == "memory":
        lists = MemoryWatchlists()
        yield lists, lists
        return
    async with (
        a_url(request.param, tmp_path) as url,
        opened(url) as here,
        opened(url) as there,
    ):
        yield SqlWatchlists(here), SqlWatchlists(there)


@pytest.fixture
def lists(both: Two) -> Watchlists:
    return both[0]


def a_list(name: str, *symbols: str) -> Watchlist:
    return Watchlist(
        name=name, symbols=tuple(parse_symbol(text) for text in symbols), updated_at=NOON
    )


async def save(lists: Watchlists, *saved: Watchlist, drop: tuple[str, ...] = ()) -> None:
    await lists.change(lambda _: (ListChange(save=saved, drop=drop), None))


async def test_lists_come_by_name_with_symbols_as_given(both: Two) -> None:
    """The owner's order of symbols means something; the order of saving does not."""
    shares = a_list("b", "SPY", "AAPL", "BRK.B")
    options = a_list("a", "AAPL261218C00200000", "SPY")
    empty = a_list("Z")
    for watchlist in (shares, options, empty):
        await save(both[0], watchlist)

    assert await both[1].all() == (empty, options, shares)


async def test_saving_again_replaces(lists: Watchlists) -> None:
    await save(lists, a_list("tech", "AAPL"))
    again = Watchlist(
        name="tech", symbols=(parse_symbol("MSFT"),), updated_at=NOON + timedelta(seconds=1)
    )

    await save(lists, again)

    assert await lists.all() == (again,)


async def test_what_is_dropped_is_gone_before_anything_is_saved(lists: Watchlists) -> None:
    """A new name is a list dropped and a list made, in one step; a name may come back in it."""
    await save(lists, a_list("tech", "AAPL"), a_list("other", "SPY"))

    await save(lists, a_list("Tech", "AAPL"), a_list("other", "QQQ"), drop=("tech", "other", "no"))

    assert await lists.all() == (a_list("Tech", "AAPL"), a_list("other", "QQQ"))


async def test_an_act_sees_every_list_and_its_answer_comes_back(lists: Watchlists) -> None:
    await save(lists, a_list("tech", "AAPL"), a_list("other", "SPY"))

    seen = await lists.change(lambda found: (ListChange(), found))

    assert seen == (a_list("other", "SPY"), a_list("tech", "AAPL"))


async def test_an_act_that_raises_changes_nothing(lists: Watchlists) -> None:
    await save(lists, a_list("tech", "AAPL"))

    def refuses(_: tuple[Watchlist, ...]) -> tuple[ListChange, None]:
        raise LookupError

    with pytest.raises(LookupError):
        await lists.change(refuses)

    assert await lists.all() == (a_list("tech", "AAPL"),)


async def test_there_are_none_at_first(lists: Watchlists) -> None:
    assert await lists.all() == ()


async def test_two_processes_that_edit_at_once_lose_nothing(both: Two) -> None:
    """Each reads the list and writes it back: the second must read what the first wrote."""
    books = [WatchlistBook(lists=lists, clock=StoppedClock()) for lists in both]
    tickers = [EquitySymbol(f"T{n}") for n in range(20)]

    await asyncio.gather(
        *(books[n % 2].edit("Tech", Edit(add=(ticker,))) for n, ticker in enumerate(tickers))
    )

    (made,) = await both[0].all()
    assert set(made.symbols) == set(tickers)


async def test_one_name_in_two_cases_at_once_is_one_list(both: Two) -> None:
    """Two lists that are found by the same name would hide each other."""
    books = [WatchlistBook(lists=lists, clock=StoppedClock()) for lists in both]

    await asyncio.gather(
        books[0].edit("Tech", Edit(add=(EquitySymbol("AAPL"),))),
        books[1].edit("TECH", Edit(add=(EquitySymbol("MSFT"),))),
    )

    assert len(await both[0].all()) == 1
