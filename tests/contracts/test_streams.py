"""What the streams of every broker promise: quotes and orders, as they change."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias, TypeVar

import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.brokers.paper.opening import Opening
from strikedesk.brokers.streams import FEED
from strikedesk.domain.broking import BrokerOrder, CancelTicket, PlaceTicket
from strikedesk.domain.errors import Denied, DeskError, Unavailable
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.ports import Broker
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import Symbol, parse_symbol
from strikedesk.exchange.clock import VenueClock
from strikedesk.sandbox.faults.panel import Kind, Mishap
from strikedesk.wiring.sandbox import ACCOUNTS
from tests.builders import NOON
from tests.fakes.broker import Day, ScriptedBroker
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.fakes.world import MemoryWorldStore
from tests.sandbox.linked import linked
from tests.sandbox.served import Served, served

T = TypeVar("T")

NEAR, FAR, SILENT = (
    parse_symbol(text)
    for text in ("AAPL261218C00200000", "AAPL261218C00210000", "ZZZZ261218C00100000")
)


@dataclass
class BrittleStore(MemoryWorldStore):
    """A store that can be made to fail."""

    fault: DeskError | None = None

    async def peek(self, world: str) -> int:
        if self.fault is not None:
            raise self.fault
        return await MemoryWorldStore.peek(self, world)


@dataclass
class PaperStage:
    """A paper venue of quotes set by hand, on a clock that a change moves by a second."""

    clock: StoppedClock = field(default_factory=StoppedClock)
    market: ScriptedMarket = field(default_factory=ScriptedMarket)
    store: BrittleStore = field(default_factory=BrittleStore)

    opening: Opening = field(default_factory=lambda: Opening(clock=VenueClock()))

    def __post_init__(self) -> None:
        self.market.tell("AAPL", "199.98", "200.02", at=NOON - timedelta(minutes=30))
        for symbol in (NEAR, FAR):
            self.market.tell(symbol.compact, "6.00", "6.20")

    def connect(self) -> PaperBroker:
        return PaperBroker(
            store=self.store,
            market=self.market,
            clock=self.clock,
            world="contract",
            entropy=CountingEntropy(),
            opening=self.opening,
            look_every_s=0.002,
        )

    def tell(self, symbol: Symbol, bid: str, ask: str) -> None:
        self.clock.move(1)
        self.market.tell(symbol.compact, bid, ask, at=self.clock.at)

    def break_with(self, fault: DeskError | None) -> None:
        self.store.fault = fault

    def fills_next(self, *, at_once: bool) -> None:
        """Nothing: here an order's price says whether it fills."""


@dataclass
class FakeStage:
    """The broker of the script, which takes every order and fills those it is told to fill."""

    def __post_init__(self) -> None:
        quoted: dict[Symbol, tuple[str | None, str | None]] = {
            NEAR: ("6.00", "6.20"),
            FAR: ("6.00", "6.20"),
        }
        self.broker = ScriptedBroker(clock=StoppedClock(), quoted=quoted)

    def connect(self) -> Broker:
        return self.broker

    def tell(self, symbol: Symbol, bid: str, ask: str) -> None:
        self.broker.quoted[symbol] = (bid, ask)

    def break_with(self, fault: DeskError | None) -> None:
        self.broker.breaks_with = fault

    def fills_next(self, *, at_once: bool) -> None:
        self.broker.day = Day.FILLED if at_once else Day.WORKING


@dataclass
class SandboxStage:
    """Tastytrade's adapter at the local sandbox: both websockets, and REST beside them."""

    here: Served
    paper: PaperStage
    closing: AsyncExitStack

    def connect(self) -> Broker:
        broker, wire = linked(self.here, streaming=True)
        self.closing.push_async_callback(wire.close)
        self.closing.push_async_callback(broker.close)
        return broker

    def tell(self, symbol: Symbol, bid: str, ask: str) -> None:
        self.paper.tell(symbol, bid, ask)

    def break_with(self, fault: DeskError | None) -> None:
        """Break every way to the broker: the websockets, new ones too, and REST."""
        self.here.faults.away = fault is not None
        self.here.panel.clear()
        if fault is not None:
            number = self.here.panel.next_number()
            self.here.panel.arm(Mishap(number=number, kind=Kind.STATUS, times=None, status=503))
            self.here.faults.reset()

    def fills_next(self, *, at_once: bool) -> None:
        """Let time pass: what is over before a reader comes is to be over before."""
        self.paper.clock.move(1)


Stage: TypeAlias = PaperStage | FakeStage | SandboxStage


@asynccontextmanager
async def _on_paper(_: Path) -> AsyncGenerator[Stage]:
    yield PaperStage()


