"""Opening the vault: which place the owner chose for the keys, and the first key of all."""

import os
from pathlib import Path

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ports import Clock, WrappedKeyStore
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.vault.file_home import FileHome
from strikedesk.vault.keyring_home import KeyringHome
from strikedesk.vault.keys import KeyEncryptionKey, RandomBytes
from strikedesk.vault.ring import KeyHome, KeyRing, ask
from strikedesk.vault.variable_home import VariableHome
from strikedesk.vault.vault import Vault


def choose_home(
    source: str, *, key_file: Path | None, variable: Secret | None, data_folder: Path, service: str
) -> KeyHome:
    """Return the place that `vault.key_source` names; no other stands in for it.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE, when it names nothing, or what was not given.
    """
    if source == "keyring":
        return KeyringHome(service=service)
    if source == "file" and key_file is not None:
        return FileHome(key_file, data_folder=data_folder)
    if source == "env" and variable is not None:
        return VariableHome(variable)
    raise Misconfigured(
        Reason.CONFIGURATION_UNREADABLE,
        setting="vault.key_source",
        cause="it is keyring, file with vault.key_file, or env with STRIKEDESK_VAULT_KEY",
    )


async def open_vault(
    *,
    home: KeyHome,
    wrapped_keys: WrappedKeyStore,
    clock: Clock,
    random: RandomBytes = os.urandom,
    start_over: bool = False,
    patience_s: float = 30.0,
) -> Vault:
    """Return the vault, making the first key where nothing was ever sealed.

    An empty home beside sealed rows is a lost key or a disk that is not mounted, so it is refused
    unless the owner chose to `start_over`. Even then the old rows stay, for the old key may return.

    Raises:
        Misconfigured: VAULT_KEY_MISSING, VAULT_LOCKED, or what the home says.
    """
    current = await ask(home, home.current, patience_s)
    if current is None:
        if not start_over:
            await _refuse_if_sealed(home, wrapped_keys)
        current = await ask(home, lambda: _first_key(home, random), patience_s)
    ring = KeyRing(home=home, current=current, patience_s=patience_s)
    return Vault(ring=ring, wrapped_keys=wrapped_keys, clock=clock, random=random)


async def check_home(home: KeyHome, patience_s: float = 30.0) -> None:
    """Ask a home for the key in use, and change nothing: before anybody brings a secret to seal.

    One that has no key yet, and can be written to, gets it with the first secret.

    Raises:
        Misconfigured: VAULT_LOCKED, or what the home says.
    """
    await ask(home, home.current, patience_s)


async def _refuse_if_sealed(home: KeyHome, wrapped_keys: WrappedKeyStore) -> None:
    stored = await wrapped_keys.load()
    if stored:
        newest = max(stored, key=lambda one: one.created_at)
        raise Misconfigured(Reason.VAULT_KEY_MISSING, key_id=newest.kek_id, place=home.name)


def _first_key(home: KeyHome, random: RandomBytes) -> KeyEncryptionKey:
    key = KeyEncryptionKey.fresh(random)
    home.add(key)
    home.switch(key)
    return key
