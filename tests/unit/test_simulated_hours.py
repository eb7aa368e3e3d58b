"""When the simulated market trades: extended hours for shares, and halts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain import calendar
from strikedesk.domain.calendar import MarketStatus
from strikedesk.domain.quotes import Bar, Interval, Quote
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.exchange.simulated import SimulatedMarket
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS, Underlying
from strikedesk.exchange.simulated.halts import Halts

MARKET = SimulatedMarket(seed=7)
STEP = timedelta(seconds=15)
SPY, SPX = EquitySymbol("SPY"), EquitySymbol("SPX")
THURSDAY = datetime(2026, 11, 19, 21, 0, tzinfo=UTC)  # The close; Friday is a full day too.
OPENS = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)

instants = st.datetimes(
    datetime(2024, 1, 3),  # noqa: DTZ001 -- hypothesis adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001 -- hypothesis adds the zone
    timezones=st.just(UTC),
)


def quote_of(symbol: Symbol, at: datetime) -> Quote:
    return MARKET.quotes([symbol], at)[symbol]


def width(quote: Quote) -> Decimal:
    assert quote.ask is not None
    assert quote.bid is not None
    return quote.ask - quote.bid


@settings(max_examples=60, deadline=None)
@given(at=instants)
def test_shares_are_quoted_through_extended_hours_and_only_then(at: datetime) -> None:
    """From four in the morning to eight in the evening a quote is fresh; at night it ages."""
    quote = quote_of(SPY, at)

    fresh = timedelta() <= quote.age(at) < STEP
    assert quote.two_sided
    assert fresh or calendar.status(at) is MarketStatus.CLOSED
    assert not MARKET.is_open(at) or fresh


def test_at_night_the_last_extended_quote_stands() -> None:
    ended = THURSDAY + timedelta(hours=4)

    quotes = [quote_of(SPY, ended + timedelta(hours=hours)) for hours in (0, 3, 7)]

    assert [quote.at for quote in quotes] == [ended] * 3
    assert len({quote.bid for quote in quotes}) == 1


def test_extended_quotes_are_wide_and_thin() -> None:
    """An order that leans on them should look expensive, because it is."""
    night = quote_of(SPY, THURSDAY + timedelta(hours=1))
    day = quote_of(SPY, OPENS + timedelta(hours=1))

    assert width(night) >= 4 * width(day)
    assert (night.bid_size or 0) <= 400
    assert (night.ask_size or 0) <= 400


def test_the_night_leads_from_the_close_to_the_opening() -> None:
    """No jump at either end that news did not make."""
    close, opening = quote_of(SPY, THURSDAY), quote_of(SPY, OPENS)
    late, early = quote_of(SPY, THURSDAY + STEP), quote_of(SPY, OPENS - STEP)

    assert quote_of(SPY, THURSDAY - STEP).mark == close.mark
    assert abs((late.last or 0) - (close.last or 0)) < Decimal("0.3")
    assert abs((early.last or 0) - (opening.last or 0)) < Decimal("0.3")


def test_the_previous_close_turns_with_the_morning() -> None:
    """After hours a day's change is still that day's; before the opening it is the new day's."""
    before, close = quote_of(SPY, THURSDAY - timedelta(hours=2)), quote_of(SPY, THURSDAY)
    late, early = quote_of(SPY, THURSDAY + STEP), quote_of(SPY, OPENS - STEP)

    assert late.previous_close == before.previous_close
    assert early.previous_close == close.mark
    assert (late.volume, early.volume) == (close.volume, 0)


def test_contracts_are_told_with_the_spot_that_they_were_priced_at() -> None:
    """A chain read at seven in the evening is that of the close, and says so."""
    at = THURSDAY + timedelta(hours=3)
    day = MARKET.expirations(SPY, at)[0].day

    chain = MARKET.chain(SPY, [day], at)

    assert {chain.spot.at, chain.as_of, *(row.quote.at for row in chain.rows)} == {THURSDAY}


def test_the_world_has_no_night_before_it_begins_nor_after_it_ends() -> None:
    end = datetime(2099, 12, 31, 21, tzinfo=UTC)

    assert MARKET.quotes([SPY], datetime(2024, 1, 2, 10, tzinfo=UTC)) == {}
    assert quote_of(SPY, end + timedelta(hours=1)).at == end


def a_halt() -> tuple[Underlying, datetime, datetime]:
    """Return a halted share, when its halt begins, and when it trades again."""
    halts = Halts(seed=7)
    sessions = calendar.sessions_between(THURSDAY.date() - timedelta(days=90), THURSDAY.date())
    for session in sessions:
        for underlying in UNDERLYINGS:
            if halt := halts.of(underlying, session):
                begin, end = (session.opens_at + STEP * n for n in (halt.start, halt.stop))
                return underlying, begin, end
    raise AssertionError("no halt in three months of thirty shares")


HALTED, BEGIN, AGAIN = a_halt()


