"""What a broker says of one thing that can be held: its steps of prices, its terms, its limits."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of prices, USD: of those `below` a price, or of all that are not told of otherwise."""

    size: Decimal
    below: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One share, fund, index, option, future, option on one, or coin, as its broker describes it.

    Units: `multiplier` USD that one point of price is worth; `borrow_rate` as the broker writes it.
    None = the broker did not say. `description` and `lendability` are its words: plain, short text.
    `ends_at` is when trading in it stops for good. `option_steps` are those of options on it.
    `overnight` is whether it trades between 20:00 and 04:00 in New York too.
    """

    symbol: str
    kind: str
    description: str | None = None
    underlying: str | None = None
    multiplier: Decimal | None = None
    steps: tuple[Step, ...] = ()
    option_steps: tuple[Step, ...] = ()
    ends_at: datetime | None = None
    style: str | None = None
    settlement: str | None = None
    closing_only: bool | None = None
    halted: bool | None = None
    fractions: bool | None = None
    overnight: bool | None = None
    lendability: str | None = None
    borrow_rate: Decimal | None = None
