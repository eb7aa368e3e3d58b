"""Watchlists: what an edit does, what it refuses, and that none is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import ListChange, Watchlist
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.portfolio.watchlists import (
    LISTS_MAX,
    NAME_MAX,
    SYMBOLS_MAX,
    Edit,
    Edited,
    WatchlistBook,
    is_list_name,
)
from tests.builders import NOON
from tests.fakes.clock import StoppedClock
from tests.fakes.watchlists import MemoryWatchlists

AAPL, MSFT, SPY, IBM = (EquitySymbol(ticker) for ticker in ("AAPL", "MSFT", "SPY", "IBM"))
ONLY_SHOWN = {"lists_of_the_broker": "are only shown"}


@dataclass
class Drawer:
    """A book over lists of memory, and a clock."""

    clock: StoppedClock = field(default_factory=StoppedClock)
    lists: MemoryWatchlists = field(default_factory=MemoryWatchlists)

    def __post_init__(self) -> None:
        self.book = WatchlistBook(lists=self.lists, clock=self.clock)

    async def keep(self, name: str, symbols: Sequence[Symbol]) -> None:
        """Put a list there without the book."""
        made = Watchlist(name=name, symbols=tuple(symbols), updated_at=NOON)
        await self.lists.change(lambda _: (ListChange(save=(made,)), None))

    async def refused(
        self,
        name: str,
        *,
        add: tuple[Symbol, ...] = (),
        remove: tuple[Symbol, ...] = (),
        place: int | None = None,
        rename: str | None = None,
    ) -> dict[str, object]:
        """Return the facts of a refused edit, having checked that nothing changed."""
        before = dict(self.lists.lists)
        with pytest.raises(Denied) as denied:
            await self.book.edit(name, Edit(add=add, remove=remove, place=place, rename=rename))
        assert denied.value.reason is Reason.INVALID_ARGUMENT
        assert self.lists.lists == before
        return dict(denied.value.facts)


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


async def test_a_new_name_makes_a_list(drawer: Drawer) -> None:
    edited = await drawer.book.edit("Tech", Edit(add=(MSFT, AAPL, MSFT)))

    made = Watchlist(name="Tech", symbols=(MSFT, AAPL), updated_at=NOON)
    assert edited == Edited(watchlist=made, created=True, added=(MSFT, AAPL))
    assert await drawer.lists.all() == (made,)


async def test_an_edit_takes_out_puts_in_and_says_what_was_so_already(drawer: Drawer) -> None:
    """A model that repeats itself is told so and does no harm."""
    await drawer.keep("Tech", (AAPL, MSFT))
    drawer.clock.move(60)

    edited = await drawer.book.edit(
        "Tech", Edit(add=(AAPL, SPY), remove=(MSFT, EquitySymbol("IBM")))
    )

    assert edited.watchlist.symbols == (AAPL, SPY)
    assert edited.watchlist.updated_at == drawer.clock.now()
    assert (edited.added, edited.removed) == ((SPY,), (MSFT,))
    assert edited.unchanged == (AAPL, EquitySymbol("IBM"))
    assert not edited.created


async def test_an_edit_that_changes_nothing_writes_nothing(drawer: Drawer) -> None:
    await drawer.keep("Tech", (AAPL,))
    drawer.clock.move(60)

    await drawer.book.edit("Tech", Edit(add=(AAPL,), remove=(MSFT,)))

    assert drawer.lists.lists["Tech"].updated_at == NOON


async def test_a_name_is_found_in_any_case_and_kept_as_first_written(drawer: Drawer) -> None:
    await drawer.keep("Tech", (AAPL,))

    await drawer.book.edit("TECH", Edit(add=(MSFT,)))
    await drawer.book.delete("tech")

    assert drawer.lists.lists == {}


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

    told = {"argument": "name", "given": "Energy", "there_are": "Tech"} | ONLY_SHOWN
    assert await drawer.refused("Energy", remove=(AAPL,)) == told
    with pytest.raises(Denied) as denied:
        await drawer.book.delete("Energy")
    assert denied.value.facts == told


async def test_a_list_holds_as_many_as_one_call_can_quote(drawer: Drawer) -> None:
    await drawer.keep("Tech", [EquitySymbol(f"T{n}") for n in range(SYMBOLS_MAX)])

    facts = await drawer.refused("Tech", add=(AAPL,))

    assert facts == {"argument": "add", "would_hold": SYMBOLS_MAX + 1, "at_most": SYMBOLS_MAX}
    edited = await drawer.book.edit("Tech", Edit(add=(AAPL,), remove=(EquitySymbol("T0"),)))
    assert len(edited.watchlist.symbols) == SYMBOLS_MAX


async def test_there_are_so_many_lists_and_no_more(drawer: Drawer) -> None:
    for number in range(LISTS_MAX):
        await drawer.keep(f"List {number}", (AAPL,))

    facts = await drawer.refused("One more", add=(AAPL,))

    assert facts == {"argument": "name", "lists": LISTS_MAX, "at_most": LISTS_MAX}
    assert (await drawer.book.edit("List 0", Edit(add=(MSFT,)))).added == (MSFT,)


async def test_a_place_puts_new_symbols_there_and_moves_the_others(drawer: Drawer) -> None:
    """The owner's order means something: what is watched most stands first."""
    await drawer.keep("Tech", (AAPL, MSFT, SPY))

    edited = await drawer.book.edit("Tech", Edit(add=(SPY, IBM), place=1))

    assert edited.watchlist.symbols == (SPY, IBM, AAPL, MSFT)
    assert (edited.added, edited.moved, edited.unchanged) == ((IBM,), (SPY,), ())


