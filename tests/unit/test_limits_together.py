"""The facts of a group as a whole, and the verdict over it and each of its orders."""

from dataclasses import replace
from decimal import Decimal

import pytest

from strikedesk.domain.reasons import Reason
from strikedesk.risk.check import Outcome
from strikedesk.risk.facts import OrderFacts
from strikedesk.risk.together import assess_all, uses_of, whole_of
from tests.limits import FINE, LIMITS

D = Decimal


def an_opening(notional: str | None) -> OrderFacts:
    return replace(FINE, notional_usd=None if notional is None else D(notional))


def a_close(notional: str | None) -> OrderFacts:
    return replace(an_opening(notional), closes=True)


@pytest.mark.parametrize(
    ("each", "has_trigger", "notional"),
    [
        ((an_opening("100"), a_close("240"), a_close("75")), True, "100"),
        ((an_opening("100"), an_opening("240"), an_opening("75")), True, "340"),
        ((an_opening("100"), an_opening("75"), a_close("240")), True, "175"),
        ((an_opening("100"), an_opening("240")), True, "340"),
        ((an_opening("100"), an_opening("240")), False, "240"),
        ((a_close("240"), a_close("75")), False, "240"),
        ((an_opening(None), a_close("240")), True, None),
        ((an_opening("100"), an_opening(None)), True, None),
        ((an_opening("100"), an_opening(None)), False, None),
    ],
)
def test_a_group_stands_for_its_first_order_and_the_larger_of_what_it_opens_behind(
    each: tuple[OrderFacts, ...], has_trigger: bool, notional: str | None
) -> None:
    """Of two sides one fills; what only closes what the first opens was counted with that."""
    whole = whole_of(each, has_trigger=has_trigger, risk_added=D(120))

    assert whole.notional_usd == (None if notional is None else D(notional))
    assert whole.risk_added == D(120)


def test_a_group_only_closes_where_every_order_does() -> None:
    def closes(*each: OrderFacts) -> bool:
        return whole_of(each, has_trigger=False, risk_added=D(0)).closes

    assert closes(a_close("1"), a_close("1"))
    assert not closes(a_close("1"), an_opening("1"))
    assert not closes(an_opening("1"), a_close("1"))


def test_of_each_limit_the_worst_check_is_told_with_the_order_that_it_is_of() -> None:
    large = replace(FINE, contracts=11)
    near = replace(FINE, shares=400)

    checks = {c.name: c for c in assess_all((FINE, near, large), FINE, LIMITS)}

    assert checks["contracts"].outcome is Outcome.FAILED
    assert checks["contracts"].reason is Reason.CONTRACTS_ABOVE_LIMIT
    assert checks["contracts"].facts == {"contracts": 11, "limit": 10, "of_order": 3}
    assert checks["shares"].outcome is Outcome.WARNED
    assert checks["shares"].facts == {"shares": 400, "limit": 500, "of_order": 2}
    assert checks["loss"].facts == {"loss": D(100), "limit": D(1_000)}


def test_what_the_whole_may_lose_is_held_to_the_limit_of_one_order() -> None:
    whole = replace(FINE, risk_added=D(1_001))

    checks = {c.name: c for c in assess_all((FINE, FINE), whole, LIMITS)}

    assert checks["loss"].reason is Reason.LOSS_ABOVE_LIMIT
    assert "of_order" not in checks["loss"].facts


def test_each_order_of_a_group_uses_up_its_own_part_of_the_day() -> None:
    loss, notional = zip(
        *((use.loss_usd, use.notional_usd) for use in uses_of((FINE, a_close("240")), LIMITS)),
        strict=True,
    )

    assert loss == (D(100), D(0))
    assert notional == (D(100), D(0))
