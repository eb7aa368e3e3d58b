"""The keeper: many processes, one world; nothing is lost, nothing is seen before it is written."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import pytest

from strikedesk.brokers.paper.keeper import WorldKeeper
from strikedesk.brokers.paper.opening import Opening
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Misconfigured, Rejected, Unavailable
from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import WorldChange, WorldRows, WorldStore
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange import orders
from strikedesk.exchange.clock import VenueClock
from strikedesk.exchange.world import World
from tests.builders import NOON
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.fakes.world import MemoryWorldStore
from tests.unit.exchange_floor import CALL, CASH, IRA, MARGIN, an_order

T = TypeVar("T")
BUY = f"buy_to_open 1 {CALL}"


@dataclass
class WatchedStore:
    """A store that counts what is asked of it, and fails when told to."""

    inner: MemoryWorldStore = field(default_factory=MemoryWorldStore)
    transactions: int = 0
    loads: int = 0
    fails_to_commit: bool = False
    brief: bool | None = None

    async def transact(
        self,
        world: str,
        act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]],
        *,
        brief: bool = False,
    ) -> T:
        self.transactions += 1
        self.brief = brief
        return await self.inner.transact(world, lambda v, load: self._run(v, load, act))

    def _run(
        self,
        version: int,
        load: Callable[[], WorldRows],
        act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]],
    ) -> tuple[WorldChange, T]:
        result = act(version, lambda: self._load(load))
        if self.fails_to_commit:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)
        return result

    def _load(self, load: Callable[[], WorldRows]) -> WorldRows:
        self.loads += 1
        return load()

    async def peek(self, world: str) -> int:
        return await self.inner.peek(world)

    async def lines(
        self,
        world: str,
        account_id: str,
        *,
        start: date | None,
        end: date | None,
        limit: int,
        offset: int,
    ) -> tuple[Sequence[Mapping[str, Json]], int]:
        return await self.inner.lines(
            world, account_id, start=start, end=end, limit=limit, offset=offset
        )

    async def line(self, world: str, line_id: str) -> Mapping[str, Json] | None:
        return await self.inner.line(world, line_id)


@dataclass
class SlowDisk(WatchedStore):
    """A store whose commits take until they are let go; nobody sees what is not committed."""

    committed: asyncio.Event = field(default_factory=asyncio.Event)
    seen: int | None = None

    async def transact(
        self,
        world: str,
        act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]],
        *,
        brief: bool = False,
    ) -> T:
        before = await self.inner.peek(world)
        answer = await WatchedStore.transact(self, world, act, brief=brief)
        if not self.committed.is_set():
            self.seen = before
            await self.committed.wait()
            self.seen = None
        return answer

    async def peek(self, world: str) -> int:
        return await self.inner.peek(world) if self.seen is None else self.seen


@dataclass
class Desk:
    """A store, a market and a clock that several keepers share."""

    store: WatchedStore = field(default_factory=WatchedStore)
    market: ScriptedMarket = field(default_factory=ScriptedMarket)
    clock: StoppedClock = field(default_factory=StoppedClock)
    entropy: CountingEntropy = field(default_factory=CountingEntropy)

    def __post_init__(self) -> None:
        self.market.tell("AAPL", "199.90", "200.10")
        self.market.tell(CALL, "6.00", "6.20")

    def keeper(
        self, opening: Opening | None = None, store: WorldStore | None = None
    ) -> WorldKeeper:
        """Return what another process would keep."""
        return WorldKeeper(
            store=store or self.store,
            market=self.market,
            clock=self.clock,
            entropy=self.entropy,
            name="test",
            opening=opening or Opening(),
        )

    def placing(self, net: str = "5.00") -> Callable[[World, datetime], BrokerOrder]:
        """Return the act of buying a call at this limit."""
        return lambda world, at: orders.place(
            world, self.market, at, an_order(BUY, net=net), client_order_id="c"
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_world_is_opened_on_first_use_with_its_deposits(desk: Desk) -> None:
    seen = await desk.keeper().snapshot()

    assert {key: a.cash for key, a in seen.world.accounts.items()} == {
        MARGIN: Decimal(100_000),
        CASH: Decimal(100_000),
        IRA: Decimal(100_000),
    }
    assert (seen.at, await desk.store.peek("test")) == (NOON, 1)
    lines, total = await desk.store.lines("test", CASH, start=None, end=None, limit=9, offset=0)
    assert (total, lines[0]["kind"], lines[0]["cash"]) == (1, "deposit", "100000.00")


async def test_a_read_with_nothing_due_writes_nothing_and_takes_no_writer(desk: Desk) -> None:
    """A dashboard that looks every second must not keep the disk busy."""
    keeper = desk.keeper()
    await keeper.snapshot()
    before = desk.store.transactions

    desk.clock.move(3600)
    seen = await keeper.snapshot()

    assert (desk.store.transactions, seen.at) == (before, NOON + timedelta(hours=1))
    assert await desk.store.peek("test") == 1


async def test_ticks_without_a_fill_are_matched_and_nothing_is_written(desk: Desk) -> None:
    keeper = desk.keeper()
    await keeper.act(desk.placing())
    version = await desk.store.peek("test")
    desk.market.tell(CALL, "5.90", "6.10", at=NOON + timedelta(seconds=30))

    desk.clock.move(60)
    seen = await keeper.snapshot()

    assert seen.world.advanced_to == NOON + timedelta(seconds=60)
    assert await desk.store.peek("test") == version


async def test_a_read_lets_due_fills_happen(desk: Desk) -> None:
    """Whoever looks sees the market of now, not of the last order."""
    keeper = desk.keeper()
    placed = await keeper.act(desk.placing())
    desk.market.tell(CALL, "4.80", "5.00", at=NOON + timedelta(seconds=30))

    desk.clock.move(60)
    seen = await keeper.snapshot()

    assert seen.world.account(MARGIN).held(placed.order.legs[0].symbol) == 1
    ended = keeper.ended(placed.broker_order_id)
    assert ended is not None
    assert (ended.state, ended.updated_at) == (OrderState.FILLED, NOON + timedelta(seconds=30))


async def test_a_read_lets_a_due_end_happen_though_nothing_ended_at_the_read_before(
    desk: Desk,
) -> None:
    """What ends next is known of a world as it stands, and every act makes another one."""
    keeper = desk.keeper()
    await keeper.snapshot()
    placed = await keeper.act(desk.placing())
    await keeper.snapshot()

    desk.clock.move(12 * 3600)
    await keeper.snapshot()

    ended = keeper.ended(placed.broker_order_id)
    assert ended is not None
    assert ended.state is OrderState.EXPIRED


async def test_acts_of_one_process_decode_the_world_once(desk: Desk) -> None:
    keeper = desk.keeper()
    for _ in range(5):
        await keeper.act(desk.placing())

    assert desk.store.loads == 0


async def test_two_processes_see_each_others_acts(desk: Desk) -> None:
    """Each decodes again when the other has written, and only then."""
    here, there = desk.keeper(), desk.keeper()
    await here.act(desk.placing())
    await there.act(desk.placing())
    await here.act(desk.placing())

    assert len((await there.snapshot()).world.orders) == 3
    assert desk.store.loads == 3
    assert len((await there.snapshot()).world.orders) == 3
    assert desk.store.loads == 3


async def test_while_an_act_goes_to_disk_others_see_the_world_before_it(desk: Desk) -> None:
    """A desk that is busy looks as often as it acts, and a look does not wait for a disk."""
    disk = SlowDisk()
    keeper = desk.keeper(store=disk)
    disk.committed.set()
    before = await keeper.snapshot()
    disk.committed.clear()
    acting = asyncio.ensure_future(keeper.act(desk.placing()))
    await asyncio.sleep(0)
    transactions = disk.transactions

    during = await keeper.snapshot()

    assert (during.world, disk.transactions) == (before.world, transactions)
    disk.committed.set()
    await acting
    assert len((await keeper.snapshot()).world.orders) == 1
    assert (disk.transactions, disk.loads) == (transactions, 0)


@dataclass
class AskedStore(WatchedStore):
    """A store that counts what it is asked; `waits` makes each answer take a turn of the loop."""

    asked: int = 0
    waits: bool = False

    async def peek(self, world: str) -> int:
        self.asked += 1
        version = await self.inner.peek(world)
        if self.waits:
            await asyncio.sleep(0)
        return version


async def test_those_who_ask_in_one_turn_of_the_loop_share_a_question(desk: Desk) -> None:
    store = AskedStore(inner=desk.store.inner)
    keeper = desk.keeper(store=store)
    await keeper.snapshot()
    store.asked = 0

    await asyncio.gather(*(keeper.ready() for _ in range(5)))

    assert store.asked == 1


async def test_what_another_process_did_is_seen_in_the_next_turn(desk: Desk) -> None:
    store = AskedStore(inner=desk.store.inner)
    mine, theirs = desk.keeper(store=store), desk.keeper()
    await mine.snapshot()
    await mine.ready()
    await theirs.act(desk.placing())
    await asyncio.sleep(0)

    await mine.ready()

    assert store.loads == 1


async def test_an_answer_that_was_waited_for_is_no_other_callers(desk: Desk) -> None:
    """Who came meanwhile may know of something newer than it."""
    store = AskedStore(inner=desk.store.inner, waits=True)
    keeper = desk.keeper(store=store)
    await keeper.snapshot()
    store.asked = 0

    await keeper.ready()
    await keeper.ready()

    assert store.asked == 2


async def test_two_processes_never_give_one_id_twice(desk: Desk) -> None:
    here, there = desk.keeper(), desk.keeper()

    ids = [(await k.act(desk.placing())).broker_order_id for k in (here, there, here, there)]

    assert len(set(ids)) == 4


async def test_an_act_that_is_refused_still_lets_time_pass(desk: Desk) -> None:
    """The fill that was due before the refused order is not undone by it."""
    keeper = desk.keeper()
    await keeper.act(desk.placing())
    desk.market.tell(CALL, "4.80", "5.00", at=NOON + timedelta(seconds=30))
    desk.clock.move(60)

    with pytest.raises(Rejected):
        await keeper.act(desk.placing("99999.00"))

    assert len((await desk.keeper().snapshot()).world.account(MARGIN).stakes) == 1


async def test_an_act_that_breaks_leaves_no_trace(desk: Desk) -> None:
    """A bug half way through an act must not live on in the kept copy."""
    keeper = desk.keeper()
    await keeper.act(desk.placing())

    def break_down(world: World, at: datetime) -> None:
        desk.placing()(world, at)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        await keeper.act(break_down)

    assert len((await keeper.snapshot()).world.orders) == 1
    placed = await keeper.act(desk.placing())
    fresh = await desk.keeper().snapshot()
    assert [order.order_id for order in fresh.world.orders][-1] == placed.broker_order_id
    assert len(fresh.world.orders) == 2


async def test_a_commit_that_fails_is_not_remembered(desk: Desk) -> None:
    """The copy must not know more than the disk."""
    keeper = desk.keeper()
    await keeper.act(desk.placing())
    desk.store.fails_to_commit = True
    with pytest.raises(Unavailable):
        await keeper.act(desk.placing("6.20"))
    desk.store.fails_to_commit = False

    seen = await keeper.snapshot()

    assert (len(seen.world.orders), seen.world.account(MARGIN).stakes) == (1, {})


async def test_what_a_failed_commit_left_is_not_taken_for_what_another_process_wrote(
    desk: Desk,
) -> None:
    """Both would be the next version, and only one of them is on disk."""
    keeper, other = desk.keeper(), desk.keeper()
    await keeper.act(desk.placing())
    desk.store.fails_to_commit = True
    with pytest.raises(Unavailable):
        await keeper.act(desk.placing("4.00"))
    desk.store.fails_to_commit = False
    await other.act(desk.placing("3.00"))

    seen = await keeper.snapshot()

    assert {each.request.limit_net for each in seen.world.orders} == {
        Decimal("5.00"),
        Decimal("3.00"),
    }


async def test_after_a_commit_that_fails_a_world_has_the_time_that_it_had(desk: Desk) -> None:
    """And not that of a world that is opened at this moment."""
    start = desk.clock.now() - timedelta(minutes=30)
    await desk.keeper(Opening(clock=VenueClock.starting(start, desk.clock.now()))).snapshot()
    keeper = desk.keeper()
    await keeper.act(lambda _, at: at)
    desk.store.fails_to_commit = True
    with pytest.raises(Unavailable):
        await keeper.act(lambda _, at: at)

    await keeper.ready()

    assert keeper.now() == start


async def test_a_snapshot_never_changes(desk: Desk) -> None:
    """The event loop reads it while the writer's thread is at work on the next."""
    keeper = desk.keeper()
    before = await keeper.snapshot()

    await keeper.act(desk.placing("6.20"))

    assert before.world.account(MARGIN).cash == Decimal(100_000)
    assert len(before.world.orders) == 0


