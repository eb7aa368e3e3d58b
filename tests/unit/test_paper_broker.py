"""The paper broker beyond the contract: what is its own."""

from dataclasses import dataclass, field
from datetime import timedelta, timezone
from decimal import Decimal

import pytest

from strikedesk.brokers.paper.broker import CAPABILITIES, PaperBroker
from strikedesk.brokers.paper.opening import Opening
from strikedesk.domain.accounts import AccountKind, Environment, OptionLevel
from strikedesk.domain.broking import (
    BrokerOrder,
    CancelTicket,
    Lookup,
    LookupStatus,
    PlaceTicket,
    ReplaceTicket,
)
from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.quotes import Interval
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, parse_symbol
from strikedesk.exchange.clock import VenueClock
from tests.builders import NOON
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.fakes.world import MemoryWorldStore
from tests.unit.exchange_floor import CALL, CASH, FAR_CALL, MARGIN, PUT, an_order


@dataclass
class Paper:
    """A paper broker on a market set by hand, with short words for tickets."""

    store: MemoryWorldStore = field(default_factory=MemoryWorldStore)
    market: ScriptedMarket = field(default_factory=ScriptedMarket)
    clock: StoppedClock = field(default_factory=StoppedClock)

    def __post_init__(self) -> None:
        self.market.tell("AAPL", "199.90", "200.10")
        self.market.tell(CALL, "6.00", "6.20")
        self.market.tell(FAR_CALL, "2.00", "2.10")
        self.market.tell(PUT, "5.00", "5.10")
        self.broker = self.connect()

    def connect(self, opening: Opening | None = None) -> PaperBroker:
        return PaperBroker(
            store=self.store,
            market=self.market,
            clock=self.clock,
            world="test",
            entropy=CountingEntropy(),
            opening=opening,
        )

    async def place(self, order: OrderRequest, client_order_id: str = "c") -> BrokerOrder:
        ticket = PlaceTicket(client_order_id=client_order_id, order=order)
        return (await self.broker.submit(ticket)).broker_order


@pytest.fixture
def paper() -> Paper:
    return Paper()


async def test_a_new_desk_has_an_account_of_each_kind_with_play_money(paper: Paper) -> None:
    accounts = await paper.broker.accounts()

    assert [(a.handle, a.kind, a.option_level) for a in accounts] == [
        ("paper-margin", AccountKind.MARGIN, OptionLevel.NAKED),
        ("paper-cash", AccountKind.CASH, OptionLevel.LONG),
        ("paper-ira", AccountKind.IRA, OptionLevel.SPREADS),
    ]
    assert {(a.environment, a.simulated) for a in accounts} == {(Environment.PAPER, True)}
    assert "PAPER0001" not in repr(accounts)
    for account in accounts:
        balances = await paper.broker.balances(account.account_id)
        assert balances.cash == balances.net_liquidation == Decimal(100_000)


def test_it_says_that_it_is_paper_and_does_not_deduplicate() -> None:
    """Most brokers do not, and what is practised here must hold there."""
    assert CAPABILITIES.environment is Environment.PAPER
    assert CAPABILITIES.simulated
    assert not CAPABILITIES.deduplicates_client_ids


async def test_balances_are_the_sum_of_their_parts(paper: Paper) -> None:
    """Long 2 calls at 6.20, short a put at 5.00; marks 6.10 and 5.05."""
    await paper.place(an_order(f"buy_to_open 2 {CALL}", net="6.20"))
    await paper.place(an_order(f"sell_to_open 1 {PUT}", net="-5.00"))

    balances = await paper.broker.balances(MARGIN)

    assert (balances.long_value, balances.short_value) == (1_220, -505)
    assert balances.cash is not None
    assert balances.net_liquidation == balances.cash + 1_220 - 505
    assert balances.open_profit == -20 - 5
    assert balances.maintenance_margin == 4_505
    assert balances.option_buying_power == balances.cash - 4_505
    assert balances.stock_buying_power == 2 * (balances.cash - 4_505)
    assert balances.as_of == NOON


async def test_what_nobody_quotes_leaves_the_worth_unknown_and_not_zero(paper: Paper) -> None:
    await paper.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))
    paper.market.tell(CALL, None, None, at=NOON + timedelta(minutes=1))
    paper.clock.move(60)

    (position,) = await paper.broker.positions(MARGIN)
    balances = await paper.broker.balances(MARGIN)

    assert (position.mark, position.market_value) == (None, None)
    assert (balances.net_liquidation, balances.open_profit) == (None, None)
    assert balances.cash is not None


