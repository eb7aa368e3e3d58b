"""The owner's commands: tokens, the stop, the keys. Each on a real database of its own."""

import asyncio
import re
import sqlite3
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import pytest

from strikedesk.cli.office import open_office
from strikedesk.cli.vaulting import describe
from strikedesk.domain.ports import CallerToken
from strikedesk.domain.tokens import token_digest
from strikedesk.vault.vault import Rotation
from tests.fakes.keyrings import LockedKeyring, MemoryKeyring, system_keyring
from tests.unit.cli_door import call

KEYS = [b64encode(bytes(range(n, n + 32))).decode() for n in (1, 101)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    return tmp_path / "desk"


def stored() -> tuple[CallerToken, ...]:
    async def read() -> tuple[CallerToken, ...]:
        async with open_office() as office:
            return await office.tokens.all()

    return asyncio.run(read())


def halted() -> str | None:
    async def read() -> str | None:
        async with open_office() as office:
            halt = await office.halt.engaged()
            return None if halt is None else halt.why

    return asyncio.run(read())


def test_a_token_is_printed_once_and_only_its_hash_is_kept(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads the database later must not be able to call."""
    done = call(capsys, "token", "create", "laptop", "--scope", "trade", "--days", "7")

    token = done.out.strip()
    (kept,) = stored()
    assert done.code == 0
    assert re.fullmatch(r"sdt_[\w-]{32}", token)
    assert (kept.name, kept.scope, kept.digest) == ("laptop", "trade", token_digest(token))
    assert kept.expires_at is not None
    assert (kept.expires_at - kept.created_at).days in {6, 7}
    assert token.encode() not in b"".join(path.read_bytes() for path in home.rglob("*.db*"))
    assert token not in call(capsys, "token", "list").out


def test_the_list_shows_what_each_token_may_do(capsys: pytest.CaptureFixture[str]) -> None:
    """The owner sees at a glance who can trade."""
    call(capsys, "token", "create", "[red]reader", "--scope", "read")
    call(capsys, "token", "create", "trader", "--scope", "trade")
    (first, _) = stored()
    call(capsys, "token", "revoke", first.token_id)

    listed = call(capsys, "token", "list").out

    (reader,) = [line.split() for line in listed.splitlines() if "reader" in line]
    (trader,) = [line.split() for line in listed.splitlines() if "trader" in line]
    assert reader[:4] == [first.token_id, "[red]reader", "read", "revoked"]
    assert trader[1:4] == ["trader", "trade", "live"]


@pytest.mark.parametrize(
    "words",
    [
        ["token", "create", "x"],
        ["token", "create", "x", "--scope", "admin"],
        ["token", "create", "x", "--scope", "read", "--days", "0"],
        ["token"],
        ["token", "forget"],
    ],
)
def test_wrong_words_about_tokens_end_with_2(
    words: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A scope is always said: there is no default power."""
    assert call(capsys, *words).code == 2
    assert stored() == ()


@pytest.mark.parametrize("name", ["", " padded ", "a" * 41, "two\nlines", "\u202eevil"])
def test_a_name_must_be_fit_to_be_shown(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It stands in the audit trail."""
    done = call(capsys, "token", "create", name, "--scope", "read")

    assert (done.code, stored()) == (1, ())
    assert "2003 INVALID_ARGUMENT" in done.err


def test_two_live_tokens_cannot_have_one_name(capsys: pytest.CaptureFixture[str]) -> None:
    """Previews belong to a caller by name: a namesake could confirm them."""
    call(capsys, "token", "create", "laptop", "--scope", "read")

    refused = call(capsys, "token", "create", "laptop", "--scope", "trade")
    call(capsys, "token", "revoke", stored()[0].token_id)
    allowed = call(capsys, "token", "create", "laptop", "--scope", "trade")

    assert (refused.code, allowed.code) == (1, 0)


def test_an_unknown_token_cannot_be_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing error must not look like a revocation."""
    done = call(capsys, "token", "revoke", "0000")

    assert done.code == 1
    assert "no such token" in done.err


def test_a_halt_holds_until_the_owner_resumes(capsys: pytest.CaptureFixture[str]) -> None:
    """In the store, so that every process of the desk sees it."""
    assert "halted since" in call(capsys, "halt", "--why", "a storm").out
    assert halted() == "a storm"

    again = call(capsys, "halt", "--why", "another")
    assert "already halted" in again.out
    assert halted() == "a storm"

    assert "allowed again" in call(capsys, "resume").out
    assert halted() is None
    assert "was not halted" in call(capsys, "resume").out


@pytest.mark.promise("halt")
def test_a_file_halts_until_it_is_gone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any editor or shell can put it there, with nothing of the desk at hand."""
    home.mkdir()
    (home / "HALT").touch()

    assert halted() == "a file HALT lies in the desk's home folder"
    refused = call(capsys, "resume")
    assert (refused.code, refused.out) == (1, "")
    assert f"held_by=file, remove={home / 'HALT'}" in refused.err

    (home / "HALT").unlink()
    assert halted() is None
    assert "was not halted" in call(capsys, "resume").out


@pytest.mark.promise("halt")
def test_a_resume_never_claims_what_the_file_denies(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both hold: the switch is let go, the file is the owner's to remove."""
    home.mkdir()
    (home / "HALT").mkdir()
    assert "already halted" in call(capsys, "halt", "--why", "a storm").out

    refused = call(capsys, "resume")
    (home / "HALT").rmdir()

    assert refused.code == 1
    assert "allowed again" not in refused.out
    assert halted() is None
    assert acts(home) == ["halted", "resumed"]


def test_a_reason_that_cannot_be_shown_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It is read to the model later."""
    done = call(capsys, "halt", "--why", "a" * 201)

    assert (done.code, halted()) == (1, None)


def test_what_the_owner_does_is_in_the_audit_trail(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who stopped and who allowed is asked afterwards."""
    call(capsys, "token", "create", "laptop", "--scope", "read")
    call(capsys, "token", "revoke", stored()[0].token_id)
    call(capsys, "halt")
    call(capsys, "resume")

    assert acts(home) == ["token_created", "token_revoked", "halted", "resumed"]


def acts(home: Path) -> list[str]:
    """Read the trail with no help of the program."""
    with sqlite3.connect(home / "data" / "strikedesk.db") as database:
        rows = database.execute("SELECT kind FROM order_events ORDER BY sequence").fetchall()
    return [kind for (kind,) in rows]


def test_rotating_keys_needs_the_new_one_in_front(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where keys come from a variable only the owner can put one there."""
    monkeypatch.setenv("STRIKEDESK_VAULT_KEY", f"{KEYS[1]},{KEYS[0]}")

    done = call(capsys, "vault", "rotate")

    assert done.code == 0, done.err
    assert "kek-" in done.out
    assert KEYS[1] not in done.out + done.err


def test_a_file_of_keys_is_rotated_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old key stays beside the new one: an older backup needs it."""
    file = tmp_path / "keys" / "vault.key"
    file.parent.mkdir(mode=0o700)
    monkeypatch.setenv("STRIKEDESK_VAULT__KEY_FILE", str(file))

    first = call(capsys, "vault", "rotate")
    second = call(capsys, "vault", "rotate")

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert first.out != second.out


def test_secrets_that_stay_under_lost_keys_are_named() -> None:
    """A rotation that could not move everything must not sound finished."""
    rotation = Rotation(key_id="kek-new", data_keys=2, unreadable=("kek-old", "kek-old"))

    assert describe(rotation) == (
        "2 data keys are under kek-new now. 2 stay under keys that are not here: kek-old"
    )


def test_the_keyring_of_the_system_is_the_usual_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody types a key there: the first one is made, the next one put over it."""
    with system_keyring(MemoryKeyring()):
        done = call(capsys, "vault", "rotate")

    assert done.code == 0, done.err


def test_a_locked_keyring_is_no_reason_for_another_place(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no silent fall-back: not to a file, not to plain text."""
    with system_keyring(LockedKeyring()):
        done = call(capsys, "vault", "rotate")

    assert (done.code, done.out) == (2, "")
    assert "5002 VAULT_LOCKED" in done.err
    assert [path for path in home.rglob("*") if "key" in path.name] == []
