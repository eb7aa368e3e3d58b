"""What happens to an underlying on a day known beforehand: dividends, splits, earnings."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias


class EarningsTiming(StrEnum):
    """When on its day a company reports."""

    BEFORE_OPEN = "before_open"
    AFTER_CLOSE = "after_close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dividend:
    """Cash for whoever holds shares when `day` opens, paid on `pay_day`. Units: USD per share."""

    underlying: str
    day: date
    pay_day: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`old` shares become `new` shares before `day` opens (2 for 1: new 2, old 1)."""

    underlying: str
    day: date
    new: int
    old: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnings:
    """A company tells its results on `day`; `timing` is None where nobody says when."""

    underlying: str
    day: date
    timing: EarningsTiming | None

    @property
    def after_close(self) -> bool:
        """Whether that day's close does not know them yet."""
        return self.timing is EarningsTiming.AFTER_CLOSE


MarketEvent: TypeAlias = Dividend | Split | Earnings
