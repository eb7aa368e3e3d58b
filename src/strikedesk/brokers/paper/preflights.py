"""What the broker says beforehand, made of what the exchange found."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from strikedesk.domain.broking import Preflight
from strikedesk.domain.errors import Rejected
from strikedesk.domain.groups import OrderGroup
from strikedesk.domain.money import to_cents
from strikedesk.exchange.assess import Assessment

UNKNOWN: Final = Preflight(
    fees=None, buying_power_before=None, buying_power_after=None, margin_change=None
)


def told(found: Assessment) -> Preflight:
    """Return the figures of one order."""
    figures = Preflight(
        fees=found.fees,
        buying_power_before=cents(found.before),
        buying_power_after=cents(found.after),
        margin_change=cents(found.margin_change),
    )
    return figures if found.refusal is None else refused(figures, found.refusal)


def told_of_group(group: OrderGroup, found: Sequence[Assessment]) -> Preflight:
    """Return the figures of what can fill together: a trigger, and of two sides the dearer."""
    refusal = next((each.refusal for each in found if each.refusal is not None), None)
    if refusal is not None:
        return refused(UNKNOWN, refusal)
    alone = found[: len(found) - len(group.sides)]
    sides = found[len(alone) :]
    consumes = _together([f.consumes for f in alone], [f.consumes for f in sides])
    before = found[0].before
    after = None if before is None or consumes is None else before - consumes
    return Preflight(
        fees=_together([f.fees for f in alone], [f.fees for f in sides]),
        buying_power_before=cents(before),
        buying_power_after=cents(after),
        margin_change=cents(
            _together([f.margin_change for f in alone], [f.margin_change for f in sides])
        ),
    )


def refused(figures: Preflight, refusal: Rejected) -> Preflight:
    """Return the figures with what the order would be refused for."""
    because = {name: fact for name, fact in refusal.facts.items() if name != "code"}
    return replace(figures, refusals=(refusal.reason.name.lower(),), because=because)


def cents(amount: Decimal | None) -> Decimal | None:
    """Round USD to the cent, where known."""
    return None if amount is None else to_cents(amount)


def _together(alone: Sequence[Decimal | None], sides: Sequence[Decimal | None]) -> Decimal | None:
    """Return what the trigger comes to with all that waits for it; None where one is not known.

    Of two sides the dearer counts. What waits would free is no help to the trigger, which is first.
    """
    known = [amount for amount in (*alone, *sides) if amount is not None]
    if len(known) < len(alone) + len(sides):
        return None
    dearer = [max(known[len(alone) :])] if sides else []
    first, *waiting = (*known[: len(alone)], *dearer)
    return first + sum((max(each, Decimal(0)) for each in waiting), Decimal(0))
