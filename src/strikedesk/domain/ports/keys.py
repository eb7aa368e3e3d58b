"""Where the vault's wrapped data keys live."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A data key of the vault, encrypted under a key-encryption key. Safe to store as it is.

    `dek_id` names the data key, `kek_id` the key that opens `wrapped`. While keys rotate one data
    key has several of these, one for each `kek_id`; the pair is unique.
    """

    record_set: str
    dek_id: str
    kek_id: str
    wrapped: bytes = field(repr=False)
    created_at: datetime


class WrappedKeyStore(Protocol):
    """Keeps the wrapped data keys. Every method is durable when it returns.

    It writes in a transaction of its own: seal before opening one, never inside it.
    """

    async def load(self) -> Sequence[WrappedKey]:
        """Return every wrapped key that is not retired, in any order."""
        ...

    async def save(self, key: WrappedKey) -> None:
        """Add a wrapped key; adding the pair `(dek_id, kek_id)` again replaces it."""
        ...

    async def retire(self, *, dek_id: str, kek_id: str) -> None:
        """Erase `wrapped` for good but keep the ids and the day; saving the pair revives it.

        Law: in the same atomic step it leaves the last wrapped key of a data key alone, so that
        two rotations at once cannot lose one. No-op also when there is no such pair.
        """
        ...
