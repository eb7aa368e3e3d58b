"""Runs tests against a copy of the house that is broken in one place, one copy after the other.

Started as a process of its own, it imports pytest and the libraries once and forks for each run: a
child finds them loaded and only the house anew. A line in, `[copy, test, …]` as JSON; a line out,
`[exit code, the end of what pytest said]`.
"""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

TOLD = 2000
# That the plugins' own asserts are plain is what importing them once costs.
OPTIONS = ("-qx", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
LIBRARIES = (
    "_hypothesis_pytestplugin",
    "anyio.pytest_plugin",
    "inline_snapshot.pytest_plugin",
    "hypothesis.internal.conjecture.engine",
    "pydantic",
    "pytest_asyncio.plugin",
    "pytest_timeout",
    "sqlalchemy.dialects.sqlite",
    "xdist.plugin",
)


def serve() -> None:
    """Answer every line of the standard input."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        copy, *tests = json.loads(line)
        sys.stdout.write(json.dumps(_run(copy, tests)) + "\n")
        sys.stdout.flush()


def _run(copy: str, tests: list[str]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            _be_child(copy, tests, said.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        return code, said.read().decode(errors="replace")[-TOLD:]


def _be_child(copy: str, tests: list[str], said: int) -> None:
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.path.insert(0, copy)
    sys.dont_write_bytecode = True
    os._exit(pytest.main([*OPTIONS, *tests]))


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    serve()
