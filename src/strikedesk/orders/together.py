"""A group in the light of the market and the book: each order of it, and all of them as one.

Those that wait are looked at as if their trigger had filled, and each side as if the other were not
there: no more than one of them fills.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from strikedesk.domain.groups import OrderGroup
from strikedesk.domain.payoff import holdings_of
from strikedesk.domain.usage import Allowance, Window
from strikedesk.orders.evidence import Evidence
from strikedesk.orders.figures import Bound, Figures, risk_beside, worst_of
from strikedesk.orders.surroundings import Surroundings
from strikedesk.risk.check import Check
from strikedesk.risk.limits import Limits
from strikedesk.risk.together import assess_all, uses_of, whole_of
from strikedesk.risk.verdict import deny_beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The figures of each order, of which the first tells the risk of all, and one verdict."""

    figures: tuple[Figures, ...]
    checks: tuple[Check, ...]
    allowance: Allowance


def surroundings_in(group: OrderGroup, around: Surroundings) -> tuple[Surroundings, ...]:
    """Return what each order of a group meets by the time it begins to work.

    Raises:
        Denied: CLOSE_EXCEEDS_POSITION, when one has nothing to close by then.
    """
    if group.trigger is None:
        each = (around,) * len(group.orders)
    else:
        each = (around, *(around.after(group.trigger) for _ in group.orders[1:]))
    for order, met in zip(group.orders, each, strict=True):
        met.check_closes(order)
    return each


def weighed(
    group: OrderGroup, evidence: Sequence[Evidence], limits: Limits, window: Window
) -> Together:
    """Return the figures and the verdict; confirming asks for the allowance of all of them."""
    risk = risk_of(group, evidence)
    each = [replace(one.facts(), orders=len(group.orders)) for one in evidence]
    whole = whole_of(each, has_trigger=group.trigger is not None, risk_added=risk)
    use, *beside = uses_of(each, limits)
    first, *rest = (one.figures for one in evidence)
    return Together(
        figures=(replace(first, risk_added=risk), *rest),
        checks=assess_all(each, whole, limits),
        allowance=Allowance(
            window=window,
            use=use,
            admit=partial(deny_beyond, facts=whole, limits=limits),
            limits=limits.as_told,
            beside=tuple(beside),
        ),
    )


def risk_of(group: OrderGroup, evidence: Sequence[Evidence]) -> Bound:
    """Return the worst that the group may add: the trigger, alone or with one of those behind it.

    One that only closes what the trigger opens leaves no more to lose, at whatever price.
    """
    if group.trigger is None:
        return worst_of([one.figures.risk_added for one in evidence])
    first, *rest = evidence
    opening = [one for one in rest if not one.around.only_closes(one.order)]
    return worst_of([first.figures.risk_added, *(_with_trigger(first, one) for one in opening)])


def _with_trigger(first: Evidence, one: Evidence) -> Bound:
    added = [*holdings_of(first.order), *holdings_of(one.order)]
    cash = _sum(first.figures.cash_effect, one.figures.cash_effect)
    return risk_beside(first.around.books(first.order.underlying), added, cash)


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other
