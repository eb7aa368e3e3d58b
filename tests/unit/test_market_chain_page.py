"""A page of a chain as the room gives it: defaults, prices of now, refusals, cost."""

import json
import re
from dataclasses import asdict, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import ChainRow
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.market.cache import MemoryCache
from strikedesk.market.chain_query import ChainQuery
from strikedesk.market.columns import COLUMNS, Cell
from strikedesk.market.listing import RestOfChain
from strikedesk.market.room import MarketRoom
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket, StepClock, a_quote, an_expiration, greeks

AAPL = EquitySymbol("AAPL")
TODAY = exchange_date(NOON)
WEEKLY, MONTHLY, LATER = date(2026, 11, 27), date(2026, 12, 18), date(2027, 1, 15)


@pytest.fixture
def market() -> ScriptedMarket:
    """Return a market of three expirations around a spot of 200.40."""
    listed = tuple(
        an_expiration(day, range(150, 251), today=TODAY, standard=day != WEEKLY)
        for day in (WEEKLY, MONTHLY, LATER)
    )
    return ScriptedMarket(spots={"AAPL": Decimal("200.40")}, listed={"AAPL": listed})


@pytest.fixture
def clock(market: ScriptedMarket) -> StepClock:
    return market.clock


@pytest.fixture
def room(market: ScriptedMarket, clock: StepClock) -> MarketRoom:
    return MarketRoom(data=market, cache=MemoryCache(clock))


def a_query(**asked: object) -> ChainQuery:
    """Return a query of the monthly expiration, unless told otherwise."""
    return replace(ChainQuery(underlying=AAPL), **asked)


def pieces(text: str) -> int:
    """Count what usual tokenizers cut text into: words, up to three digits, runs of signs."""
    return len(re.findall(r"[^\r\n\w]?[A-Za-z_]+|\d{1,3}| ?[^\sA-Za-z\d]+|\s+", text))


async def test_without_filters_it_is_the_money_of_the_nearest_monthly(room: MarketRoom) -> None:
    page = await room.chain_page(a_query())

    assert (page.expirations, page.roots) == ((MONTHLY,), ("AAPL",))
    assert [row[0] for row in page.rows] == [s for s in range(191, 211) for _ in "CP"]
    assert page.columns == ["strike", "right", "bid", "ask", "iv", "delta", "open_interest"]
    assert page.rows[0] == [191, "C", 10.35, 10.45, 0.25, 0.5, None]
    assert (page.total, page.returned, page.pages, page.next_page) == (40, 40, 1, None)
    assert (page.filtered_out, page.strikes_each_side) == ({"strike": 162}, 10)
    assert page.rest == RestOfChain(expirations=2, contracts=404, first=WEEKLY, last=LATER)
    assert (page.spot, page.as_of, page.quotes_as_of) == (Decimal("200.40"), NOON, NOON)


async def test_an_expiration_of_today_is_not_the_nearest_monthly(market: ScriptedMarket) -> None:
    """On the third Friday a question about the chain is hardly about the hours left."""
    ends_today = an_expiration(TODAY, range(190, 210), today=TODAY, standard=True)
    market.listed["AAPL"] = (ends_today, *market.listed["AAPL"])
    room = MarketRoom(data=market, cache=MemoryCache(market.clock))

    assert (await room.chain_page(a_query())).expirations == (MONTHLY,)


async def test_a_default_page_costs_a_model_at_most_1200_tokens(room: MarketRoom) -> None:
    """Peers spend over 100,000 on a chain."""
    page = await room.chain_page(a_query())
    across = await room.chain_page(a_query(days_min=0, strike_min=Decimal(0)))

    for each in (page, across):
        text = json.dumps(asdict(each), default=str, separators=(",", ":"))
        assert (len(text) <= 4500, pieces(text) <= 1200) == (True, True)


