"""A durable commit of one 400-byte row, and the read of a row: the store beside raw sqlite3.

The floor does the same work on the same file system with the same settings: `sqlite3` in the
calling thread, and `sqlite3` behind one hop to a thread of its own. Turns are interleaved.
"""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import URL, Column, Connection, Integer, MetaData, Table, Text, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.report import Figure, report
from strikedesk.store.database import Database

TURNS, COMMITS = 5, 200
BODY = "x" * 400
SETTINGS = ("busy_timeout = 5000", "journal_mode = WAL", "synchronous = FULL", "secure_delete = ON")

rows = Table("rows", MetaData(), Column("number", Integer, primary_key=True), Column("body", Text))
ADD, ONE = insert(rows).inline(), select(rows).where(rows.c.number == 1)

Act = Callable[[], Awaitable[object]]


class Raw:
    """sqlite3 itself, inline or one hop away."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for setting in SETTINGS:
            self.connection.execute(f"PRAGMA {setting}")
        self.connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, body TEXT) STRICT")
        self.thread = ThreadPoolExecutor(max_workers=1)

    def commit(self) -> None:
        """Add a row, durably."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("INSERT INTO rows (body) VALUES (?)", (BODY,))
        self.connection.execute("COMMIT")

    def read(self) -> object:
        """Read a row by its key."""
        return self.connection.execute("SELECT * FROM rows WHERE number = 1").fetchone()

    async def commit_inline(self) -> None:
        """Commit in the calling thread."""
        self.commit()

    async def commit_one_hop(self) -> None:
        """Commit in a thread, and wait for it."""
        await asyncio.get_running_loop().run_in_executor(self.thread, self.commit)

    async def read_one_hop(self) -> None:
        """Read in a thread, and wait for it."""
        await asyncio.get_running_loop().run_in_executor(self.thread, self.read)

    def close(self) -> None:
        """End."""
        self.thread.shutdown()
        self.connection.close()


def add(connection: Connection) -> None:
    """Add a row."""
    connection.execute(ADD, {"body": BODY})


def one(connection: Connection) -> object:
    """Read a row by its key."""
    return connection.execute(ONE).one()


async def seconds_each(act: Act, callers: int) -> float:
    """Return what one act takes when so many callers act, one after the other each."""

    async def caller() -> None:
        for _ in range(COMMITS):
            await act()

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return (time.perf_counter() - began) / (COMMITS * callers)


async def measured(folder: Path) -> dict[str, float]:
    """Return the median seconds of each way, over interleaved turns."""
    raw = Raw(folder / "raw.db")
    database = await Database.open(f"sqlite:///{folder / 'desk.db'}")
    await database.write(rows.create)
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(folder / "desk.db")))

    async def ours() -> None:
        await database.write(add)

    async def ours_read() -> None:
        await database.read(one)

    async def aiosqlite_read() -> None:
        async with engine.connect() as connection:
            await connection.run_sync(one)

    ways: dict[str, tuple[Act, int]] = {
        "raw inline": (raw.commit_inline, 1),
        "raw one hop": (raw.commit_one_hop, 1),
        "raw one hop, 32 callers": (raw.commit_one_hop, 32),
        "ours": (ours, 1),
        "ours, 8 callers": (ours, 8),
        "ours, 32 callers": (ours, 32),
        "raw read": (raw.read_one_hop, 1),
        "our read": (ours_read, 1),
        "aiosqlite read": (aiosqlite_read, 1),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, (act, callers) in ways.items():
            taken[name].append(await seconds_each(act, callers))
    await database.close()
    await engine.dispose()
    raw.close()
    return {name: statistics.median(figures) for name, figures in taken.items()}


def main() -> None:
    """Measure in a folder that goes away, on the disk that homes are on."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        s = asyncio.run(measured(Path(folder)))
    ms = 1000
    hop, inline, many = s["raw one hop"] * ms, s["raw inline"] * ms, s["raw one hop, 32 callers"]
    report(
        "store_commit",
        [
            Figure(name="raw, one hop, over raw inline", ours=hop, floor=inline),
            Figure(
                name="durable write, 1 caller",
                ours=s["ours"] * ms,
                floor=hop,
                held_to="<= 1.7",
            ),
            _rate("durable writes, 1 caller", s["ours"], s["raw one hop"]),
            _rate("durable writes, 8 callers", s["ours, 8 callers"], many),
            _rate("durable writes, 32 callers", s["ours, 32 callers"], many, ">= 5,000/s"),
            Figure(name="read of a row", ours=s["our read"] * ms, floor=s["raw read"] * ms),
            Figure(
                name="the same through aiosqlite",
                ours=s["aiosqlite read"] * ms,
                floor=s["raw read"] * ms,
            ),
        ],
        floor="sqlite3 (WAL, FULL), one hop to its thread per transaction",
    )


def _rate(name: str, ours: float, floor: float, held_to: str = "") -> Figure:
    return Figure(name=name, ours=1 / ours, floor=1 / floor, unit="/s", held_to=held_to)


if __name__ == "__main__":
    main()
