"""The simulated market keeps the laws of a market: one truth, a clock, no arbitrage to be had."""

import dataclasses
import hashlib
import itertools
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain import calendar
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import Split
from strikedesk.domain.quotes import Bar, Chain, Feed, Interval, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, parse_symbol
from strikedesk.exchange.market import Market
from strikedesk.exchange.simulated import SimulatedMarket
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS
from tests.builders import NOON, a_contract

MARKET: Market = SimulatedMarket(seed=7)
STEP = timedelta(seconds=15)
SPY, SPX = EquitySymbol("SPY"), EquitySymbol("SPX")
TICKERS = sorted(underlying.ticker for underlying in UNDERLYINGS)

instants = st.datetimes(
    datetime(2024, 1, 3),  # noqa: DTZ001 -- hypothesis adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001 -- hypothesis adds the zone
    timezones=st.just(UTC),
)
tickers = st.sampled_from(TICKERS)


def quote_of(symbol: EquitySymbol | OptionSymbol, at: datetime) -> Quote:
    return MARKET.quotes([symbol], at)[symbol]


def told(quote: Quote) -> str:
    """Return every field of a quote, spelled alike by every version of Python."""
    fields = dataclasses.asdict(quote) | {"symbol": quote.symbol.compact, "feed": quote.feed.value}
    return " ".join(f"{name}={value}" for name, value in fields.items()) + "\n"


def one_chain(ticker: str, at: datetime, pick: int = 0, market: Market = MARKET) -> Chain:
    """Return one of the listed expirations, chosen by any number."""
    underlying = EquitySymbol(ticker)
    listed = market.expirations(underlying, at)
    return market.chain(underlying, [listed[pick % len(listed)].day], at)


GOLDEN = "5b23fecb7f8d1ba2da32615b520e16c42ebc6159d0775d6bb798cbc30e6667bc"


def digest_of(market: Market) -> str:
    """Return the hash of two thousand quotes and bars, by day and by night."""
    digest = hashlib.sha256()
    instants = (
        NOON,
        datetime(2024, 1, 2, 14, 30, tzinfo=UTC),
        datetime(2025, 7, 3, 20, 59, 59, tzinfo=UTC),
    )
    for at, ticker in zip(itertools.cycle(instants), TICKERS, strict=False):
        symbol = EquitySymbol(ticker)
        chain = one_chain(ticker, at, pick=9, market=market)
        spot = market.quotes([symbol], at)[symbol]
        for quote in (spot, *(row.quote for row in chain.rows)):
            digest.update(told(quote).encode())
        for bar in market.bars(symbol, Interval.DAY, at - timedelta(days=9), at):
            prices = bar.open, bar.high, bar.low, bar.close, bar.volume
            digest.update(f"{bar.at.isoformat()} {prices}".encode())
    return digest.hexdigest()