async def test_shares_without_a_price_leave_the_buying_power_unknown(paper: Paper) -> None:
    await paper.place(an_order("buy 10 AAPL", net="200.10"))
    paper.market.tell("AAPL", None, None, at=NOON + timedelta(minutes=1))
    paper.clock.move(60)

    balances = await paper.broker.balances(MARGIN)

    assert (balances.option_buying_power, balances.stock_buying_power) == (None, None)
    assert (balances.maintenance_margin, balances.long_value) == (None, None)
    assert balances.short_value == 0


async def test_orders_of_other_accounts_are_not_found(paper: Paper) -> None:
    await paper.place(an_order(f"buy_to_open 1 {CALL}", net="5.00", account=CASH), "theirs")
    await paper.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"), "mine")

    assert (await paper.broker.find(MARGIN, "theirs")).status is LookupStatus.ABSENT
    assert [o.client_order_id for o in await paper.broker.orders(MARGIN)] == ["mine"]


async def test_a_replacement_that_is_refused_says_why_in_the_preflight(paper: Paper) -> None:
    working = await paper.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"))
    ticket = ReplaceTicket(
        client_order_id="x",
        order=an_order(f"buy_to_open 1 {FAR_CALL}", net="5.00"),
        broker_order_id=working.broker_order_id,
    )

    assert (await paper.broker.preflight(ticket)).refusals == ("invalid_order",)


async def test_a_refusal_says_in_the_preflight_what_it_rests_on(paper: Paper) -> None:
    """A code alone, `invalid_order`, tells nobody what to change."""
    short = PlaceTicket(
        client_order_id="x", order=an_order("sell_to_open 1 AAPL", net="-100", account=CASH)
    )

    told = await paper.broker.preflight(short)

    assert told.refusals == ("invalid_order",)
    assert told.because == {"rule": "no_short_shares_in_a_cash_account"}


async def test_a_cash_account_has_no_leverage(paper: Paper) -> None:
    balances = await paper.broker.balances(CASH)

    assert balances.stock_buying_power == balances.option_buying_power == Decimal(100_000)


async def test_positions_come_sorted_with_the_age_of_their_marks(paper: Paper) -> None:
    await paper.place(an_order(f"buy_to_open 1 {FAR_CALL}", net="2.10"))
    await paper.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))

    positions = await paper.broker.positions(MARGIN)

    assert [p.symbol.compact for p in positions] == [CALL, FAR_CALL]
    assert {p.marked_at for p in positions} == {NOON}


async def test_a_fill_is_seen_by_whoever_looks_next(paper: Paper) -> None:
    working = await paper.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"))
    paper.market.tell(CALL, "4.80", "5.00", at=NOON + timedelta(seconds=30))
    paper.clock.move(60)

    order = await paper.broker.order(MARGIN, working.broker_order_id)

    assert (order.state, order.average_net) == (OrderState.FILLED, Decimal("5.00"))


async def test_a_cancel_loses_to_a_fill_that_was_due_before_it(paper: Paper) -> None:
    """The fill happened before the cancel arrived, though nobody had looked."""
    working = await paper.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"))
    paper.market.tell(CALL, "4.80", "5.00", at=NOON + timedelta(seconds=30))
    paper.clock.move(60)
    ticket = CancelTicket(
        client_order_id="x", account_id=MARGIN, broker_order_id=working.broker_order_id
    )

    with pytest.raises(Rejected) as rejected:
        await paper.broker.submit(ticket)

    assert rejected.value.facts["state"] == "filled"


async def test_an_ended_order_is_known_after_a_restart(paper: Paper) -> None:
    """Another process, whose memory is empty, finds it in the store."""
    filled = await paper.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"), "mine")
    other = paper.connect()

    assert await other.order(MARGIN, filled.broker_order_id) == filled
    assert await other.find(MARGIN, "mine") == Lookup(
        status=LookupStatus.FOUND, broker_order=filled
    )
    with pytest.raises(Denied):
        await other.order(CASH, filled.broker_order_id)


async def test_a_line_of_the_book_is_no_order(paper: Paper) -> None:
    """Orders and lines share one row of numbers; asking with the wrong one finds nothing."""
    await paper.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))
    page = await paper.broker.transactions(MARGIN, start=None, end=None, limit=1, offset=0)

    with pytest.raises(Denied) as denied:
        await paper.broker.order(MARGIN, page.rows[0].transaction_id)

    assert denied.value.reason is Reason.ORDER_UNKNOWN


async def test_every_page_of_ended_orders_is_searched(paper: Paper) -> None:
    """The oldest of more than a page of orders; "absent" must mean absent."""
    paper.market.tell(CALL, "6.00", "6.20", size=None)
    paper.market.tell("AAPL", "1.00", "1.00", size=None)
    first = await paper.place(an_order("buy 1 AAPL", net="1.00"), "the first")
    for _ in range(520):
        await paper.place(an_order("buy 1 AAPL", net="1.00"), "later")

    assert (await paper.broker.find(MARGIN, "the first")).broker_order == first
    assert (await paper.broker.find(MARGIN, "none")).status is LookupStatus.ABSENT
    recent = await paper.broker.orders(MARGIN, since=NOON)
    assert len(recent) == 521
    assert recent[-1] == first


