"""S2 and S1 at tastytrade: the adapter over real sockets, the process killed for real.

The sandbox is another process. It takes twice what is sent twice, loses answers, carries out what
nobody waits for any more, and outlives whoever sent it.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest

from tests.proof import PROVING, examples, report, seconds
from tests.proofs.at_tastytrade import LinkedTask
from tests.proofs.mortal import POINTS
from tests.proofs.parent import Books, Engines, a_home, a_template, engines, sent_twice, wrongs
from tests.proofs.sandboxes import Sandbox, a_sandbox

ENGINE: Final = "tests.proofs.at_tastytrade"
KILLED: Final = -9
NEVER: Final = ""
SEED: Final = 20_261_129
# Books are settled and compared after so many kills, and begun anew with a sandbox of their own.
TOGETHER: Final = 25
# The adapter tries nothing twice.
DIES_AT: Final = (NEVER, *(point for point in POINTS if point != "between two attempts"))
MISHAPS: Final[dict[str, dict[str, Any] | None]] = {
    "nothing": None,
    **{f"status {code}": {"kind": "status", "status": code} for code in (401, 422, 429, 503)},
    "reset": {"kind": "reset"},
    "lost": {"kind": "lost"},
    "garbled": {"kind": "garbled", "how": "half"},
    "late": {"kind": "late", "delay_ms": None},
}
# What becomes of a request is decided before its body has come: it may never be sent whole.
EARLY: Final = frozenset({"reset", *(name for name in MISHAPS if name.startswith("status"))})
SILENT: Final = frozenset({"reset", "lost", "late"})
RETRIES: Final = ("same nonce", "new preview", "double click")
_HALF: Final = 0.5
WEATHER: Final = (None, None, *MISHAPS.values(), {"kind": "hang"}, {"kind": "late", "delay_ms": 40})


@dataclass(frozen=True)
class Cell:
    """One combination; `starts_up` is whether the retry meets a desk that just started."""

    dies_at: str
    mishap: str
    starts_up: bool
    together: bool
    retry: str

    @property
    def ends(self) -> frozenset[int]:
        """How a confirm may end that meets the mishap, and whose process dies at the point."""
        if self.dies_at == NEVER or (self.dies_at == "after the answer" and self.mishap in SILENT):
            return frozenset({0})
        if self.dies_at == "after the last byte" and self.mishap in EARLY:
            return frozenset({0, KILLED})
        return frozenset({KILLED})


def every_cell() -> list[Cell]:
    """Return all; how each asks again, and whether of a desk that just started, is drawn."""
    chance = random.Random(SEED)  # noqa: S311 -- the same cells on every machine
    whole = product(DIES_AT, MISHAPS, (False, True))
    return [
        Cell(point, mishap, chance.random() < _HALF, together, chance.choice(RETRIES))
        for point, mishap, together in whole
    ]


def chosen() -> list[Cell]:
    """Return all cells, or in short one for each point of dying."""
    cells = every_cell()
    if PROVING:
        return cells
    chance = random.Random(SEED)  # noqa: S311 -- the same cells on every machine
    return [chance.choice([c for c in cells if c.dies_at == point]) for point in DIES_AT]


@pytest.fixture(scope="module")
def engine() -> Generator[Engines]:
    with engines(ENGINE) as one:
        yield one


@dataclass(frozen=True)
class Trial:
    """One desk's home, and the sandbox that it trades at."""

    home: Path
    sandbox: Sandbox
    engine: Engines

    def run(self, verb: str, at: float, **more: Any) -> int:
        return self.timed(verb, at, **more)[0]

    def timed(self, verb: str, at: float, **more: Any) -> tuple[int, float]:
        task = LinkedTask(
            folder=str(self.home),
            verb=verb,
            at=at,
            address=self.sandbox.address,
            refresh_token=self.sandbox.refresh_token,
            **more,
        )
        return self.engine.run(task)


def play(cell: Cell, trial: Trial) -> list[str]:
    """Preview, confirm, die, ask again; return all that went wrong."""
    sandbox, before = trial.sandbox, trial.sandbox.last_number()
    mishap, how = MISHAPS[cell.mishap], {"together": cell.together, "clicks": _clicks(cell)}
    if mishap is not None:
        sandbox.arm(**mishap)
    ended = trial.run("first", 0, dies_at=cell.dies_at, **how)
    wrong = [] if ended in cell.ends else [f"ended with {ended}"]
    # What is late is so until the client has asked again, twice.
    sandbox.settle(held=1 if cell.mishap == "late" else 0)
    sandbox.disarm(struck_too=cell.mishap != "late")
    asks = "anew" if cell.retry == "new preview" else "again"
    for verb, at in ((asks, 1), ("look", 12), (asks, 13)):
        ended = trial.run(verb, at, starts_up=cell.starts_up, **how)
        wrong += [] if ended == 0 else [f"{verb} ended with {ended}"]
    sandbox.disarm(struck_too=True)
    sandbox.settle()
    trial.run("recover", 14, starts_up=cell.starts_up, **how)
    wrong += wrongs(trial.home, sandbox.books(before))
    sandbox.clear_away(before)
    return wrong


