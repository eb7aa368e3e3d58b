"""Reading the settings: the command line over the environment over `config.toml`."""

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from strikedesk.domain.account_kinds import Environment
from strikedesk.domain.approvals import ConsentPolicy
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.secret import Secret
from strikedesk.settings.environment import (
    CONFIG_NAME,
    HOME_VARIABLE,
    KEY_VARIABLE,
    PREFIX,
    Folders,
    is_set,
    not_toml,
    refuse_strangers,
    set_under,
    take_key,
    unreadable,
    variable_of,
)
from strikedesk.settings.kinds import LISTED, Integer, Names, RedisUrl, SqlUrl, not_yet
from strikedesk.settings.sections import (
    ENVIRONMENTS,
    AuditSettings,
    ConsentSettings,
    KeySource,
    LimitSettings,
    OrderSettings,
    PaperSettings,
    SafetySettings,
    Section,
    TastytradeSettings,
    VaultSettings,
)

LOOPBACK: Final = "127.0.0.1"
# Never from the file: the loader's to say.
GIVEN: Final = frozenset({"folders", "vault_key", "clock_insisted"})

# Options of the command line that are keys of `[paper]`.
_OF_PAPER: Final[Mapping[str, str]] = MappingProxyType(
    {"world": "world", "tape": "tape", "speed": "clock"}
)

_KNOWN_BROKER: Final = BeforeValidator(
    not_yet(frozenset({"alpaca", "tradier"}), "this version knows paper and tastytrade")
)
CONSENT: Final = "consent"
CONSENT_VARIABLE: Final = variable_of((CONSENT,))


class Toolset(StrEnum):
    """A group of tools that a server may be narrowed to; `lite` is the eight most used."""

    ACCOUNTS = "accounts"
    MARKET = "market"
    OPTIONS = "options"
    SCAN = "scan"
    PORTFOLIO = "portfolio"
    ORDERS = "orders"
    SAFETY = "safety"
    WATCHLISTS = "watchlists"
    LITE = "lite"


Toolsets: TypeAlias = Annotated[tuple[Toolset, ...], Field(min_length=1)]


class Settings(BaseSettings):
    """Everything the owner can set, checked. Made by `load`; immutable.

    `broker` absent means paper. `toolsets` None means every tool. `clock_insisted`: the command
    line named a speed, so that a world which goes at another one is refused.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    folders: Folders
    vault_key: Secret | None = None
    clock_insisted: bool = False
    broker: Annotated[Literal["paper", "tastytrade"], _KNOWN_BROKER] = "paper"
    database_url: SqlUrl | None = None
    redis_url: RedisUrl | None = None
    toolsets: Annotated[Toolsets | None, NoDecode, LISTED] = None
    read_only: bool = False
    consent: Annotated[ConsentSettings, NoDecode] = ConsentSettings()
    host: Annotated[str, Field(min_length=1)] = LOOPBACK
    port: Annotated[Integer, Field(ge=0, le=65_535)] = 8765
    allowed_hosts: Names = ()
    allowed_origins: Names = ()
    order: OrderSettings = OrderSettings()
    limits: LimitSettings = LimitSettings()
    safety: SafetySettings = SafetySettings()
    audit: AuditSettings = AuditSettings()
    paper: PaperSettings = PaperSettings()
    tastytrade: TastytradeSettings = TastytradeSettings()
    vault: VaultSettings = VaultSettings()

    @property
    def database(self) -> Secret:
        """The database's URL: the owner's, else SQLite in the data folder."""
        own = f"sqlite+aiosqlite:///{self.folders.data / 'strikedesk.db'}"
        return self.database_url or Secret(own)

    @property
    def environment(self) -> Environment:
        """Where orders go: play money on paper, the broker's sandbox, or money."""
        return (
            Environment.PAPER
            if self.broker == "paper"
            else Environment(self.tastytrade.environment)
        )

    @property
    def broker_name(self) -> str:
        """The name under which the ledger keeps its orders: a sandbox on this machine has its own.

        Orders of one place are never looked for in another.
        """
        return f"{self.broker}-here" if self._is_here else self.broker

    @property
    def _is_here(self) -> bool:
        return self.broker != "paper" and self.tastytrade.origin is not None

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
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the command line win over the environment, and that over the file."""
        written = InitSettingsSource(settings_cls, dict(_read_file(Folders.find().config_file)))
        spread = InitSettingsSource(settings_cls, _spread(env_settings()))
        return init_settings, spread, written


def load(**overrides: object) -> Settings:
    """Read the settings once; the vault's key leaves the environment on the way.

    `overrides` are what the command line said; None means it said nothing.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE, naming the first setting that cannot be read.
    """
    key = take_key()
    refuse_strangers(variables())
    said = {name: value for name, value in overrides.items() if value is not None}
    given: dict[str, object] = {
        "folders": Folders.find(),
        "vault_key": key,
        "clock_insisted": "speed" in said,
    }
    try:
        settings = Settings.model_validate(given | _by_section(said))
    except ValidationError as error:
        raise _explained(error.errors(include_url=False, include_input=False)[0], said) from None
    _check_vault(settings)
    _check_consent(settings)
    return settings


def market_of_its_own(**options: object) -> PaperSettings:
    """Read what the command line says of a market apart from the desk's; None means nothing.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE, naming the option.
    """
    said = {name: value for name, value in options.items() if value is not None}
    try:
        return PaperSettings.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        option = f"--{first['loc'][0]}".replace("_", "-")
        raise unreadable(option, first["msg"].removeprefix("Value error, ")) from None


def variables() -> frozenset[str]:
    """Return the name of every environment variable that is a setting."""
    named = frozenset(map(variable_of, _paths(Settings)))
    return named | {HOME_VARIABLE, KEY_VARIABLE, CONSENT_VARIABLE}


def _by_section(said: Mapping[str, object]) -> dict[str, object]:
    """Put options where the file has them; `--speed 60` is the clock `speed:60`."""
    paper = {key: said[name] for name, key in _OF_PAPER.items() if name in said}
    if "speed" in said:
        paper["clock"] = f"speed:{said['speed']}"
    flat = {name: value for name, value in said.items() if name not in _OF_PAPER}
    return flat | ({"paper": paper} if paper else {})


def _paths(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from ((name, *rest) for rest in _paths(kind))
        elif name not in GIVEN:
            yield (name,)


def _read_file(path: Path) -> Mapping[str, object]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(str(path), f"the file cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise not_toml(str(path), error) from None
    for name in GIVEN & table.keys():
        raise unreadable(f"{name} in {CONFIG_NAME}", "there is no such setting")
    return table


def _spread(said: dict[str, object]) -> dict[str, object]:
    """Let STRIKEDESK_CONSENT speak for every environment; `model`, which is paper's, for paper."""
    word = said.get(CONSENT)
    if not isinstance(word, str):
        return said
    meant = ["paper"] if word == ConsentPolicy.MODEL else ENVIRONMENTS
    return said | {CONSENT: dict.fromkeys(meant, word)}


