"""What every keeper of watchlists promises."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from strikedesk.domain.ports import Watchlist, Watchlists
from strikedesk.domain.symbols import parse_symbol
from strikedesk.store.watchlists import SqlWatchlists
from tests.builders import NOON
from tests.fakes.watchlists import MemoryWatchlists
from tests.stores import STORES, a_database


@pytest.fixture(params=STORES)
async def lists(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Watchlists]:
    if request.param == "memory":
        yield MemoryWatchlists()
        return
    async with a_database(request.param, tmp_path) as database:
        yield SqlWatchlists(database)


def a_list(name: str, *symbols: str) -> Watchlist:
    return Watchlist(
        name=name, symbols=tuple(parse_symbol(text) for text in symbols), updated_at=NOON
    )


async def test_lists_come_by_name_with_symbols_as_given(lists: Watchlists) -> None:
    """The owner's order of symbols means something; the order of saving does not."""
    shares = a_list("b", "SPY", "AAPL", "BRK.B")
    options = a_list("a", "AAPL261218C00200000", "SPY")
    empty = a_list("Z")
    for watchlist in (shares, options, empty):
        await lists.save(watchlist)

    assert await lists.all() == (empty, options, shares)


async def test_saving_again_replaces(lists: Watchlists) -> None:
    await lists.save(a_list("tech", "AAPL"))
    again = Watchlist(
        name="tech", symbols=(parse_symbol("MSFT"),), updated_at=NOON + timedelta(seconds=1)
    )

    await lists.save(again)

    assert await lists.all() == (again,)


async def test_a_list_is_dropped_once(lists: Watchlists) -> None:
    await lists.save(a_list("tech", "AAPL"))
    await lists.save(a_list("other", "SPY"))

    assert [await lists.delete("tech"), await lists.delete("tech")] == [True, False]

    assert await lists.all() == (a_list("other", "SPY"),)


async def test_there_are_none_at_first(lists: Watchlists) -> None:
    assert await lists.all() == ()
