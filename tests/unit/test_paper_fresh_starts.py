"""Reset and restore: the world and the ledger never tell two stories."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.brokers.paper.fresh_starts import broker_of, emptied, restored, resumed
from strikedesk.brokers.paper.opening import Opening
from strikedesk.domain.broking import BrokerOrder, LookupStatus, PlaceTicket
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Note, OrderRecord, Progress
from strikedesk.domain.ports import FreshStart, WholeWorld
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange.clock import VenueClock
from strikedesk.orders.reconcile import Reconciler
from strikedesk.store.database import Database
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.whole_worlds import SqlWorlds
from strikedesk.store.worlds import SqlWorldStore
from tests.builders import NOON, a_preview
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.stores import a_database
from tests.unit.exchange_floor import CALL, MARGIN, an_order

RESET = Note(at=NOON, actor="owner", path="cli", kind="world_reset")
RESTORED = replace(RESET, kind="world_restored")


@dataclass
class House:
    """A desk's database, with a paper world in it."""

    database: Database
    world: str = "default"

    def __post_init__(self) -> None:
        self.worlds = SqlWorlds(self.database)
        self.ledger = SqlLedger(self.database)
        self.clock = StoppedClock()
        self.entropy = CountingEntropy()
        self.market = ScriptedMarket()
        self.market.tell("AAPL", "199.90", "200.10")
        self.market.tell(CALL, "6.00", "6.20")
        self.broker = self.connect(self.world)
        self.orders = 0

    def connect(self, world: str) -> PaperBroker:
        return PaperBroker(
            store=SqlWorldStore(self.database),
            market=self.market,
            clock=self.clock,
            world=world,
            entropy=self.entropy,
            opening=Opening(clock=VenueClock.stepped(NOON)),
        )

    def reconciler(self, world: str | None = None) -> Reconciler:
        broker = self.broker if world is None else self.connect(world)
        return Reconciler(broker=broker, ledger=self.ledger, clock=self.clock, preview_ttl_s=120)

    async def buy(self, net: str, told: OrderState | None = None) -> tuple[str, BrokerOrder]:
        """Buy through the ledger; return the desk's id and the order.

        `told` is what the ledger has heard of it, where that is not how it stands.
        """
        self.orders += 1
        request = an_order(f"buy_to_open 1 {CALL}", net=net)
        broker = self.broker.capabilities.name
        preview = a_preview(self.orders, broker=broker, order=request)
        await self.ledger.open_preview(preview, RESET)
        await self.tell(preview.record.order_id, OrderState.SUBMITTING)
        client = preview.record.client_order_id
        ticket = PlaceTicket(client_order_id=client, order=request)
        order = (await self.broker.submit(ticket)).broker_order
        await self.tell(preview.record.order_id, told or order.state, order.broker_order_id)
        return preview.record.order_id, order

    async def doubt(self) -> str:
        """Leave an order whose answer was lost."""
        order_id, _ = await self.buy("1.00", told=OrderState.UNKNOWN)
        return order_id

    async def copy(self) -> WholeWorld:
        found = await self.worlds.whole(self.world)
        assert found is not None
        return found

    async def reset(self) -> None:
        await self.worlds.begin_anew(
            self.world, broker_of(self.world), lambda _there, rows: emptied(rows, RESET)
        )

    async def restore(self, copy: WholeWorld, name: str | None = None) -> None:
        wanted = name or self.world

        def act(_there: WholeWorld | None, rows: Sequence[OrderRecord]) -> FreshStart:
            return restored(copy, rows, RESTORED, name=wanted, tag=self.entropy.identifier())

        await self.worlds.begin_anew(wanted, broker_of(wanted), act)

    async def state(self, order_id: str) -> OrderState:
        found = await self.ledger.order(order_id)
        assert found is not None
        return found.state

    async def tell(self, order_id: str, state: OrderState, broker_id: str | None = None) -> None:
        """Let the ledger hear how an order stands."""
        progress = Progress(state=state, broker_order_id=broker_id)
        await self.ledger.advance(order_id, progress, only_from=set(OrderState), note=RESET)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House]:
    async with a_database("sqlite", tmp_path) as database:
        yield House(database)


async def working(broker: PaperBroker) -> list[str]:
    return [order.broker_order_id for order in await broker.orders(MARGIN)]


async def test_after_a_reset_a_server_that_was_there_sees_the_new_world(house: House) -> None:
    """Its copy is of the old one; the deposits are there again, and nothing else."""
    await house.buy("6.20")
    at_work, _ = await house.buy("1.00")

    await house.reset()

    assert await house.broker.positions(MARGIN) == ()
    assert (await house.broker.balances(MARGIN)).cash == Decimal(100_000)
    assert await working(house.broker) == []
    assert await house.state(at_work) is OrderState.CANCELLED


async def test_no_id_of_the_old_world_is_given_again(house: House) -> None:
    """The ledger remembers what it was called; another order must not answer to it."""
    _, before = await house.buy("1.00")
    await house.reset()

    _, after = await house.buy("1.00")

    assert after.broker_order_id != before.broker_order_id


