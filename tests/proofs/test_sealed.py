"""S12: what is sealed opens whole or not at all, and no kill of a rotation locks a row away."""

import json
import random
import shutil
from dataclasses import asdict, dataclass, field, replace
from hashlib import shake_256
from pathlib import Path
from statistics import median
from typing import Final, TypedDict

import pytest

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import RowIdentity, Secret
from strikedesk.vault import KeyRing, Vault
from tests.fakes.keys import MemoryKeyStore
from tests.fakes.vault import MemoryHome, TickingClock, a_home, a_key, flips
from tests.proof import examples, report, seconds
from tests.proofs.forks import KILLED, Warm, warm
from tests.proofs.rotator import OLD, ROWS, Turn

SEED: Final = 20_261_129
REFUSALS: Final = frozenset({Reason.VAULT_TAMPERED, Reason.VAULT_KEY_MISSING})
# A rotation is let run to its end after so many kills, and the next ones begin anew.
TOGETHER: Final = 5
# By then the control has been found with all but certainty: one kill in ten or so finds it.
CONTROL_KILLS_MAX: Final = 400


def a_vault(store: MemoryKeyStore, home: MemoryHome) -> Vault:
    """Return the vault of a process that has just started."""
    ring = KeyRing(home=home, current=a_key())
    return Vault(ring=ring, wrapped_keys=store, clock=TickingClock())


class Seen(TypedDict):
    """What a reader found: rows it could not read, wrappings (data key, key), the key in use."""

    unreadable: list[str]
    pairs: list[tuple[str, str]]
    in_use: str | None


async def is_refused(vault: Vault, blob: bytes, where: RowIdentity) -> bool:
    """Whether the vault refuses a blob, and in its own words."""
    try:
        await vault.open(blob, where=where)
    except Misconfigured as refused:
        return refused.reason in REFUSALS
    return False


async def missed_in_a_row(number: int) -> tuple[int, int]:
    """Turn each bit of a sealed row and of its wrapped key; return the bits, and those missed."""
    home, store, where = a_home(), MemoryKeyStore(), ROWS[number % len(ROWS)]
    vault = a_vault(store, home)
    secret = Secret(shake_256(b"%d" % number).digest(number % 200))
    blob = await vault.seal(secret, where=where)
    assert await vault.open(blob, where=where) == secret
    in_row = [await is_refused(vault, turned, where) for _, turned in flips(blob)]

    [whole] = await store.load()
    in_key: list[bool] = []
    for _, turned in flips(whole.wrapped):
        await store.save(replace(whole, wrapped=turned))
        in_key.append(await is_refused(a_vault(store, home), blob, where))
    return len(in_row) + len(in_key), (in_row + in_key).count(False)


@pytest.mark.timeout(seconds(600, 7_200))
@pytest.mark.promise("secrets")
async def test_every_bit_that_is_turned_in_what_is_sealed_is_noticed() -> None:
    """In rows of every length up to 199 bytes, and in the data keys that seal them."""
    blobs = examples(10, 1_000)
    turned, missed = 0, 0
    for number in range(blobs):
        bits, unnoticed = await missed_in_a_row(number)
        turned, missed = turned + bits, missed + unnoticed

    what = f"bits turned, each of {blobs:,} sealed rows and of their wrapped keys; one not refused"
    report("S12 flips", turned, missed, what)
    assert missed == 0


