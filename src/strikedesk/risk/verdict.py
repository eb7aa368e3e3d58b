"""One verdict: every limit applied to the facts of one order, with the figures of each check.

Law: a check that lacks its fact fails; it never passes and never goes unmentioned.

Law: limits are signed. Those against slips of the hand (price, quote, order type, the same order
twice) and the state of a frozen account bind every order, as the halt does. All others limit what
may be opened: an order that only closes, and leaves no more to lose than there was, is excused from
them, for a limit that keeps its owner in a position is no protection. It counts as an order, so
that others wait, and uses nothing of the day's amounts.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from strikedesk.domain.errors import Denied, Fact
from strikedesk.domain.reasons import Reason
from strikedesk.domain.usage import Used
from strikedesk.risk import doubt, pace, place, price, size
from strikedesk.risk.check import Check, Outcome, excused
from strikedesk.risk.facts import OrderFacts
from strikedesk.risk.limits import Limits

__all__ = ["Check", "OrderFacts", "Outcome", "assess", "deny_beyond", "deny_failed"]

_Rule: TypeAlias = Callable[[OrderFacts, Limits], Check]

_ALWAYS: Final[tuple[_Rule, ...]] = (
    place.frozen,
    price.order_type,
    price.quote_age,
    price.price_collar,
)
_OPENING_OF_DOUBT: Final[tuple[_Rule, ...]] = (doubt.unsettled,)
_ALWAYS_OF_PACE: Final[tuple[_Rule, ...]] = (pace.duplicate,)
_OPENING: Final[tuple[_Rule, ...]] = (
    place.closing_only,
    place.symbol,
    size.contracts,
    size.shares,
    size.loss,
    size.notional,
    size.buying_power,
    size.net_delta,
    place.option_level,
    place.market_hours,
    place.expiration_day,
    place.intraday_margin,
)
_OPENING_OF_PACE: Final[tuple[_Rule, ...]] = (
    pace.loss_of_day,
    pace.notional_of_day,
    pace.orders_of_minute,
    pace.orders_of_day,
)


def assess(facts: OrderFacts, limits: Limits) -> tuple[Check, ...]:
    """Apply every limit; nothing is skipped because another failed."""
    always = _applied(_ALWAYS, facts, limits)
    opening = _opening(_OPENING, facts, limits)
    return (*always, *opening, *_of_pace(facts, limits))


def deny_beyond(used: Used, facts: OrderFacts, limits: Limits) -> None:
    """Apply the limits that count what others used, on a count of this very moment.

    Raises:
        Denied: as `deny_failed`.
    """
    deny_failed(_of_pace(replace(facts, used=used), limits))


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


def _of_pace(facts: OrderFacts, limits: Limits) -> tuple[Check, ...]:
    in_doubt = _opening(_OPENING_OF_DOUBT, facts, limits)
    always = _applied(_ALWAYS_OF_PACE, facts, limits)
    return (*in_doubt, *always, *_opening(_OPENING_OF_PACE, facts, limits))


def _opening(rules: Sequence[_Rule], facts: OrderFacts, limits: Limits) -> tuple[Check, ...]:
    checks = _applied(rules, facts, limits)
    return tuple(map(excused, checks)) if facts.closes else checks


def _applied(rules: Sequence[_Rule], facts: OrderFacts, limits: Limits) -> tuple[Check, ...]:
    return tuple(rule(facts, limits) for rule in rules)
