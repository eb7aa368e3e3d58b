"""`strikedesk audit`: what the owner asks the trail, on a real database."""

import asyncio
import csv
import hashlib
import io
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from strikedesk.cli.auditing import read_head, written
from strikedesk.cli.exporting import Export
from strikedesk.cli.trail_forms import Format
from strikedesk.domain.replay import row_of
from strikedesk.domain.states import OrderState
from strikedesk.logs.known import Known
from strikedesk.logs.redaction import Redactor
from strikedesk.logs.scrubber import Scrubber
from strikedesk.store.chain import GENESIS, ChainHead, seal
from strikedesk.store.event_rows import append_event
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.order_rows import add_preview
from strikedesk.wiring import UtcClock
from tests.builders import a_note, a_preview
from tests.stores import opened
from tests.unit.cli_door import call


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    return tmp_path / "desk"


def by_hand(home: Path, *statements: str) -> None:
    """Lift the guards, as an owner of the file can, and change what they guard."""
    with sqlite3.connect(home / "data" / "strikedesk.db") as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            database.execute(statement)


def three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "halt", "--why", "one")
    call(capsys, "resume")
    call(capsys, "halt", "--why", "three")


@pytest.mark.promise("audit")
def test_a_whole_trail_passes_and_tells_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    three_lines(capsys)

    done = call(capsys, "audit", "verify")

    assert done.code == 0
    assert re.search(r"3 lines, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d to .* UTC", done.out)
    assert re.search(r"^Its head is 3:[0-9a-f]{64}$", done.out, re.MULTILINE)


def test_a_desk_that_did_nothing_yet_passes(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "audit", "verify")

    assert (done.code, done.out) == (0, "The audit trail is empty.\n")


