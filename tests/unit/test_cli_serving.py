"""`strikedesk serve`: the quick reading of its words, and the full one, read the same."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.cli import app as parser
from strikedesk.cli.serving import Transport, Wanted, quick
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from tests.unit.cli_door import call

WORDS = [
    "--transport", "--host", "--port", "--broker", "--toolsets", "--read-only",
    "--transport=http", "--port=8000", "--toolsets=lite,orders", "--read-only=1", "--help", "--no",
    "stdio", "sse", "http", "tcp", "8000", "paper", "", "-1", "--", "a b", "--host=", "--broker=-x",
    "--world", "--speed=60", "--tape", "practice",
]  # fmt: skip


def parsed(words: list[str]) -> Wanted | None:
    """Return what the full parser makes of it; None where it refuses or only shows help."""
    seen: list[Wanted] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parser, "serve", lambda wanted, _: seen.append(wanted))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] -- of a Wanted
        with pytest.raises(SystemExit):
            parser.app(["serve", *words])
    return seen[0] if seen else None


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_where_the_quick_reading_answers_the_full_parser_reads_the_same(words: list[str]) -> None:
    """The short way to `initialize` must not be a second meaning."""
    wanted = quick(["serve", *words])

    if wanted is not None:
        assert parsed(words) == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("", Wanted()),
        ("--read-only", Wanted(overrides={"read_only": "true"})),
        (
            "--transport http --host 0.0.0.0 --port=80 --broker paper --toolsets lite",
            Wanted(
                transport=Transport.HTTP,
                overrides={"host": "0.0.0.0", "port": "80", "broker": "paper", "toolsets": "lite"},  # noqa: S104 -- only read here
            ),
        ),
        (
            "--tape /tapes/goog.csv --world goog --speed 60",
            Wanted(overrides={"tape": "/tapes/goog.csv", "world": "goog", "speed": "60"}),
        ),
    ],
)
def test_the_usual_spellings_are_read_quickly(words: str, wanted: Wanted) -> None:
    """These are what clients are configured with."""
    assert quick(["serve", *words.split()]) == wanted


@pytest.mark.parametrize("words", ["", "demo", "serve --help", "serve extra", "serve --port"])
def test_anything_else_is_for_the_full_parser(words: str) -> None:
    """It explains wrong usage, and shows help."""
    assert quick(words.split()) is None


@pytest.mark.parametrize("words", ["serve --transport carrier-pigeon", "serve extra", "dance", ""])
def test_wrong_usage_ends_with_2_and_no_word_on_stdout(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A client that starts us wrongly must not read usage as protocol."""
    done = call(capsys, *words.split())

    assert done.code == 2
    assert done.out == "" or words == ""


def test_a_setting_that_cannot_be_read_stops_the_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Promise 8, at the door that clients use."""
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))

    done = call(capsys, "serve", "--broker", "alpaca")

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "strikedesk: 5001 CONFIGURATION_UNREADABLE: setting=--broker, problem=alpaca is not "
        "built yet; this version knows paper and tastytrade. Fix the named setting, then start "
        "again.\n"
    )


def test_a_bug_is_a_line_with_its_place_and_not_with_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unforeseen exception may carry a secret in its text."""

    def fail(**_overrides: object) -> None:
        raise KeyError("hunter2")

    monkeypatch.setattr("strikedesk.cli.serving.load", fail)

    done = call(capsys, "serve")

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("strikedesk: a bug in strikedesk: KeyError at ")
    assert "hunter2" not in done.err
    assert done.err.count("\n") == 1


@pytest.mark.promise("secrets")
def test_what_a_command_prints_is_searched_for_the_secrets_it_met(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever made it into our own words, and on both streams."""

    def fail(**_overrides: object) -> None:
        told = Secret("hunter2-and-more").reveal()
        print(f"stdout {told}")  # noqa: T201 -- what the test is about
        raise Misconfigured(Reason.CONFIGURATION_UNREADABLE, setting="x", problem=told)

    monkeypatch.setattr("strikedesk.cli.serving.load", fail)

    done = call(capsys, "serve")

    assert (done.code, done.out) == (2, "stdout [redacted]\n")
    assert "problem=[redacted]" in done.err
    assert "hunter2" not in done.err


def test_a_file_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The system's own words do, and no traceback."""
    (tmp_path / "desk").write_text("a file where a folder should be")
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))

    done = call(capsys, "halt")

    assert done.code in {1, 2}
    assert done.err.count("\n") == 1
    assert str(tmp_path / "desk") in done.err


def test_help_and_version_are_answered() -> None:
    """In a process of their own, as a person would ask."""
    ask = [sys.executable, "-m", "strikedesk"]
    helped = subprocess.run(
        [*ask, "serve", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    told = subprocess.run(
        [*ask, "--version"], capture_output=True, text=True, check=True, timeout=60
    )

    for option in (
        "--transport",
        "--host",
        "--port",
        "--broker",
        "--toolsets",
        "--read-only",
        "--speed",
    ):
        assert option in helped.stdout
    assert told.stdout == "strikedesk 0.1.0\n"


def test_the_command_line_itself_brings_neither_typer_nor_rich_to_serve() -> None:
    """They cost the client that waits for `initialize`."""
    code = (
        "import sys; from strikedesk.cli.serving import quick; quick(['serve']);"
        "print(sorted({'typer', 'rich', 'numpy', 'sqlalchemy'} & sys.modules.keys()))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("words", [["serve"], ["doctor"]])
def test_a_python_that_drops_docstrings_is_refused_by_name(words: list[str]) -> None:
    """Tools would have nothing to say of themselves, and every call would end in a fault."""
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "strikedesk", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "setting=PYTHONOPTIMIZE" in done.stderr
    assert "Traceback" not in done.stderr


def in_a_shell(words: str, ends: str, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command whose streams end as a shell says: `>&-` closes standard output."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m strikedesk {words} {ends}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"STRIKEDESK_HOME": str(home), "PYTHONUNBUFFERED": ""},  # noqa: TID251 -- handed on
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("ends", ["<&-", ">&-"])
def test_without_both_ends_of_a_pipe_stdio_is_not_served(ends: str, tmp_path: Path) -> None:
    done = in_a_shell("serve", ends, tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "standard input or output is closed" in done.stderr


@pytest.mark.parametrize(("ends", "told"), [(">&-", False), ("2>&-", True)])
def test_a_closed_stream_is_written_to_by_nobody(ends: str, told: bool, tmp_path: Path) -> None:
    """Some clients close standard error: nothing of ours may need it."""
    done = in_a_shell("quote SPY", ends, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert ("SPY" in done.stdout) is told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_no_bug_of_the_desk(tmp_path: Path) -> None:
    done = in_a_shell("quote SPY", ">/dev/full", tmp_path)

    assert done.returncode == 1
    assert os.strerror(errno.ENOSPC) in done.stderr
    assert "bug" not in done.stderr
