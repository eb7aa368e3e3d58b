"""Wrapped data keys in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from strikedesk.domain.ports import WrappedKey


@dataclass(slots=True)
class MemoryKeyStore:
    """Keeps wrapped keys for the life of the process; a retired one loses its bytes."""

    keys: dict[tuple[str, str], WrappedKey | None] = field(
        default_factory=dict[tuple[str, str], WrappedKey | None]
    )

    async def load(self) -> Sequence[WrappedKey]:
        """See `WrappedKeyStore.load`."""
        return tuple(key for key in self.keys.values() if key is not None)

    async def save(self, key: WrappedKey) -> None:
        """See `WrappedKeyStore.save`."""
        self.keys[key.dek_id, key.kek_id] = key

    async def retire(self, *, dek_id: str, kek_id: str) -> None:
        """See `WrappedKeyStore.retire`."""
        in_use = {key.kek_id for key in await self.load() if key.dek_id == dek_id}
        if kek_id in in_use and len(in_use) > 1:
            self.keys[dek_id, kek_id] = None
