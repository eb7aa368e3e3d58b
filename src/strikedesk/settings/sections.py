"""The sections of `config.toml`."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_settings import NoDecode

from strikedesk.domain.account_kinds import HIGHEST_LEVEL, AccountKind, OptionLevel
from strikedesk.domain.approvals import ConsentPolicy
from strikedesk.domain.breaker import FAILURES_MAX
from strikedesk.domain.retention import KEEP_YEARS
from strikedesk.risk.limits import Limits
from strikedesk.settings.kinds import (
    AbsolutePath,
    ClockText,
    Count,
    Fraction,
    Integer,
    MarketClock,
    SessionMinutes,
    Tickers,
    Usd,
    WholeOrNone,
)

HERE: Final = r"^https?://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?/?$"
WORLD_NAME: Final = r"^[a-z0-9][a-z0-9-]{0,39}$"
_DEFAULTS: Final = Limits()


class KeySource(StrEnum):
    """Where the vault's key-encryption key lives."""

    KEYRING = "keyring"
    FILE = "file"
    ENV = "env"


class Section(BaseModel):
    """A table of the file; it knows all of its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class OrderSettings(Section):
    """`[order]`. Units: seconds."""

    preview_ttl_s: Annotated[Integer, Field(ge=5, le=3600)] = 120


class LimitSettings(Section):
    """`[limits]`: the owner's limits, field by field those of `risk.limits.Limits`.

    What may be unset is so where the file says nothing of it.
    """

    contracts_max: Count = _DEFAULTS.contracts_max
    shares_max: Count = _DEFAULTS.shares_max
    loss_usd_max: Usd = _DEFAULTS.loss_usd_max
    loss_usd_day_max: Usd = _DEFAULTS.loss_usd_day_max
    notional_usd_max: Usd = _DEFAULTS.notional_usd_max
    notional_usd_day_max: Usd = _DEFAULTS.notional_usd_day_max
    allow_undefined_risk: bool = _DEFAULTS.allow_undefined_risk
    allow_option_market_orders: bool = _DEFAULTS.allow_option_market_orders
    collar_fraction: Fraction = _DEFAULTS.collar_fraction
    collar_usd_min: Usd = _DEFAULTS.collar_usd_min
    quote_age_s_max: Count = _DEFAULTS.quote_age_s_max
    buying_power_fraction_max: Fraction = _DEFAULTS.buying_power_fraction_max
    net_delta_shares_max: WholeOrNone = _DEFAULTS.net_delta_shares_max
    allowed_symbols: Tickers = _DEFAULTS.allowed_symbols
    forbidden_symbols: Tickers = _DEFAULTS.forbidden_symbols
    orders_minute_max: Count = _DEFAULTS.orders_minute_max
    orders_day_max: Count = _DEFAULTS.orders_day_max
    duplicate_window_s: Annotated[Integer, Field(ge=0, le=86_400)] = _DEFAULTS.duplicate_window_s
    option_level_max: OptionLevel | None = _DEFAULTS.option_level_max
    closing_only: bool = _DEFAULTS.closing_only
    open_market_only: bool = _DEFAULTS.open_market_only
    expiring_min: SessionMinutes = _DEFAULTS.expiring_min
    expiring_short_min: SessionMinutes = _DEFAULTS.expiring_short_min
    intraday_excess_usd_min: Usd | None = _DEFAULTS.intraday_excess_usd_min

    def limits(self) -> Limits:
        """Return them as the risk room knows them."""
        return Limits(**self.model_dump())


class SafetySettings(Section):
    """`[safety]`: when the desk halts by itself, which it always does at some number of failures.

    `cancel_opening_at_halt`: whatever halts, orders at work that open something are taken back.
    """

    failures_in_row_max: Annotated[Integer, Field(ge=1, le=100)] = FAILURES_MAX
    cancel_opening_at_halt: bool = False


class AuditSettings(Section):
    """`[audit]`: for how long the trail is kept, at the least. Units: years."""

    keep_years: Annotated[Integer, Field(ge=1, le=100)] = KEEP_YEARS


def _no_nonce_alone(policy: ConsentPolicy) -> ConsentPolicy:
    if policy is ConsentPolicy.MODEL:
        raise ValueError("`model` is for paper alone; give ask, code or click")
    return policy


ENVIRONMENTS: Final = ("paper", "sandbox", "live")
Asking: TypeAlias = Annotated[ConsentPolicy, AfterValidator(_no_nonce_alone)]


class ConsentSettings(Section):
    """`[consent]`: whose word an order needs, by broker environment. Units: USD, seconds.

    Where anybody is asked, an order with more than `click_above_usd` at stake waits for a click.
    """

    paper: ConsentPolicy = ConsentPolicy.MODEL
    sandbox: Asking = ConsentPolicy.ASK
    live: Asking = ConsentPolicy.ASK
    click_above_usd: Usd = Decimal(1000)
    ttl_s: Annotated[Integer, Field(ge=30, le=3600)] = 300

    def policy(self, environment: str) -> ConsentPolicy:
        """Return the policy of an environment, by its name."""
        return {"paper": self.paper, "sandbox": self.sandbox, "live": self.live}[environment]

    def looser_than(self, other: "ConsentSettings") -> str | None:
        """Return the first key that asks for less than `other` does."""
        for environment in ENVIRONMENTS:
            if self.policy(environment).rank < other.policy(environment).rank:
                return environment
        return "click_above_usd" if self.click_above_usd > other.click_above_usd else None


class AccountSettings(Section):
    """`[[paper.accounts]]`: an account of a new world. `level` None = the highest of its kind."""

    handle: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    kind: AccountKind
    deposit: Annotated[Usd, Field(decimal_places=2)]
    level: OptionLevel | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        highest = HIGHEST_LEVEL[self.kind]
        if self.level is not None and self.level.rank > highest.rank:
            raise ValueError(f"{self.kind} accounts have no level above {highest}")
        return self


def _from_the_file(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("name accounts in config.toml, as [[paper.accounts]]")  # noqa: TRY004 -- pydantic hears ValueError
    return value


def _one_handle_each(accounts: tuple[AccountSettings, ...]) -> tuple[AccountSettings, ...]:
    if len({account.handle for account in accounts}) != len(accounts):
        raise ValueError("give every account a handle of its own")
    return accounts


class PaperSettings(Section):
    """`[paper]`: the embedded market. `tape` replays real chains instead of simulating.

    `accounts`, `intraday_margin` and `latency_ms` are for new worlds; without accounts, one of each
    kind. `latency_ms`: how long a cancel or a replacement is on its way, in the world's time.
    """

    world: Annotated[str, Field(pattern=WORLD_NAME)] = "default"
    seed: Annotated[Integer, Field(ge=0, lt=2**63)] = 1
    tape: AbsolutePath | None = None
    clock: ClockText = MarketClock()
    accounts: Annotated[
        tuple[AccountSettings, ...],
        NoDecode,
        BeforeValidator(_from_the_file),
        AfterValidator(_one_handle_each),
    ] = ()
    intraday_margin: bool = False
    latency_ms: Annotated[Integer, Field(ge=0, le=60_000)] = 0


class TastytradeSettings(Section):
    """`[tastytrade]`: production only where the file or the environment says `live`.

    `origin` points at a sandbox on this machine, instead of the broker's own.
    """

    environment: Literal["sandbox", "live"] = "sandbox"
    origin: Annotated[str, Field(pattern=HERE)] | None = None

    @model_validator(mode="after")
    def _stays_here(self) -> Self:
        if self.origin is not None and self.environment == "live":
            raise ValueError("origin is for a sandbox; production has its own")
        return self


class VaultSettings(Section):
    """`[vault]`: where the key lives. `key_source` None = where a key or its file was given."""

    key_source: KeySource | None = None
    key_file: AbsolutePath | None = None
