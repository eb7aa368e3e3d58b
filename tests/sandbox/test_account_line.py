"""Our own line to the account streamer, over real sockets, on the sandbox and under its faults."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from strikedesk.brokers.streams import Hub
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.news.line import AccountLine
from strikedesk.brokers.tastytrade.news.notices import Message
from strikedesk.brokers.tastytrade.news.orders import OrderPush
from strikedesk.brokers.tastytrade.orders.finding import Finding
from strikedesk.brokers.tastytrade.patience import Waits
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.brokers.tastytrade.sockets import streamer_of
from strikedesk.brokers.tastytrade.token_desk import TokenDesk
from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.secret import Secret
from strikedesk.domain.states import OrderState
from strikedesk.sandbox.access import CLIENT_SECRET
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBER = "5WS00001"
ORDERS = f"/accounts/{NUMBER}/orders"
QUICK = Waits(pause_first_s=0.01, pause_most_s=0.05)
FILLED, WORKING, CANCELLED = OrderState.FILLED, OrderState.WORKING, OrderState.CANCELLED


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A world of its own for each test: they trade in it."""
    async with served(tmp_path_factory.mktemp("sandbox")) as here:
        yield here


class ToldLine(AccountLine):
    """Says when it is up."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.up = asyncio.Event()

    @asynccontextmanager
    async def listening(
        self,
        numbers: Collection[Secret],
        *,
        heard: Callable[[Message], None],
        let_in: Callable[[], None],
    ) -> AsyncGenerator[None]:
        def both() -> None:
            let_in()
            self.up.set()

        async with super().listening(numbers, heard=heard, let_in=both):
            yield


@asynccontextmanager
async def reading(
    sandbox: Served, waits: Waits = QUICK
) -> AsyncGenerator[AsyncIterator[BrokerOrder]]:
    """Read an account by push alone: polling would take longer than any test waits."""
    site = on_this_machine(sandbox.address)
    wire = Wire(site)
    grant = Grant(
        client_secret=Secret(CLIENT_SECRET),
        refresh_token=Secret(sandbox.world.access.full.refresh_token),
    )
    desk = TokenDesk(site=site, wire=wire, clock=sandbox.wall)
    session = Session(grant=grant, desk=desk, clock=sandbox.wall)
    client = Client(wire=wire, session=session)
    directory = Directory(
        client=client, site=site, key=Secret("a key of a test"), clock=sandbox.wall
    )
    line = ToldLine(
        url=streamer_of(site),
        session=session,
        clock=sandbox.wall,
        chance=Random("a test"),  # noqa: S311 -- how long to wait is no secret
        waits=waits,
    )
    push = OrderPush(
        line=line,
        finding=Finding(client=client, directory=directory, clock=sandbox.wall),
        directory=directory,
        clock=sandbox.wall,
        poll_every_s=600,
        look_every_s=600,
    )
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            Hub(push).reader((directory.account_id(NUMBER),)) as orders,
        ):
            await line.up.wait()
            yield orders
    finally:
        await wire.close()


async def place(http: httpx2.AsyncClient, **order: object) -> str:
    leg = {"instrument-type": "Equity", "symbol": "AAPL", "quantity": 1, "action": "Buy to Open"}
    answer = await http.post(ORDERS, json={"time-in-force": "Day", "legs": [leg], **order})
    return str(answer.json()["data"]["order"]["id"])


async def buy(http: httpx2.AsyncClient) -> str:
    return await place(http, **{"order-type": "Market"})


async def bid(http: httpx2.AsyncClient) -> str:
    limit = {"order-type": "Limit", "price": "1.00", "price-effect": "Debit"}
    return await place(http, **limit)


async def until(orders: AsyncIterator[BrokerOrder], state: OrderState) -> BrokerOrder:
    """Return the first order in this state."""
    return await anext(order async for order in orders if order.state is state)


async def until_first_look(orders: AsyncIterator[BrokerOrder], number: str) -> None:
    """Wait until an order is told: what is told after it is told by push, if the line stands."""
    assert (await until(orders, WORKING)).broker_order_id == number


async def test_a_fill_is_heard_of_at_once(sandbox: Served, http: httpx2.AsyncClient) -> None:
    async with reading(sandbox) as orders:
        await until_first_look(orders, await bid(http))
        number = await buy(http)
        filled = await until(orders, FILLED)

    assert (filled.broker_order_id, filled.filled_units) == (number, 1)
    assert [fill.signed_quantity for fill in filled.fills] == [1]


async def test_what_works_already_is_told_first_and_then_its_end(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    number = await bid(http)
    async with reading(sandbox) as orders:
        working = await until(orders, WORKING)
        await http.delete(f"{ORDERS}/{number}")
        cancelled = await until(orders, CANCELLED)

    assert working.broker_order_id == cancelled.broker_order_id == number


@pytest.mark.parametrize("fault", ["duplicated", "reordered"])
async def test_notices_that_come_twice_or_late_take_nothing_back(
    sandbox: Served, http: httpx2.AsyncClient, fault: str
) -> None:
    """A fill stands, whatever is told of the order's way to it afterwards."""
    setattr(sandbox.faults, fault, True)
    async with reading(sandbox) as orders:
        number = await buy(http)
        await until(orders, FILLED)
        other = await buy(http)
        told = [await anext(orders)]
        while (told[-1].broker_order_id, told[-1].state) != (other, FILLED):
            told.append(await anext(orders))

    assert [each.state for each in told if each.broker_order_id == number] == []


async def test_what_happened_while_nobody_listened_is_looked_for(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    """A streamer tells nothing of before: a fill in a gap is found by reading."""
    async with reading(sandbox) as orders:
        await until_first_look(orders, await bid(http))
        sandbox.faults.silent = True
        number = await buy(http)
        assert sandbox.faults.reset() == 1
        sandbox.faults.silent = False
        filled = await until(orders, FILLED)

    assert filled.broker_order_id == number


async def test_an_expired_token_is_renewed_and_the_line_comes_back(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    waits = Waits(keepalive_s=0.05, pause_first_s=0.01, pause_most_s=0.05)
    async with reading(sandbox, waits) as orders:
        await until_first_look(orders, await bid(http))
        sandbox.world.access.expire_tokens()
        fresh = sandbox.world.access.issue(sandbox.world.access.full).token
        http.headers["Authorization"] = f"Bearer {fresh}"
        number = await buy(http)
        filled = await until(orders, FILLED)

    assert filled.broker_order_id == number


async def test_a_line_that_goes_is_looked_behind_at_once(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    """Nobody tells any more from that moment on: the pace of a standing line is too slow."""
    async with reading(sandbox) as orders:
        await until_first_look(orders, await bid(http))
        sandbox.faults.silent = sandbox.faults.away = True
        number = await buy(http)
        assert sandbox.faults.reset() == 1
        filled = await until(orders, FILLED)

    assert filled.broker_order_id == number