async def test_a_moment_in_another_zone_is_the_same_moment(paper: Paper) -> None:
    """Days of the book are UTC days: 05:00 of the 21st in Tokyo is still the 20th there."""
    filled = await paper.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))
    tokyo = NOON.astimezone(timezone(timedelta(hours=9))) - timedelta(minutes=1)

    assert tokyo.date() > NOON.date()
    assert await paper.broker.orders(MARGIN, since=tokyo) == (filled,)


async def test_of_two_orders_with_one_client_id_the_newest_is_found(paper: Paper) -> None:
    await paper.place(an_order(f"buy_to_open 1 {CALL}", net="5.00"), "twice")
    second = await paper.place(an_order(f"buy_to_open 1 {CALL}", net="5.10"), "twice")

    assert (await paper.broker.find(MARGIN, "twice")).broker_order == second


async def test_preflight_of_a_cancel_says_what_it_frees(paper: Paper) -> None:
    working = await paper.place(an_order(f"buy_to_open 10 {CALL}", net="5.00"))
    ticket = CancelTicket(
        client_order_id="x", account_id=MARGIN, broker_order_id=working.broker_order_id
    )

    told = await paper.broker.preflight(ticket)

    assert told.buying_power_before == Decimal(100_000) - 5_000 - Decimal("11.20")
    assert (told.buying_power_after, told.fees) == (Decimal(100_000), 0)


async def test_preflight_of_a_replacement_counts_the_old_order_as_gone(paper: Paper) -> None:
    working = await paper.place(an_order(f"buy_to_open 10 {CALL}", net="5.00"))
    ticket = ReplaceTicket(
        client_order_id="x",
        order=an_order(f"buy_to_open 10 {CALL}", net="5.50"),
        broker_order_id=working.broker_order_id,
    )

    told = await paper.broker.preflight(ticket)

    assert told.buying_power_before == Decimal(100_000)
    assert told.buying_power_after == Decimal(100_000) - 5_500 - Decimal("11.20")
    assert (await paper.broker.orders(MARGIN)) == (working,)


async def test_preflight_of_what_has_ended_names_it_and_of_what_never_was_denies(
    paper: Paper,
) -> None:
    filled = await paper.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))
    ended = CancelTicket(
        client_order_id="x", account_id=MARGIN, broker_order_id=filled.broker_order_id
    )
    never = CancelTicket(client_order_id="x", account_id=MARGIN, broker_order_id="never")

    assert (await paper.broker.preflight(ended)).refusals == ("order_not_working",)
    with pytest.raises(Denied) as denied:
        await paper.broker.preflight(never)
    assert denied.value.reason is Reason.ORDER_UNKNOWN


async def test_bars_end_where_the_worlds_time_stands(paper: Paper) -> None:
    """A market behind the wall's clock must not show tomorrow's prices."""
    paper.market.tell("AAPL", "300.00", "300.10", at=NOON + timedelta(hours=1))

    bars = await paper.broker.bars(
        EquitySymbol("AAPL"), Interval.MINUTE, NOON - timedelta(days=1), NOON + timedelta(days=1)
    )

    assert bars == ()
    paper.clock.move(7200)
    later = await paper.broker.bars(
        EquitySymbol("AAPL"), Interval.MINUTE, NOON - timedelta(days=1), NOON + timedelta(days=1)
    )
    assert len(later) == 2


async def test_quotes_are_those_of_the_worlds_time(paper: Paper) -> None:
    paper.market.tell(CALL, "7.00", "7.20", at=NOON + timedelta(hours=1))
    frozen = Paper(store=MemoryWorldStore(), market=paper.market).connect(
        Opening(clock=VenueClock.frozen(NOON + timedelta(hours=2)))
    )

    quotes = await frozen.quotes({parse_symbol(CALL)})

    assert quotes[parse_symbol(CALL)].bid == Decimal("7.00")
    assert frozen.now() == NOON + timedelta(hours=2)


async def test_search_prefers_the_ticker_to_the_description(paper: Paper) -> None:
    paper.market.tell("HAND", "1.00", "1.10")

    found = await paper.broker.search("hand", 5)

    assert [info.symbol.compact for info in found] == ["HAND", "AAPL"]
    assert await paper.broker.search("  ", 5) == ()
    assert len(await paper.broker.search("hand", 1)) == 1