def test_a_halted_share_and_its_contracts_show_their_last_quote_ageing() -> None:
    """The age of a quote is what tells a halt to whoever trades on it."""
    share = EquitySymbol(HALTED.ticker)
    day = MARKET.expirations(share, BEGIN)[3].day
    contract = MARKET.chain(share, [day], BEGIN).rows[10].contract
    middle, last = BEGIN + (AGAIN - BEGIN) / 2, AGAIN - timedelta(microseconds=1)

    for symbol in (share, contract):
        begin = quote_of(symbol, BEGIN)
        assert begin.at == BEGIN
        assert quote_of(symbol, middle) == quote_of(symbol, last) == begin
        assert quote_of(symbol, AGAIN).at == AGAIN
    assert MARKET.chain(share, [day], middle).as_of == BEGIN


def test_a_halt_is_told_while_it_lasts() -> None:
    """Nothing is filled in it; the exchange asks this question."""
    instants = BEGIN - STEP, BEGIN, AGAIN - STEP, AGAIN

    told = [HALTED.ticker in MARKET.halted(at) for at in instants]

    assert told == [False, True, True, False]
    assert MARKET.halted(THURSDAY + timedelta(hours=1)) == frozenset()
    assert MARKET.halted(datetime(2020, 1, 2, 15, tzinfo=UTC)) == frozenset()


def test_bars_stand_still_in_a_halt() -> None:
    """A chart and the quotes beside it must not contradict each other."""
    share, minute = EquitySymbol(HALTED.ticker), timedelta(minutes=1)
    start = BEGIN.replace(second=0) + minute
    bars = MARKET.bars(share, Interval.MINUTE, start, AGAIN - minute)
    opens = BEGIN.replace(hour=14, minute=30, second=0) - timedelta(hours=2)
    (day,) = MARKET.bars(share, Interval.DAY, opens, opens + timedelta(hours=12))
    hours = MARKET.bars(share, Interval.HOUR, opens, opens + timedelta(hours=12))

    assert {(bar.open, bar.high, bar.low, bar.close) for bar in bars} == {
        (quote_of(share, BEGIN).mark,) * 4
    }
    assert {bar.volume for bar in bars} == {0}
    assert day.high == max(bar.high for bar in hours)
    assert day.low == min(bar.low for bar in hours)
    assert day.volume == sum(bar.volume or 0 for bar in hours)


def test_halts_are_rare_short_and_of_shares_only() -> None:
    """Once in half a year for each company; the index and the funds never stop here."""
    halts = Halts(seed=7)
    sessions = calendar.sessions_between(THURSDAY.date() - timedelta(days=365), THURSDAY.date())
    found = [(each, halts.of(each, session)) for each in UNDERLYINGS for session in sessions]
    lasting = [halt for _, halt in found if halt is not None]
    companies = sum(each.kind == "equity" for each in UNDERLYINGS)

    assert {each.kind for each, halt in found if halt} == {"equity"}
    assert 0.5 < len(lasting) / companies < 4
    assert all(
        timedelta(minutes=5) <= len(halt) * STEP <= timedelta(minutes=15) for halt in lasting
    )


@settings(max_examples=20, deadline=None)
@given(
    ticker=st.sampled_from([each.ticker for each in UNDERLYINGS]),
    day=st.dates(THURSDAY.date() - timedelta(days=900), THURSDAY.date()),
)
def test_a_daily_bar_is_the_sum_of_its_hours(ticker: str, day: date) -> None:
    """Days are summed up a quicker way than hours; nobody may notice."""
    session = calendar.session_on(day)
    if session is None:
        return
    symbol, until = EquitySymbol(ticker), session.closes_at
    (whole,) = MARKET.bars(symbol, Interval.DAY, session.opens_at, until)
    hours = MARKET.bars(symbol, Interval.HOUR, session.opens_at, until)

    assert (whole.open, whole.close) == (hours[0].open, hours[-1].close)
    assert whole.high == max(bar.high for bar in hours)
    assert whole.low == min(bar.low for bar in hours)
    volumes = [bar.volume for bar in hours if bar.volume is not None]
    assert whole.volume == (sum(volumes) if volumes else None)


def test_the_days_of_a_volatility_index_are_the_sums_of_their_hours() -> None:
    """Its range is told from the least and the most mood, in a month with a half day too."""
    start, end = datetime(2025, 11, 3, tzinfo=UTC), datetime(2025, 12, 6, tzinfo=UTC)
    vix = EquitySymbol("VIX")
    hours: dict[date, list[Bar]] = {}
    for bar in MARKET.bars(vix, Interval.HOUR, start, end):
        hours.setdefault(calendar.exchange_date(bar.at), []).append(bar)

    told = {
        calendar.exchange_date(bar.at): (bar.low, bar.high)
        for bar in MARKET.bars(vix, Interval.DAY, start, end)
    }

    assert len(told) == 24
    assert told == {
        day: (min(bar.low for bar in bars), max(bar.high for bar in bars))
        for day, bars in hours.items()
    }


@settings(max_examples=60, deadline=None)
@given(at=instants)
def test_shares_trade_in_extended_hours_as_the_calendar_has_them(at: datetime) -> None:
    status = calendar.status(at)
    early_or_late = status in {MarketStatus.PRE_MARKET, MarketStatus.AFTER_HOURS}

    trades = bool(MARKET.extended([SPY], at))

    assert MARKET.is_open(at) is (status is MarketStatus.OPEN)
    assert not trades or early_or_late
    # In the morning they may wait for a split or a dividend.
    assert trades or status is not MarketStatus.AFTER_HOURS
