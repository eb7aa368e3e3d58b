"""No free lunch on the simulated market: what holds between the prices of any real one holds here.

Fair values keep the laws exactly; quotes keep them within their ticks and their spreads.
"""

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strikedesk.domain import calendar
from strikedesk.domain.quotes import ChainRow
from strikedesk.domain.symbols import EquitySymbol, Right
from strikedesk.exchange.simulated import SimulatedMarket, pricing, surface
from strikedesk.exchange.simulated.american import values
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS
from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.outlook import SECONDS_PER_YEAR, Outlooks
from strikedesk.exchange.simulated.pricing import Book
from strikedesk.exchange.simulated.quoting import sides
from strikedesk.exchange.simulated.schedule import Schedule

MARKET = SimulatedMarket(seed=7)
OUTLOOKS = Outlooks(schedule=Schedule(seed=7))
BY_TICKER = {each.ticker: each for each in UNDERLYINGS}
tickers = st.sampled_from(sorted(BY_TICKER))
instants = st.datetimes(
    datetime(2024, 1, 3),  # noqa: DTZ001 -- hypothesis adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001 -- hypothesis adds the zone
    timezones=st.just(UTC),
)
days = st.dates(date(2024, 1, 2), date(2027, 12, 31))
picks = st.integers(0, 40)
years = st.floats(1e-5, 3.0)
moods = st.floats(0.6, 2.7)


def ladders(ticker: str, at: datetime, pick: int) -> list[list[ChainRow]]:
    """Return the contracts of one listed day, a list for each root."""
    symbol = EquitySymbol(ticker)
    listed = MARKET.expirations(symbol, at)
    rows = MARKET.chain(symbol, [listed[pick % len(listed)].day], at).rows
    roots = sorted({row.contract.root for row in rows})
    return [[row for row in rows if row.contract.root == root] for root in roots]


def by_right(rows: Iterable[ChainRow], right: Right) -> list[ChainRow]:
    return [row for row in rows if row.contract.right is right]


def bid(row: ChainRow) -> Decimal:
    assert row.quote.bid is not None
    return row.quote.bid


def ask(row: ChainRow) -> Decimal:
    assert row.quote.ask is not None
    return row.quote.ask


def a_book(
    ticker: str,
    *,
    years: float | Floats,
    strikes: Floats,
    call: bool,
    mood: float = 1.0,
    day: date = date(2024, 1, 2),
) -> Book:
    """Return contracts at the opening of a session, with the events of some seed ahead."""
    underlying, size = BY_TICKER[ticker], strikes.size
    session = calendar.session_on(day) or calendar.next_session(day)
    now = np.full(size, session.opens_at.timestamp())
    return Book(
        underlying=underlying,
        outlook=OUTLOOKS.of(underlying, session),
        spot=np.full(size, float(underlying.start)),
        mood=np.full(size, mood),
        strike=strikes,
        now=now,
        ends=now + np.broadcast_to(years, size) * SECONDS_PER_YEAR,
        is_call=np.full(size, call),
        scale=np.ones(size),
    )


def strikes_around(ticker: str, count: int = 200) -> Floats:
    return float(BY_TICKER[ticker].start) * np.linspace(0.4, 1.8, count)


def traded(book: Book, volume: int = 100) -> Ints:
    return np.full(book.strike.size, volume)


@settings(max_examples=30, deadline=None)
@given(ticker=tickers, at=instants, pick=picks)
def test_quotes_are_two_sided_on_their_ticks(ticker: str, at: datetime, pick: int) -> None:
    """A crossed market or a price between ticks fills orders that no exchange would."""
    ticks = BY_TICKER[ticker].ticks
    for row in itertools.chain.from_iterable(ladders(ticker, at, pick)):
        assert 0 <= bid(row) < ask(row)
        for price in (bid(row), ask(row)):
            cents = price * 100
            assert cents % (ticks.fine if cents < ticks.coarse_from else ticks.coarse) == 0
        assert (row.quote.bid_size == 0) == (bid(row) == 0)
        assert row.quote.ask_size is not None
        assert row.quote.ask_size >= 1
        assert row.quote.last is None or row.quote.last in (bid(row), ask(row))
        assert 0 <= (row.quote.volume or 0) <= (row.quote.open_interest or 0)


