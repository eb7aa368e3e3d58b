"""Watchlists: what an edit does, what it refuses, and that none is lost."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import Watchlist
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.portfolio.watchlists import (
    LISTS_MAX,
    NAME_MAX,
    SYMBOLS_MAX,
    Edited,
    WatchlistBook,
    is_list_name,
)
from tests.builders import NOON
from tests.fakes.clock import StoppedClock
from tests.fakes.watchlists import MemoryWatchlists

AAPL, MSFT, SPY = (EquitySymbol(ticker) for ticker in ("AAPL", "MSFT", "SPY"))


@dataclass
class Drawer:
    """A book over lists of memory, and a clock."""

    clock: StoppedClock = field(default_factory=StoppedClock)
    lists: MemoryWatchlists = field(default_factory=MemoryWatchlists)

    def __post_init__(self) -> None:
        self.book = WatchlistBook(lists=self.lists, clock=self.clock)

    async def keep(self, name: str, symbols: Sequence[Symbol]) -> None:
        """Put a list there without the book."""
        await self.lists.save(Watchlist(name=name, symbols=tuple(symbols), updated_at=NOON))

    async def refused(
        self, name: str, *, add: Sequence[Symbol] = (), remove: Sequence[Symbol] = ()
    ) -> dict[str, object]:
        """Return the facts of a refused edit, having checked that nothing changed."""
        before = dict(self.lists.lists)
        with pytest.raises(Denied) as denied:
            await self.book.edit(name, add=add, remove=remove)
        assert denied.value.reason is Reason.INVALID_ARGUMENT
        assert self.lists.lists == before
        return dict(denied.value.facts)


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


async def test_a_new_name_makes_a_list(drawer: Drawer) -> None:
    edited = await drawer.book.edit("Tech", add=(MSFT, AAPL, MSFT))

    made = Watchlist(name="Tech", symbols=(MSFT, AAPL), updated_at=NOON)
    assert edited == Edited(watchlist=made, created=True, added=(MSFT, AAPL))
    assert await drawer.lists.all() == (made,)


async def test_an_edit_takes_out_puts_in_and_says_what_was_so_already(drawer: Drawer) -> None:
    """A model that repeats itself is told so and does no harm."""
    await drawer.keep("Tech", (AAPL, MSFT))
    drawer.clock.move(60)

    edited = await drawer.book.edit("Tech", add=(AAPL, SPY), remove=(MSFT, EquitySymbol("IBM")))

    assert edited.watchlist.symbols == (AAPL, SPY)
    assert edited.watchlist.updated_at == drawer.clock.now()
    assert (edited.added, edited.removed) == ((SPY,), (MSFT,))
    assert edited.unchanged == (AAPL, EquitySymbol("IBM"))
    assert not edited.created


async def test_an_edit_that_changes_nothing_writes_nothing(drawer: Drawer) -> None:
    await drawer.keep("Tech", (AAPL,))
    drawer.clock.move(60)

    await drawer.book.edit("Tech", add=(AAPL,), remove=(MSFT,))

    assert drawer.lists.lists["Tech"].updated_at == NOON


async def test_a_name_is_found_in_any_case_and_kept_as_first_written(drawer: Drawer) -> None:
    await drawer.keep("Tech", (AAPL,))

    await drawer.book.edit("TECH", add=(MSFT,))
    await drawer.book.delete("tech")

    assert drawer.lists.lists == {}


async def test_no_two_edits_at_once_lose_one(drawer: Drawer) -> None:
    """Models call tools side by side; each call reads the list and writes it back."""

    @dataclass
    class Slow(MemoryWatchlists):
        async def all(self) -> tuple[Watchlist, ...]:
            found = await super().all()
            await asyncio.sleep(0)
            return found

    book = WatchlistBook(lists=Slow(), clock=drawer.clock)
    tickers = [EquitySymbol(f"T{n}") for n in range(20)]

    await asyncio.gather(*(book.edit("Tech", add=(ticker,)) for ticker in tickers))

    (made,) = (await book.page()).rows
    assert set(made.symbols) == set(tickers)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " Tech",
        "Tech ",
        "x" * (NAME_MAX + 1),
        "<b>",
        "a\nb",
        "a;b",
        "“quoted”",
        "a\u202eb",
        "a/b",
    ],
)
def test_a_name_is_letters_digits_and_little_else(name: str) -> None:
    """It is shown to models again: there is no room for markup or a sentence's tricks."""
    assert not is_list_name(name)


@pytest.mark.parametrize(
    "name", ["Tech", "0DTE", "dividends & growth", "técnica", "半導体", "a_b-c.d+e"]
)
def test_a_name_may_be_in_any_language(name: str) -> None:
    assert is_list_name(name)


async def test_a_list_cannot_be_called_anything(drawer: Drawer) -> None:
    assert (await drawer.refused("<b>", add=(AAPL,)))["argument"] == "name"


async def test_to_do_nothing_is_refused(drawer: Drawer) -> None:
    assert (await drawer.refused("Tech"))["argument"] == "add"


async def test_to_add_and_remove_the_same_is_refused(drawer: Drawer) -> None:
    facts = await drawer.refused("Tech", add=(AAPL, MSFT), remove=(MSFT,))

    assert facts == {"argument": "remove", "also_to_add": "MSFT"}


async def test_what_is_not_there_cannot_be_removed_from_or_dropped(drawer: Drawer) -> None:
    """And the lists that are there are named."""
    await drawer.keep("Tech", (AAPL,))

    told = {"argument": "name", "given": "Energy", "there_are": "Tech"}
    assert await drawer.refused("Energy", remove=(AAPL,)) == told
    with pytest.raises(Denied) as denied:
        await drawer.book.delete("Energy")
    assert denied.value.facts == told


async def test_a_list_holds_as_many_as_one_call_can_quote(drawer: Drawer) -> None:
    await drawer.keep("Tech", [EquitySymbol(f"T{n}") for n in range(SYMBOLS_MAX)])

    facts = await drawer.refused("Tech", add=(AAPL,))

    assert facts == {"argument": "add", "would_hold": SYMBOLS_MAX + 1, "at_most": SYMBOLS_MAX}
    edited = await drawer.book.edit("Tech", add=(AAPL,), remove=(EquitySymbol("T0"),))
    assert len(edited.watchlist.symbols) == SYMBOLS_MAX


async def test_there_are_so_many_lists_and_no_more(drawer: Drawer) -> None:
    for number in range(LISTS_MAX):
        await drawer.keep(f"List {number}", (AAPL,))

    facts = await drawer.refused("One more", add=(AAPL,))

    assert facts == {"argument": "name", "lists": LISTS_MAX, "at_most": LISTS_MAX}
    assert (await drawer.book.edit("List 0", add=(MSFT,))).added == (MSFT,)


async def test_lists_come_in_pages(drawer: Drawer) -> None:
    for number in range(12):
        await drawer.keep(f"List {number:02}", (AAPL,))

    second = await drawer.book.page(2)

    assert [each.name for each in second.rows] == ["List 10", "List 11"]
    assert (second.span.total, second.span.next_page) == (12, None)
    with pytest.raises(Denied) as past:
        await drawer.book.page(3)
    assert past.value.reason is Reason.PAGE_PAST_END
