"""`strikedesk install`: write this very program into a client's list of servers."""

import json
import sys
import sysconfig
from pathlib import Path

from strikedesk.cli.client_file import Merged, merge_entry
from strikedesk.cli.clients import SERVER_NAME, Client, file_of
from strikedesk.domain.ledger import Json
from strikedesk.settings import own_home
from strikedesk.wiring import UtcClock


def own_command() -> tuple[str, tuple[str, ...]]:
    """Return the absolute command that starts this installation's server, and its arguments.

    Clients start servers without our PATH, so that nothing may be looked up there.
    """
    scripts = Path(sysconfig.get_path("scripts"))
    for name in ("strikedesk", "strikedesk.exe"):
        if (scripts / name).is_file():
            return str(scripts / name), ("serve",)
    return sys.executable, ("-m", "strikedesk", "serve")


def own_entry(client: Client) -> dict[str, Json]:
    """Return the entry for `client`: a home of our own goes along, or it would be another desk."""
    command, args = own_command()
    return file_of(client).entry(command, args, own_home())


def printed(client: Client) -> str:
    """Return what a person pastes into the client's file."""
    return json.dumps({file_of(client).key: {SERVER_NAME: own_entry(client)}}, indent=2)


def install(client: Client) -> Merged:
    """Write the entry into the client's file.

    Raises:
        Misconfigured: CLIENT_CONFIG_UNREADABLE, and nothing was changed.
    """
    file = file_of(client)
    now = UtcClock().now()
    return merge_entry(file.path, key=file.key, name=SERVER_NAME, entry=own_entry(client), now=now)


def describe(client: Client, merged: Merged) -> str:
    """Return what was done, for a person."""
    if not merged.changed:
        return f"{client.value}: already in {merged.path}; nothing was changed."
    kept = f" The old file is {merged.backup}." if merged.backup else ""
    return f"{client.value}: added to {merged.path}.{kept} Restart the client to see it."
