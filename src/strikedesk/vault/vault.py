"""The vault: seals a secret into its row, opens it there, and changes keys under living rows."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ports import Clock, WrappedKey, WrappedKeyStore
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import RowIdentity, Secret
from strikedesk.vault.envelope import dek_id_of, open_row, seal_row, unwrap, wrap
from strikedesk.vault.keys import DataKey, KeyEncryptionKey, RandomBytes
from strikedesk.vault.ring import KeyRing


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a rotation did: data keys now under `key_id`, and those that no key at hand opens."""

    key_id: str
    data_keys: int
    unreadable: tuple[str, ...]


class Vault:
    """Seals and opens secrets with one data key per record set (see the decision record 0003)."""

    def __init__(
        self,
        *,
        ring: KeyRing,
        wrapped_keys: WrappedKeyStore,
        clock: Clock,
        random: RandomBytes = os.urandom,
    ) -> None:
        self._ring = ring
        self._store = wrapped_keys
        self._clock = clock
        self._random = random
        self._opened: dict[str, DataKey] = {}
        self._sealing: dict[str, DataKey] = {}
        self._choosing = anyio.Lock()

    async def seal(self, secret: Secret, *, where: RowIdentity) -> bytes:
        """Return `secret` encrypted for the row `where`.

        It may have to write a data key: seal first, then open the transaction for the row.

        Raises:
            Misconfigured: VAULT_LOCKED.
        """
        key = await self._sealing_key(where.table)
        return seal_row(key, secret, where=where, random=self._random)

    async def open(self, blob: bytes, *, where: RowIdentity) -> Secret:
        """Return what `seal` sealed for this very row.

        Raises:
            Misconfigured: VAULT_TAMPERED, VAULT_KEY_MISSING (naming the key) or VAULT_LOCKED.
        """
        dek_id = dek_id_of(blob)
        if dek_id is None:
            raise _tampered(where)
        opened = open_row(await self._data_key(dek_id), blob, where=where)
        if opened is None:
            raise _tampered(where)
        return opened

    async def rotate(self, new: KeyEncryptionKey) -> Rotation:
        """Put every data key under `new`; rows stay as they are. Repeat it after an interruption.

        Law: at every instant each readable row is readable with keys its home keeps. Written in
        the order that grants it: the new key, then each data key under it beside the old, read
        back; then the switch; then the old wrappings, of those seen at the start, are retired.

        Raises:
            Misconfigured: nothing was retired, and nothing needs to be undone.
        """
        await self._ring.add(new)
        before = await self._by_data_key()
        unreadable = [wraps[0].kek_id for wraps in before if not await self._rewrap(wraps, new)]
        done = await self._under(new)
        await self._ring.switch(new)
        for one in (one for wraps in before for one in wraps):
            if one.dek_id in done and one.kek_id != new.key_id:
                await self._store.retire(dek_id=one.dek_id, kek_id=one.kek_id)
        return Rotation(key_id=new.key_id, data_keys=len(done), unreadable=tuple(unreadable))

    async def _rewrap(self, wraps: Sequence[WrappedKey], new: KeyEncryptionKey) -> bool:
        if any(one.kek_id == new.key_id for one in wraps):
            return True
        key = await self._readable(wraps)
        if key is None:
            return False
        await self._store.save(self._wrapped(key, new))
        return True

    async def _under(self, kek: KeyEncryptionKey) -> set[str]:
        """Return the data keys that the store gives back under `kek`, each opened to be sure."""
        stored = [one for one in await self._store.load() if one.kek_id == kek.key_id]
        for one in stored:
            if unwrap(kek, one) is None:
                raise _wrap_tampered(one)
        return {one.dek_id for one in stored}

    async def _sealing_key(self, record_set: str) -> DataKey:
        async with self._choosing:
            if record_set not in self._sealing:
                self._sealing[record_set] = await self._chosen(record_set)
            return self._sealing[record_set]

    async def _chosen(self, record_set: str) -> DataKey:
        """Return the first data key of the set that opens; a new one where none does.

        A lost key must not stop the owner from linking a broker anew, which replaces its rows.
        """
        for wraps in await self._by_data_key():
            if wraps[0].record_set == record_set and (key := await self._readable(wraps)):
                return key
        key = DataKey.fresh(record_set, self._random)
        await self._store.save(self._wrapped(key, self._ring.current))
        self._opened[key.dek_id] = key
        return key

    def _wrapped(self, key: DataKey, kek: KeyEncryptionKey) -> WrappedKey:
        return wrap(kek, key, at=self._clock.now(), random=self._random)

    async def _by_data_key(self) -> list[list[WrappedKey]]:
        """Return the wrapped keys, those of one data key together, the newest first."""
        newest = sorted(await self._store.load(), key=lambda one: one.created_at, reverse=True)
        together: dict[str, list[WrappedKey]] = {}
        for one in newest:
            together.setdefault(one.dek_id, []).append(one)
        return [together[dek_id] for dek_id in sorted(together)]

    async def _data_key(self, dek_id: str) -> DataKey:
        if dek_id not in self._opened:
            wraps = [w for w in await self._by_data_key() if w[0].dek_id == dek_id]
            if not wraps:
                raise Misconfigured(Reason.VAULT_KEY_MISSING, key_id=dek_id)
            self._opened[dek_id] = await self._unwrapped(wraps[0])
        return self._opened[dek_id]

    async def _readable(self, wraps: Sequence[WrappedKey]) -> DataKey | None:
        try:
            return await self._unwrapped(wraps)
        except Misconfigured as refusal:
            if refusal.reason is Reason.VAULT_LOCKED:
                raise
            return None

    async def _unwrapped(self, wraps: Sequence[WrappedKey]) -> DataKey:
        for one in wraps:
            kek = await self._ring.find(one.kek_id)
            if kek is None:
                continue
            if key := unwrap(kek, one):
                return key
            raise _wrap_tampered(one)
        raise Misconfigured(
            Reason.VAULT_KEY_MISSING, key_id=wraps[0].kek_id, record_set=wraps[0].record_set
        )


def _tampered(where: RowIdentity) -> Misconfigured:
    return Misconfigured(Reason.VAULT_TAMPERED, table=where.table, row_id=where.row_id)


def _wrap_tampered(one: WrappedKey) -> Misconfigured:
    return Misconfigured(
        Reason.VAULT_TAMPERED, record_set=one.record_set, data_key=one.dek_id, key_id=one.kek_id
    )
