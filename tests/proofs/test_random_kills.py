"""S1: an engine killed at any instant, again and again, over one set of books."""

import random
from pathlib import Path
from statistics import median

import pytest

from tests.proof import examples, report, seconds
from tests.proofs.engine import Task, lines_of
from tests.proofs.parent import (
    Books,
    Engines,
    a_home,
    a_template,
    books_of,
    engines,
    wrongs,
)
from tests.proofs.venue import Outcome, arrivals

KILLED = -9
SEED = 20_261_129
# Books are settled and compared after so many kills, and begun anew.
TOGETHER = 50
# Orders that are late, or whose answer is lost, are common here.
WEATHER = (Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.ACCEPTED, *Outcome)


def a_while(home: Path, chance: random.Random, engine: Engines) -> float:
    """Return twice the median time of an engine's life that nobody cuts short."""
    lives = [
        engine.run(Task(folder=str(home), verb="work", at=n, seed=chance.getrandbits(30)))[1]
        for n in range(5)
    ]
    return 2 * median(lives)


def killed_often(
    home: Path, kills: int, chance: random.Random, engine: Engines
) -> tuple[str, Books]:
    """Let engines come and go until so many were killed; return what broke, and the books then.

    What the owner is shown is asked for then, and what nobody answered is repeated after it: a
    preview that was shown as one may be sent by that.
    """
    longest, at, killed, broke = a_while(home, chance, engine), 60.0, 0, ""
    while killed < kills:
        at += chance.choice((1, 5, 15, 40, 130))
        status, _ = engine.run(
            Task(
                folder=str(home),
                verb="work",
                at=at,
                outcome=chance.choice(WEATHER).value,
                clicks=chance.choice((1, 1, 2)),
                seed=chance.getrandbits(30),
                kill_after_s=chance.uniform(0, longest),
            )
        )
        killed += status == KILLED
        broke = broke if status in {0, KILLED} else f"an engine ended with {status}"
    engine.run(Task(folder=str(home), verb="look", at=at + 12, seed=chance.getrandbits(30)))
    at_the_look = books_of(home)
    for verb, later in (("work", 13), ("recover", 14)):
        engine.run(Task(folder=str(home), verb=verb, at=at + later, seed=chance.getrandbits(30)))
    return broke, at_the_look


@pytest.mark.timeout(seconds(600, 14_400))
@pytest.mark.promise("once")
@pytest.mark.promise("nothing-lost")
def test_no_kill_doubles_an_order_loses_one_or_hides_one(tmp_path: Path) -> None:
    """New orders, replacements and cancels; each engine repeats first what nobody answered."""
    chance = random.Random(SEED)  # noqa: S311 -- the same work on every machine
    kills, template, sent, heard = examples(50, 10_000), a_template(tmp_path), 0, 0
    wrong: list[str] = []
    with engines() as engine:
        for number in range(kills // TOGETHER):
            home = a_home(tmp_path / str(number), template)
            broke, at_the_look = killed_often(home, TOGETHER, chance, engine)
            wrong += [broke] if broke else []
            wrong += wrongs(home, books_of(home), at_the_look=at_the_look)
            sent += len(arrivals(home / "venue"))
            heard += len(lines_of(home / "heard.jsonl"))

    what = f"SIGKILLs, {sent:,} orders sent; an order doubled, lost, hidden or mistold"
    report("S1", kills, len(wrong), what)
    assert wrong == []
    assert heard > sent > kills // 4
