"""What the limits look at: the facts of one order, its account and its day."""

from decimal import Decimal
from typing import Final, Literal, TypeAlias

from strikedesk.domain.account_kinds import OptionLevel
from strikedesk.domain.orders import OrderType
from strikedesk.domain.usage import Use, Used
from strikedesk.domain.value_class import value_class
from strikedesk.risk.limits import Limits

# USD, or that nothing bounds it, or None where nobody can say.
Risk: TypeAlias = Decimal | Literal["unlimited"] | None
_NOTHING: Final = Decimal(0)


@value_class
class AccountFacts:
    """What the account may do and what is left of it. `None` = unknown.

    Units: USD; `buying_power_used` negative = the order frees some.
    """

    frozen: bool | None
    closing_only: bool | None
    option_level: OptionLevel | None
    buying_power: Decimal | None
    buying_power_used: Decimal | None
    maintenance_excess: Decimal | None = None


@value_class
class OrderFacts:
    """What the limits look at.

    Units: `risk_added` USD by which the order worsens the worst case at expiration of everything
    held in the underlying (negative = it frees risk), `None` = unknown; `notional_usd` USD of all
    legs at their prices; nets USD per share of one unit, positive = we pay; `market_net` what it
    meets: the natural net, or its stop where that is worse; `quote_age_s` the oldest leg's,
    `None` = some leg has no quote; `market_open` in hours in which this order may trade, `None` =
    it depends on the shares; `minutes_left` to the close for contracts that are opened and
    end that day, `None` = it opens none; deltas in shares, before the order and after.
    Law: `closes` = every leg only takes back what is held, and what is left can lose no more than
    what was there. What `broker_refuses` is denied with the broker's own reason, so that what its
    pre-flight leaves open is no missing fact. `orders` counts those that leave together. `spread`
    USD between the sides of the one leg that there is, `None` = unknown, or there are more.
    """

    underlying: str
    contracts: int
    shares: int
    has_options: bool
    order_type: OrderType
    closes: bool
    risk_added: Risk
    notional_usd: Decimal | None
    limit_net: Decimal | None
    market_net: Decimal | None
    quote_age_s: Decimal | None
    market_open: bool | None
    minutes_left: Decimal | None
    minutes_left_short: Decimal | None
    level_needed: OptionLevel
    account: AccountFacts
    broker_refuses: bool
    used: Used
    delta_before: Decimal | None = None
    delta_after: Decimal | None = None
    orders: int = 1
    spread: Decimal | None = None


def use_of(facts: OrderFacts, limits: Limits) -> Use:
    """Return what the order uses up of its day.

    A loss without bound, where the owner allows one, uses as much as the largest order may.
    """
    if facts.closes or facts.risk_added is None or facts.notional_usd is None:
        # Unknown amounts never get this far: the checks of the order itself have denied them.
        return Use(loss_usd=_NOTHING, notional_usd=_NOTHING)
    loss = limits.loss_usd_max if isinstance(facts.risk_added, str) else facts.risk_added
    return Use(loss_usd=max(loss, _NOTHING), notional_usd=facts.notional_usd)
