"""The environment and the folders of the desk. Nothing else in the house reads `os.environ`."""

import os
import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platformdirs import PlatformDirs

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret

PREFIX: Final = "STRIKEDESK_"
TEST_PREFIX: Final = "STRIKEDESK_TEST_"
HOME_VARIABLE: Final = "STRIKEDESK_HOME"
KEY_VARIABLE: Final = "STRIKEDESK_VAULT_KEY"
CONFIG_NAME: Final = "config.toml"
HALT_NAME: Final = "HALT"
STRATEGIES_NAME: Final = "strategies"

_PLACE: Final = re.compile(r"\(at (line \d+, column \d+|end of document)\)\Z")
_ENVIRONMENT: Final = os.environ  # noqa: TID251 -- this is the reader of the environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where the desk keeps its files, each owned by one person."""

    config: Path
    data: Path
    logs: Path

    @classmethod
    def find(cls) -> "Folders":
        """Return the folders under STRIKEDESK_HOME, else those of the platform.

        Raises:
            Misconfigured: STRIKEDESK_HOME is empty or relative: whoever starts us picks the
                working directory, so that a relative home would be a different desk each time.
        """
        home = _ENVIRONMENT.get(HOME_VARIABLE)
        if home is None:
            own = PlatformDirs("strikedesk", appauthor=False)
            return cls(config=own.user_config_path, data=own.user_data_path, logs=own.user_log_path)
        root = Path(home).expanduser()
        if not root.is_absolute():
            raise unreadable(HOME_VARIABLE, "give an absolute path")
        return cls(config=root, data=root / "data", logs=root / "logs")

    @property
    def config_file(self) -> Path:
        """The owner's settings file; it need not exist."""
        return self.config / CONFIG_NAME

    @property
    def halt_file(self) -> Path:
        """The file, beside the settings, that halts trading by being there."""
        return self.config / HALT_NAME

    @property
    def strategies(self) -> Path:
        """The folder, beside the settings, of the owner's own strategies; it need not exist."""
        return self.config / STRATEGIES_NAME

    def make(self) -> None:
        """Create what is missing, readable by the owner alone."""
        for folder in (self.config, self.data, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def own_home() -> dict[str, str]:
    """Return STRIKEDESK_HOME as a child process needs it, or nothing where it is not set."""
    return {HOME_VARIABLE: str(Folders.find().config)} if HOME_VARIABLE in _ENVIRONMENT else {}


def take_key() -> Secret | None:
    """Return the vault's key and remove it, so that no child of ours inherits it."""
    key = _ENVIRONMENT.pop(KEY_VARIABLE, None)
    return None if key is None else Secret(key)


def variable_of(path: tuple[str, ...]) -> str:
    """Return the name of the variable that sets `path`: STRIKEDESK_LIMITS__CONTRACTS_MAX."""
    return f"{PREFIX}{'__'.join(path).upper()}"


def is_set(variable: str) -> bool:
    """Tell whether the environment sets it, in either case of letters."""
    return variable in {name.upper() for name in _ENVIRONMENT}


def set_under(variable: str) -> str | None:
    """Return the first variable that sets a part of what `variable` sets as a whole."""
    parts = sorted(name for name in _ENVIRONMENT if name.upper().startswith(f"{variable}__"))
    return parts[0] if parts else None


def refuse_strangers(known: Collection[str]) -> None:
    """Refuse variables of ours that are no setting: a misspelt switch must not be one that is off.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE, naming the first of them.
    """
    for name in sorted(_own_names()):
        if name.upper() not in known:
            raise unreadable(name, "there is no such setting")


def unreadable(setting: str, problem: str) -> Misconfigured:
    """Return the refusal of a setting."""
    return Misconfigured(Reason.CONFIGURATION_UNREADABLE, setting=setting, problem=problem)


def not_toml(place: str, error: tomllib.TOMLDecodeError) -> Misconfigured:
    """Return the refusal of a file that is no TOML: where, in our words.

    The parser's own quote what stands there, which may be a password.
    """
    where = _PLACE.search(str(error))
    return unreadable(place, f"not TOML at {where[1] if where else 'a place not known'}")


def _own_names() -> Iterator[str]:
    for name in _ENVIRONMENT:
        if name.upper().startswith(PREFIX) and not name.upper().startswith(TEST_PREFIX):
            yield name
