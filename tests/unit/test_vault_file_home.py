"""The key file: the owner's alone, checked each time, replaced in one step."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.vault import FileHome, KeyEncryptionKey, file_home
from strikedesk.vault.file_home import FILE_BYTES_MAX
from tests.fakes.vault import a_key, crash_report

KEY = a_key()
STRANGER = 12345

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    return folder / "vault"


def a_file_home(path: Path) -> FileHome:
    return FileHome(path, data_folder=path.parents[1] / "data")


def kept(path: Path) -> FileHome:
    home = a_file_home(path)
    home.add(KEY)
    assert home.current() == KEY
    return home


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def cause(home: FileHome, path: Path) -> str:
    """Return why the home is refused, the same for reading, adding and switching."""
    causes: set[object] = set()
    for act in (
        home.current,
        lambda: home.find("x"),
        lambda: home.add(KEY),
        lambda: home.switch(KEY),
    ):
        with pytest.raises(Misconfigured) as refused:
            act()
        assert refused.value.reason is Reason.VAULT_KEY_FILE_UNSAFE
        assert refused.value.facts["path"] == str(path)
        causes.add(refused.value.facts["cause"])
    [only] = causes
    return str(only)


def test_the_file_is_private_from_the_start(path: Path) -> None:
    former = os.umask(0)
    try:
        kept(path)
    finally:
        os.umask(former)

    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.read_text() == KEY.text().reveal() + "\n"
    assert names(path.parent) == ["vault"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620, 0o601, 0o777])
def test_a_file_that_others_can_touch_is_refused(path: Path, mode: int) -> None:
    home = kept(path)
    path.chmod(mode)

    assert cause(home, path) == f"it has mode {mode:04o}: chmod 600"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_only_its_owner_reads_is_fine(path: Path, mode: int) -> None:
    home = kept(path)
    path.chmod(mode)

    assert home.current() == KEY


def test_a_link_is_refused(path: Path) -> None:
    """What it points to can be changed by whoever owns the link."""
    home = kept(path)
    path.rename(path.with_name("real"))
    path.symlink_to(path.with_name("real"))

    assert cause(home, path) == os.strerror(errno.ELOOP)


def test_a_link_to_nowhere_is_refused_too(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))

    assert cause(a_file_home(path), path) == os.strerror(errno.ELOOP)


@pytest.mark.promise("secrets")
def test_a_file_that_is_full_takes_no_other_key_and_stays_readable(path: Path) -> None:
    """Each rotation leaves a key behind; one more than fits must not lock away all the others."""
    fitting = FILE_BYTES_MAX // len(f"{KEY.text().reveal()}\n")
    keys = [a_key(str(number)) for number in range(fitting)]
    path.touch(mode=0o600)
    path.write_text("".join(f"{key.text().reveal()}\n" for key in keys))
    home = a_file_home(path)

    with pytest.raises(Misconfigured) as refused:
        home.add(KEY)

    assert "no room" in str(refused.value.facts["cause"])
    assert home.current() == keys[0]
    assert home.find(keys[-1].key_id) == keys[-1]
    assert names(path.parent) == ["vault"]


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused_without_waiting(
    path: Path, make: Callable[[Path], None]
) -> None:
    """Opening a pipe would wait for a writer for ever."""
    make(path)

    assert cause(a_file_home(path), path) == "it is not a regular file"


@as_root
def test_a_file_of_somebody_else_is_refused(path: Path) -> None:
    home = kept(path)
    os.chown(path, STRANGER, -1)

    assert cause(home, path) == "it belongs to somebody else"


@as_root
def test_a_folder_of_somebody_else_is_refused(path: Path) -> None:
    home = kept(path)
    os.chown(path.parent, STRANGER, -1)

    assert cause(home, path) == "its folder belongs to somebody else"


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_a_folder_that_others_write_to_is_refused(path: Path, mode: int) -> None:
    """They could put another file in its place."""
    home = kept(path)
    path.parent.chmod(mode)

    assert cause(home, path) == f"its folder has mode {mode:04o}: chmod 700"


def test_a_folder_above_in_which_others_rename_is_refused(path: Path) -> None:
    """They could put another folder in its place."""
    home = kept(path)
    path.parents[1].chmod(0o777)

    assert cause(home, path) == f"others may rename what is in {path.parents[1]}"


def test_a_sticky_folder_above_is_fine(path: Path) -> None:
    home = kept(path)
    path.parents[1].chmod(0o1777)

    assert home.current() == KEY


@as_root
def test_a_folder_above_that_belongs_to_somebody_else_is_refused(path: Path) -> None:
    home = kept(path)
    os.chown(path.parents[1], STRANGER, -1)

    assert cause(home, path) == f"others may rename what is in {path.parents[1]}"


def test_a_file_in_the_data_folder_is_refused(path: Path) -> None:
    """Whoever copies the data would copy the key with it."""
    home = FileHome(path, data_folder=path.parent)

    assert cause(home, path) == "it lies in the data folder, which backups copy"


def test_a_linked_way_into_the_data_folder_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(path.parent)
    inside = tmp_path / "way" / "vault"

    refused = cause(FileHome(inside, data_folder=path.parent), inside)

    assert refused == "it lies in the data folder, which backups copy"


def test_a_folder_that_is_missing_is_not_made(path: Path) -> None:
    """It may be a disk that is not mounted."""
    path.parent.rmdir()

    assert cause(a_file_home(path), path) == os.strerror(errno.ENOENT)
    assert not path.parent.exists()


def test_a_system_without_owners_is_refused(path: Path) -> None:
    """A check that cannot be made denies."""
    home = FileHome(path, data_folder=path.parent / "data", knows_owners=False)

    assert cause(home, path) == "this system tells no owner of a file: use the os keyring"


@pytest.mark.parametrize(
    "text",
    ["", "\n", "nonsense\n", f"{KEY.text().reveal()}\nhalf", f"{KEY.text().reveal()}\n" * 2000],
)
def test_a_file_that_is_not_all_keys_is_neither_used_nor_overwritten(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)

    for act in (a_file_home(path).current, lambda: a_file_home(path).add(a_key("new"))):
        with pytest.raises(Misconfigured) as refused:
            act()
        assert refused.value.reason is Reason.CONFIGURATION_UNREADABLE
        assert refused.value.facts == {
            "setting": "vault.key_file",
            "path": str(path),
            "cause": "each line is 32 random bytes in base64: openssl rand -base64 32",
        }
        assert KEY.text().reveal() not in str(refused.value)
    assert path.read_text() == text


def test_a_file_that_does_not_give_back_what_was_written_is_refused(path: Path) -> None:
    """A key that is not kept would take the secrets under it along."""
    kept(path)

    class Stale(FileHome):
        def _read(self, folder: int) -> list[KeyEncryptionKey]:
            return super()._read(folder)[:1]

    with pytest.raises(Misconfigured) as refused:
        Stale(path, data_folder=path.parents[1] / "data").add(a_key("new"))

    assert refused.value.reason is Reason.VAULT_KEY_FILE_UNSAFE
    assert refused.value.facts["cause"] == "it did not give back what was written"


def test_a_draft_that_somebody_planted_is_not_written_through(path: Path, tmp_path: Path) -> None:
    """A link to nowhere is taken away; one that comes between the look and the file is refused."""
    elsewhere, draft = tmp_path / "elsewhere", path.parent / ".vault.new"
    draft.symlink_to(elsewhere)
    home = kept(path)
    draft.symlink_to(elsewhere)

    def unseen(_name: str, _folder: int) -> bool:
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_home, "_exists", unseen)
        with pytest.raises(Misconfigured) as refused:
            home.add(a_key("other"))

    assert refused.value.facts["cause"] == os.strerror(errno.EEXIST)
    assert not elsewhere.exists()
    assert home.current() == KEY


def test_who_changes_the_file_holds_its_lock_and_who_reads_does_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[int] = []

    def lock(_: int, how: int) -> None:
        locked.append(how)

    monkeypatch.setattr(fcntl, "flock", lock)
    home = a_file_home(path)

    home.add(KEY)
    home.switch(KEY)
    home.find(KEY.key_id)
    home.current()

    assert locked == [fcntl.LOCK_EX, fcntl.LOCK_EX]


def test_a_switch_to_a_key_that_is_not_there_names_it_and_the_file(path: Path) -> None:
    other = a_key("other")

    with pytest.raises(Misconfigured) as missing:
        kept(path).switch(other)

    assert missing.value.reason is Reason.VAULT_KEY_MISSING
    assert missing.value.facts == {"key_id": other.key_id, "place": str(path)}


def test_a_file_takes_keys_until_it_is_full_to_the_byte(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = kept(path)
    monkeypatch.setattr(file_home, "FILE_BYTES_MAX", 2 * path.stat().st_size)
    home.add(a_key("second"))

    with pytest.raises(Misconfigured) as full:
        home.add(a_key("third"))

    assert full.value.facts["cause"] == (
        "it has no room for another key: move out old ones no backup needs"
    )


def test_writers_at_once_lose_no_key(path: Path) -> None:
    """Several servers share the file."""
    keys = [a_key(str(number)) for number in range(24)]

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(a_file_home(path).add, keys))

    assert [a_file_home(path).find(key.key_id) for key in keys] == keys


@pytest.mark.promise("secrets")
def test_a_write_that_fails_tells_no_key(path: Path) -> None:
    home = kept(path)
    path.with_name(".vault.new").mkdir()

    with pytest.raises(Misconfigured) as refused:
        home.add(a_key("new"))

    assert refused.value.reason is Reason.VAULT_KEY_FILE_UNSAFE
    told = crash_report(refused.value)
    texts = [key.text().reveal_bytes() for key in (KEY, a_key("new"))]
    assert [text for text in texts if text.decode() in told] == []
    assert home.current() == KEY


DYING_WRITER = """
import os, signal, sys
from pathlib import Path
from strikedesk.vault import FileHome, KeyEncryptionKey, file_home
from strikedesk.vault.file_home import FILE_BYTES_MAX
from tests.fakes.vault import a_key, crash_report

