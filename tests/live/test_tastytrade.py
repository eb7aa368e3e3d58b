"""What tastytrade says today, read through the desk's own ports: shapes, never figures."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.broking import CancelTicket, LookupStatus, PlaceTicket
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.quotes import Interval
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.wiring.ground import SystemEntropy
from tests.live.conftest import Live

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPY, SPX = EquitySymbol("SPY"), EquitySymbol("SPX")
YEAR, WEEK = timedelta(days=365), timedelta(days=7)


async def test_every_account_tells_what_it_is_worth_holds_and_did(live: Live) -> None:
    accounts = await live.broker.accounts()
    assert accounts
    for account in accounts:
        balances = await live.broker.balances(account.account_id)
        await live.broker.positions(account.account_id)
        await live.broker.orders(account.account_id)
        page = await live.broker.transactions(
            account.account_id, start=None, end=None, limit=50, offset=0
        )
        assert balances.net_liquidation is not None
        assert page.total >= len(page.rows)


async def test_the_worth_of_a_year_is_told_by_the_close(live: Live) -> None:
    (account, *_) = await live.broker.accounts()
    start = exchange_date(live.broker.now()) - YEAR

    worths = await live.broker.worth_history(account.account_id, start)

    assert [each.at for each in worths] == sorted({each.at for each in worths})


async def test_the_balances_of_a_year_are_told_by_the_close(live: Live) -> None:
    (account, *_) = await live.broker.accounts()
    today = exchange_date(live.broker.now())

    closes = await live.broker.closing_balances(account.account_id, today - YEAR, today)

    assert [each.day for each in closes] == sorted({each.day for each in closes})
    assert all(each.net_liquidation is not None for each in closes)


async def test_shares_and_an_index_are_quoted(live: Live) -> None:
    quotes = await live.broker.quotes([SPY, SPX])

    assert quotes[SPY].mark is not None
    assert SPX in quotes


async def test_a_chain_has_strikes_quotes_and_greeks(live: Live) -> None:
    listed = await live.broker.expirations(SPY)
    monthly = next(each for each in listed if each.standard and each.days > WEEK.days)

    chain = await live.broker.chain(SPY, [monthly.day])

    assert len(chain.rows) > len(monthly.strikes)
    assert any(row.greeks is not None and row.greeks.delta is not None for row in chain.rows)


async def test_bars_of_a_week_come_by_stream(live: Live) -> None:
    end = live.broker.now()

    bars = await live.broker.bars(SPY, Interval.DAY, end - WEEK, end)

    assert 3 <= len(bars) <= 6


async def test_a_quote_and_the_account_can_be_listened_to(live: Live) -> None:
    (account, *_) = await live.broker.accounts()
    async with (
        asyncio.timeout(20),
        live.broker.account_stream(account.account_id),
        live.broker.quote_stream([SPY]) as quotes,
    ):
        quote = await anext(quotes)

    assert quote.symbol == SPY


async def test_ranks_events_and_the_search_are_told(live: Live) -> None:
    today = exchange_date(live.broker.now())
    known = await live.broker.implied_history(SPY, today - YEAR, today)
    await live.broker.events(EquitySymbol("AAPL"), today - YEAR, today + YEAR)

    assert known.rank is not None
    assert SPY in {found.symbol for found in await live.broker.search("SPY", 10)}


async def test_an_order_is_rehearsed_placed_found_and_taken_back(trading: Live) -> None:
    """A dollar for a share: it rests, whatever the market does."""
    broker = trading.broker
    (account, *_) = await broker.accounts()
    leg = Leg(symbol=SPY, action=Action.BUY_TO_OPEN, quantity=1)
    order = OrderRequest(
        account_id=account.account_id,
        legs=(leg,),
        order_type=OrderType.LIMIT,
        limit_net=Decimal("1.00"),
    )
    own = SystemEntropy().identifier()
    ticket = PlaceTicket(client_order_id=own, order=order)

    assert (await broker.preflight(ticket)).refusals == ()
    number = (await broker.submit(ticket)).broker_order.broker_order_id
    try:
        found = await broker.find(account.account_id, own)
    finally:
        await broker.submit(
            CancelTicket(
                client_order_id=f"{own}-c", account_id=account.account_id, broker_order_id=number
            )
        )

    assert found.status is LookupStatus.FOUND
