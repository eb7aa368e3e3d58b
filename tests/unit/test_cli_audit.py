"""`strikedesk audit`: what the owner asks the trail, on a real database."""

import re
import sqlite3
from pathlib import Path

import pytest

from strikedesk.cli.auditing import read_head, written
from strikedesk.store.chain import ChainHead
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
