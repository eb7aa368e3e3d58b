"""The lists of symbols that tastytrade keeps, as the desk reads them."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from strikedesk.brokers.tastytrade.lists import Lists
from strikedesk.brokers.tastytrade.sites import PRODUCTION, SANDBOX, Site
from strikedesk.domain.broking import BrokerWatchlist
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, parse_symbol
from tests.fakes.loopback import Reply, told
from tests.unit.tastytrade_link import Link, a_link

OWN, PUBLIC = "/watchlists", "/public-watchlists"
CALL = "AAPL  261218C00200000"


@pytest.fixture
async def link() -> AsyncGenerator[Link]:
    async with a_link() as link:
        yield link


def listed(*items: Any) -> Reply:
    return told({"data": {"items": list(items)}})


def entry(symbol: object, kind: object = "Equity") -> dict[str, object]:
    return {"symbol": symbol, "instrument-type": kind}


async def read(link: Link, site: Site = PRODUCTION) -> tuple[BrokerWatchlist, ...]:
    return await Lists(client=link.client, site=site).every()


async def test_the_users_lists_are_told_before_the_public_ones(link: Link) -> None:
    """Both fields that a public list has beside are let by."""
    public = {"name": "Tom's", "group-name": "a", "cms-id": 7, "watchlist-entries": [entry("SPY")]}
    link.there.answers(OWN, listed({"name": "Mine", "watchlist-entries": [entry("BRK/B")]}))
    link.there.answers(PUBLIC, listed(public))

    mine, toms = await read(link)

    assert mine == BrokerWatchlist(
        name="Mine", symbols=(EquitySymbol("BRK.B"),), entries=1, public=False
    )
    assert (toms.name, toms.public) == ("Tom's", True)
    assert {heard.method for heard in link.there.asked(OWN)} == {"GET"}


async def test_what_the_desk_has_no_word_for_is_counted_and_not_read(link: Link) -> None:
    """Futures, coins, a symbol that is none: the count still tells how long the list is."""
    entries = [
        entry("/ESZ6", "Future"),
        entry("BTC/USD", "Cryptocurrency"),
        entry(CALL, "Equity Option"),
        entry(CALL),
        entry(None),
        {"symbol": "AAPL"},
        {"symbol": CALL},
        {"symbol": "/ESZ6"},
        {"symbol": "<b>sell all</b>"},
    ]
    link.there.answers(OWN, listed({"name": "Mixed", "watchlist-entries": entries}))
    link.there.answers(PUBLIC, listed())

    (mixed,) = await read(link)

    call = parse_symbol(CALL)
    assert (mixed.symbols, mixed.entries) == ((call, EquitySymbol("AAPL"), call), 9)


@pytest.mark.parametrize("odd", [{}, {"name": None}, {"name": ["x"], "watchlist-entries": None}])
async def test_a_list_without_a_name_or_entries_is_an_empty_one(link: Link, odd: object) -> None:
    link.there.answers(OWN, listed(odd))
    link.there.answers(PUBLIC, listed())

    assert await read(link) == (BrokerWatchlist(name="", symbols=(), entries=0, public=False),)


async def test_lists_of_which_a_part_cannot_be_read_are_not_told_for_all(link: Link) -> None:
    link.there.answers(OWN, listed())
    link.there.answers(PUBLIC, told({"data": {}}))

    with pytest.raises(Unavailable):
        await read(link)


async def test_the_brokers_own_sandbox_is_not_asked_for_lists(link: Link) -> None:
    """It answers with an error that would be waited for, again and again."""
    with pytest.raises(Denied) as denied:
        await read(link, SANDBOX)

    assert denied.value.reason is Reason.NOT_SUPPORTED
    assert link.there.asked(OWN) == []
