"""S4: many callers in several processes press the same button at the same moment."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from strikedesk.store.database import Database
from strikedesk.store.ledger import SqlLedger
from tests.builders import a_note, a_preview
from tests.patience import PATIENCE_S
from tests.proof import examples, report, seconds
from tests.store_child import RACERS
from tests.stores import DATABASES, a_url, opened

ROOT: Final = Path(__file__).parents[2]
PROCESSES: Final = 4
# Previews are minted so many at a time, and raced for before the next ones.
TOGETHER: Final = 250
RACED_S: Final = 600


async def race(url: str, first: int, last: int) -> list[str]:
    """Let every process claim every preview of the range; return each claim that was won."""
    words = ("race", url, str(first), str(last))
    racers = [await a_racer(*words) for _ in range(PROCESSES)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"go\n")
    said = await asyncio.wait_for(asyncio.gather(*(r.communicate() for r in racers)), RACED_S)
    assert [racer.returncode for racer in racers] == [0] * PROCESSES
    return [word for out, _ in said for word in out.decode().split() if word != "done"]


async def a_racer(*words: str) -> Process:
    """Start a process on the database and wait until it is ready."""
    racer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store_child", *words, stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    assert racer.stdout is not None
    assert await asyncio.wait_for(racer.stdout.readline(), PATIENCE_S) == b"ready\n"
    return racer


async def mint(database: Database, first: int, last: int) -> None:
    """Write the previews of a range."""
    ledger = SqlLedger(database)
    for number in range(first, last + 1):
        await ledger.open_preview(a_preview(number), a_note("previewed"))


@pytest.mark.timeout(seconds(600, 14_400))
@pytest.mark.promise("once")
@pytest.mark.parametrize("kind", DATABASES)
async def test_of_all_who_race_for_a_nonce_one_wins(kind: str, tmp_path: Path) -> None:
    nonces = examples(6, 10_000)
    raced, wrong = 0, list[int]()
    async with a_url(kind, tmp_path) as url, opened(url) as database:
        while raced < nonces and not wrong:
            first, raced = raced + 1, min(raced + TOGETHER, nonces)
            await mint(database, first, raced)
            won = Counter(await race(url, first, raced))
            wrong = [n for n in range(first, raced + 1) if won[str(n)] != 1]
        broken = await SqlLedger(database).verify()

    who = f"{PROCESSES} processes x {RACERS} callers"
    report(f"S4 {kind}", raced, len(wrong), f"nonces raced by {who}; not won just once")
    assert wrong == []
    assert broken is None
