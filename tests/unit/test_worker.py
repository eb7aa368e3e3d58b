"""The loop of work that is due: it goes on whatever one round comes to, and ends when told."""

import asyncio
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from strikedesk.settings import load
from strikedesk.worker.alone import work_until
from strikedesk.worker.loop import Worker
from tests.patience import patience


@dataclass
class Rounds:
    """Counts rounds; the second breaks. The pause lets each begin when the test says."""

    count: int = 0
    begin: asyncio.Queue[None] = field(default_factory=asyncio.Queue[None])
    done: asyncio.Queue[int] = field(default_factory=asyncio.Queue[int])

    async def __call__(self) -> int:
        self.count += 1
        self.done.put_nowait(self.count)
        if self.count == 2:
            raise RuntimeError("somebody else's words")
        return 1

    async def next(self) -> int:
        self.begin.put_nowait(None)
        return await asyncio.wait_for(self.done.get(), 5)


async def test_a_round_that_breaks_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A worker that died would do nothing ever after, and nobody would hear of it."""
    rounds = Rounds()
    async with Worker(rounds=rounds, pause=rounds.begin.get).running():
        assert [await rounds.next() for _ in range(3)] == [1, 2, 3]

    assert [record.message for record in caplog.records] == ["a round of work failed"]
    rounds.begin.put_nowait(None)
    assert rounds.done.empty()


async def test_an_alone_worker_opens_the_desk_and_ends_with_its_signal(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a server it is a desk like any other, and closes as one."""
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path_factory.mktemp("desk")))
    ended: list[str] = []

    async def at_once() -> None:
        ended.append("asked to end")

    await work_until(load(), at_once)

    assert ended == ["asked to end"]


@pytest.mark.parametrize("said", ["opening the desk", "at work"])
def test_a_signal_ends_the_command_at_any_time_as_a_success(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service manager takes 143 for a failure, also of a worker that it ends as it starts."""
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))
    command = [sys.executable, "-m", "strikedesk", "worker"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    with process, patience(process, 60):
        assert process.stderr is not None
        told = iter(process.stderr.readline, b"")
        heard = any(said.encode() in line for line in told)
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read().decode()
        ended = process.wait()

    assert (heard, ended) == (True, 0), rest
    assert "Traceback" not in rest
