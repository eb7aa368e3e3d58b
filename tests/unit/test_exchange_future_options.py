"""Options on futures cost what the index's own options say, and what their future leaves them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from strikedesk.domain.calendar import next_session
from strikedesk.domain.quotes import ChainRow, Feed, Settlement
from strikedesk.domain.symbols import EquitySymbol, Right
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange import future_options, futures
from strikedesk.exchange.future_options import FutureOption, Series
from strikedesk.exchange.futures import E_MINI, Future
from strikedesk.exchange.market import Market, OnForward
from strikedesk.exchange.simulated import SimulatedMarket
from strikedesk.exchange.simulated.surface import RATE
from strikedesk.quant import black_76
from strikedesk.quant.implied_vol import implied_volatility
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket

MARKET: Market = SimulatedMarket(seed=7)
SPX = EquitySymbol("SPX")
DECEMBER = date(2026, 12, 18)
YEAR_S = 365 * 86_400


def series(code: str, at: datetime = NOON) -> Series:
    (found,) = [each for each in future_options.listed(MARKET, at) if each.code == code]
    return found


def quoted(of: Series, at: datetime = NOON) -> Iterator[tuple[FutureOption, UntradedQuote]]:
    """Yield every option of a series with its quote, calls first at each strike."""
    found = future_options.quotes(MARKET, [*of.options], at)
    for option in of.options:
        yield option, found[option.name]


def future_of(of: Series, at: datetime = NOON) -> float:
    price = MARKET.forward(SPX, of.future.ends_at, at)
    assert price is not None
    return float(price)


def years(of: Series, at: datetime = NOON) -> float:
    return (of.ends_at - at).total_seconds() / YEAR_S


def volatility(option: FutureOption, price: float, at: datetime = NOON) -> float:
    """Return what a price implies by Black's model, with the market's own rate."""
    contracts = black_76.on_futures(
        future=[future_of(option.series, at)],
        strike=float(option.strike),
        years=years(option.series, at),
        rate=RATE,
        is_call=option.right is Right.CALL,
    )
    return float(implied_volatility(contracts, price).volatility[0])


def near(option: FutureOption) -> bool:
    return abs(float(option.strike) / future_of(option.series) - 1) < 0.04


def mid(quote: UntradedQuote) -> float:
    assert quote.mid is not None
    return float(quote.mid)


def rows(day: date, settlement: Settlement) -> list[ChainRow]:
    root = "SPX" if settlement is Settlement.AM else "SPXW"
    return [r for r in MARKET.chain(SPX, {day}, NOON).rows if r.contract.root == root]


def test_quarters_and_the_next_weeks_are_listed_on_the_future_they_deliver() -> None:
    """What ends in the afternoon of a future's last day delivers the one after it."""
    found = future_options.listed(MARKET, NOON)

    assert [(s.code, s.day.isoformat(), s.future.name.compact) for s in found] == [
        ("EW3X6", "2026-11-20", "/ESZ6"),
        ("EW4X6", "2026-11-27", "/ESZ6"),
        ("EWX6", "2026-11-30", "/ESZ6"),
        ("EW1Z6", "2026-12-04", "/ESZ6"),
        ("EW2Z6", "2026-12-11", "/ESZ6"),
        ("ESZ6", "2026-12-18", "/ESZ6"),
        ("EW3Z6", "2026-12-18", "/ESH7"),
        ("EW4Z6", "2026-12-24", "/ESH7"),
        ("ESH7", "2027-03-19", "/ESH7"),
    ]
    assert sum(len(each.strikes) for each in found) < 1_000


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (
            datetime(2027, 3, 22, 15, tzinfo=UTC),
            [
                "EW4H7 03-25",
                "EWH7 03-31",
                "EW1J7 04-02",
                "EW2J7 04-09",
                "EW3J7 04-16",
                "EW4J7 04-23",
            ],
        ),
        (
            datetime(2027, 4, 26, 15, tzinfo=UTC),
            ["EWJ7 04-30", "EW1K7 05-07", "EW2K7 05-14", "EW3K7 05-21", "EWK7 05-28"],
        ),
    ],
)
def test_a_week_is_numbered_in_the_month_of_its_friday(at: datetime, expected: list[str]) -> None:
    """Good Friday's end on Thursday; a month's last session has the root of its own."""
    found = [s for s in future_options.listed(MARKET, at) if s.root != "ES"]

    assert [f"{s.code} {s.day:%m-%d}" for s in found] == expected


