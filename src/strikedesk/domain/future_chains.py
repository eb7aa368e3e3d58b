"""The options that are listed on futures of one product: to be read, and never traded."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.instruments import Step
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Right
from strikedesk.domain.untraded import UntradedName

_PRODUCT: Final = re.compile(r"/?([A-Z0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureStrike:
    """One strike, as it is told, with what its two options are called; None = not told."""

    strike: Decimal
    call: str | None
    put: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureExpiration:
    """One expiration of options on one future, strikes ascending.

    Units: `multiplier` USD that a point of an option is worth; `strike_factor` what a strike is
    scaled by, 1 = it is in the future's points. None = the broker did not say; `root`, `style` and
    `settlement` are its words: plain, short text.
    """

    future: str
    root: str | None
    day: date
    style: str | None = None
    settlement: str | None = None
    ends_at: datetime | None = None
    multiplier: Decimal | None = None
    strike_factor: Decimal | None = None
    steps: tuple[Step, ...] = ()
    strikes: tuple[FutureStrike, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An option as a chain lists it. Units: `strike` as it is told."""

    expiration: FutureExpiration
    strike: Decimal
    right: Right


def listed_as(listed: Iterable[FutureExpiration], name: UntradedName) -> Listed | None:
    """Return what an option on a future is by its name; None where no chain has it."""
    on_future = (each for each in listed if name.future == UntradedName(each.future, "future"))
    for expiration in on_future:
        for each in expiration.strikes:
            for called, right in ((each.call, Right.CALL), (each.put, Right.PUT)):
                if called == name.compact:
                    return Listed(expiration=expiration, strike=each.strike, right=right)
    return None


def product_code(text: str) -> str:
    """Read the code of a product of futures: `ES`, also where a slash stands before it.

    Raises:
        Denied: INVALID_ARGUMENT.
    """
    found = _PRODUCT.fullmatch(text.strip().upper())
    if found is None:
        raise Denied(Reason.INVALID_ARGUMENT, argument="product", allowed="a code, as ES")
    return found[1]
