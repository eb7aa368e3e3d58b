"""`strikedesk scan`: what is found and what is not seen, as a table and as JSON."""

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from strikedesk.domain.scan_runs import ScanResult, Sighting
from strikedesk.settings import load
from strikedesk.store.scan_runs import SqlScanRuns
from strikedesk.wiring import open_store
from tests.builders import NOON
from tests.unit.cli_door import call

MINE = """name = "mine"
description = "a third of the width"
strategy = "bull put spread"
symbols = ["AAPL", "ZZZZ"]
every = "15m"
top = 2

[chain]
days = { min = 20, max = 35 }

[rules]
credit_to_width = { min = 0.25 }
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-11-20T16:00:00+00:00")
    return tmp_path


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """Return a file with a scan of somebody's own."""
    file = tmp_path / "mine.toml"
    file.write_text(MINE, encoding="utf-8")
    return str(file)


def test_a_scan_of_a_file_shows_trades_and_says_what_it_could_not_see(
    mine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A symbol that is only left out would pass for one without trades."""
    done = call(capsys, "scan", "run", mine)

    assert (done.code, done.err) == (0, "")
    assert done.out.count("credit") >= 2
    assert "-1 AAPL261218P" in done.out
    assert "UNSEEN ZZZZ" in done.out
    assert "SYMBOL_NOT_FOUND" in done.out
    assert "2026-11-20 16:00 UTC" in done.out


def test_a_trade_of_endless_loss_tells_what_it_binds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A return has something to be of."""
    file = tmp_path / "naked.toml"
    naked = MINE.replace("bull put spread", "short strangle").partition("[rules]")[0]
    file.write_text(f"{naked}sold = {{ min = 0.1, max = 0.2 }}\n[rank]\ncredit = 1\n", "utf-8")

    done = call(capsys, "scan", "run", str(file), "--symbols", "AAPL")

    assert (done.code, done.err) == (0, "")
    assert done.out.count("endless") == done.out.count("binds") == 2


def test_a_program_gets_all_of_it_as_run_scan_tells_it(
    mine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "scan", "run", mine, "--symbols", "AAPL,zzzz", "--json")

    told = json.loads(done.out)
    assert done.code == 0
    assert (told["scan"], len(told["rows"])) == ("mine: bull put spread", 2)
    assert told["symbols"] == {
        "scanned": ["AAPL"],
        "ruled_out": {},
        "unseen": {"ZZZZ": "SYMBOL_NOT_FOUND"},
    }
    assert all(len(row) == len(told["columns"]) for row in told["rows"])


def test_a_scan_that_could_see_nothing_has_failed(
    mine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A timetable that reads exit codes hears of it."""
    done = call(capsys, "scan", "run", mine, "--symbols", "ZZZZ")

    assert done.code == 1
    assert "Nothing passes." in done.out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "it is not UTF-8"),
        (MINE.replace("days", "dayz").encode(), "line 9: 'dayz' is unknown here"),
    ],
)
@pytest.mark.parametrize("command", ["run", "save"])
def test_a_file_that_is_no_scan_is_wrong_usage_and_says_where(
    command: str,
    text: bytes | None,
    problem: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "other.toml"
    if text is not None:
        file.write_bytes(text)

    done = call(capsys, "scan", command, str(file))

    assert (done.code, done.out) == (2, "")
    assert problem in done.err


def sighting(legs: str) -> Sighting:
    return Sighting(underlying="AAPL", legs=legs, since=NOON, mid=Decimal("-1.25"))


def left_by_a_worker(problem: str | None, results: Sequence[ScanResult]) -> None:
    """Leave what a server that ran the scan would have."""

    async def write() -> None:
        async with open_store(load()) as database:
            runs, last = SqlScanRuns(database), None
            for result in results:
                await runs.begin("paper", "mine", result.at, last=last)
                await runs.end("paper", "mine", result.at, problem=problem, result=result, most=9)
                last = result.at

    asyncio.run(write())


def test_a_saved_scan_is_listed_with_how_it_stands(
    mine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its owner sees that it runs, what is new, and what it cannot see."""
    assert call(capsys, "scan", "save", mine).out == "Saved mine.\n"
    none = call(capsys, "scan", "results", "mine")
    left_by_a_worker("unseen: ZZZZ", [ScanResult(at=NOON, sightings=(sighting("-1 A"),))])

    listed = call(capsys, "scan", "list").out
    found = call(capsys, "scan", "results", "MINE").out

    (row,) = (line for line in listed.splitlines() if line.startswith("  mine"))
    assert "15m" in row
    assert "2026-11-20" in row
    assert "ZZZZ" in listed
    assert "iron-condor-45" in listed
    assert none.out.startswith("Nothing is kept of it.")
    assert "new" in found
    assert "-1 A" in found


def test_what_is_removed_is_gone(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "scan", "save", mine)

    assert call(capsys, "scan", "remove", "Mine").out == "Removed mine.\n"
    again = call(capsys, "scan", "remove", "mine")

    assert (again.code, "INVALID_ARGUMENT" in again.err) == (1, True)
