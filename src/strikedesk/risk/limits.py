"""What the owner allows. Set in the settings file or by the CLI; no tool can change a figure."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The owner's limits for one order.

    Units: `loss_usd_max` USD that an order may add to the worst case; `collar_fraction` of the
    price that an order meets, and never less than `collar_usd_min` per share, by which a limit
    may be worse than the market; `quote_age_s_max` seconds, in the venue's time.
    """

    contracts_max: int = 20
    shares_max: int = 2_000
    loss_usd_max: Decimal = Decimal(25_000)
    allow_undefined_risk: bool = False
    allow_option_market_orders: bool = False
    collar_fraction: Decimal = Decimal("0.10")
    collar_usd_min: Decimal = Decimal("0.05")
    quote_age_s_max: int = 60
