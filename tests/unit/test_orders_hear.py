"""What a broker tells of orders by itself reaches their rows, and nothing else does."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from strikedesk.domain.accounts import Account, Environment
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import OutcomeUnknown, Unavailable
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.follow import follow, take_in
from strikedesk.orders.hear import Hearer
from strikedesk.orders.preview import Preview
from tests.fakes.broker import ACCOUNT, Day, ScriptedBroker
from tests.unit.order_desk import OrderDesk

FILLED, WORKING = OrderState.FILLED, OrderState.WORKING


@dataclass(frozen=True, kw_only=True)
class Noting(Hearer):
    """Says what it has taken in."""

    heard: set[OrderState] = field(default_factory=set[OrderState])
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, order: BrokerOrder) -> OrderRecord | None:
        record = await Hearer.hear(self, order)
        if record is not None:
            self.heard.add(record.state)
            self.stirred.set()
        return record

    async def until(self, state: OrderState) -> None:
        async with asyncio.timeout(10):
            while state not in self.heard:
                self.stirred.clear()
                await self.stirred.wait()


def hearer(desk: OrderDesk) -> Noting:
    return Noting(broker=desk.broker, ledger=desk.ledger, clock=desk.clock, again_after_s=0.001)


async def at_work(desk: OrderDesk) -> Preview:
    desk.broker.day = Day.WORKING
    preview = await desk.preview()
    await desk.confirm(preview)
    return preview


def told(desk: OrderDesk, **news: Any) -> BrokerOrder:
    """Let the broker have its first order in another state, and return it."""
    desk.broker.placed[0] = replace(desk.broker.placed[0], **news)
    return desk.broker.placed[0]


async def test_a_fill_is_known_without_a_round_of_the_watcher(orders: OrderDesk) -> None:
    """The trail says how it came to be known."""
    preview, listener = await at_work(orders), hearer(orders)
    async with listener.running():
        await listener.until(WORKING)
        told(orders, state=FILLED, filled_units=1)
        await listener.until(FILLED)

    row = await orders.row(preview)
    assert (row.state, row.filled_units) == (FILLED, 1)
    last = (await orders.ledger.events(row.order_id))[-1]
    assert (last.kind, last.path, last.actor) == ("broker:filled", "push", "strikedesk")


async def test_a_stream_that_ends_is_begun_anew(orders: OrderDesk) -> None:
    await at_work(orders)
    listener = hearer(orders)
    async with listener.running(), orders.broker.account_stream(ACCOUNT.account_id) as mine:
        assert (await anext(mine)).state is WORKING
        orders.broker.breaks_with = Unavailable(Reason.BROKER_UNAVAILABLE)
        with pytest.raises(Unavailable):
            await anext(mine)
        listener.heard.clear()
        orders.broker.breaks_with = None
        await listener.until(WORKING)
        told(orders, state=FILLED, filled_units=1)
        await listener.until(FILLED)


@dataclass(slots=True)
class TwoAccounts(ScriptedBroker):
    """Of its accounts the second is told of nothing, in a stream that stays."""

    listened: int = 0
    twice: asyncio.Event = field(default_factory=asyncio.Event)

    async def accounts(self) -> tuple[Account, ...]:
        return (ACCOUNT, replace(ACCOUNT, account_id="PAPER0002"))

    @asynccontextmanager
    async def account_stream(self, account_id: str) -> AsyncGenerator[AsyncIterator[BrokerOrder]]:
        if account_id == ACCOUNT.account_id:
            async with ScriptedBroker.account_stream(self, account_id) as orders:
                yield orders
        else:
            self.listened += 1
            if self.listened > 1:
                self.twice.set()
            yield silence()


async def silence() -> AsyncIterator[BrokerOrder]:
    await asyncio.Event().wait()
    raise AssertionError
    yield


async def test_a_stream_that_ends_is_begun_anew_though_another_stays(orders: OrderDesk) -> None:
    """Both are: each may have missed what was told meanwhile."""
    orders.broker = two = TwoAccounts(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()
    await at_work(orders)
    listener = hearer(orders)
    async with listener.running():
        await listener.until(WORKING)
        orders.broker.breaks_with = Unavailable(Reason.BROKER_UNAVAILABLE)
        async with asyncio.timeout(10):
            await two.twice.wait()
        orders.broker.breaks_with = None
        listener.heard.clear()
        await listener.until(WORKING)
        told(orders, state=FILLED, filled_units=1)
        await listener.until(FILLED)


@dataclass(slots=True)
class Faulty(ScriptedBroker):
    """Its first stream breaks for a reason that nobody foresaw."""

    broke: bool = False

    @asynccontextmanager
    async def account_stream(self, account_id: str) -> AsyncGenerator[AsyncIterator[BrokerOrder]]:
        if not self.broke:
            self.broke = True
            raise RuntimeError("somebody else's words")
        async with ScriptedBroker.account_stream(self, account_id) as orders:
            yield orders


async def test_what_breaks_a_stream_unforeseen_is_named_in_the_log(
    orders: OrderDesk, caplog: pytest.LogCaptureFixture
) -> None:
    """And listening goes on; when it ends, nobody listens any more."""
    orders.broker = Faulty(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()
    await at_work(orders)
    listener = hearer(orders)
    async with listener.running():
        await listener.until(WORKING)

    assert [record.getMessage() for record in caplog.records] == ["listening for orders failed"]
    assert len(asyncio.all_tasks()) == 1


async def test_a_broker_that_tells_nothing_is_not_listened_to(orders: OrderDesk) -> None:
    """Its orders are found by the watcher's rounds alone."""
    orders.broker.tells_orders = False
    preview = await at_work(orders)
    async with hearer(orders).running():
        told(orders, state=FILLED, filled_units=1)
        assert len(asyncio.all_tasks()) == 1

    assert (await orders.row(preview)).state is WORKING


