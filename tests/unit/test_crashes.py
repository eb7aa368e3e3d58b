"""Crashes: where and what kind, never the words of an exception or the values of its frames."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

import strikedesk
from strikedesk.logs.crashes import quiet_crashes

CANARY = "canary-3f9c27d1e08b5a64"
# The house that is tested, which need not be the one that is installed.
HOUSE = str(Path(strikedesk.__file__).parents[1])
# Something breaks inside a command; `main` is called as the installed script calls it.
CHILD = """
import asyncio, gc, os, sys, threading
from strikedesk import cli
from strikedesk.cli import serving

def fail(**_):
    held = "SECRET"
    raise RuntimeError("401 for " + held)

def caused(**_):
    try:
        fail()
    except RuntimeError as error:
        raise ValueError("SECRET") from error

class Left:
    def __del__(self):
        fail()

def in_main(**_):
    raise BaseException("SECRET")

def in_thread(**_):
    one = threading.Thread(target=caused)
    one.start()
    one.join()
    raise SystemExit(0)

def in_clean_up(**_):
    Left()
    gc.collect()
    raise SystemExit(0)

def in_task(**_):
    async def lost():
        fail()
    async def run():
        task = asyncio.create_task(lost())
        await asyncio.sleep(0)
        del task
        gc.collect()
    asyncio.run(run())
    raise SystemExit(0)

def in_loop(**_):
    async def run():
        asyncio.get_running_loop().call_soon(fail)
        await asyncio.sleep(0)
    asyncio.run(run())
    raise SystemExit(0)

def aborted(**_):
    held = "SECRET"
    os.abort()

def limits(**_):
    import ctypes, resource
    print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
    raise SystemExit(0)

serving.load = globals()[sys.argv[1]]
sys.argv = ["strikedesk", "serve"]
cli.main()
"""


def crashed(where: str, **said: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", CHILD.replace("SECRET", CANARY), where],
        env=dict(os.environ) | {"PYTHONPATH": HOUSE} | said,  # noqa: TID251 -- handed on
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.promise("secrets")
@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("in_thread", "strikedesk: a thread broke: ValueError at <string>:"),
        ("in_clean_up", "strikedesk: a clean-up broke: RuntimeError at <string>:"),
        ("in_task", "strikedesk: asyncio broke: RuntimeError at <string>:"),
        ("in_loop", "strikedesk: asyncio broke: RuntimeError at <string>:"),
        ("fail", "strikedesk: a bug in strikedesk: RuntimeError at <string>:"),
    ],
)
def test_a_crash_tells_its_place_and_no_word_of_it(where: str, told: str) -> None:
    """In a process of its own, with a secret in the message, in a local and in the source."""
    ended = crashed(where)

    assert ended.stderr.startswith(told)
    assert ended.stderr.count("\n") == 1
    assert CANARY not in ended.stderr + ended.stdout


@pytest.mark.promise("secrets")
def test_what_python_itself_would_print_at_the_end_is_told_the_same_way() -> None:
    """What is no Exception passes every handler of ours, and comes to the interpreter's hook."""
    ended = crashed("in_main")

    assert ended.returncode == 1
    assert ended.stderr.startswith("strikedesk: the process broke: BaseException at <string>:")
    assert CANARY not in ended.stderr


@pytest.mark.promise("secrets")
@pytest.mark.skipif(sys.platform != "linux", reason="both are limits of Linux")
def test_no_core_file_is_written_and_nobody_reads_the_memory() -> None:
    """A core file is the whole memory, keys too."""
    assert crashed("limits").stdout == "(0, 0) 0\n"


@pytest.mark.promise("secrets")
def test_what_python_dumps_when_it_is_aborted_holds_no_value() -> None:
    """Its own dump, which an owner can switch on, names files, lines and functions."""
    ended = crashed("aborted", PYTHONFAULTHANDLER="1")

    assert "Fatal Python error" in ended.stderr
    assert "in aborted" in ended.stderr
    assert CANARY not in ended.stderr


def test_the_causes_of_a_crash_are_told_by_their_kind() -> None:
    told = crashed("in_thread").stderr

    assert ", after RuntimeError at <string>:" in told


def test_whoever_calls_a_command_finds_the_hooks_as_they_were() -> None:
    before = sys.excepthook, sys.unraisablehook, logging.lastResort
    with quiet_crashes():
        assert sys.excepthook is not before[0]

    assert (sys.excepthook, sys.unraisablehook, logging.lastResort) == before
