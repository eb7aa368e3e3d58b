"""Keys: what they are made of, how they are named, how they are written."""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from strikedesk.domain.secret import Secret

KEY_BYTES: Final = 32
DEK_ID_BYTES: Final = 16
KEY_ID: Final = re.compile(r"kek-[0-9a-f]{16}")

# Fewer distinct bytes than this in 32 is a placeholder somebody typed: chance gives it less often
# than once in 10^15 keys.
DISTINCT_BYTES_MIN: Final = 16

RandomBytes: TypeAlias = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEncryptionKey:
    """A key that encrypts data keys and nothing else. 32 random bytes.

    Its id is a fingerprint of the bytes, so that a wrong key cannot carry a right name.
    """

    material: Secret

    @property
    def key_id(self) -> str:
        """`kek-` and 16 hex digits; they tell nothing about the key."""
        mac = hmac.digest(self.material.reveal_bytes(), b"strikedesk key id 1", "sha256")
        return f"kek-{mac[:8].hex()}"

    @classmethod
    def fresh(cls, random: RandomBytes) -> "KeyEncryptionKey":
        """Return a new key from the given source."""
        return cls(material=Secret(random(KEY_BYTES)))

    @classmethod
    def parse(cls, text: Secret) -> "KeyEncryptionKey | None":
        """Return the key written in standard base64, or None where that is no random key."""
        try:
            material = Secret(b64decode(text.reveal_bytes().strip(), validate=True))
        except ValueError:
            return None
        distinct = len(set(material.reveal_bytes()))
        fits = len(material.reveal_bytes()) == KEY_BYTES and distinct >= DISTINCT_BYTES_MIN
        return cls(material=material) if fits else None

    def text(self) -> Secret:
        """Return the key in base64, 44 letters, which every keyring can hold."""
        return Secret(b64encode(self.material.reveal_bytes()).decode("ascii"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """The key that seals the rows of one record set. 32 random bytes; its id is random too."""

    dek_id: str
    record_set: str
    material: Secret

    @classmethod
    def fresh(cls, record_set: str, random: RandomBytes) -> "DataKey":
        """Return a new key for a record set."""
        return cls(
            dek_id=random(DEK_ID_BYTES).hex(),
            record_set=record_set,
            material=Secret(random(KEY_BYTES)),
        )
