"""S3: the power fails at any byte of what was being written to the disk.

What a process that is killed has written stays in the memory of the machine; what a machine
without power had not finished is gone. The log of a recorded day is cut at every frame and at
bytes between them, and what is left is opened anew.
"""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from strikedesk.domain.broking import Receipt, Ticket
from strikedesk.domain.errors import DeskError
from strikedesk.domain.symbols import parse_symbol
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.transaction import driver_of
from tests.fakes.broker import Day, ScriptedBroker
from tests.fakes.clock import StoppedClock
from tests.fakes.halt import MemoryHalt
from tests.proof import PROVING, examples, report, seconds
from tests.proofs.desk import ME, WIDE, a_desk, a_preview
from tests.proofs.venue import CALLS
from tests.stores import a_url, opened

SEED: Final = 20_261_129
HEADER: Final = 32
FRAME: Final = 24 + 2048
ORDERS: Final = 40
BYTES: Final = 1_000
# A lost ticket would keep the desk from trading for minutes; what else is in doubt is found again.
DAYS: Final = tuple(day for day in Day if day is not Day.LOST)
SETTLED_S: Final = 61

# Of each order, by its client id: its state, that of its nonce, and the kinds of its events.
Left: TypeAlias = dict[str, tuple[str, str, list[str]]]


@dataclass
class Recording:
    """How long the log was when a ticket reached the broker, and when its client was answered."""

    wal: Path
    sent: dict[str, int] = field(default_factory=dict[str, int])
    told: dict[str, int] = field(default_factory=dict[str, int])

    def size(self) -> int:
        """Return how long the log is by now."""
        return self.wal.stat().st_size


class WatchedBroker(ScriptedBroker):
    """Notes how much was on the disk when a ticket came."""

    recording: Recording

    async def submit(self, ticket: Ticket) -> Receipt:
        """See `Broker.submit`."""
        self.recording.sent[ticket.client_order_id] = self.recording.size()
        return await ScriptedBroker.submit(self, ticket)


async def recorded(folder: Path) -> tuple[Path, Recording]:
    """Trade for a day; return a copy of the file and its log as they lay there, and the notes."""
    clock, copy = StoppedClock(), folder / "copy"
    notes = Recording(wal=folder / "desk.db-wal")
    broker = WatchedBroker(
        clock=clock, quoted={parse_symbol(call): ("1.10", "1.20") for call in CALLS}
    )
    broker.recording = notes
    async with a_url("sqlite", folder) as url, opened(url) as database:
        # The whole day stays in the log.
        for act in (database.write, database.jot):
            await act(lambda c: driver_of(c).execute("PRAGMA wal_autocheckpoint = 0"))
        ledger = SqlLedger(database)
        desk = a_desk(broker=broker, ledger=ledger, halt=MemoryHalt(), clock=clock, limits=WIDE)
        for number in range(ORDERS):
            broker.day = DAYS[number % len(DAYS)]
            preview = await a_preview(desk, CALLS[number % len(CALLS)], 1 + number % 3)
            with suppress(DeskError):
                await desk.confirm(preview.record.preview_id, preview.nonce or "", caller=ME)
            notes.told[preview.record.client_order_id] = notes.size()
            clock.move(SETTLED_S)
            await desk.reconciler(path="worker")
        copy.mkdir()
        shutil.copy(folder / "desk.db", copy)
        shutil.copy(folder / "desk.db-wal", copy)
    return copy, notes


def cuts(length: int) -> Iterator[int]:
    """Yield where the log ends: after every frame, and at bytes between; in short at some."""
    chance = random.Random(SEED)  # noqa: S311 -- the same cuts on every machine
    frames = range(HEADER, length + 1, FRAME)
    yield from frames if PROVING else frames[:: len(frames) // 60]
    yield from (chance.randrange(length) for _ in range(examples(60, BYTES)))


def left_by(copy: Path, log: bytes, folder: Path) -> Path:
    """Return the file as it lies there after the power came back."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(copy / "desk.db", folder)
    (folder / "desk.db-wal").write_bytes(log)
    return folder / "desk.db"


def rows_of(path: Path) -> Left:
    """Return of each order its state, that of its nonce, and the kinds of its events."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        lines = file.execute("SELECT count(*) FROM order_events").fetchone()
        assert lines == file.execute("SELECT sequence FROM order_event_head").fetchone()
        events: dict[str, list[str]] = {}
        for order_id, kind in file.execute(
            "SELECT order_id, kind FROM order_events ORDER BY sequence"
        ):
            events.setdefault(order_id, []).append(kind)
        return {
            client_id: (state, nonce, events[order_id])
            for client_id, order_id, state, nonce in file.execute(
                "SELECT client_order_id, order_id, o.state, n.state FROM orders o"
                " JOIN nonces n USING (preview_id)"
            )
        }


def violations(left: Left, notes: Recording, cut: int) -> list[str]:
    """Return what no loss of power may leave behind."""
    sent = [name for name, size in notes.sent.items() if size <= cut]
    told = [name for name, size in notes.told.items() if size <= cut]
    wrong = [f"{name} was sent, and has no intent" for name in sent if not is_intent(left, name)]
    wrong += [f"{name} was told, and is not known" for name in told if not is_outcome(left, name)]
    for name, (state, nonce, events) in left.items():
        spent = nonce == "spent"
        if spent is not ("submitting" in events) or spent is (state == "previewed"):
            wrong.append(f"{name}: a nonce {nonce} beside {state}")
    return wrong


def is_outcome(left: Left, name: str) -> bool:
    """Whether an order is on the disk with what its client was told of it."""
    return is_intent(left, name) and left[name][0] != "submitting"


def is_intent(left: Left, name: str) -> bool:
    """Whether an order is on the disk as one that may have been sent."""
    return name in left and left[name][0] != "previewed" and "submitting" in left[name][2]


@pytest.mark.timeout(seconds(600, 3_600))
@pytest.mark.promise("nothing-lost")
async def test_no_loss_of_power_takes_the_intent_of_an_order_that_was_sent(tmp_path: Path) -> None:
    copy, notes = await recorded(tmp_path)
    log = (copy / "desk.db-wal").read_bytes()
    tried, wrong, seen = 0, list[str](), set[int]()
    for cut in cuts(len(log)):
        tried += 1
        left = rows_of(left_by(copy, log[:cut], tmp_path / "left"))
        seen.add(len(left))
        wrong += violations(left, notes, cut)

    what = "cuts of the log at its frames and between; a sent order without intent, a half claim"
    report("S3", tried, len(wrong), what)
    assert wrong == []
    assert len(seen) > ORDERS // 2
    assert len(notes.sent) == ORDERS


@pytest.mark.promise("nothing-lost")
async def test_an_intent_that_came_late_to_the_disk_is_missed(tmp_path: Path) -> None:
    """Otherwise a search that finds nothing could not find anything."""
    copy, notes = await recorded(tmp_path)
    log = (copy / "desk.db-wal").read_bytes()
    early = Recording(wal=notes.wal, sent={n: s - 2 * FRAME for n, s in notes.sent.items()})
    size = next(iter(early.sent.values()))

    left = rows_of(left_by(copy, log[:size], tmp_path / "left"))

    assert violations(left, early, size) != []