@settings(max_examples=30, deadline=None)
@given(ticker=tickers, at=instants, pick=picks)
def test_verticals_and_butterflies_are_never_free_at_the_quotes(
    ticker: str, at: datetime, pick: int
) -> None:
    """Buying at asks and selling at bids pays nobody for holding what cannot lose."""
    for rows in ladders(ticker, at, pick):
        for right, sign in ((Right.CALL, 1), (Right.PUT, -1)):
            one_side = by_right(rows, right)[::sign]
            for dearer, cheaper in pairwise(one_side):
                width = abs(dearer.contract.strike - cheaper.contract.strike)
                assert ask(dearer) >= bid(cheaper)
                assert bid(dearer) - ask(cheaper) <= width
            for low, middle, high in zip(one_side, one_side[1:], one_side[2:], strict=False):
                left = abs(middle.contract.strike - low.contract.strike)
                right_ = abs(high.contract.strike - middle.contract.strike)
                paid = right_ * ask(low) + left * ask(high)
                assert paid >= (left + right_) * bid(middle), (low, middle, high)


@settings(max_examples=10, deadline=None)
@given(ticker=tickers, at=instants)
def test_calendars_are_never_free_at_the_quotes(ticker: str, at: datetime) -> None:
    """A longer life costs something.

    European puts may fall with it, and so may options on a volatility index, whose every
    expiration is on something else.
    """
    underlying, symbol = BY_TICKER[ticker], EquitySymbol(ticker)
    if underlying.measured is not None:
        return
    listed = [each.day for each in MARKET.expirations(symbol, at)][::5]
    rows = MARKET.chain(symbol, listed, at).rows
    rights = [Right.CALL] if underlying.is_index else list(Right)
    for right in rights:
        for sooner, later in lives(by_right(rows, right)):
            assert ask(later) >= bid(sooner), (sooner, later)


def lives(rows: list[ChainRow]) -> Iterator[tuple[ChainRow, ChainRow]]:
    """Yield the contracts of one root and strike, each with the next to expire."""
    same: dict[tuple[str, Decimal], list[ChainRow]] = {}
    for row in rows:
        same.setdefault((row.contract.root, row.contract.strike), []).append(row)
    return (pair for each in same.values() for pair in pairwise(each))


@settings(max_examples=30, deadline=None)
@given(ticker=tickers, day=days, years=years, mood=moods)
def test_calls_and_puts_agree(ticker: str, day: date, years: float, mood: float) -> None:
    """Put-call parity: exact for European contracts, a band for those exercisable early."""
    strikes = strikes_around(ticker, 40)
    call, put = (
        a_book(ticker, day=day, years=years, mood=mood, strikes=strikes, call=each)
        for each in (True, False)
    )
    owned = pricing.carried(call) * np.exp(-call.underlying.carry * call.years)
    paid = strikes * np.exp(-surface.RATE * call.years)
    difference = values(call) - values(put)

    if call.underlying.is_index:
        assert np.allclose(difference, owned - paid, atol=1e-9)
    else:
        slack = 1e-9 * call.spot
        assert (difference >= owned - strikes - slack).all()
        assert (difference <= call.spot - paid + slack).all()


