"""What rules may ask of a candidate: each measure's unit and meaning, said once.

A candidate is one unit of its pattern, as `+1C -1C` of one vertical. Prices are USD per share of
that unit, after the share of the natural slippage that a search pays; a price that is paid is
positive. All chances are the market's own, at the nearest expiration, off the smile of its options.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Measure(StrEnum):
    """A figure of a candidate. Law: unknown where a fact that it needs is unknown."""

    DAYS = "days"
    CREDIT = "credit"
    DEBIT = "debit"
    WIDTH = "width"
    CREDIT_TO_WIDTH = "credit_to_width"
    MAX_PROFIT = "max_profit"
    MAX_LOSS = "max_loss"
    RETURN_ON_RISK = "return_on_risk"
    ANNUALISED = "annualised"
    PROFIT_PROBABILITY = "profit_probability"
    SHORT_OTM_PROBABILITY = "short_otm_probability"
    TOUCH_PROBABILITY = "touch_probability"
    EXPECTED_VALUE = "expected_value"
    EV_TO_RISK = "ev_to_risk"
    MARKET_VALUE = "market_value"
    DELTA = "delta"
    GAMMA = "gamma"
    THETA = "theta"
    VEGA = "vega"
    THETA_TO_RISK = "theta_to_risk"
    SHORT_DELTA = "short_delta"
    LONG_DELTA = "long_delta"
    OPEN_INTEREST = "open_interest"
    VOLUME = "volume"
    SPREAD_SHARE = "spread_share"
    BREAK_EVEN_DISTANCE = "break_even_distance"
    SHORT_DISTANCE = "short_distance"
    IV = "iv"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a measure is. `scale` is a middling value, which ranking and near misses weigh by."""

    unit: str
    scale: float
    text: str


MEANINGS: Final[Mapping[Measure, Meaning]] = {
    Measure.DAYS: Meaning("days", 30.0, "calendar days to the nearest expiration"),
    Measure.CREDIT: Meaning("USD/share", 1.0, "what is received; negative where it is paid"),
    Measure.DEBIT: Meaning("USD/share", 1.0, "what is paid, shares at the spot; credit, negated"),
    Measure.WIDTH: Meaning(
        "USD/share",
        5.0,
        "the widest gap between neighbouring strikes of one kind, one bought and the other sold",
    ),
    Measure.CREDIT_TO_WIDTH: Meaning("fraction", 0.3, "credit / width"),
    Measure.MAX_PROFIT: Meaning("USD/share", 1.0, "the most that the nearest expiration can bring"),
    Measure.MAX_LOSS: Meaning("USD/share", 5.0, "the most that it can cost; infinite if unbounded"),
    Measure.RETURN_ON_RISK: Meaning(
        "fraction", 0.3, "max_profit / max_loss, where both are finite"
    ),
    Measure.ANNUALISED: Meaning("fraction/year", 3.0, "return_on_risk / years, simple interest"),
    Measure.PROFIT_PROBABILITY: Meaning("fraction", 0.5, "the chance of a result above 0"),
    Measure.SHORT_OTM_PROBABILITY: Meaning(
        "fraction", 0.5, "the chance that every option sold ends out of the money"
    ),
    Measure.TOUCH_PROBABILITY: Meaning(
        "fraction",
        0.5,
        "the greatest chance of an option sold to see the share at its strike before it ends, at"
        " its own volatility; 1 in the money",
    ),
    Measure.EXPECTED_VALUE: Meaning(
        "USD/share",
        0.2,
        "the mean result, discounted: under the lognormal of the chain's forecast volatility,"
        " or the market's own distribution where none is forecast",
    ),
    Measure.EV_TO_RISK: Meaning("fraction", 0.1, "expected_value / max_loss, where it is finite"),
    Measure.MARKET_VALUE: Meaning(
        "USD/share", 0.2, "the mean result under the market's own distribution, discounted"
    ),
    Measure.DELTA: Meaning("per $1", 0.2, "of the unit, bought less sold; a share has 1"),
    Measure.GAMMA: Meaning("per $1", 0.01, "of the unit, bought less sold"),
    Measure.THETA: Meaning("USD/share/day", 0.02, "of the unit, bought less sold"),
    Measure.VEGA: Meaning("USD/share/point", 0.1, "of the unit, bought less sold"),
    Measure.THETA_TO_RISK: Meaning("1/day", 0.005, "theta / max_loss, where it is finite"),
    Measure.SHORT_DELTA: Meaning("per $1", 0.3, "the greatest |delta| of an option sold"),
    Measure.LONG_DELTA: Meaning("per $1", 0.3, "the greatest |delta| of an option bought"),
    Measure.OPEN_INTEREST: Meaning("contracts", 500.0, "the smallest of its options"),
    Measure.VOLUME: Meaning("contracts", 100.0, "the smallest of its options"),
    Measure.SPREAD_SHARE: Meaning(
        "fraction", 0.1, "the bid-ask spreads of all options together / |credit|"
    ),
    Measure.BREAK_EVEN_DISTANCE: Meaning(
        "fraction",
        0.05,
        "from the spot to the nearest break-even, of the spot; negative where the spot loses",
    ),
    Measure.SHORT_DISTANCE: Meaning(
        "expected moves",
        1.0,
        "from the spot out to the nearest strike sold; a move is spot x volatility at the forward"
        " x root of years",
    ),
    Measure.IV: Meaning("fraction/year", 0.3, "the mean volatility of its options"),
}
