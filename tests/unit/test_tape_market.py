"""On a tape the market is the recorded quotes and nothing else."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import Bar, Feed, Interval, Quote, SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Right, parse_option, parse_symbol
from strikedesk.exchange.market import Market, OnForward
from strikedesk.exchange.tape.market import TapeMarket
from strikedesk.exchange.tape.reader import read_tape
from strikedesk.quant import black_scholes
from strikedesk.quant.contracts import Contracts
from tests.builders import a_contract

HEADER = "session,time,expiry,strike,right,bid,ask,last,volume,open_interest,underlying,source"
AAPL = EquitySymbol("AAPL")
CALL = parse_option("AAPL 2026-12-18 200 C")
PUT = parse_option("AAPL 2026-12-18 200 P")
LONE = parse_option("AAPL 2026-11-20 195 P")

# Friday with three minutes, the Monday after with two.
ROWS = (
    "2026-11-20,10:00:00,,,,,,201.00,1000,,AAPL,",
    "2026-11-20,10:01:00,,,,,,201.50,1500,,AAPL,",
    "2026-11-20,10:03:00,,,,,,200.50,2500,,AAPL,",
    "2026-11-23,10:00:00,,,,,,199.00,800,,AAPL,",
    "2026-11-20,10:00:00,2026-12-18,200,C,5.10,5.30,,12,340,AAPL,",
    "2026-11-20,10:02:00,2026-12-18,200,C,,5.40,,12,340,AAPL,",
    "2026-11-20,10:03:00,2026-12-18,200,C,5.00,5.20,5.15,20,340,AAPL,",
    "2026-11-23,10:01:00,2026-12-18,200,C,4.10,4.30,,3,355,AAPL,",
    "2026-11-20,10:00:00,2026-12-18,200,P,4.10,4.30,,,,AAPL,",
    "2026-11-20,10:01:00,2026-11-20,195,P,0,0.02,,,,AAPL,",
)


def friday(minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 20, 15, minute, second, tzinfo=UTC)


MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)


def a_market(folder: Path, rows: Sequence[str] = ROWS) -> TapeMarket:
    path = folder / "a.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return TapeMarket(read_tape(path))


@pytest.fixture
def market(tmp_path: Path) -> TapeMarket:
    return a_market(tmp_path)


def test_it_is_a_market(market: TapeMarket) -> None:
    """The exchange asks it what it asks any market."""
    any_market: Market = market

    assert any_market.feed is Feed.TAPE


def test_no_extended_hours_were_recorded(market: TapeMarket) -> None:
    """Its last record of a day is its last price, however long the evening was."""
    evening = friday(0) + timedelta(hours=7)

    assert not market.has_extended_hours
    assert market.extended([AAPL], evening) == frozenset()
    assert [*market.ticks([AAPL], friday(5), evening, extended=True)] == []


def test_a_quote_is_the_last_record_at_or_before_the_instant(market: TapeMarket) -> None:
    """It is dated when it was recorded, so that a stale one can be seen to be stale."""
    before, at = market.quotes([CALL], friday(1, 59)), market.quotes([CALL], friday(2))

    assert before[CALL] == Quote(
        symbol=CALL,
        at=friday(0),
        feed=Feed.TAPE,
        bid=Decimal("5.10"),
        ask=Decimal("5.30"),
        volume=12,
        open_interest=340,
    )
    assert (at[CALL].at, at[CALL].bid, at[CALL].ask) == (friday(2), None, Decimal("5.40"))


def test_what_is_missing_stays_missing(market: TapeMarket) -> None:
    """A side that was not recorded is not filled in from the record before."""
    quote = market.quotes([CALL], friday(2, 30))[CALL]

    assert (quote.bid, quote.two_sided, quote.mid, quote.last) == (None, False, None, None)


def test_a_bid_of_nothing_is_a_bid(market: TapeMarket) -> None:
    """Zero was recorded: nobody pays anything, which is not the same as not knowing."""
    quote = market.quotes([LONE], friday(1))[LONE]

    assert (quote.bid, quote.ask, quote.two_sided) == (Decimal(0), Decimal("0.02"), True)


def test_what_has_no_record_yet_is_not_listed(market: TapeMarket) -> None:
    """Nobody knows at ten what will be quoted at ten past."""
    assert market.quotes([LONE], friday(0, 59)) == {}
    assert market.quotes([AAPL], friday(0) - timedelta(seconds=1)) == {}
    assert market.listed(friday(0) - timedelta(seconds=1)) == ()
    assert market.index_tickers(friday(0) - timedelta(seconds=1)) == frozenset()


def test_between_sessions_the_last_quotes_stand(market: TapeMarket) -> None:
    night = datetime(2026, 11, 22, 3, tzinfo=UTC)

    assert market.quotes([AAPL, CALL], night) == market.quotes([AAPL, CALL], friday(3))
    assert not market.is_open(night)


def test_a_new_session_knows_only_its_own_records(market: TapeMarket) -> None:
    """Friday's quote is no quote on Monday; it is Monday's previous close."""
    early, later = market.quotes([CALL, PUT], MONDAY), market.quotes([CALL, AAPL], MONDAY + MINUTE)

    assert early == {}
    assert later[CALL].previous_close == Decimal("5.10")
    assert later[AAPL].previous_close == Decimal("200.50")


MINUTE = timedelta(minutes=1)


def test_an_expired_contract_is_gone_the_day_after(market: TapeMarket) -> None:
    assert LONE in market.quotes([LONE], friday(3) + timedelta(hours=6))
    assert LONE not in market.quotes([LONE], friday(3) + timedelta(hours=20))


def test_it_is_open_between_the_first_and_the_last_record(market: TapeMarket) -> None:
    """Both included: at each of them an order may meet a quote."""
    instants = [friday(0) - MINUTE, friday(0), friday(3), friday(3, 1), MONDAY, MONDAY + MINUTE]

    assert [market.is_open(at) for at in instants] == [False, True, True, False, True, True]


def test_ticks_are_the_records_of_the_symbols(market: TapeMarket) -> None:
    unknown = parse_symbol("AAPL 2026-12-18 210 C")

    assert list(market.ticks([CALL, LONE, unknown], friday(0), MONDAY)) == [
        friday(1),
        friday(2),
        friday(3),
    ]
    assert list(market.ticks([unknown], friday(0), MONDAY)) == []


def test_every_tick_is_in_an_open_market(market: TapeMarket) -> None:
    ticks = list(market.ticks([AAPL, CALL, PUT, LONE], friday(0) - MINUTE, MONDAY + MINUTE))

    assert ticks[0] == friday(0)
    assert ticks[-1] == MONDAY + MINUTE
    assert all(market.is_open(tick) for tick in ticks)


def test_expirations_are_those_with_a_record(market: TapeMarket) -> None:
    """With the strikes seen so far; the third Friday is the standard one."""
    shown = [
        (each.day, each.days, each.standard, each.strikes)
        for each in market.expirations(AAPL, friday(3))
    ]

    assert shown == [
        (date(2026, 11, 20), 0, True, (Decimal(195),)),
        (date(2026, 12, 18), 28, True, (Decimal(200),)),
    ]


def test_a_saturday_after_a_third_friday_is_standard(tmp_path: Path) -> None:
    """Monthly contracts expired on Saturdays until 2015."""
    market = a_market(tmp_path, ["2014-06-02,16:00:00,2014-06-21,490,C,,,138.3,0,,AAPL,"])
    at = datetime(2014, 6, 2, 20, tzinfo=UTC)

    (only,) = market.expirations(AAPL, at)

    assert (only.day, only.standard, only.days) == (date(2014, 6, 21), True, 19)


def test_a_chain_has_the_contracts_that_were_quoted(market: TapeMarket) -> None:
    days = [date(2026, 12, 18), date(2026, 11, 20)]

    chain = market.chain(AAPL, days, friday(3))

    assert [row.contract for row in chain.rows] == [LONE, CALL, PUT]
    assert (chain.as_of, chain.spot.last) == (friday(3), Decimal("200.50"))
    assert chain.rows[1].quote == market.quotes([CALL], friday(3))[CALL]


def test_what_the_tape_lacks_is_denied(market: TapeMarket) -> None:
    with pytest.raises(Denied) as unknown:
        market.chain(EquitySymbol("MSFT"), [], friday(3))
    with pytest.raises(Denied) as unlisted:
        market.chain(AAPL, [date(2026, 12, 24)], friday(3))
    with pytest.raises(Denied) as no_bars:
        market.bars(EquitySymbol("MSFT"), Interval.DAY, friday(0), MONDAY)
    assert unknown.value.reason is Reason.SYMBOL_NOT_FOUND
    assert unlisted.value.reason is Reason.EXPIRATION_NOT_FOUND
    assert no_bars.value.reason is Reason.SYMBOL_NOT_FOUND


def test_an_unknown_spot_is_a_quote_without_figures(tmp_path: Path) -> None:
    """The chain goes on without it; no price of the underlying is made up."""
    market = a_market(tmp_path, [row for row in ROWS if ",AAPL," in row and "2026-12-18" in row])

    chain = market.chain(AAPL, [date(2026, 12, 18)], friday(3))

    assert chain.spot == Quote(symbol=AAPL, at=friday(3), feed=Feed.TAPE)


def test_underlyings_say_where_their_price_comes_from(tmp_path: Path) -> None:
    """A derived price is labelled wherever the underlying is shown."""
    market = a_market(
        tmp_path,
        [
            "2026-11-20,10:00:00,,,,,,201.00,,,AAPL,parity",
            "2026-11-20,10:00:00,,,,,,410.00,,,MSFT,",
        ],
    )

    assert market.listed(friday(0)) == (
        SymbolInfo(
            symbol=AAPL,
            description="AAPL on tape a.csv, its price derived from its options by put-call parity",
            kind="equity",
            has_options=False,
        ),
        SymbolInfo(
            symbol=EquitySymbol("MSFT"),
            description="MSFT on tape a.csv, recorded",
            kind="equity",
            has_options=False,
        ),
    )


def test_bars_are_made_of_marks(market: TapeMarket) -> None:
    """The mid of a two-sided quote, else the last price; a record with neither makes no bar."""
    end = MONDAY + timedelta(hours=1)

    days = market.bars(AAPL, Interval.DAY, friday(0), end)
    minutes = market.bars(CALL, Interval.MINUTE, friday(0), MONDAY)

    assert days[0] == Bar(
        at=friday(0),
        open=Decimal("201.00"),
        high=Decimal("201.50"),
        low=Decimal("200.50"),
        close=Decimal("200.50"),
        volume=2500,
    )
    assert [(bar.at, bar.close, bar.volume) for bar in minutes] == [
        (friday(0), Decimal("5.20"), None),
        (friday(3), Decimal("5.10"), None),
    ]


def test_a_bar_shows_nothing_of_its_future(market: TapeMarket) -> None:
    (day,) = market.bars(AAPL, Interval.DAY, friday(0), friday(3))

    assert (day.close, day.volume) == (Decimal("201.50"), 1500)


def test_bars_start_where_their_width_says(market: TapeMarket) -> None:
    """A five-minute bar counts from the regular opening, a week's from its first session."""
    end = MONDAY + timedelta(days=1)

    assert [b.at for b in market.bars(AAPL, Interval.HOUR, friday(0) - HALF_HOUR, end)] == [
        friday(0) - HALF_HOUR,
        MONDAY - HALF_HOUR,
    ]
    assert [b.at for b in market.bars(AAPL, Interval.FIVE_MINUTES, friday(0), end)] == [
        friday(0),
        MONDAY,
    ]
    assert [b.at for b in market.bars(AAPL, Interval.WEEK, friday(0), end)] == [friday(0), MONDAY]
    assert [b.at for b in market.bars(AAPL, Interval.DAY, friday(1), end)] == [MONDAY]


