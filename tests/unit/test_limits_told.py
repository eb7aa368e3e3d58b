"""What each check tells of itself: the owner and the audit trail read these words and figures."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.accounts import OptionLevel
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import OrderType
from strikedesk.domain.usage import Used
from strikedesk.risk.check import Check, Outcome
from strikedesk.risk.direction import loosened
from strikedesk.risk.facts import AccountFacts, OrderFacts
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import assess, deny_failed
from tests.limits import FINE, LIMITS

D = Decimal
Told = dict[str, Mapping[str, Any]]

UNKNOWN = replace(
    FINE,
    risk_added=None,
    notional_usd=None,
    market_net=None,
    quote_age_s=None,
    delta_before=None,
    delta_after=None,
    account=AccountFacts(
        frozen=None,
        closing_only=None,
        option_level=None,
        buying_power=None,
        buying_power_used=None,
    ),
)
SHARES_AT_THE_MARKET = replace(
    FINE,
    order_type=OrderType.MARKET,
    limit_net=None,
    has_options=False,
    level_needed=OptionLevel.NONE,
    minutes_left=None,
    broker_refuses=True,
)


def told(facts: OrderFacts, limits: Limits, outcome: Outcome | None = None) -> Told:
    """Return what the checks tell, by name; only those that ended so, where that is said."""
    checks = assess(facts, limits)
    return {c.name: c.facts for c in checks if outcome is None or c.outcome is outcome}


def test_every_check_tells_the_figures_that_it_looked_at() -> None:
    assert told(FINE, LIMITS) == {
        "account": {"frozen": False},
        "order_type": {"order_type": "limit"},
        "quote_age": {"age_s": D(1), "limit": 60},
        "price_collar": {
            "limit_net": D("1.00"),
            "market_net": D("1.00"),
            "worst_allowed_net": D("1.10"),
        },
        "closing_only": {"by_owner": False, "by_broker": False},
        "symbol": {"underlying": "AAPL"},
        "contracts": {"contracts": 1, "limit": 10},
        "shares": {"shares": 0, "limit": 500},
        "loss": {"loss": D(100), "limit": D(1_000)},
        "notional": {"notional": D(100), "limit": D(5_000)},
        "buying_power": {"takes": D(100), "of": D(10_000), "limit": D(2_500)},
        "net_delta": {"before": D(0), "after": D(50), "limit": 100},
        "option_level": {"needed": "long", "level": "spreads"},
        "market_hours": {"market_open": True},
        "expiration_day": {"minutes_left": D(240), "limit": 120},
        "intraday_margin": {"leaves": D(8_900), "limit": D(500)},
        "unsettled": {"underlying": "AAPL"},
        "duplicate": {"window_s": 60},
        "loss_of_day": {"before": D(0), "adds": D(100), "limit": D(2_000)},
        "notional_of_day": {"before": D(0), "adds": D(100), "limit": D(8_000)},
        "orders_of_minute": {"orders": 1, "limit": 10},
        "orders_of_day": {"orders": 1, "limit": 100},
    }


def test_a_check_that_lacks_its_fact_names_it() -> None:
    limits = replace(LIMITS, option_level_max=None)

    assert told(UNKNOWN, limits, Outcome.FAILED) == {
        "account": {"missing": "frozen"},
        "quote_age": {"missing": "quote"},
        "price_collar": {"missing": "market_net"},
        "closing_only": {"missing": "closing_only"},
        "loss": {"missing": "quote"},
        "notional": {"missing": "quote"},
        "buying_power": {"missing": "buying_power"},
        "net_delta": {"missing": "greeks"},
        "option_level": {"missing": "option_level"},
        "intraday_margin": {"missing": "maintenance_excess"},
    }


def test_a_check_that_did_not_run_tells_why() -> None:
    limits = Limits(duplicate_window_s=0)

    assert told(SHARES_AT_THE_MARKET, limits, Outcome.NOT_RUN) == {
        "price_collar": {"order_type": "market"},
        "buying_power": {"rule": "the_broker_refuses"},
        "net_delta": {"rule": "not_set"},
        "option_level": {"rule": "opens_no_options"},
        "market_hours": {"rule": "not_set"},
        "expiration_day": {"rule": "opens_nothing_that_ends_today"},
        "intraday_margin": {"rule": "not_set"},
        "duplicate": {"rule": "not_set"},
    }


def test_what_a_close_is_excused_from_is_told_with_its_figures() -> None:
    facts = replace(FINE, closes=True, risk_added="unlimited", used=Used(in_doubt="order-2"))
    found = told(facts, LIMITS)

    assert found["loss"] == {"loss": "undefined", "limit": D(1_000), "excused": "it_only_closes"}
    assert [*found] == [*told(FINE, LIMITS)]
    assert found["loss_of_day"] == {"before": D(0), "adds": D(0), "limit": D(2_000)}
    assert found["unsettled"] == {
        "underlying": "AAPL",
        "earlier_order_id": "order-2",
        "excused": "it_only_closes",
    }


def test_an_order_that_brings_the_delta_nearer_passes_with_its_figures() -> None:
    facts = replace(FINE, delta_before=D(150), delta_after=D(-120))

    assert told(facts, LIMITS, Outcome.PASSED)["net_delta"] == {
        "before": D(150),
        "after": D(-120),
        "limit": 100,
    }


def test_a_contract_that_is_bought_on_its_last_day_is_held_to_the_shorter_time() -> None:
    facts = replace(FINE, minutes_left_short=None)

    assert told(facts, LIMITS)["expiration_day"] == {"minutes_left": D(240), "limit": 30}


def test_a_denial_names_all_that_failed_with_commas_between() -> None:
    failed = [Check(name=name, outcome=Outcome.FAILED) for name in ("one", "two", "three")]

    with pytest.raises(Denied) as denied:
        deny_failed(failed)
    with pytest.raises(Denied) as alone:
        deny_failed(failed[:1])

    assert denied.value.facts == {"check": "one", "also_failed": "two, three"}
    assert alone.value.facts == {"check": "one"}


def test_limits_are_told_digit_for_digit() -> None:
    as_told = LIMITS.as_told

    assert as_told["collar_fraction"] == "0.10"
    assert as_told["allowed_symbols"] == ["AAPL", "SPY"]
    assert as_told["option_level_max"] == "spreads"
    assert as_told["contracts_max"] == 10
    assert as_told["open_market_only"] is True


def test_what_is_no_limit_is_told_as_none() -> None:
    with pytest.raises(TypeError, match=r"^float is no limit$"):
        _ = replace(LIMITS, collar_fraction=0.1).as_told


@pytest.mark.parametrize("name", ["allowed_symbols", "forbidden_symbols", "loss_usd_max"])
def test_what_stays_as_it_is_loosens_nothing(name: str) -> None:
    assert not loosened(LIMITS, LIMITS, name)
