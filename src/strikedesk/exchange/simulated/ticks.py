"""The steps in which option prices are quoted."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from strikedesk.domain.terms import Terms


@dataclass(frozen=True, slots=True)
class TickRule:
    """Two price steps and the price at which the coarser one begins. Units: cents."""

    fine: int
    coarse: int
    coarse_from: int = 300

    def on(self, terms: Terms) -> Terms:
        """Return the terms with these price steps."""
        return replace(
            terms,
            tick=usd(self.fine),
            coarse_tick=usd(self.coarse),
            coarse_from=usd(self.coarse_from),
        )


PENNY: Final = TickRule(1, 1)
NICKEL: Final = TickRule(1, 5)
COARSE: Final = TickRule(5, 10)

TICK_RULES: Final = MappingProxyType({"penny": PENNY, "nickel": NICKEL, "coarse": COARSE})


@lru_cache(maxsize=65_536)
def usd(cents: int) -> Decimal:
    """Return cents as USD with two places."""
    return Decimal(cents).scaleb(-2)


@lru_cache(maxsize=65_536)
def half_way(cents_twice: int) -> Decimal:
    """Return the mean of two prices whose sum is `cents_twice`, USD."""
    return usd(cents_twice) / 2