HALF_HOUR = timedelta(minutes=30)


def test_settlement_is_the_last_mark_of_the_day(market: TapeMarket) -> None:
    """A Saturday settles on the session before; a day that is not on the tape on nothing."""
    assert market.settlement(a_contract("AAPL", date(2026, 11, 20))) == Decimal("200.50")
    assert market.settlement(a_contract("AAPL", date(2026, 11, 21))) == Decimal("200.50")
    assert market.settlement(a_contract("AAPL", date(2026, 11, 24))) is None
    assert market.settlement(a_contract("MSFT", date(2026, 11, 20))) is None


def priced_rows(volatility: float, forward: float, *, spread: float) -> list[str]:
    """Return a chain of one expiration at one volatility, quoted around its fair values."""
    rows: list[str] = []
    years = (datetime(2026, 12, 18, 21, tzinfo=UTC) - friday(0)).total_seconds() / 86400 / 365
    for strike in range(170, 235, 5):
        for right in "CP":
            contract = Contracts.of(
                spot=forward, strike=strike, years=years, rate=0.0, is_call=np.bool_(right == "C")
            )
            value = float(black_scholes.price(contract, volatility))
            bid, ask = max(value - spread / 2, 0.0001), value + spread / 2
            line = f"2026-12-18,{strike},{right},{bid:.4f},{ask:.4f}"
            rows.append(f"2026-11-20,10:00:00,{line},,,,AAPL,")
    return rows


