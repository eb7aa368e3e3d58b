"""The broker as the desk has it, with its streams, over real sockets on the sandbox."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from random import Random

import anyio
import httpx2
import pytest
import pytest_asyncio

from strikedesk.brokers.tastytrade.broker import TastytradeBroker
from strikedesk.brokers.tastytrade.client import Patience
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.brokers.tastytrade.streams import Streams
from strikedesk.brokers.tastytrade.token_desk import TokenDesk
from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.broking import PlaceTicket
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.quotes import Interval
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.market.cache import MemoryCache
from strikedesk.market.chain_query import ChainQuery
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.books import Books
from strikedesk.sandbox.access import CLIENT_SECRET
from strikedesk.sandbox.faults.panel import Kind, Mishap
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPY = EquitySymbol("SPY")
APART = ("/", "/oauth/token")


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A world of its own for each test: they trade in it."""
    async with served(tmp_path_factory.mktemp("sandbox")) as here:
        yield here


@asynccontextmanager
async def broker_at(sandbox: Served, *, streaming: bool = True) -> AsyncGenerator[TastytradeBroker]:
    site = on_this_machine(sandbox.address)
    wire = Wire(site)
    grant = Grant(
        client_secret=Secret(CLIENT_SECRET),
        refresh_token=Secret(sandbox.world.access.full.refresh_token),
    )
    desk = TokenDesk(site=site, wire=wire, clock=sandbox.wall)
    session = Session(grant=grant, desk=desk, clock=sandbox.wall)
    chance = Random("a test")  # noqa: S311 -- how long to wait is no secret
    streams = partial(Streams.of, site=site, session=session, clock=sandbox.wall, chance=chance)
    broker = TastytradeBroker(
        site=site,
        wire=wire,
        session=session,
        clock=sandbox.wall,
        account_key=Secret("a key of a test"),
        pace=Pace(scale=1000),
        patience=Patience(attempts=2, first_wait_s=0.001, in_all_s=10),
        streams=streams if streaming else None,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield broker
    finally:
        await broker.close()
        await wire.close()


async def test_what_the_streamer_says_has_moved_is_read_anew(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    """A clock that stands still lets nothing grow old: only the notices of the fill do."""
    async with broker_at(sandbox) as broker:
        books = Books(broker=broker, cache=MemoryCache(sandbox.wall))
        account = (await books.all())[0]
        before = await books.held(account.handle), await books.balances(account.handle)
        await buy_a_share(http)
        kept = await books.held(account.handle), await books.balances(account.handle)
        async with broker.account_stream(account.account_id):
            await moved(broker, account.account_id, 0)  # Let in: what was missed is read.
            first, asked = await books.held(account.handle), await books.margin_held(account.handle)
            seen = broker.moves(account.account_id)
            await buy_a_share(http)
            await moved(broker, account.account_id, seen + 1)  # Money and holdings.
            then = await books.held(account.handle), await books.balances(account.handle)
            asked_then = await books.margin_held(account.handle)

    assert kept == before
    assert [position.quantity for position in first] == [1]
    assert [position.quantity for position in then[0]] == [2]
    assert then[1].cash is not None
    assert before[1].cash is not None
    assert then[1].cash < before[1].cash
    assert asked.maintenance is not None
    assert asked_then.maintenance == 2 * asked.maintenance


async def moved(broker: TastytradeBroker, account_id: str, before: int) -> None:
    """Wait until the account has moved more often than this."""
    with anyio.fail_after(PATIENCE_S):
        while broker.moves(account_id) <= before:
            await anyio.lowlevel.checkpoint()


async def buy_a_share(http: httpx2.AsyncClient) -> None:
    leg = {"instrument-type": "Equity", "symbol": "AAPL", "quantity": 1, "action": "Buy to Open"}
    order = {"time-in-force": "Day", "order-type": "Market", "legs": [leg]}
    path = "/accounts/5WS00001/orders"
    assert (await http.post(path, json=order, timeout=PATIENCE_S)).status_code == 201


async def test_a_chain_has_the_feeds_greeks(sandbox: Served) -> None:
    async with broker_at(sandbox) as broker:
        day = (await broker.expirations(SPY))[2].day
        chain = await broker.chain(SPY, [day])
    known = await sandbox.world.broker.chain(SPY, [day])
    greeks = {row.contract: row.greeks for row in chain.rows}

    assert greeks.keys() == {row.contract for row in known.rows}
    for row in known.rows:
        told = greeks[row.contract]
        assert (told is None) == (row.greeks is None)
        if told is not None and row.greeks is not None:
            assert (told.source, told.delta) == ("dxfeed", row.greeks.delta)


@pytest.mark.parametrize("ticker", ["SPY", "AAPL", "SPX"])
async def test_the_first_page_of_a_chain_costs_three_calls(sandbox: Served, ticker: str) -> None:
    """The listing, a token for the feed, and the feed: quotas are of one or two calls a second.

    Beside them stand the access token, and the time of a market that is not the wall's.
    """
    panel, faults = sandbox.panel, sandbox.faults
    apart = [Mishap(number=n, kind=Kind.DELAY, times=None, path=p) for n, p in enumerate(APART)]
    counted = Mishap(number=len(APART), kind=Kind.DELAY, times=None)
    for each in (*apart, counted):
        panel.arm(each)
    async with broker_at(sandbox) as broker:
        room = MarketRoom(data=broker, cache=MemoryCache(sandbox.wall))
        page = await room.chain_page(ChainQuery(underlying=EquitySymbol(ticker)))
        feeds = faults.reset()

    assert page.complete
    assert page.total
    assert {row[page.columns.index("delta")] is None for row in page.rows} == {False}
    assert (counted.struck, feeds) == (2, 1)


async def test_bars_come_by_stream_and_without_one_not_at_all(sandbox: Served) -> None:
    end = sandbox.world.now()
    asked = SPY, Interval.DAY, end - timedelta(days=9), end
    async with broker_at(sandbox) as broker:
        assert await broker.bars(*asked) == await sandbox.world.broker.bars(*asked)
    async with broker_at(sandbox, streaming=False) as broker:
        with pytest.raises(Denied) as refused:
            await broker.bars(*asked)

    assert refused.value.reason is Reason.NOT_SUPPORTED


async def test_quotes_come_by_stream_where_rest_has_none(sandbox: Served) -> None:
    """As at the broker's own sandbox, which serves no market data by REST."""
    async with broker_at(sandbox) as broker:
        rest = await broker.quotes([SPY])
        outage = Mishap(number=1, kind=Kind.STATUS, path="/market-data/*", times=None, status=502)
        sandbox.panel.arm(outage)
        told = await broker.quotes([SPY])

    assert (told[SPY].bid, told[SPY].ask) == (rest[SPY].bid, rest[SPY].ask)


async def test_what_is_heard_is_of_the_markets_time(sandbox: Served) -> None:
    """At a sandbox the desk goes by that: a quote of the wall's time would be of the future."""
    sandbox.wall.move(24 * 3600)
    async with broker_at(sandbox) as broker:
        await broker.ready()
        async with broker.quote_stream([SPY]) as quotes:
            quote = await anext(quotes)

    assert quote.at == broker.now() == sandbox.world.now()


async def test_changes_are_told_as_they_come(sandbox: Served) -> None:
    """A quote that stands, and an order from its placing to its fill."""
    async with broker_at(sandbox) as broker:
        async with broker.quote_stream([SPY]) as quotes:
            quote = await anext(quotes)
        account = next(a for a in await broker.accounts() if a.nickname == "Margin")
        leg = Leg(symbol=SPY, action=Action.BUY_TO_OPEN, quantity=1)
        order = OrderRequest(
            account_id=account.account_id, legs=(leg,), order_type=OrderType.MARKET
        )
        async with broker.account_stream(account.account_id) as orders:
            await broker.submit(PlaceTicket(client_order_id="a-test", order=order))
            filled = await anext(o async for o in orders if o.state is OrderState.FILLED)

    assert quote.symbol == SPY
    assert (filled.client_order_id, filled.filled_units) == ("a-test", 1)
