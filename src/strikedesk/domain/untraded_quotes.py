"""Quotes of what the desk does not trade: futures, options on them, coins."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from strikedesk.domain.quotes import Feed
from strikedesk.domain.untraded import UntradedName


@dataclass(frozen=True, slots=True, kw_only=True)
class UntradedQuote:
    """What a broker says that something costs which the desk does not trade.

    Units: prices as the thing is quoted, in points or USD, and below nothing where they are; sizes
    and volume may be fractions. None = the broker did not say. `mark` is its own.
    """

    name: UntradedName
    at: datetime
    feed: Feed
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = None
    mark: Decimal | None = None
    previous_close: Decimal | None = None
    volume: Decimal | None = None
    open_interest: Decimal | None = None

    @property
    def mid(self) -> Decimal | None:
        """Half way between bid and ask, or None without both, or where they are crossed."""
        if self.bid is None or self.ask is None or self.bid > self.ask:
            return None
        return (self.bid + self.ask) / 2

    def age(self, now: datetime) -> timedelta:
        """How old the quote is at `now`."""
        return now - self.at
