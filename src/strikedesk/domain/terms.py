"""What a listed contract promises: how it is exercised, when it is settled, and in what."""

from dataclasses import dataclass
from enum import StrEnum

from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.quotes import Settlement


class ExerciseStyle(StrEnum):
    """When its holder may exercise."""

    AMERICAN = "american"
    EUROPEAN = "european"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one contract.

    Units: `shares` are delivered for one contract; its premium always counts for 100 a share.
    Law: a contract that delivers anything but 100 shares is adjusted (by an uneven split).
    """

    style: ExerciseStyle = ExerciseStyle.AMERICAN
    settlement: Settlement = Settlement.PM
    in_cash: bool = False
    shares: int = SHARES_PER_CONTRACT

    @property
    def adjusted(self) -> bool:
        """Whether it is no standard contract any more."""
        return self.shares != SHARES_PER_CONTRACT


ON_SHARES: Terms = Terms()
ON_AN_INDEX: Terms = Terms(style=ExerciseStyle.EUROPEAN, in_cash=True)
