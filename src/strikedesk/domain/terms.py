"""What a listed contract promises: how it is exercised, when it is settled, and in what."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from strikedesk.domain.money import CENT, SHARES_PER_CONTRACT
from strikedesk.domain.quotes import Settlement


class ExerciseStyle(StrEnum):
    """When its holder may exercise."""

    AMERICAN = "american"
    EUROPEAN = "european"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one contract.

    Units: `shares` are delivered for one contract; its premium always counts for 100 a share. It
    is priced in steps of `tick`, from `coarse_from` on in steps of `coarse_tick`, USD per share.
    Law: a contract that delivers anything but 100 shares is adjusted (by an uneven split).
    """

    style: ExerciseStyle = ExerciseStyle.AMERICAN
    settlement: Settlement = Settlement.PM
    in_cash: bool = False
    shares: int = SHARES_PER_CONTRACT
    tick: Decimal = CENT
    coarse_tick: Decimal = CENT
    coarse_from: Decimal = Decimal(3)

    def tick_at(self, price: Decimal) -> Decimal:
        """Return the step on which an order for the contract alone is priced."""
        return self.coarse_tick if abs(price) >= self.coarse_from else self.tick

    @property
    def adjusted(self) -> bool:
        """Whether it is no standard contract any more."""
        return self.shares != SHARES_PER_CONTRACT


ON_SHARES: Terms = Terms()
ON_AN_INDEX: Terms = Terms(style=ExerciseStyle.EUROPEAN, in_cash=True)
