"""The verdict against a reference of forty lines, on random orders and states of the day."""

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final, TypeVar

import pytest

from strikedesk.domain.accounts import OptionLevel
from strikedesk.domain.orders import OrderType
from strikedesk.domain.usage import Used
from strikedesk.risk.facts import AccountFacts, OrderFacts
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Outcome, assess
from tests.limits import LIMITS
from tests.proof import examples, report

SEED: Final = 20_261_129
T = TypeVar("T")
NOBODY: Final = replace(
    LIMITS,
    net_delta_shares_max=None,
    allowed_symbols=(),
    duplicate_window_s=0,
    option_level_max=None,
    open_market_only=False,
    intraday_excess_usd_min=None,
)
LOOSE: Final = replace(
    NOBODY, allow_undefined_risk=True, allow_option_market_orders=True, expiring_min=0
)
STRICT: Final = replace(LIMITS, closing_only=True, loss_usd_max=Decimal(0), expiring_min=200)


def oracle(f: OrderFacts, m: Limits) -> set[str]:
    """Return the names of the checks that must fail: the owner's rules, read aloud."""
    a, u, most = f.account, f.used, Decimal
    worse = f.limit_net is not None and f.market_net is not None and f.limit_net - f.market_net
    beyond = f.spread if f.order_type == "notional_market" else worse
    slips: dict[str, bool] = {
        "account": a.frozen is not False,
        "order_type": f.has_options
        and f.order_type in ("market", "stop")
        and not m.allow_option_market_orders,
        "quote_age": f.quote_age_s is None or not abs(f.quote_age_s) <= m.quote_age_s_max,
        "price_collar": (f.limit_net is not None or f.order_type == "notional_market")
        and (
            f.market_net is None
            or beyond is None
            or beyond > max(m.collar_usd_min, abs(f.market_net) * m.collar_fraction)
        ),
        "duplicate": m.duplicate_window_s > 0 and u.twin is not None,
    }
    unlimited = f.risk_added == "unlimited"
    risk = m.loss_usd_max if unlimited else f.risk_added
    known = isinstance(risk, Decimal) and f.notional_usd is not None
    loss = max(risk, most(0)) if known and isinstance(risk, Decimal) else most(0)
    value = f.notional_usd if known and f.notional_usd is not None else most(0)
    levels = [each.rank for each in (a.option_level, m.option_level_max) if each is not None]
    takes = a.buying_power_used
    opening: dict[str, bool] = {
        "closing_only": m.closing_only or a.closing_only is not False,
        "symbol": f.underlying in m.forbidden_symbols
        or (m.allowed_symbols != () and f.underlying not in m.allowed_symbols),
        "contracts": f.contracts > m.contracts_max,
        "shares": f.shares > m.shares_max,
        "loss": (unlimited and not m.allow_undefined_risk)
        or (not unlimited and (not isinstance(risk, Decimal) or risk > m.loss_usd_max)),
        "notional": f.notional_usd is None or f.notional_usd > m.notional_usd_max,
        "buying_power": not f.broker_refuses
        and (
            a.buying_power is None
            or takes is None
            or takes > max(a.buying_power, most(0)) * m.buying_power_fraction_max
        ),
        "net_delta": m.net_delta_shares_max is not None
        and (
            f.delta_before is None
            or f.delta_after is None
            or abs(f.delta_after) > max(m.net_delta_shares_max, abs(f.delta_before))
        ),
        "option_level": f.level_needed.rank > min([*levels, 9 if levels else 0]),
        "market_hours": m.open_market_only and not f.market_open,
        "expiration_day": f.minutes_left is not None
        and (
            f.minutes_left < m.expiring_min
            or (f.minutes_left_short is not None and f.minutes_left_short < m.expiring_short_min)
        ),
        "intraday_margin": m.intraday_excess_usd_min is not None
        and (
            a.maintenance_excess is None
            or takes is None
            or a.maintenance_excess - max(takes, most(0)) < m.intraday_excess_usd_min
        ),
        "loss_of_day": loss > 0 and u.loss_usd_today + loss > m.loss_usd_day_max,
        "notional_of_day": value > 0 and u.notional_usd_today + value > m.notional_usd_day_max,
        "orders_of_minute": u.orders_this_minute >= m.orders_minute_max,
        "unsettled": u.in_doubt is not None,
        "orders_of_day": u.orders_today >= m.orders_day_max,
    }
    rules = slips if f.closes else slips | opening
    return {name for name, fails in rules.items() if fails}


