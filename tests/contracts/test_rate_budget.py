"""What every budget of turns promises, whichever process asks."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from strikedesk.domain.ports import RateBudget, Turns
from strikedesk.store.database import Database
from strikedesk.store.rate_budget import SqlRateBudget
from strikedesk.store.schema import owner_settings
from tests.fakes.clock import StoppedClock
from tests.fakes.rate_budget import MemoryRateBudget
from tests.stores import DATABASES, STORES, a_database, a_url, opened

SEC = timedelta(seconds=1)
SECOND = Turns(quota="a site: positions", gap=SEC)


@dataclass
class Two:
    """One budget, as two processes have it, and the clock that both look at."""

    here: RateBudget
    there: RateBudget
    clock: StoppedClock


@pytest.fixture(params=STORES)
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Two]:
    clock = StoppedClock()
    if request.param == "memory":
        budget = MemoryRateBudget(clock)
        yield Two(budget, budget, clock)
        return
    async with (
        a_url(request.param, tmp_path) as url,
        opened(url) as here,
        opened(url) as there,
    ):
        yield Two(SqlRateBudget(here, clock=clock), SqlRateBudget(there, clock=clock), clock)


async def test_turns_follow_each_other_whoever_takes_them(two: Two) -> None:
    """The broker counts what one user's servers ask, and knows nothing of processes."""
    told = [await each.reserve(SECOND, within=9 * SEC) for each in (two.here, two.there, two.here)]

    assert told == [0 * SEC, SEC, 2 * SEC]


async def test_who_asks_at_once_gets_turns_apart(two: Two) -> None:
    """Two that read the same row and wrote it one after the other would share a turn."""
    asked = [each.reserve(SECOND, within=99 * SEC) for each in (two.here, two.there) * 10]

    told = [each for each in await asyncio.gather(*asked) if each is not None]
    assert sorted(told) == [n * SEC for n in range(20)]


async def test_a_turn_that_is_over_holds_nobody_up(two: Two) -> None:
    await two.here.reserve(SECOND, within=9 * SEC)
    two.clock.move(1)

    assert await two.there.reserve(SECOND, within=9 * SEC) == 0 * SEC


async def test_several_are_taken_together_and_each_quota_for_itself(two: Two) -> None:
    await two.here.reserve(Turns(quota="all", gap=SEC / 50, count=10), within=9 * SEC)
    await two.here.reserve(SECOND, within=9 * SEC)

    assert await two.there.reserve(Turns(quota="all", gap=SEC / 50), within=9 * SEC) == SEC / 5


async def test_who_will_not_wait_so_long_takes_nothing(two: Two) -> None:
    for _ in range(3):
        await two.here.reserve(SECOND, within=9 * SEC)

    assert await two.there.reserve(SECOND, within=2.5 * SEC) is None
    assert await two.here.reserve(SECOND, within=3 * SEC) == 3 * SEC


@pytest.mark.parametrize("kind", DATABASES)
async def test_a_row_of_a_clock_that_was_wrong_holds_nobody_up(kind: str, tmp_path: Path) -> None:
    """Else an hour of skew on one machine would be an hour without the broker on all."""
    clock = StoppedClock()
    async with a_database(kind, tmp_path) as database:
        budget = SqlRateBudget(database, clock=clock)
        clock.move(3600)
        await budget.reserve(SECOND, within=9 * SEC)
        clock.move(-3600)

        assert await budget.reserve(SECOND, within=9 * SEC) == 0 * SEC


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize("row", [{}, [], {"free_at": 7}, {"free_at": "soon"}, "2026"])
async def test_a_row_that_is_garbled_says_now(kind: str, row: object, tmp_path: Path) -> None:
    async with a_database(kind, tmp_path) as database:
        budget = SqlRateBudget(database, clock=StoppedClock())
        await budget.reserve(SECOND, within=9 * SEC)
        await garble(database, row)

        assert await budget.reserve(SECOND, within=9 * SEC) == 0 * SEC
        assert await budget.reserve(SECOND, within=9 * SEC) == SEC


async def garble(database: Database, row: object) -> None:
    def work(connection: Connection) -> None:
        connection.execute(update(owner_settings).values(value=row))

    await database.write(work)
