"""Settings: the environment over `config.toml`, read once, refused where they cannot be read.

The only reader of the environment. A value that cannot be read stops the start with one line that
names it: a typing error must never loosen a limit, open the desk to writes, or choose a broker.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from platformdirs import PlatformDirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.risk.limits import Limits

PREFIX: Final = "STRIKEDESK_"
HOME_VARIABLE: Final = "STRIKEDESK_HOME"
KEY_VARIABLE: Final = "STRIKEDESK_VAULT_KEY"
TEST_PREFIX: Final = "STRIKEDESK_TEST_"
CONFIG_NAME: Final = "config.toml"
LOOPBACK: Final = "127.0.0.1"

_LATER_BROKERS: Final = frozenset({"tastytrade", "alpaca", "tradier"})
_LATER_CONSENT: Final = frozenset({"ask", "code", "click"})
_SQL_SCHEMES: Final = ("sqlite", "postgresql", "postgres")
_DEFAULTS: Final = Limits()


class Toolset(StrEnum):
    """A group of tools that a server may be narrowed to; `lite` is the eight most used."""

    ACCOUNTS = "accounts"
    MARKET = "market"
    OPTIONS = "options"
    ORDERS = "orders"
    SAFETY = "safety"
    WATCHLISTS = "watchlists"
    LITE = "lite"


class KeySource(StrEnum):
    """Where the vault's key-encryption key lives."""

    KEYRING = "keyring"
    FILE = "file"
    ENV = "env"


class ClockMode(StrEnum):
    """How a paper market's time relates to the wall's."""

    REAL = "real"
    FROZEN = "frozen"
    OFFSET = "offset"


@dataclass(frozen=True, slots=True)
class MarketClock:
    """The time a new paper market starts with.

    `real` is the wall's; `frozen` stays at `at`; `offset` starts at `at` and runs.
    """

    mode: ClockMode = ClockMode.REAL
    at: datetime | None = None


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
        home = os.environ.get(HOME_VARIABLE)  # noqa: TID251 -- this is the reader of the environment
        if home is None:
            own = PlatformDirs("strikedesk", appauthor=False)
            return cls(config=own.user_config_path, data=own.user_data_path, logs=own.user_log_path)
        root = Path(home).expanduser()
        if not root.is_absolute():
            raise _unreadable(HOME_VARIABLE, "give an absolute path")
        return cls(config=root, data=root / "data", logs=root / "logs")

    @property
    def config_file(self) -> Path:
        """The owner's settings file; it need not exist."""
        return self.config / CONFIG_NAME

    def make(self) -> None:
        """Create what is missing, readable by the owner alone."""
        for folder in (self.config, self.data, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("give a number, not a boolean")  # noqa: TRY004 -- pydantic hears ValueError
    return value


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",")]


def _broker(value: object) -> object:
    if value in _LATER_BROKERS:
        raise ValueError(f"{value} is not built yet; this version trades on paper only")
    return value


def _consent(value: object) -> object:
    if value in _LATER_CONSENT:
        raise ValueError(f"{value} is not built yet; on paper this version knows `model` only")
    return value


def _sql_url(url: Secret) -> Secret:
    scheme = url.reveal().partition("://")[0].partition("+")[0]
    if scheme not in _SQL_SCHEMES:
        raise ValueError("give a sqlite:// or postgresql:// URL")
    return url


def _redis_url(url: Secret) -> Secret:
    if not re.match(r"rediss?://|unix://", url.reveal()):
        raise ValueError("give a redis:// URL")
    return url


def _text(value: object) -> object:
    if not isinstance(value, str | Secret):
        raise ValueError("give a text")  # noqa: TRY004 -- pydantic hears ValueError
    return value


def _absolute(path: Path) -> Path:
    expanded = path.expanduser()
    if not expanded.is_absolute():
        raise ValueError("give an absolute path")
    return expanded


