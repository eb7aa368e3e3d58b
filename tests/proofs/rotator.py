"""The vault over real files, as a process that can be killed: `python -m tests.proofs.rotator`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete

from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ports import WrappedKey
from strikedesk.domain.secret import RowIdentity, Secret
from strikedesk.store.database import Database
from strikedesk.store.keys import SqlKeyStore
from strikedesk.store.links import SqlLinks
from strikedesk.store.schema import vault_keys
from strikedesk.vault import FileHome, KeyHome, Vault, open_vault
from tests.builders import NOON
from tests.fakes.vault import TickingClock, a_home, a_key
from tests.proofs.forks import Line, lived, serve

OLD: Final = "old"
# Three record sets, each with a data key of its own, and three rows under each.
ROWS: Final = tuple(
    RowIdentity(table=table, row_id=f"me/{table}", account_id=None, environment=environment.value)
    for table in ("broker_links", "settings", "nonce_keys")
    for environment in Environment
)
# What the desk imports late; here it would be imported by every child anew.
LATE: Final = (
    "aiosqlite",
    "anyio._backends._asyncio",
    "cryptography.hazmat.primitives.ciphers.aead",
)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What a child does: `fill`, `rotate` to the key of a seed, or `read`.

    `kill_after_s` counts from the first step of the rotation. `only` reads with that key alone.
    `keeps_order` is whether a new wrapping is saved before the old is gone: only without it must
    anything go wrong.
    """

    folder: str
    verb: str
    target: str = OLD
    only: bool = False
    keeps_order: bool = True
    kill_after_s: float | None = None

    @property
    def data(self) -> Path:
        """Where the database is."""
        return Path(self.folder) / "data"

    @property
    def seen(self) -> Path:
        """Where a reader writes down what it found."""
        return Path(self.folder) / "seen.json"


class HastyKeyStore(SqlKeyStore):
    """The control: it drops the old wrapping of a data key, and only then saves the new one."""

    async def save(self, key: WrappedKey) -> None:
        """Do both, in the wrong order."""

        def drop(connection: Connection) -> None:
            connection.execute(delete(vault_keys).where(vault_keys.c.dek_id == key.dek_id))

        await self._database.write(drop)
        await super().save(key)


class Rotator:
    """One child, its database and its vault."""

    def __init__(self, turn: Turn, database: Database) -> None:
        """Use an open database."""
        self.turn = turn
        self.links = SqlLinks(database)
        self.keys = SqlKeyStore(database) if turn.keeps_order else HastyKeyStore(database)

    def home(self) -> KeyHome:
        """Return the key file, or a home of one key."""
        if self.turn.only:
            return a_home(a_key(self.turn.target))
        return FileHome(Path(self.turn.folder) / "keys" / "vault", data_folder=self.turn.data)

    async def vault(self) -> Vault:
        """Open the vault as a server does."""
        return await open_vault(home=self.home(), wrapped_keys=self.keys, clock=TickingClock())

    async def fill(self) -> None:
        """Seal every row under the old key."""
        self.home().add(a_key(OLD))
        vault = await self.vault()
        for where in ROWS:
            await self.links.save(
                user_id="me",
                broker=where.table,
                environment=Environment(where.environment),
                sealed=await vault.seal(_secret(where), where=where),
                at=NOON,
            )

    async def read(self) -> None:
        """Write down which rows cannot be read, and which keys they hang on."""
        vault = await self.vault()
        unreadable = [where.row_id for where in ROWS if not await self._is_readable(vault, where)]
        pairs = sorted((one.dek_id, one.kek_id) for one in await self.keys.load())
        in_use = self.home().current()
        self.turn.seen.write_text(
            json.dumps(
                {
                    "unreadable": unreadable,
                    "pairs": pairs,
                    "in_use": None if in_use is None else in_use.key_id,
                }
            )
        )

    async def _is_readable(self, vault: Vault, where: RowIdentity) -> bool:
        sealed = await self.links.load(
            user_id="me", broker=where.table, environment=Environment(where.environment)
        )
        try:
            return sealed is not None and await vault.open(sealed, where=where) == _secret(where)
        except Misconfigured:
            return False


def carried_out(line: Line) -> tuple[int, float]:
    """Let a child take its turn; return how it ended and how many seconds it took."""
    turn = Turn(**line)

    async def life(begin: Callable[[], None]) -> None:
        database = await Database.open(f"sqlite:///{turn.data / 'desk.db'}")
        try:
            rotator = Rotator(turn, database)
            if turn.verb == "rotate":
                vault = await rotator.vault()
                begin()
                await vault.rotate(a_key(turn.target))
            else:
                await (rotator.fill() if turn.verb == "fill" else rotator.read())
        finally:
            await database.close()

    return lived(life, kill_after_s=turn.kill_after_s, waits_for_word=turn.verb == "rotate")


def _secret(where: RowIdentity) -> Secret:
    return Secret(f"refresh-token {where.table} {where.environment}")


if __name__ == "__main__":
    for name in LATE:
        import_module(name)
    serve(carried_out)
