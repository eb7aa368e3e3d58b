"""Futures of the sandbox over real sockets, as the SDK, the adapter and a bare client see them."""

from datetime import UTC, datetime

import httpx2
import pytest
from tastytrade import Session
from tastytrade.instruments import Future, FutureProduct
from tastytrade.market_data import get_market_data_by_type
from tastytrade.order import InstrumentType

from strikedesk.brokers.tastytrade.broker import TastytradeBroker
from strikedesk.domain.instruments import Step
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.untraded import UntradedName
from strikedesk.exchange import futures
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from tests.sandbox.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEXT, AFTER = UntradedName("/ESZ6", "future"), UntradedName("/ESH7", "future")
COIN = UntradedName("BTC/USD", "cryptocurrency")


@pytest.mark.promise("sandbox")
async def test_the_sdk_reads_futures_and_their_product(session: Session) -> None:
    every = await Future.get(session)
    one = await Future.get(session, "/ESZ6")
    of_product = await Future.get(session, product_codes=["ES"])
    (product,) = await FutureProduct.get(session)

    assert [future.symbol for future in every] == ["/ESZ6", "/ESH7"]
    assert (one, of_product) == (every[0], every)
    assert await Future.get(session, ["/ESH7", "/NQZ6"]) == [every[1]]
    assert await Future.get(session, product_codes=["NQ"]) == []
    assert (one.streamer_symbol, one.notional_multiplier, one.is_tradeable) == (
        "/ESZ26:XCME",
        50,
        False,
    )
    assert [(f.active_month, f.next_active_month) for f in every] == [(True, False), (False, True)]
    assert await FutureProduct.get(session, "/ES") == product == one.future_product


async def test_the_sdk_reads_a_future_s_market_beside_a_share_s(session: Session) -> None:
    told = await get_market_data_by_type(
        session, equities=["SPY"], futures=["/ESZ6", "/NQZ6"], cryptocurrencies=["BTC/USD"]
    )

    share, future = told
    assert (share.symbol, future.symbol) == ("SPY", "/ESZ6")
    assert future.instrument_type is InstrumentType.FUTURE
    assert future.bid is not None
    assert future.ask is not None
    assert future.mark is not None
    assert future.bid < future.mark < future.ask


async def test_the_desk_s_quote_is_the_venue_s_own(
    sandbox: Served, broker: TastytradeBroker
) -> None:
    market, at = sandbox.world.office.market, sandbox.world.now()
    own = [futures.quote(market, each, at) for each in futures.listed(market, at)]

    found = await broker.quotes_beside([AFTER, NEXT])

    assert [found[NEXT], found[AFTER]] == own


async def test_a_sheet_over_the_wire_tells_a_future_and_why_there_is_no_coin(
    sandbox: Served, broker: TastytradeBroker
) -> None:
    room = MarketRoom(data=broker, cache=MemoryCache(sandbox.wall))
    unlisted = UntradedName("/ESZ9", "future")

    sheet = await room.quote_sheet([EquitySymbol("SPY"), NEXT, COIN, unlisted])

    assert [quote.symbol.compact for quote in sheet.quotes] == ["SPY"]
    assert [quote.name for quote in sheet.beside] == [NEXT]
    assert sheet.missing == {COIN: Reason.SYMBOL_NOT_FOUND, unlisted: Reason.SYMBOL_NOT_FOUND}


async def test_what_is_on_record_of_a_future_reaches_the_desk(broker: TastytradeBroker) -> None:
    record = await broker.instrument("/esz6")

    assert (record.symbol, record.kind, record.multiplier) == ("/ESZ6", "future", 50)
    assert record.steps == (Step(size=futures.E_MINI.tick),)
    assert record.ends_at == datetime(2026, 12, 18, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "path",
    [
        "/instruments/futures/%2FESZ9",
        "/instruments/future-products/CME/NQ",
        "/instruments/future-products/CFE/ES",
        "/market-data/Future/%2FESZ9",
        "/market-data/Equity/%2FESZ6",
    ],
)
async def test_what_is_not_listed_is_not_found(http: httpx2.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


async def test_one_future_is_told_by_itself_as_among_others(http: httpx2.AsyncClient) -> None:
    alone = (await http.get("/market-data/Future/%2FESZ6")).json()["data"]
    (among,) = (await http.get("/market-data/by-type?future=/ESZ6")).json()["data"]["items"]

    assert alone == among


async def test_futures_count_among_the_hundred_of_a_call(http: httpx2.AsyncClient) -> None:
    names = ",".join(f"/ES{n}" for n in range(99))
    full = await http.get(f"/market-data/by-type?equity=SPY&future={names}")
    over = await http.get(f"/market-data/by-type?equity=SPY,AAPL&future={names}")

    assert (full.status_code, over.status_code) == (200, 400)
