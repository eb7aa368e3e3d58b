"""Options on the sandbox's futures over real sockets: the SDK, the adapter, the desk, the owner."""

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
from tastytrade import Session
from tastytrade.instruments import (
    FutureOption,
    FutureOptionProduct,
    NestedFutureOptionChain,
    get_future_option_chain,
)
from tastytrade.market_data import get_market_data_by_type
from tastytrade.order import InstrumentType

from strikedesk.brokers.tastytrade.broker import TastytradeBroker
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.cli import linking
from strikedesk.domain.errors import Denied
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.instruments import Step
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, parse_option
from strikedesk.domain.untraded import UntradedName
from strikedesk.exchange import future_options
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from strikedesk.sandbox.access import CLIENT_SECRET
from tests.sandbox.served import Served
from tests.tools.paper_desk import PaperDesk, reason_of, rows_of
from tests.unit.cli_door import call

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUT = UntradedName("./ESZ6 EW1Z6 261204P5300", "future_option")
CALL = UntradedName("./ESH7 ESH7  270319C5400", "future_option")
NONE = UntradedName("./ESZ6 EW1Z6 261204P5301", "future_option")
CODES = ["EW3X6", "EW4X6", "EWX6", "EW1Z6", "EW2Z6", "ESZ6", "EW3Z6", "EW4Z6", "ESH7"]
A_PAGE = 200_000  # Bytes.


@pytest.mark.promise("sandbox")
async def test_the_sdk_reads_a_chain_of_options_on_futures(session: Session) -> None:
    chain = await NestedFutureOptionChain.get(session, "/ES")
    (of_product,) = chain.option_chains
    week = next(e for e in of_product.expirations if e.option_contract_symbol == "EW1Z6")

    assert [(f.symbol, f.active_month) for f in chain.futures] == [
        ("/ESZ6", True),
        ("/ESH7", False),
    ]
    assert [e.option_contract_symbol for e in of_product.expirations] == CODES
    assert (week.underlying_symbol, week.expiration_type) == ("/ESZ6", "Weekly")
    assert week.notional_value / week.display_factor == 50
    strike = next(s for s in week.strikes if s.strike_price == 5300)
    assert (strike.put, strike.put_streamer_symbol) == (PUT.compact, "./EW1Z26P5300:XCME")


async def test_the_sdk_reads_each_option_as_the_chain_names_it(session: Session) -> None:
    nested = await NestedFutureOptionChain.get(session, "/ES")
    every = await get_future_option_chain(session, "ES")
    one = await FutureOption.get(session, PUT.compact)

    named = {
        (name, streamed)
        for expiration in nested.option_chains[0].expirations
        for s in expiration.strikes
        for name, streamed in ((s.call, s.call_streamer_symbol), (s.put, s.put_streamer_symbol))
    }
    assert {(o.symbol, o.streamer_symbol) for of in every.values() for o in of} == named
    assert one in every[date(2026, 12, 4)]
    assert (one.exchange_symbol, one.strike_price, one.is_closing_only) == (
        "EW1Z6 P5300",
        5300,
        False,
    )


async def test_the_sdk_reads_the_roots_of_options(session: Session) -> None:
    roots = await FutureOptionProduct.get(session)
    week = await FutureOptionProduct.get(session, "EW1")

    assert [root.code for root in roots] == ["ES", "EW", "EW1", "EW2", "EW3", "EW4"]
    assert [root.expiration_type for root in roots[:3]] == ["Regular", "End-Of-Month", "Weekly"]
    assert week.future_product is not None
    assert week.future_product.code == "ES"


async def test_the_sdk_reads_an_option_s_market_beside_its_future_s(session: Session) -> None:
    told = await get_market_data_by_type(
        session, futures=["/ESZ6"], future_options=[PUT.compact, NONE.compact]
    )

    future, option = told
    assert (future.symbol, option.symbol) == ("/ESZ6", PUT.compact)
    assert option.instrument_type is InstrumentType.FUTURE_OPTION
    assert option.bid is not None
    assert option.mark is not None
    assert option.ask is not None
    assert option.bid < option.mark < option.ask


