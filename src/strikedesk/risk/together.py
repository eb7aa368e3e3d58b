"""Orders that leave together as one group: the facts of the whole, and one verdict over all.

Law: of two sides no more than one fills, so that the worse of them counts and never both. What
waits for a trigger and only closes what the trigger opens adds nothing to it. Whatever is unknown
of one of them is unknown of the whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from strikedesk.domain.usage import Use
from strikedesk.risk.check import Check, Outcome
from strikedesk.risk.facts import OrderFacts, Risk, use_of
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import assess

_SEVERITY: Final = (Outcome.NOT_RUN, Outcome.PASSED, Outcome.WARNED, Outcome.FAILED)


def whole_of(each: Sequence[OrderFacts], *, has_trigger: bool, risk_added: Risk) -> OrderFacts:
    """Return the facts of a group; `risk_added` is the worst that its orders may add together."""
    first, rest = (each[:1], each[1:]) if has_trigger else ((), each)
    return replace(
        each[0],
        closes=all(facts.closes for facts in each),
        risk_added=risk_added,
        notional_usd=_plus(
            [facts.notional_usd for facts in first],
            [facts.notional_usd for facts in rest if not (has_trigger and facts.closes)],
        ),
    )


def assess_all(each: Sequence[OrderFacts], whole: OrderFacts, limits: Limits) -> tuple[Check, ...]:
    """Apply every limit to each order and to the whole; of each limit the worst check is told."""
    found = [assess(whole, limits)]
    for place, facts in enumerate(each, start=1):
        found.append(tuple(_of_order(check, place) for check in assess(facts, limits)))
    return tuple(_worst(checks) for checks in zip(*found, strict=True))


def uses_of(each: Sequence[OrderFacts], limits: Limits) -> tuple[Use, ...]:
    """Return what each order of a group uses up of its day.

    While two sides work both count: more than can come about, until one has ended.
    """
    return tuple(use_of(facts, limits) for facts in each)


def _worst(checks: Iterable[Check]) -> Check:
    """Return the first of the worst: of equals, the whole's."""
    return max(checks, key=lambda check: _SEVERITY.index(check.outcome))


def _of_order(check: Check, place: int) -> Check:
    return replace(check, facts={**check.facts, "of_order": place})


def _plus(first: Sequence[Decimal | None], rest: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in (*first, *rest) if amount is not None]
    if len(known) < len(first) + len(rest):
        return None
    most = max(known[len(first) :], default=Decimal(0))
    return sum(known[: len(first)], most)
