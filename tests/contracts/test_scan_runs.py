"""What every keeper of what scans came to promises."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strikedesk.domain.ports import ScanRuns
from strikedesk.domain.scan_runs import ScanResult, ScanRun, Sighting
from strikedesk.store.scan_runs import SqlScanRuns
from tests.builders import NOON
from tests.fakes.work import MemoryScanRuns
from tests.stores import STORES, a_url, opened

Two = tuple[ScanRuns, ScanRuns]
HERE = "paper"
SECOND = timedelta(seconds=1)
LATER = NOON + timedelta(microseconds=1)


@pytest.fixture(params=STORES)
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Two]:
    """Yield two keepers of the same runs, as two processes have them."""
    if request.param == "memory":
        runs = MemoryScanRuns()
        yield runs, runs
        return
    async with (
        a_url(request.param, tmp_path) as url,
        opened(url) as here,
        opened(url) as there,
    ):
        yield SqlScanRuns(here), SqlScanRuns(there)


def a_result(at: datetime, *strikes: int) -> ScanResult:
    sightings = (
        Sighting(
            underlying="AAPL",
            legs=f"-1 AAPL261218P00{strike}000",
            since=at,
            mid=Decimal("-1.250"),
        )
        for strike in strikes
    )
    return ScanResult(at=at, sightings=tuple(sightings))


async def ran(runs: ScanRuns, result: ScanResult, last: datetime | None = None) -> None:
    assert await runs.begin(HERE, "condor", result.at, last=last)
    await runs.end(HERE, "condor", result.at, problem=None, result=result, most=3)


async def test_a_scan_stands_as_its_last_run_left_it(both: Two) -> None:
    """To the last digit, whichever process asks; another broker's scan of that name is another."""
    result = a_result(LATER, 150, 155)
    await ran(both[0], result)
    await both[1].begin("elsewhere", "condor", NOON, last=None)

    assert await both[1].all(HERE) == (
        ScanRun(scan="condor", ran_at=LATER, problem=None, result=result),
    )
    assert await both[0].all("elsewhere") == (
        ScanRun(scan="condor", ran_at=NOON, problem=None, result=None),
    )


async def test_of_many_who_begin_a_run_one_does(both: Two) -> None:
    """The first ever, and every one after it: the same work is not done twice."""
    for at, last in ((NOON, None), (LATER, NOON)):
        begun = [both[n % 2].begin(HERE, "condor", at, last=last) for n in range(4)]
        assert sorted(await asyncio.gather(*begun)) == [False, False, False, True]


async def test_a_run_that_failed_keeps_what_was_found_before(both: Two) -> None:
    result = a_result(NOON, 150)
    await ran(both[0], result)
    await both[1].begin(HERE, "condor", LATER, last=NOON)
    await both[1].end(HERE, "condor", LATER, problem="BROKER_UNAVAILABLE", result=None, most=3)

    (run,) = await both[0].all(HERE)
    assert run == ScanRun(scan="condor", ran_at=LATER, problem="BROKER_UNAVAILABLE", result=result)


async def test_the_newest_results_stay_and_no_more_than_may(both: Two) -> None:
    """A scan that runs every half minute for years fills no disk."""
    found = [a_result(NOON + n * SECOND, 150 + n) for n in range(5)]
    last: datetime | None = None
    for each in found:
        await ran(both[0], each, last)
        last = each.at

    assert await both[1].results(HERE, "condor") == (found[4], found[3], found[2])
    assert await both[1].results(HERE, "wheel") == ()


async def test_results_of_a_time_that_has_not_come_again_give_way(both: Two) -> None:
    """A paper world that begins anew has its clock behind what an earlier one left."""
    early = a_result(NOON, 150)
    await ran(both[0], a_result(NOON + timedelta(days=9), 160))
    await ran(both[0], early, NOON + timedelta(days=9))

    assert await both[1].results(HERE, "condor") == (early,)
    assert (await both[1].all(HERE))[0].result == early


async def test_what_is_forgotten_leaves_nothing_and_a_run_of_it_ends_in_nothing(both: Two) -> None:
    """A scan that is removed while it runs does not come back."""
    await ran(both[0], a_result(NOON, 150))
    await ran(both[0], a_result(LATER, 155), NOON)
    await both[1].forget(HERE, "condor")
    left = a_result(NOON, 160)

    assert not await both[0].end(HERE, "condor", LATER, problem=None, result=left, most=3)
    assert await both[0].all(HERE) == ()
    assert await both[0].results(HERE, "condor") == ()
    assert await both[0].begin(HERE, "condor", NOON, last=None)


async def test_a_run_that_another_overtook_writes_nothing(both: Two) -> None:
    """A process that was slow, or asleep, lost its lease meanwhile: its figures are old."""
    slow, quick = both
    newer = a_result(LATER, 155)
    await slow.begin(HERE, "condor", NOON, last=None)
    await ran(quick, newer, NOON)

    late = a_result(NOON, 150)

    assert not await slow.end(HERE, "condor", NOON, problem="DESK_FAULT", result=late, most=3)
    assert await quick.all(HERE) == (
        ScanRun(scan="condor", ran_at=LATER, problem=None, result=newer),
    )
    assert await quick.results(HERE, "condor") == (newer,)