@pytest.mark.parametrize(
    ("place", "order"),
    [
        (1, (SPY, AAPL, MSFT)),
        (2, (AAPL, SPY, MSFT)),
        (3, (AAPL, MSFT, SPY)),
        (50, (AAPL, MSFT, SPY)),
    ],
)
async def test_a_symbol_stands_where_it_was_put(
    drawer: Drawer, place: int, order: tuple[Symbol, ...]
) -> None:
    """One past the end is the end."""
    await drawer.keep("Tech", (AAPL, MSFT, SPY))

    edited = await drawer.book.edit("Tech", Edit(add=(SPY,), place=place))

    assert edited.watchlist.symbols == order
    stayed = order == (AAPL, MSFT, SPY)
    assert (edited.moved, edited.unchanged) == (((), (SPY,)) if stayed else ((SPY,), ()))


@given(
    held=st.lists(st.sampled_from("ABCDEFGH"), unique=True),
    add=st.lists(st.sampled_from("ABCDEFGHIJ"), min_size=1),
    remove=st.lists(st.sampled_from("ABCDEFGHIJ")),
    place=st.one_of(st.none(), st.integers(1, 12)),
)
def test_an_edit_holds_what_it_should_once_and_keeps_the_order_of_the_rest(
    held: list[str], add: list[str], remove: list[str], place: int | None
) -> None:
    remove = [name for name in remove if name not in add]
    edit = Edit(
        add=tuple(EquitySymbol(name) for name in add),
        remove=tuple(EquitySymbol(name) for name in remove),
        place=place,
    )

    found = [each.compact for each in edit.of([EquitySymbol(name) for name in held])]

    assert sorted(found) == sorted({*held, *add} - {*remove})
    rest = [name for name in held if name not in (*add, *remove)]
    assert [name for name in found if name in rest] == rest


async def test_a_list_gets_another_name_and_keeps_the_rest(drawer: Drawer) -> None:
    await drawer.keep("Tech", (AAPL, MSFT))

    edited = await drawer.book.edit("tech", Edit(rename="Chips", remove=(MSFT,)))

    assert (edited.watchlist.name, edited.renamed_from) == ("Chips", "Tech")
    assert [*drawer.lists.lists] == ["Chips"]
    assert drawer.lists.lists["Chips"].symbols == (AAPL,)


async def test_a_name_may_change_its_case_alone(drawer: Drawer) -> None:
    await drawer.keep("tech", (AAPL,))

    await drawer.book.edit("tech", Edit(rename="Tech"))

    assert [*drawer.lists.lists] == ["Tech"]


async def test_another_lists_name_is_taken(drawer: Drawer) -> None:
    """In any case: two lists of one name would hide each other."""
    await drawer.keep("Tech", (AAPL,))
    await drawer.keep("Energy", (SPY,))

    facts = await drawer.refused("Energy", rename="TECH")

    assert facts == {"argument": "rename", "taken_by": "Tech"}


async def test_a_list_that_is_not_there_has_no_name_to_change(drawer: Drawer) -> None:
    assert (await drawer.refused("Energy", rename="Oil"))["argument"] == "name"
    assert (await drawer.refused("Energy", add=(AAPL,), rename="Oil"))["argument"] == "name"
    assert (await drawer.refused("Energy", add=(AAPL,), rename="<b>"))["argument"] == "rename"


@pytest.mark.parametrize("place", [0, SYMBOLS_MAX + 1])
async def test_a_place_that_no_list_has_is_refused(drawer: Drawer, place: int) -> None:
    assert (await drawer.refused("Tech", add=(AAPL,), place=place))["argument"] == "place"
    assert (await drawer.refused("Tech", remove=(AAPL,), place=1))["argument"] == "place"


async def test_one_list_is_found_by_its_name(drawer: Drawer) -> None:
    await drawer.keep("Tech", (AAPL,))

    assert (await drawer.book.named("TECH")).symbols == (AAPL,)
    with pytest.raises(Denied) as denied:
        await drawer.book.named("Energy")
    assert (
        denied.value.facts
        == {"argument": "name", "given": "Energy", "there_are": "Tech"} | ONLY_SHOWN
    )
