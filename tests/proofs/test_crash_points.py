"""S2: wherever the process dies, whatever the broker did, however the client asks again."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import pytest

from tests.proof import PROVING, report, seconds
from tests.proofs.engine import Task
from tests.proofs.mortal import POINTS
from tests.proofs.parent import (
    Engines,
    a_home,
    a_template,
    booked_wrongly,
    books_of,
    engines,
    sent_twice,
    shown_wrongly,
    wrongs,
)
from tests.proofs.venue import Outcome

NEVER = ""
KILLED = -9
RETRIES = ("same nonce", "new preview", "double click", "other process")
SEED = 20_261_129


@dataclass(frozen=True)
class Cell:
    """One combination; `starts_up` is whether the retry meets a desk that just started.

    `together` is whether a group is sent rather than one order.
    """

    dies_at: str
    outcome: Outcome
    retry: str
    starts_up: bool
    together: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether a confirm with this outcome comes to the point at all."""
        never = self.outcome is Outcome.NEVER_ARRIVED
        silent = self.outcome not in {Outcome.ACCEPTED, Outcome.TOKEN_EXPIRED}
        if self.dies_at in {"after the first byte", "after the last byte"}:
            return not never
        if self.dies_at == "after the answer":
            return not silent
        if self.dies_at == "between two attempts":
            return self.outcome is Outcome.TOKEN_EXPIRED
        return self.dies_at != NEVER


CELLS = [Cell(*parts) for parts in product((NEVER, *POINTS), Outcome, RETRIES, (True, False))]


def play(cell: Cell, home: Path, pair: tuple[Engines, Engines]) -> list[str]:
    """Preview, confirm, die, ask again; return all that went wrong."""
    wrong = die(cell, home, pair)
    then = Task(
        folder=str(home),
        verb="look",
        starts_up=cell.starts_up,
        clicks=_clicks(cell),
        together=cell.together,
    )
    for verb, at in _retries(cell):
        status, _ = pair[0].run(replace(then, verb=verb, at=at))
        wrong += [] if status == 0 else [f"{verb} ended with {status}"]
    return wrong + wrongs(home, books_of(home))


def die(cell: Cell, home: Path, pair: tuple[Engines, Engines]) -> list[str]:
    """Confirm until death, in a process of its own or beside another that confirms the same."""
    task = Task(
        folder=str(home),
        verb="first",
        outcome=cell.outcome.value,
        dies_at=cell.dies_at,
        clicks=_clicks(cell),
        together=cell.together,
    )
    if cell.retry != "other process":
        status, _ = pair[0].run(task)
        return [] if status == (KILLED if cell.is_reached else 0) else [f"ended with {status}"]
    pair[0].run(replace(task, verb="ask", dies_at=NEVER))
    rivals = (replace(task, verb="again"), replace(task, verb="again", dies_at=NEVER))
    with ThreadPoolExecutor(2) as both:
        ends = [status for status, _ in both.map(Engines.run, pair, rivals)]
    # Who comes second never gets as far as the first.
    return [] if ends[0] in {0, KILLED} and ends[1] == 0 else [f"ended with {ends}"]


def _clicks(cell: Cell) -> int:
    return 2 if cell.retry == "double click" else 1


def _retries(cell: Cell) -> list[tuple[str, float]]:
    """Return what is done after the crash, and how many seconds after noon."""
    asks = "anew" if cell.retry == "new preview" else "again"
    return [(asks, 1), ("look", 12), (asks, 13), ("recover", 14)]


def chosen(*, together: bool) -> list[Cell]:
    """Return all cells, or in short some that get to each point of dying, and some that live."""
    every = [replace(cell, together=together) for cell in CELLS]
    if PROVING:
        return every
    chance = random.Random(SEED)  # noqa: S311 -- the same cells on every machine
    lives = [cell for cell in every if cell.dies_at == NEVER]
    dies = [[c for c in every if c.dies_at == point and c.is_reached] for point in POINTS]
    return [cell for cells in (lives, *dies) for cell in chance.sample(cells, 4)]


@pytest.mark.timeout(seconds(600, 7_200))
@pytest.mark.promise("once")
@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize("together", [False, True], ids=["an order", "a group"])
def test_no_crash_doubles_an_order_loses_one_or_hides_one(tmp_path: Path, together: bool) -> None:
    wrong: dict[Cell, list[str]] = {}
    cells, template = chosen(together=together), a_template(tmp_path)
    with engines() as one, engines() as other:
        for number, cell in enumerate(cells):
            home = a_home(tmp_path / str(number), template)
            if found := play(cell, home, (one, other)):
                wrong[cell] = found

    what = "crash points x outcomes x retries x restarts; an order doubled, lost, hidden or mistold"
    report("S2 groups" if together else "S2", len(cells), len(wrong), what)
    assert wrong == {}
    assert {cell.dies_at for cell in cells if cell.is_reached} == set(POINTS)


def test_a_desk_that_writes_down_after_it_sent_is_found_out(tmp_path: Path) -> None:
    """Without this, a harness that sees nothing would prove everything."""
    home = a_home(tmp_path / "home", a_template(tmp_path))
    task = Task(folder=str(home), verb="first", dies_at="after the last byte", writes_before=False)
    with engines() as engine:
        assert engine.run(task)[0] == KILLED
        engine.run(replace(task, verb="again", at=1, dies_at=NEVER))
        engine.run(replace(task, verb="look", at=12, dies_at=NEVER))
        engine.run(replace(task, verb="recover", at=14, dies_at=NEVER))

    books = books_of(home)
    assert [found[:7] for found in sent_twice(home, books)] == ["doubled"]
    assert shown_wrongly(home, books)
    assert booked_wrongly(home, books)
