"""The balances of a paper account at closes that are over: as they were when the close came."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.domain.accounts import Balances, ClosingBalances
from strikedesk.domain.broking import CancelTicket, PlaceTicket
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import Dividend
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.reasons import Reason
from tests.builders import NOON
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.fakes.world import MemoryWorldStore
from tests.unit.exchange_floor import CALL, CASH, MARGIN, PUT, an_order

FRIDAY, MONDAY, TUESDAY = date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)
LATER = datetime(2026, 12, 4, 15, 0, tzinfo=UTC)


def close_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 21, tzinfo=UTC)


@dataclass
class Desk:
    """A paper desk on Friday at noon; prices move every day, and AAPL pays a dividend."""

    market: ScriptedMarket = field(default_factory=ScriptedMarket)
    clock: StoppedClock = field(default_factory=StoppedClock)

    def __post_init__(self) -> None:
        paid = date(2026, 12, 1)
        self.market.scheduled = (
            Dividend(underlying="AAPL", day=TUESDAY, pay_day=paid, amount=Decimal("0.26")),
        )
        for n in range(5):
            at = NOON + timedelta(days=n)
            for symbol, price in (("AAPL", 200 + n), (CALL, 6 + n), (PUT, 5 - n)):
                self.market.tell(symbol, f"{price}.00", f"{price}.10", at=at, size=1_000)
        self.broker = PaperBroker(
            store=MemoryWorldStore(),
            market=self.market,
            clock=self.clock,
            world="test",
            entropy=CountingEntropy(),
        )

    async def trade(
        self, words: str, net: str, *, account: str = MARGIN, tif: TimeInForce = TimeInForce.DAY
    ) -> str:
        order = an_order(words, net=net, account=account, tif=tif)
        receipt = await self.broker.submit(PlaceTicket(client_order_id=words, order=order))
        return receipt.broker_order.broker_order_id

    async def to(self, instant: datetime) -> None:
        self.clock.move((instant - self.broker.now()).total_seconds())
        await self.broker.advance()

    async def at_close(self, day: date, account: str = MARGIN) -> ClosingBalances:
        """Let the close of a day come, and return the balances of that moment."""
        await self.to(close_of(day))
        return as_closing(day, await self.broker.balances(account))

    async def closes(
        self, account: str = MARGIN, *, start: date = FRIDAY, end: date = TUESDAY
    ) -> list[ClosingBalances]:
        return [*await self.broker.closing_balances(account, start, end)]


def as_closing(day: date, told: Balances) -> ClosingBalances:
    return ClosingBalances(
        account_id=told.account_id,
        day=day,
        net_liquidation=told.net_liquidation,
        cash=told.cash,
        option_buying_power=told.option_buying_power,
        stock_buying_power=told.stock_buying_power,
        maintenance_margin=told.maintenance_margin,
        maintenance_excess=told.maintenance_excess,
        long_value=told.long_value,
        short_value=told.short_value,
        dividends_accrued=told.dividends_accrued,
    )


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_past_close_is_what_the_balances_were_when_it_came(desk: Desk) -> None:
    """Shares, a long call, a short put and a dividend that has gone ex; whenever it is asked."""
    await desk.trade("buy 100 AAPL", "200.10")
    await desk.trade(f"buy_to_open 1 {CALL}", "6.10")
    await desk.trade(f"sell_to_open 2 {PUT}", "-5.00")

    then = [await desk.at_close(day) for day in (FRIDAY, MONDAY, TUESDAY)]

    assert await desk.closes() == then
    await desk.to(LATER)
    assert await desk.closes() == then
    assert [close.dividends_accrued for close in then] == [0, 0, 26]
    assert None not in {close.option_buying_power for close in then}


async def test_an_account_that_is_lent_nothing_buys_shares_with_what_it_has(desk: Desk) -> None:
    await desk.trade("buy 100 AAPL", "200.10", account=CASH)

    then = await desk.at_close(FRIDAY, CASH)

    assert await desk.closes(CASH) == [then]
    assert then.stock_buying_power == then.option_buying_power


async def test_the_worth_is_that_of_the_history(desk: Desk) -> None:
    await desk.trade("buy 100 AAPL", "200.10")
    await desk.to(LATER)

    history = await desk.broker.worth_history(MARGIN, FRIDAY)

    closes = await desk.closes(end=LATER.date())
    assert [close.net_liquidation for close in closes] == [each.amount for each in history]
    assert len(closes) == 9


async def test_what_was_left_is_unknown_where_an_order_was_at_work(desk: Desk) -> None:
    """One that ended before the close, or with it, holds nothing back."""
    await desk.trade("buy 100 AAPL", "200.10")
    await desk.trade(f"buy_to_open 1 {CALL}", "1.00")
    lasting = await desk.trade(f"buy_to_open 2 {CALL}", "1.00", tif=TimeInForce.GTC)
    ticket = CancelTicket(client_order_id="c", account_id=MARGIN, broker_order_id=lasting)
    friday = await desk.at_close(FRIDAY)
    working = await desk.closes()
    await desk.to(close_of(MONDAY) - timedelta(hours=1))
    await desk.broker.submit(ticket)
    monday = await desk.at_close(MONDAY)

    assert await desk.closes() == [*working, monday]
    assert working[0].option_buying_power is working[0].stock_buying_power is None
    assert working[0].maintenance_excess == friday.maintenance_excess
    assert monday.option_buying_power is not None


async def test_a_figure_that_needs_a_price_is_unknown_without_one(desk: Desk) -> None:
    """Cash is known all the same."""
    await desk.trade(f"buy_to_open 1 {CALL}", "6.10")
    desk.market.tell(CALL, None, None, at=close_of(MONDAY) - timedelta(minutes=1))
    await desk.to(close_of(MONDAY))

    friday, monday = await desk.closes()

    assert friday.net_liquidation is not None
    assert monday == ClosingBalances(
        account_id=MARGIN, day=MONDAY, cash=friday.cash, dividends_accrued=Decimal(0)
    )


async def test_no_close_is_told_of_before_the_world_or_of_what_lies_ahead(desk: Desk) -> None:
    await desk.broker.advance()
    await desk.to(close_of(MONDAY) - timedelta(minutes=1))

    assert [close.day for close in await desk.closes(start=date.min, end=date.max)] == [FRIDAY]
    assert await desk.closes(start=MONDAY) == []
    with pytest.raises(Denied) as denied:
        await desk.closes("NOBODY")
    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN
