"""The legs of a strategy: contracts and shares of one underlying, as the numerics see them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

SHARES_PER_CONTRACT: Final = 100


class Kind(StrEnum):
    """What a leg is, by the letter that patterns write it with."""

    CALL = "C"
    PUT = "P"
    SHARE = "S"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """So many contracts of an option, or shares; + bought, - sold.

    Units: `strike` USD a share; `years` to expiration, ACT/365. Both are 0 for shares, whose
    `quantity` counts single ones. `carry`: the forward of its expiration, in those that the
    market's price and rates tell of it.
    Law: an option has a positive strike and time, a quantity is never 0, else `ValueError`.
    """

    kind: Kind
    quantity: int
    strike: float = 0.0
    years: float = 0.0
    carry: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no leg."""
        if self.quantity == 0:
            raise ValueError("a leg of quantity 0 is none: leave it out")
        if self.kind is Kind.SHARE:
            if self.strike or self.years:
                raise ValueError("shares have neither strike nor expiration")
        elif not (self.strike > 0.0 and self.years > 0.0):
            raise ValueError("an option's strike and years must be positive")

    @property
    def shares(self) -> int:
        """How many shares it is about, + bought."""
        return self.quantity * (1 if self.kind is Kind.SHARE else SHARES_PER_CONTRACT)


def merged(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Return the legs with equal contracts added up, in order of time, strike and kind."""
    quantities: dict[tuple[float, float, Kind], int] = {}
    for leg in legs:
        key = leg.years, leg.strike, leg.kind
        quantities[key] = quantities.get(key, 0) + leg.quantity
    return tuple(
        Leg(kind=kind, quantity=quantity, strike=strike, years=years)
        for (years, strike, kind), quantity in sorted(quantities.items())
        if quantity
    )


def times(leg: Leg, count: int) -> Leg:
    """Return the leg so many times."""
    return replace(leg, quantity=leg.quantity * count)
