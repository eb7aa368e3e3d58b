"""The day's profit: since the last close, what came today since its price, whatever has gone."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.domain.accounts import Balances
from strikedesk.domain.broking import PlaceTicket
from strikedesk.domain.events import Dividend
from strikedesk.domain.symbols import Symbol, parse_symbol
from tests.builders import NOON
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.fakes.world import MemoryWorldStore
from tests.unit.exchange_floor import CALL, MARGIN, PUT, an_order

CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@dataclass
class Desk:
    """A paper desk on Friday at noon; AAPL closed at 198 on Thursday and closes at 202 today."""

    market: ScriptedMarket = field(default_factory=ScriptedMarket)
    clock: StoppedClock = field(default_factory=StoppedClock)

    def __post_init__(self) -> None:
        self.tell("AAPL", "200.00", at=NOON, previous="198.00")
        self.tell(CALL, "6.00", at=NOON, previous="5.00")
        self.tell("AAPL", "202.00", at=CLOSE - timedelta(minutes=1), previous="198.00")
        self.tell(CALL, "7.00", at=CLOSE - timedelta(minutes=1), previous="5.00")
        self.tell("AAPL", "205.00", at=MONDAY, previous="202.00")
        self.tell(CALL, "8.50", at=MONDAY, previous="7.00")
        self.broker = PaperBroker(
            store=MemoryWorldStore(),
            market=self.market,
            clock=self.clock,
            world="test",
            entropy=CountingEntropy(),
        )

    def tell(self, symbol: str, price: str, *, at: datetime, previous: str | None = None) -> None:
        """Quote a symbol at one price on both sides."""
        self.market.tell(symbol, price, price, at=at, size=1_000, previous=previous)

    async def trade(self, words: str, net: str) -> None:
        ticket = PlaceTicket(client_order_id=words, order=an_order(words, net=net))
        assert (await self.broker.submit(ticket)).broker_order.filled_units

    async def at(self, instant: datetime) -> Balances:
        self.clock.move((instant - self.broker.now()).total_seconds())
        return await self.balances()

    async def balances(self) -> Balances:
        return await self.broker.balances(MARGIN)

    async def positions(self) -> dict[Symbol, Decimal | None]:
        held = await self.broker.positions(MARGIN)
        return {position.symbol: position.day_profit for position in held}


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_what_was_bought_today_counts_since_its_price(desk: Desk) -> None:
    await desk.trade("buy 100 AAPL", "200.00")

    balances = await desk.at(CLOSE)

    assert balances.day_profit == balances.open_profit == 200
    assert await desk.positions() == {parse_symbol("AAPL"): 200}


async def test_what_was_held_counts_since_the_close(desk: Desk) -> None:
    await desk.trade("buy 100 AAPL", "200.00")
    await desk.trade(f"buy_to_open 2 {CALL}", "6.00")

    balances = await desk.at(MONDAY)

    assert balances.day_profit == 300 + 300
    assert balances.open_profit == 500 + 500


async def test_friday_lasts_until_monday_opens(desk: Desk) -> None:
    """On a weekend a person looks at what the week's last day brought."""
    await desk.trade("buy 100 AAPL", "200.00")

    balances = await desk.at(MONDAY - timedelta(seconds=1))

    assert balances.day_profit == 200


async def test_what_was_added_and_sold_in_part_counts_each_share_once(desk: Desk) -> None:
    """100 held since 202, 50 more at 205, 120 sold at 205: 300 on the first hundred."""
    await desk.trade("buy 100 AAPL", "200.00")
    await desk.at(MONDAY)
    await desk.trade("buy 50 AAPL", "205.00")
    await desk.trade("sell 120 AAPL", "-205.00")

    assert (await desk.balances()).day_profit == 300
    assert await desk.positions() == {parse_symbol("AAPL"): 300}


