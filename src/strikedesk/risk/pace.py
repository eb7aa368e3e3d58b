"""How much in a day and how fast: counted from the ledger, and again inside the claim."""

from decimal import Decimal

from strikedesk.domain.errors import Fact
from strikedesk.domain.reasons import Reason
from strikedesk.domain.usage import Used
from strikedesk.risk.check import Check, bounded, unset, verdict
from strikedesk.risk.facts import OrderFacts, use_of
from strikedesk.risk.limits import Limits


def loss_of_day(facts: OrderFacts, used: Used, limits: Limits) -> Check:
    """What the day's orders add to the worst case, this one with them."""
    adds = use_of(facts, limits).loss_usd
    most = limits.loss_usd_day_max
    return _amount("loss_of_day", used.loss_usd_today, adds, most, Reason.DAY_LOSS_ABOVE_LIMIT)


def notional_of_day(facts: OrderFacts, used: Used, limits: Limits) -> Check:
    """The notional of the day's orders, this one with them."""
    adds, most = use_of(facts, limits).notional_usd, limits.notional_usd_day_max
    before, reason = used.notional_usd_today, Reason.DAY_NOTIONAL_ABOVE_LIMIT
    return _amount("notional_of_day", before, adds, most, reason)


def orders_of_minute(facts: OrderFacts, used: Used, limits: Limits) -> Check:
    """Orders confirmed in the last sixty seconds, this one with them."""
    count, most = used.orders_this_minute + facts.orders, limits.orders_minute_max
    told: dict[str, Fact] = {"orders": count, "limit": most}
    return bounded("orders_of_minute", count, most, Reason.ORDERS_TOO_FAST, told)


def orders_of_day(facts: OrderFacts, used: Used, limits: Limits) -> Check:
    """Orders confirmed since midnight in New York, this one with them."""
    count, most = used.orders_today + facts.orders, limits.orders_day_max
    told: dict[str, Fact] = {"orders": count, "limit": most}
    return bounded("orders_of_day", count, most, Reason.DAY_ORDERS_ABOVE_LIMIT, told)


def duplicate(facts: OrderFacts, used: Used, limits: Limits) -> Check:  # noqa: ARG001 -- every check is asked alike
    """Whether an equal order left within the window: same account, legs, prices and life."""
    if not limits.duplicate_window_s:
        return unset("duplicate")
    twin, window_s = used.twin, limits.duplicate_window_s
    told: dict[str, Fact] = {"window_s": window_s}
    if twin is not None:
        told["earlier_order_id"] = twin
    return verdict("duplicate", passed=twin is None, reason=Reason.DUPLICATE_ORDER, facts=told)


def _amount(name: str, before: Decimal, adds: Decimal, most: Decimal, reason: Reason) -> Check:
    told: dict[str, Fact] = {"before": before, "adds": adds, "limit": most}
    if not adds:
        return verdict(name, passed=True, reason=reason, facts=told)
    return bounded(name, before + adds, most, reason, told)
