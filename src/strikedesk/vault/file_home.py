"""Keys in a file that is the owner's alone, outside the data folder, by explicit choice."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.vault.file_safety import distrust_file, distrust_folder, distrust_path
from strikedesk.vault.keys import KeyEncryptionKey

SETTING: Final = "vault.key_file"
FILE_BYTES_MAX: Final = 64 * 1024
PRIVATE: Final = 0o600


class FileHome:
    """Keys in base64, one to a line: the first is in use, the others are older ones.

    Law: whoever owns, may write or may swap the file or a folder above it is checked each time it
    is opened. A change replaces the whole file in one step.
    """

    def __init__(
        self, path: Path, *, data_folder: Path, knows_owners: bool = os.name == "posix"
    ) -> None:
        self._path = path
        self._data_folder = data_folder
        self._knows_owners = knows_owners

    @property
    def name(self) -> str:
        """See `KeyHome`."""
        return SETTING

    def current(self) -> KeyEncryptionKey | None:
        """See `KeyHome`."""
        with self._folder() as folder:
            return next(iter(self._read(folder)), None)

    def find(self, key_id: str) -> KeyEncryptionKey | None:
        """See `KeyHome`."""
        with self._folder() as folder:
            return next((key for key in self._read(folder) if key.key_id == key_id), None)

    def add(self, key: KeyEncryptionKey) -> None:
        """See `KeyHome`."""
        with self._folder(writing=True) as folder:
            keys = self._read(folder)
            if key not in keys:
                self._write(folder, [*keys, key])

    def switch(self, key: KeyEncryptionKey) -> None:
        """See `KeyHome`."""
        with self._folder(writing=True) as folder:
            keys = self._read(folder)
            if key not in keys:
                raise Misconfigured(
                    Reason.VAULT_KEY_MISSING, key_id=key.key_id, place=str(self._path)
                )
            self._write(folder, [key, *(other for other in keys if other != key)])

    @contextmanager
    def _folder(self, *, writing: bool = False) -> Generator[int]:
        """Open the folder, trusted; one writer at a time, so that no key is overwritten."""
        if not self._knows_owners:
            raise self._unsafe("this system tells no owner of a file: use the os keyring")
        try:
            place = self._path.parent.resolve(strict=True)
            self._refuse(distrust_path(place, self._data_folder.resolve()))
            folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as failure:
            raise self._unsafe(_spoken(failure)) from None
        try:
            self._refuse(distrust_folder(os.fstat(folder)))
            if writing:
                _lock(folder)
            yield folder
        except OSError as failure:
            raise self._unsafe(_spoken(failure)) from None
        finally:
            os.close(folder)

    def _read(self, folder: int) -> list[KeyEncryptionKey]:
        """Return the keys of the file, none where there is no file."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            file = os.open(self._path.name, flags, dir_fd=folder)
        except FileNotFoundError:
            return []
        try:
            self._refuse(distrust_file(os.fstat(file)))
            with os.fdopen(file, "rb", closefd=False) as opened:
                return self._parsed(Secret(opened.read(FILE_BYTES_MAX)))
        finally:
            os.close(file)

    def _parsed(self, text: Secret) -> list[KeyEncryptionKey]:
        lines = [KeyEncryptionKey.parse(Secret(line)) for line in text.reveal_bytes().splitlines()]
        keys = [key for key in lines if key is not None]
        if not keys or len(keys) < len(lines):
            raise Misconfigured(
                Reason.CONFIGURATION_UNREADABLE,
                setting=SETTING,
                path=str(self._path),
                cause="each line is 32 random bytes in base64: openssl rand -base64 32",
            )
        return keys

    def _write(self, folder: int, keys: Sequence[KeyEncryptionKey]) -> None:
        """Replace the file by one that is private from its first byte."""
        draft = f".{self._path.name}.new"
        text = Secret("".join(f"{key.text().reveal()}\n" for key in keys))
        if len(text.reveal_bytes()) > FILE_BYTES_MAX:  # No more is read back.
            raise self._unsafe("it has no room for another key: move out old ones no backup needs")
        if _exists(draft, folder):  # Left by a writer that was killed.
            os.unlink(draft, dir_fd=folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, PRIVATE, dir_fd=folder), "wb") as file:
            file.write(text.reveal_bytes())
            file.flush()
            os.fsync(file.fileno())
        os.rename(draft, self._path.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
        if self._read(folder) != list(keys):
            raise self._unsafe("it did not give back what was written")

    def _refuse(self, cause: str | None) -> None:
        if cause is not None:
            raise self._unsafe(cause)

    def _unsafe(self, cause: str) -> Misconfigured:
        return Misconfigured(Reason.VAULT_KEY_FILE_UNSAFE, path=str(self._path), cause=cause)


def _lock(folder: int) -> None:
    import fcntl  # noqa: PLC0415 -- Windows has none, and never comes here

    fcntl.flock(folder, fcntl.LOCK_EX)  # Ends when the folder is closed.


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _spoken(failure: OSError) -> str:
    return os.strerror(failure.errno or 0)