def test_a_name_has_the_future_the_code_the_day_and_a_plain_strike() -> None:
    names = [option.name.compact for option in series("EW1Z6").options]

    assert "./ESZ6 EW1Z6 261204P5000" in names
    assert "./ESZ6 ESZ6  261218C5000" in [o.name.compact for o in series("ESZ6").options]
    assert len(names) == len(set(names)) == 2 * len(series("EW1Z6").strikes)


def test_a_quarter_s_end_with_their_future_and_a_week_s_with_the_session() -> None:
    """The session after Thanksgiving is a short one."""
    assert series("ESZ6").ends_at == series("ESZ6").future.ends_at
    assert series("EW1Z6").ends_at == datetime(2026, 12, 4, 21, tzinfo=UTC)
    assert series("EW4X6").ends_at == datetime(2026, 11, 27, 18, tzinfo=UTC)


@pytest.mark.parametrize("code", ["EW3X6", "EW4X6"])
def test_they_are_listed_until_they_end(code: str) -> None:
    ends_at = series(code).ends_at
    before, after = ends_at - timedelta(seconds=1), ends_at

    assert code in [each.code for each in future_options.listed(MARKET, before)]
    assert code not in [each.code for each in future_options.listed(MARKET, after)]


def test_what_is_listed_stays_listed_from_session_to_session() -> None:
    """A client that keeps a name may ask by it until the end."""
    at, known = NOON, set[str]()
    for _ in range(25):
        found = future_options.listed(MARKET, at)
        names = {option.name.compact for each in found for option in each.options}
        ended = {name for name in known if name[13:19] <= f"{at:%y%m%d}"}
        assert known - ended <= names
        known = names
        at = next_session(at.date()).opens_at + timedelta(minutes=90)


@pytest.mark.parametrize("code", ["ESZ6", "ESH7"])
def test_those_that_end_with_their_future_cost_what_the_index_s_options_do(code: str) -> None:
    """Both settle at the same opening price: otherwise one could be traded against the other."""
    of = series(code)
    found = {(option.strike, option.right): quote for option, quote in quoted(of)}
    shared = [r for r in rows(of.day, Settlement.AM) if r.contract.strike % 50 == 0]

    assert len(shared) == len(found) > 200
    for row in shared:
        quote = found[row.contract.strike, row.contract.right]
        assert quote.ask is not None
        assert quote.bid is not None
        assert row.quote.bid is not None
        assert row.quote.ask is not None
        assert quote.ask >= row.quote.bid
        at_once = abs(float(row.contract.strike) - future_of(of))
        if float(row.quote.ask) > at_once:  # Deeper in the money the right to exercise is more.
            assert quote.bid <= row.quote.ask


def test_black_s_model_finds_the_volatility_that_the_index_s_options_have() -> None:
    surface = {
        (r.contract.strike, r.contract.right): r.greeks.implied_volatility
        for r in rows(DECEMBER, Settlement.AM)
        if r.greeks is not None
    }
    chosen = [(option, quote) for option, quote in quoted(series("ESZ6")) if near(option)]

    assert len(chosen) > 10
    for option, quote in chosen:
        expected = surface[option.strike, option.right]
        assert expected is not None
        assert volatility(option, mid(quote)) == pytest.approx(expected, abs=0.002)