async def test_a_page_of_more_expirations_names_contracts_by_symbol(room: MarketRoom) -> None:
    """A strike and a right do not say which of two days is meant."""
    page = await room.chain_page(a_query(days_min=0, days_max=30))

    assert page.expirations == (WEEKLY, MONTHLY)
    assert page.columns == ["symbol", "bid", "ask", "iv", "delta", "open_interest"]
    assert page.rows[0][0] == "AAPL261127C00191000"


async def test_two_roots_of_one_day_are_named_by_symbol() -> None:
    """SPX and SPXW expire on one day, at different hours and prices."""
    listed = tuple(
        an_expiration(
            MONTHLY, range(90, 111), today=TODAY, standard=True, underlying="SPX", root=root
        )
        for root in ("SPX", "SPXW")
    )
    market = ScriptedMarket(spots={"SPX": Decimal(100)}, listed={"SPX": listed})
    room = MarketRoom(data=market, cache=MemoryCache(market.clock))

    page = await room.chain_page(ChainQuery(underlying=EquitySymbol("SPX")))

    assert (page.roots, page.columns[0], page.total) == (("SPX", "SPXW"), "symbol", 80)


async def test_prices_are_asked_again_for_the_rows_of_the_page_only(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    """The structure may be minutes old, a price may not."""
    query = a_query(right=Right.CALL, strikes_each_side=1)
    await room.chain_page(query)
    market.calls.clear()
    clock.step(60)
    market.spots["AAPL"] = Decimal(205)

    page = await room.chain_page(query)

    assert market.calls == [("quotes", "AAPL", "AAPL261218C00200000", "AAPL261218C00201000")]
    assert [row[:4] for row in page.rows] == [[200, "C", 5.95, 6.05], [201, "C", 4.95, 5.05]]
    assert (page.spot, page.as_of) == (Decimal(205), NOON)
    assert page.quotes_as_of == NOON + timedelta(seconds=60)


async def test_a_chain_read_this_moment_is_not_quoted_twice(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    """The chain came with its prices; asking again would cost a request and tell nothing."""
    await room.chain_page(a_query())
    clock.step(4)
    await room.chain_page(a_query())

    assert market.calls == [("expirations", "AAPL"), ("chain", "AAPL", "2026-12-18")]


async def test_columns_without_a_price_ask_for_the_spot_alone(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    query = a_query(columns=("symbol", "delta"))
    await room.chain_page(query)
    market.calls.clear()
    clock.step(60)

    page = await room.chain_page(query)

    assert (market.calls, page.quotes_as_of) == ([("quotes", "AAPL")], None)


async def test_a_chain_is_read_again_after_five_minutes_and_by_expiration(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    """Expirations that are remembered are not asked again because a new one is."""
    await room.chain_page(a_query())
    clock.step(299)
    await room.chain_page(a_query(expirations=(MONTHLY, LATER)))
    clock.step(2)
    await room.chain_page(a_query(expirations=(MONTHLY, LATER)))

    chains = [call[2:] for call in market.calls if call[0] == "chain"]
    assert chains == [("2026-12-18",), ("2027-01-15",), ("2026-12-18",)]


async def test_a_new_day_at_the_venue_is_a_new_chain(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    """A simulated clock can be moved by a day within a second of the wall's."""
    cache = MemoryCache(StepClock())
    moved = MarketRoom(data=market, cache=cache)
    await moved.chain_page(a_query())
    clock.step(86_400)
    await moved.chain_page(a_query())

    assert [call[0] for call in market.calls].count("chain") == 2


async def test_a_contract_that_lost_its_quote_shows_nulls_and_no_old_price(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    """Unknown is null: the price of two minutes ago is not the price."""
    query = a_query(right=Right.CALL, strikes_each_side=1)
    await room.chain_page(query)
    clock.step(120)
    market.unquoted = {OptionSymbol("AAPL", MONTHLY, Right.CALL, Decimal(200)), AAPL}

    page = await room.chain_page(query)

    assert [row[2:4] for row in page.rows] == [[None, None], [1.55, 1.65]]
    assert page.spot is None


async def test_an_absent_side_is_null_and_a_bid_of_nothing_is_zero(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """Nobody pays anything is a fact; nobody has said is none."""
    contract = OptionSymbol("AAPL", MONTHLY, Right.PUT, Decimal(200))
    bids = {"absent": None, "nothing": Decimal(0)}
    columns = ("bid", "ask", "mid", "last")
    rows: list[list[Cell]] = []
    for bid in bids.values():
        quote = replace(a_quote(contract), bid=bid, ask=Decimal("0.05"))
        market.chain_rows["AAPL"] = (ChainRow(contract=contract, quote=quote, greeks=None),)
        rows += (await room.chain_page(a_query(columns=columns))).rows
        room.cache.drop("chain:")

    assert rows == [[None, 0.05, None, None], [0, 0.05, 0.025, None]]


async def test_contracts_of_a_day_that_was_not_asked_for_are_left_alone(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """A broker may tell more than it was asked; the totals are of what was asked."""
    contracts = [OptionSymbol("AAPL", day, Right.CALL, Decimal(200)) for day in (MONTHLY, LATER)]
    market.chain_rows["AAPL"] = tuple(
        ChainRow(contract=contract, quote=a_quote(contract), greeks=None) for contract in contracts
    )
    market.tells_too_much = True

    page = await room.chain_page(a_query(columns=("symbol",)))

    assert (page.rows, page.filtered_out) == ([["AAPL261218C00200000"]], {})


async def test_a_spot_that_moves_does_not_shift_the_pages(
    room: MarketRoom, market: ScriptedMarket, clock: StepClock
) -> None:
    """Between page 1 and page 2 the money may move; no contract may be skipped or shown twice."""
    first = await room.chain_page(a_query(page_size=20))
    clock.step(30)
    market.spots["AAPL"] = Decimal(220)
    second = await room.chain_page(a_query(page_size=20, page=2))

    strikes = [row[0] for row in first.rows + second.rows]
    assert strikes == [strike for strike in range(191, 211) for _ in "CP"]


async def test_every_column_can_be_asked_for(market: ScriptedMarket) -> None:
    contract = OptionSymbol("AAPL", MONTHLY, Right.PUT, Decimal("192.5"))
    quote = replace(
        a_quote(contract, "2.05"),
        last=Decimal("2.1"),
        bid_size=7,
        ask_size=9,
        volume=11,
        open_interest=1234,
    )
    row = ChainRow(contract=contract, quote=quote, greeks=greeks(-0.30449, 0.28351))
    market.chain_rows["AAPL"] = (row,)
    room = MarketRoom(data=market, cache=MemoryCache(market.clock))

    page = await room.chain_page(a_query(columns=tuple(COLUMNS)))

    assert dict(zip(page.columns, page.rows[0], strict=True)) == {
        "symbol": "AAPL261218P00192500",
        "root": "AAPL",
        "expiration": "2026-12-18",
        "days": 28,
        "strike": 192.5,
        "right": "P",
        "bid": 2,
        "ask": 2.1,
        "mid": 2.05,
        "last": 2.1,
        "bid_size": 7,
        "ask_size": 9,
        "volume": 11,
        "open_interest": 1234,
        "iv": 0.284,
        "delta": -0.304,
        "gamma": 0.0123,
        "theta": -0.0457,
        "vega": 0.11,
        "rho": 0.05,
    }


async def test_a_chain_that_the_broker_could_not_tell_whole_says_so(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.complete = False

    assert (await room.chain_page(a_query())).complete is False


async def test_nothing_found_is_an_empty_first_page_that_says_why(room: MarketRoom) -> None:
    page = await room.chain_page(a_query(open_interest_min=1))

    assert (page.rows, page.total, page.pages, page.next_page) == ([], 0, 1, None)
    assert page.filtered_out == {"strike": 162, "open_interest_unknown": 40}


async def test_a_page_past_the_end_is_denied_with_the_last_one(room: MarketRoom) -> None:
    with pytest.raises(Denied) as denied:
        await room.chain_page(a_query(page=3, page_size=30))

    assert denied.value.reason is Reason.PAGE_PAST_END
    assert denied.value.facts == {"page": 3, "last_page": 2}


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        (
            {"expirations": (date(2026, 12, 17),)},
            {"expiration": "2026-12-17", "nearest": "2026-12-18"},
        ),
        (
            {"days_min": 10, "days_max": 20},
            {"days_min": 10, "days_max": 20, "nearest_days": 7},
        ),
    ],
)
async def test_an_expiration_that_is_not_listed_is_denied_with_the_nearest(
    room: MarketRoom, asked: dict[str, object], facts: dict[str, object]
) -> None:
    with pytest.raises(Denied) as denied:
        await room.chain_page(a_query(**asked))

    assert (denied.value.reason, denied.value.facts) == (Reason.EXPIRATION_NOT_FOUND, facts)


async def test_an_underlying_that_is_not_listed_is_denied(room: MarketRoom) -> None:
    with pytest.raises(Denied) as denied:
        await room.chain_page(ChainQuery(underlying=EquitySymbol("NOPE")))

    assert denied.value.reason is Reason.SYMBOL_NOT_FOUND


async def test_an_underlying_without_options_has_no_expiration(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.listed["AAPL"] = ()

    with pytest.raises(Denied) as denied:
        await room.chain_page(a_query())

    assert denied.value.reason is Reason.EXPIRATION_NOT_FOUND


async def test_the_money_cannot_be_found_without_a_spot(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """A guess at the money would show the wrong strikes; a window of strikes needs no guess."""
    market.unquoted = {AAPL}
    with pytest.raises(Denied) as denied:
        await room.chain_page(a_query())

    page = await room.chain_page(a_query(strike_min=Decimal(199), strike_max=Decimal(200)))

    assert (denied.value.reason, page.total) == (Reason.NO_QUOTE, 4)


@pytest.mark.parametrize(
    ("asked", "argument"),
    [
        ({"columns": ("strike", "colour")}, "columns"),
        ({"columns": ("strike", "strike")}, "columns"),
        ({"expirations": (MONTHLY,), "days_max": 30}, "expirations"),
        ({"expirations": (MONTHLY,) * 101}, "expirations"),
        ({"days_min": -1}, "days_min"),
        ({"days_max": 10**400}, "days_max"),
        ({"days_min": 30, "days_max": 7}, "days_min"),
        ({"strike_min": Decimal("NaN")}, "strike_min"),
        ({"strike_max": Decimal(-1)}, "strike_max"),
        ({"strike_max": Decimal("1e400")}, "strike_max"),
        ({"strike_min": Decimal(210), "strike_max": Decimal(200)}, "strike_min"),
        ({"strikes_each_side": 0}, "strikes_each_side"),
        ({"delta_min": 16.0}, "delta_min"),
        ({"delta_max": float("nan")}, "delta_max"),
        ({"delta_min": 0.4, "delta_max": 0.2}, "delta_min"),
        ({"delta_min": 0.2, "delta_max": -0.2}, "delta_min"),
        ({"open_interest_min": -1}, "open_interest_min"),
        ({"page": 0}, "page"),
        ({"page": 10**400}, "page"),
        ({"page_size": 61}, "page_size"),
        ({"page_size": 0}, "page_size"),
    ],
)
def test_what_cannot_be_meant_is_denied_by_the_name_of_its_argument(
    asked: dict[str, object], argument: str
) -> None:
    with pytest.raises(Denied) as denied:
        a_query(**asked)

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert denied.value.facts["argument"] == argument
    assert len(str(denied.value)) < 400
