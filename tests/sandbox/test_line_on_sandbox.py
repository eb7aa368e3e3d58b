"""Our own line to market data, over real sockets, on the sandbox and under its faults."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random

import pytest

from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.dxlink.line import Line
from strikedesk.brokers.tastytrade.dxlink.market import StreamedMarket
from strikedesk.brokers.tastytrade.dxlink.quote_tokens import RestQuoteTokens
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.patience import Waits
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.brokers.tastytrade.token_desk import TokenDesk
from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.quotes import Feed, Interval
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.sandbox.access import CLIENT_SECRET
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPY, SPX = EquitySymbol("SPY"), EquitySymbol("SPX")
QUICK = Waits(silence_s=0.3, pause_first_s=0.01, pause_most_s=0.05)


@asynccontextmanager
async def line_to(sandbox: Served, waits: Waits | None = None) -> AsyncGenerator[Line]:
    site = on_this_machine(sandbox.address)
    wire = Wire(site)
    grant = Grant(
        client_secret=Secret(CLIENT_SECRET),
        refresh_token=Secret(sandbox.world.access.full.refresh_token),
    )
    desk = TokenDesk(site=site, wire=wire, clock=sandbox.wall)
    client = Client(wire=wire, session=Session(grant=grant, desk=desk, clock=sandbox.wall))
    line = Line(
        tokens=RestQuoteTokens(client=client, site=site, clock=sandbox.wall),
        clock=sandbox.wall,
        chance=Random("a test"),  # noqa: S311 -- how long to wait is no secret
        waits=waits,
    )
    try:
        yield line
    finally:
        await line.close()
        await wire.close()


async def calls(sandbox: Served, count: int) -> list[Symbol]:
    days = await sandbox.world.broker.expirations(SPY)
    chain = await sandbox.world.broker.chain(SPY, [days[3].day])
    middle = len(chain.rows) // 2
    return [row.contract for row in chain.rows[middle : middle + count]]


async def test_quotes_and_greeks_are_the_venues(sandbox: Served) -> None:
    symbols = [SPY, SPX, *await calls(sandbox, 40)]
    known = await sandbox.world.broker.quotes(symbols)
    async with line_to(sandbox) as line:
        market = StreamedMarket(line=line, clock=sandbox.wall)
        answer = await market.quotes(symbols, within_s=PATIENCE_S)
        greeks = await market.greeks(symbols[2:], within_s=PATIENCE_S)

    assert answer.silent == {}
    assert {s: (q.bid, q.ask, q.bid_size) for s, q in answer.quotes.items() if s != SPX} == {
        s: (q.bid, q.ask, q.bid_size) for s, q in known.items() if s != SPX
    }
    assert answer.quotes[SPX].last == known[SPX].last
    assert {quote.feed for quote in answer.quotes.values()} == {Feed.SIMULATED}
    assert greeks.keys() == {*symbols[2:]}


async def test_bars_are_the_venues(sandbox: Served) -> None:
    end = sandbox.world.now()
    start = end - timedelta(hours=1)
    async with line_to(sandbox) as line:
        market = StreamedMarket(line=line, clock=sandbox.wall)
        bars = await market.bars(SPY, Interval.FIVE_MINUTES, start, end)

    assert len(bars) == 12
    assert bars == await sandbox.world.broker.bars(SPY, Interval.FIVE_MINUTES, start, end)


async def test_a_silent_server_is_left_and_told_of_and_then_all_is_told_again(
    sandbox: Served,
) -> None:
    async with line_to(sandbox, QUICK) as line:
        market = StreamedMarket(line=line, clock=sandbox.wall)
        sandbox.faults.silent = True
        try:
            silent = await market.quotes((SPY,), within_s=0.5)
        finally:
            sandbox.faults.silent = False
        told = await market.quotes((SPY,), within_s=PATIENCE_S)

    assert silent.silent == {SPY: Reason.BROKER_UNAVAILABLE}
    assert told.quotes.keys() == {SPY}


async def test_a_reset_is_survived_by_whoever_reads(sandbox: Served) -> None:
    async with line_to(sandbox, Waits(pause_first_s=0.01)) as line:
        market = StreamedMarket(line=line, clock=sandbox.wall)
        async with market.changes((SPY,)) as quotes, asyncio.timeout(PATIENCE_S):
            first = await anext(quotes)
            assert sandbox.faults.reset() == 1
            sandbox.wall.move(5)
            second = await anext(quotes)

    assert (second.bid, second.at - first.at) == (first.bid, timedelta(seconds=5))


@pytest.mark.parametrize("fault", ["duplicated", "reordered"])
async def test_messages_that_come_twice_or_late_change_nothing(sandbox: Served, fault: str) -> None:
    """The newest of each symbol is the same, however often and in whatever order it is told."""
    symbols = [SPY, *await calls(sandbox, 250)]
    known = await sandbox.world.broker.quotes(symbols)
    setattr(sandbox.faults, fault, True)
    try:
        async with line_to(sandbox) as line:
            market = StreamedMarket(line=line, clock=sandbox.wall)
            answer = await market.quotes(symbols, within_s=PATIENCE_S)
    finally:
        setattr(sandbox.faults, fault, False)

    assert {s: q.bid for s, q in answer.quotes.items()} == {s: q.bid for s, q in known.items()}