@pytest.mark.parametrize("act", ["reset", "restore"])
async def test_while_an_outcome_is_unknown_the_world_stays(house: House, act: str) -> None:
    """Only the world that was there can tell whether the order arrived."""
    copy_first, _ = await house.buy("1.00")
    copy = await house.copy()
    lost = await house.doubt()

    with pytest.raises(Denied) as denied:
        await (house.reset() if act == "reset" else house.restore(copy))

    assert denied.value.reason is Reason.UNSETTLED_ORDER
    house.clock.move(3600)
    await house.reconciler()(path="test")
    assert await house.state(lost) is OrderState.WORKING
    assert await house.state(copy_first) is OrderState.WORKING


async def test_a_restored_world_is_what_it_was(house: House) -> None:
    kept, order = await house.buy("1.00")
    await house.buy("6.20")
    copy, balances = await house.copy(), await house.broker.balances(MARGIN)
    await house.buy("6.20")

    await house.restore(copy)

    assert await house.broker.balances(MARGIN) == balances
    assert await working(house.broker) == [order.broker_order_id]
    assert await house.state(kept) is OrderState.WORKING
    found = await house.broker.find(MARGIN, "client-1")
    assert (found.status, found.broker_order) == (LookupStatus.FOUND, order)


async def test_an_order_placed_after_the_copy_is_cancelled_in_the_ledger(house: House) -> None:
    """The restored world never saw it: it cannot fill there."""
    await house.buy("1.00")
    copy = await house.copy()
    later, _ = await house.buy("1.10")

    await house.restore(copy)

    assert await house.state(later) is OrderState.CANCELLED
    assert len(await working(house.broker)) == 1


async def test_what_the_ledger_has_as_ended_does_not_work_again(house: House) -> None:
    """A nonce leads to one submission, and an order that was filled is not filled twice."""
    order_id, order = await house.buy("5.00")
    copy = await house.copy()
    await house.tell(order_id, OrderState.FILLED)

    await house.restore(copy)

    assert await house.broker.orders(MARGIN) == ()
    ended = await house.broker.order(MARGIN, order.broker_order_id)
    assert ended.state is OrderState.CANCELLED
    assert await house.state(order_id) is OrderState.FILLED


async def test_an_end_that_the_copy_knows_and_the_ledger_not_yet_is_followed(
    house: House,
) -> None:
    """A fill of a moment before the copy was made is in its books: it is no cancelled order."""
    order_id, order = await house.buy("6.20", told=OrderState.SUBMITTED)
    assert order.state is OrderState.FILLED

    await house.restore(await house.copy())

    assert await house.state(order_id) is OrderState.SUBMITTED
    await house.reconciler()(path="test")
    assert await house.state(order_id) is OrderState.FILLED


async def test_after_a_restore_ids_go_on_from_nowhere_else(house: House) -> None:
    """An order placed after the copy, and one placed after the restore, have the same number."""
    await house.buy("1.00")
    copy = await house.copy()
    _, lost = await house.buy("1.10")
    await house.restore(copy)

    _, fresh = await house.buy("1.20")

    number = lost.broker_order_id.rpartition("-")[2]
    assert fresh.broker_order_id.rpartition("-")[2] == number
    assert fresh.broker_order_id != lost.broker_order_id


async def test_a_copy_put_beside_the_world_works_no_orders_of_it(house: House) -> None:
    """They are the other world's, and its ledger rows stay with it."""
    order_id, order = await house.buy("1.00")
    await house.buy("6.20")

    await house.restore(await house.copy(), "beside")

    beside = house.connect("beside")
    assert await beside.orders(MARGIN) == ()
    assert await beside.positions(MARGIN) == await house.broker.positions(MARGIN)
    assert await working(house.broker) == [order.broker_order_id]
    assert await house.state(order_id) is OrderState.WORKING


async def test_an_order_of_one_world_is_never_looked_for_in_another(house: House) -> None:
    """Else its outcome, unknown here, would be taken for `never placed` there."""
    lost = await house.doubt()

    for _ in range(3):
        house.clock.move(3600)
        await house.reconciler("beside")(path="test")

    assert await house.state(lost) is OrderState.UNKNOWN
    await house.reconciler()(path="test")
    assert await house.state(lost) is OrderState.WORKING


async def test_a_running_clock_goes_on_from_the_copys_time(house: House) -> None:
    await house.broker.advance()
    header = (await house.copy()).rows.header
    clock = VenueClock.accelerated(NOON, NOON, 60).document()
    wall = NOON + timedelta(days=9)

    again = resumed({**header, "clock": clock}, NOON + timedelta(hours=1), wall)

    assert again["clock"] == VenueClock.accelerated(NOON + timedelta(hours=1), wall, 60).document()
    assert {**again, "clock": None} == {**header, "clock": None}


def test_the_default_world_keeps_the_name_that_ledgers_know() -> None:
    assert (broker_of("default"), broker_of("goog")) == ("paper", "paper:goog")