def test_the_golden_market_is_the_same_on_every_machine() -> None:
    """Paper books are shared by processes; a market that differs between them is two markets."""
    assert digest_of(MARKET) == GOLDEN


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "sqrt"])
def test_the_last_bit_of_a_function_moves_no_quote(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Processors and libraries disagree about it; a market built on it would be a local one."""
    precise: Callable[[npt.ArrayLike], npt.NDArray[np.float64]] = getattr(np, name)

    def last_bit_off(x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.nextafter(precise(x), np.inf)

    def last_bit_off_for_one(x: float) -> float:
        return float(last_bit_off(x))

    monkeypatch.setattr(np, name, last_bit_off)
    monkeypatch.setattr(math, name, last_bit_off_for_one)

    assert digest_of(SimulatedMarket(seed=7)) == GOLDEN


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    """Caches may make an answer quick, never different."""
    fresh = SimulatedMarket(seed=7)
    later, earlier = NOON + timedelta(days=3), NOON - timedelta(days=400)

    backwards = [fresh.quotes([SPY, SPX], at) for at in (later, NOON, earlier)]

    assert backwards == [MARKET.quotes([SPY, SPX], at) for at in (later, NOON, earlier)]


def test_another_seed_is_another_market() -> None:
    other = SimulatedMarket(seed=8)

    assert other.quotes([SPY], NOON) != MARKET.quotes([SPY], NOON)


def test_everything_is_labelled_simulated() -> None:
    """Nobody may take fiction for a price."""
    chain = one_chain("AAPL", NOON)

    assert MARKET.feed is Feed.SIMULATED
    assert {chain.spot.feed, *(row.quote.feed for row in chain.rows)} == {Feed.SIMULATED}
    assert all("simulated" in info.description for info in MARKET.listed(NOON))


def test_the_underlyings_are_listed_by_ticker() -> None:
    assert [info.symbol.compact for info in MARKET.listed(NOON)] == TICKERS
    assert {info.kind for info in MARKET.listed(NOON)} == {"equity", "etf", "index"}
    indices = {i.symbol.underlying for i in MARKET.listed(NOON) if i.kind == "index"}
    assert MARKET.index_tickers(NOON) == indices


@settings(deadline=None)
@given(at=instants)
def test_inside_a_session_a_quote_is_never_older_than_a_step(at: datetime) -> None:
    """The stale-quote guard compares this age with its limit."""
    if MARKET.is_open(at):
        assert timedelta() <= quote_of(SPY, at).age(at) < STEP


@settings(deadline=None)
@given(at=instants)
def test_the_market_is_open_in_regular_hours_and_only_then(at: datetime) -> None:
    assert MARKET.is_open(at) == calendar.is_open(at)


@settings(deadline=None)
@given(at=instants)
def test_outside_sessions_contracts_and_indices_stand_still_at_the_last_close(
    at: datetime,
) -> None:
    """They have no extended hours: a price that moves at night would frighten everybody."""
    if MARKET.is_open(at):
        return
    closed_at = calendar.last_close(at)
    symbols = [SPX, *(row.contract for row in one_chain("TLT", at, 2).rows[:4])]

    standing = MARKET.quotes(symbols, at)

    assert {quote.at for quote in standing.values()} == {closed_at}
    assert standing == MARKET.quotes(symbols, closed_at)
    assert list(MARKET.ticks(symbols, closed_at - timedelta(microseconds=1), at)) == []


def test_ticks_are_the_steps_of_sessions() -> None:
    """A resting order is matched at each of them and at no other instant."""
    wednesday, friday = date(2026, 11, 25), date(2026, 11, 27)
    after = datetime(2026, 11, 25, 20, 59, 30, tzinfo=UTC)

    ticks = list(MARKET.ticks([SPY], after, datetime(2026, 11, 28, tzinfo=UTC)))

    assert ticks[0] == datetime(2026, 11, 25, 20, 59, 45, tzinfo=UTC)
    assert ticks[1] == datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
    assert len(ticks) == 1 + 840
    assert {calendar.exchange_date(tick) for tick in ticks} == {wednesday, friday}
    assert {later - tick for tick, later in pairwise(ticks[1:])} == {STEP}
    assert all(MARKET.is_open(tick) and quote_of(SPY, tick).at == tick for tick in ticks[:3])


def test_ticks_are_made_one_by_one() -> None:
    """A world that slept for a year must not build a year's instants before the first."""
    ticks = MARKET.ticks([SPY], NOON, NOON + timedelta(days=10_000))

    assert next(ticks) == NOON + STEP
    assert list(MARKET.ticks([], NOON, NOON + timedelta(days=1))) == []


def test_before_the_world_begins_nothing_is_listed() -> None:
    before = datetime(2024, 1, 2, 14, 29, tzinfo=UTC)

    assert (MARKET.listed(before), MARKET.quotes([SPY], before)) == ((), {})
    assert not MARKET.is_open(before)
    with pytest.raises(Denied) as denied:
        MARKET.expirations(SPY, before)
    assert denied.value.reason is Reason.SYMBOL_NOT_FOUND


def test_after_its_last_day_the_world_stands_still() -> None:
    """An absurd clock gets an answer in no time, not a walk to the year 9999."""
    end = datetime(2099, 12, 31, 21, tzinfo=UTC)

    assert quote_of(SPY, datetime(9999, 12, 30, tzinfo=UTC)) == quote_of(SPY, end)
    assert not MARKET.is_open(datetime(2100, 1, 4, 16, tzinfo=UTC))
    assert list(MARKET.ticks([SPY], end, datetime(9999, 12, 30, tzinfo=UTC))) == []


def test_what_is_not_listed_is_absent_or_denied() -> None:
    """None, a zero and a refusal are three answers; a caller must be able to tell them apart."""
    strange = parse_symbol("ZZZZ")
    expired = parse_symbol("SPY 2026-11-13 500 C")
    no_strike = parse_symbol("SPY 2026-12-18 500.37 C")
    no_day = parse_symbol("SPY 2026-12-19 500 C")

    assert MARKET.quotes([strange, expired, no_strike, no_day], NOON) == {}
    with pytest.raises(Denied) as unknown:
        MARKET.chain(EquitySymbol("ZZZZ"), [], NOON)
    with pytest.raises(Denied) as unlisted:
        MARKET.chain(SPY, [date(2026, 12, 19)], NOON)
    with pytest.raises(Denied) as no_bars:
        MARKET.bars(strange, Interval.DAY, NOON, NOON)
    assert unknown.value.reason is Reason.SYMBOL_NOT_FOUND
    assert unlisted.value.reason is Reason.EXPIRATION_NOT_FOUND
    assert no_bars.value.reason is Reason.SYMBOL_NOT_FOUND
    assert MARKET.chain(SPY, [], NOON).rows == ()


def test_a_cash_index_has_a_level_and_nobody_quotes_it() -> None:
    """Shares of an index cannot be bought; its options can, under a root of their own."""
    level = quote_of(SPX, NOON)
    row = one_chain("SPX", NOON).rows[0]

    assert (level.bid, level.ask, level.volume) == (None, None, None)
    assert level.mark == level.last
    assert (row.contract.root, row.contract.underlying) == ("SPXW", "SPX")
    assert row.quote.two_sided


def test_the_index_and_its_fund_move_together() -> None:
    """SPY follows SPX; two stories about one market would let nonsense hedge."""
    days = (NOON - timedelta(days=700), NOON)
    fund, index = (MARKET.bars(symbol, Interval.DAY, *days) for symbol in (SPY, SPX))

    ratios = [one.close / other.close for one, other in zip(index, fund, strict=True)]

    assert max(ratios) - min(ratios) < Decimal("0.05")


@settings(max_examples=40, deadline=None)
@given(ticker=tickers, at=instants, pick=st.integers(0, 40), later=st.integers(0, 400))
def test_a_contract_once_listed_stays_listed_until_it_expires(
    ticker: str, at: datetime, pick: int, later: int
) -> None:
    """A position whose contract vanishes could not be closed; a split renames it, by rule."""
    underlying = EquitySymbol(ticker)
    listed = MARKET.expirations(underlying, at)
    before = listed[pick % len(listed)]
    then = min(at + timedelta(days=later), datetime(2028, 1, 1, tzinfo=UTC))
    ends_at = calendar.expiration_instant(before.day, before.settlement)
    root, divisor = after_splits(before.root, underlying, session_day(at), session_day(then))

    listed_then = {(each.root, each.day): each for each in MARKET.expirations(underlying, then)}
    after = listed_then.get((root, before.day))

    assert (after is not None) == (then < ends_at)
    assert after is None or {each / divisor for each in before.strikes} <= set(after.strikes)


def session_day(at: datetime) -> date:
    """Return the day of the last session that has opened."""
    session = calendar.session_on(calendar.exchange_date(at))
    if session is not None and at >= session.opens_at:
        return session.day
    return calendar.previous_session(calendar.exchange_date(at)).day


def after_splits(root: str, underlying: EquitySymbol, after: date, until: date) -> tuple[str, int]:
    """Return the root of what is listed on one day at another, and what divides its strikes."""
    for event in MARKET.events(underlying, after + timedelta(days=1), until):
        if isinstance(event, Split) and event.new % event.old == 0:
            return root, event.new // event.old
        if isinstance(event, Split):
            return f"{root}1", 1
    return root, 1


def test_what_a_liquid_fund_lists() -> None:
    """Five daily expirations, eight weekly ones, a year of monthly ones, Januaries beyond."""
    days = [each.day for each in MARKET.expirations(SPY, NOON)]
    standard = [each.day for each in MARKET.expirations(SPY, NOON) if each.standard]
    today = calendar.exchange_date(NOON)
    soon = calendar.sessions_between(today, today + timedelta(days=10))[:6]

    assert days == sorted(set(days))
    assert {session.day for session in soon} <= set(days)
    assert set(calendar.weekly_expirations(today, today + timedelta(weeks=8))) <= set(days)
    assert set(calendar.monthly_expirations(today, today + timedelta(days=366))) <= set(standard)
    assert {date(2028, 1, 21), date(2029, 1, 19)} <= set(standard)
    assert all(calendar.session_on(day) for day in days)


def test_a_day_is_the_answers_own_day() -> None:
    """Days to expiration count from the date in New York, also while the market is closed."""
    saturday = datetime(2026, 11, 21, 18, tzinfo=UTC)

    counted = {each.day: each.days for each in MARKET.expirations(SPY, saturday)}

    assert counted[date(2026, 11, 27)] == 6
    assert date(2026, 11, 20) not in counted


@settings(max_examples=25, deadline=None)
@given(ticker=tickers, at=instants)
def test_strikes_surround_the_spot_closely(ticker: str, at: datetime) -> None:
    """There is always something to trade near the money."""
    chain = one_chain(ticker, at, pick=1)
    spot = chain.spot.mark
    assert spot is not None
    strikes = sorted({row.contract.strike for row in chain.rows})

    nearest = min(abs(strike - spot) for strike in strikes)

    assert nearest <= spot * Decimal("0.02")
    assert strikes[0] < spot * Decimal("0.95") < spot * Decimal("1.05") < strikes[-1]


def test_settlement_is_the_closing_mid_of_the_day() -> None:
    """Expiry pays on the price that everybody saw last; a closed day has the one before it."""
    friday, close = date(2026, 11, 20), datetime(2026, 11, 20, 21, tzinfo=UTC)

    assert MARKET.settlement(a_contract("SPY", friday)) == quote_of(SPY, close).mark
    assert MARKET.settlement(a_contract("SPXW", friday)) == quote_of(SPX, close).last
    assert MARKET.settlement(a_contract("SPY", date(2026, 11, 22))) == MARKET.settlement(
        a_contract("SPY", friday)
    )
    assert MARKET.settlement(a_contract("SPY", date(2024, 1, 1))) is None
    assert MARKET.settlement(a_contract("ZZZZ", friday)) is None


def test_the_previous_close_is_the_close_of_the_session_before() -> None:
    """A day's change is counted from it, for shares and for contracts."""
    contract = parse_symbol("AAPL 2026-12-18 200 C")
    aapl = EquitySymbol("AAPL")
    yesterday = datetime(2026, 11, 19, 21, tzinfo=UTC)

    before, now = (MARKET.quotes([aapl, contract], at) for at in (yesterday, NOON))

    assert now[aapl].previous_close == before[aapl].mark
    assert now[contract].previous_close == before[contract].mid


def test_a_contract_new_today_has_no_previous_close() -> None:
    new_day = MARKET.expirations(SPY, NOON)[5]
    first_seen = calendar.previous_session(NOON.date()).closes_at
    assert new_day.day not in {each.day for each in MARKET.expirations(SPY, first_seen)}

    rows = MARKET.chain(SPY, [new_day.day], NOON).rows

    assert {row.quote.previous_close for row in rows} == {None}


BAR_WIDTHS = {
    Interval.MINUTE: timedelta(minutes=1),
    Interval.FIVE_MINUTES: timedelta(minutes=5),
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: timedelta(days=1),
}


def marks(symbol: EquitySymbol | OptionSymbol, ticks: list[datetime]) -> list[Decimal]:
    found = [quote_of(symbol, tick).mark for tick in ticks]
    return [mark for mark in found if mark is not None]


@pytest.mark.parametrize("spelling", ["NVDA", "SPX", "NVDA 2026-12-18 140 P"])
@pytest.mark.parametrize("interval", [Interval.MINUTE, Interval.FIVE_MINUTES, Interval.HOUR])
def test_a_bar_is_made_of_the_marks_of_its_quotes(spelling: str, interval: Interval) -> None:
    """A chart and the quotes beside it must not contradict each other."""
    symbol = parse_symbol(spelling)
    width = BAR_WIDTHS[interval]
    start = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)

    (bar,) = MARKET.bars(symbol, interval, start, start + timedelta(seconds=1))[:1]
    (whole,) = MARKET.bars(symbol, interval, start, start + width)[:1]

    ticks = list(MARKET.ticks([symbol], start - STEP, start + width - STEP))
    seen = marks(symbol, ticks)
    assert (whole.open, whole.close) == (seen[0], seen[-1])
    assert (whole.high, whole.low) == (max(seen), min(seen))
    assert (bar.at, bar.open, bar.close) == (start, seen[0], seen[0])


