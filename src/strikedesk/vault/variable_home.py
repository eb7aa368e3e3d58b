"""Keys handed in by a variable, which was read once and is not in the environment any more."""

from collections.abc import Sequence
from typing import Final

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.vault.keys import KeyEncryptionKey

SETTING: Final = "STRIKEDESK_VAULT_KEY"


class VariableHome:
    """Keys in base64, separated by commas: the first is in use, the others are older ones.

    Nobody can write there but the owner: to rotate, put a new key in front, keep the old one
    behind it until the rotation is done.
    """

    def __init__(self, value: Secret) -> None:
        self._keys = _parsed(value)

    @property
    def name(self) -> str:
        """See `KeyHome`."""
        return SETTING

    def current(self) -> KeyEncryptionKey:
        """See `KeyHome`."""
        return self._keys[0]

    def find(self, key_id: str) -> KeyEncryptionKey | None:
        """See `KeyHome`."""
        return next((key for key in self._keys if key.key_id == key_id), None)

    def add(self, key: KeyEncryptionKey) -> None:
        """Make sure that the variable carries the key already."""
        self._in_front(key, self._keys)

    def switch(self, key: KeyEncryptionKey) -> None:
        """Make sure that the variable has the key in front already."""
        self._in_front(key, self._keys[:1])

    def _in_front(self, key: KeyEncryptionKey, among: Sequence[KeyEncryptionKey]) -> None:
        if key not in among:
            raise Misconfigured(
                Reason.VAULT_KEY_MISSING,
                key_id=key.key_id,
                place=SETTING,
                cause="put the new key first in the variable, the old one behind it, after a comma",
            )


def _parsed(value: Secret) -> tuple[KeyEncryptionKey, ...]:
    """Return the keys of the variable.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE; it never quotes what it read.
    """
    keys = [KeyEncryptionKey.parse(Secret(part)) for part in value.reveal_bytes().split(b",")]
    lawful = tuple(key for key in keys if key is not None)
    if len(lawful) < len(keys):
        raise Misconfigured(
            Reason.CONFIGURATION_UNREADABLE,
            setting=SETTING,
            cause="it takes 32 random bytes in base64: openssl rand -base64 32",
        )
    return lawful
