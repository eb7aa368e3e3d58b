"""`strikedesk db`: what the owner does with the database, on files of its own."""

import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli_door import call


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    return tmp_path / "desk"


def test_a_new_home_gets_its_tables(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twice is as good as once."""
    first = call(capsys, "db", "upgrade")
    again = call(capsys, "db", "upgrade")

    assert (first.code, again.code) == (0, 0)
    assert first.out == again.out
    assert (home / "data" / "strikedesk.db").is_file()


def test_what_was_backed_up_comes_back_and_trading_waits_for_the_owner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ledger that went back in time does not know what was sent since."""
    backup = tmp_path / "backup.db"
    call(capsys, "token", "create", "kept", "--scope", "read")
    made = call(capsys, "db", "backup", str(backup))
    call(capsys, "token", "create", "lost", "--scope", "read")

    done = call(capsys, "db", "restore", str(backup))

    listed = call(capsys, "token", "list").out
    assert (made.code, done.code) == (0, 0), made.err + done.err
    assert ("kept" in listed, "lost" in listed) == (True, False)
    assert backup.stat().st_mode & 0o077 == 0
    assert "restored" in call(capsys, "halt").out


def test_a_backup_never_goes_over_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be the last good one."""
    backup = tmp_path / "backup.db"
    backup.write_text("precious")
    call(capsys, "db", "upgrade")

    done = call(capsys, "db", "backup", str(backup))

    assert (done.code, backup.read_text()) == (1, "precious")


@pytest.mark.parametrize("content", [None, b"", b"no database" * 999])
def test_what_is_no_backup_is_refused_and_the_database_stays(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old file is worth more than a broken new one."""
    backup = tmp_path / "backup.db"
    if content is not None:
        backup.write_bytes(content)
    call(capsys, "token", "create", "kept", "--scope", "read")

    done = call(capsys, "db", "restore", str(backup))

    assert done.code == 2
    assert "Traceback" not in done.err
    assert "kept" in call(capsys, "token", "list").out


def test_a_database_in_use_is_not_replaced(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A running server would go on writing to a file that is gone."""
    backup = tmp_path / "backup.db"
    call(capsys, "db", "upgrade")
    call(capsys, "db", "backup", str(backup))

    with sqlite3.connect(home / "data" / "strikedesk.db") as server:
        server.execute("SELECT count(*) FROM order_events").fetchone()
        done = call(capsys, "db", "restore", str(backup))
    server.close()

    assert done.code == 1
    assert "another process" in done.err


def test_a_database_server_is_left_to_its_own_tools(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """pg_dump knows it better, and the password stays unsaid."""
    monkeypatch.setenv("STRIKEDESK_DATABASE_URL", "postgresql://desk:hunter2@db/desk")

    done = call(capsys, "db", "backup", str(tmp_path / "x.db"))

    assert done.code == 1
    assert "pg_dump" in done.err
    assert "hunter2" not in done.err
