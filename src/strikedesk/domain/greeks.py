"""Sensitivities of one contract. Statistics, not money: floats are lawful."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeks:
    """What moves an option's price.

    Units: delta and gamma per share per $1; theta per share per calendar day; vega per share per
    volatility point (0.01); rho per share per 1 % rate; `implied_volatility` a fraction.
    Source: `source` says who computed them (`model`, or a feed's name); `None` = not computable.
    """

    implied_volatility: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    rho: float | None
    source: str
    at: datetime
