"""What every keeper of saved scans promises."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from strikedesk.domain.ports import SavedScan, SavedScans
from strikedesk.store.scans import SqlSavedScans
from tests.builders import NOON
from tests.fakes.scans import MemorySavedScans
from tests.stores import STORES, a_url, opened

MOST = 3

Two = tuple[SavedScans, SavedScans]


@pytest.fixture(params=STORES)
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Two]:
    """Yield two keepers of the same scans, as two processes have them."""
    if request.param == "memory":
        scans = MemorySavedScans()
        yield scans, scans
        return
    async with (
        a_url(request.param, tmp_path) as url,
        opened(url) as here,
        opened(url) as there,
    ):
        yield SqlSavedScans(here), SqlSavedScans(there)


def a_scan(name: str, definition: str = 'top = 3\n# caf\u00e9 "quoted"') -> SavedScan:
    return SavedScan(name=name, definition=definition, updated_at=NOON)


async def test_scans_come_by_name_and_word_for_word(both: Two) -> None:
    """The owner reads again what the owner wrote, comments and all."""
    assert await both[1].all() == ()

    for name in ("wheel", "b-scan", "a scan"):
        assert await both[0].save(a_scan(name), MOST)

    assert await both[1].all() == (a_scan("a scan"), a_scan("b-scan"), a_scan("wheel"))


async def test_saving_again_replaces_and_takes_no_further_place(both: Two) -> None:
    """A full shelf still lets its owner mend what stands on it."""
    for name in ("a", "b", "c"):
        await both[0].save(a_scan(name), MOST)
    again = SavedScan(name="b", definition="top = 4", updated_at=NOON + timedelta(seconds=1))

    assert await both[1].save(again, MOST)
    assert not await both[1].save(a_scan("d"), MOST)
    assert await both[0].all() == (a_scan("a"), again, a_scan("c"))


async def test_what_is_removed_is_gone_once(both: Two) -> None:
    """Whoever comes second hears that there was none."""
    await both[0].save(a_scan("a"), MOST)

    assert await both[1].remove("a")
    assert not await both[0].remove("a")
    assert await both[0].all() == ()


async def test_no_more_are_kept_than_may_be_however_many_save_at_once(both: Two) -> None:
    """Two processes that count at the same moment must not both find room."""
    kept = await asyncio.gather(*(both[n % 2].save(a_scan(f"scan {n}"), MOST) for n in range(8)))

    assert sum(kept) == MOST
    assert len(await both[0].all()) == MOST
