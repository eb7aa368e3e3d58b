"""What rules may ask of an underlying: facts by name, each a number or one word of a few.

Whoever knows a further fact gives it a name here, and answers to it by the port
`UnderlyingFacts`; rules can then bound it.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class UnderlyingFact(StrEnum):
    """A fact of an underlying.

    Units: `price` USD a share; `iv30`, `iv_rank` and `iv_percentile` fractions, as
    `domain.volatility` and `market.implied` define them; `realised_volatility` a fraction a year,
    over 60 sessions; `option_spread` (ask - bid) / mid and `option_interest` contracts, medians
    near the money; `liquidity` the rating of `market.liquidity`; `days_to_*` calendar days from
    today to the next that is announced, infinite where none is; `trend` and what follows as
    `market.regime` defines them.
    """

    PRICE = "price"
    IV30 = "iv30"
    IV_RANK = "iv_rank"
    IV_PERCENTILE = "iv_percentile"
    REALISED_VOLATILITY = "realised_volatility"
    OPTION_SPREAD = "option_spread"
    OPTION_INTEREST = "option_interest"
    LIQUIDITY = "liquidity"
    DAYS_TO_EARNINGS = "days_to_earnings"
    DAYS_TO_EX_DIVIDEND = "days_to_ex_dividend"
    TREND = "trend"
    TREND_T = "trend_t"
    CLOSE_TO_MEAN50 = "close_to_mean50"
    CLOSE_TO_MEAN200 = "close_to_mean200"
    VOLATILITY = "volatility"
    HV20_PERCENTILE = "hv20_percentile"
    TERM = "term"
    TERM_SLOPE = "term_slope"


# The facts that are words, with all the words that each can be.
WORDS: Final = MappingProxyType(
    {
        UnderlyingFact.LIQUIDITY: ("good", "fair", "poor"),
        UnderlyingFact.TREND: ("up", "down", "sideways"),
        UnderlyingFact.VOLATILITY: ("low", "normal", "high"),
        UnderlyingFact.TERM: ("contango", "flat", "backwardation"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A fact, or why it is not known: then `value` is None."""

    value: float | str | None
    why: str | None = None