async def test_a_long_absence_is_caught_up_in_short_acts(desk: Desk) -> None:
    """No single transaction may hold the writer for thousands of ticks."""
    keeper = desk.keeper()
    await keeper.act(desk.placing("1.00"))
    for second in range(1, 500):
        desk.market.tell(CALL, "6.00", "6.20", at=NOON + timedelta(seconds=second))
    before = desk.store.transactions

    desk.clock.move(500)
    seen = await keeper.snapshot()

    assert seen.at == NOON + timedelta(seconds=500)
    assert desk.store.transactions - before == 6


async def test_an_act_is_brief_where_it_is_all_there_is_to_do(desk: Desk) -> None:
    """The event loop may do it itself then; to read a world or to catch up takes long."""
    keeper, briefs = desk.keeper(), list[bool | None]()
    await keeper.act(desk.placing("1.00"))
    briefs.append(desk.store.brief)
    await keeper.act(desk.placing("1.00"))
    briefs.append(desk.store.brief)
    desk.market.tell(CALL, "6.00", "6.20", at=NOON + timedelta(seconds=1))
    desk.clock.move(2)
    await keeper.act(desk.placing("1.00"))
    briefs.append(desk.store.brief)

    assert briefs == [False, True, False]


async def test_time_in_a_world_never_runs_back(desk: Desk) -> None:
    """A wall clock that is set back must not undo what was seen."""
    keeper = desk.keeper()
    desk.clock.move(3600)
    await keeper.act(desk.placing())
    desk.clock.move(-7200)

    assert (await keeper.snapshot()).at == NOON + timedelta(hours=1)
    assert keeper.now() == NOON + timedelta(hours=1)


