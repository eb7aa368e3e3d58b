"""Keyring backends, good and bad, as the `keyring` library loads them."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import ClassVar, cast

import keyring
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.compat import properties
from keyring.errors import KeyringLocked


class MemoryKeyring(KeyringBackend):
    """Keeps what it is given, as the keyrings of desktop systems do."""

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 -- keyring's decorator hands over the class
        return 5

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password


class PlainTextKeyring(MemoryKeyring):
    """Like the file backends that the library itself does not recommend."""

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 -- keyring's decorator hands over the class
        return 0.5


class ShortKeyring(MemoryKeyring):
    """Passes a probe with a short text, and cuts a key."""

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password[:40]


class DeafKeyring(MemoryKeyring):
    """Takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class LockedKeyring(MemoryKeyring):
    """The owner dismissed the prompt."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")


class TalkativeKeyring(MemoryKeyring):
    """Fails with an exception of its own that repeats what it was given."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise LookupError(f"could not store {password} for {username}")


class Chain(ChainerBackend):
    """Several backends behind one, the best first."""

    links: ClassVar[Sequence[KeyringBackend]] = ()

    @properties.classproperty
    def backends(cls) -> list[KeyringBackend]:  # noqa: N805 -- keyring's decorator hands over the class
        return list(cls.links)


@contextmanager
def system_keyring(backend: KeyringBackend) -> Generator[None]:
    """Make `backend` the keyring of this system, and put the former one back."""
    former = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield
    finally:
        keyring.set_keyring(former)


def unregister() -> None:
    """Let the library forget these classes, which it collects as they are defined."""
    known = cast("set[type]", KeyringBackend._classes)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType] -- no public way
    known.difference_update({kind for kind in known if kind.__module__ == __name__})


unregister()
