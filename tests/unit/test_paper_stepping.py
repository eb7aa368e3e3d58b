"""A world that is moved by hand: every tick is met, and an interrupted step loses nothing."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.brokers.paper.archive import Archive
from strikedesk.brokers.paper.keeper import WorldKeeper
from strikedesk.brokers.paper.opening import Opening
from strikedesk.brokers.paper.stepping import Stepper, Way
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange import orders
from strikedesk.exchange.clock import VenueClock
from strikedesk.exchange.world import World
from tests.builders import NOON
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.fakes.world import MemoryWorldStore
from tests.unit.exchange_floor import CALL, FAR_CALL, MARGIN, an_order

TICKS = 260
HOUR = timedelta(hours=1)


@dataclass
class Practice:
    """A stepped world on a market that quotes every few seconds for an hour."""

    clock: VenueClock = field(default_factory=lambda: VenueClock.stepped(NOON))
    store: MemoryWorldStore = field(default_factory=MemoryWorldStore)
    market: ScriptedMarket = field(default_factory=ScriptedMarket)
    wall: StoppedClock = field(default_factory=StoppedClock)

    def __post_init__(self) -> None:
        self.market.tell("AAPL", "199.90", "200.10")
        self.market.tell(FAR_CALL, "2.00", "2.10")
        for number in range(TICKS):
            cents = 620 - number
            self.market.tell(
                CALL,
                f"{(cents - 20) / 100:.2f}",
                f"{cents / 100:.2f}",
                at=NOON + timedelta(seconds=12 * number),
                size=1,
            )

    def keeper(self) -> WorldKeeper:
        """Return what another process would keep."""
        return WorldKeeper(
            store=self.store,
            market=self.market,
            clock=self.wall,
            entropy=CountingEntropy(),
            name="practice",
            opening=Opening(clock=self.clock),
        )

    async def buy(self, net: str, quantity: int = 1) -> BrokerOrder:
        """Let a call be bought at this limit."""
        request = an_order(f"buy_to_open {quantity} {CALL}", net=net)

        def place(world: World, at: datetime) -> BrokerOrder:
            return orders.place(world, self.market, at, request, client_order_id="c")

        return await self.keeper().act(place)

    def written(self) -> tuple[str, str, dict[str, str], dict[str, str], list[str]]:
        """Return everything that the store has of the world."""
        kept = self.store.worlds["practice"]
        book = [line.text for line in kept.book.values()]
        return kept.header, str(kept.accounts), kept.orders, kept.accounts, book


async def walked(keeper: WorldKeeper, step: timedelta | datetime | str) -> Way:
    """Take a step to its end."""
    stepper = Stepper(keeper=keeper)
    way = await stepper.begin(step)
    while not way.done:
        way = await stepper.go_on(way)
    return way


async def filled_order(practice: Practice, order_id: str) -> BrokerOrder:
    """Return an order that has ended, from the books."""
    found = await Archive(store=practice.store, world="practice").order(MARGIN, order_id)
    assert found is not None
    return found


async def test_an_order_meets_every_tick_on_the_way() -> None:
    """It fills at the price of the minute that reached it, not at the last one."""
    practice = Practice()
    order = await practice.buy("5.00")

    way = await walked(practice.keeper(), HOUR)

    seen = await practice.keeper().snapshot()
    assert (way.began, way.at, seen.at) == (NOON, NOON + HOUR, NOON + HOUR)
    ended = await filled_order(practice, order.broker_order_id)
    assert (order.state, ended.state) == (OrderState.WORKING, OrderState.FILLED)
    assert ended.updated_at == NOON + timedelta(seconds=12 * 120)  # When 5.00 was first asked.
    assert ended.average_net == Decimal("5.00")
    assert seen.world.account(MARGIN).held(order.order.legs[0].symbol) == 1


async def test_the_wall_does_not_move_a_stepped_world() -> None:
    practice = Practice()
    await practice.buy("5.00")

    practice.wall.move(86_400)

    assert (await practice.keeper().snapshot()).at == NOON


async def test_a_day_order_expires_on_the_way() -> None:
    practice = Practice()
    order = await practice.buy("1.00")
    keeper = practice.keeper()

    await walked(keeper, timedelta(days=1))

    ended = keeper.ended(order.broker_order_id)
    assert ended is not None
    assert ended.state is OrderState.EXPIRED


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 4), st.sampled_from(["1.00", "4.10", "5.00"]), st.integers(1, 3))
async def test_a_step_that_was_interrupted_and_repeated_leads_to_the_same_world(
    acts: int, net: str, quantity: int
) -> None:
    """Whoever pulls the plug half-way types the same command again."""
    whole, broken = Practice(), Practice()
    for practice in (whole, broken):
        await practice.buy(net, quantity)
    await walked(whole.keeper(), HOUR)

    dying = Stepper(keeper=broken.keeper())
    way = await dying.begin(HOUR)
    for _ in range(acts):
        if not way.done:
            way = await dying.go_on(way)
    interrupted = not way.done
    if interrupted:
        await walked(broken.keeper(), HOUR)

    assert broken.written() == whole.written()


async def test_an_interrupted_step_is_taken_up_whatever_is_asked_next() -> None:
    """It says so, and goes where it was going: the next one goes further."""
    practice = Practice()
    await practice.buy("1.00")
    first = await Stepper(keeper=practice.keeper()).begin(HOUR)

    again = await Stepper(keeper=practice.keeper()).begin(timedelta(days=3))

    assert (again.resumed, again.began, again.target) == (True, NOON, first.target)


async def test_two_who_step_at_once_take_one_way() -> None:
    """Each part of it is one transaction, whoever takes it."""
    practice, alone = Practice(), Practice()
    for each in (practice, alone):
        await each.buy("4.10")
    here, there = Stepper(keeper=practice.keeper()), Stepper(keeper=practice.keeper())
    mine = await here.begin(HOUR)
    theirs = await there.begin(HOUR)
    while not (mine.done and theirs.done):
        mine = await here.go_on(mine)
        theirs = await there.go_on(theirs)
    await walked(alone.keeper(), HOUR)

    assert practice.written() == alone.written()


async def test_a_process_that_had_looked_before_sees_the_step_at_its_next_look() -> None:
    """A server on the same world reads the version, and finds that its copy is old."""
    practice = Practice()
    server = practice.keeper()
    await server.ready()

    await walked(practice.keeper(), HOUR)
    await server.ready()

    assert server.now() == NOON + HOUR


async def test_an_order_placed_half_way_stands_at_that_instant() -> None:
    """A server trades on while the owner steps."""
    practice = Practice()
    await practice.buy("1.00")
    stepper = Stepper(keeper=practice.keeper())
    way = await stepper.go_on(await stepper.begin(HOUR))

    placed = await practice.buy("0.90")

    assert NOON < way.at < NOON + HOUR
    assert placed.created_at == way.at


@pytest.mark.parametrize(
    "clock",
    [
        VenueClock(),
        VenueClock.frozen(NOON),
        VenueClock.starting(NOON, NOON),
        VenueClock.accelerated(NOON, NOON, 60),
    ],
)
async def test_a_clock_that_is_not_stepped_is_not_moved(clock: VenueClock) -> None:
    """A refusal opens no world and leaves one that is open as it was."""
    practice = Practice(clock=clock)

    for _ in range(2):
        with pytest.raises(Denied) as denied:
            await Stepper(keeper=practice.keeper()).begin(HOUR)
        assert denied.value.reason is Reason.CLOCK_NOT_STEPPED
        assert await practice.store.peek("practice") <= 1
        await practice.keeper().snapshot()


async def test_a_step_back_changes_nothing() -> None:
    practice = Practice()
    await practice.keeper().snapshot()
    before: Json = practice.written()[0]

    with pytest.raises(Denied):
        await walked(practice.keeper(), NOON - HOUR)

    assert practice.written()[0] == before
