"""Money and signs.

Law: `limit_net` is per share of one unit, positive = we pay, negative = we receive.
`cash_effect` is the account's view in USD, positive = cash in. The two signs are opposite on
purpose; the names keep them apart.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason

CENT: Final = Decimal("0.01")
PRICE_STEP: Final = Decimal("0.0001")
SHARES_PER_CONTRACT: Final = 100
PRICE_MAX: Final = Decimal(1_000_000)


class PriceEffect(StrEnum):
    """Which way money goes when an order fills."""

    DEBIT = "debit"
    CREDIT = "credit"
    EVEN = "even"


def limit_net(price: Decimal, effect: PriceEffect) -> Decimal:
    """Return the signed net price of a positive `price` and its effect.

    Raises:
        Denied: INVALID_PRICE when the price is negative, not finite, too fine or too large, or
            zero with an effect, or not zero and even.
    """
    if not price.is_finite() or not 0 <= price <= PRICE_MAX:
        raise Denied(Reason.INVALID_PRICE, price=_shown(price), between=f"0 and {PRICE_MAX}")
    if price != price.quantize(PRICE_STEP):
        raise Denied(Reason.INVALID_PRICE, price=_shown(price), finest_step=PRICE_STEP)
    if (price == 0) != (effect is PriceEffect.EVEN):
        raise Denied(Reason.INVALID_PRICE, price=_shown(price), price_effect=effect.value)
    return -price if effect is PriceEffect.CREDIT else price


def price_and_effect(net: Decimal) -> tuple[Decimal, PriceEffect]:
    """Return the positive price and the effect of a signed net price."""
    if net == 0:
        return Decimal(0), PriceEffect.EVEN
    return (abs(net), PriceEffect.DEBIT if net > 0 else PriceEffect.CREDIT)


def to_cents(amount: Decimal) -> Decimal:
    """Round USD to the cent, half to even."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


def on_tick(price: Decimal, tick: Decimal) -> bool:
    """Whether `price` is a whole number of ticks."""
    return price % tick == 0


def _shown(price: Decimal) -> str:
    return str(price)[:24]