async def test_what_has_gone_today_still_counts(desk: Desk) -> None:
    """The day's profit is as much what was realised as what is open."""
    await desk.trade(f"buy_to_open 2 {CALL}", "6.00")
    await desk.at(MONDAY)
    await desk.trade(f"sell_to_close 2 {CALL}", "-8.50")

    balances = await desk.balances()

    assert (balances.day_profit, balances.realized_profit) == (300, 500)
    assert await desk.positions() == {}


async def test_a_trade_there_and_back_on_one_day_needs_no_close(desk: Desk) -> None:
    desk.tell(PUT, "5.00", at=NOON)
    await desk.trade(f"buy_to_open 1 {PUT}", "5.00")
    desk.tell(PUT, "5.50", at=NOON + timedelta(minutes=1))
    desk.clock.move(60)
    await desk.trade(f"sell_to_close 1 {PUT}", "-5.50")

    assert (await desk.balances()).day_profit == 50


async def test_an_expired_contract_lost_what_it_was_worth_at_the_close_before(desk: Desk) -> None:
    """It is not quoted any more: what it was worth is asked of the day when it was."""
    last = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)
    desk.market.settle("AAPL", date(2026, 12, 18), "199.00")
    await desk.trade(f"buy_to_open 1 {CALL}", "6.00")

    balances = await desk.at(last)

    assert (balances.day_profit, balances.realized_profit) == (-850, -600)


async def test_without_a_last_close_the_day_is_unknown_and_not_nothing(desk: Desk) -> None:
    await desk.trade("buy 100 AAPL", "200.00")
    desk.tell("AAPL", "206.00", at=MONDAY + timedelta(minutes=1))

    balances = await desk.at(MONDAY + timedelta(minutes=1))

    assert (balances.day_profit, balances.open_profit) == (None, 600)
    assert await desk.positions() == {parse_symbol("AAPL"): None}


async def test_what_has_gone_and_was_never_quoted_leaves_the_day_unknown(desk: Desk) -> None:
    desk.tell(PUT, "5.00", at=NOON)
    await desk.trade(f"buy_to_open 1 {PUT}", "5.00")
    desk.market.tell(PUT, None, None, at=CLOSE - timedelta(minutes=1))
    desk.tell(PUT, "5.50", at=MONDAY)
    await desk.at(MONDAY)
    await desk.trade(f"sell_to_close 1 {PUT}", "-5.50")

    assert (await desk.balances()).day_profit is None


async def test_a_dividend_makes_up_for_the_fall_of_its_ex_day(desk: Desk) -> None:
    """The shares lost three dollars, of which two went to their holder."""
    desk.market.scheduled = (
        Dividend(
            underlying="AAPL",
            day=date(2026, 11, 23),
            pay_day=date(2026, 12, 7),
            amount=Decimal("2.00"),
        ),
    )
    desk.tell("AAPL", "199.00", at=MONDAY, previous="202.00")
    await desk.trade("buy 100 AAPL", "200.00")
    cash = (await desk.balances()).cash
    assert cash is not None

    ex = await desk.at(MONDAY)
    assert (ex.day_profit, ex.dividends_accrued, ex.dividends_paid) == (-100, 200, 0)
    assert (ex.cash, ex.net_liquidation) == (cash, cash + 200 + 19_900)

    paid = await desk.at(datetime(2026, 12, 7, 14, 30, tzinfo=UTC))
    assert (paid.dividends_accrued, paid.dividends_paid) == (0, 200)
    assert paid.net_liquidation == ex.net_liquidation


async def test_a_days_realised_profit_can_be_asked_of_the_book(desk: Desk) -> None:
    """The sum over the lines of a day is that day's; over all lines, the account's."""
    await desk.trade(f"buy_to_open 2 {CALL}", "6.00")
    await desk.at(MONDAY)
    await desk.trade(f"sell_to_close 2 {CALL}", "-8.50")

    sums: list[Decimal] = []
    for day in (date(2026, 11, 20), date(2026, 11, 23)):
        page = await desk.broker.transactions(MARGIN, start=day, end=day, limit=50, offset=0)
        sums.append(sum((line.realized or Decimal(0) for line in page.rows), Decimal(0)))

    assert sums == [0, 500]