async def test_a_world_keeps_the_clock_that_it_was_opened_with(desk: Desk) -> None:
    """A second process with other settings joins the world, it does not move it."""
    start = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)
    opening = Opening(clock=VenueClock.starting(start, desk.clock.now()))
    await desk.keeper(opening).snapshot()
    desk.clock.move(90)

    late = desk.keeper()
    await late.ready()

    assert late.now() == start + timedelta(seconds=90)


async def test_before_it_was_read_a_world_has_the_time_of_a_new_one(desk: Desk) -> None:
    opening = Opening(clock=VenueClock.frozen(NOON - timedelta(days=3)))

    assert desk.keeper(opening).now() == NOON - timedelta(days=3)


async def test_a_world_is_not_put_onto_another_market(desk: Desk) -> None:
    """Positions of one seed priced by another would jump for no reason."""
    await desk.keeper(Opening(source={"seed": 1})).snapshot()

    with pytest.raises(Misconfigured) as misconfigured:
        await desk.keeper(Opening(source={"seed": 2})).snapshot()

    assert misconfigured.value.facts["world"] == "test"


async def test_an_order_that_ended_leaves_the_working_set_of_the_store(desk: Desk) -> None:
    """A world of ten thousand filled orders decodes as fast as a new one."""
    keeper = desk.keeper()
    for _ in range(20):
        await keeper.act(desk.placing("6.20"))

    assert desk.store.inner.worlds["test"].orders == {}


@dataclass
class ThreadedStore(WatchedStore):
    """Runs acts on another thread, as the real store does."""

    lock: threading.Lock = field(default_factory=threading.Lock)

    async def transact(
        self,
        world: str,
        act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]],
        *,
        brief: bool = False,
    ) -> T:
        return await asyncio.to_thread(self._locked, world, act)

    def _locked(
        self,
        world: str,
        act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]],
    ) -> T:
        with self.lock:
            return asyncio.run(self.inner.transact(world, act))


async def test_many_acts_at_once_all_happen(desk: Desk) -> None:
    """Thirty-two callers, two processes, a thread each: every order is there, once."""
    store = ThreadedStore()
    here, there = desk.keeper(store=store), desk.keeper(store=store)

    placed = await asyncio.gather(
        *(keeper.act(desk.placing()) for _ in range(16) for keeper in (here, there))
    )

    world = (await desk.keeper(store=store).snapshot()).world
    assert {order.order_id for order in world.orders} == {o.broker_order_id for o in placed}
    assert len(placed) == 32
