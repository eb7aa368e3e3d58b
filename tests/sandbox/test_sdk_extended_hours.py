"""The independent SDK in the evening: shares for extended hours fill, those of the day wait."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import pytest_asyncio
from tastytrade import Account, Session
from tastytrade.market_data import get_market_data_by_type
from tastytrade.order import (
    InstrumentType,
    Leg,
    LimitOrder,
    MarketOrder,
    OrderAction,
    OrderStatus,
    OrderTimeInForce,
    StopOrder,
)
from tastytrade.utils import TastytradeError

from tests.sandbox.served import Served, served

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # It hands its JSON to httpx in a way that httpx has left behind.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]

EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)  # 17:00 in New York.


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A world of its own for each test, in which it is evening."""
    folder = tmp_path_factory.mktemp("evening")
    async with served(folder, f"frozen:{EVENING:%Y-%m-%dT%H:%M:%SZ}") as here:
        yield here


def shares(quantity: int = 10) -> Leg:
    return Leg(
        instrument_type=InstrumentType.EQUITY,
        symbol="AAPL",
        action=OrderAction.BUY_TO_OPEN,
        quantity=quantity,
    )


async def at_the_ask(session: Session, force: OrderTimeInForce) -> LimitOrder:
    (told,) = await get_market_data_by_type(session, equities=["AAPL"])
    assert told.ask is not None
    return LimitOrder(legs=[shares()], price=-told.ask, time_in_force=force)


@pytest.mark.parametrize(
    "force", [OrderTimeInForce.EXT, OrderTimeInForce.GTC_EXT, OrderTimeInForce.OVERNIGHT]
)
async def test_shares_for_extended_hours_fill_in_the_evening(
    session: Session, account: Account, force: OrderTimeInForce
) -> None:
    order = await at_the_ask(session, force)
    rehearsed = await account.place_order(session, order, dry_run=True)
    placed = await account.place_order(session, order, dry_run=False)

    told = await account.get_order(session, placed.order.id)
    (held,) = await account.get_positions(session)
    assert rehearsed.warnings is None or rehearsed.warnings == []
    assert (told.status, told.time_in_force) == (OrderStatus.FILLED, force)
    assert (held.symbol, held.quantity) == ("AAPL", 10)


async def test_shares_for_the_day_wait_for_the_next_session(
    session: Session, account: Account
) -> None:
    order = await at_the_ask(session, OrderTimeInForce.DAY)
    placed = await account.place_order(session, order, dry_run=False)

    told = await account.get_order(session, placed.order.id)
    assert [warning.code for warning in placed.warnings or []] == ["tif.next_valid_session"]
    assert told.status is OrderStatus.RECEIVED
    assert await account.get_positions(session) == []


@pytest.mark.parametrize(
    "order",
    [
        MarketOrder(legs=[shares()], time_in_force=OrderTimeInForce.EXT),
        StopOrder(
            legs=[shares()], stop_trigger=Decimal(300), time_in_force=OrderTimeInForce.GTC_EXT
        ),
    ],
)
async def test_extended_hours_are_for_limit_orders(
    session: Session, account: Account, order: MarketOrder | StopOrder
) -> None:
    """Nobody knows at what price a thin market fills."""
    with pytest.raises(TastytradeError, match="invalid_time_in_force"):
        await account.place_order(session, order, dry_run=True)
