"""Keys in the operating system's keyring: one entry for each, one that names the key in use."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar, cast

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.vault.keys import KEY_ID, KeyEncryptionKey

T = TypeVar("T")

CURRENT: Final = "vault key in use"
SAFE_PRIORITY: Final = 1  # keyring's own line between backends it recommends and the others
ELSEWHERE: Final = "unlock it, or choose another place with vault.key_source: file or env"


class Backend(Protocol):
    """What is used of a `keyring.backend.KeyringBackend`, whose own types are lost in wrappers."""

    @property
    def priority(self) -> float:
        """How much keyring recommends it; from 1 upwards it does."""
        ...

    def get_password(self, service: str, username: str) -> str | None:
        """Return the text of an entry."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Create or replace an entry."""
        ...


class KeyringHome:
    """Keys kept by the system's keyring. A backend that keeps them in plain text is refused.

    An entry holds one key in base64 under its id: 44 letters, so that it fits everywhere.
    """

    def __init__(self, *, service: str = "strikedesk") -> None:
        self._service = service

    @property
    def name(self) -> str:
        """See `KeyHome`."""
        return "os keyring"

    def current(self) -> KeyEncryptionKey | None:
        """See `KeyHome`."""
        key_id = self._read(CURRENT)
        if key_id is None:
            return None
        if not KEY_ID.fullmatch(key_id.reveal()):  # Not quoted: somebody may have put a key here.
            raise Misconfigured(Reason.VAULT_TAMPERED, place=self.name, entry=CURRENT)
        return self._kept(key_id.reveal())

    def find(self, key_id: str) -> KeyEncryptionKey | None:
        """See `KeyHome`."""
        text = self._read(key_id)
        if text is None:
            return None
        key = KeyEncryptionKey.parse(text)
        if key is None or key.key_id != key_id:
            raise Misconfigured(Reason.VAULT_TAMPERED, place=self.name, key_id=key_id)
        return key

    def add(self, key: KeyEncryptionKey) -> None:
        """See `KeyHome`. The probe is the key itself: some keyrings keep a short text only."""
        self._write(key.key_id, key.text())

    def switch(self, key: KeyEncryptionKey) -> None:
        """See `KeyHome`."""
        self._write(CURRENT, Secret(self._kept(key.key_id).key_id))

    def _kept(self, key_id: str) -> KeyEncryptionKey:
        key = self.find(key_id)
        if key is None:
            raise Misconfigured(Reason.VAULT_KEY_MISSING, key_id=key_id, place=self.name)
        return key

    def _read(self, entry: str) -> Secret | None:
        backend = _backend()
        return _asked(lambda: _wrapped(backend.get_password(self._service, entry)))

    def _write(self, entry: str, value: Secret) -> None:
        backend = _backend()
        _asked(lambda: backend.set_password(self._service, entry, value.reveal()))
        if self._read(entry) != value:
            raise _locked("it did not give back what it was given")


def _wrapped(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)


def _backend() -> Backend:
    """Return the backend to use: of several the best, and never the next one when that fails.

    Raises:
        Misconfigured: VAULT_LOCKED, when there is none that keeps secrets safe.
    """
    chosen, priority = _asked(_best)
    if priority <= 0:
        raise _locked("this system has none that keeps anything")
    if priority < SAFE_PRIORITY:
        raise _locked(f"{type(chosen).__module__} is not a backend that keeps secrets safe")
    return chosen


def _best() -> tuple[Backend, float]:
    import keyring  # noqa: PLC0415 -- kept off the path of initialize
    from keyring.backends import chainer  # noqa: PLC0415 -- kept off the path of initialize

    found = keyring.get_keyring()
    chosen = cast("Backend", found)
    if isinstance(found, chainer.ChainerBackend):
        links = cast("Sequence[Backend]", found.backends)
        chosen = max(links, key=lambda one: one.priority, default=chosen)
    return chosen, chosen.priority


def _asked(question: Callable[[], T]) -> T:
    """Ask the keyring, in words of ours when it fails."""
    try:
        return question()
    except Exception as failure:  # noqa: BLE001 -- backends are plug-ins: any type, any text
        kind = type(failure).__name__
    raise _locked(kind)


def _locked(cause: str) -> Misconfigured:
    return Misconfigured(Reason.VAULT_LOCKED, place="os keyring", cause=cause, remedy=ELSEWHERE)