def test_the_day_in_progress_shows_nothing_of_its_future() -> None:
    """A bar cut by the end of the question is told as far as it went."""
    opens = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)

    (bar,) = MARKET.bars(SPY, Interval.DAY, opens, NOON)
    volume = quote_of(SPY, NOON - STEP).volume

    seen = marks(SPY, list(MARKET.ticks([SPY], opens - STEP, NOON - STEP)))
    assert bar == Bar(
        at=opens, open=seen[0], high=max(seen), low=min(seen), close=seen[-1], volume=volume
    )


def test_two_years_of_daily_bars_join_up() -> None:
    """Yesterday's close is today's previous close, and gaps happen overnight."""
    bars = MARKET.bars(SPY, Interval.DAY, NOON - timedelta(days=730), NOON)

    assert len(bars) == calendar.trading_days_between(date(2024, 11, 20), date(2026, 11, 20))
    assert all(bar.low <= min(bar.open, bar.close) for bar in bars)
    assert all(bar.high >= max(bar.open, bar.close) for bar in bars)
    assert sum(bar.open != before.close for before, bar in pairwise(bars)) > len(bars) * 0.9
    assert quote_of(SPY, bars[-1].at).previous_close == bars[-2].close


def test_weeks_are_made_of_their_days() -> None:
    start, end = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
    weeks = MARKET.bars(SPY, Interval.WEEK, start, end)
    days = MARKET.bars(SPY, Interval.DAY, weeks[0].at, weeks[1].at)

    assert [bar.at.date() for bar in weeks[:2]] == [date(2026, 10, 5), date(2026, 10, 12)]
    assert weeks[0] == Bar(
        at=days[0].at,
        open=days[0].open,
        high=max(day.high for day in days),
        low=min(day.low for day in days),
        close=days[-1].close,
        volume=sum(day.volume or 0 for day in days),
    )


def test_a_contract_has_bars_only_while_it_is_listed() -> None:
    symbol = parse_symbol("SPY 2026-11-20 510 C")
    start, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)

    bars = MARKET.bars(symbol, Interval.DAY, start, end)

    assert bars[-1].at.date() == date(2026, 11, 20)
    assert len(bars) < 300
    assert MARKET.bars(parse_symbol("SPY 2026-11-20 510.5 C"), Interval.DAY, start, end) == ()


def test_a_call_and_a_put_are_told_apart() -> None:
    """The cheapest way to lose money in a simulator is to swap the columns."""
    call, put = (OptionSymbol("SPY", date(2026, 12, 18), right, Decimal(400)) for right in Right)

    quotes = MARKET.quotes([put, call], NOON)

    assert (quotes[call].mid or 0) > 90
    assert 0 < (quotes[put].mid or 0) < 5
