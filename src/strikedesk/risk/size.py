"""How big an order may be: contracts, shares, loss, notional, buying power, delta."""

from decimal import Decimal

from strikedesk.domain.errors import Fact
from strikedesk.domain.reasons import Reason
from strikedesk.risk.check import Check, bounded, lacking, unset, verdict
from strikedesk.risk.facts import OrderFacts
from strikedesk.risk.limits import Limits


def contracts(facts: OrderFacts, limits: Limits) -> Check:
    """Contracts over all legs."""
    return _count("contracts", facts.contracts, limits.contracts_max)


def shares(facts: OrderFacts, limits: Limits) -> Check:
    """Shares over all legs, not counting what contracts stand for."""
    return _count("shares", facts.shares, limits.shares_max)


def loss(facts: OrderFacts, limits: Limits) -> Check:
    """What the order adds to the worst case; without bound only where the owner allows that."""
    added, most = facts.risk_added, limits.loss_usd_max
    if added is None:
        return lacking("loss", "quote")
    if isinstance(added, str):
        allowed = limits.allow_undefined_risk
        told: dict[str, Fact] = {"loss": "undefined", "limit": most}
        return verdict("loss", passed=allowed, reason=Reason.LOSS_UNDEFINED, facts=told)
    return bounded("loss", added, most, Reason.LOSS_ABOVE_LIMIT, {"loss": added, "limit": most})


def notional(facts: OrderFacts, limits: Limits) -> Check:
    """Premium and shares at their prices, every leg counted."""
    amount, most = facts.notional_usd, limits.notional_usd_max
    if amount is None:
        return lacking("notional", "quote")
    told: dict[str, Fact] = {"notional": amount, "limit": most}
    return bounded("notional", amount, most, Reason.NOTIONAL_ABOVE_LIMIT, told)


def buying_power(facts: OrderFacts, limits: Limits) -> Check:
    """What the order takes of the account's buying power, as the broker's pre-flight reckons."""
    before, used = facts.account.buying_power, facts.account.buying_power_used
    if facts.broker_refuses:
        return unset("buying_power", "the_broker_refuses")
    if before is None or used is None:
        return lacking("buying_power", "buying_power")
    most = limits.buying_power_fraction_max * max(before, Decimal(0))
    told: dict[str, Fact] = {"takes": used, "of": before, "limit": most}
    return bounded("buying_power", used, most, Reason.BUYING_POWER_ABOVE_LIMIT, told)


def net_delta(facts: OrderFacts, limits: Limits) -> Check:
    """Shares that the underlying stands for afterwards; an order that brings it nearer passes."""
    most, before, after = limits.net_delta_shares_max, facts.delta_before, facts.delta_after
    if most is None:
        return unset("net_delta")
    if before is None or after is None:
        return lacking("net_delta", "greeks")
    told: dict[str, Fact] = {"before": before, "after": after, "limit": most}
    if abs(after) <= abs(before):
        return verdict("net_delta", passed=True, reason=Reason.DELTA_ABOVE_LIMIT, facts=told)
    return bounded("net_delta", abs(after), most, Reason.DELTA_ABOVE_LIMIT, told)


def _count(name: str, count: int, most: int) -> Check:
    facts: dict[str, Fact] = {name: count, "limit": most}
    return bounded(name, count, most, Reason.CONTRACTS_ABOVE_LIMIT, facts)
