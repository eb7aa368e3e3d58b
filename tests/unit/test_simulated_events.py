"""Dividends, splits and earnings of the simulated market, and what they do to prices."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain import calendar
from strikedesk.domain.events import Dividend, Earnings, MarketEvent, Split
from strikedesk.domain.quotes import Expiration, Interval, Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.domain.volatility import around_horizon, at_30_days
from strikedesk.exchange.simulated import SimulatedMarket
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS

MARKET = SimulatedMarket(seed=7)
COST, CAT, SPY, TLT, KO = (EquitySymbol(t) for t in ("COST", "CAT", "SPY", "TLT", "KO"))
BEGIN, END = date(2024, 1, 2), date(2027, 12, 31)
UNTIL_NOW = date(2026, 11, 20)


def split_of(symbol: EquitySymbol) -> Split:
    (split,) = (e for e in MARKET.events(symbol, BEGIN, END) if isinstance(e, Split))
    return split


def close_of(day: date) -> datetime:
    session = calendar.session_on(day)
    assert session is not None
    return session.closes_at


def opening_of(day: date) -> datetime:
    session = calendar.session_on(day)
    assert session is not None
    return session.opens_at


def eve_of(day: date) -> date:
    return calendar.previous_session(day).day


def quote_of(symbol: Symbol, at: datetime) -> Quote:
    return MARKET.quotes([symbol], at)[symbol]


def mid_of(symbol: Symbol, at: datetime) -> Decimal:
    mid = quote_of(symbol, at).mid
    assert mid is not None
    return mid


def test_events_fall_on_sessions_and_in_their_months() -> None:
    """Calendars are kept by rule: four reports a year, four dividends, twelve from the bonds."""
    counted = {
        ticker: [type(event) for event in MARKET.events(EquitySymbol(ticker), *year)]
        for year in [(date(2026, 1, 1), date(2026, 12, 31))]
        for ticker in ("AAPL", "SPY", "TLT", "TSLA", "SPX", "VIX", "GLD")
    }
    every = [
        event
        for each in UNDERLYINGS
        for event in MARKET.events(EquitySymbol(each.ticker), BEGIN, END)
    ]

    assert sorted(map(str, counted["AAPL"])) == sorted(map(str, [Dividend] * 4 + [Earnings] * 4))
    assert counted["SPY"] == [Dividend] * 4
    assert counted["TLT"] == [Dividend] * 12
    assert counted["TSLA"] == [Earnings] * 4
    assert counted["SPX"] == counted["VIX"] == counted["GLD"] == []
    assert all(calendar.session_on(event.day) for event in every)
    assert all(e.amount > 0 and e.pay_day > e.day for e in every if isinstance(e, Dividend))


def test_events_are_told_by_day_and_only_those_asked_for() -> None:
    days = [event.day for event in MARKET.events(KO, BEGIN, END)]
    one = MARKET.events(KO, days[3], days[3])

    assert days == sorted(days)
    assert {event.day for event in one} == {days[3]}
    assert MARKET.events(EquitySymbol("ZZZZ"), BEGIN, END) == ()
    assert MARKET.events(KO, date(1990, 1, 1), date(2023, 12, 31)) == ()


def test_another_seed_has_other_dates() -> None:
    """Nobody learns the calendar by heart."""
    other = SimulatedMarket(seed=8).events(EquitySymbol("AAPL"), BEGIN, END)

    assert other != MARKET.events(EquitySymbol("AAPL"), BEGIN, END)


def test_practice_meets_an_even_and_an_uneven_split() -> None:
    """Splits are rare; a desk that never saw one handles it badly."""
    splits = [s for each in UNDERLYINGS for s in splits_of(EquitySymbol(each.ticker))]

    assert {(s.new % s.old == 0) for s in splits} == {True, False}
    assert {s.day.year for s in splits} == {2025, 2026, 2027}


def splits_of(symbol: EquitySymbol) -> list[Split]:
    return [e for e in MARKET.events(symbol, BEGIN, END) if isinstance(e, Split)]


def test_the_opening_lacks_the_dividend() -> None:
    """Who buys at the close for the dividend pays for it at the opening."""
    for symbol in (SPY, TLT, KO):
        for event in dividends_of(symbol):
            eve, opens = close_of(eve_of(event.day)), opening_of(event.day)
            late = quote_of(symbol, eve + timedelta(hours=4)).last
            early = quote_of(symbol, opens - timedelta(hours=5.5)).last
            assert late is not None
            assert early is not None
            assert abs(late - event.amount - early) < late * Decimal("0.0008")


def dividends_of(symbol: EquitySymbol) -> list[Dividend]:
    found = MARKET.events(symbol, date(2025, 1, 1), UNTIL_NOW)
    return [event for event in found if isinstance(event, Dividend)]


def test_dividends_make_no_difference_to_what_a_fund_is_worth_in_the_long_run() -> None:
    """The fund and its index stay together: what dividends take, growth has brought."""
    then, now = close_of(date(2024, 11, 20)), close_of(UNTIL_NOW)
    ratios = [(quote_of(EquitySymbol("SPX"), at).last or 0) / mid_of(SPY, at) for at in (then, now)]

    assert abs(ratios[0] - ratios[1]) < Decimal("0.06")


def test_a_split_divides_the_price_and_yesterdays_close() -> None:
    """A day's change must not show a loss of half."""
    for symbol in (COST, CAT):
        split = split_of(symbol)
        eve, opens = close_of(eve_of(split.day)), opening_of(split.day)
        before, after = mid_of(symbol, eve), quote_of(symbol, opens)

        divided = (before * split.old / split.new).quantize(Decimal("0.01"))
        assert after.previous_close is not None
        assert abs(after.previous_close - divided) <= Decimal("0.01")
        assert abs((after.mid or 0) / divided - 1) < Decimal("0.08")


