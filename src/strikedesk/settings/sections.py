"""The sections of `config.toml`."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from strikedesk.domain.approvals import ConsentPolicy
from strikedesk.risk.limits import Limits
from strikedesk.settings.kinds import (
    AbsolutePath,
    ClockText,
    Count,
    Finite,
    Integer,
    MarketClock,
    Usd,
)

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
    """`[limits]`: the owner's limits, field by field those of `risk.limits.Limits`."""

    contracts_max: Count = _DEFAULTS.contracts_max
    shares_max: Count = _DEFAULTS.shares_max
    loss_usd_max: Usd = _DEFAULTS.loss_usd_max
    allow_undefined_risk: bool = _DEFAULTS.allow_undefined_risk
    allow_option_market_orders: bool = _DEFAULTS.allow_option_market_orders
    collar_fraction: Annotated[Finite, Field(ge=0, le=Decimal(1))] = _DEFAULTS.collar_fraction
    collar_usd_min: Usd = _DEFAULTS.collar_usd_min
    quote_age_s_max: Count = _DEFAULTS.quote_age_s_max

    def limits(self) -> Limits:
        """Return them as the risk room knows them."""
        return Limits(**self.model_dump())


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


class PaperSettings(Section):
    """`[paper]`: the embedded market. `tape` replays real chains instead of simulating."""

    world: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = "default"
    seed: Annotated[Integer, Field(ge=0, lt=2**63)] = 1
    tape: AbsolutePath | None = None
    clock: ClockText = MarketClock()


class VaultSettings(Section):
    """`[vault]`: where the key lives. `key_source` None = where a key or its file was given."""

    key_source: KeySource | None = None
    key_file: AbsolutePath | None = None
