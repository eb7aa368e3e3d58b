"""The owner's limits: each at its boundary, and each denying when its fact is missing."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from strikedesk.domain.accounts import OptionLevel
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.domain.usage import Use, Used
from strikedesk.risk.facts import AccountFacts, OrderFacts, use_of
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Check, Outcome, assess, deny_beyond, deny_failed
from strikedesk.settings.sections import LimitSettings
from tests.limits import FINE, LIMITS, failures, warned, with_account, with_used

D = Decimal
SHARES = replace(FINE, has_options=False, level_needed=OptionLevel.NONE, contracts=0)
MARKET = replace(FINE, limit_net=None, order_type=OrderType.MARKET)


def test_an_order_inside_every_limit_passes_every_check() -> None:
    assert failures(FINE) == []
    assert {check.outcome for check in assess(FINE, LIMITS)} == {Outcome.PASSED}


@pytest.mark.promise("limits")
@pytest.mark.parametrize(
    ("facts", "fails"),
    [
        (replace(FINE, contracts=9), None),
        (replace(FINE, contracts=10), None),
        (replace(FINE, contracts=11), ("contracts", Reason.CONTRACTS_ABOVE_LIMIT)),
        (replace(FINE, shares=499), None),
        (replace(FINE, shares=500), None),
        (replace(FINE, shares=501), ("shares", Reason.CONTRACTS_ABOVE_LIMIT)),
        (replace(FINE, risk_added=D("999.99")), None),
        (replace(FINE, risk_added=D(1_000)), None),
        (replace(FINE, risk_added=D("1000.01")), ("loss", Reason.LOSS_ABOVE_LIMIT)),
        (replace(FINE, risk_added=D(-50_000)), None),
        (replace(FINE, risk_added="unlimited"), ("loss", Reason.LOSS_UNDEFINED)),
        (replace(FINE, notional_usd=D("4999.99")), None),
        (replace(FINE, notional_usd=D(5_000)), None),
        (replace(FINE, notional_usd=D("5000.01")), ("notional", Reason.NOTIONAL_ABOVE_LIMIT)),
        (with_account(buying_power_used=D("2499.99")), None),
        (with_account(buying_power_used=D(2_500)), None),
        (
            with_account(buying_power_used=D("2500.01")),
            ("buying_power", Reason.BUYING_POWER_ABOVE_LIMIT),
        ),
        (with_account(buying_power=D(-1), buying_power_used=D(-1)), None),
        (
            with_account(buying_power=D(-1), buying_power_used=D("0.01")),
            ("buying_power", Reason.BUYING_POWER_ABOVE_LIMIT),
        ),
        (replace(FINE, delta_after=D(99)), None),
        (replace(FINE, delta_after=D(100)), None),
        (replace(FINE, delta_after=D(101)), ("net_delta", Reason.DELTA_ABOVE_LIMIT)),
        (replace(FINE, delta_after=D(-100)), None),
        (replace(FINE, delta_after=D(-101)), ("net_delta", Reason.DELTA_ABOVE_LIMIT)),
        (replace(FINE, delta_before=D(400), delta_after=D(-399)), None),
        (
            replace(FINE, delta_before=D(400), delta_after=D("400.1")),
            ("net_delta", Reason.DELTA_ABOVE_LIMIT),
        ),
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
        (MARKET, ("order_type", Reason.MARKET_ORDER_REFUSED)),
        (replace(MARKET, order_type=OrderType.STOP), ("order_type", Reason.MARKET_ORDER_REFUSED)),
        (replace(SHARES, limit_net=None, order_type=OrderType.MARKET), None),
        (replace(FINE, underlying="SPY"), ("symbol", Reason.SYMBOL_NOT_ALLOWED)),
        (replace(FINE, underlying="QQQ"), ("symbol", Reason.SYMBOL_NOT_ALLOWED)),
        (replace(FINE, level_needed=OptionLevel.SPREADS), None),
        (
            replace(FINE, level_needed=OptionLevel.NAKED),
            ("option_level", Reason.OPTION_LEVEL_TOO_LOW),
        ),
        (
            with_account(option_level=OptionLevel.COVERED),
            ("option_level", Reason.OPTION_LEVEL_TOO_LOW),
        ),
        (with_account(option_level=None), None),
        (with_account(frozen=True), ("account", Reason.ACCOUNT_FROZEN)),
        (with_account(closing_only=True), ("closing_only", Reason.CLOSING_ONLY)),
        (replace(FINE, market_open=False), ("market_hours", Reason.MARKET_CLOSED)),
        (replace(FINE, market_open=None), ("market_hours", Reason.CHECK_IMPOSSIBLE)),
        (replace(FINE, minutes_left=D(30), minutes_left_short=None), None),
        (
            replace(FINE, minutes_left=D(29), minutes_left_short=None),
            ("expiration_day", Reason.EXPIRES_TOO_SOON),
        ),
        (replace(FINE, minutes_left=D(120), minutes_left_short=D(120)), None),
        (
            replace(FINE, minutes_left=D(119), minutes_left_short=D(119)),
            ("expiration_day", Reason.EXPIRES_TOO_SOON),
        ),
        (with_account(maintenance_excess=D(601)), None),
        (with_account(maintenance_excess=D(600)), None),
        (
            with_account(maintenance_excess=D(599)),
            ("intraday_margin", Reason.INTRADAY_MARGIN_SHORT),
        ),
        (with_used(loss_usd_today=D("1899.99")), None),
        (with_used(loss_usd_today=D(1_900)), None),
        (with_used(loss_usd_today=D("1900.01")), ("loss_of_day", Reason.DAY_LOSS_ABOVE_LIMIT)),
        (with_used(notional_usd_today=D("7899.99")), None),
        (with_used(notional_usd_today=D(7_900)), None),
        (
            with_used(notional_usd_today=D("7900.01")),
            ("notional_of_day", Reason.DAY_NOTIONAL_ABOVE_LIMIT),
        ),
        (replace(with_used(loss_usd_today=D(9_000)), risk_added=D(0)), None),
        (with_used(orders_this_minute=8), None),
        (with_used(orders_this_minute=9), None),
        (with_used(orders_this_minute=10), ("orders_of_minute", Reason.ORDERS_TOO_FAST)),
        (with_used(orders_today=98), None),
        (with_used(orders_today=99), None),
        (with_used(orders_today=100), ("orders_of_day", Reason.DAY_ORDERS_ABOVE_LIMIT)),
        (with_used(twin="order-7"), ("duplicate", Reason.DUPLICATE_ORDER)),
        (with_used(in_doubt="order-7"), ("unsettled", Reason.UNSETTLED_ORDER)),
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
        (replace(FINE, notional_usd=None), ("notional", Reason.CHECK_IMPOSSIBLE)),
        (replace(FINE, quote_age_s=None), ("quote_age", Reason.QUOTE_MISSING)),
        (replace(FINE, market_net=None), ("price_collar", Reason.QUOTE_MISSING)),
        (replace(FINE, delta_before=None), ("net_delta", Reason.CHECK_IMPOSSIBLE)),
        (replace(FINE, delta_after=None), ("net_delta", Reason.CHECK_IMPOSSIBLE)),
        (with_account(frozen=None), ("account", Reason.CHECK_IMPOSSIBLE)),
        (with_account(closing_only=None), ("closing_only", Reason.CHECK_IMPOSSIBLE)),
        (with_account(buying_power=None), ("buying_power", Reason.CHECK_IMPOSSIBLE)),
        (with_account(maintenance_excess=None), ("intraday_margin", Reason.CHECK_IMPOSSIBLE)),
    ],
)
def test_a_check_that_lacks_its_fact_denies(facts: OrderFacts, fails: tuple[str, Reason]) -> None:
    """Unknown is not zero: an order nobody can measure does not leave."""
    assert failures(facts) == [fails]


def test_what_an_order_takes_is_needed_for_the_share_and_for_intraday_margin() -> None:
    assert failures(with_account(buying_power_used=None)) == [
        ("buying_power", Reason.CHECK_IMPOSSIBLE),
        ("intraday_margin", Reason.CHECK_IMPOSSIBLE),
    ]


def test_a_level_that_neither_broker_nor_owner_told_denies() -> None:
    facts = with_account(option_level=None)

    assert failures(facts, replace(LIMITS, option_level_max=None)) == [
        ("option_level", Reason.CHECK_IMPOSSIBLE)
    ]


@pytest.mark.promise("limits")
def test_what_the_owner_has_not_set_needs_no_fact() -> None:
    """Greeks and intraday margin are asked for by those who limit them, and by nobody else."""
    facts = replace(
        FINE,
        delta_before=None,
        delta_after=None,
        market_open=False,
        account=replace(FINE.account, maintenance_excess=None),
        used=Used(twin="order-7"),
    )
    limits = replace(
        LIMITS,
        net_delta_shares_max=None,
        open_market_only=False,
        intraday_excess_usd_min=None,
        duplicate_window_s=0,
    )

    skipped = [c.name for c in assess(facts, limits) if c.outcome is Outcome.NOT_RUN]

    assert failures(facts, limits) == []
    assert skipped == ["net_delta", "market_hours", "intraday_margin", "duplicate"]


def test_a_broker_that_refuses_is_told_by_its_own_reason() -> None:
    """Its pre-flight then says nothing of buying power: that is no missing fact."""
    facts = replace(with_account(buying_power=None), broker_refuses=True, minutes_left=None)

    assert failures(facts) == []


WORST = replace(
    FINE,
    underlying="QQQ",
    contracts=99,
    shares=9_999,
    risk_added="unlimited",
    notional_usd=D(10**9),
    market_open=False,
    minutes_left=D(0),
    minutes_left_short=D(0),
    level_needed=OptionLevel.NAKED,
    account=AccountFacts(
        frozen=False,
        closing_only=True,
        option_level=OptionLevel.NONE,
        buying_power=D(0),
        buying_power_used=D(10**9),
        maintenance_excess=D(-1),
    ),
    used=Used(
        orders_today=999,
        orders_this_minute=999,
        loss_usd_today=D(10**9),
        notional_usd_today=D(10**9),
    ),
    delta_after=D(9_999),
)


@pytest.mark.promise("limits")
def test_a_close_passes_every_limit_on_opening_and_says_that_it_was_excused() -> None:
    """A limit that keeps its owner in a position is no protection."""
    checks = assess(replace(WORST, closes=True), LIMITS)

    excused = [c.name for c in checks if c.facts.get("excused") == "it_only_closes"]

    assert {c.outcome for c in checks} == {Outcome.PASSED}
    uses_nothing = {"loss_of_day", "notional_of_day"}
    assert excused == [name for name, _ in failures(WORST) if name not in uses_nothing]
    assert len(excused) == 14


@pytest.mark.promise("limits")
@pytest.mark.parametrize(
    ("facts", "fails"),
    [
        (with_account(frozen=True), "account"),
        (MARKET, "order_type"),
        (replace(FINE, quote_age_s=D(61)), "quote_age"),
        (replace(FINE, limit_net=D(2)), "price_collar"),
        (with_used(twin="order-7"), "duplicate"),
    ],
)
def test_a_slip_of_the_hand_is_one_in_a_close_too(facts: OrderFacts, fails: str) -> None:
    assert [name for name, _ in failures(replace(facts, closes=True))] == [fails]


def test_the_owner_may_allow_undefined_risk_and_market_orders() -> None:
    loose = replace(LIMITS, allow_undefined_risk=True, allow_option_market_orders=True)

    assert failures(replace(MARKET, risk_added="unlimited"), loose) == []


def test_the_owner_may_let_nothing_be_opened() -> None:
    """The owner's word needs no fact of the broker's."""
    limits = replace(LIMITS, closing_only=True)

    assert failures(FINE, limits) == [("closing_only", Reason.CLOSING_ONLY)]
    assert failures(with_account(closing_only=None), limits) == [
        ("closing_only", Reason.CLOSING_ONLY)
    ]
    assert failures(replace(FINE, closes=True), limits) == []


def test_no_list_of_symbols_allows_all_but_the_forbidden() -> None:
    limits = replace(LIMITS, allowed_symbols=())

    assert failures(replace(FINE, underlying="QQQ"), limits) == []
    assert failures(replace(FINE, underlying="SPY"), limits) != []


@pytest.mark.parametrize(
    ("before", "at", "name"),
    [
        (replace(FINE, contracts=6), replace(FINE, contracts=7), "contracts"),
        (replace(FINE, shares=349), replace(FINE, shares=350), "shares"),
        (replace(FINE, risk_added=D("699.99")), replace(FINE, risk_added=D(700)), "loss"),
        (
            replace(FINE, notional_usd=D("3499.99")),
            replace(FINE, notional_usd=D(3_500)),
            "notional",
        ),
        (
            with_account(buying_power_used=D("1749.99")),
            with_account(buying_power_used=D(1_750)),
            "buying_power",
        ),
        (replace(FINE, delta_after=D(69)), replace(FINE, delta_after=D(-70)), "net_delta"),
        (replace(FINE, quote_age_s=D("41.999")), replace(FINE, quote_age_s=D(42)), "quote_age"),
        (
            replace(FINE, limit_net=D("1.0699")),
            replace(FINE, limit_net=D("1.07")),
            "price_collar",
        ),
        (
            with_used(loss_usd_today=D("1299.99")),
            with_used(loss_usd_today=D(1_300)),
            "loss_of_day",
        ),
        (
            with_used(notional_usd_today=D("5499.99")),
            with_used(notional_usd_today=D(5_500)),
            "notional_of_day",
        ),
        (with_used(orders_this_minute=5), with_used(orders_this_minute=6), "orders_of_minute"),
        (with_used(orders_today=68), with_used(orders_today=69), "orders_of_day"),
    ],
)
def test_the_owner_is_warned_from_seventy_percent_on(
    before: OrderFacts, at: OrderFacts, name: str
) -> None:
    """Who hears of a limit only when it denies has planned past it."""
    assert warned(before) == []
    assert warned(at) == [name]


def test_nothing_at_all_is_near_no_limit() -> None:
    none = replace(LIMITS, loss_usd_max=D(0), loss_usd_day_max=D(0))

    assert warned(replace(FINE, risk_added=D(0), shares=0), none) == []


def test_a_check_that_does_not_apply_is_named_as_not_run() -> None:
    """A preview lists what did not run, so that nobody takes silence for a pass."""
    facts = replace(SHARES, limit_net=None, minutes_left=None, minutes_left_short=None)

    skipped = [c.name for c in assess(facts, LIMITS) if c.outcome is Outcome.NOT_RUN]

    assert skipped == ["price_collar", "option_level", "expiration_day"]


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


@pytest.mark.promise("limits")
def test_a_count_of_this_moment_is_held_to_the_same_limits() -> None:
    """What was free when the order was looked at may be gone when it is claimed."""
    deny_beyond(Used(), FINE, LIMITS)

    with pytest.raises(Denied) as denied:
        deny_beyond(Used(loss_usd_today=D("1900.01"), twin="order-7"), FINE, LIMITS)
    with pytest.raises(Denied, match="UNSETTLED_ORDER"):
        deny_beyond(Used(in_doubt="order-7"), FINE, LIMITS)

    assert denied.value.facts == {
        "check": "duplicate",
        "window_s": 60,
        "earlier_order_id": "order-7",
        "also_failed": "loss_of_day",
    }
    closes = replace(FINE, closes=True)
    deny_beyond(Used(loss_usd_today=D(9_000), in_doubt="order-7"), closes, LIMITS)


@pytest.mark.parametrize(
    ("facts", "uses"),
    [
        (FINE, Use(loss_usd=D(100), notional_usd=D(100))),
        (replace(FINE, risk_added=D(-100)), Use(loss_usd=D(0), notional_usd=D(100))),
        (replace(FINE, risk_added="unlimited"), Use(loss_usd=D(1_000), notional_usd=D(100))),
        (replace(FINE, closes=True), Use(loss_usd=D(0), notional_usd=D(0))),
    ],
)
def test_an_order_uses_of_its_day_what_it_may_lose(facts: OrderFacts, uses: Use) -> None:
    """A loss without bound uses as the largest bounded one may; freed risk gives no room."""
    assert use_of(facts, LIMITS) == uses


def test_every_limit_can_be_set_in_the_file_and_has_the_same_default() -> None:
    assert LimitSettings().limits() == Limits()
    assert set(LimitSettings.model_fields) == {field.name for field in fields(Limits)}
