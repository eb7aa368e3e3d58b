"""Preview and confirm over stdio, beside two empty calls and as many bare durable commits."""

import sqlite3
import statistics
import time
from pathlib import Path

from benchmarks.pipe_client import BARE, OURS, Pipe, a_home, own_home
from benchmarks.report import Figure, report

ROUNDS = 120
ACCOUNT = "paper-margin"


def main() -> None:
    """Take turns: an order of ours, two empty calls, and the commits that the order made."""
    with a_home() as home, Pipe(BARE) as bare, Pipe(OURS, own_home(home)) as ours:
        bare.initialize()
        ours.initialize()
        leg = a_leg(ours)
        commits = counted_commits(ours, Path(home), leg)
        raw = RawCommits(Path(home) / "raw.db")
        order_ms: list[float] = []
        floor_ms: list[float] = []
        began = ours.processor_ms(), bare.processor_ms()
        for _ in range(ROUNDS):
            order_ms.append(timed(lambda: order(ours, leg)))
            floor_ms.append(timed(lambda: (bare.call("ping"), bare.call("ping"), raw(commits))))
        ended = ours.processor_ms(), bare.processor_ms()
    figures = [
        Figure(
            name=f"preview and confirm ({commits} commits)",
            ours=statistics.median(order_ms),
            floor=statistics.median(floor_ms),
            held_to="<= 2.0",
        ),
        Figure(
            name="the same in processor time of the servers",
            ours=(ended[0] - began[0]) / ROUNDS,
            floor=(ended[1] - began[1] + raw.processor_ms) / ROUNDS,
        ),
    ]
    floor = f"two empty calls on a bare server and {commits} commits of sqlite3, WAL, FULL"
    report("server_orders", figures, floor=floor)


def a_leg(ours: Pipe) -> dict[str, object]:
    """Return one cheap contract and its offer, so that the account lasts."""
    page = ours.call(
        "get_option_chain",
        underlying="SPY",
        delta_min=0.02,
        delta_max=0.06,
        columns=["symbol", "ask"],
    )
    (row, *_) = [row for row in page["rows"] if row[1]]
    return {"symbol": row[0], "price": row[1]}


def order(ours: Pipe, leg: dict[str, object]) -> None:
    """Preview and confirm one contract at its offer."""
    legs = [{"symbol": leg["symbol"], "action": "buy_to_open", "quantity": 1}]
    shown = ours.call(
        "preview_order", account=ACCOUNT, legs=legs, price=leg["price"], price_effect="debit"
    )
    ours.call("confirm_order", preview_id=shown["preview_id"], nonce=shown["nonce"])


def counted_commits(ours: Pipe, home: Path, leg: dict[str, object]) -> int:
    """Return how many durable commits one order makes, by the frames its WAL has committed."""
    order(ours, leg)
    database = home / "data" / "strikedesk.db"
    before = commits_in(Path(f"{database}-wal"))
    order(ours, leg)
    return commits_in(Path(f"{database}-wal")) - before


def commits_in(wal: Path) -> int:
    """Count commit frames: those whose header carries a database size (SQLite file format, 4.1)."""
    data = wal.read_bytes()
    page_size = int.from_bytes(data[8:12], "big")
    salt = data[16:24]
    frames = range(32, len(data) - 23, 24 + page_size)
    return sum(
        data[at + 8 : at + 16] == salt and int.from_bytes(data[at + 4 : at + 8], "big") > 0
        for at in frames
    )


class RawCommits:
    """The floor of a commit: one row of 400 bytes, sqlite3 inline, WAL and FULL."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")
        self.processor_ms = 0.0

    def __call__(self, count: int) -> None:
        """Commit so many rows, one at a time."""
        began = time.process_time()
        for _ in range(count):
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("INSERT INTO t (body) VALUES (?)", ("x" * 400,))
            self.connection.execute("COMMIT")
        self.processor_ms += (time.process_time() - began) * 1000


def timed(work: "object") -> float:
    """Return the milliseconds that `work` takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
