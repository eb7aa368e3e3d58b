"""`strikedesk vault rotate`: a new key over every sealed secret; no secret is touched."""

import os

from strikedesk.cli.clients import SERVER_NAME
from strikedesk.cli.office import DOOR, OWNER
from strikedesk.domain.ledger import Note
from strikedesk.settings import KeySource, load
from strikedesk.vault.keys import KeyEncryptionKey
from strikedesk.vault.opening import choose_home, open_vault
from strikedesk.vault.vault import Rotation
from strikedesk.wiring import UtcClock, open_store


async def rotate() -> Rotation:
    """Put every data key under a new key-encryption key, kept where the owner's keys are.

    Where keys come from the environment the owner puts the new one in front of the variable.

    Raises:
        Misconfigured: the keys' place does not answer or lacks one; nothing was retired.
    """
    from strikedesk.store.keys import SqlKeyStore  # noqa: PLC0415 -- what it needs is heavy
    from strikedesk.store.ledger import SqlLedger  # noqa: PLC0415 -- same

    settings, clock = load(), UtcClock()
    home = choose_home(
        settings.key_source.value,
        key_file=settings.vault.key_file,
        variable=settings.vault_key,
        data_folder=settings.folders.data,
        service=SERVER_NAME,
    )
    async with open_store(settings) as database:
        vault = await open_vault(home=home, wrapped_keys=SqlKeyStore(database), clock=clock)
        given = home.current() if settings.key_source is KeySource.ENV else None
        rotation = await vault.rotate(given or KeyEncryptionKey.fresh(os.urandom))
        body = {"key_id": rotation.key_id, "data_keys": rotation.data_keys}
        note = Note(at=clock.now(), actor=OWNER, path=DOOR, kind="vault_rotated", body=body)
        await SqlLedger(database).append(None, note)
    return rotation


def describe(rotation: Rotation) -> str:
    """Return what a rotation did, for a person."""
    told = f"{rotation.data_keys} data keys are under {rotation.key_id} now."
    if not rotation.unreadable:
        return told
    lost = " ".join(sorted(set(rotation.unreadable)))
    return f"{told} {len(rotation.unreadable)} stay under keys that are not here: {lost}"
