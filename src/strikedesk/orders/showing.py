"""What a preview shows, as it is kept: checks with their figures, and everything as text."""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from strikedesk.domain.broking import BrokerOrder, Preflight
from strikedesk.domain.canonical import canonical_json
from strikedesk.domain.ledger import Json
from strikedesk.domain.money import to_cents
from strikedesk.domain.orders import OrderRequest
from strikedesk.orders.figures import Bound, Figures
from strikedesk.risk.verdict import Check, Outcome

_BESIDE: Final = "beside"
_AMOUNT_MAX: Final = Decimal(10) ** 15


def all_checks(checks: Sequence[Check], preflight: Preflight | None) -> tuple[Check, ...]:
    """Add what the broker was asked, and name what it did not answer."""
    if preflight is None:
        return tuple(checks)
    answers: dict[str, Decimal | None] = {
        "fees": preflight.fees,
        "buying_power": preflight.buying_power_after,
    }
    asked = tuple(
        Check(
            name=f"broker_{name}",
            outcome=Outcome.NOT_RUN if amount is None else Outcome.PASSED,
            facts={name: None if amount is None else to_cents(amount)},
        )
        for name, amount in answers.items()
    )
    return (*checks, *asked)


def working_check(order: BrokerOrder | None) -> Check:
    """Return how far an order got that is to be cancelled; None = the broker could not be asked."""
    if order is None:
        return Check(name="order_working", outcome=Outcome.NOT_RUN)
    return Check(
        name="order_working",
        outcome=Outcome.PASSED,
        facts={
            "state": order.state.value,
            "filled": order.filled_units,
            "of": order.order.units,
        },
    )


def shown(
    order: OrderRequest,
    figures: Figures | None,
    preflight: Preflight | None,
    checks: Sequence[Check],
    warnings: Sequence[str],
    *,
    beside: Sequence[tuple[OrderRequest, Figures]] = (),
) -> dict[str, Json]:
    """Return what a preview showed, for the record: figures and checks as text.

    Of a group they are those of its first order, and `beside` those of the others.
    """
    return {
        "limit_net": _text(order.limit_net),
        "mid_net": _text(figures.mid_net) if figures else None,
        "natural_net": _text(figures.natural_net) if figures else None,
        "cash_effect": _text(figures.cash_effect) if figures else None,
        "max_loss": _text(figures.max_loss) if figures else None,
        "risk_added": _text(figures.risk_added) if figures else None,
        "fees": _text(preflight.fees) if preflight else None,
        "buying_power_before": _text(preflight.buying_power_before) if preflight else None,
        "buying_power_after": _text(preflight.buying_power_after) if preflight else None,
        "quote_age_s": _text(figures.quote_age_s) if figures else None,
        "checks": [[check.name, check.outcome, _facts(check)] for check in checks],
        "warnings": list(warnings),
        **({_BESIDE: [_own(*each) for each in beside]} if beside else {}),
    }


def shown_beside(shown: Mapping[str, Json]) -> tuple[Mapping[str, Json], ...]:
    """Return what a preview showed of the other orders of its group."""
    told = shown.get(_BESIDE)
    return (
        tuple(each for each in told if isinstance(each, Mapping)) if isinstance(told, list) else ()
    )


def _own(order: OrderRequest, figures: Figures) -> dict[str, Json]:
    """Return the figures that an order of a group has for itself."""
    return {
        "limit_net": _text(order.limit_net),
        "mid_net": _text(figures.mid_net),
        "natural_net": _text(figures.natural_net),
        "cash_effect": _text(figures.cash_effect),
        "risk_added": _text(figures.risk_added),
        "quote_age_s": _text(figures.quote_age_s),
    }


def digest_of_shown(shown: Mapping[str, Json]) -> str:
    """Return the SHA-256 of what a preview showed, hex, over its canonical text."""
    return hashlib.sha256(canonical_json(shown).encode("ascii")).hexdigest()


def amount_in(shown: Mapping[str, Json], name: str) -> Bound:
    """Return an amount that a preview showed; None where it is unknown, or no amount at all.

    One that no order comes to is none: nobody could round it, and nobody should believe it.
    """
    value = shown.get(name)
    if value == "unlimited":
        return "unlimited"
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    if amount is None or not amount.is_finite() or abs(amount) > _AMOUNT_MAX:
        return None
    return amount


def _facts(check: Check) -> Mapping[str, Json]:
    return {name: None if fact is None else str(fact) for name, fact in check.facts.items()}


def _text(fact: object) -> str | None:
    return None if fact is None else str(fact)
