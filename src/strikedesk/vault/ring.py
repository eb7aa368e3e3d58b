"""The ring: the key-encryption key in use, and older ones by id, fetched from where they live."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

import anyio.to_thread

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.vault.keys import KeyEncryptionKey

T = TypeVar("T")


class KeyHome(Protocol):
    """A place that keeps key-encryption keys. Every method blocks; `KeyRing` calls from a thread.

    Raises (all methods): `Misconfigured`, when the place cannot be trusted or does not answer. No
    place ever hands over to another.
    """

    @property
    def name(self) -> str:
        """What the place is called in messages."""
        ...

    def current(self) -> KeyEncryptionKey | None:
        """Return the key in use; None where the place has never held one."""
        ...

    def find(self, key_id: str) -> KeyEncryptionKey | None:
        """Return the key with this id, in use or older."""
        ...

    def add(self, key: KeyEncryptionKey) -> None:
        """Keep a key beside those it has; durable, and read back, on return. Idempotent."""
        ...

    def switch(self, key: KeyEncryptionKey) -> None:
        """Make a key that it keeps the one in use; the others stay. Atomic.

        Raises:
            Misconfigured: VAULT_KEY_MISSING, when it does not keep that key.
        """
        ...


class KeyRing:
    """Key-encryption keys by id, over one home. Asks without holding up the event loop."""

    def __init__(
        self, *, home: KeyHome, current: KeyEncryptionKey, patience_s: float = 30.0
    ) -> None:
        self._home = home
        self._current = current
        self._known = {current.key_id: current}
        self._patience_s = patience_s

    @property
    def current(self) -> KeyEncryptionKey:
        """The key that wraps new data keys."""
        return self._current

    async def find(self, key_id: str) -> KeyEncryptionKey | None:
        """Return the key with this id, or None where its home has none."""
        if key_id not in self._known:
            found = await ask(self._home, partial(self._home.find, key_id), self._patience_s)
            if found is None:
                return None
            self._known[key_id] = found
        return self._known[key_id]

    async def add(self, key: KeyEncryptionKey) -> None:
        """Keep a key in the home, beside the one in use."""
        await ask(self._home, partial(self._home.add, key), self._patience_s)
        self._known[key.key_id] = key

    async def switch(self, key: KeyEncryptionKey) -> None:
        """Use a key that the home keeps for whatever is wrapped from now on."""
        await ask(self._home, partial(self._home.switch, key), self._patience_s)
        self._current = key


async def ask(home: KeyHome, question: Callable[[], T], patience_s: float) -> T:
    """Ask a home in a thread, and give up on it after `patience_s`: it may be waiting for a person.

    Raises:
        Misconfigured: VAULT_LOCKED, when it does not answer; and what the home raises.
    """
    with anyio.move_on_after(patience_s):
        return await anyio.to_thread.run_sync(question, abandon_on_cancel=True)
    raise Misconfigured(
        Reason.VAULT_LOCKED, place=home.name, cause=f"it gave no answer in {patience_s:g} s"
    )
