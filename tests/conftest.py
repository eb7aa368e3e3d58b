"""What holds for every test: no clock judges it, and nothing waits for ever.

pytest-timeout raises once, in the main thread, and is then spent: a property test catches what it
raises and tries the same example again, a loop waits for its tasks to be cancelled, a call in C
does not hear it, and a test that failed tears down with no timer at all. Whatever outlives that
is ended here, process and all, with every thread's stack on stderr; xdist then names the test and
goes on with a new worker.
"""

import asyncio
import faulthandler
import os
import sys
from collections.abc import Generator
from contextlib import nullcontext
from typing import Final

import hypothesis
import pytest
from _pytest.capture import CaptureManager

LEAVING_S: Final = 60.0  # What a process may take to end when its last test is over.
MUTATING: Final = "MUTANT_UNDER_TEST" in os.environ  # noqa: TID251 -- said by who makes mutants
_STDERR: Final = pytest.StashKey[int]()

hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the stderr that is not captured."""
    capture = config.pluginmanager.getplugin("capturemanager")
    uncaptured = (
        capture.global_and_fixture_disabled()
        if isinstance(capture, CaptureManager)
        else nullcontext()
    )
    with uncaptured:
        config.stash[_STDERR] = os.dup(2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Give a test and its fixtures twice the time after which it should have failed."""
    _watch(item.config, 2 * _time_of(item))
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Begin again for the cleaning up: pytest ends every watch when a test fails."""
    _watch(item.config, _time_of(item))
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A thread that is left waiting would keep the process for ever.

    A worker waits for the others, however long they take, and is ended by who started it; where
    mutants are made, one process begins a session for each.
    """
    if not hasattr(session.config, "workerinput") and not MUTATING:
        _watch(session.config, LEAVING_S)
    if "tests.stores" in sys.modules:  # Most mutants' tests want no database: that import is dear.
        from tests.stores import forget_postgres  # noqa: PLC0415 -- explained above

        asyncio.run(forget_postgres())


def _time_of(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    said = marker.args[0] if marker else item.config.getoption("timeout")
    return float(said or item.config.getini("timeout"))


def _watch(config: pytest.Config, seconds: float) -> None:
    if not config.getoption("usepdb"):
        faulthandler.dump_traceback_later(seconds, exit=True, file=config.stash[_STDERR])