def test_those_of_a_week_have_the_volatility_of_a_strike_that_is_carried_as_the_future_is() -> None:
    """The future moves with the index, and stands above it by what carries it on."""
    of = series("EW2Z6")
    carried = MARKET.forward(SPX, of.ends_at, NOON)
    assert carried is not None
    calls = [r for r in rows(of.day, Settlement.PM) if r.contract.right is Right.CALL]
    calls.sort(key=lambda row: row.contract.strike)
    strikes = [float(r.contract.strike) for r in calls]
    known = [r.greeks.implied_volatility or 0 for r in calls if r.greeks is not None]
    for option, quote in quoted(of):
        if near(option):
            place = float(option.strike) * float(carried) / future_of(of)
            expected = float(np.interp(place, strikes, known))
            assert volatility(option, mid(quote)) == pytest.approx(expected, abs=0.002)


def test_calls_and_puts_agree_on_the_price_of_the_future() -> None:
    for of in future_options.listed(MARKET, NOON):
        discount = float(np.exp(-RATE * years(of)))
        prices = {(o.strike, o.right): quote for o, quote in quoted(of) if near(o)}
        for strike in {strike for strike, _ in prices}:
            call, put = prices[strike, Right.CALL], prices[strike, Right.PUT]
            room = sum(float((q.ask or 0) - (q.bid or 0)) for q in (call, put)) / 2
            exercised = discount * (future_of(of) - float(strike))
            early = (1 - discount) * abs(future_of(of) - float(strike))
            assert abs(mid(call) - mid(put) - exercised) <= room + early


def test_none_costs_less_than_exercise_brings_and_all_prices_are_on_their_steps() -> None:
    for of in future_options.listed(MARKET, NOON):
        for option, quote in quoted(of):
            gain = (future_of(of) - float(option.strike)) * (
                1 if option.right is Right.CALL else -1
            )
            assert quote.ask is not None
            assert quote.bid is not None
            assert float(quote.ask) >= gain
            step = next(s.size for s in future_options.STEPS if not s.below or quote.bid < s.below)
            assert (quote.bid % step, quote.ask - quote.bid) == (0, step)


def test_a_quote_is_dated_labelled_and_told_with_its_last_close() -> None:
    of = series("ESZ6")
    closed = dict(quoted(of, datetime(2026, 11, 19, 21, tzinfo=UTC)))
    for option, quote in quoted(of):
        assert (quote.at, quote.feed, quote.name.kind) == (NOON, Feed.SIMULATED, "future_option")
        assert quote.previous_close == closed[option].bid
        assert (quote.volume, quote.open_interest) == (None, None)


def test_nobody_bids_for_what_is_worth_less_than_a_step() -> None:
    worthless = [quote for _, quote in quoted(series("EW3X6")) if not quote.bid]

    assert worthless
    for quote in worthless:
        assert (quote.bid_size, quote.last, quote.ask) == (0, None, Decimal("0.05"))


def test_what_has_ended_has_no_quote() -> None:
    of = series("EW3X6")

    assert future_options.quotes(MARKET, [*of.options], of.ends_at) == {}


def test_of_what_is_delivered_by_nobody_no_option_has_a_worth() -> None:
    contracts = ((Right.CALL, Decimal(100)),)
    later = NOON + timedelta(days=9)
    unknown = OnForward(
        underlying=EquitySymbol("NOSUCH"),
        delivered_at=later,
        ends_at=later,
        contracts=contracts,
    )

    assert MARKET.on_forward(unknown, NOON) is None


def test_a_market_that_cannot_carry_a_price_lists_no_options_on_one() -> None:
    market, of = ScriptedMarket(), series("ESZ6")
    market.tell("SPX", None, None, last="5300")

    assert future_options.listed(market, NOON) == ()
    assert future_options.quotes(market, [*of.options], NOON) == {}


def test_before_the_first_session_there_was_no_close() -> None:
    first = datetime(2024, 1, 2, 15, tzinfo=UTC)
    of = future_options.listed(MARKET, first)[0]

    assert {quote.previous_close for _, quote in quoted(of, first)} == {None}


def test_a_market_without_the_level_of_an_index_quotes_nothing_on_it() -> None:
    before = datetime(2020, 1, 1, tzinfo=UTC)
    future = Future(product=E_MINI, day=DECEMBER)

    assert futures.quoted_at(MARKET, future.product, before) is None
    assert future_options.quotes(MARKET, [*series("ESZ6").options], before) == {}