@settings(deadline=None)
@given(volatility=st.floats(0.15, 0.8), forward=st.floats(190, 210))
def test_greeks_come_from_the_tapes_own_mids(
    tmp_path_factory: pytest.TempPathFactory, volatility: float, forward: float
) -> None:
    """The volatility that made the quotes is found again, without being told the forward."""
    rows = priced_rows(volatility, forward, spread=0.02)
    market = a_market(tmp_path_factory.mktemp("tape"), rows)

    chain = market.chain(AAPL, [date(2026, 12, 18)], friday(0))

    near = [row.greeks for row in chain.rows if 190 <= row.contract.strike <= 210]
    assert all(greeks is not None for greeks in near)
    for greeks in near:
        assert greeks is not None
        assert greeks.source == "model"
        assert greeks.implied_volatility == pytest.approx(volatility, abs=2e-3)


def test_without_a_quote_on_both_sides_there_are_no_greeks(market: TapeMarket) -> None:
    """A last price may be of another hour; nothing is derived from it."""
    rows = market.chain(AAPL, [date(2026, 12, 18)], friday(2)).rows

    assert [row.greeks for row in rows] == [None, None]


def test_a_price_that_no_volatility_explains_has_no_greeks(tmp_path: Path) -> None:
    """Below what exercise brings, or on the day it ends: unknown, not zero."""
    rows = [
        *priced_rows(0.3, 200, spread=0.02),
        "2026-11-20,10:00:00,2026-12-18,100,C,50,51,,,,AAPL,",
    ]
    market = a_market(tmp_path, rows)

    chain = market.chain(AAPL, [date(2026, 12, 18)], friday(0))

    assert chain.rows[0].contract.strike == 100
    assert chain.rows[0].greeks is None
    assert chain.rows[-1].greeks is not None


