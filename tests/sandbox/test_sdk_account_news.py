"""The independent SDK's AlertStreamer, as it is, hears what becomes of orders."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from operator import attrgetter

import pytest
import pytest_asyncio
import tastytrade.streamer
from tastytrade import Account, AlertStreamer, Session
from tastytrade.account import AccountBalance, CurrentPosition
from tastytrade.instruments import Equity
from tastytrade.order import (
    InstrumentType,
    Leg,
    LimitOrder,
    MarketOrder,
    OrderAction,
    OrderStatus,
    OrderTimeInForce,
    PlacedOrder,
)

from strikedesk.sandbox.streams.routes import STREAMER_PATH
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served, served

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # It hands its JSON to httpx in a way that httpx has left behind.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A world of its own for each test: they trade in it."""
    async with served(tmp_path_factory.mktemp("sandbox")) as here:
        yield here


@asynccontextmanager
async def listening(
    session: Session, sandbox: Served, accounts: list[Account], patch: pytest.MonkeyPatch
) -> AsyncGenerator[AlertStreamer]:
    """Open the SDK's streamer, and close the queues that it leaves open itself."""
    url = sandbox.address.replace("http", "ws") + STREAMER_PATH
    patch.setattr(tastytrade.streamer, "STREAMER_URL", url)
    streamer = AlertStreamer(session)
    try:
        async with asyncio.timeout(PATIENCE_S), streamer:
            await streamer.subscribe_accounts(accounts)
            yield streamer
    finally:
        for queue in attrgetter("_queues")(streamer).values():
            await queue.aclose()


def shares(action: OrderAction, quantity: int = 10) -> Leg:
    return Leg(
        instrument_type=InstrumentType.EQUITY, symbol="AAPL", action=action, quantity=quantity
    )


async def test_an_order_is_heard_of_from_its_way_to_its_fill_with_what_it_changes(
    session: Session, sandbox: Served, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = MarketOrder(time_in_force=OrderTimeInForce.DAY, legs=[shares(OrderAction.BUY_TO_OPEN)])
    async with listening(session, sandbox, [account], monkeypatch) as streamer:
        await account.place_order(session, order, dry_run=False)
        heard = streamer.listen(PlacedOrder)
        orders = [await anext(heard)]
        while orders[-1].status is not OrderStatus.FILLED:
            orders.append(await anext(heard))
        position = await anext(streamer.listen(CurrentPosition))
        balance = await anext(streamer.listen(AccountBalance))

    assert [each.status for each in orders] == [OrderStatus.ROUTED, OrderStatus.FILLED]
    (fill,) = orders[-1].legs[0].fills or []
    assert (position.symbol, position.quantity) == ("AAPL", Decimal(10))
    assert position.average_open_price == fill.fill_price
    assert balance.cash_balance == Decimal(100_000) - 10 * fill.fill_price - Decimal("0.01")


async def test_a_cancelled_order_is_heard_of_and_what_was_sold_is_none_left(
    session: Session, sandbox: Served, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    (apple,) = await Equity.get(session, ["AAPL"])
    bid = LimitOrder(
        time_in_force=OrderTimeInForce.GTC,
        legs=[apple.build_leg(1, OrderAction.BUY_TO_OPEN)],
        price=Decimal("-1.00"),
    )
    placed = (await account.place_order(session, bid, dry_run=False)).order
    async with listening(session, sandbox, [account], monkeypatch) as streamer:
        await account.delete_order(session, placed.id)
        cancelled = await anext(streamer.listen(PlacedOrder))
        for action in (OrderAction.BUY_TO_OPEN, OrderAction.SELL_TO_CLOSE):
            order = MarketOrder(time_in_force=OrderTimeInForce.DAY, legs=[shares(action)])
            await account.place_order(session, order, dry_run=False)
            position = await anext(streamer.listen(CurrentPosition))

    assert (cancelled.id, cancelled.status) == (placed.id, OrderStatus.CANCELLED)
    assert (position.symbol, position.quantity) == ("AAPL", Decimal(0))


async def test_what_happens_in_another_account_is_not_heard(
    session: Session, sandbox: Served, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = (await Account.get(session))[1]
    async with listening(session, sandbox, [account], monkeypatch) as streamer:
        for each in (other, account):
            order = MarketOrder(
                time_in_force=OrderTimeInForce.DAY, legs=[shares(OrderAction.BUY_TO_OPEN)]
            )
            await each.place_order(session, order, dry_run=False)
        heard = await anext(streamer.listen(PlacedOrder))

    assert heard.account_number == account.account_number


async def test_watchlists_and_alerts_are_taken_once_accounts_are(
    session: Session, sandbox: Served, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(session, sandbox, [account], monkeypatch) as streamer:
        await streamer.subscribe_public_watchlists()
        await streamer.subscribe_quote_alerts()
