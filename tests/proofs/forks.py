"""Lives that may be killed, forked from a process that is warm: one costs tens of milliseconds.

The process reads what to do, one line of JSON each, and answers how the life of it ended.
"""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any, Final, NoReturn, TypeAlias

from tests.patience import patience

ROOT: Final = Path(__file__).parents[2]
KILLED: Final = -signal.SIGKILL

Line: TypeAlias = dict[str, Any]
# What a child does. It may call its argument once, to say that what counts begins now.
Life: TypeAlias = Callable[[Callable[[], None]], Coroutine[Any, Any, None]]


def lived(
    life: Life, *, kill_after_s: float | None, waits_for_word: bool = False
) -> tuple[int, float]:
    """Fork a child for the life; return its exit status, negative for a signal, and its seconds.

    Seconds are counted from the fork, or from the child's word where it `waits_for_word`.
    """
    alive, held = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(alive)
        _live(life, held)
    os.close(held)
    if waits_for_word:
        os.read(alive, 1)
        began = time.monotonic()
    # The pipe breaks when the child ends, whichever way.
    ended, _, _ = select.select([alive], [], [], kill_after_s)
    if not ended:
        os.kill(child, signal.SIGKILL)
    os.close(alive)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), time.monotonic() - began


def serve(carried_out: Callable[[Line], tuple[int, float]]) -> None:
    """Carry out each task in a child of its own; answer how long it took and how it ended."""
    for line in sys.stdin:
        status, seconds = carried_out(json.loads(line))
        sys.stdout.write(json.dumps({"status": status, "seconds": seconds}) + "\n")
        sys.stdout.flush()


class Warm:
    """The other end of `serve`."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Talk to it over its pipes."""
        self._process = process

    def ask(self, line: Line) -> tuple[int, float]:
        """Carry out a task; return how its child ended and how many seconds it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with patience(self._process):
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            self._process.stdin.flush()
            said = json.loads(self._process.stdout.readline())
        return said["status"], said["seconds"]


@contextmanager
def warm(module: str) -> Generator[Warm]:
    """Start a process that serves; it is gone afterwards."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, cwd=ROOT) as process:
        try:
            yield Warm(process)
        finally:
            process.kill()


def _live(life: Life, held: int) -> NoReturn:
    status = 1
    try:
        asyncio.run(life(lambda: _say(held)))
        status = 0
    except BaseException:  # noqa: BLE001 -- a child must not go on as its parent
        traceback.print_exc()
    finally:
        os._exit(status)


def _say(held: int) -> None:
    os.write(held, b".")
