"""One verdict: every limit applied to the facts of one order, with the figures of each check.

Law: a check that lacks its fact fails; it never passes and never goes unmentioned.

Law: limits are signed. Those against slips of the hand (price, quote, order type, the same order
twice) and the state of a frozen account bind every order, as the halt does. All others limit what
may be opened: an order that only closes, and leaves no more to lose than there was, is excused from
them, for a limit that keeps its owner in a position is no protection. It counts as an order, so
that others wait, and uses nothing of the day's amounts.
"""

from collections.abc import Callable, Sequence
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
# One that counts what other orders used: as it was read with the facts, or at this very moment.
_RuleOfPace: TypeAlias = Callable[[OrderFacts, Used, Limits], Check]

_ALWAYS: Final[tuple[_Rule, ...]] = (
    place.frozen,
    price.order_type,
    price.quote_age,
    price.price_collar,
)
_OPENING_OF_DOUBT: Final[tuple[_RuleOfPace, ...]] = (doubt.unsettled,)
_ALWAYS_OF_PACE: Final[tuple[_RuleOfPace, ...]] = (pace.duplicate,)
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
_OPENING_OF_PACE: Final[tuple[_RuleOfPace, ...]] = (
    pace.loss_of_day,
    pace.notional_of_day,
    pace.orders_of_minute,
    pace.orders_of_day,
)


def assess(facts: OrderFacts, limits: Limits) -> tuple[Check, ...]:
    """Apply every limit; nothing is skipped because another failed."""
    always = [rule(facts, limits) for rule in _ALWAYS]
    opening = _opening([rule(facts, limits) for rule in _OPENING], facts)
    return (*always, *opening, *_of_pace(facts, facts.used, limits))


def deny_beyond(used: Used, facts: OrderFacts, limits: Limits) -> None:
    """Apply the limits that count what others used, on a count of this very moment.

    Raises:
        Denied: as `deny_failed`.
    """
    deny_failed(_of_pace(facts, used, limits))


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


def _of_pace(facts: OrderFacts, used: Used, limits: Limits) -> list[Check]:
    in_doubt = _opening([rule(facts, used, limits) for rule in _OPENING_OF_DOUBT], facts)
    always = [rule(facts, used, limits) for rule in _ALWAYS_OF_PACE]
    opening = _opening([rule(facts, used, limits) for rule in _OPENING_OF_PACE], facts)
    return [*in_doubt, *always, *opening]


def _opening(checks: list[Check], facts: OrderFacts) -> list[Check]:
    return [excused(check) for check in checks] if facts.closes else checks
