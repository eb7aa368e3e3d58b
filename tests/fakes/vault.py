"""Furniture of the vault: keys and their homes in memory, and a way to die between two steps."""

import hashlib
import traceback
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import anyio.lowlevel

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ports import WrappedKey
from strikedesk.domain.reasons import Reason
from strikedesk.vault import KeyEncryptionKey
from tests.builders import NOON
from tests.fakes.keys import MemoryKeyStore


class Killed(BaseException):
    """The process died here. Nothing of the house catches it."""


@dataclass(slots=True)
class Fuse:
    """Kills at the end of its n-th step; never, when `steps` is None."""

    steps: int | None = None
    burnt: int = 0

    def step(self) -> None:
        self.burnt += 1
        if self.burnt == self.steps:
            raise Killed


@dataclass(slots=True)
class Seeded:
    """Bytes that look random and are the same in every run; remembers what it gave."""

    seed: str
    given: list[bytes] = field(default_factory=list[bytes])

    def __call__(self, length: int) -> bytes:
        block = hashlib.shake_256(f"{self.seed}/{len(self.given)}".encode()).digest(length)
        self.given.append(block)
        return block


@dataclass(slots=True)
class TickingClock:
    """A second later at each look."""

    seconds: Iterator[int] = field(default_factory=count)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=next(self.seconds))


@dataclass(slots=True)
class FragileKeyStore:
    """A `WrappedKeyStore` that dies between two steps, and lets others run before each."""

    inner: MemoryKeyStore = field(default_factory=MemoryKeyStore)
    fuse: Fuse = field(default_factory=Fuse)
    pauses: Iterator[int] = field(default_factory=lambda: iter(()))

    async def load(self) -> Sequence[WrappedKey]:
        await self._pause()
        return await self.inner.load()

    async def save(self, key: WrappedKey) -> None:
        await self._pause()
        await self.inner.save(key)
        self.fuse.step()

    async def retire(self, *, dek_id: str, kek_id: str) -> None:
        await self._pause()
        await self.inner.retire(dek_id=dek_id, kek_id=kek_id)
        self.fuse.step()

    async def _pause(self) -> None:
        for _ in range(next(self.pauses, 0)):
            await anyio.lowlevel.checkpoint()


@dataclass(slots=True)
class MemoryHome:
    """A `KeyHome` made of memory."""

    keys: list[KeyEncryptionKey] = field(default_factory=list[KeyEncryptionKey])
    in_use: str | None = None
    fuse: Fuse = field(default_factory=Fuse)
    name: str = "memory"

    def current(self) -> KeyEncryptionKey | None:
        return None if self.in_use is None else self.find(self.in_use)

    def find(self, key_id: str) -> KeyEncryptionKey | None:
        return next((key for key in self.keys if key.key_id == key_id), None)

    def add(self, key: KeyEncryptionKey) -> None:
        if key not in self.keys:
            self.keys.append(key)
        self.fuse.step()

    def switch(self, key: KeyEncryptionKey) -> None:
        if key not in self.keys:
            raise Misconfigured(Reason.VAULT_KEY_MISSING, key_id=key.key_id, place=self.name)
        self.in_use = key.key_id
        self.fuse.step()


def a_key(seed: str = "kek") -> KeyEncryptionKey:
    """Return the same key for the same seed."""
    return KeyEncryptionKey.fresh(Seeded(seed))


def a_home(*keys: KeyEncryptionKey) -> MemoryHome:
    """Return a home of these keys, the first in use; of one key unless told otherwise."""
    kept = list(keys) or [a_key()]
    return MemoryHome(keys=kept, in_use=kept[0].key_id)


def flips(blob: bytes) -> Sequence[tuple[int, bytes]]:
    """Return the blob with each of its bits turned, and the byte that bit is in."""
    return [
        (
            bit // 8,
            bytes(blob[: bit // 8] + bytes([blob[bit // 8] ^ 1 << bit % 8]) + blob[bit // 8 + 1 :]),
        )
        for bit in range(8 * len(blob))
    ]


def crash_report(error: BaseException | None) -> str:
    """Return what the chattiest crash reporter would write: hidden causes and locals too."""
    told = ""
    while error is not None:
        report = traceback.TracebackException.from_exception(error, capture_locals=True)
        told += "".join(report.format(chain=False))
        error = error.__context__
    return told


def spellings(secret: bytes) -> list[str]:
    """Return how a secret looks when somebody prints it."""
    return [secret.hex(), b64encode(secret).decode(), repr(secret)[2:-1], repr(list(secret))[1:-1]]
