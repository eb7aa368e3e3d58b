"""Checks of what lies around the desk: settings, folders, keys, clients."""

from pathlib import Path
from typing import Final

from strikedesk.cli.client_file import parse
from strikedesk.cli.clients import SERVER_NAME, Client, file_of
from strikedesk.cli.doctor.report import Check, fail, failed, ok, warn
from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import DeskError, Misconfigured
from strikedesk.settings import Folders, KeySource, Settings
from strikedesk.vault.opening import choose_home
from strikedesk.vault.ring import ask
from strikedesk.wiring.own_strategies import OwnStrategies

KEYRING_PATIENCE_S: Final = 5.0
OTHERS: Final = 0o077


def check_settings(settings: Settings) -> Check:
    """Say what the server would do, and which setting has no effect in this version."""
    file = settings.folders.config_file
    source = str(file) if file.is_file() else f"no {file}"
    access = "read only" if settings.read_only else "reads and trades"
    consent = settings.consent.policy(settings.environment)
    place = f"{settings.broker_name} ({settings.environment.value})"
    broker = settings.broker if settings.environment is Environment.PAPER else place
    told = f"broker {broker}, consent {consent}, {access}; {source}"
    if settings.redis_url is not None:
        return warn("configuration", f"{told}; redis_url has no effect in this version")
    return ok("configuration", told)


def check_folders(folders: Folders) -> Check:
    """Say whether other people of this machine can look into the desk."""
    missing = [path for path in (folders.config, folders.data) if not path.is_dir()]
    open_to_others = [
        path for path in (folders.data, folders.logs) if path.is_dir() and _mode(path) & OTHERS
    ]
    if open_to_others:
        named = " ".join(map(str, open_to_others))
        return warn("folders", f"other users can look into {named}: chmod 700")
    told = f"data in {folders.data}"
    return ok("folders", f"{told}, made at the first start" if missing else told)


def check_strategies(folders: Folders) -> Check:
    """Say which of the owner's own strategies are known, and what keeps others from it."""
    known = OwnStrategies(folders.strategies).known()
    told = f"{known.own or 'none'} of your own in {folders.strategies}"
    if known.unread:
        return fail("strategies", f"{told}; left out {'; '.join(known.told)}")
    return ok("strategies", told)


async def check_vault(settings: Settings) -> Check:
    """Say whether the key's place answers. On paper nothing is sealed, so a silent one only warns.

    A place that the owner named must answer, whatever the broker; any, where a broker is linked.
    """
    try:
        home = choose_home(
            settings.key_source.value,
            key_file=settings.vault.key_file,
            variable=settings.vault_key,
            data_folder=settings.folders.data,
            service=SERVER_NAME,
        )
        key = await ask(home, home.current, KEYRING_PATIENCE_S)
    except Misconfigured as error:
        on_paper = settings.environment is Environment.PAPER
        by_default = settings.vault.key_source is None
        if on_paper and by_default and settings.key_source is KeySource.KEYRING:
            return warn("vault", f"not needed on paper. {error}")
        return failed("vault", error)
    return ok("vault", f"{home.name}: {key.key_id if key else 'no key yet, and nothing sealed'}")


def check_clients() -> Check:
    """Say which clients would start this server, and whether what they would start is there."""
    entries = {client: _entry(client) for client in Client}
    gone = [client for client, command in entries.items() if command and not _starts(command)]
    if gone:
        named = " ".join(client.value for client in gone)
        return warn("clients", f"the command is gone for {named}: run `strikedesk install` again")
    found = [client.value for client, command in entries.items() if command]
    return ok("clients", " ".join(found) or "none yet: see `strikedesk install`")


def _entry(client: Client) -> str | None:
    """Return the command that the client would start, None where it knows no server of ours."""
    file = file_of(client)
    try:
        tree = parse(file.path.read_text(encoding="utf-8"), file.path)
    except (OSError, UnicodeDecodeError, DeskError):
        return None
    servers = tree.get(file.key)
    entry = servers.get(SERVER_NAME) if isinstance(servers, dict) else None
    command = entry.get("command") if isinstance(entry, dict) else None
    return command if isinstance(command, str) else None


def _starts(command: str) -> bool:
    return Path(command).is_file()


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
