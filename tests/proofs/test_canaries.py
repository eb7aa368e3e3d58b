"""S6: whatever a broker echoes, however it spells it, no output of ours holds a secret."""

import asyncio
import random
import shutil
from collections.abc import Callable, Coroutine
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from strikedesk.logs.known import Known
from strikedesk.settings import load
from tests.proof import examples, report, seconds
from tests.proofs.canaries import SPELLINGS_ALL, Canaries
from tests.proofs.desk import WIDE
from tests.proofs.ears import Tally
from tests.proofs.lives import Life, live_over_pipes, logging_to
from tests.proofs.network import live_over_http, live_over_sse
from tests.proofs.owner import look_around

Live: TypeAlias = Callable[[Life, int], Coroutine[None, None, None]]

SEED: Final = 20_261_129
LIVES: Final[tuple[Live, ...]] = (live_over_pipes, live_over_http, live_over_sse)
# Of the lives of a kind every third waits for its owner's clicks.
CONSENTS: Final = ("model", "model", "click")
CONTROLLED: Final = 100
KEY: Final = "STRIKEDESK_VAULT_KEY"
WHAT: Final = (
    f"outputs (answers, events, headers, pages, log lines, commands, exports, files) over a broker "
    f"that echoes up to ten secrets in {SPELLINGS_ALL} spellings; one was held, or a nonce out of "
    "its place"
)


class Run:
    """Lives one after the other, each with secrets of its own, counted together."""

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch) -> None:
        self.folder, self.environment = folder, environment
        self.chance = random.Random(SEED)  # noqa: S311 -- the same work on every machine
        self.tally = Tally()

    def live(self, number: int, most: int, *, sinks_on: bool = True) -> None:
        """Live until so many outputs were heard, then let the owner look around."""
        home = self.folder / f"life-{number}"
        canaries = Canaries.hatched(self.chance)
        self.tally.oracle, self.tally.nonces = canaries.oracle, []
        self.environment.setenv("STRIKEDESK_HOME", str(home))
        self.environment.setenv(KEY, canaries.vault_key)
        kind = LIVES[number % len(LIVES)]
        with Known().listening() as known:
            life = self._life(number, canaries, known if sinks_on else Known(), sinks_on=sinks_on)
            with logging_to(self.tally, life.known):
                asyncio.run(kind(life, most))
        self.environment.setenv(KEY, canaries.vault_key)
        look_around(home, self.tally)
        shutil.rmtree(home)

    def _life(self, number: int, canaries: Canaries, known: Known, *, sinks_on: bool) -> Life:
        settings = load()
        consent = CONSENTS[number // len(LIVES) % len(CONSENTS)]
        asking = settings.consent.model_copy(update={"paper": consent})
        return Life(
            settings=settings.model_copy(update={"limits": WIDE, "consent": asking}),
            known=known,
            canaries=canaries,
            chance=self.chance,
            tally=self.tally,
            network=LIVES[number % len(LIVES)] is not live_over_pipes,
            sinks_on=sinks_on,
        )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(tmp_path, monkeypatch)


@pytest.mark.timeout(seconds(300, 6 * 3_600))
@pytest.mark.promise("secrets")
def test_no_output_holds_a_secret_however_a_broker_echoes_it(run: Run) -> None:
    """Over pipes, HTTP and SSE in turn; the commands and the files of each desk after it."""
    most, each = examples(900, 1_000_000), examples(300, 10_000)

    for number in count():
        run.live(number, min(run.tally.count + each, most))
        if run.tally.count >= most:
            break

    report("S6", run.tally.count, run.tally.failures, WHAT)
    assert run.tally.kept == []
    assert run.tally.words
    assert {"log line", "line of an export", "database file", "page"} <= run.tally.kinds.keys()


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("number", range(len(LIVES)))
def test_where_the_sinks_know_nothing_secrets_are_found_at_once(run: Run, number: int) -> None:
    """Else a zero would say nothing: neither that they were echoed, nor that they are seen."""
    run.live(number, CONTROLLED, sinks_on=False)

    assert run.tally.first_hit is not None
    assert run.tally.first_hit <= CONTROLLED
