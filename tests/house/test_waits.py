"""Every wait of the test run has an end: also those that a test's own timer does not reach."""

import ast
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import PIPE

ROOT = Path(__file__).parents[2]
TESTS = Path(__file__).parents[1]
STUCK = {
    "a_property": """
        import subprocess
        from hypothesis import given, strategies as st

        @given(number=st.integers())
        def test_it(number):
            with subprocess.Popen(["sleep", "600"], stdout=subprocess.PIPE) as child:
                try:
                    child.stdout.readline()
                finally:
                    child.kill()
    """,
    "a_teardown": """
        import threading
        import pytest

        @pytest.fixture(scope="module")
        def held():
            yield
            threading.Event().wait()

        def test_it(held):
            assert False
    """,
    "a_call_in_c": """
        import hashlib

        def test_it():
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
    """,
}


def own_options() -> list[str]:
    """Return what our own run is told about its workers."""
    said = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    words = str(said["tool"]["pytest"]["ini_options"]["addopts"]).split()
    return [word for word in words if "worker" in word]


WITHOUT = [f"-pno:{plugin}" for plugin in ("anyio", "asyncio", "inline_snapshot")]
PYTEST = (sys.executable, "-m", "pytest", "--timeout", "1", "-p", "no:cacheprovider", *WITHOUT)
SPREAD = ("-n", "1", "--dist", "loadscope", *own_options())
ENDED_S = 60


@contextmanager
def under_watch(folder: Path, name: str, *options: str) -> Generator["subprocess.Popen[str]"]:
    """Run a test that hangs, as ours are run; it is gone afterwards."""
    folder.mkdir()
    shutil.copy(TESTS / "conftest.py", folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / f"test_{name}.py").write_text(textwrap.dedent(STUCK[name]))
    with subprocess.Popen(
        [*PYTEST, *options], cwd=folder, stdout=PIPE, stderr=PIPE, text=True
    ) as run:
        try:
            yield run
        finally:
            run.kill()


def test_whatever_hangs_is_ended_and_shows_where(tmp_path: Path) -> None:
    """A run that hangs says nothing; what a test's own timer raises does not end these."""
    with ExitStack() as stack:
        runs = {name: stack.enter_context(under_watch(tmp_path / name, name)) for name in STUCK}
        told = {name: run.communicate(timeout=ENDED_S)[1] for name, run in runs.items()}

    for name, heard in told.items():
        assert "Timeout (0:00:0" in heard, (name, heard)
        assert f"test_{name}.py" in heard, (name, heard)


def test_a_worker_that_ends_is_named_and_ends_the_run(tmp_path: Path) -> None:
    """Xdist replaces it by one that waits for ever, where a single test was left to run."""
    with under_watch(tmp_path / "spread", "a_call_in_c", *SPREAD) as run:
        told, _ = run.communicate(timeout=ENDED_S)

    assert "crashed while running 'test_a_call_in_c.py::test_it'" in told
    assert run.returncode == 1


def runs_without_an_end(path: Path) -> Iterator[int]:
    """Yield the lines that start a process and wait for it however long it takes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) != "subprocess.run":
            continue
        if "timeout" not in {keyword.arg for keyword in node.keywords}:
            yield node.lineno


def test_every_process_that_is_run_is_given_a_time() -> None:
    """One that hangs fails then with its command and what it had said."""
    endless = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        if "node_modules" not in path.parts
        for line in runs_without_an_end(path)
    ]

    assert endless == []
