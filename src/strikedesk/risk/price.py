"""Slips of the hand: an order without a price, on an old quote, or far from the market."""

from decimal import Decimal

from strikedesk.domain.errors import Fact
from strikedesk.domain.orders import OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.risk.check import Check, Outcome, bounded, lacking, verdict
from strikedesk.risk.facts import OrderFacts
from strikedesk.risk.limits import Limits


def order_type(facts: OrderFacts, limits: Limits) -> Check:
    """Options without a limit price, a stop that becomes a market order too."""
    unpriced = facts.order_type in {OrderType.MARKET, OrderType.STOP}
    allowed = limits.allow_option_market_orders or not (unpriced and facts.has_options)
    told: dict[str, Fact] = {"order_type": facts.order_type}
    return verdict("order_type", passed=allowed, reason=Reason.MARKET_ORDER_REFUSED, facts=told)


def quote_age(facts: OrderFacts, limits: Limits) -> Check:
    """How old the oldest leg's quote is."""
    age_s, most = facts.quote_age_s, limits.quote_age_s_max
    if age_s is None:
        return lacking("quote_age", "quote", Reason.QUOTE_MISSING)
    # A quote from the future proves a broken clock somewhere; its age is not a fact.
    told: dict[str, Fact] = {"age_s": age_s, "limit": most}
    return bounded("quote_age", abs(age_s), most, Reason.QUOTE_STALE, told)


def price_collar(facts: OrderFacts, limits: Limits) -> Check:
    """How much worse the limit is than what trades at once; by value, how far the sides differ."""
    if facts.order_type is OrderType.NOTIONAL_MARKET:
        return _spread(facts, limits)
    if facts.limit_net is None:
        note: dict[str, Fact] = {"order_type": facts.order_type}
        return Check(name="price_collar", outcome=Outcome.NOT_RUN, facts=note)
    if facts.market_net is None:
        return lacking("price_collar", "market_net", Reason.QUOTE_MISSING)
    room = _room(facts.market_net, limits)
    told: dict[str, Fact] = {
        "limit_net": facts.limit_net,
        "market_net": facts.market_net,
        "worst_allowed_net": facts.market_net + room,
    }
    worse: Decimal = facts.limit_net - facts.market_net
    return bounded("price_collar", worse, room, Reason.PRICE_OUTSIDE_COLLAR, told)


def _spread(facts: OrderFacts, limits: Limits) -> Check:
    """What has no price to be held to trades only where both sides are near each other."""
    if facts.spread is None or facts.market_net is None:
        return lacking("price_collar", "both_sides", Reason.QUOTE_MISSING)
    room = _room(facts.market_net, limits)
    told: dict[str, Fact] = {"spread": facts.spread, "limit": room}
    return bounded("price_collar", facts.spread, room, Reason.PRICE_OUTSIDE_COLLAR, told)


def _room(market: Decimal, limits: Limits) -> Decimal:
    """Return by how much a price may be worse than the market's."""
    return max(limits.collar_usd_min, limits.collar_fraction * abs(market))