async def test_what_is_told_late_takes_nothing_back(orders: OrderDesk) -> None:
    preview = await at_work(orders)
    listener = hearer(orders)
    before = orders.broker.placed[0]
    await listener.hear(told(orders, state=FILLED, filled_units=1))
    trail = list(orders.ledger.trail)

    assert await listener.hear(before) == await orders.row(preview)
    assert (await orders.row(preview)).state is FILLED
    assert orders.ledger.trail == trail


async def test_who_comes_second_is_told_how_the_row_stands(orders: OrderDesk) -> None:
    """Another process took the fill in between our look and our line."""
    preview = await at_work(orders)
    row = await orders.row(preview)
    filled = told(orders, state=FILLED, filled_units=1)
    settled = replace(row, state=FILLED, filled_units=1)

    class Raced(type(orders.ledger)):
        async def advance(self, *_: object, **__: object) -> OrderRecord | None:
            self.records[row.order_id] = settled
            return None

    ledger = Raced()
    ledger.records[row.order_id] = row

    heard = await take_in(row, filled, ledger=ledger, clock=orders.clock, actor="x", path="x")

    assert heard == settled


@pytest.mark.parametrize("over", [{"state": FILLED}, {"broker_order_id": None}])
async def test_the_broker_is_not_asked_about_what_is_over_or_has_no_number(
    orders: OrderDesk, over: dict[str, Any]
) -> None:
    row = replace(await orders.row(await at_work(orders)), **over)
    orders.broker.placed.clear()

    same = await follow(
        row, broker=orders.broker, ledger=orders.ledger, clock=orders.clock, actor="x", path="x"
    )

    assert same == row


async def test_orders_that_are_none_of_ours_move_no_row(orders: OrderDesk) -> None:
    """Neither a stranger's, nor one of another environment that has the same number."""
    preview = await at_work(orders)
    listener = hearer(orders)
    filled = told(orders, state=FILLED, filled_units=1)
    stranger = replace(filled, broker_order_id="B-999")
    other = replace(filled, order=replace(filled.order, account_id="another account"))

    assert await listener.hear(stranger) is None
    assert await listener.hear(other) == await orders.row(preview)
    orders.broker.environment = Environment.LIVE
    assert await listener.hear(filled) is None
    assert (await orders.row(preview)).state is WORKING


async def test_what_is_in_doubt_is_left_to_be_reconciled(orders: OrderDesk) -> None:
    """Only a search by our own id says that an order is the one whose answer was lost."""
    orders.broker.day = Day.ACCEPTED_IN_SILENCE
    preview = await orders.preview()
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    heard = await hearer(orders).hear(told(orders, state=FILLED, filled_units=1))

    assert heard is None
    assert (await orders.row(preview)).state is OrderState.UNKNOWN
