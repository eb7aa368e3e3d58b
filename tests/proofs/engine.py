"""The order engine as a process that can be killed: `python -m tests.proofs.engine`.

It reads tasks, one line of JSON each, and forks for each of them: the child opens the desk over
the files of the task, carries it out and ends, or dies on the way. How it ended is the answer.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final, cast

from strikedesk.domain.errors import DeskError
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.ports import Broker
from strikedesk.domain.states import OrderState
from strikedesk.orders.draft import Change
from strikedesk.orders.preview import Preview
from strikedesk.orders.tickets import ticket_of
from strikedesk.settings.sections import LimitSettings
from strikedesk.wiring.desk import Desk
from tests.builders import NOON
from tests.fakes.clock import StoppedClock
from tests.proofs.desk import ME, WIDE, a_desk, a_group_preview, a_preview
from tests.proofs.forks import Line, lived, serve
from tests.proofs.mortal import Crash, LateLedger, MortalDatabase, MortalHalt, MortalLedger
from tests.proofs.venue import CALLS, FolderVenue, Outcome, a_venue

_ROOM: Final = 10_000_000
_ACTS: Final = 3
_OPEN: Final = frozenset(state for state in OrderState if state.is_open)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a child does. `at` seconds after noon; `dies_at` is one of `POINTS`, or empty.

    `kill_after_s` is when the parent kills it, wherever it is by then. `writes_before` is whether
    the intent is on the disk before it is sent: only without it must anything go wrong. `together`
    is whether the client wants a group rather than one order.
    """

    folder: str
    verb: str
    at: float = 0
    outcome: str = Outcome.ACCEPTED.value
    dies_at: str = ""
    starts_up: bool = True
    clicks: int = 1
    seed: int = 0
    kill_after_s: float | None = None
    writes_before: bool = True
    together: bool = False

    @property
    def home(self) -> Path:
        """Where the files are: `desk.db`, `venue/`, and what the client knows."""
        return Path(self.folder)