@asynccontextmanager
async def _by_the_script(_: Path) -> AsyncGenerator[Stage]:
    yield FakeStage()


@asynccontextmanager
async def _on_the_sandbox(folder: Path) -> AsyncGenerator[Stage]:
    paper = PaperStage(opening=Opening(clock=VenueClock(), accounts=ACCOUNTS))
    venue = paper.connect()
    await venue.advance()
    async with served(folder, venue=venue) as here, AsyncExitStack() as closing:
        yield SandboxStage(here, paper, closing)


STAGES: dict[str, Callable[[Path], AbstractAsyncContextManager[Stage]]] = {
    "paper": _on_paper,
    "fake": _by_the_script,
    "tastytrade, on the local sandbox": _on_the_sandbox,
}


@pytest.fixture(params=list(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Stage]:
    async with STAGES[request.param](tmp_path) as stage:
        yield stage


@pytest.fixture
async def broker(stage: Stage) -> AsyncGenerator[Broker]:
    """Yield a broker, and see that no stream of it is left running."""
    broker = stage.connect()
    yield broker
    running = [task.get_name() for task in asyncio.all_tasks()]
    # A sandbox of this process reads streams of its own; the desk's end when nobody reads.
    assert FEED not in running


@pytest.fixture
async def account_id(broker: Broker) -> str:
    return (await broker.accounts())[0].account_id


async def the_next(stream: AsyncIterator[T]) -> T:
    async with asyncio.timeout(5):
        return await anext(stream)


async def until(stream: AsyncIterator[Quote], symbol: Symbol, bid: str) -> Quote:
    """Read on until a symbol has that bid."""
    async with asyncio.timeout(5):
        async for quote in stream:
            if (quote.symbol, quote.bid) == (symbol, Decimal(bid)):
                return quote
    raise AssertionError


def prices(quote: Quote) -> tuple[Symbol, str, str]:
    return quote.symbol, f"{quote.bid:.2f}", f"{quote.ask:.2f}"


async def place(
    broker: Broker, account_id: str, net: str, client_order_id: str = "mine", quantity: int = 1
) -> BrokerOrder:
    leg = Leg(symbol=NEAR, action=Action.BUY_TO_OPEN, quantity=quantity)
    order = OrderRequest(
        account_id=account_id, legs=(leg,), order_type=OrderType.LIMIT, limit_net=Decimal(net)
    )
    receipt = await broker.submit(PlaceTicket(client_order_id=client_order_id, order=order))
    return await broker.order(account_id, receipt.broker_order.broker_order_id)


async def cancelled(broker: Broker, account_id: str, order: BrokerOrder) -> BrokerOrder:
    """Cancel an order, and return it as it stands then."""
    number = order.broker_order_id
    await broker.submit(
        CancelTicket(client_order_id="cancel", account_id=account_id, broker_order_id=number)
    )
    return await broker.order(account_id, number)


async def heard(stream: AsyncIterator[BrokerOrder], order: BrokerOrder) -> BrokerOrder:
    """Return an order as it is told last; on the way there it may be told how it gets there."""
    while (told := await the_next(stream)) != order:
        assert told.broker_order_id == order.broker_order_id
        assert told.state in {OrderState.SUBMITTED, OrderState.CANCEL_PENDING}
    return told


async def test_a_stream_begins_with_the_quotes_as_they_stand(broker: Broker) -> None:
    """A reader that had to wait for a change would know nothing of a quiet symbol."""
    async with broker.quote_stream([NEAR, FAR, SILENT]) as quotes:
        found = {prices(await the_next(quotes)) for _ in range(2)}

    assert found == {(NEAR, "6.00", "6.20"), (FAR, "6.00", "6.20")}


async def test_a_change_is_told_and_what_stays_is_not(broker: Broker, stage: Stage) -> None:
    async with broker.quote_stream([NEAR, FAR]) as quotes:
        await the_next(quotes)
        await the_next(quotes)
        stage.tell(NEAR, "6.10", "6.30")
        first = await the_next(quotes)
        stage.tell(FAR, "6.20", "6.40")
        second = await the_next(quotes)

    assert [prices(first), prices(second)] == [(NEAR, "6.10", "6.30"), (FAR, "6.20", "6.40")]


async def test_a_slow_reader_gets_the_newest_quote_and_no_backlog(
    broker: Broker, stage: Stage
) -> None:
    """A queue that grows is memory lost and prices of a minute ago."""
    async with broker.quote_stream([NEAR, FAR]) as slow, broker.quote_stream([NEAR]) as quick:
        for cents in range(11, 31):
            stage.tell(NEAR, f"6.{cents}", "6.40")
            await until(quick, NEAR, f"6.{cents}")
        waiting = [prices(await the_next(slow)) for _ in range(2)]
        stage.tell(FAR, "7.00", "7.20")
        then = prices(await the_next(slow))

    assert sorted(waiting) == sorted([(NEAR, "6.30", "6.40"), (FAR, "6.00", "6.20")])
    assert then == (FAR, "7.00", "7.20")


async def test_a_late_reader_begins_with_what_stands_too(broker: Broker) -> None:
    """Also where a reader of the same symbol has just left."""
    async with broker.quote_stream([FAR]) as first:
        await the_next(first)
        for _ in range(3):
            async with broker.quote_stream([NEAR]) as late:
                assert prices(await the_next(late)) == (NEAR, "6.00", "6.20")


async def test_a_reader_that_fails_or_is_cancelled_disturbs_no_other(
    broker: Broker, stage: Stage
) -> None:
    async def fails() -> None:
        async with broker.quote_stream([NEAR]) as quotes:
            await the_next(quotes)
            raise RuntimeError

    async def hangs() -> None:
        async with broker.quote_stream([NEAR]) as quotes:
            async for _ in quotes:
                pass

    async with broker.quote_stream([NEAR]) as quotes:
        await the_next(quotes)
        hanging = asyncio.create_task(hangs())
        with pytest.raises(RuntimeError):
            await fails()
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        stage.tell(NEAR, "6.10", "6.30")

        assert prices(await the_next(quotes)) == (NEAR, "6.10", "6.30")


async def test_a_fault_upstream_is_told_to_every_reader_and_passes(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Silence would read as a market in which nothing happens."""
    fault = Unavailable(Reason.BROKER_UNAVAILABLE)
    async with (
        broker.quote_stream([NEAR]) as one,
        broker.quote_stream([NEAR]) as other,
        broker.account_stream(account_id) as orders,
    ):
        await the_next(one)
        await the_next(other)
        stage.break_with(fault)
        for stream in (one, other, orders, one):
            with pytest.raises(Unavailable):
                await the_next(stream)
        stage.break_with(None)
        async with broker.quote_stream([NEAR]) as again:
            assert prices(await the_next(again)) == (NEAR, "6.00", "6.20")


async def test_a_stream_of_nothing_is_silent_and_ends(broker: Broker) -> None:
    async with broker.quote_stream([]) as quotes:
        pass

    assert [quote async for quote in quotes] == []


async def test_the_stream_of_an_account_that_is_not_yours_is_denied(broker: Broker) -> None:
    with pytest.raises(Denied) as denied:
        async with broker.account_stream("NOBODY"):
            raise AssertionError

    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN


async def test_an_account_begins_with_its_working_orders(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """And with none that is over: those are for the books."""
    stage.fills_next(at_once=True)
    await place(broker, account_id, "6.20", "over")
    stage.fills_next(at_once=False)
    working = await place(broker, account_id, "0.01", "resting")
    async with broker.account_stream(account_id) as first:
        await heard(first, working)
        async with broker.account_stream(account_id) as second:
            await heard(second, working)


async def test_an_order_is_told_when_it_comes_and_when_it_ends(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    async with broker.account_stream(account_id) as orders:
        stage.fills_next(at_once=False)
        working = await place(broker, account_id, "0.01", "resting")
        await heard(orders, working)
        gone = await heard(orders, await cancelled(broker, account_id, working))

    assert (gone.broker_order_id, gone.state) == (working.broker_order_id, OrderState.CANCELLED)


async def test_an_order_that_fills_at_once_is_told_with_its_fill(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """It was never seen at work, and is told all the same, once."""
    async with broker.account_stream(account_id) as orders:
        stage.fills_next(at_once=True)
        filled = await place(broker, account_id, "6.20", "first")
        await heard(orders, filled)
        second = await place(broker, account_id, "6.20", "second")
        await heard(orders, second)

    assert (filled.state, second.state) == (OrderState.FILLED, OrderState.FILLED)


async def test_a_slow_reader_gets_the_newest_state_of_each_order(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    async with (
        broker.account_stream(account_id) as slow,
        broker.account_stream(account_id) as quick,
    ):
        stage.fills_next(at_once=False)
        working = await place(broker, account_id, "0.01", "resting")
        await heard(quick, working)
        gone = await heard(quick, await cancelled(broker, account_id, working))
        other = await heard(quick, await place(broker, account_id, "0.01", "another"))

        assert [await the_next(slow), await the_next(slow)] == [gone, other]


async def test_orders_of_another_connection_are_told(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Every client of the desk starts a server of its own, and all watch one account."""
    async with broker.account_stream(account_id) as orders:
        stage.fills_next(at_once=False)
        placed = await place(stage.connect(), account_id, "0.01")

        await heard(orders, placed)