def _check_consent(settings: Settings) -> None:
    """Refuse an environment that asks for less than the file: clients are told it, and by whom?

    Whoever writes a client's configuration, an assistant often enough, may tighten and not loosen.
    """
    single = is_set(CONSENT_VARIABLE)
    if single and (further := set_under(CONSENT_VARIABLE)):
        raise unreadable(further, f"{CONSENT_VARIABLE} is set too: give one of them")
    table = _read_file(settings.folders.config_file).get(CONSENT, {})
    try:
        written = ConsentSettings.model_validate(table)
    except ValidationError:
        raise unreadable(
            f"{CONSENT} in {CONFIG_NAME}", "it is no table of these settings"
        ) from None
    key = settings.consent.looser_than(written)
    if key is not None:
        name = CONSENT_VARIABLE if single else variable_of((CONSENT, key))
        raise unreadable(name, f"it asks for less than consent.{key} in {CONFIG_NAME} does")


def _check_vault(settings: Settings) -> None:
    source, file = settings.key_source, settings.vault.key_file
    if settings.vault_key is not None and source is not KeySource.ENV:
        raise unreadable(KEY_VARIABLE, f"it is set, but vault.key_source is {source.value}")
    if file is not None and source is not KeySource.FILE:
        raise unreadable("vault.key_file", f"it is set, but the key comes from {source.value}")
    if file is None and source is KeySource.FILE:
        raise unreadable("vault.key_file", "vault.key_source is file: say which")


def _explained(error: ErrorDetails, said: Mapping[str, object]) -> Misconfigured:
    path = tuple(part for part in error["loc"] if isinstance(part, str))
    unknown = error["type"] == "extra_forbidden"
    problem = "there is no such setting" if unknown else error["msg"].removeprefix("Value error, ")
    return unreadable(_whence(path, said), problem)


def _whence(path: tuple[str, ...], said: Mapping[str, object]) -> str:
    """Name a setting as whoever wrote it would find it."""
    if path[0] == CONSENT and is_set(CONSENT_VARIABLE):
        return CONSENT_VARIABLE
    option = next((n for n, key in _OF_PAPER.items() if path == ("paper", key)), path[0])
    if option in said:
        return f"--{option.replace('_', '-')}"
    variable = variable_of(path)
    return variable if is_set(variable) else f"{'.'.join(path)} in {CONFIG_NAME}"
