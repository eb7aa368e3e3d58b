"""`strikedesk install`: one entry in a file that belongs to somebody else."""

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.cli.client_file import Merged, merge_entry
from strikedesk.cli.clients import Client, file_of
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from tests.unit.cli_door import call

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
ENTRY: dict[str, Any] = {"command": "/opt/strikedesk", "args": ["serve"]}
FULL = '{\n    "theme": "dark",\n    "mcpServers": {\n        "other": {"command": "x"}\n    }\n}\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "STRIKEDESK_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def merge(path: Path) -> Merged:
    return merge_entry(path, key="mcpServers", name="strikedesk", entry=ENTRY, now=NOW)


@pytest.mark.parametrize("client", list(Client))
def test_every_client_gets_an_absolute_command_that_exists(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """Clients start servers without the person's PATH."""
    done = call(capsys, "install", client.value)

    file = file_of(client)
    (entry,) = json.loads(file.path.read_text())[file.key].values()
    assert done.code == 0
    assert Path(entry["command"]).is_absolute()
    assert os.access(entry["command"], os.X_OK)
    assert entry["args"][-1] == "serve"
    assert str(file.path) in done.out


def test_the_installed_command_is_this_program(capsys: pytest.CaptureFixture[str]) -> None:
    """What a client starts is what the person runs."""
    call(capsys, "install", "cursor")
    entry = json.loads(file_of(Client.CURSOR).path.read_text())["mcpServers"]["strikedesk"]

    asked = [entry["command"], *entry["args"][:-1], "--version"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.startswith("strikedesk ")


def test_a_home_of_our_own_goes_along(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it the client's server would be another desk than the one at this terminal."""
    monkeypatch.setenv("STRIKEDESK_HOME", str(home / "desk"))

    done = call(capsys, "install", "vscode", "--print")

    entry = json.loads(done.out)["servers"]["strikedesk"]
    assert entry["env"] == {"STRIKEDESK_HOME": str(home / "desk")}
    assert entry["type"] == "stdio"


def test_printing_changes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is for those who rather paste it themselves."""
    done = call(capsys, "install", "claude-desktop", "--print")

    assert done.code == 0
    assert "strikedesk" in json.loads(done.out)["mcpServers"]
    assert list(home.iterdir()) == []


def test_everything_else_in_the_file_stays(tmp_path: Path) -> None:
    """It is the person's file: other servers, other settings, its indentation, its mode."""
    path = tmp_path / "client.json"
    path.write_text(FULL)
    path.chmod(0o640)

    merged = merge(path)

    expected = json.loads(FULL)
    expected["mcpServers"]["strikedesk"] = ENTRY
    assert path.read_text() == json.dumps(expected, indent=4) + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert merged.backup is not None
    assert merged.backup.read_text() == FULL
    assert sorted(tmp_path.iterdir()) == sorted([path, merged.backup])


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=5,
    )
)
def test_any_file_keeps_all_it_says(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Any]
) -> None:
    """Whatever other programs wrote there means the same afterwards."""
    tree.pop("mcpServers", None)
    path = tmp_path_factory.mktemp("client") / "client.json"
    path.write_text(json.dumps(tree))

    merge(path)

    assert json.loads(path.read_text()) == tree | {"mcpServers": {"strikedesk": ENTRY}}


def test_doing_it_twice_changes_nothing_and_keeps_no_second_backup(tmp_path: Path) -> None:
    """Running the command again is not an accident to recover from."""
    path = tmp_path / "client.json"
    path.write_text(FULL)
    merge(path)
    once = sorted((p.name, p.read_text()) for p in tmp_path.iterdir())

    assert merge(path) == Merged(path=path, changed=False)
    assert sorted((p.name, p.read_text()) for p in tmp_path.iterdir()) == once


def test_an_older_entry_of_ours_is_replaced(tmp_path: Path) -> None:
    """A moved installation leaves no dead command behind."""
    path = tmp_path / "client.json"
    path.write_text('{"mcpServers": {"strikedesk": {"command": "/gone"}}}')

    merge(path)

    assert json.loads(path.read_text()) == {"mcpServers": {"strikedesk": ENTRY}}


def test_a_missing_or_empty_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """Such files hold other programs' keys sooner or later."""
    path = tmp_path / "deep" / "client.json"

    assert merge(path) == Merged(path=path, changed=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text(" \n")
    assert merge(path).changed


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """People keep such files in a repository of their own and link to them."""
    kept = tmp_path / "dotfiles.json"
    kept.write_text("{}")
    link = tmp_path / "client.json"
    link.symlink_to(kept)

    merge(link)

    assert link.is_symlink()
    assert "strikedesk" in kept.read_text()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"mcpServers": {}, // mine\n}', "comments"),
        ('{"a": 1,}', "line 1, column"),
        ('{"mcpServers": {"a": {}, "a": {}}}', "twice"),
        ("[1]", "no JSON object"),
        ('{"mcpServers": []}', "`mcpServers` is no object"),
        ("[" * 100_000, "further than can be kept"),
        ('{"url": "http://no.comment",}', "line 1, column"),
    ],
)
def test_what_would_be_lost_or_cannot_be_read_is_refused(
    text: str, problem: str, tmp_path: Path
) -> None:
    """A comment that disappears is damage; a refusal says what to do instead."""
    path = tmp_path / "client.json"
    path.write_text(text)

    with pytest.raises(Misconfigured, match=problem) as refused:
        merge(path)

    assert refused.value.reason is Reason.CLIENT_CONFIG_UNREADABLE
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Nothing is guessed about another program's file."""
    path = tmp_path / "client.json"
    path.write_bytes(b"\xff\xfe{}")

    with pytest.raises(Misconfigured, match="cannot be read"):
        merge(path)


def test_a_refusal_is_one_line_and_exit_code_2(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong configuration is the caller's to mend."""
    (home / ".claude.json").write_text("{broken")

    done = call(capsys, "install", "claude-code")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("strikedesk: 5009 CLIENT_CONFIG_UNREADABLE: file=")
    assert done.err.count("\n") == 1


def test_without_a_script_the_module_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some ways to install leave no script beside the interpreter."""

    def empty(_name: str) -> str:
        return str(tmp_path)

    monkeypatch.setattr("sysconfig.get_path", empty)

    done = call(capsys, "install", "cursor", "--print")

    entry = json.loads(done.out)["mcpServers"]["strikedesk"]
    assert (entry["command"], entry["args"]) == (sys.executable, ["-m", "strikedesk", "serve"])
