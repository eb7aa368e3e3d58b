"""S5: what is sent is what was previewed, whatever becomes of the row in between."""

import random
import sqlite3
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from strikedesk.domain.broking import PlaceTicket, Ticket
from strikedesk.domain.errors import DeskError
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.preview import Preview
from strikedesk.orders.tickets import ticket_of
from strikedesk.store.ledger import SqlLedger
from strikedesk.wiring.desk import Desk
from tests.fakes.broker import ScriptedBroker
from tests.fakes.clock import StoppedClock
from tests.fakes.halt import MemoryHalt
from tests.proof import examples, report, seconds
from tests.proofs.desk import ME, WIDE, a_desk, a_preview
from tests.stores import a_url, opened

SEED: Final = 20_261_129
CALL: Final = "AAPL261218C00200000"
# Every column of the row that confirming is tied to.
TIED: Final = (
    "account_id",
    "broker",
    "caller",
    "client_order_id",
    "environment",
    "kind",
    "target_order_id",
    "target_broker_order_id",
)
# What a column could be made to say and still be read.
WORDS: Final = ("live", "paper", "cancel", "replace", "place", "other", "PAPER0002", "")
# Changes of the order that leave it an order: who, what, how much, at what price, for how long.
SWAPS: Final = (
    ("PAPER0001", "PAPER0002"),
    ("AAPL261218C", "AAPL261218P"),
    ("C00200000", "C00205000"),
    ("AAPL", "MSFT"),
    ("261218", "270115"),
    ("buy_to_open", "sell_to_open"),
    ("buy_to_open", "buy_to_close"),
    ('open",1]', 'open",2]'),
    ('"units":2', '"units":20'),
    ("1.2000", "1.2100"),
    ("1.2000", "-1.2000"),
    ('"limit"', '"market"'),
    ('"day"', '"gtc"'),
)

_ORDER: Final = "SELECT * FROM orders WHERE preview_id = ?"
_NONCE: Final = "SELECT * FROM nonces WHERE preview_id = ?"


@dataclass
class Room:
    """A desk, its broker, and somebody who writes into its database behind its back."""

    desk: Desk
    broker: ScriptedBroker
    intruder: sqlite3.Connection

    async def begin(self) -> Preview:
        """Preview an order, and remember its rows."""
        preview = await a_preview(self.desk, CALL, 2)
        wanted = (preview.record.preview_id,)
        self.rows = {
            "orders": self.intruder.execute(_ORDER, wanted).fetchone(),
            "nonces": self.intruder.execute(_NONCE, wanted).fetchone(),
        }
        return preview

    def restore(self) -> None:
        """Let nothing have happened since the preview."""
        for name, row in self.rows.items():
            self.write(name, dict(row))

    def write(self, table: str, values: Mapping[str, object]) -> None:
        """Set columns of the row of the preview."""
        columns = ", ".join(f"{column} = :{column}" for column in values)
        which = {"wanted": self.rows["orders"]["preview_id"]}
        self.intruder.execute(
            f"UPDATE {table} SET {columns} WHERE preview_id = :wanted",  # noqa: S608 -- our own names
            {**values, **which},
        )


@asynccontextmanager
async def a_room(folder: Path) -> AsyncGenerator[Room]:
    """Open the desk over a file of its own."""
    clock = StoppedClock()
    broker = ScriptedBroker(clock=clock, quoted={parse_symbol(CALL): ("1.10", "1.20")})
    async with a_url("sqlite", folder) as url, opened(url) as database:
        with closing(sqlite3.connect(folder / "desk.db", isolation_level=None)) as intruder:
            intruder.row_factory = sqlite3.Row
            intruder.execute("PRAGMA foreign_keys = OFF")
            intruder.execute("PRAGMA synchronous = OFF")
            desk = a_desk(
                broker=broker,
                ledger=SqlLedger(database),
                halt=MemoryHalt(),
                clock=clock,
                limits=WIDE,
            )
            yield Room(desk, broker, intruder)


def mutation(row: Mapping[str, Any], chance: random.Random) -> Mapping[str, object]:
    """Return a column of the row and what it is made to say instead."""
    makes = chance.choice((_byte, _byte, _swap, _word))
    return makes(row, chance)


def _byte(row: Mapping[str, Any], chance: random.Random) -> Mapping[str, object]:
    """Change, drop or add one byte of the order."""
    text, place = row["canonical"], chance.randrange(len(row["canonical"]))
    other = chr(chance.randrange(32, 127))
    kept = place + chance.choice((0, 1, 1))
    return {"canonical": text[:place] + chance.choice((other, "")) + text[kept:]}


def _swap(row: Mapping[str, Any], chance: random.Random) -> Mapping[str, object]:
    old, new = chance.choice(SWAPS)
    return {"canonical": row["canonical"].replace(old, new)}


def _word(row: Mapping[str, Any], chance: random.Random) -> Mapping[str, object]:
    return {chance.choice(TIED): chance.choice(WORDS)}


async def told(room: Room, preview: Preview) -> str:
    """Confirm; return how that ended, in a word."""
    try:
        row = await room.desk.confirm(preview.record.preview_id, preview.nonce or "", caller=ME)
    except DeskError as error:
        return error.reason.name
    return row.state.value


@pytest.mark.timeout(seconds(600, 7_200))
@pytest.mark.promise("bound")
async def test_no_change_of_a_previewed_order_is_ever_sent(tmp_path: Path) -> None:
    """Whoever can write to the file can spoil a preview, and cannot bend it."""
    chance = random.Random(SEED)  # noqa: S311 -- the same changes on every machine
    tried, heard = 0, set[str]()
    sent: list[tuple[Mapping[str, object], Ticket]] = []
    async with a_room(tmp_path) as room:
        preview = await room.begin()
        record = preview.record
        while tried < examples(1_500, 100_000):
            change = mutation(room.rows["orders"], chance)
            if all(room.rows["orders"][name] == value for name, value in change.items()):
                continue
            room.restore()
            room.write("orders", change)
            heard.add(await told(room, preview))
            # "1.200" says what "1.2000" says: that is the order as it was previewed.
            sent += [
                (change, ticket) for ticket in room.broker.tickets if ticket != ticket_of(record)
            ]
            tried += not room.broker.tickets or bool(sent)
            room.broker.tickets.clear()

    report("S5", tried, len(sent), "changes of a row between preview and confirm; one was sent")
    assert sent == []
    assert "NONCE_MISMATCH" in heard


@pytest.mark.promise("bound")
async def test_the_unchanged_order_is_sent_as_it_was_previewed(tmp_path: Path) -> None:
    """Otherwise a desk that sends nothing at all would have passed."""
    async with a_room(tmp_path) as room:
        preview = await room.begin()
        room.restore()

        assert await told(room, preview) == "filled"
        (ticket,) = room.broker.tickets
        assert isinstance(ticket, PlaceTicket)
        assert ticket.order == preview.record.order