def _market_clock(value: object) -> object:
    if isinstance(value, MarketClock):
        return value
    if value == ClockMode.REAL:
        return MarketClock()
    mode, _, instant = str(value).partition(":")
    try:
        at = datetime.fromisoformat(instant)
        clock = MarketClock(ClockMode(mode), at)
    except ValueError:
        raise ValueError("give real, frozen:INSTANT or offset:INSTANT") from None
    if at.tzinfo is None or clock.mode is ClockMode.REAL:
        raise ValueError("give real, frozen:INSTANT or offset:INSTANT, the instant with its zone")
    return clock


Count: TypeAlias = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=1_000_000_000)]
Usd: TypeAlias = Annotated[
    Decimal, BeforeValidator(_no_bool), Field(ge=0, le=Decimal(10) ** 12, allow_inf_nan=False)
]
Names: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Toolsets: TypeAlias = Annotated[tuple[Toolset, ...], Field(min_length=1)]
AbsolutePath: TypeAlias = Annotated[Path, AfterValidator(_absolute)]
SqlUrl: TypeAlias = Annotated[Secret, BeforeValidator(_text), AfterValidator(_sql_url)]
RedisUrl: TypeAlias = Annotated[Secret, BeforeValidator(_text), AfterValidator(_redis_url)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class OrderSettings(_Section):
    """`[order]`. Units: seconds."""

    preview_ttl_s: Annotated[int, BeforeValidator(_no_bool), Field(ge=5, le=3600)] = 120


class LimitSettings(_Section):
    """`[limits]`: the owner's limits, field by field those of `risk.limits.Limits`."""

    contracts_max: Count = _DEFAULTS.contracts_max
    shares_max: Count = _DEFAULTS.shares_max
    loss_usd_max: Usd = _DEFAULTS.loss_usd_max
    allow_undefined_risk: bool = _DEFAULTS.allow_undefined_risk
    allow_option_market_orders: bool = _DEFAULTS.allow_option_market_orders
    collar_fraction: Annotated[
        Decimal, BeforeValidator(_no_bool), Field(ge=0, le=1, allow_inf_nan=False)
    ] = _DEFAULTS.collar_fraction
    collar_usd_min: Usd = _DEFAULTS.collar_usd_min
    quote_age_s_max: Count = _DEFAULTS.quote_age_s_max

    def limits(self) -> Limits:
        """Return them as the risk room knows them."""
        return Limits(**self.model_dump())


class PaperSettings(_Section):
    """`[paper]`: the embedded market. `tape` replays real chains instead of simulating."""

    world: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = "default"
    seed: Annotated[int, BeforeValidator(_no_bool), Field(ge=0, lt=2**63)] = 1
    tape: AbsolutePath | None = None
    clock: Annotated[MarketClock, NoDecode, BeforeValidator(_market_clock)] = MarketClock()


class VaultSettings(_Section):
    """`[vault]`: where the key lives. `key_source` None = where a key or its file was given."""

    key_source: KeySource | None = None
    key_file: AbsolutePath | None = None


class Settings(BaseSettings):
    """Everything the owner can set, checked. Made by `load`; immutable.

    `broker` absent means paper. `toolsets` None means every tool.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    folders: Folders
    vault_key: Secret | None = None
    broker: Annotated[Literal["paper"], BeforeValidator(_broker)] = "paper"
    database_url: SqlUrl | None = None
    redis_url: RedisUrl | None = None
    toolsets: Annotated[Toolsets | None, NoDecode, BeforeValidator(_listed)] = None
    read_only: bool = False
    consent: Annotated[Literal["model"], BeforeValidator(_consent)] = "model"
    host: Annotated[str, Field(min_length=1)] = LOOPBACK
    port: Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=65_535)] = 8765
    allowed_hosts: Names = ()
    allowed_origins: Names = ()
    order: OrderSettings = OrderSettings()
    limits: LimitSettings = LimitSettings()
    paper: PaperSettings = PaperSettings()
    vault: VaultSettings = VaultSettings()

    @property
    def database(self) -> Secret:
        """The database's URL: the owner's, else SQLite in the data folder."""
        own = f"sqlite+aiosqlite:///{self.folders.data / 'strikedesk.db'}"
        return self.database_url or Secret(own)

    @property
    def key_source(self) -> KeySource:
        """Where the vault's key is looked for; nowhere else is tried."""
        if self.vault.key_source is not None:
            return self.vault.key_source
        if self.vault_key is not None:
            return KeySource.ENV
        return KeySource.KEYRING if self.vault.key_file is None else KeySource.FILE

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the signature is the library's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the command line win over the environment, and that over the file."""
        written = InitSettingsSource(settings_cls, dict(_read_file(Folders.find().config_file)))
        return init_settings, env_settings, written


GIVEN: Final = frozenset({"folders", "vault_key"})  # Never from the file: the loader's to say.


def load(**overrides: object) -> Settings:
    """Read the settings once; the vault's key leaves the environment on the way.

    `overrides` are what the command line said; None means it said nothing.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE, naming the first setting that cannot be read.
    """
    key = os.environ.pop(KEY_VARIABLE, None)  # noqa: TID251 -- read once and scrubbed, here
    folders = Folders.find()
    _refuse_unknown_variables()
    said = {name: value for name, value in overrides.items() if value is not None}
    given = {"folders": folders, "vault_key": None if key is None else Secret(key)}
    try:
        settings = Settings.model_validate(given | said)
    except ValidationError as error:
        raise _explained(error.errors(include_url=False, include_input=False)[0], said) from None
    _check_vault(settings)
    return settings


def variables() -> frozenset[str]:
    """Return the name of every environment variable that is a setting."""
    names = {f"{PREFIX}{'__'.join(path).upper()}" for path in _paths(Settings)}
    return frozenset(names | {HOME_VARIABLE, KEY_VARIABLE})


def _paths(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, _Section):
            yield from ((name, *rest) for rest in _paths(kind))
        elif name not in GIVEN:
            yield (name,)


def _refuse_unknown_variables() -> None:
    """A misspelt safety switch must not be a switch that is off."""
    for name in sorted(os.environ):  # noqa: TID251 -- this is the reader of the environment
        own = name.upper().startswith(PREFIX) and not name.upper().startswith(TEST_PREFIX)
        if own and name.upper() not in variables():
            raise _unreadable(name, "there is no such setting")


def _read_file(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(str(path), f"the file cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(path), f"not TOML: {error}") from None
    for name in GIVEN & table.keys():
        raise _unreadable(f"{name} in {CONFIG_NAME}", "there is no such setting")
    return table


def _check_vault(settings: Settings) -> None:
    source = settings.key_source
    if settings.vault_key is not None and source is not KeySource.ENV:
        raise _unreadable(KEY_VARIABLE, f"it is set, but vault.key_source is {source.value}")
    if settings.vault.key_file is not None and source is not KeySource.FILE:
        raise _unreadable("vault.key_file", f"it is set, but the key comes from {source.value}")
    if source is KeySource.FILE and settings.vault.key_file is None:
        raise _unreadable("vault.key_file", "vault.key_source is file: say which")


def _explained(error: ErrorDetails, said: Mapping[str, object]) -> Misconfigured:
    path = tuple(part for part in error["loc"] if isinstance(part, str))
    problem = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        problem = "there is no such setting"
    return _unreadable(_whence(path, said), problem)


def _whence(path: tuple[str, ...], said: Mapping[str, object]) -> str:
    """Name a setting as whoever wrote it would find it."""
    if path[0] in said:
        return f"--{path[0].replace('_', '-')}"
    variable = f"{PREFIX}{'__'.join(path).upper()}"
    if variable in {name.upper() for name in os.environ}:  # noqa: TID251 -- this is the reader of the environment
        return variable
    return f"{'.'.join(path)} in {CONFIG_NAME}"


def _unreadable(setting: str, problem: str) -> Misconfigured:
    return Misconfigured(Reason.CONFIGURATION_UNREADABLE, setting=setting, problem=problem)
