"""The options that are listed on futures of one product: to be read, and never traded."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.instruments import Step
from strikedesk.domain.reasons import Reason

_PRODUCT: Final = re.compile(r"/?([A-Z0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureStrike:
    """One strike, in the future's points, with what its two options are called; None = not told."""

    strike: Decimal
    call: str | None
    put: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureExpiration:
    """One expiration of options on one future, strikes ascending.

    Units: `multiplier` USD that a point of an option is worth. None = the broker did not say;
    `root`, `style` and `settlement` are its words: plain, short text.
    """

    future: str
    root: str | None
    day: date
    style: str | None = None
    settlement: str | None = None
    ends_at: datetime | None = None
    multiplier: Decimal | None = None
    steps: tuple[Step, ...] = ()
    strikes: tuple[FutureStrike, ...] = ()


def product_code(text: str) -> str:
    """Read the code of a product of futures: `ES`, also where a slash stands before it.

    Raises:
        Denied: INVALID_ARGUMENT.
    """
    found = _PRODUCT.fullmatch(text.strip().upper())
    if found is None:
        raise Denied(Reason.INVALID_ARGUMENT, argument="product", allowed="a code, as ES")
    return found[1]