def _smile(day: str, volatility: float, spot: float) -> list[str]:
    """Return a call and a put on either side of the money as that volatility prices them."""
    years = (datetime.fromisoformat(f"{day}T21:00+00:00") - friday(3)).total_seconds() / 31_536_000
    rows: list[str] = []
    for strike in (195, 200, 205):
        for right in "CP":
            contracts = Contracts.of(
                spot=spot, strike=float(strike), years=years, rate=0.0, is_call=right == "C"
            )
            mid = float(black_scholes.price(contracts, np.array(volatility)))
            bid, ask = round(mid, 4) - 0.01, round(mid, 4) + 0.01
            rows.append(f"2026-11-20,10:03:00,{day},{strike},{right},{bid:.4f},{ask:.4f},,,,AAPL,")
    return rows


def test_volatility_at_the_close_is_read_off_the_last_quotes(tmp_path: Path) -> None:
    """By hand: 20 % to 20 days and 30 % to 40 are sqrt((0.04*20 + 0.09*40) / 2 / 30) at 30."""
    rows = (
        "2026-11-20,10:03:00,,,,,,200.40,2500,,AAPL,",
        *_smile("2026-12-10", 0.2, 200.4),
        *_smile("2026-12-30", 0.3, 200.4),
    )
    market = a_market(tmp_path, rows)

    found = market.implied_volatility(AAPL, date(2026, 11, 20))

    assert found == pytest.approx(((0.8 + 3.6) / 2 / 30) ** 0.5, abs=5e-4)


def test_volatility_that_the_tape_does_not_tell_is_unknown(tmp_path: Path) -> None:
    """A day that was not recorded, a share without options, a price that is missing."""
    market = a_market(tmp_path, (*ROWS, "2026-11-20,10:00:00,,,,,,50.00,10,,MSFT,"))
    bare = a_market(tmp_path, _smile("2026-12-10", 0.2, 200.4))

    assert market.implied_volatility(AAPL, date(2026, 11, 19)) is None
    assert market.implied_volatility(EquitySymbol("MSFT"), date(2026, 11, 20)) is None
    assert market.implied_volatility(AAPL, date(2026, 11, 23)) is None
    assert bare.implied_volatility(AAPL, date(2026, 11, 20)) is None


def test_a_tape_has_no_rate_that_would_carry_a_price(market: TapeMarket) -> None:
    """Nothing is made up, a future's price least of all, nor that of an option on one."""
    until = friday(0) + timedelta(days=28)
    options = OnForward(
        underlying=AAPL,
        delivered_at=until,
        ends_at=until,
        contracts=((Right.CALL, Decimal(100)),),
    )

    assert market.forward(AAPL, until, friday(0)) is None
    assert market.on_forward(options, friday(0)) is None