def test_bars_before_a_split_are_told_in_the_shares_of_today() -> None:
    """As data vendors do: a chart without a cliff, and a past that was told as it was then."""
    split = split_of(COST)
    start, opens = opening_of(split.day) - timedelta(days=30), opening_of(split.day)
    raw = MARKET.bars(COST, Interval.DAY, start, opens)
    told = MARKET.bars(COST, Interval.DAY, start, opens + timedelta(days=10))
    (hour,) = MARKET.bars(COST, Interval.HOUR, raw[-1].at, raw[-1].at + timedelta(seconds=1))
    minutes = MARKET.bars(COST, Interval.MINUTE, raw[0].at, opens + timedelta(seconds=1))

    assert [bar.close / 2 for bar in raw] == [bar.close for bar in told[: len(raw)]]
    assert [2 * (bar.volume or 0) for bar in raw] == [bar.volume for bar in told[: len(raw)]]
    assert all(abs(b.open / a.close - 1) < Decimal("0.1") for a, b in pairwise(told))
    assert hour.open == raw[-1].open
    assert minutes[0].open == raw[0].open / 2


def test_an_even_split_divides_strikes_and_premiums() -> None:
    """Twice as many contracts at half the strike are what they were: OCC's rule for even splits."""
    split = split_of(COST)
    eve, opens = close_of(eve_of(split.day)), opening_of(split.day)
    old = next(each for each in MARKET.expirations(COST, eve) if each.days > 30)
    new = {each.day: each for each in MARKET.expirations(COST, opens)}[old.day]
    strike = old.strikes[len(old.strikes) // 2]
    before = OptionSymbol("COST", old.day, Right.CALL, strike)
    after = OptionSymbol("COST", old.day, Right.CALL, strike / 2)

    assert {each / 2 for each in old.strikes} <= set(new.strikes)
    found = quote_of(after, opens).previous_close
    assert found is not None
    assert abs(found - mid_of(before, eve) / 2) <= Decimal("0.005")
    assert MARKET.quotes([OptionSymbol("COST", old.day, Right.CALL, Decimal(9999))], opens) == {}


def test_an_uneven_split_adjusts_contracts_under_a_root_of_their_own() -> None:
    """A strike that cannot be divided stays, and delivers 150 shares; nobody lists more of them."""
    split = split_of(CAT)
    eve, opens = close_of(eve_of(split.day)), opening_of(split.day)
    old = next(each for each in MARKET.expirations(CAT, eve) if each.days > 30)
    adjusted, plain = both_roots(old.day, opens)
    strike = old.strikes[len(old.strikes) // 2]
    before, after = (
        OptionSymbol(root, old.day, Right.PUT, strike) for root in ("CAT", adjusted.root)
    )
    later, _ = both_roots(old.day, opens + timedelta(days=21))

    plain_terms = MARKET.terms(before)
    assert plain_terms is not None
    assert (plain_terms.shares, plain_terms.adjusted) == (100, False)
    assert MARKET.terms(after) == replace(plain_terms, shares=150)
    assert adjusted.strikes == old.strikes == later.strikes
    assert adjusted.underlying == after.underlying == "CAT"
    assert (adjusted.standard, plain.standard) == (False, old.standard)
    assert quote_of(after, opens).previous_close == mid_of(before, eve)
    assert abs(mid_of(after, opens) - mid_of(before, eve)) < mid_of(before, eve) * Decimal("0.8")
    assert plain.strikes[0] < strike * 2 / 3 < plain.strikes[-1]
    assert both_roots_days(eve) == {"CAT"}


def both_roots(day: date, at: datetime) -> tuple[Expiration, Expiration]:
    listed = {each.root: each for each in MARKET.expirations(CAT, at) if each.day == day}
    return listed["CAT1"], listed["CAT"]


def both_roots_days(at: datetime) -> set[str]:
    return {each.root for each in MARKET.expirations(CAT, at)}


def test_an_adjusted_contract_is_worth_what_it_delivers() -> None:
    """150 shares at the old strike in all: one and a half options at two thirds of the strike."""
    split = split_of(CAT)
    at = opening_of(split.day) + timedelta(hours=2)
    day = next(e.day for e in MARKET.expirations(CAT, at) if e.root == "CAT1" and e.days > 60)
    rows = MARKET.chain(CAT, [day], at).rows
    strikes = {row.contract.strike for row in rows if row.contract.root == "CAT"}
    pairs = [
        (row.contract, OptionSymbol("CAT", day, row.contract.right, row.contract.strike * 2 / 3))
        for row in rows
        if row.contract.root == "CAT1" and row.contract.strike * 2 / 3 in strikes
    ]

    assert pairs
    for adjusted, plain in pairs:
        off = mid_of(adjusted, at) - mid_of(plain, at) * Decimal("1.5")
        assert abs(off) <= Decimal("0.13"), (adjusted, plain)


def test_volatility_swells_before_earnings_and_goes_with_the_news() -> None:
    """The event bump: what the report may do is priced until it is told, and no longer."""
    nvda = EquitySymbol("NVDA")
    for event in reports_of(nvda):
        before = MARKET.implied_volatility(nvda, event.day)
        after = MARKET.implied_volatility(nvda, calendar.next_session(event.day).day)
        assert before is not None
        assert after is not None
        assert event.after_close
        assert before > after * 1.1


def test_news_comes_after_the_close_or_before_the_opening() -> None:
    """The gap shows at its hour in extended trading: five past four, or seven in the morning."""
    nvda, jpm = EquitySymbol("NVDA"), EquitySymbol("JPM")
    late = [hour_of_news(nvda, event) for event in reports_of(nvda)]
    early = [hour_of_news(jpm, event) for event in reports_of(jpm)]

    assert max(late) > Decimal("0.02")
    assert max(early) > Decimal("0.01")


def hour_of_news(symbol: EquitySymbol, event: Earnings) -> Decimal:
    """Return by how much the price moves in the seconds in which the news comes."""
    told = close_of(event.day) + timedelta(minutes=5)
    if not event.after_close:
        told = opening_of(event.day) - timedelta(hours=2.5)
    before, after = (mid_of(symbol, told + timedelta(seconds=s)) for s in (-15, 0))
    return abs(after / before - 1)


def reports_of(symbol: EquitySymbol) -> list[Earnings]:
    found: tuple[MarketEvent, ...] = MARKET.events(symbol, date(2025, 1, 1), UNTIL_NOW)
    return [event for event in found if isinstance(event, Earnings)]


@settings(max_examples=30, deadline=None)
@given(
    ticker=st.sampled_from([each.ticker for each in UNDERLYINGS]),
    day=st.dates(BEGIN, END),
)
def test_implied_volatility_is_known_at_the_close_of_every_session(ticker: str, day: date) -> None:
    """A rank over a year must not stumble over holidays, nor take them for zeros."""
    found = MARKET.implied_volatility(EquitySymbol(ticker), day)

    assert (found is None) == (calendar.session_on(day) is None)
    assert found is None or 0.05 < found < 1.6


def test_what_has_no_volatility_is_unknown() -> None:
    assert MARKET.implied_volatility(EquitySymbol("ZZZZ"), UNTIL_NOW) is None
    assert MARKET.implied_volatility(SPY, date(2023, 12, 29)) is None
    assert MARKET.implied_volatility(SPY, date(2100, 1, 4)) is None


@pytest.mark.parametrize("ticker", ["SPY", "AAPL", "VIX"])
def test_the_volatility_told_is_that_of_the_chain(ticker: str) -> None:
    """What statistics say and what contracts cost must be one story.

    Not least of a volatility index, whose forward is far from the spot: else its rank over a year
    compares two things.
    """
    symbol, at = EquitySymbol(ticker), close_of(UNTIL_NOW)
    told = MARKET.implied_volatility(symbol, UNTIL_NOW)
    days = [each.day for each in around_horizon(MARKET.expirations(symbol, at))]

    read = at_30_days(MARKET.chain(symbol, days, at), UNTIL_NOW)

    assert told is not None
    assert read == pytest.approx(told, rel=0.02)


def test_what_is_expected_of_a_volatility_index_changes_with_its_level() -> None:
    """A year of one and the same figure has no rank."""
    year = calendar.sessions_between(UNTIL_NOW - timedelta(days=365), UNTIL_NOW)
    told = [MARKET.implied_volatility(EquitySymbol("VIX"), each.day) or 0 for each in year]

    assert max(told) > 1.05 * min(told)


def test_a_year_of_prices_clusters_its_volatility() -> None:
    """Quiet days follow quiet ones: squares of returns remember, returns themselves do not."""
    bars = MARKET.bars(
        SPY, Interval.DAY, datetime(2024, 1, 2, tzinfo=UTC), datetime(2034, 1, 2, tzinfo=UTC)
    )
    moves = [float(b.close / a.close) - 1 for a, b in pairwise(bars)]
    sizes = [abs(move) for move in moves]

    assert memory(sizes, 5) > 0.05
    assert abs(memory(moves, 5)) < 0.05


def memory(series: list[float], lag: int) -> float:
    mean = sum(series) / len(series)
    off = [each - mean for each in series]
    shifted = sum(a * b for a, b in zip(off, off[lag:], strict=False))
    return shifted / sum(each * each for each in off)