def around(chance: random.Random, *limits: int, step: str = "0.01") -> Decimal:
    """Return a figure at a limit, a step beside it, or anywhere below twice of it."""
    limit = Decimal(chance.choice(limits))
    if chance.random() < 0.6:
        return limit + chance.choice((-1, 0, 1)) * Decimal(step)
    return (limit * Decimal(chance.randrange(-20, 200)) / 100).quantize(Decimal("0.01"))


def maybe(chance: random.Random, make: Callable[[], T]) -> T | None:
    """Return something, or that nobody knows it."""
    return None if chance.random() < 0.08 else make()


def an_order(chance: random.Random) -> OrderFacts:
    """Return the facts of a random order, most of them near a limit."""
    pick = chance.choice
    priced = chance.random() < 0.8
    minutes = maybe(chance, lambda: Decimal(pick((-5, 0, 29, 30, 31, 119, 120, 199, 200, 300))))
    return OrderFacts(
        underlying=pick(("AAPL", "AAPL", "SPY", "QQQ")),
        contracts=pick((0, 1, 7, 9, 10, 11)),
        shares=pick((0, 0, 349, 499, 500, 501)),
        has_options=chance.random() < 0.8,
        order_type=pick((OrderType.LIMIT, OrderType.STOP_LIMIT))
        if priced
        else pick((OrderType.MARKET, OrderType.STOP, OrderType.NOTIONAL_MARKET)),
        closes=chance.random() < 0.2,
        risk_added="unlimited"
        if chance.random() < 0.1
        else maybe(chance, lambda: around(chance, 0, 1_000)),
        notional_usd=maybe(chance, lambda: abs(around(chance, 0, 5_000))),
        limit_net=around(chance, 0, 1, -1) if priced else None,
        market_net=maybe(chance, lambda: around(chance, 0, 1, -1)),
        quote_age_s=maybe(chance, lambda: around(chance, 0, 60, -60, step="0.001")),
        market_open=chance.random() < 0.8,
        minutes_left=minutes,
        minutes_left_short=None if minutes is None or chance.random() < 0.5 else minutes,
        level_needed=pick(list(OptionLevel)),
        account=AccountFacts(
            frozen=maybe(chance, lambda: chance.random() < 0.1),
            closing_only=maybe(chance, lambda: chance.random() < 0.1),
            option_level=maybe(chance, lambda: pick(list(OptionLevel))),
            buying_power=maybe(chance, lambda: Decimal(pick((-1, 0, 10_000)))),
            buying_power_used=maybe(chance, lambda: around(chance, 0, 2_500)),
            maintenance_excess=maybe(chance, lambda: around(chance, 500, 3_000)),
        ),
        broker_refuses=chance.random() < 0.1,
        used=Used(
            orders_today=pick((0, 68, 98, 99, 100, 101)),
            orders_this_minute=pick((0, 8, 9, 10, 11)),
            loss_usd_today=abs(around(chance, 0, 1_000, 2_000)),
            notional_usd_today=abs(around(chance, 0, 3_000, 8_000)),
            twin=pick((None, None, "order-7")),
            in_doubt=pick((None, None, "order-8")),
        ),
        delta_before=maybe(chance, lambda: around(chance, 0, 100, -100, step="1")),
        delta_after=maybe(chance, lambda: around(chance, 0, 100, -100, step="1")),
        spread=maybe(chance, lambda: abs(around(chance, 0, 1))),
    )


@pytest.mark.timeout(3_600)
@pytest.mark.promise("limits")
def test_the_verdict_is_that_of_the_rules_read_aloud() -> None:
    """Two readings of one law: what only one of them denies is a hole, or a wall in the way."""
    chance = random.Random(SEED)  # noqa: S311 -- the same orders on every machine
    tried = examples(20_000, 1_000_000)
    seen: set[str] = set()
    differ: list[tuple[OrderFacts, Limits]] = []
    for _ in range(tried):
        facts = an_order(chance)
        limits = chance.choice((LIMITS, LIMITS, NOBODY, LOOSE, STRICT))
        failed = {c.name for c in assess(facts, limits) if c.outcome is Outcome.FAILED}
        if failed != oracle(facts, limits):
            differ.append((facts, limits))
        seen |= failed
    what = "random orders and states; the limits and their oracle disagree"
    report("oracle", tried, len(differ), what)
    assert differ == []
    assert len(seen) == 22
