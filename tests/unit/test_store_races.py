"""Many tasks, databases and processes on one desk; and a process that dies in the middle."""

import asyncio
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from strikedesk.domain.ledger import NonceState, Progress
from strikedesk.domain.states import OrderState
from strikedesk.store.database import Database
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.migrate import HEAD
from tests.builders import a_note, a_preview
from tests.stores import DATABASES, a_url, opened

ROOT = Path(__file__).parents[2]
PREVIEWS = 6


@asynccontextmanager
async def a_child(*words: str) -> AsyncGenerator[Process]:
    """Start another process on the desk and wait until it is ready; it is gone afterwards."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store_child", *words, stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    try:
        assert await heard(child) == "ready"
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def heard(child: Process) -> str:
    assert child.stdout is not None
    return (await asyncio.wait_for(child.stdout.readline(), 60)).decode().strip()


def go(child: Process) -> None:
    assert child.stdin is not None
    child.stdin.write(b"go\n")


async def heard_to_the_end(child: Process) -> list[str]:
    said, _ = await asyncio.wait_for(child.communicate(), 60)
    return said.decode().split()


async def previews(database: Database, count: int = PREVIEWS) -> SqlLedger:
    ledger = SqlLedger(database)
    for number in range(1, count + 1):
        await ledger.open_preview(a_preview(number), a_note("previewed"))
    return ledger


async def claim(ledger: SqlLedger, number: int) -> bool:
    note = a_note("claimed", seconds=1)
    claimed = await ledger.claim(
        f"preview-{number}",
        nonce_hash=f"hash-{number}",
        binding=f"binding-{number}",
        progress=Progress(state=OrderState.SUBMITTING),
        now=note.at,
        note=note,
    )
    return claimed is not None


@pytest.mark.promise("once")
@pytest.mark.parametrize("kind", DATABASES)
async def test_sixty_four_who_race_for_a_nonce_have_one_winner(kind: str, tmp_path: Path) -> None:
    """Two servers share a home as a matter of course; each serves many calls at once."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(a_url(kind, tmp_path))
        desks = [await stack.enter_async_context(opened(url)) for _ in range(2)]
        ledgers = [await previews(desks[0]), SqlLedger(desks[1])]

        for number in range(1, PREVIEWS + 1):
            won = await asyncio.gather(
                *(claim(ledgers[caller % 2], number) for caller in range(64))
            )
            assert Counter(won) == {True: 1, False: 63}

        events = [event.kind for event in await ledgers[1].events("order-1")]
        assert events == ["previewed", "claimed"]
        assert await ledgers[0].verify() is None


@pytest.mark.promise("once")
@pytest.mark.parametrize("kind", DATABASES)
async def test_two_processes_that_race_for_nonces_win_each_once(kind: str, tmp_path: Path) -> None:
    async with a_url(kind, tmp_path) as url, opened(url) as database:
        ledger = await previews(database)
        names = [f"preview-{number}" for number in range(1, PREVIEWS + 1)]
        async with a_child("claim", url, *names) as one, a_child("claim", url, *names) as other:
            go(one)
            go(other)
            said = await heard_to_the_end(one) + await heard_to_the_end(other)

        assert sorted(said) == sorted([*names, "done", "done"])
        for name in names:
            preview = await ledger.preview(name)
            assert preview is not None
            assert preview.nonce_state is NonceState.SPENT
        assert await ledger.verify() is None


@pytest.mark.promise("once")
@pytest.mark.parametrize("kind", DATABASES)
async def test_submitting_is_entered_by_one_of_many(kind: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(a_url(kind, tmp_path))
        desks = [await stack.enter_async_context(opened(url)) for _ in range(2)]
        ledgers = [await previews(desks[0], 1), SqlLedger(desks[1])]
        submitting = Progress(state=OrderState.SUBMITTING)
        waiting = {OrderState.PREVIEWED, OrderState.AWAITING_CONSENT}

        moved = await asyncio.gather(
            *(
                ledgers[caller % 2].advance(
                    "order-1", submitting, only_from=waiting, note=a_note("submitting")
                )
                for caller in range(32)
            )
        )

        assert sum(row is not None for row in moved) == 1


@pytest.mark.parametrize("kind", DATABASES)
async def test_the_chain_does_not_fork_under_many_writers(kind: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(a_url(kind, tmp_path))
        desks = [await stack.enter_async_context(opened(url)) for _ in range(2)]
        ledgers = [SqlLedger(desk) for desk in desks]

        await asyncio.gather(*(ledgers[n % 2].append(None, a_note(f"line-{n}")) for n in range(64)))

        assert await ledgers[0].verify() is None
        count = text("SELECT count(*), max(sequence) FROM order_events")
        assert await desks[0].read(lambda c: tuple(c.execute(count).one())) == (64, 64)


@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize("acknowledged", [1, 7, 40])
async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, acknowledged: int) -> None:
    """`kill -9` in the middle of writes: every row that was said to be durable is there."""
    async with a_url("sqlite", tmp_path) as url:
        async with a_child("append", url, "doomed") as child:
            go(child)
            said = [await heard(child) for _ in range(acknowledged)]
            child.kill()
            said += await heard_to_the_end(child)

        async with opened(url) as database:
            rows = await database.read(
                lambda c: c.execute(text("SELECT kind FROM order_events")).scalars().all()
            )
            assert set(said) <= set(rows)
            assert len(set(said)) >= acknowledged
            assert len(rows) <= len(said) + 8
            assert await SqlLedger(database).verify() is None
            await SqlLedger(database).append(None, a_note("life goes on"))


async def test_processes_that_start_together_on_no_file_make_one_desk(tmp_path: Path) -> None:
    """Every MCP client starts its own server, often in the same second."""
    url = f"sqlite:///{tmp_path / 'home' / 'desk.db'}"
    async with AsyncExitStack() as stack:
        children = [await stack.enter_async_context(a_child("open", url)) for _ in range(4)]
        for child in children:
            go(child)
        assert [await heard_to_the_end(child) for child in children] == [["done"]] * 4

    async with opened(url) as database:
        versions = await database.read(
            lambda c: c.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        )
        assert versions == [HEAD]
        await SqlLedger(database).append(None, a_note("works"))


def run_python(code: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    return ended.stdout.strip()


def test_importing_the_room_imports_nothing_heavy() -> None:
    """`serve` answers `initialize` before it needs a database."""
    heavy = {"sqlalchemy", "aiosqlite", "asyncpg", "alembic"}

    loaded = run_python("import sys, strikedesk.store; print(*sys.modules)")

    assert heavy.isdisjoint(loaded.split())


async def test_a_database_that_is_current_opens_without_alembic(tmp_path: Path) -> None:
    async with a_url("sqlite", tmp_path) as url:
        loaded = run_python(
            "import asyncio, sys; from strikedesk.store.database import Database\n"
            "async def main():\n"
            f"    database = await Database.open({url!r})\n"
            "    await database.close()\n"
            "asyncio.run(main())\n"
            "print(*sys.modules)"
        )

    assert {"alembic", "asyncpg"}.isdisjoint(loaded.split())
    assert "sqlalchemy" in loaded.split()