def _clicks(cell: Cell) -> int:
    return 2 if cell.retry == "double click" else 1


@pytest.mark.timeout(seconds(600, 7_200))
@pytest.mark.promise("once")
@pytest.mark.promise("nothing-lost")
def test_no_crash_at_tastytrade_doubles_an_order_loses_one_or_hides_one(
    tmp_path: Path, engine: Engines
) -> None:
    wrong: dict[Cell, list[str]] = {}
    cells, template = chosen(), a_template(tmp_path)
    for begins in range(0, len(cells), TOGETHER):
        with a_sandbox() as sandbox:
            for number, cell in enumerate(cells[begins : begins + TOGETHER], begins):
                home = a_home(tmp_path / str(number), template)
                if found := play(cell, Trial(home, sandbox, engine)):
                    wrong[cell] = found

    what = "crash points x mishaps x an order or a group; doubled, lost, hidden or mistold"
    report("S2 tastytrade kills", len(cells), len(wrong), what)
    assert wrong == {}


def killed_often(trial: Trial, kills: int, chance: random.Random) -> tuple[list[str], Books]:
    """Let engines come and go until so many were killed; return what broke.

    Beside it the books as the owner was shown them, before what nobody answered was asked again.
    """
    whole = [trial.timed("work", n, seed=chance.getrandbits(30)) for n in range(3)]
    longest, at, killed = 2 * median(s for _, s in whole), 60.0, 0
    broke = [f"an engine ended with {status}" for status, _ in whole if status != 0]
    while killed < kills:
        at += chance.choice((1, 5, 15, 40, 130))
        if (mishap := chance.choice(WEATHER)) is not None:
            trial.sandbox.arm(**mishap, skip=chance.randint(0, 1))
        status = trial.run(
            "work",
            at,
            clicks=chance.choice((1, 1, 2)),
            seed=chance.getrandbits(30),
            kill_after_s=chance.uniform(0, longest),
        )
        killed += status == KILLED
        broke += [] if status in {0, KILLED} else [f"an engine ended with {status}"]
        # Time goes on by steps here: what is late is so by less than the shortest of them.
        trial.sandbox.disarm(struck_too=True)
        trial.sandbox.settle()
    trial.run("look", at + 12, seed=chance.getrandbits(30))
    at_the_look = trial.sandbox.books(0)
    for verb, later in (("work", 13), ("recover", 14)):
        trial.run(verb, at + later, seed=chance.getrandbits(30))
    return broke, at_the_look


@pytest.mark.timeout(seconds(600, 7_200))
@pytest.mark.promise("once")
@pytest.mark.promise("nothing-lost")
def test_no_kill_at_tastytrade_doubles_an_order_loses_one_or_hides_one(
    tmp_path: Path, engine: Engines
) -> None:
    """New orders, replacements and cancels; each engine repeats first what nobody answered."""
    chance = random.Random(SEED)  # noqa: S311 -- the same work on every machine
    kills, template, sent = examples(8, 200), a_template(tmp_path), 0
    wrong: list[str] = []
    for begins in range(0, kills, TOGETHER):
        home = a_home(tmp_path / str(begins), template)
        with a_sandbox() as sandbox:
            trial = Trial(home, sandbox, engine)
            broke, at_the_look = killed_often(trial, min(TOGETHER, kills - begins), chance)
            books = sandbox.books(0)
        wrong += broke + wrongs(home, books, at_the_look=at_the_look)
        sent += len(books.placed)

    what = f"SIGKILLs at random instants, {sent:,} orders at the sandbox; the same"
    report("S1 tastytrade", kills, len(wrong), what)
    assert wrong == []
    assert sent > kills // 4


def test_a_desk_that_sends_before_it_writes_is_found_out_at_the_sandbox(
    tmp_path: Path, engine: Engines
) -> None:
    """Without this, a harness that sees nothing would prove everything."""
    home = a_home(tmp_path / "home", a_template(tmp_path))
    with a_sandbox() as sandbox:
        trial = Trial(home, sandbox, engine)
        late = {"writes_before": False}
        assert trial.run("first", 0, dies_at="after the last byte", **late) == KILLED
        sandbox.settle()
        assert trial.run("again", 1, **late) == 0
        books = sandbox.books(0)

    assert [found[:7] for found in sent_twice(home, books)] == ["doubled"]