async def test_a_chain_is_a_page_and_no_flood(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/futures-option-chains/ES/nested")

    assert len(answer.content) < A_PAGE


async def test_the_desk_s_chain_is_the_venue_s_own(
    sandbox: Served, broker: TastytradeBroker
) -> None:
    own = [*future_options.listed(sandbox.world.office.market, sandbox.world.now())]
    own.sort(key=lambda s: (s.day, s.future.name.compact, s.root))

    found = await broker.future_chain("/es")

    assert [(e.future, e.root, e.day, e.ends_at) for e in found] == [
        (s.future.name.compact, s.root, s.day, s.ends_at) for s in own
    ]
    assert [[s.strike for s in e.strikes] for e in found] == [[*s.strikes] for s in own]
    assert {(e.multiplier, e.strike_factor, e.style) for e in found} == {(50, 1, "american")}
    assert {e.steps for e in found} == {future_options.STEPS}
    assert [e.settlement for e in found if e.root == "ES"] == ["AM", "AM"]
    for expiration, series in zip(found, own, strict=True):
        names = [name for s in expiration.strikes for name in (s.call, s.put)]
        assert names == [option.name.compact for option in series.options]


async def test_the_desk_s_quotes_are_the_venue_s_own(
    sandbox: Served, broker: TastytradeBroker
) -> None:
    market, at = sandbox.world.office.market, sandbox.world.now()
    listed = future_options.named(market, [PUT, CALL], at)
    own = future_options.quotes(market, [*listed.values()], at)

    assert await broker.quotes_beside([CALL, PUT, NONE]) == own


@pytest.mark.parametrize(
    ("name", "on_the_index"),
    [
        (CALL, "SPX270319C05400000"),
        (UntradedName("./ESZ6 ESZ6  261218P5300", PUT.kind), "SPX261218P05300000"),
    ],
)
async def test_the_desk_finds_the_volatility_that_made_the_price(
    sandbox: Served, broker: TastytradeBroker, name: UntradedName, on_the_index: str
) -> None:
    """That of the index's option. No interest is assumed: over a quarter that takes a hundredth."""
    room = MarketRoom(data=broker, cache=MemoryCache(sandbox.wall))
    expected = await greeks_of(sandbox, parse_option(on_the_index))

    sheet = await room.quote_sheet([name, NONE])

    reading = sheet.readings[name]
    assert reading.volatility == pytest.approx(expected.implied_volatility, rel=0.015)
    assert reading.delta == pytest.approx(expected.delta, rel=0.03)
    assert sheet.missing == {NONE: Reason.SYMBOL_NOT_FOUND}


async def greeks_of(sandbox: Served, contract: OptionSymbol) -> Greeks:
    """Return what the venue says of an option on the index."""
    chain = await sandbox.world.broker.chain(EquitySymbol("SPX"), [contract.expiration])
    (row,) = [each for each in chain.rows if each.contract == contract]
    assert row.greeks is not None
    return row.greeks


async def test_what_is_on_record_of_an_option_reaches_the_desk(broker: TastytradeBroker) -> None:
    record = await broker.instrument(PUT.compact.lower())
    future = await broker.instrument("/ESZ6")

    assert (record.symbol, record.kind, record.underlying) == (PUT.compact, PUT.kind, "/ESZ6")
    assert (record.multiplier, record.style, record.settlement) == (50, "american", "Future")
    assert future.option_steps[0] == Step(size=Decimal("0.05"), below=Decimal(5))


async def test_the_desk_quotes_an_option_and_refuses_to_order_it(broker: TastytradeBroker) -> None:
    leg = {"symbol": PUT.compact, "action": "buy_to_open", "quantity": 1}
    async with PaperDesk(other=broker).client() as client:
        quotes = await client.call_tool("get_quotes", {"symbols": [PUT.compact, "SPY"]})
        (account,) = {
            row["account"] for row in rows_of(await client.call_tool("list_accounts", {}))[:1]
        }
        order = {"account": account, "legs": [leg], "price": 50, "price_effect": "debit"}
        refused = await client.call_tool("preview_order", order)

    option, share = rows_of(quotes)
    assert (option["untraded"], share["untraded"]) == ("future_option", None)
    assert 0.05 < option["iv"] < 0.3
    assert -0.5 < option["delta"] < 0
    assert reason_of(refused) == "INSTRUMENT_NOT_TRADED"


async def test_the_sandbox_takes_no_order_in_one(http: httpx2.AsyncClient) -> None:
    leg = {"instrument-type": "Future Option", "symbol": PUT.compact, "quantity": 1}
    order = {
        "order-type": "Limit",
        "time-in-force": "Day",
        "price": "50",
        "price-effect": "Debit",
        "legs": [{**leg, "action": "Buy to Open"}],
    }
    answer = await http.post("/accounts/5WS00001/orders/dry-run", json=order)

    assert answer.status_code == 400
    assert "instrument-type is one of" in answer.text


async def test_the_owner_lists_and_quotes_them_by_command(
    sandbox: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STRIKEDESK_VAULT__KEY_FILE", str(keys / "key"))
    monkeypatch.setenv("STRIKEDESK_BROKER", "tastytrade")
    monkeypatch.setenv("STRIKEDESK_TASTYTRADE__ORIGIN", sandbox.address)
    monkeypatch.setenv("COLUMNS", "120")
    token = sandbox.world.access.full.refresh_token
    grant = Grant(client_secret=Secret(CLIENT_SECRET), refresh_token=Secret(token))
    await linking.link("tastytrade", on_this_machine(sandbox.address), grant)

    chain = await asyncio.to_thread(call, capsys, "future-options", "/ES")
    day = await asyncio.to_thread(call, capsys, "future-options", "ES", "--day", "2026-12-04")
    quote = await asyncio.to_thread(call, capsys, "quote", PUT.compact)

    lines = [" ".join(line.split()) for line in chain.out.splitlines()]
    assert [line.rpartition(" ")[0] for line in lines if "2026-12-18" in line] == [
        "2026-12-18 /ESH7 EW3 american PM",
        "2026-12-18 /ESZ6 ES american AM",
    ]
    assert PUT.compact in day.out
    told = [line.strip().partition("  ")[0] for line in quote.out.splitlines()]
    assert {"bid", "ask", "mark", "future", "implied volatility", "delta"} <= {*told}
    assert "it cannot be ordered" in quote.out


async def test_a_name_is_found_however_its_parts_are_spaced(http: httpx2.AsyncClient) -> None:
    asked = {"symbol[]": ["./ESZ6 EW1Z6  261204P5300", NONE.compact, "SPY", CALL.compact]}
    told = (await http.get("/instruments/future-options", params=asked)).json()

    assert [each["symbol"] for each in told["data"]["items"]] == [PUT.compact, CALL.compact]


async def test_one_option_is_told_by_itself_as_among_others(http: httpx2.AsyncClient) -> None:
    name = "./ESZ6%20EW1Z6%20261204P5300"
    alone = (await http.get(f"/market-data/Future%20Option/{name.replace('/', '%2F')}")).json()
    (among,) = (await http.get(f"/market-data/by-type?future-option={name}")).json()["data"][
        "items"
    ]

    assert alone["data"] == among


async def test_options_count_among_the_hundred_of_a_call(http: httpx2.AsyncClient) -> None:
    names = ",".join(f"./ESZ6 EW1Z6 261204P{n}" for n in range(99))
    full = await http.get(f"/market-data/by-type?future=/ESZ6&future-option={names}")
    over = await http.get(f"/market-data/by-type?future=/ESZ6,/ESH7&future-option={names}")

    assert (full.status_code, over.status_code) == (200, 400)


@pytest.mark.parametrize(
    "path",
    [
        "/futures-option-chains/NQ",
        "/futures-option-chains/NQ/nested",
        "/instruments/future-options/.%2FESZ6%20EW1Z6%20261204P5301",
        "/instruments/future-options/SPY",
        "/instruments/future-option-products/CME/E1A",
        "/instruments/future-option-products/CFE/ES",
        "/market-data/Future%20Option/%2FESZ6",
        "/market-data/Future/.%2FESZ6%20EW1Z6%20261204P5300",
    ],
)
async def test_what_is_not_listed_is_not_found(http: httpx2.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


async def test_a_product_without_options_is_told_to_the_desk_by_its_code(
    broker: TastytradeBroker,
) -> None:
    with pytest.raises(Denied) as denied:
        await broker.future_chain("NQ")

    assert denied.value.reason is Reason.SYMBOL_NOT_FOUND
