"""What a broker asks for what an account holds, and at which rates it reckons.

Units: USD, positive = asked for; rates are fractions of an underlying's value; `None` = the broker
did not say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from strikedesk.domain.symbols import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginGroup:
    """What is asked for all that an account holds of one underlying, as the broker names it."""

    underlying: str
    initial: Decimal | None = None
    maintenance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginHeld:
    """What is asked for all that an account holds.

    `initial` has to be there when something is opened, `maintenance` as long as it is held. Working
    orders may count, as the broker counts them.
    """

    account_id: str = field(repr=False)
    as_of: datetime
    initial: Decimal | None = None
    maintenance: Decimal | None = None
    groups: tuple[MarginGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRates:
    """At which rates one underlying is reckoned in an account.

    Units: shares as fractions of their value; a naked option as fractions of the underlying's
    (`naked_standard`) and of the strike's or the underlying's (`naked_minimum`), at least
    `naked_floor` USD a contract.
    """

    underlying: str
    long_initial: Decimal | None = None
    long_maintenance: Decimal | None = None
    short_initial: Decimal | None = None
    short_maintenance: Decimal | None = None
    naked_standard: Decimal | None = None
    naked_minimum: Decimal | None = None
    naked_floor: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What holdings bind in an account that has nothing else, before fees.

    `requirement` has to be there when they are opened; `taken` is what buying power falls by, what
    they cost included.
    """

    requirement: Decimal
    taken: Decimal


class MarginRule(Protocol):
    """A rule by which holdings of one underlying bind money where nothing else is held."""

    def __call__(
        self,
        holdings: Mapping[Symbol, int],
        prices: Mapping[Symbol, Decimal],
        *,
        on: date,
        settles_in_cash: bool,
    ) -> Bound | None:
        """Return what holdings bind; None without a price. `prices` has the underlying's too."""
        ...
