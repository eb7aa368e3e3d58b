"""One verdict: every limit applied to the facts of one order, with the figures of each check.

Law: a check that lacks its fact fails; it never passes and never goes unmentioned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from strikedesk.domain.errors import Denied, Fact
from strikedesk.domain.orders import OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.risk.limits import Limits


class Outcome(StrEnum):
    """How a check ended. `not_run` is for checks that cannot apply or had nobody to ask."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check by name, how it ended, and the figures it looked at."""

    name: str
    outcome: Outcome
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What the limits look at.

    Units: `risk_added` USD by which the order worsens the worst case at expiration of everything
    held in the underlying (negative = it frees risk), `None` = unknown; nets USD per share of one
    unit, positive = we pay; `market_net` what it meets: the natural net, or its stop where that is
    worse; `quote_age_s` the oldest leg's, `None` = some leg has no quote.
    """

    contracts: int
    shares: int
    has_options: bool
    order_type: OrderType
    risk_added: Decimal | Literal["unlimited"] | None
    limit_net: Decimal | None
    market_net: Decimal | None
    quote_age_s: Decimal | None


def assess(facts: OrderFacts, limits: Limits) -> tuple[Check, ...]:
    """Apply every limit; nothing is skipped because another failed."""
    return (
        _size("contracts", facts.contracts, limits.contracts_max),
        _size("shares", facts.shares, limits.shares_max),
        _risk(facts.risk_added, limits),
        _order_type(facts, limits),
        _quote_age(facts.quote_age_s, limits),
        _collar(facts, limits),
    )


def deny_failed(checks: Sequence[Check]) -> None:
    """Raise for the first failed check, naming the others that failed too.

    Raises:
        Denied: with that check's reason and figures.
    """
    failed = [check for check in checks if check.outcome is Outcome.FAILED]
    if not failed:
        return
    first = failed[0]
    others = ", ".join(check.name for check in failed[1:])
    also: dict[str, Fact] = {"also_failed": others} if others else {}
    raise Denied(first.reason or Reason.CHECK_IMPOSSIBLE, check=first.name, **first.facts, **also)


def _size(name: str, count: int, most: int) -> Check:
    facts: dict[str, Fact] = {name: count, "limit": most}
    return _check(name, count <= most, Reason.CONTRACTS_ABOVE_LIMIT, facts)


def _risk(added: Decimal | Literal["unlimited"] | None, limits: Limits) -> Check:
    if added is None:
        return _check("loss", False, Reason.CHECK_IMPOSSIBLE, {"loss": None, "missing": "quote"})
    if added == "unlimited":
        allowed = limits.allow_undefined_risk
        facts: dict[str, Fact] = {"loss": "undefined", "limit": limits.loss_usd_max}
        return _check("loss", allowed, Reason.LOSS_UNDEFINED, facts)
    facts = {"loss": added, "limit": limits.loss_usd_max}
    return _check("loss", added <= limits.loss_usd_max, Reason.LOSS_ABOVE_LIMIT, facts)


def _order_type(facts: OrderFacts, limits: Limits) -> Check:
    unpriced = facts.order_type in {OrderType.MARKET, OrderType.STOP}
    allowed = limits.allow_option_market_orders or not (unpriced and facts.has_options)
    told: dict[str, Fact] = {"order_type": facts.order_type.value}
    return _check("order_type", allowed, Reason.MARKET_ORDER_REFUSED, told)


def _quote_age(age_s: Decimal | None, limits: Limits) -> Check:
    facts: dict[str, Fact] = {"age_s": age_s, "limit": limits.quote_age_s_max}
    if age_s is None:
        return _check("quote_age", False, Reason.QUOTE_MISSING, facts)
    # A quote from the future proves a broken clock somewhere; its age is not a fact.
    fresh = -limits.quote_age_s_max <= age_s <= limits.quote_age_s_max
    return _check("quote_age", fresh, Reason.QUOTE_STALE, facts)


def _collar(facts: OrderFacts, limits: Limits) -> Check:
    if facts.limit_net is None:
        note: dict[str, Fact] = {"order_type": facts.order_type.value}
        return Check(name="price_collar", outcome=Outcome.NOT_RUN, facts=note)
    if facts.market_net is None:
        return _check("price_collar", False, Reason.QUOTE_MISSING, {"market_net": None})
    room = max(limits.collar_usd_min, limits.collar_fraction * abs(facts.market_net))
    worst = facts.market_net + room
    told: dict[str, Fact] = {
        "limit_net": facts.limit_net,
        "market_net": facts.market_net,
        "worst_allowed_net": worst,
    }
    return _check("price_collar", facts.limit_net <= worst, Reason.PRICE_OUTSIDE_COLLAR, told)


def _check(name: str, passed: bool, reason: Reason, facts: Mapping[str, Fact]) -> Check:
    if passed:
        return Check(name=name, outcome=Outcome.PASSED, facts=facts)
    return Check(name=name, outcome=Outcome.FAILED, facts=facts, reason=reason)
