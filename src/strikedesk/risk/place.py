"""Where and when: which underlyings, which accounts, which hours, which last days."""

from decimal import Decimal

from strikedesk.domain.account_kinds import OptionLevel
from strikedesk.domain.errors import Fact
from strikedesk.domain.reasons import Reason
from strikedesk.risk.check import Check, lacking, unset, verdict
from strikedesk.risk.facts import OrderFacts
from strikedesk.risk.limits import Limits


def frozen(facts: OrderFacts, limits: Limits) -> Check:  # noqa: ARG001 -- every check is asked alike
    """Whether the broker takes any order for the account."""
    told = facts.account.frozen
    if told is None:
        return lacking("account", "frozen")
    return verdict("account", passed=not told, reason=Reason.ACCOUNT_FROZEN, facts={"frozen": told})


def closing_only(facts: OrderFacts, limits: Limits) -> Check:
    """Whether the owner, or the broker, lets nothing be opened."""
    told = facts.account.closing_only
    if told is None and not limits.closing_only:
        return lacking("closing_only", "closing_only")
    by: dict[str, Fact] = {"by_owner": limits.closing_only, "by_broker": told}
    free = not (limits.closing_only or told)
    return verdict("closing_only", passed=free, reason=Reason.CLOSING_ONLY, facts=by)


def symbol(facts: OrderFacts, limits: Limits) -> Check:
    """Whether the owner lets the underlying be opened; an empty list of allowed ones allows all."""
    ticker, allowed = facts.underlying, limits.allowed_symbols
    free = ticker not in limits.forbidden_symbols and (not allowed or ticker in allowed)
    reason = Reason.SYMBOL_NOT_ALLOWED
    return verdict("symbol", passed=free, reason=reason, facts={"underlying": ticker})


def option_level(facts: OrderFacts, limits: Limits) -> Check:
    """The level that the order needs; the lower of the broker's and the owner's counts."""
    told = [lv for lv in (facts.account.option_level, limits.option_level_max) if lv is not None]
    if facts.level_needed is OptionLevel.NONE:
        return unset("option_level", "opens_no_options")
    if not told:
        return lacking("option_level", "option_level")
    level = min(told, key=lambda each: each.rank)
    figures: dict[str, Fact] = {"needed": facts.level_needed.value, "level": level.value}
    enough = facts.level_needed.rank <= level.rank
    reason = Reason.OPTION_LEVEL_TOO_LOW
    return verdict("option_level", passed=enough, reason=reason, facts=figures)


def market_hours(facts: OrderFacts, limits: Limits) -> Check:
    """Whether the market is open, in hours of the order's own, where the owner wants it to be."""
    if not limits.open_market_only:
        return unset("market_hours")
    if facts.market_open is None:
        return lacking("market_hours", "whether_the_shares_trade_overnight")
    told: dict[str, Fact] = {"market_open": facts.market_open}
    reason = Reason.MARKET_CLOSED
    return verdict("market_hours", passed=facts.market_open, reason=reason, facts=told)


def expiration_day(facts: OrderFacts, limits: Limits) -> Check:
    """Whether a contract is opened, or sold to open, too late on its last day."""
    left, short_left = facts.minutes_left, facts.minutes_left_short
    if left is None:
        return unset("expiration_day", "opens_nothing_that_ends_today")
    late = left < limits.expiring_min
    late_short = short_left is not None and short_left < limits.expiring_short_min
    most = limits.expiring_short_min if short_left is not None else limits.expiring_min
    told: dict[str, Fact] = {"minutes_left": left, "limit": max(most, limits.expiring_min)}
    reason = Reason.EXPIRES_TOO_SOON
    return verdict("expiration_day", passed=not (late or late_short), reason=reason, facts=told)


def intraday_margin(facts: OrderFacts, limits: Limits) -> Check:
    """What is left beyond the maintenance margin once the order takes its part."""
    least = limits.intraday_excess_usd_min
    if least is None:
        return unset("intraday_margin")
    excess, used = facts.account.maintenance_excess, facts.account.buying_power_used
    if excess is None or used is None:
        return lacking("intraday_margin", "maintenance_excess")
    left = excess - max(used, Decimal(0))
    told: dict[str, Fact] = {"leaves": left, "limit": least}
    reason = Reason.INTRADAY_MARGIN_SHORT
    return verdict("intraday_margin", passed=left >= least, reason=reason, facts=told)
