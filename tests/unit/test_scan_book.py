"""The shelf of scans: starters that nobody changes, and what somebody saved."""

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import SavedScan
from strikedesk.quant.strategies.patterns import PATTERNS
from strikedesk.scan.book import SCANS_MAX, ScanBook
from strikedesk.scan.library import starter_texts
from tests.builders import NOON
from tests.fakes.clock import StoppedClock
from tests.fakes.scans import MemorySavedScans

MINE = 'name = "mine"\nstrategy = "short put"'


@pytest.fixture
def shelf() -> MemorySavedScans:
    return MemorySavedScans()


@pytest.fixture
def book(shelf: MemorySavedScans) -> ScanBook:
    return ScanBook(scans=shelf, clock=StoppedClock(), patterns=lambda: PATTERNS)


async def test_what_is_saved_comes_first_and_word_for_word(
    book: ScanBook, shelf: MemorySavedScans
) -> None:
    scan = await book.save(MINE)

    first, *others = await book.all()
    assert (first.name, first.definition, first.scan) == ("mine", MINE, scan)
    assert first.updated_at == NOON
    assert [each.name for each in await book.saved()] == [first.name]
    assert [each.name for each in others] == [*starter_texts()]
    assert all(each.updated_at is None for each in others)
    assert await book.loaded("MINE") == scan


async def test_a_scan_that_loads_no_more_is_shown_with_its_problem(
    book: ScanBook, shelf: MemorySavedScans
) -> None:
    """An owner's strategy may have gone, or a newer program knows more measures."""
    text = 'name = "old"\nstrategy = "short put"\n[rules]\nluck = { min = 1 }'
    shelf.scans["old"] = SavedScan(name="old", definition=text, updated_at=NOON)

    (first, *_) = await book.all()
    with pytest.raises(Denied) as denied:
        await book.loaded("old")

    assert first.scan is None
    assert "line 4" in (first.problem or "")
    assert denied.value.facts["problem"] == first.problem


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ('strategy = "short put"', "problem"),
        ('name = "pmcc"\nstrategy = "short put"', "problem"),
        ('name = "mine"\nstrategy = "short"', "line"),
        (MINE + '\nevery = "1h"\n[portfolio]\npositions = 1', "problem"),
    ],
)
async def test_what_has_no_name_of_its_own_or_does_not_load_is_not_kept(
    book: ScanBook, shelf: MemorySavedScans, text: str, fact: str
) -> None:
    with pytest.raises(Denied) as denied:
        await book.save(text)

    assert fact in denied.value.facts
    assert shelf.scans == {}


@pytest.mark.parametrize("rest", ['every = "1h"', "[portfolio]\npositions = 1"])
async def test_only_what_runs_by_itself_has_to_name_its_account(book: ScanBook, rest: str) -> None:
    """Whoever runs a scan says for which account; the clock does not."""
    scan = await book.save(f"{MINE}\n{rest}")
    named = await book.save(
        f'{MINE}\nevery = "1h"\n[portfolio]\npositions = 1\naccount = "paper-margin"'
    )

    assert not scan.lacks_account
    assert named.portfolio.account == "paper-margin"


async def test_a_full_shelf_takes_no_more(book: ScanBook, shelf: MemorySavedScans) -> None:
    for n in range(SCANS_MAX):
        await book.save(MINE.replace("mine", f"mine {n}"))

    with pytest.raises(Denied):
        await book.save(MINE)

    assert len(shelf.scans) == SCANS_MAX


@pytest.mark.parametrize("name", ["pmcc", "mine", "<b>"])
async def test_what_was_not_saved_cannot_be_removed(book: ScanBook, name: str) -> None:
    with pytest.raises(Denied) as denied:
        await book.remove(name)

    assert denied.value.facts["saved_are"] == "none"


async def test_an_unknown_name_is_answered_with_those_there_are(book: ScanBook) -> None:
    await book.save(MINE)
    await book.remove("Mine")

    with pytest.raises(Denied) as denied:
        await book.named("mine")

    assert "iron-condor-45" in str(denied.value.facts["there_are"])