path, fatal = Path(sys.argv[1]), int(sys.argv[2])
home = FileHome(path, data_folder=path.parents[1] / "data")
seen = 0

def die(event, arguments):
    global seen
    if event in {"open", "os.rename", "os.remove", "fcntl.flock"}:
        seen += 1
        if seen == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

new = a_key("new")
import fcntl
sys.addaudithook(die)
home.add(new)
home.switch(new)
os.write(1, b"%d" % seen)
"""


def dying_writer(path: Path, fatal: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", DYING_WRITER, str(path), str(fatal)],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )


@pytest.mark.promise("secrets")
def test_a_writer_killed_at_any_call_leaves_a_whole_file(path: Path, tmp_path: Path) -> None:
    """SIGKILL before each open, lock, removal and rename of a real process; then a repeat."""
    calls = 0
    for fatal in range(1, 100):
        folder = tmp_path / f"keys{fatal}"
        folder.mkdir(mode=0o700)
        file = folder / "vault"
        kept(file)
        calls = fatal
        ended = dying_writer(file, fatal)
        if ended.returncode == 0:
            break
        assert (ended.returncode, ended.stderr) == (-signal.SIGKILL, b"")
        assert a_file_home(file).find(KEY.key_id) == KEY
        a_file_home(file).add(a_key("new"))
        a_file_home(file).switch(a_key("new"))
        assert a_file_home(file).current() == a_key("new")
        assert names(folder) == ["vault"]

    assert calls > 8
