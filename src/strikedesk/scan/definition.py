"""A scan: which trades are looked for, where, and by which rules. See docs/scans.md."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.underlying_facts import UnderlyingFact
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.strategies.patterns import Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """From `low` to `high`, both included; None = open on that side."""

    low: float | None = None
    high: float | None = None

    def hold(self, value: float | None) -> bool:
        """Whether a figure lies within; what is not known does not."""
        if value is None or math.isnan(value):
            return False
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        """Return `>= 0.3`, `<= 5` or `0.1 to 0.3`."""
        if self.low is None or self.high is None:
            return f">= {self.low:g}" if self.high is None else f"<= {self.high:g}"
        return f"{self.low:g} to {self.high:g}"


# What a fact has to be: a number within bounds, or one of some words.
Asked: TypeAlias = Bounds | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """Whose options are looked at: the symbols of a watchlist, or these."""

    symbols: tuple[EquitySymbol, ...] = ()
    watchlist: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLimits:
    """What of a chain is looked at.

    Units: `days` calendar days to the first expiration, `far_days` to the second where a strategy
    has two; `strikes` fractions of the spot; `sold` and `bought` the |delta| of every option sold
    or bought, None = any, also an unknown one; `wing` listed strikes from a sold option to the
    bought one beside it.
    """

    days: Bounds
    far_days: Bounds
    strikes: Bounds
    sold: Bounds | None = None
    bought: Bounds | None = None
    wing: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What must not happen before a trade ends."""

    no_earnings: bool = False
    no_ex_dividend: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many of a kind the list may hold; None = any number.

    `correlation` is the most that the daily returns of two underlyings of the list may have;
    `sectors` tells of which sector each symbol is.
    """

    per_symbol: int | None = None
    per_expiration: int | None = None
    per_sector: int | None = None
    correlation: float | None = None
    sectors: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioRules:
    """What one unit may cost an account; None = anything.

    Units: `loss_share` and `power_share` are how much of net liquidation, and of option buying
    power, the greatest loss of a unit may be; `positions` how many positions (contracts that are
    held) its underlying may have with it. `account` is the handle of the account that is asked
    where whoever runs the scan names none.
    """

    loss_share: float | None = None
    power_share: float | None = None
    positions: int | None = None
    account: str | None = None

    @property
    def any(self) -> bool:
        """Whether an account has to be looked at."""
        return replace(self, account=None) != PortfolioRules()


class Distribution(StrEnum):
    """Under which future expected values are taken.

    `market`: the one that the chain's smile prices. `realised`: lognormal, as volatile as the
    closes of the last 60 sessions were.
    """

    MARKET = "market"
    REALISED = "realised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A checked scan.

    Units: `slippage` the share of half of each spread that is paid beyond the mid, 0 to 1.
    Law: it has a weight, and no bound whose low is above its high. `every_s` None = on request.
    """

    name: str
    description: str
    source: str
    pattern: Pattern
    universe: Universe
    chain: ChainLimits
    rules: Mapping[Measure, Bounds]
    facts: Mapping[UnderlyingFact, Asked]
    around: Around
    caps: Caps
    portfolio: PortfolioRules
    weights: Mapping[Measure, float]
    distribution: Distribution
    slippage: float
    top: int
    every_s: int | None

    @property
    def lacks_account(self) -> bool:
        """Whether nobody can be asked when it runs by itself."""
        return self.every_s is not None and self.portfolio.any and self.portfolio.account is None