class Engine:
    """The desk of one child, and its client's notebook."""

    def __init__(self, task: Task) -> None:
        """Do nothing yet."""
        self.task = task
        self.clock = StoppedClock(NOON + timedelta(seconds=task.at))
        self.crash = Crash(task.dies_at)
        self.random = Random(task.seed)  # noqa: S311 -- the same work for the same seed
        self.desk: Desk
        self.database: MortalDatabase

    @property
    def venue(self) -> FolderVenue:
        """The venue, and the point of dying that it shares with us."""
        outcome = Outcome(self.task.outcome)
        venue = a_venue(self.task.home / "venue", self.clock, outcome)
        venue.moor(self.task.home / "venue", outcome, self.crash.reach)
        return venue

    async def run(self) -> None:
        """Open, carry out, close."""
        url = f"sqlite:///{self.task.home / 'desk.db'}"
        self.database = cast("MortalDatabase", await MortalDatabase.open(url))
        self.database.crash = self.crash
        self.desk = self._assembled()
        try:
            if self.task.starts_up:
                await self.desk.reconciler(path="start-up")
            await VERBS[self.task.verb](self)
            await self.desk.confirm.drain()
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of what is open."""
        await self.database.close()

    def _assembled(self) -> Desk:
        halt = MortalHalt(self.database, clock=self.clock)
        halt.crash = self.crash
        return a_desk(
            broker=self._broker(),
            ledger=self._ledger(),
            halt=halt,
            clock=self.clock,
            limits=WIDE if self.task.verb == "work" else LimitSettings(),
        )

    def _broker(self) -> Broker:
        return self.venue

    def _ledger(self) -> MortalLedger:
        kind = MortalLedger if self.task.writes_before else LateLedger
        return kind(self.database, self.crash)

    async def first(self) -> None:
        """Preview an order and confirm it, by as many clicks at once as the task says."""
        await self.ask()
        await self.again()

    async def ask(self) -> None:
        """Preview an order, and leave it at that."""
        self.know(await self._wanted(), wish="1")

    async def again(self) -> None:
        """Confirm anew, with the nonce that is known."""
        for wish, preview_id, nonce in self.known():
            await self.click(preview_id, nonce, wish)

    async def anew(self) -> None:
        """Ask for the same order again from the start."""
        try:
            preview = await self._wanted()
        except DeskError as error:
            self.hear("1", error)
            return
        self.know(preview, wish="1")
        await self.click(preview.record.preview_id, preview.nonce or "", "1")

    async def _wanted(self) -> Preview:
        wanted = a_group_preview if self.task.together else a_preview
        return await wanted(self.desk, CALLS[0])

    async def work(self) -> None:
        """Repeat what was never answered, then preview and confirm new orders and changes."""
        answered = {line["preview"] for line in self.lines("heard")}
        for wish, preview_id, nonce in self.known():
            if preview_id not in answered:
                await self.click(preview_id, nonce, wish)
        for number in range(_ACTS):
            try:
                preview = await self._some_preview()
            except DeskError:
                continue
            self.know(preview, wish=f"{self.task.seed}-{number}")
            wish, preview_id, nonce = self.known()[-1]
            await self.click(preview_id, nonce, wish)

    async def _some_preview(self) -> Preview:
        rows, _ = await self.desk.ledger.orders(account_id=None, states=_OPEN, limit=20, offset=0)
        act = self.random.choice(("place", "place", "replace", "cancel"))
        if act == "place" or not rows:
            return await self._some_order()
        row = self.random.choice(rows)
        if act == "cancel":
            return await self.desk.previewer.cancel(row.order_id, caller=ME)
        change = Change(price=self._some_price(row), price_effect=PriceEffect.DEBIT)
        return await self.desk.previewer.replace(row.order_id, change, caller=ME)

    async def _some_order(self) -> Preview:
        return await a_preview(self.desk, self.random.choice(CALLS), self.random.randint(1, 9))

    def _some_price(self, row: OrderRecord) -> Decimal:
        return Decimal(self.random.randint(100, 120)) / 100

    async def look(self) -> None:
        """Write down what the owner is shown now."""
        self.write("shown", await self._rows())

    async def recover(self) -> None:
        """Let time pass, reconcile as the worker does, and write down how the books end."""
        for _ in range(12):
            self.clock.move(45)
            await self.desk.reconciler(path="worker")
        broken = await self.desk.ledger.verify()
        self.write("ended", [*await self._rows(), {"broken": broken}])

    async def _rows(self) -> list[dict[str, Any]]:
        unsettled = {row.order_id for row in (await self.desk.safety.state()).unsettled}
        rows, total = await self.desk.ledger.orders(
            account_id=None, states=None, limit=_ROOM, offset=0
        )
        assert len(rows) == total
        return [
            {
                "order_id": row.order_id,
                "client_order_id": row.client_order_id,
                "broker_order_id": row.broker_order_id,
                "kind": row.kind.value,
                "state": row.state.value,
                "unsettled": row.order_id in unsettled,
            }
            for row in rows
        ]

    async def click(self, preview_id: str, nonce: str, wish: str) -> None:
        """Confirm, and write down what the client is told."""
        clicks = [self._confirm(preview_id, nonce) for _ in range(self.task.clicks)]
        for told in await asyncio.gather(*clicks):
            self.crash.reach("before the client is told")
            self.hear(wish, told, preview_id)

    async def _confirm(self, preview_id: str, nonce: str) -> OrderRecord | DeskError:
        try:
            return await self.desk.confirm(preview_id, nonce, caller=ME)
        except DeskError as error:
            return error

    def know(self, preview: Preview, *, wish: str) -> None:
        """Let the client note a preview before it confirms it."""
        record = preview.record
        self.append(
            "known",
            {
                "wish": wish,
                "preview": record.preview_id,
                "nonce": preview.nonce,
                "client_order_id": record.client_order_id,
                "sent_as": ticket_of(record, [row for row, _ in preview.beside]).client_order_id,
            },
        )

    def known(self) -> list[tuple[str, str, str]]:
        """Return the wishes and previews that the client noted, oldest first."""
        return [(x["wish"], x["preview"], x["nonce"]) for x in self.lines("known")]

    def hear(self, wish: str, told: OrderRecord | DeskError, preview_id: str = "") -> None:
        """Let the client note an answer."""
        self.append("heard", {"wish": wish, "preview": preview_id, "told": _short(told)})

    def append(self, name: str, line: dict[str, Any]) -> None:
        """Add a line in one write, which outlives the process."""
        path = self.task.home / f"{name}.jsonl"
        with path.open("ab", buffering=0) as notebook:
            notebook.write(json.dumps(line).encode() + b"\n")

    def write(self, name: str, lines: list[dict[str, Any]]) -> None:
        """Write a whole notebook."""
        (self.task.home / f"{name}.jsonl").unlink(missing_ok=True)
        for line in lines:
            self.append(name, line)

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Read a notebook."""
        return lines_of(self.task.home / f"{name}.jsonl")


VERBS: Final = {
    "first": Engine.first,
    "ask": Engine.ask,
    "again": Engine.again,
    "anew": Engine.anew,
    "work": Engine.work,
    "look": Engine.look,
    "recover": Engine.recover,
}


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Read the lines of a notebook; one that was never begun has none."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def carried_out(line: Line) -> tuple[int, float]:
    """Let a child carry out a task; return how it ended and how many seconds it took."""
    task = Task(**line)
    return lived(lambda _: Engine(task).run(), kill_after_s=task.kill_after_s)


def _short(told: OrderRecord | DeskError) -> str:
    if isinstance(told, DeskError):
        return type(told).__name__
    return told.state.value


if __name__ == "__main__":
    serve(carried_out)
