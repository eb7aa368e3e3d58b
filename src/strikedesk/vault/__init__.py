"""Seals secrets so that a stolen database tells nothing, and opens them in their own row only.

The only room that imports cryptography and keyring, and neither before a secret is handled.
"""

from strikedesk.vault.file_home import FileHome
from strikedesk.vault.keyring_home import KeyringHome
from strikedesk.vault.keys import KeyEncryptionKey
from strikedesk.vault.opening import choose_home, open_vault
from strikedesk.vault.ring import KeyHome, KeyRing
from strikedesk.vault.variable_home import VariableHome
from strikedesk.vault.vault import Rotation, Vault

__all__ = [
    "FileHome",
    "KeyEncryptionKey",
    "KeyHome",
    "KeyRing",
    "KeyringHome",
    "Rotation",
    "VariableHome",
    "Vault",
    "choose_home",
    "open_vault",
]
