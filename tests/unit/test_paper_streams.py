"""Streams of a paper world: its own time, whoever moves it, and every fill of an order."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.brokers.paper.keeper import WorldKeeper
from strikedesk.brokers.paper.opening import Opening
from strikedesk.domain.broking import BrokerOrder, PlaceTicket
from strikedesk.domain.errors import Unavailable
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.ports import WorldStore
from strikedesk.domain.quotes import Quote
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, parse_symbol
from strikedesk.exchange.clock import VenueClock
from strikedesk.exchange.market import Market
from strikedesk.exchange.simulated.market import SimulatedMarket
from strikedesk.exchange.world import World
from tests.builders import NOON
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.fakes.world import MemoryWorldStore

T = TypeVar("T")

CALL = parse_symbol("AAPL261218C00200000")
SPY = EquitySymbol("SPY")


def a_broker(
    store: WorldStore, market: Market, clock: StoppedClock, runs: VenueClock | None = None
) -> PaperBroker:
    return PaperBroker(
        store=store,
        market=market,
        clock=clock,
        world="streams",
        entropy=CountingEntropy(),
        opening=Opening(clock=runs or VenueClock()),
        look_every_s=0.002,
    )


async def the_next(stream: AsyncIterator[T]) -> T:
    async with asyncio.timeout(5):
        return await anext(stream)


def quoted(symbol: str = "AAPL261218C00200000", size: int = 100) -> ScriptedMarket:
    market = ScriptedMarket()
    market.tell("AAPL", "199.98", "200.02", at=NOON - timedelta(minutes=30))
    market.tell(symbol, "6.00", "6.20", size=size)
    return market


async def bid(broker: PaperBroker, net: str, quantity: int) -> BrokerOrder:
    account_id = (await broker.accounts())[0].account_id
    leg = Leg(symbol=CALL, action=Action.BUY_TO_OPEN, quantity=quantity)
    order = OrderRequest(
        account_id=account_id, legs=(leg,), order_type=OrderType.LIMIT, limit_net=Decimal(net)
    )
    return (await broker.submit(PlaceTicket(client_order_id="mine", order=order))).broker_order


async def test_quotes_follow_the_worlds_time_as_it_runs() -> None:
    """A minute on the wall is a minute of the market, and each look is at that moment's quote."""
    clock = StoppedClock()
    broker = a_broker(MemoryWorldStore(), SimulatedMarket(seed=3), clock)
    seen: list[Quote] = []
    async with broker.quote_stream([SPY]) as quotes:
        for _ in range(3):
            seen.append(await the_next(quotes))
            clock.move(60)

    assert [quote.at for quote in seen] == [NOON + n * timedelta(minutes=1) for n in range(3)]


async def test_a_frozen_clock_that_another_process_moves_is_followed() -> None:
    """Stepping is done by a command of its own; the servers beside it must see the new day."""
    clock, market, store = StoppedClock(), quoted(), MemoryWorldStore()
    market.tell(CALL.compact, "7.00", "7.20", at=NOON + timedelta(days=3))
    here = a_broker(store, market, clock, VenueClock.frozen(NOON))
    there = WorldKeeper(
        store=store,
        market=market,
        clock=clock,
        entropy=CountingEntropy(),
        name="streams",
        opening=Opening(clock=VenueClock.frozen(NOON)),
    )

    def moves(world: World, _: datetime) -> None:
        later = VenueClock.frozen(NOON + timedelta(days=3))
        world.frame = replace(world.frame, clock=later)
        world.changes.header = True

    async with here.quote_stream([CALL]) as quotes:
        assert (await the_next(quotes)).bid == Decimal("6.00")
        await there.act(moves)
        assert (await the_next(quotes)).bid == Decimal("7.00")


async def test_while_the_worlds_time_stands_still_the_market_is_left_alone() -> None:
    """A frozen market is looked at a few times a second by every server that runs."""
    market = quoted()
    broker = a_broker(MemoryWorldStore(), market, StoppedClock())
    async with broker.quote_stream([CALL]) as quotes:
        await the_next(quotes)
        await hear_nothing(quotes)  # Whoever joins is looked up for once more.
        asked = market.asked
        await hear_nothing(quotes)

    assert market.asked == asked


async def hear_nothing(quotes: AsyncIterator[Quote]) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await anext(quotes)


async def test_a_slow_reader_misses_no_fill_of_an_order() -> None:
    """States in between are passed over; the newest carries every fill of all of them."""
    clock, market = StoppedClock(), quoted(size=2)
    broker = a_broker(MemoryWorldStore(), market, clock)
    account_id = (await broker.accounts())[0].account_id
    async with (
        broker.account_stream(account_id) as slow,
        broker.account_stream(account_id) as quick,
    ):
        await bid(broker, "6.20", 5)
        states = [(await the_next(quick)).state]
        for _ in range(2):
            clock.move(60)
            market.tell(CALL.compact, "6.00", "6.20", at=clock.at, size=2)
            states.append((await the_next(quick)).state)
        told = await the_next(slow)

    assert states == [*[OrderState.PARTIALLY_FILLED] * 2, OrderState.FILLED]
    assert (told.state, told.filled_units) == (OrderState.FILLED, 5)
    assert [fill.signed_quantity for fill in told.fills] == [2, 2, 1]


async def test_a_world_that_was_put_back_ends_the_stream_of_its_orders() -> None:
    """Orders that never were cannot be told as ended; whoever reads again begins with what is."""
    clock, market, store = StoppedClock(), quoted(), MemoryWorldStore()
    broker = a_broker(store, market, clock)
    account_id = (await broker.accounts())[0].account_id
    before = dict(store.worlds)
    async with broker.account_stream(account_id) as orders:
        working = await bid(broker, "5.00", 1)
        assert await the_next(orders) == working
        store.worlds = before
        with pytest.raises(Unavailable):
            await the_next(orders)
    async with broker.account_stream(account_id) as orders:
        again = await bid(broker, "4.00", 1)
        assert await the_next(orders) == again


async def test_a_fill_that_another_process_saw_first_is_told_here() -> None:
    """Whoever looks first advances the world; the order is then over before this one looks."""
    clock, market, store = StoppedClock(), quoted(), MemoryWorldStore()
    here, there = (a_broker(store, market, clock) for _ in range(2))
    account_id = (await here.accounts())[0].account_id
    working = await bid(here, "5.00", 1)
    async with here.account_stream(account_id) as orders:
        assert await the_next(orders) == working
        market.tell(CALL.compact, "4.80", "5.00", at=NOON + timedelta(seconds=30))
        clock.move(600)
        await there.advance()
        told = await the_next(orders)

    assert (told.broker_order_id, told.state) == (working.broker_order_id, OrderState.FILLED)
    assert told.updated_at == NOON + timedelta(seconds=30)
