"""Whoever starts engines, kills them, and compares their books with the venue's."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from strikedesk.domain.states import OrderState
from strikedesk.store.database import upgrade
from tests.proofs.engine import Task, lines_of
from tests.proofs.forks import Warm, warm
from tests.proofs.venue import arrivals, placed_by

_SENT: Final = frozenset(
    state.value
    for state in OrderState
    if state.is_open or state in {OrderState.FILLED, OrderState.CANCELLED, OrderState.REPLACED}
)
_NOT_SENT: Final = frozenset({"Denied", "Unavailable", "Rejected", "Misconfigured"})


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An order at a venue, and the states in which the desk may tell it."""

    client_order_id: str | None
    broker_order_id: str
    told_as: frozenset[str]


@dataclass(frozen=True)
class Books:
    """What a venue has, and how often it took what was sent under each id.

    The ids in `taken` are those that tickets are sent under: a group's is the group's own.
    """

    placed: Sequence[Placed]
    taken: Counter[str]

    @property
    def sent(self) -> set[str | None]:
        """The client ids of all that the venue took and that led to an order there.

        A change that came when there was nothing left to change led to none; what a cancel led to
        is told by its order, which the books are compared by.
        """
        return {order.client_order_id for order in self.placed}


class Engines:
    """A process that forks engines; see `engine`."""

    def __init__(self, process: Warm) -> None:
        """Ask this process for them."""
        self._process = process

    def run(self, task: Task) -> tuple[int, float]:
        """Carry out a task; return how its engine ended and how many seconds it took."""
        return self._process.ask(asdict(task))


@contextmanager
def engines(module: str = "tests.proofs.engine") -> Generator[Engines]:
    """Start the process; it is gone afterwards."""
    with warm(module) as process:
        yield Engines(process)


def a_template(folder: Path) -> Path:
    """Make a database with all tables and no rows, to be copied."""
    template = folder / "template.db"
    asyncio.run(upgrade(f"sqlite:///{template}"))
    return template


def a_home(folder: Path, template: Path) -> Path:
    """Make the files of one trial: a database without orders, a venue without books."""
    (folder / "venue").mkdir(parents=True)
    shutil.copy(template, folder / "desk.db")
    return folder


def books_of(home: Path) -> Books:
    """Return the books of the venue that is a folder."""
    placed = [
        Placed(
            client_order_id=order.client_order_id,
            broker_order_id=order.broker_order_id,
            told_as=frozenset({order.state.value}),
        )
        for order in placed_by(home / "venue")
    ]
    taken = Counter(arrived.ticket.client_order_id for arrived in arrivals(home / "venue"))
    return Books(placed, taken)


def wrongs(home: Path, books: Books, *, at_the_look: Books | None = None) -> list[str]:
    """Return all that went wrong over one set of books, once all is settled.

    What the owner is shown is held to the books `at_the_look`, where nothing was under way then: an
    order that waits for its confirm may be sent after it, and was hidden from nobody.
    """
    wrong = shown_wrongly(home, at_the_look or books) + sent_twice(home, books)
    return wrong + told_wrongly(home, books) + booked_wrongly(home, books)


def shown_wrongly(home: Path, books: Books) -> list[str]:
    """Return what the owner is not shown now: sent or maybe sent, and told as neither."""
    sent = books.sent
    return [
        f"hidden: {row['state']}"
        for row in lines_of(home / "shown.jsonl")
        if row["client_order_id"] in sent and not row["unsettled"] and row["state"] not in _SENT
    ]


def booked_wrongly(home: Path, books: Books) -> list[str]:
    """Return in what the books of the desk differ from the venue's, once all is settled."""
    *rows, last = lines_of(home / "ended.jsonl")
    by_client_id = {row["client_order_id"]: row for row in rows}
    wrong = [] if last["broken"] is None else [f"broken trail at {last['broken']}"]
    wrong += [f"unsettled: {row['state']}" for row in rows if _is_open_question(row)]
    for order in books.placed:
        row = by_client_id.get(order.client_order_id or "")
        if row is None or row["broker_order_id"] != order.broker_order_id:
            wrong.append("lost: an order of the venue is in no row")
        elif row["state"] not in order.told_as:
            wrong.append(f"lost: {sorted(order.told_as)} at the venue, {row['state']} here")
    return wrong


def sent_twice(home: Path, books: Books) -> list[str]:
    """Return what the venue took more than once: for one intent, or for one wish of the client."""
    wishes = {line["sent_as"]: line["wish"] for line in lines_of(home / "known.jsonl")}
    by_wish = Counter(wishes.get(client_order_id, "none") for client_order_id in books.taken)
    twice = [f"doubled: {name} {count}" for name, count in books.taken.items() if count > 1]
    return twice + [f"doubled wish: {wish}" for wish, count in by_wish.items() if count > 1]


def told_wrongly(home: Path, books: Books) -> list[str]:
    """Return the answers that no venue bears out: sent that was not, not sent that was."""
    sent = books.sent
    previews = {line["preview"]: line["client_order_id"] for line in lines_of(home / "known.jsonl")}
    # A cancel is told by what became of its order, which another cancel may have brought about.
    cancels = {
        row["client_order_id"]
        for row in lines_of(home / "ended.jsonl")
        if row.get("kind") == "cancel"
    }
    wrong: list[str] = []
    for line in lines_of(home / "heard.jsonl"):
        was_sent = previews.get(line["preview"]) in sent
        if line["told"] == "cancelled" and previews.get(line["preview"]) in cancels:
            continue
        if line["told"] in _NOT_SENT and was_sent:
            wrong.append(f"told {line['told']}, and it was sent")
        if line["told"] in _SENT and not was_sent:
            wrong.append(f"told {line['told']}, and it was not sent")
    return wrong


def _is_open_question(row: dict[str, Any]) -> bool:
    waiting = {"previewed", "awaiting_consent", "submitting", "unknown"}
    return bool(row["unsettled"]) or row["state"] in waiting
