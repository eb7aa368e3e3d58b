"""Limits that a test can reach, an order inside all of them, and what fails of it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from strikedesk.domain.accounts import OptionLevel
from strikedesk.domain.orders import OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.domain.usage import Used
from strikedesk.risk.facts import AccountFacts, OrderFacts
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Outcome, assess

LIMITS = Limits(
    contracts_max=10,
    shares_max=500,
    loss_usd_max=Decimal(1_000),
    loss_usd_day_max=Decimal(2_000),
    notional_usd_max=Decimal(5_000),
    notional_usd_day_max=Decimal(8_000),
    collar_fraction=Decimal("0.10"),
    collar_usd_min=Decimal("0.05"),
    quote_age_s_max=60,
    buying_power_fraction_max=Decimal("0.25"),
    net_delta_shares_max=100,
    allowed_symbols=("AAPL", "SPY"),
    forbidden_symbols=("SPY",),
    orders_minute_max=10,
    orders_day_max=100,
    duplicate_window_s=60,
    option_level_max=OptionLevel.SPREADS,
    open_market_only=True,
    expiring_min=30,
    expiring_short_min=120,
    intraday_excess_usd_min=Decimal(500),
)
FINE = OrderFacts(
    underlying="AAPL",
    contracts=1,
    shares=0,
    has_options=True,
    order_type=OrderType.LIMIT,
    closes=False,
    risk_added=Decimal(100),
    notional_usd=Decimal(100),
    limit_net=Decimal("1.00"),
    market_net=Decimal("1.00"),
    quote_age_s=Decimal(1),
    market_open=True,
    minutes_left=Decimal(240),
    minutes_left_short=Decimal(240),
    level_needed=OptionLevel.LONG,
    account=AccountFacts(
        frozen=False,
        closing_only=False,
        option_level=OptionLevel.NAKED,
        buying_power=Decimal(10_000),
        buying_power_used=Decimal(100),
        maintenance_excess=Decimal(9_000),
    ),
    broker_refuses=False,
    used=Used(),
    delta_before=Decimal(0),
    delta_after=Decimal(50),
)


def with_account(**told: Any) -> OrderFacts:
    """Return the fine order in another account."""
    return replace(FINE, account=replace(FINE.account, **told))


def with_used(**told: Any) -> OrderFacts:
    """Return the fine order on another day."""
    return replace(FINE, used=replace(FINE.used, **told))


def failures(facts: OrderFacts, limits: Limits = LIMITS) -> list[tuple[str, Reason | None]]:
    """Return the checks that fail, with their reasons."""
    return [(c.name, c.reason) for c in assess(facts, limits) if c.outcome is Outcome.FAILED]


def warned(facts: OrderFacts, limits: Limits = LIMITS) -> list[str]:
    """Return the names of the checks that are near their limit."""
    return [c.name for c in assess(facts, limits) if c.outcome is Outcome.WARNED]
