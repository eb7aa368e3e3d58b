"""The owner's limits on the way of an order: at the preview, and again where it is claimed."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strikedesk.domain.accounts import Account, Balances, OptionLevel
from strikedesk.domain.broking import Preflight, Ticket
from strikedesk.domain.errors import Denied
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg
from strikedesk.domain.quotes import Chain, ChainRow
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, parse_symbol
from strikedesk.domain.usage import Window
from strikedesk.orders.draft import Change
from strikedesk.orders.preview import Preview
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Outcome
from strikedesk.store.ledger import SqlLedger
from tests.builders import NOON, a_leg
from tests.fakes.broker import Day, ScriptedBroker
from tests.fakes.clock import CountingEntropy
from tests.stores import a_url, opened
from tests.unit.group_desk import preview_of
from tests.unit.order_desk import CALL, OrderDesk

D = Decimal
SHORT = "AAPL261218C00210000"
PUT = "AAPL261218P00200000"
TODAY = "AAPL261120C00200000"


@dataclass(slots=True)
class MeteredBroker(ScriptedBroker):
    """Tells buying power, an excess over maintenance, and deltas, as the test sets them."""

    takes: Decimal | None = Decimal(1000)
    excess: Decimal | None = None
    deltas: dict[str, float | None] | None = None

    async def preflight(self, ticket: Ticket) -> Preflight:
        before = D(100_000)
        after = None if self.takes is None else before - self.takes
        return Preflight(
            fees=D("1.12"),
            buying_power_before=before,
            buying_power_after=after,
            margin_change=self.takes,
            refusals=self.refusals,
        )

    async def balances(self, account_id: str) -> Balances:
        self._check(account_id)
        return Balances(account_id=account_id, as_of=self.now(), maintenance_excess=self.excess)

    async def chain(self, underlying: EquitySymbol, days: Any) -> Chain:
        spot = self._quote(underlying, None, None)
        rows = tuple(
            self._row(contract, delta)
            for text, delta in (self.deltas or {}).items()
            if isinstance(contract := parse_symbol(text), OptionSymbol)
            and contract.expiration in days
        )
        return Chain(underlying=underlying.ticker, spot=spot, as_of=self.now(), rows=rows)

    def _row(self, contract: OptionSymbol, delta: float | None) -> ChainRow:
        greeks = Greeks(
            implied_volatility=None,
            delta=delta,
            gamma=None,
            theta=None,
            vega=None,
            rho=None,
            source="test",
            at=self.now(),
        )
        return ChainRow(contract=contract, quote=self._quote(contract, None, None), greeks=greeks)


@pytest.fixture
def metered(orders: OrderDesk) -> OrderDesk:
    orders.broker = MeteredBroker(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()
    return orders


def meter(orders: OrderDesk) -> MeteredBroker:
    assert isinstance(orders.broker, MeteredBroker)
    return orders.broker


def check(preview: Preview, name: str) -> Outcome:
    (found,) = [c.outcome for c in preview.checks if c.name == name]
    return found


async def refused(orders: OrderDesk, *legs: Leg, **told: Any) -> Denied:
    with pytest.raises(Denied) as denied:
        await orders.preview(*legs, **told)
    return denied.value


async def reason_of(orders: OrderDesk, *legs: Leg, **told: Any) -> Reason | None:
    """Return why a preview is refused, or None where it is not."""
    try:
        await orders.preview(*legs, **told)
    except Denied as denied:
        return denied.reason
    return None


async def confirm_refused(orders: OrderDesk, preview: Preview) -> Denied:
    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)
    return denied.value


@pytest.mark.promise("limits")
async def test_a_day_s_loss_adds_up_and_is_counted_again_where_it_is_claimed(
    orders: OrderDesk,
) -> None:
    """Two previews that each fit do not fit together; figures tell how much is left."""
    orders.limits = replace(orders.limits, loss_usd_day_max=D(240))
    first, second, third = [await orders.preview() for _ in range(3)]
    await orders.confirm(first)
    await orders.confirm(second)

    denied = await confirm_refused(orders, third)

    assert denied.reason is Reason.DAY_LOSS_ABOVE_LIMIT
    assert [D(str(denied.facts[name])) for name in ("before", "adds", "limit")] == [240, 120, 240]
    assert len(orders.broker.tickets) == 2
    assert (await orders.row(third)).state is OrderState.LAPSED


@pytest.mark.promise("limits")
async def test_confirms_at_once_cannot_share_the_last_of_a_day(orders: OrderDesk) -> None:
    """All saw room when they looked: the claim, which is one at a time, says who has it."""
    orders.limits = replace(orders.limits, loss_usd_day_max=D(360))
    previews = [await orders.preview() for _ in range(10)]

    ends = await asyncio.gather(*map(orders.confirm, previews), return_exceptions=True)

    denied = [end.reason for end in ends if isinstance(end, Denied)]
    assert sum(isinstance(end, OrderRecord) for end in ends) == 3
    assert denied == [Reason.DAY_LOSS_ABOVE_LIMIT] * 7
    assert len(orders.broker.tickets) == 3


@pytest.mark.promise("limits")
async def test_processes_cannot_share_the_last_of_a_day_and_a_restart_resets_nothing(
    tmp_path: Path,
) -> None:
    """Each client starts a server of its own; a count in memory would let each have a day."""
    limits = Limits(duplicate_window_s=0, orders_day_max=5)
    async with a_url("sqlite", tmp_path) as url, opened(url) as one, opened(url) as two:
        desks = [OrderDesk(limits=limits) for _ in range(2)]
        for number, (desk, database) in enumerate(zip(desks, (one, two), strict=True)):
            desk.entropy = CountingEntropy(number * 1_000)
            desk.ledger = SqlLedger(database)  # pyright: ignore[reportAttributeAccessIssue] -- a real one
            desk.restart()
        pairs = [(desk, await desk.preview()) for desk in desks for _ in range(6)]

        ends = await asyncio.gather(
            *(desk.confirm(preview) for desk, preview in pairs), return_exceptions=True
        )
        desks[0].restart()
        late = await refused(desks[0])

    assert sum(isinstance(end, OrderRecord) for end in ends) == 5
    assert sum(len(desk.broker.tickets) for desk in desks) == 5
    assert late.reason is Reason.DAY_ORDERS_ABOVE_LIMIT


async def test_the_next_exchange_day_begins_at_midnight_in_new_york(orders: OrderDesk) -> None:
    orders.limits = replace(orders.limits, orders_day_max=1)
    await orders.confirm(await orders.preview())
    orders.clock.move(13 * 3600 - 1)
    late = await refused(orders)

    orders.clock.move(1)

    assert late.reason is Reason.DAY_ORDERS_ABOVE_LIMIT
    assert check(await orders.preview(), "orders_of_day") is Outcome.WARNED


async def test_orders_may_leave_only_so_fast(orders: OrderDesk) -> None:
    orders.limits = replace(orders.limits, orders_minute_max=2)
    for _ in range(2):
        await orders.confirm(await orders.preview())

    denied = await refused(orders)
    orders.clock.move(60)

    assert (denied.reason, denied.facts["orders"]) == (Reason.ORDERS_TOO_FAST, 3)
    assert (await orders.confirm(await orders.preview())).state is OrderState.FILLED


@pytest.mark.promise("limits")
async def test_an_equal_order_within_the_window_is_denied_by_the_earlier_one_s_id(
    orders: OrderDesk,
) -> None:
    """An assistant that lost an answer previews anew: the nonce cannot know, the order can."""
    orders.limits = replace(orders.limits, duplicate_window_s=60)
    first, second = await orders.preview(), await orders.preview()
    await orders.confirm(first)

    late, early = await confirm_refused(orders, second), await refused(orders)
    other = await orders.preview(a_leg(CALL, quantity=2))
    orders.clock.move(60)

    assert (early.reason, late.reason) == (Reason.DUPLICATE_ORDER, Reason.DUPLICATE_ORDER)
    assert early.facts["earlier_order_id"] == first.record.order_id
    assert late.facts["earlier_order_id"] == first.record.order_id
    assert check(other, "duplicate") is Outcome.PASSED
    assert check(await orders.preview(), "duplicate") is Outcome.PASSED


async def test_an_order_that_came_to_nothing_may_be_sent_again_at_once(orders: OrderDesk) -> None:
    orders.limits = replace(orders.limits, duplicate_window_s=60, loss_usd_day_max=D(120))
    orders.broker.day = Day.REJECTED
    with pytest.raises(Exception, match="BROKER_REJECTED"):
        await orders.confirm(await orders.preview())
    orders.broker.day = Day.FILLED

    assert (await orders.confirm(await orders.preview())).state is OrderState.FILLED


async def test_a_lost_answer_keeps_its_part_of_the_day(orders: OrderDesk) -> None:
    """It may have filled: as long as nobody knows, it counts, and none like it leaves."""
    orders.limits = replace(orders.limits, duplicate_window_s=60)
    orders.broker.day = Day.LOST
    with pytest.raises(Exception, match="OUTCOME_UNKNOWN"):
        await orders.confirm(await orders.preview())

    assert (await refused(orders)).reason is Reason.UNSETTLED_ORDER


@pytest.mark.promise("limits")
async def test_a_close_passes_a_day_that_is_used_up(orders: OrderDesk) -> None:
    orders.limits = replace(orders.limits, orders_day_max=1, contracts_max=1, closing_only=True)
    orders.broker.held = {parse_symbol(CALL): 5}
    close = a_leg(CALL, Action.SELL_TO_CLOSE, 5)

    for _ in range(2):
        preview = await orders.preview(close, price="1.10", effect=PriceEffect.CREDIT)
        await orders.confirm(preview)

    assert len(orders.broker.tickets) == 2
    assert (await orders.ledger.used(a_day(orders))).loss_usd_today == 0


def a_day(orders: OrderDesk) -> Window:
    here = orders.broker.capabilities
    return Window.at(orders.clock.now(), here.name, here.environment)


@pytest.mark.promise("limits")
@pytest.mark.parametrize(
    ("held", "legs", "closes"),
    [
        ({CALL: 1}, [a_leg(CALL, Action.SELL_TO_CLOSE)], True),
        ({CALL: -1}, [a_leg(CALL, Action.BUY_TO_CLOSE)], True),
        ({CALL: -1, PUT: -1}, [a_leg(CALL, Action.BUY_TO_CLOSE)], True),
        ({"AAPL": 100, CALL: -1}, [a_leg(CALL, Action.BUY_TO_CLOSE)], True),
        ({"AAPL": 100}, [a_leg("AAPL", Action.SELL, 100)], True),
        ({"AAPL": -100}, [a_leg("AAPL", Action.BUY, 100)], True),
        (
            {CALL: 1, SHORT: -1},
            [a_leg(CALL, Action.SELL_TO_CLOSE), a_leg(SHORT, Action.BUY_TO_CLOSE)],
            True,
        ),
        ({CALL: 1, SHORT: -1}, [a_leg(CALL, Action.SELL_TO_CLOSE)], False),
        ({"AAPL": 100, CALL: -1}, [a_leg("AAPL", Action.SELL, 100)], False),
        ({"AAPL": 100, PUT: 1}, [a_leg(PUT, Action.SELL_TO_CLOSE)], False),
        ({"AAPL": -100}, [a_leg("AAPL", Action.BUY, 101)], False),
        ({CALL: -1}, [a_leg(CALL, Action.BUY_TO_OPEN)], False),
        ({}, [a_leg(CALL)], False),
    ],
)
async def test_a_close_takes_back_what_is_held_and_leaves_no_more_to_lose(
    orders: OrderDesk, held: dict[str, int], legs: list[Leg], closes: bool
) -> None:
    """Selling the long leg out of a spread is called a close, and is none."""
    orders.broker.held = {parse_symbol(text): count for text, count in held.items()}
    for text in (CALL, SHORT, PUT, "AAPL"):
        orders.quote(text, "1.00", "1.00")
    orders.limits = replace(orders.limits, closing_only=True, collar_usd_min=D(9))
    buys = all(leg.action.sign > 0 for leg in legs)
    effect = PriceEffect.DEBIT if buys else PriceEffect.CREDIT

    reason = await reason_of(orders, *legs, price="1.00", effect=effect)

    assert reason is (None if closes else Reason.CLOSING_ONLY)


async def test_the_account_is_asked_again_before_the_order_leaves(orders: OrderDesk) -> None:
    """A broker that freezes an account, or lets it only close, may do so after the preview."""
    preview, second = await orders.preview(), await orders.preview()
    orders.broker.account = replace(orders.broker.account, frozen=True)
    frozen = await confirm_refused(orders, preview)
    orders.broker.account = replace(orders.broker.account, frozen=False, closing_only=True)

    closing = await confirm_refused(orders, second)

    assert (frozen.reason, closing.reason) == (Reason.ACCOUNT_FROZEN, Reason.CLOSING_ONLY)
    assert orders.broker.tickets == []


async def test_an_account_that_is_gone_is_told_by_its_handle(orders: OrderDesk) -> None:
    preview = await orders.preview()
    orders.broker.account = replace(orders.broker.account, account_id="ANOTHER")

    denied = await confirm_refused(orders, preview)

    assert (denied.reason, denied.facts["account"]) == (Reason.ACCOUNT_UNKNOWN, "paper-margin")


@pytest.mark.promise("limits")
async def test_buying_power_is_asked_again_before_the_order_leaves(metered: OrderDesk) -> None:
    """What was free at the preview may be bound since."""
    first, second, third = [await metered.preview() for _ in range(3)]
    meter(metered).takes = D("50000.01")
    taken = await confirm_refused(metered, first)
    meter(metered).takes = None
    unknown = await confirm_refused(metered, second)
    meter(metered).refusals = ("insufficient_buying_power",)

    short = await confirm_refused(metered, third)

    assert (taken.reason, taken.facts["takes"]) == (
        Reason.BUYING_POWER_ABOVE_LIMIT,
        "50000.01",
    )
    assert (unknown.reason, unknown.facts["missing"]) == (Reason.CHECK_IMPOSSIBLE, "buying_power")
    assert short.reason is Reason.INSUFFICIENT_BUYING_POWER
    assert metered.broker.tickets == []


async def test_the_delta_counts_what_is_held_beside_the_order(metered: OrderDesk) -> None:
    metered.limits = replace(metered.limits, net_delta_shares_max=150)
    metered.broker.held = {parse_symbol("AAPL"): 80, parse_symbol(SHORT): -1}
    meter(metered).deltas = {CALL: 0.5, SHORT: 0.3}
    near = await metered.preview()
    meter(metered).deltas = {CALL: 0.99, SHORT: 0.01}
    above = await refused(metered, a_leg(CALL))
    meter(metered).deltas = {CALL: 0.5}

    unknown = await refused(metered, a_leg(CALL))

    assert check(near, "net_delta") is Outcome.PASSED
    (told,) = [c.facts for c in near.checks if c.name == "net_delta"]
    assert told == {"before": D("50.0"), "after": D("100.0"), "limit": 150}
    assert (above.reason, above.facts["after"]) == (Reason.DELTA_ABOVE_LIMIT, D("178.0"))
    assert (unknown.reason, unknown.facts["missing"]) == (Reason.CHECK_IMPOSSIBLE, "greeks")


async def test_the_delta_counts_every_contract_and_every_share(metered: OrderDesk) -> None:
    """80 shares and four short calls are held; then three calls, or 200 shares less two calls."""
    metered.limits = replace(metered.limits, net_delta_shares_max=1_000)
    metered.broker.held = {parse_symbol(SHORT): -4, parse_symbol("AAPL"): 80}
    meter(metered).deltas = {CALL: 0.5, SHORT: 0.3}

    calls = await metered.preview(a_leg(CALL, quantity=3))
    metered.quote("AAPL", "1.00", "1.00")
    covered = await metered.preview(
        a_leg(CALL, Action.SELL_TO_OPEN, 2),
        a_leg("AAPL", Action.BUY, 200),
        price="0.10",
        effect=PriceEffect.CREDIT,
    )

    assert delta_told(calls) == (D(-40), D(110))
    assert delta_told(covered) == (D(-40), D(60))


async def test_a_contract_without_a_delta_leaves_the_sum_unknown(metered: OrderDesk) -> None:
    """Feeds send rows of Greeks in which the delta alone is missing."""
    metered.limits = replace(metered.limits, net_delta_shares_max=150)
    meter(metered).deltas = {CALL: None}

    unknown = await refused(metered, a_leg(CALL))

    assert (unknown.reason, unknown.facts["missing"]) == (Reason.CHECK_IMPOSSIBLE, "greeks")


def delta_told(preview: Preview) -> tuple[Decimal, Decimal]:
    (told,) = [c.facts for c in preview.checks if c.name == "net_delta"]
    before, after = told["before"], told["after"]
    assert isinstance(before, Decimal)
    assert isinstance(after, Decimal)
    return before, after


async def test_shares_need_no_greeks(metered: OrderDesk) -> None:
    metered.limits = replace(metered.limits, net_delta_shares_max=100)
    metered.quote("AAPL", "1.00", "1.00")

    preview = await metered.preview(a_leg("AAPL", Action.BUY, 100), price="1.00")

    assert check(preview, "net_delta") is Outcome.WARNED


@pytest.mark.promise("limits")
async def test_a_group_is_held_to_the_limits_that_need_the_broker_s_figures(
    metered: OrderDesk,
) -> None:
    """Its exits too are judged by the deltas of what is held once the entry has filled."""
    metered.limits = replace(
        metered.limits, intraday_excess_usd_min=D(500), net_delta_shares_max=200
    )
    meter(metered).excess, meter(metered).deltas = D(1_499), {CALL: 0.5}
    short = await group_refused(metered)
    meter(metered).excess, meter(metered).deltas = D(1_500), None
    unknown = await group_refused(metered)
    meter(metered).deltas = {CALL: 0.5}

    preview = await preview_of(metered)

    assert short.facts["check"] == "intraday_margin"
    assert (unknown.facts["check"], unknown.facts["missing"]) == ("net_delta", "greeks")
    assert check(preview, "intraday_margin") is Outcome.PASSED
    assert check(preview, "net_delta") is Outcome.PASSED


async def group_refused(orders: OrderDesk) -> Denied:
    with pytest.raises(Denied) as denied:
        await preview_of(orders)
    return denied.value


async def test_intraday_margin_is_asked_for_where_the_owner_limits_it(metered: OrderDesk) -> None:
    metered.limits = replace(metered.limits, intraday_excess_usd_min=D(500))
    unknown = await refused(metered)
    meter(metered).excess = D(1_499)
    short = await refused(metered)
    meter(metered).excess = D(1_500)

    assert check(await metered.preview(), "intraday_margin") is Outcome.PASSED
    assert (unknown.reason, short.reason) == (
        Reason.CHECK_IMPOSSIBLE,
        Reason.INTRADAY_MARGIN_SHORT,
    )


@pytest.mark.parametrize(
    ("minutes", "action", "passes"),
    [
        (30, Action.BUY_TO_OPEN, True),
        (29, Action.BUY_TO_OPEN, False),
        (120, Action.SELL_TO_OPEN, True),
        (119, Action.SELL_TO_OPEN, False),
    ],
)
async def test_a_contract_that_ends_today_is_opened_only_so_late(
    orders: OrderDesk, minutes: int, action: Action, passes: bool
) -> None:
    """Shares, gamma and assignment wait at its close: the last minutes are for getting out."""
    orders.clock.at = NOON.replace(hour=21) - timedelta(minutes=minutes)
    orders.broker.held = {parse_symbol("AAPL"): 100}
    orders.quote(TODAY, "1.20", "1.20")
    buys = action is Action.BUY_TO_OPEN
    effect = PriceEffect.DEBIT if buys else PriceEffect.CREDIT

    reason = await reason_of(orders, a_leg(TODAY, action), effect=effect)

    assert reason is (None if passes else Reason.EXPIRES_TOO_SOON)


async def test_nothing_that_ended_is_opened_on_a_day_without_a_session(orders: OrderDesk) -> None:
    orders.clock.at = NOON + timedelta(days=1)
    orders.quote(TODAY, "1.20", "1.20")

    denied = await refused(orders, a_leg(TODAY))

    assert (denied.reason, denied.facts["minutes_left"]) == (Reason.EXPIRES_TOO_SOON, 0)


async def test_the_minutes_that_are_left_are_told_whole(orders: OrderDesk) -> None:
    """Rounded down: a minute that has begun is none to get out in."""
    orders.clock.at = NOON.replace(hour=21) - timedelta(minutes=20, seconds=59)
    orders.quote(TODAY, "1.20", "1.20")

    denied = await refused(orders, a_leg(TODAY))

    assert denied.facts["minutes_left"] == 20


async def test_a_symbol_that_the_owner_forbids_is_denied_by_its_name(orders: OrderDesk) -> None:
    """And no other: what is looked at is what the order is in."""
    orders.limits = replace(orders.limits, forbidden_symbols=("GME",))
    free = await orders.preview()
    orders.limits = replace(orders.limits, forbidden_symbols=("AAPL",))

    denied = await refused(orders)

    assert check(free, "symbol") is Outcome.PASSED
    assert (denied.reason, denied.facts["underlying"]) == (Reason.SYMBOL_NOT_ALLOWED, "AAPL")


async def test_an_owner_who_wants_an_open_market_waits_for_it(orders: OrderDesk) -> None:
    orders.limits = replace(orders.limits, open_market_only=True)
    by_day = await orders.preview()
    orders.clock.at = NOON + timedelta(days=1)

    denied = await refused(orders)

    assert check(by_day, "market_hours") is Outcome.PASSED
    assert (denied.reason, denied.facts["market_open"]) == (Reason.MARKET_CLOSED, False)


def account_at(level: OptionLevel, account: Account) -> Account:
    return replace(account, option_level=level)


@pytest.mark.parametrize(
    ("held", "legs", "needed"),
    [
        ({"AAPL": 100}, [a_leg(CALL, Action.SELL_TO_OPEN)], OptionLevel.COVERED),
        ({}, [a_leg(PUT, Action.SELL_TO_OPEN)], OptionLevel.COVERED),
        ({}, [a_leg(CALL)], OptionLevel.LONG),
        (
            {},
            [a_leg(CALL), a_leg(SHORT, Action.SELL_TO_OPEN)],
            OptionLevel.SPREADS,
        ),
        ({CALL: 1}, [a_leg(SHORT, Action.SELL_TO_OPEN)], OptionLevel.SPREADS),
        ({"AAPL": 99}, [a_leg(CALL, Action.SELL_TO_OPEN)], OptionLevel.NAKED),
    ],
)
async def test_an_order_needs_the_level_of_its_boldest_leg(
    orders: OrderDesk, held: dict[str, int], legs: list[Leg], needed: OptionLevel
) -> None:
    orders.broker.held = {parse_symbol(text): count for text, count in held.items()}
    for text in (CALL, SHORT, PUT):
        orders.quote(text, "1.00", "1.00")
    orders.limits = replace(orders.limits, allow_undefined_risk=True, collar_usd_min=D(9))
    below = list(OptionLevel)[needed.rank - 1]
    effect = PriceEffect.CREDIT if legs[-1].action.sign < 0 and len(legs) == 1 else None
    told: dict[str, Any] = {"price": "1.00", "effect": effect or PriceEffect.DEBIT}

    orders.broker.account = account_at(below, orders.broker.account)
    denied = await refused(orders, *legs, **told)
    orders.broker.account = account_at(needed, orders.broker.account)
    preview = await orders.preview(*legs, **told)

    assert (denied.reason, denied.facts["needed"]) == (Reason.OPTION_LEVEL_TOO_LOW, needed.value)
    assert check(preview, "option_level") is Outcome.PASSED


async def test_every_leg_counts_in_the_notional_whichever_way_it_goes(orders: OrderDesk) -> None:
    """A spread for nothing moves as much premium as its legs cost."""
    orders.quote(SHORT, "0.40", "0.50")
    long, short = a_leg(CALL), a_leg(SHORT, Action.SELL_TO_OPEN)

    preview = await orders.preview(long, short, price="0.80")
    single = await orders.preview(price="1.25")

    assert preview.figures is not None
    assert single.figures is not None
    assert preview.figures.notional == D("160.00")
    assert single.figures.notional == D("125.00")


async def test_a_replacement_counts_instead_of_what_it_replaces(orders: OrderDesk) -> None:
    orders.limits = replace(orders.limits, loss_usd_day_max=D(130))
    orders.broker.day = Day.WORKING
    first = await orders.confirm(await orders.preview())

    change = Change(price=D("1.25"), price_effect=PriceEffect.DEBIT)
    preview = await orders.previewer.replace(first.order_id, change, caller="stdio")
    await orders.confirm(preview)

    assert (await orders.ledger.used(a_day(orders))).loss_usd_today == D("125.00")
