"""The owner's limits: each at its boundary, and each denying when its fact is missing."""

from dataclasses import replace
from decimal import Decimal

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Check, OrderFacts, Outcome, assess, deny_failed

LIMITS = Limits(
    contracts_max=10,
    shares_max=500,
    loss_usd_max=Decimal(1_000),
    collar_fraction=Decimal("0.10"),
    collar_usd_min=Decimal("0.05"),
    quote_age_s_max=60,
)
FINE = OrderFacts(
    contracts=1,
    shares=0,
    has_options=True,
    order_type=OrderType.LIMIT,
    risk_added=Decimal(100),
    limit_net=Decimal("1.00"),
    market_net=Decimal("1.00"),
    quote_age_s=Decimal(1),
)


def failures(facts: OrderFacts, limits: Limits = LIMITS) -> list[tuple[str, Reason | None]]:
    return [(c.name, c.reason) for c in assess(facts, limits) if c.outcome is Outcome.FAILED]


def test_an_order_inside_every_limit_passes_every_check() -> None:
    assert failures(FINE) == []
    assert {check.outcome for check in assess(FINE, LIMITS)} == {Outcome.PASSED}


D = Decimal


@pytest.mark.promise("limits")
@pytest.mark.parametrize(
    ("facts", "fails"),
    [
        (replace(FINE, contracts=9), None),
        (replace(FINE, contracts=10), None),
        (replace(FINE, contracts=11), ("contracts", Reason.CONTRACTS_ABOVE_LIMIT)),
        (replace(FINE, shares=500), None),
        (replace(FINE, shares=501), ("shares", Reason.CONTRACTS_ABOVE_LIMIT)),
        (replace(FINE, risk_added=D("999.99")), None),
        (replace(FINE, risk_added=D(1_000)), None),
        (replace(FINE, risk_added=D("1000.01")), ("loss", Reason.LOSS_ABOVE_LIMIT)),
        (replace(FINE, risk_added=D(-50_000)), None),
        (replace(FINE, risk_added="unlimited"), ("loss", Reason.LOSS_UNDEFINED)),
        (replace(FINE, quote_age_s=D("59.999")), None),
        (replace(FINE, quote_age_s=D(60)), None),
        (replace(FINE, quote_age_s=D("60.001")), ("quote_age", Reason.QUOTE_STALE)),
        (replace(FINE, quote_age_s=D("-60.001")), ("quote_age", Reason.QUOTE_STALE)),
        (replace(FINE, limit_net=D("1.09")), None),
        (replace(FINE, limit_net=D("1.10")), None),
        (replace(FINE, limit_net=D("1.11")), ("price_collar", Reason.PRICE_OUTSIDE_COLLAR)),
        (replace(FINE, limit_net=D("0.10"), market_net=D("0.05")), None),
        (
            replace(FINE, limit_net=D("0.11"), market_net=D("0.05")),
            ("price_collar", Reason.PRICE_OUTSIDE_COLLAR),
        ),
        (replace(FINE, limit_net=D("-0.90"), market_net=D("-1.00")), None),
        (
            replace(FINE, limit_net=D("-0.89"), market_net=D("-1.00")),
            ("price_collar", Reason.PRICE_OUTSIDE_COLLAR),
        ),
        (
            replace(FINE, limit_net=D("1.20"), market_net=D("-1.20")),
            ("price_collar", Reason.PRICE_OUTSIDE_COLLAR),
        ),
        (
            replace(FINE, limit_net=None, order_type=OrderType.MARKET),
            ("order_type", Reason.MARKET_ORDER_REFUSED),
        ),
        (
            replace(FINE, limit_net=None, order_type=OrderType.STOP),
            ("order_type", Reason.MARKET_ORDER_REFUSED),
        ),
        (replace(FINE, limit_net=None, order_type=OrderType.MARKET, has_options=False), None),
    ],
)
def test_each_limit_denies_just_beyond_its_figure(
    facts: OrderFacts, fails: tuple[str, Reason] | None
) -> None:
    """At the figure passes, one step beyond fails: nobody has to guess which."""
    assert failures(facts) == ([] if fails is None else [fails])


@pytest.mark.promise("limits")
@pytest.mark.parametrize(
    ("facts", "fails"),
    [
        (replace(FINE, risk_added=None), ("loss", Reason.CHECK_IMPOSSIBLE)),
        (replace(FINE, quote_age_s=None), ("quote_age", Reason.QUOTE_MISSING)),
        (replace(FINE, market_net=None), ("price_collar", Reason.QUOTE_MISSING)),
    ],
)
def test_a_check_that_lacks_its_fact_denies(facts: OrderFacts, fails: tuple[str, Reason]) -> None:
    """Unknown is not zero: an order nobody can measure does not leave."""
    assert failures(facts) == [fails]


def test_the_owner_may_allow_undefined_risk_and_market_orders() -> None:
    loose = replace(LIMITS, allow_undefined_risk=True, allow_option_market_orders=True)
    facts = replace(FINE, risk_added="unlimited", limit_net=None, order_type=OrderType.MARKET)

    assert failures(facts, loose) == []


def test_a_check_that_does_not_apply_is_named_as_not_run() -> None:
    """A preview lists what did not run, so that nobody takes silence for a pass."""
    checks = assess(replace(FINE, limit_net=None, has_options=False), LIMITS)

    assert [c.name for c in checks if c.outcome is Outcome.NOT_RUN] == ["price_collar"]


def test_a_denial_carries_the_first_figures_and_names_the_rest() -> None:
    checks = assess(replace(FINE, contracts=11, risk_added=Decimal(2_000)), LIMITS)

    with pytest.raises(Denied) as denied:
        deny_failed(checks)

    assert denied.value.reason is Reason.CONTRACTS_ABOVE_LIMIT
    assert denied.value.facts == {
        "check": "contracts",
        "contracts": 11,
        "limit": 10,
        "also_failed": "loss",
    }


def test_nothing_is_denied_when_nothing_failed() -> None:
    deny_failed((Check(name="contracts", outcome=Outcome.PASSED),))
