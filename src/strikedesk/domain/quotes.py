"""Quotes, bars and chains, as any market tells them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from strikedesk.domain.greeks import Greeks
from strikedesk.domain.symbols import OptionSymbol, Symbol
from strikedesk.domain.value_class import value_class

_NOTHING: Final = Decimal(0)


class Feed(StrEnum):
    """How far a price can be believed."""

    SIMULATED = "simulated"
    TAPE = "tape"
    REALTIME = "realtime"
    DELAYED = "delayed"


@value_class
class Quote:
    """Two sides of a market at one instant.

    Units: USD per share; sizes in contracts (options) or shares. `None` = unknown: an absent side
    is never 0. A bid of 0 is a real quote: nobody pays anything.
    """

    symbol: Symbol
    at: datetime
    feed: Feed
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: int | None = None
    ask_size: int | None = None
    last: Decimal | None = None
    previous_close: Decimal | None = None
    volume: int | None = None
    open_interest: int | None = None

    @property
    def two_sided(self) -> bool:
        """Whether somebody stands on both sides, uncrossed."""
        return self.mid is not None

    @property
    def mid(self) -> Decimal | None:
        """Half way between bid and ask, or None without both."""
        bid, ask = self.bid, self.ask
        if bid is None or ask is None or not _NOTHING <= bid <= ask > _NOTHING:
            return None
        return (bid + ask) / 2

    @property
    def mark(self) -> Decimal | None:
        """The best single price: the mid, else the last trade, else unknown."""
        mid = self.mid
        return self.last if mid is None else mid

    def natural(self, sign: int) -> Decimal | None:
        """The price at which a buyer (+1) or a seller (-1) trades at once."""
        return self.ask if sign > 0 else self.bid

    def age(self, now: datetime) -> timedelta:
        """How old the quote is at `now`."""
        return now - self.at


class Interval(StrEnum):
    """The width of a bar."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"
    WEEK = "1w"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Prices over one interval, starting at `at`. Units: USD per share, shares."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int | None = None


class Settlement(StrEnum):
    """When a contract's last price is taken."""

    AM = "am"
    PM = "pm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiration:
    """A listed expiration. `day` is an exchange date; `standard` marks the monthly one."""

    underlying: str
    root: str
    day: date
    days: int
    standard: bool
    settlement: Settlement
    strikes: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One contract of a chain with its market and its Greeks (None where not computable)."""

    contract: OptionSymbol
    quote: Quote
    greeks: Greeks | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Every listed contract asked for, by expiration, strike and right (calls first).

    `complete` is False when the broker could not tell all; `spot` is the underlying's quote.
    """

    underlying: str
    spot: Quote
    as_of: datetime
    rows: tuple[ChainRow, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolInfo:
    """What a search finds. `description` is the broker's text: untrusted."""

    symbol: Symbol
    description: str
    kind: str
    has_options: bool