@settings(max_examples=60, deadline=None)
@given(ticker=tickers, day=days, years=years, mood=moods)
def test_values_have_no_negative_butterfly(
    ticker: str, day: date, years: float, mood: float
) -> None:
    """The price is convex in the strike, or somebody is paid to hold a lottery ticket."""
    for call in (True, False):
        strikes = strikes_around(ticker)
        value = values(a_book(ticker, day=day, years=years, mood=mood, strikes=strikes, call=call))
        slopes = np.diff(value) / np.diff(strikes)
        assert (np.diff(slopes) >= -1e-9).all()
        assert (np.abs(slopes) <= 1.0 + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(ticker=tickers, day=days, years=years, mood=moods)
def test_an_american_contract_is_worth_its_exercise(
    ticker: str, day: date, years: float, mood: float
) -> None:
    for call in (True, False):
        book = a_book(
            ticker, day=day, years=years, mood=mood, strikes=strikes_around(ticker), call=call
        )
        assert book.underlying.is_index or (values(book) >= book.intrinsic).all()


@settings(max_examples=40, deadline=None)
@given(ticker=tickers, day=days, strike=st.floats(0.5, 1.6), mood=moods)
def test_american_values_never_fall_with_maturity(
    ticker: str, day: date, strike: float, mood: float
) -> None:
    """Across ex-dates and earnings; puts to a cent in a hundred dollars, as finely as searched."""
    underlying = BY_TICKER[ticker]
    if underlying.is_index:
        return
    lives = np.geomspace(0.003, 3.0, 300)
    strikes = np.full(lives.size, strike * float(underlying.start))
    for call, slack in ((True, 1e-9), (False, 1e-4)):
        book = a_book(ticker, day=day, years=lives, mood=mood, strikes=strikes, call=call)
        assert (np.diff(values(book)) >= -slack * float(underlying.start)).all()


@settings(max_examples=60, deadline=None)
@given(ticker=tickers, day=days, years=st.floats(1e-5, 2.9), mood=moods, away=st.floats(-1.0, 1.0))
def test_total_variance_grows_with_maturity(
    ticker: str, day: date, years: float, mood: float, away: float
) -> None:
    """At every distance from the forward: the surface has no calendar arbitrage."""
    two = np.array([years, years * 1.01])
    theta = pricing.theta(
        a_book(ticker, day=day, years=two, mood=mood, strikes=np.ones(2), call=True)
    )

    sooner, later = surface.total_variance(BY_TICKER[ticker], away=np.full(2, away), theta=theta)

    assert later > sooner > 0


@settings(max_examples=40, deadline=None)
@given(ticker=tickers, years=years, mood=moods)
def test_a_quote_holds_its_value_and_its_mid_is_near(
    ticker: str, years: float, mood: float
) -> None:
    """A quote is the value with a spread around it; only a bid that would be negative bends it."""
    book = a_book(ticker, years=years, mood=mood, strikes=strikes_around(ticker), call=True)
    value = values(book)
    quoted = sides(book, value, traded(book))
    middle = (quoted.bid + quoted.ask) / 200

    off = np.abs(middle - value)[quoted.bid > 0]

    assert (off <= book.underlying.ticks.coarse / 200 + 1e-6).all()
    assert (quoted.bid / 100 <= value + 1e-6).all()
    assert (quoted.ask / 100 >= value - 1e-6).all()


@settings(max_examples=40, deadline=None)
@given(ticker=tickers, years=st.floats(0.02, 3.0), mood=st.floats(0.6, 1.6))
@example(ticker="BAC", years=1.3246351113887098, mood=0.984375)
def test_spreads_widen_away_from_the_money_and_with_low_volume(
    ticker: str, years: float, mood: float
) -> None:
    """In USD in the money, in percent out of it; to a tick on either side."""
    spot = float(BY_TICKER[ticker].start)
    book = a_book(
        ticker, years=years, mood=mood, strikes=np.array([0.6, 1.0, 1.25]) * spot, call=True
    )
    quoted = sides(book, values(book), traded(book, 5_000))
    quiet = sides(book, values(book), traded(book, 0))

    deep, middle, outside = quoted.ask - quoted.bid
    ticks = 2 * book.underlying.ticks.coarse
    share = (quoted.ask - quoted.bid) / (quoted.ask + quoted.bid)
    share_of_ticks = ticks / (quoted.ask + quoted.bid)

    if book.underlying.measured is None:  # Its forward is elsewhere than its level.
        assert deep >= middle - ticks
        assert outside <= middle + ticks
        assert share[2] >= share[1] - share_of_ticks[1]
    assert (quiet.ask - quiet.bid >= quoted.ask - quoted.bid).all()


@settings(max_examples=20, deadline=None)
@given(ticker=tickers, at=instants, pick=picks)
def test_greeks_have_the_signs_of_what_they_are(ticker: str, at: datetime, pick: int) -> None:
    """They come from the same volatility as the price, and say so."""
    for row in itertools.chain.from_iterable(ladders(ticker, at, pick)):
        greeks, call = row.greeks, row.contract.right is Right.CALL
        most = Decimal(1) if (terms := MARKET.terms(row.contract)) is None else terms.shares / 100
        assert greeks is not None
        assert greeks.source == "model"
        assert greeks.at == row.quote.at
        assert (greeks.implied_volatility or 0) > 0
        low, high = (0, most) if call else (-most, 0)
        assert greeks.delta is not None
        assert low <= greeks.delta <= high
        assert (greeks.gamma or 0) >= 0
        assert (greeks.vega or 0) >= 0
