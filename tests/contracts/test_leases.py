"""What everybody who says which process acts promises."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from strikedesk.domain.ports import Leases
from strikedesk.store.leases import SqlLeases
from tests.builders import NOON
from tests.fakes.work import MemoryLeases
from tests.stores import STORES, a_url, opened

Two = tuple[Leases, Leases]
TERM = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


@pytest.fixture(params=STORES)
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Two]:
    """Yield the same leases twice, as two processes have them."""
    if request.param == "memory":
        leases = MemoryLeases()
        yield leases, leases
        return
    async with (
        a_url(request.param, tmp_path) as url,
        opened(url) as here,
        opened(url) as there,
    ):
        yield SqlLeases(here), SqlLeases(there)


async def test_of_many_who_ask_at_once_one_gets_it(both: Two) -> None:
    """Whichever comes first; the others hear it at once and wait for nothing."""
    asked = [both[n % 2].take("scans", f"process-{n}", NOON, TERM) for n in range(6)]

    assert sorted(await asyncio.gather(*asked)) == [*[False] * 5, True]


async def test_a_lease_is_kept_by_its_holder_and_falls_to_another_when_it_is_over(
    both: Two,
) -> None:
    """A process that died gives nothing back: its term ends."""
    here, there = both
    assert await here.take("scans", "a", NOON, TERM)
    assert await here.take("scans", "a", NOON + 30 * SECOND, TERM)

    assert not await there.take("scans", "b", NOON + 89 * SECOND, TERM)
    assert await there.take("scans", "b", NOON + 90 * SECOND, TERM)
    assert not await here.take("scans", "a", NOON + 91 * SECOND, TERM)


async def test_what_is_given_back_is_free_and_only_its_holder_gives_it(both: Two) -> None:
    here, there = both
    await here.take("scans", "a", NOON, TERM)
    await here.take("others", "a", NOON, TERM)

    await there.give_back("scans", "b")
    assert not await there.take("scans", "b", NOON, TERM)
    await here.give_back("scans", "a")

    assert await there.take("scans", "b", NOON, TERM)
    assert not await there.take("others", "b", NOON, TERM)


async def test_a_lease_from_a_clock_that_went_back_holds_nobody_off(both: Two) -> None:
    """Nobody could have taken it for so long; its holder may be long dead."""
    await both[0].take("scans", "a", NOON + timedelta(days=1), TERM)

    assert await both[1].take("scans", "b", NOON, TERM)