@dataclass(kw_only=True)
class Trial:
    """Rotations that are killed over one database and one key file, and what came of it."""

    process: Warm
    template: Path
    longest_s: float
    keeps_order: bool = True
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 -- the same work on every machine
    killed: int = 0
    under_way: int = 0
    switched: int = 0
    finished: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def run(self, kills: int) -> None:
        """Kill so many rotations over one set of files, then let one end."""
        home = self.template.with_name("trial")
        shutil.copytree(self.template, home)
        before, until, target = self._seen(home), self.killed + kills, OLD
        while self.killed < until and not self.wrong:
            target = self._some_key(target)
            before = self._disturbed(home, target, before)
        self._finish(home, self._some_key(target))
        shutil.rmtree(home)

    def _some_key(self, last: str) -> str:
        """Return a key that is new, or the one that the last rotation was to lead to."""
        return last if self.chance.random() < 0.5 else f"{self.chance.getrandbits(40):x}"

    def _disturbed(self, home: Path, target: str, before: Seen) -> Seen:
        """Rotate, kill that at some instant if it lasts so long, and read every row."""
        status = self._rotate(home, target, self.chance.uniform(0, self.longest_s))
        assert status in {0, KILLED}
        after, key_id = self._seen(home), a_key(target).key_id
        if status == KILLED:
            half_way = after["pairs"] != before["pairs"] and _needed(after) != {key_id}
            self.killed += 1
            self.under_way += half_way
            self.switched += half_way and after["in_use"] == key_id
        return after

    def _finish(self, home: Path, target: str) -> None:
        """Rotate once more, undisturbed: the key that it leads to is all that is needed."""
        assert self._rotate(home, target, None) == 0
        after = self._seen(home, only=target)
        others = sorted(_needed(after) - {a_key(target).key_id})
        self.finished += 1
        self.wrong += [f"{key_id} is needed after the rotation" for key_id in others]

    def _rotate(self, home: Path, target: str, kill_after_s: float | None) -> int:
        turn = Turn(
            folder=str(home),
            verb="rotate",
            target=target,
            keeps_order=self.keeps_order,
            kill_after_s=kill_after_s,
        )
        return self.process.ask(asdict(turn))[0]

    def _seen(self, home: Path, *, only: str | None = None) -> Seen:
        """Let another process read every row; return what it saw."""
        turn = Turn(folder=str(home), verb="read", target=only or OLD, only=only is not None)
        status, _ = self.process.ask(asdict(turn))
        assert status == 0
        seen: Seen = json.loads(turn.seen.read_text(encoding="utf-8"))
        self.wrong += [f"unreadable: {row}" for row in seen["unreadable"]]
        return seen


def _needed(seen: Seen) -> set[str]:
    """Return the keys that something is still wrapped with."""
    return {kek_id for _, kek_id in seen["pairs"]}


def a_template(folder: Path, process: Warm) -> Path:
    """Make a database whose every row is sealed under the old key, to be copied."""
    template = folder / "template"
    (template / "keys").mkdir(parents=True, mode=0o700)
    (template / "data").mkdir()
    assert process.ask(asdict(Turn(folder=str(template), verb="fill")))[0] == 0
    return template


def a_while(template: Path, process: Warm) -> float:
    """Return twice the median time of a rotation that nobody cuts short."""
    home = template.with_name("timed")
    shutil.copytree(template, home)
    turns = [Turn(folder=str(home), verb="rotate", target=str(number)) for number in range(5)]
    return 2 * median(process.ask(asdict(turn))[1] for turn in turns)


@pytest.mark.timeout(seconds(600, 7_200))
@pytest.mark.promise("secrets")
def test_no_kill_of_a_rotation_leaves_a_row_unreadable(tmp_path: Path) -> None:
    """Over the real database and key file; half of the rotations repeat the one before."""
    kills = examples(30, 1_000)
    with warm("tests.proofs.rotator") as process:
        template = a_template(tmp_path, process)
        trial = Trial(process=process, template=template, longest_s=a_while(template, process))
        while trial.killed < kills and not trial.wrong:
            trial.run(TOGETHER)

    what = (
        f"SIGKILLs of key rotations over {len(ROWS)} rows, {trial.under_way:,} of them half-way "
        f"and {trial.switched:,} of these past the switch; a row unreadable after, or an old key "
        "still needed after the next rotation"
    )
    report("S12 kills", trial.killed, len(trial.wrong), what)
    assert trial.wrong == []
    assert trial.finished == kills // TOGETHER
    assert trial.under_way > kills // 30


@pytest.mark.timeout(seconds(600, 7_200))
def test_a_rotation_that_drops_the_old_wrapping_first_is_found_out(tmp_path: Path) -> None:
    """The control: the same kills, over a store that does it in the wrong order."""
    with warm("tests.proofs.rotator") as process:
        template = a_template(tmp_path, process)
        trial = Trial(
            process=process,
            template=template,
            longest_s=a_while(template, process),
            keeps_order=False,
        )
        while trial.killed < CONTROL_KILLS_MAX and not trial.wrong:
            trial.run(TOGETHER)

    assert {word.split(":")[0] for word in trial.wrong} >= {"unreadable"}
