"""What every store of paper worlds promises."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import WorldChange, WorldLine, WorldRows, WorldStore
from strikedesk.domain.reasons import Reason
from strikedesk.store.worlds import SqlWorldStore
from tests.builders import NOON
from tests.fakes.world import MemoryWorldStore
from tests.stores import STORES, a_database

Load = Callable[[], WorldRows]

NOTHING = WorldChange()
FULL = WorldChange(
    header={"seed": 7, "clock": {"mode": "real"}},
    accounts={"PAPER0001": {"cash": "1000.00"}, "PAPER0002": {"cash": "5.00"}},
    orders={"b-1": {"state": "working", "legs": [["SPY", 1]]}},
)


@pytest.fixture(params=STORES)
async def worlds(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[WorldStore]:
    if request.param == "memory":
        yield MemoryWorldStore()
        return
    async with a_database(request.param, tmp_path) as database:
        yield SqlWorldStore(database)


async def change(worlds: WorldStore, told: WorldChange, world: str = "main") -> int:
    """Write a change; return the version that it met."""

    def act(version: int, _load: Load) -> tuple[WorldChange, int]:
        return told, version

    return await worlds.transact(world, act)


async def rows(worlds: WorldStore, world: str = "main") -> WorldRows:
    def act(_version: int, load: Load) -> tuple[WorldChange, WorldRows]:
        return NOTHING, load()

    return await worlds.transact(world, act)


def a_line(number: int, *, at: datetime = NOON, account_id: str = "PAPER0001") -> WorldLine:
    return WorldLine(
        line_id=f"line-{number}", account_id=account_id, at=at, document={"number": number}
    )


async def book(
    worlds: WorldStore,
    *,
    start: date | None = None,
    end: date | None = None,
    limit: int = 9,
    offset: int = 0,
) -> tuple[list[Json], int]:
    page, total = await worlds.lines(
        "main", "PAPER0001", start=start, end=end, limit=limit, offset=offset
    )
    return [document["number"] for document in page], total


async def test_a_world_begins_empty_at_version_zero(worlds: WorldStore) -> None:
    assert await worlds.peek("main") == 0
    assert await rows(worlds) == WorldRows(header={}, accounts={}, orders={})
    assert await worlds.lines("main", "a", start=None, end=None, limit=9, offset=0) == ((), 0)
    assert await worlds.line("main", "line-1") is None


async def test_a_change_is_read_back_whole(worlds: WorldStore) -> None:
    await change(worlds, FULL)

    assert await rows(worlds) == WorldRows(
        header=FULL.header or {}, accounts=FULL.accounts, orders=FULL.orders
    )


async def test_each_change_that_is_not_empty_counts(worlds: WorldStore) -> None:
    """Another process compares the version to know whether its copy is still good."""
    met = [await change(worlds, told) for told in (FULL, NOTHING, FULL, NOTHING)]

    assert met == [0, 1, 1, 2]
    assert await worlds.peek("main") == 2


async def test_documents_replace_those_with_their_id_and_no_others(worlds: WorldStore) -> None:
    await change(worlds, FULL)

    await change(
        worlds,
        WorldChange(accounts={"PAPER0002": {"cash": "4.00"}}, orders={"b-2": {"state": "filled"}}),
    )

    assert await rows(worlds) == WorldRows(
        header=FULL.header or {},
        accounts={"PAPER0001": {"cash": "1000.00"}, "PAPER0002": {"cash": "4.00"}},
        orders={**FULL.orders, "b-2": {"state": "filled"}},
    )


async def test_an_empty_document_takes_an_order_out(worlds: WorldStore) -> None:
    await change(worlds, FULL)

    await change(worlds, WorldChange(orders={"b-1": {}, "b-9": {}, "b-2": {"state": "working"}}))

    assert (await rows(worlds)).orders == {"b-2": {"state": "working"}}


async def test_worlds_do_not_see_each_other(worlds: WorldStore) -> None:
    await change(worlds, FULL, "main")
    await change(worlds, WorldChange(header={"seed": 8}, lines=(a_line(1),)), "other")

    assert await worlds.peek("main") == 1
    assert await rows(worlds, "other") == WorldRows(header={"seed": 8}, accounts={}, orders={})
    assert await worlds.line("main", "line-1") is None


async def test_an_act_that_raises_writes_nothing(worlds: WorldStore) -> None:
    await change(worlds, FULL)

    def act(version: int, load: Load) -> tuple[WorldChange, None]:
        load()
        raise Denied(Reason.INSUFFICIENT_BUYING_POWER, version=version)

    with pytest.raises(Denied) as denied:
        await worlds.transact("main", act)

    assert denied.value.facts == {"version": 1}
    assert await worlds.peek("main") == 1


async def test_acts_never_overlap(worlds: WorldStore) -> None:
    """Thirty-two who each read a balance and write one more: none is lost."""

    def act(_version: int, load: Load) -> tuple[WorldChange, int]:
        count = load().accounts.get("PAPER0001", {}).get("count", 0)
        assert isinstance(count, int)
        return WorldChange(accounts={"PAPER0001": {"count": count + 1}}), count

    met = await asyncio.gather(*(worlds.transact("main", act) for _ in range(32)))

    assert sorted(met) == list(range(32))
    assert (await rows(worlds)).accounts == {"PAPER0001": {"count": 32}}
    assert await worlds.peek("main") == 32


async def test_a_book_is_read_newest_first_a_page_at_a_time(worlds: WorldStore) -> None:
    """Lines of one instant keep the order they were written in."""
    early, late = NOON - timedelta(hours=1), NOON
    await change(worlds, WorldChange(lines=(a_line(1, at=late), a_line(2, at=late))))
    await change(worlds, WorldChange(lines=(a_line(3, at=early), a_line(4, at=late))))
    await change(worlds, WorldChange(lines=(a_line(5, account_id="PAPER0002"),)))

    assert await book(worlds) == ([4, 2, 1, 3], 4)
    assert await book(worlds, limit=2, offset=1) == ([2, 1], 4)
    assert await book(worlds, offset=4) == ([], 4)


async def test_days_of_a_book_are_whole_utc_days(worlds: WorldStore) -> None:
    first = datetime(2026, 11, 19, 23, 59, 59, 999999, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    day = timedelta(days=1)
    await change(
        worlds,
        WorldChange(
            lines=(
                a_line(1, at=first),
                a_line(2, at=first + moment),
                a_line(3, at=first + day),
                a_line(4, at=first + day + moment),
            )
        ),
    )
    friday = date(2026, 11, 20)

    assert await book(worlds, start=friday, end=friday) == ([3, 2], 2)
    assert await book(worlds, start=friday) == ([4, 3, 2], 3)
    assert await book(worlds, end=friday) == ([3, 2, 1], 3)
    assert await book(worlds, start=date.min, end=date.max) == ([4, 3, 2, 1], 4)


async def test_a_line_is_found_by_its_id(worlds: WorldStore) -> None:
    await change(worlds, WorldChange(lines=(a_line(1), a_line(2, account_id="PAPER0002"))))

    assert await worlds.line("main", "line-2") == {"number": 2}
    assert await worlds.line("main", "line-3") is None


async def test_a_line_is_written_once(worlds: WorldStore) -> None:
    """A fill booked twice would be money made of nothing."""
    await change(worlds, WorldChange(lines=(a_line(1),)))

    with pytest.raises(Denied) as denied:
        await change(worlds, WorldChange(header={"seed": 8}, lines=(a_line(2), a_line(1))))

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert await worlds.peek("main") == 1
    assert await book(worlds) == ([1], 1)


async def test_what_was_given_can_change_without_changing_what_is_kept(
    worlds: WorldStore,
) -> None:
    """The actor goes on with its own copy."""
    account: dict[str, Json] = {"cash": "1.00"}
    accounts: Mapping[str, Mapping[str, Json]] = {"PAPER0001": account}
    await change(worlds, WorldChange(accounts=accounts))

    account["cash"] = "9.00"

    assert (await rows(worlds)).accounts == {"PAPER0001": {"cash": "1.00"}}
