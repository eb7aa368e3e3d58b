"""Alerts: a figure, a level, and a word when the first passes the second."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol


class Measure(StrEnum):
    """What is watched. `price` is a symbol's mark, USD a share; all others an account's, USD.

    `dollar_delta`, `theta` and `vega` are sums over what the account holds.
    """

    PRICE = "price"
    NET_LIQUIDATION = "net_liquidation"
    OPEN_PROFIT = "open_profit"
    DAY_PROFIT = "day_profit"
    MAINTENANCE_EXCESS = "maintenance_excess"
    DOLLAR_DELTA = "dollar_delta"
    THETA = "theta"
    VEGA = "vega"


class Side(StrEnum):
    """From which side of the level a figure speaks."""

    AT_OR_ABOVE = "at_or_above"
    AT_OR_BELOW = "at_or_below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Watched until it fires, once; then kept, with when and at what value, until it is removed.

    `broker` is whose prices and accounts are meant, by its name; `account` a handle.
    Law: a price has a symbol and no account, any other measure an account and no symbol; fired
    means both `fired_at` and `fired_value`. Else `Denied(INVALID_ARGUMENT)`.
    """

    alert_id: str
    broker: str
    measure: Measure
    side: Side
    level: Decimal
    symbol: Symbol | None
    account: str | None
    note: str
    created_at: datetime
    fired_at: datetime | None = None
    fired_value: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse what nothing could be watched of."""
        wanted, other = ("symbol", "account")
        if self.measure is not Measure.PRICE:
            wanted, other = other, wanted
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            needed = f"{self.measure} needs {wanted} and no {other}"
            raise Denied(Reason.INVALID_ARGUMENT, argument=wanted, needed=needed)

    def passed_by(self, value: Decimal) -> bool:
        """Whether a value is what it waits for."""
        return value >= self.level if self.side is Side.AT_OR_ABOVE else value <= self.level
