"""Two processes at one database, trading at once: the real writer, real transactions."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.domain.broking import BrokerOrder, CancelTicket, PlaceTicket
from strikedesk.domain.errors import Rejected
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.states import OrderState
from strikedesk.store.worlds import SqlWorldStore
from tests.builders import NOON
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.stores import DATABASES, a_url, opened
from tests.unit.exchange_floor import CALL, CASH, MARGIN, an_order


@pytest.fixture
def market() -> ScriptedMarket:
    market = ScriptedMarket()
    market.tell("AAPL", "199.90", "200.10", size=40)
    market.tell(CALL, "6.00", "6.20", size=40)
    return market


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(params=DATABASES)
async def processes(
    request: pytest.FixtureRequest, tmp_path: Path, market: ScriptedMarket, clock: StoppedClock
) -> AsyncGenerator[tuple[PaperBroker, PaperBroker]]:
    """Yield two brokers, each on a connection of its own."""
    async with a_url(request.param, tmp_path) as url, opened(url) as here, opened(url) as there:
        entropy = CountingEntropy()
        first, second = (
            PaperBroker(
                store=SqlWorldStore(database),
                market=market,
                clock=clock,
                world="shared",
                entropy=entropy,
            )
            for database in (here, there)
        )
        yield first, second


async def place(broker: PaperBroker, order: OrderRequest, client_order_id: str) -> BrokerOrder:
    ticket = PlaceTicket(client_order_id=client_order_id, order=order)
    return (await broker.submit(ticket)).broker_order


async def test_orders_of_two_processes_share_one_book_and_one_quote(
    processes: tuple[PaperBroker, PaperBroker],
) -> None:
    """Forty contracts are displayed; sixty are asked for at once, from both sides."""
    order = an_order(f"buy_to_open 2 {CALL}", net="6.20")

    placed = await asyncio.gather(
        *(
            place(broker, order, f"{process}-{number}")
            for number in range(15)
            for process, broker in enumerate(processes)
        )
    )

    assert len({order.broker_order_id for order in placed}) == 30
    assert sum(order.filled_units for order in placed) == 40
    for broker in processes:
        (held,) = await broker.positions(MARGIN)
        assert held.quantity == 40
        book = await broker.transactions(MARGIN, start=None, end=None, limit=100, offset=0)
        balances = await broker.balances(MARGIN)
        assert sum(line.cash_effect for line in book.rows) == balances.cash
        assert len(await broker.orders(MARGIN)) == 10


async def test_of_two_cancels_one_is_told_that_it_came_late(
    processes: tuple[PaperBroker, PaperBroker],
) -> None:
    order = await place(processes[0], an_order(f"buy_to_open 1 {CALL}", net="5.00"), "c")
    ticket = CancelTicket(
        client_order_id="x", account_id=MARGIN, broker_order_id=order.broker_order_id
    )

    answers = await asyncio.gather(
        *(broker.submit(ticket) for broker in processes), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["Receipt", "Rejected"]


async def test_a_fill_that_is_due_happens_once_whoever_looks(
    processes: tuple[PaperBroker, PaperBroker], market: ScriptedMarket, clock: StoppedClock
) -> None:
    order = await place(processes[0], an_order(f"buy_to_open 3 {CALL}", net="5.00"), "c")
    market.tell(CALL, "4.90", "5.00", at=NOON + timedelta(seconds=30))
    clock.move(60)

    seen = await asyncio.gather(
        *(broker.order(MARGIN, order.broker_order_id) for broker in processes for _ in range(8))
    )

    assert {o.state for o in seen} == {OrderState.FILLED}
    balances = await processes[1].balances(MARGIN)
    assert balances.cash == Decimal("100000.00") - 1500 - (seen[0].fees or 0)


async def test_buying_power_cannot_be_spent_twice(
    processes: tuple[PaperBroker, PaperBroker],
) -> None:
    """Each order alone fits into the account; together they do not."""
    order = an_order(f"buy_to_open 150 {CALL}", net="5.00", account=CASH)

    answers = await asyncio.gather(
        *(place(broker, order, "c") for broker in processes), return_exceptions=True
    )

    assert sum(isinstance(answer, BrokerOrder) for answer in answers) == 1
    (refused,) = (answer for answer in answers if isinstance(answer, Rejected))
    assert refused.facts["code"] == "insufficient_buying_power"
