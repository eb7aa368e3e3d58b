"""What the owner allows. Set in the settings file or by the CLI; no tool can change a figure."""

from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, cast

from strikedesk.domain.account_kinds import OptionLevel

if TYPE_CHECKING:  # The settings want the limits alone, and every client waits for them.
    from strikedesk.domain.canonical import Written
    from strikedesk.domain.ledger import Json


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The owner's limits. `None` = the owner has not set that one.

    Those of one order hold what it may still add: of a replacement, the units not filled yet.

    Units: `loss_usd_*` USD that orders may add to the worst case; `notional_usd_*` USD of premium
    and shares at their prices, every leg counted; `*_day_*` over all accounts of a broker since
    midnight in New York; `collar_fraction` of the price that an order meets, and never less than
    `collar_usd_min` per share, by which a limit may be worse than the market; `quote_age_s_max`
    seconds, in the venue's time; `buying_power_fraction_max` of the account's before the order;
    `net_delta_shares_max` shares that the underlying may stand for, either way;
    `expiring_min` and `expiring_short_min` minutes before the close from which a contract that
    ends that day is not opened, or not sold to open; `intraday_excess_usd_min` USD beyond the
    maintenance margin that an opening order has to leave. `duplicate_window_s` 0 = off.
    """

    contracts_max: int = 20
    shares_max: int = 2_000
    loss_usd_max: Decimal = Decimal(25_000)
    loss_usd_day_max: Decimal = Decimal(100_000)
    notional_usd_max: Decimal = Decimal(250_000)
    notional_usd_day_max: Decimal = Decimal(1_000_000)
    allow_undefined_risk: bool = False
    allow_option_market_orders: bool = False
    collar_fraction: Decimal = Decimal("0.10")
    collar_usd_min: Decimal = Decimal("0.05")
    quote_age_s_max: int = 60
    buying_power_fraction_max: Decimal = Decimal("0.50")
    net_delta_shares_max: int | None = None
    allowed_symbols: tuple[str, ...] = ()
    forbidden_symbols: tuple[str, ...] = ()
    orders_minute_max: int = 20
    orders_day_max: int = 300
    duplicate_window_s: int = 60
    option_level_max: OptionLevel | None = None
    closing_only: bool = False
    open_market_only: bool = False
    expiring_min: int = 30
    expiring_short_min: int = 120
    intraday_excess_usd_min: Decimal | None = None

    @cached_property
    def as_told(self) -> "Written":
        """Every limit by name, as the audit trail keeps it: amounts digit for digit."""
        from strikedesk.domain.canonical import Written  # noqa: PLC0415 -- as above

        return Written({limit.name: _told(getattr(self, limit.name)) for limit in fields(self)})


def _told(value: object) -> "Json":
    match value:
        case Decimal():
            return str(value)
        case tuple():
            return [str(each) for each in cast("tuple[object, ...]", value)]
        case str() | int() | None:
            return value
        case _:
            raise TypeError(f"{type(value).__name__} is no limit")
