"""What an account may hold and a broker may quote that the desk knows by name, and never trades.

Futures, options on them, coins, fractions of shares and whatever else a broker names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final

# What is told of a share of which less than a whole one is held.
FRACTION_OF_A_SHARE: Final = "fraction_of_a_share"

# Month letters of futures; one digit of the year, or two.
_FUTURE: Final = r"/([A-Z0-9]{1,5})[FGHJKMNQUVXZ]\d{1,2}"
_PRODUCT: Final = re.compile(_FUTURE, re.ASCII)
_KINDS: Final = MappingProxyType(
    {
        "future": re.compile(_FUTURE, re.ASCII),
        "future_option": re.compile(r"\./[A-Z0-9 ./]{4,36}", re.ASCII),
        "cryptocurrency": re.compile(r"[A-Z0-9]{2,10}/(?:USD[A-Z]?|EUR|BTC|ETH)", re.ASCII),
    }
)


# An option on a future: the future, the option and its day, with what pads them to five and six.
_PARTS: Final = re.compile(r"\./([A-Z0-9]+) +([A-Z0-9]+) +(\d{6}[CP][0-9.]+)", re.ASCII)


def untraded_kind(text: str) -> str | None:
    """Return what a spelling in capitals names that is no share, index or option on one."""
    return next((kind for kind, form in _KINDS.items() if form.fullmatch(text)), None)


@dataclass(frozen=True, slots=True)
class UntradedName:
    """What a future, an option on one or a coin is called by the brokers that quote it.

    It is no `Symbol`, so that no order can be made of one.
    """

    compact: str
    kind: str

    @property
    def future(self) -> "UntradedName | None":
        """The future that an option on one delivers; None of anything else."""
        parts = _PARTS.fullmatch(self.compact)
        return UntradedName(f"/{parts[1]}", "future") if parts else None

    @property
    def product(self) -> str:
        """The code of a future's product, `ES` of `/ESZ6`; empty of anything else."""
        found = _PRODUCT.fullmatch(self.compact)
        return found[1] if found else ""


def untraded_name(text: str) -> UntradedName | None:
    """Read such a name, however its parts are spaced; None for what is none."""
    given = text.strip().upper()
    kind = untraded_kind(given)
    if parts := _PARTS.fullmatch(given):
        future, option, day = parts.groups()
        given = f"./{future:<5}{option:<6}{day}"
    return None if kind is None else UntradedName(given, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Untraded:
    """Something held that is no share, index or option of the desk.

    Units: `quantity` signed (+ long); prices USD as the broker quotes the thing, `multiplier` USD
    for one of them; None = the broker did not say. `symbol` and `kind` are plain, short text.
    """

    account_id: str = field(repr=False)
    symbol: str
    kind: str
    quantity: Decimal | None
    multiplier: Decimal | None = None
    average_price: Decimal | None = None
    mark: Decimal | None = None

    @property
    def market_value(self) -> Decimal | None:
        """USD that it stands for at its mark, negative when short: of a future, its notional."""
        if self.mark is None or self.quantity is None or self.multiplier is None:
            return None
        return self.mark * self.quantity * self.multiplier


def fractions_of(beside: Iterable[Untraded]) -> dict[str, Decimal]:
    """Return the parts of shares among what is held beside, by ticker, with their sign."""
    return {
        each.symbol: each.quantity
        for each in beside
        if each.kind == FRACTION_OF_A_SHARE and each.quantity is not None
    }