@pytest.mark.promise("audit")
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE order_events SET actor = 'nobody' WHERE sequence = 2", "line 2 .*what was sealed"),
        ("DELETE FROM order_events WHERE sequence = 2", "line 2 .*is missing"),
        ("DELETE FROM order_events WHERE sequence = 3", "line 3 .*is missing"),
        ("UPDATE order_events SET body = '{' WHERE sequence = 1", "line 1 .*cannot be read"),
        ("DELETE FROM order_event_head", "line 1 .*order_event_head"),
    ],
)
def test_a_trail_changed_by_hand_fails_and_the_line_is_named(
    statement: str, told: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three_lines(capsys)
    by_hand(home, statement)

    done = call(capsys, "audit", "verify")

    assert (done.code, done.out) == (1, "")
    assert re.search(told, done.err)
    assert "Restore a backup" in done.err


def test_a_head_that_was_kept_shows_that_the_end_was_cut_off(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever writes both the lines and the head beside them leaves no trace inside."""
    three_lines(capsys)
    told = call(capsys, "audit", "verify").out
    (head,) = re.findall(r"3:[0-9a-f]{64}", told)
    passed = call(capsys, "audit", "verify", "--noted", head)
    by_hand(
        home,
        "DELETE FROM order_events WHERE sequence = 3",
        "UPDATE order_event_head SET sequence = 2,"
        " digest = (SELECT digest FROM order_events WHERE sequence = 2)",
    )

    blind = call(capsys, "audit", "verify")
    seen = call(capsys, "audit", "verify", "--noted", head)

    assert (passed.code, blind.code, seen.code) == (0, 0, 1)
    assert "line 3 of the audit trail is missing" in seen.err


@pytest.mark.parametrize("head", ["", "3", "three:0", f"3:{'F' * 64}", f"-1:{'0' * 64}"])
def test_what_is_no_head_is_refused(head: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A head that was copied in part must not seem to be passed."""
    done = call(capsys, "audit", "verify", "--noted", head)

    assert done.code == 1
    assert "2003 INVALID_ARGUMENT" in done.err


def test_a_head_is_read_back_as_it_was_written() -> None:
    head = ChainHead(sequence=12, digest="0a" * 32)

    assert read_head(f" {written(head)}\n") == head


CHECKER = Path(__file__).parents[2] / "docs" / "audit-format.md"


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]


def checked(file: Path, folder: Path) -> tuple[int, str]:
    """Run the program that the documents print, as a reader would, far from this one."""
    (program,) = re.findall(r"```python\n(.+?)```", CHECKER.read_text(encoding="utf-8"), re.DOTALL)
    (folder / "check.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "check.py", str(file)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.promise("audit")
def test_an_export_proves_itself_without_this_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever is handed the file needs a hash function, and nothing of ours."""
    three_lines(capsys)
    out = tmp_path / "trail.jsonl"

    done = call(capsys, "audit", "export", "--out", str(out))

    lines = lines_of(out)
    assert done.code == 0, done.err
    assert [(line["sequence"], line["kind"]) for line in lines] == [
        (1, "halted"),
        (2, "resumed"),
        (3, "halted"),
    ]
    assert lines[0]["previous_digest"] == GENESIS.digest
    assert hashlib.sha256(out.read_bytes()).hexdigest() in done.out
    assert f"3:{lines[-1]['digest']}" in done.out
    assert out.stat().st_mode & 0o077 == 0
    assert checked(out, tmp_path) == (0, "3 lines follow from each other, 0 of them masked\n")


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("change", ["kind", "lost", "digest"])
def test_an_altered_export_does_not_pass_for_whole(
    change: str, position: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program in the documents is one that can fail; a lost end shows by the head alone."""
    three_lines(capsys)
    out = tmp_path / "trail.jsonl"
    call(capsys, "audit", "export", "--out", str(out))
    lines = lines_of(out)
    if change == "lost":
        del lines[position]
    else:
        lines[position][change] = "0" * 64
    out.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")

    code, said = checked(out, tmp_path)

    cut_at_an_end = change == "lost" and position != 1
    assert code == (0 if cut_at_an_end else 1), said


def test_an_export_never_holds_what_looks_like_a_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says that it is masked; the others still prove themselves, and it its place."""
    call(capsys, "halt", "--why", 'my token: "hunter2hunter2" leaked')
    call(capsys, "resume")
    out, sheet = tmp_path / "trail.jsonl", tmp_path / "trail.csv"

    done = call(capsys, "audit", "export", "--out", str(out))
    call(capsys, "audit", "export", "--out", str(sheet), "--format", "csv")

    assert "hunter2" not in out.read_text(encoding="ascii") + sheet.read_text(encoding="ascii")
    assert [line.get("redacted") for line in lines_of(out)] == [True, None]
    assert "1 line held what looks like a secret" in done.out
    assert checked(out, tmp_path) == (0, "2 lines follow from each other, 1 of them masked\n")


@pytest.mark.parametrize("why", ["=1+1", "+1", "-1", "@SUM(A1)", 'plain, "quoted"'])
def test_a_sheet_holds_every_line_and_no_formula(
    why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A caller's name is text from outside: a spreadsheet must not run it."""
    call(capsys, "halt", "--why", why)
    out = tmp_path / "trail.csv"

    done = call(capsys, "audit", "export", "--out", str(out), "--format", "csv")

    with out.open(encoding="ascii", newline="") as file:
        (row,) = csv.DictReader(file)
    assert done.code == 0
    assert (row["sequence"], row["kind"], row["order_id"]) == ("1", "halted", "")
    assert json.loads(row["body"]) == {"why": why}
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\ta", "\ra", "\na"])
def test_a_cell_that_begins_like_a_formula_is_kept_a_text(text: str) -> None:
    file = io.BytesIO()
    sheet = Export(file=file, form=Format.CSV, redactor=Redactor(Scrubber(Known())))

    sheet.begin()
    sheet.add(seal(replace(a_note(), actor=text), order_id=text, behind=GENESIS))

    (row,) = csv.DictReader(io.StringIO(file.getvalue().decode(), newline=""))

    assert (row["actor"], row["order_id"]) == (f"'{text}", f"'{text}")


def test_a_stretch_is_exported_and_the_whole_is_verified(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stretch of a trail that was altered elsewhere is no witness."""
    three_lines(capsys)
    past, future, none = (tmp_path / name for name in ("past", "future", "none"))

    for file, option, day in ((past, "--until", "2999-01-01"), (future, "--since", "2999-01-01")):
        call(capsys, "audit", "export", "--out", str(file), option, day)
    by_hand(home, "UPDATE order_events SET actor = 'nobody' WHERE sequence = 3")
    refused = call(capsys, "audit", "export", "--out", str(none), "--until", "2000-01-01")

    assert (len(lines_of(past)), len(lines_of(future))) == (3, 0)
    assert refused.code == 1
    assert "line 3 of the audit trail" in refused.err
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["future", "past"]


def test_an_export_never_goes_over_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be the export of a trail that is gone."""
    out = tmp_path / "trail.jsonl"
    out.write_text("precious")

    done = call(capsys, "audit", "export", "--out", str(out))

    assert (done.code, out.read_text()) == (1, "precious")
    assert "2003 INVALID_ARGUMENT" in done.err


@pytest.mark.parametrize(
    "words", [["--since", "yesterday"], ["--format", "xml"], ["--until", "2026-13-01"], []]
)
def test_wrong_words_about_an_export_end_with_2(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "trail")] if words else []

    assert call(capsys, "audit", "export", *out, *words).code == 2
    assert not (tmp_path / "trail").exists()


def an_order_of_each_kind(home: Path) -> None:
    """One whose lines tell its row, and one whose lines are older than that."""

    def as_before(connection: Connection) -> None:
        add_preview(connection, a_preview(2))
        append_event(connection, a_note("previewed"), order_id="order-2")

    async def write() -> None:
        async with opened(f"sqlite:///{home / 'data' / 'strikedesk.db'}") as database:
            await SqlLedger(database).open_preview(a_preview(1), a_note("previewed"))
            await database.write(as_before)

    asyncio.run(write())


@pytest.mark.promise("audit")
def test_a_replay_rebuilds_the_orders_and_finds_them_as_they_are(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is too old to be rebuilt is said to be so, and is no alarm."""
    call(capsys, "db", "upgrade")
    an_order_of_each_kind(home)
    out = tmp_path / "orders.jsonl"

    done = call(capsys, "audit", "replay", "--out", str(out))

    assert done.code == 0, done.err
    assert "Orders that are as it tells them: 1." in done.out
    assert "1 cannot be rebuilt: written before version" in done.out
    assert lines_of(out) == [row_of(a_preview(1).record)]
    assert out.stat().st_mode & 0o077 == 0


@pytest.mark.promise("audit")
def test_an_order_changed_beside_the_trail_is_named_with_its_column(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The trail is whole: only the replay sees that the table says something else."""
    call(capsys, "db", "upgrade")
    an_order_of_each_kind(home)
    by_hand(home, "UPDATE orders SET state = 'filled' WHERE order_id = 'order-1'")

    verified, done = call(capsys, "audit", "verify"), call(capsys, "audit", "replay")

    assert (verified.code, done.code) == (0, 1)
    assert "order order-1: state is filled, the trail says previewed" in done.out


def test_nothing_is_rebuilt_from_a_trail_that_is_not_whole(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A forged line would make a forged row."""
    call(capsys, "db", "upgrade")
    an_order_of_each_kind(home)
    by_hand(home, "UPDATE order_events SET actor = 'nobody' WHERE sequence = 2")
    out = tmp_path / "orders.jsonl"

    done = call(capsys, "audit", "replay", "--out", str(out))

    assert (done.code, out.exists()) == (1, False)
    assert "line 2 of the audit trail (order order-2)" in done.err


def test_a_replay_never_goes_over_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "orders.jsonl"
    out.write_text("precious")

    assert call(capsys, "audit", "replay", "--out", str(out)).code == 1
    assert out.read_text() == "precious"


def test_a_long_list_of_differences_is_cut_and_says_so(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def write() -> None:
        async with opened(f"sqlite:///{home / 'data' / 'strikedesk.db'}") as database:
            for number in range(23):
                await SqlLedger(database).open_preview(a_preview(number), a_note("previewed"))

    call(capsys, "db", "upgrade")
    asyncio.run(write())
    by_hand(home, "UPDATE orders SET caller = 'somebody else'")

    done = call(capsys, "audit", "replay")

    assert done.out.count("caller is somebody else, the trail says local") == 20
    assert "and 3 more" in done.out


EIGHT_YEARS_AGO = UtcClock().now() - timedelta(days=8 * 366)


def old_and_new(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keep an order of eight years ago and a halt of now."""
    call(capsys, "audit", "verify")

    def work(connection: Connection) -> None:
        add_preview(connection, a_preview(state=OrderState.FILLED))
        append_event(connection, replace(a_note(), at=EIGHT_YEARS_AGO), order_id="order-1")

    asyncio.run(keep(home, work))
    call(capsys, "halt", "--why", "now")


async def keep(home: Path, work: Callable[[Connection], None]) -> None:
    async with opened(f"sqlite:///{home / 'data' / 'strikedesk.db'}") as database:
        await database.write(work)


def test_pruning_exports_what_is_older_than_seven_years_and_then_deletes_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old_and_new(home, capsys)
    out = tmp_path / "old.jsonl"

    done = call(capsys, "audit", "prune", "--out", str(out), "--yes")

    assert (done.code, done.err) == (0, "")
    (line,) = [json.loads(text) for text in out.read_text().splitlines()]
    assert (line["sequence"], line["order_id"]) == (1, "order-1")
    assert f"{out}: 1 line; SHA-256 {hashlib.sha256(out.read_bytes()).hexdigest()}" in done.out
    assert f"1 line and 1 order. The trail goes on behind 1:{line['digest']}" in done.out
    verified = call(capsys, "audit", "verify", "--noted", f"1:{line['digest']}")
    assert verified.code == 0
    assert "The lines up to 1 were pruned" in verified.out
    assert call(capsys, "audit", "replay").code == 0


def test_pruning_asks_first_and_tells_what_would_go(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old_and_new(home, capsys)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    done = call(capsys, "audit", "prune", "--out", str(tmp_path / "old.jsonl"))

    day = f"{EIGHT_YEARS_AGO:%Y-%m-%d}"
    assert done.code == 1
    assert f"Older than 7 years: 1 line and 1 order, {day} to {day}." in done.out
    assert "Nothing was changed" in done.err
    assert not (tmp_path / "old.jsonl").exists()
    assert "2 lines" in call(capsys, "audit", "verify").out


def test_the_owner_sets_for_how_long_the_trail_is_kept(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old_and_new(home, capsys)
    (home / "config.toml").write_text("[audit]\nkeep_years = 9\n")

    done = call(capsys, "audit", "prune", "--out", str(tmp_path / "old.jsonl"), "--yes")

    assert done.code == 0
    assert done.out == (
        "Nothing goes: no order and no line at the trail's beginning is 9 years old.\n"
    )
    assert not (tmp_path / "old.jsonl").exists()


def test_a_trail_that_is_not_whole_is_not_pruned(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old_and_new(home, capsys)
    by_hand(home, "UPDATE order_events SET actor = 'nobody' WHERE sequence = 2")

    done = call(capsys, "audit", "prune", "--out", str(tmp_path / "old.jsonl"), "--yes")

    assert done.code != 0
    assert "line 2 of the audit trail" in done.err
    assert not (tmp_path / "old.jsonl").exists()
    with sqlite3.connect(home / "data" / "strikedesk.db") as database:
        assert database.execute("SELECT count(*) FROM order_events").fetchone() == (2,)


def test_a_file_that_exists_is_not_written_over_by_a_pruning(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old_and_new(home, capsys)
    (tmp_path / "old.jsonl").write_text("precious")

    done = call(capsys, "audit", "prune", "--out", str(tmp_path / "old.jsonl"), "--yes")

    assert done.code == 1
    assert "export_file_is_new" in done.err
    assert (tmp_path / "old.jsonl").read_text() == "precious"


def test_a_head_noted_before_a_pruning_is_told_to_be_gone_with_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, "audit", "verify")
    old = replace(a_note(), at=EIGHT_YEARS_AGO)
    for _ in range(2):
        asyncio.run(keep(home, lambda c: append_event(c, old, order_id=None)))
    call(capsys, "halt", "--why", "now")
    call(capsys, "audit", "prune", "--out", str(tmp_path / "old.jsonl"), "--yes")

    done = call(capsys, "audit", "verify", "--noted", f"1:{'f' * 64}")

    assert done.code == 1
    assert "pruned_through=2" in done.err
