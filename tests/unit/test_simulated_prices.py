"""No free lunch on the simulated market: what holds between the prices of any real one holds here.

Fair values keep the laws exactly; quotes keep them within their ticks and their spreads.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain.quotes import Chain, ChainRow, Quote
from strikedesk.domain.symbols import EquitySymbol, Right
from strikedesk.exchange.simulated import SimulatedMarket, surface
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS, Underlying
from strikedesk.exchange.simulated.noise import Floats
from strikedesk.exchange.simulated.pricing import Book, values
from strikedesk.exchange.simulated.quoting import sides

MARKET = SimulatedMarket(seed=7)
DAYS_PER_YEAR = 365

underlyings = st.sampled_from(UNDERLYINGS)
instants = st.datetimes(
    datetime(2024, 1, 3),  # noqa: DTZ001 -- hypothesis adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001 -- hypothesis adds the zone
    timezones=st.just(UTC),
)
picks = st.integers(0, 40)
years = st.floats(1e-6, 3.0)
moods = st.floats(0.6, 2.7)


def a_chain(underlying: Underlying, at: datetime, pick: int) -> Chain:
    symbol = EquitySymbol(underlying.ticker)
    listed = MARKET.expirations(symbol, at)
    return MARKET.chain(symbol, [listed[pick % len(listed)].day], at)


def by_right(chain: Chain, right: Right) -> list[ChainRow]:
    return [row for row in chain.rows if row.contract.right is right]


def mid(quote: Quote) -> Decimal:
    assert quote.mid is not None
    return quote.mid


def a_book(
    underlying: Underlying, *, years: float | Floats, mood: float, strikes: Floats, call: bool
) -> Book:
    size = strikes.size
    return Book(
        underlying=underlying,
        spot=np.full(size, float(underlying.start)),
        mood=np.full(size, mood),
        strike=strikes,
        years=np.broadcast_to(years, size).astype(np.float64),
        is_call=np.full(size, call),
    )


def strikes_around(underlying: Underlying, count: int = 200) -> Floats:
    return float(underlying.start) * np.linspace(0.4, 1.8, count)


@settings(max_examples=40, deadline=None)
@given(underlying=underlyings, at=instants, pick=picks)
def test_quotes_are_two_sided_on_their_ticks(
    underlying: Underlying, at: datetime, pick: int
) -> None:
    """A crossed market or a price between ticks fills orders that no exchange would."""
    ticks = underlying.ticks
    for row in a_chain(underlying, at, pick).rows:
        bid, ask = row.quote.bid, row.quote.ask
        assert bid is not None
        assert ask is not None
        assert 0 <= bid < ask
        for price in (bid, ask):
            cents = price * 100
            assert cents % (ticks.fine if cents < ticks.coarse_from else ticks.coarse) == 0
        assert (row.quote.bid_size == 0) == (bid == 0)
        assert row.quote.ask_size is not None
        assert row.quote.ask_size >= 1
        assert row.quote.last is None or row.quote.last in (bid, ask)
        assert 0 <= (row.quote.volume or 0) <= (row.quote.open_interest or 0)


@settings(max_examples=40, deadline=None)
@given(underlying=underlyings, at=instants, pick=picks)
def test_mids_of_verticals_are_worth_between_nothing_and_their_width(
    underlying: Underlying, at: datetime, pick: int
) -> None:
    """Otherwise a spread could be bought that cannot lose."""
    chain, tick = a_chain(underlying, at, pick), Decimal(underlying.ticks.coarse) / 100
    for right, sign in ((Right.CALL, -1), (Right.PUT, 1)):
        for lower, upper in pairwise(by_right(chain, right)):
            worth = sign * (mid(upper.quote) - mid(lower.quote))
            assert -tick <= worth <= upper.contract.strike - lower.contract.strike + tick


@settings(max_examples=40, deadline=None)
@given(underlying=underlyings, at=instants, pick=picks)
def test_calls_and_puts_agree_within_their_spreads(
    underlying: Underlying, at: datetime, pick: int
) -> None:
    """Put-call parity: exact for the European index, a band for contracts exercisable early."""
    chain = a_chain(underlying, at, pick)
    spot, rate, q = float(chain.spot.mark or 0), surface.RATE, underlying.dividend_yield
    pairs = zip(by_right(chain, Right.CALL), by_right(chain, Right.PUT), strict=True)
    for call, put in pairs:
        strike, held = float(call.contract.strike), time_left(call)
        paid, owned = strike * np.exp(-rate * held), spot * np.exp(-q * held)
        exact = (owned - paid, owned - paid)
        low, high = exact if underlying.is_index else (owned - strike, spot - paid)
        slack = width(call.quote) + width(put.quote)
        assert low - slack <= float(mid(call.quote) - mid(put.quote)) <= high + slack


def time_left(row: ChainRow) -> float:
    """Return years to the close of the expiration's day, a step more or less."""
    ends = datetime.combine(row.contract.expiration, datetime.min.time(), UTC).timestamp()
    closes = 21 * 3600
    return max((ends + closes - row.quote.at.timestamp()) / (DAYS_PER_YEAR * 86400), 0.0)


def width(quote: Quote) -> float:
    assert quote.ask is not None
    assert quote.bid is not None
    return float(quote.ask - quote.bid)


@settings(max_examples=25, deadline=None)
@given(underlying=underlyings, at=instants)
def test_a_longer_life_is_worth_no_less(underlying: Underlying, at: datetime) -> None:
    """Calendar spreads are never better than free; a European put may fall, and is left out."""
    symbol = EquitySymbol(underlying.ticker)
    days = [each.day for each in MARKET.expirations(symbol, at)][::4]
    chain, tick = MARKET.chain(symbol, days, at), Decimal(underlying.ticks.coarse) / 100
    rights = [Right.CALL] if underlying.is_index else list(Right)
    for right in rights:
        for sooner, later in lives(by_right(chain, right)):
            assert mid(later.quote) >= mid(sooner.quote) - tick, (sooner, later)


def lives(rows: list[ChainRow]) -> Iterator[tuple[ChainRow, ChainRow]]:
    """Yield the contracts of one strike, each with the next to expire."""
    by_strike: dict[Decimal, list[ChainRow]] = {}
    for row in rows:
        by_strike.setdefault(row.contract.strike, []).append(row)
    return (pair for same in by_strike.values() for pair in pairwise(same))


@settings(deadline=None)
@given(underlying=underlyings, years=years, mood=moods)
def test_values_have_no_negative_butterfly(
    underlying: Underlying, years: float, mood: float
) -> None:
    """The price is convex in the strike, or somebody is paid to hold a lottery ticket."""
    for call in (True, False):
        strikes = strikes_around(underlying)
        value = values(a_book(underlying, years=years, mood=mood, strikes=strikes, call=call))
        slopes = np.diff(value) / np.diff(strikes)
        assert (np.diff(slopes) >= -1e-9).all()
        assert (np.abs(slopes) <= 1.0 + 1e-9).all()


@settings(deadline=None)
@given(underlying=underlyings, years=years, mood=moods)
def test_an_american_contract_is_worth_its_exercise(
    underlying: Underlying, years: float, mood: float
) -> None:
    strikes = strikes_around(underlying)
    for call in (True, False):
        book = a_book(underlying, years=years, mood=mood, strikes=strikes, call=call)
        assert underlying.is_index or (values(book) >= book.intrinsic).all()


@settings(deadline=None)
@given(underlying=underlyings, strike=st.floats(0.5, 1.6), mood=moods)
def test_american_values_never_fall_with_maturity(
    underlying: Underlying, strike: float, mood: float
) -> None:
    """To a cent in a hundred dollars, as finely as early exercise is searched."""
    if underlying.is_index:
        return
    lives = np.geomspace(0.003, 3.0, 300)
    strikes = np.full(lives.size, strike * float(underlying.start))
    for call in (True, False):
        value = values(a_book(underlying, years=lives, mood=mood, strikes=strikes, call=call))
        assert (np.diff(value) >= -1e-4 * float(underlying.start)).all()


@settings(deadline=None)
@given(underlying=underlyings, years=st.floats(1e-6, 2.9), mood=moods, strike=st.floats(-1.0, 1.0))
def test_total_variance_grows_with_maturity(
    underlying: Underlying, years: float, mood: float, strike: float
) -> None:
    """At every distance from the forward: the surface has no calendar arbitrage."""
    two = np.array([years, years * 1.01])
    spot = np.full(2, 100.0)
    forwards = spot * np.exp((surface.RATE - underlying.dividend_yield) * two)
    volatility = surface.implied_volatility(
        underlying, spot=spot, strike=forwards * np.exp(strike), years=two, mood=np.full(2, mood)
    )

    sooner, later = volatility**2 * two

    assert later > sooner > 0


@settings(deadline=None)
@given(underlying=underlyings, years=years, mood=moods)
def test_a_mid_is_within_half_a_tick_of_the_value_or_bounded_by_nothing(
    underlying: Underlying, years: float, mood: float
) -> None:
    """A quote is the value with a spread around it; only a bid that would be negative bends it."""
    book = a_book(underlying, years=years, mood=mood, strikes=strikes_around(underlying), call=True)
    value = values(book)
    quoted = sides(book, value)
    middle = (quoted.bid + quoted.ask) / 200

    off = np.abs(middle - value)[quoted.bid > 0]

    assert (off <= underlying.ticks.coarse / 200 + 1e-6).all()
    assert (quoted.ask / 100 >= value).all()


@settings(deadline=None)
@given(underlying=underlyings, years=st.floats(0.02, 3.0), mood=st.floats(0.6, 1.6))
def test_spreads_widen_away_from_the_money(
    underlying: Underlying, years: float, mood: float
) -> None:
    """In USD for what is in the money, in percent for what is out of it; to a tick."""
    spot = float(underlying.start)
    strikes = np.array([0.6, 1.0, 1.25]) * spot
    book = a_book(underlying, years=years, mood=mood, strikes=strikes, call=True)
    quoted = sides(book, values(book))

    deep, middle, outside = quoted.ask - quoted.bid
    tick = underlying.ticks.coarse
    share = (quoted.ask - quoted.bid) / (quoted.ask + quoted.bid)
    a_tick = tick / (quoted.ask + quoted.bid)

    assert deep >= middle - tick
    assert outside <= middle + tick
    assert share[2] >= share[1] - a_tick[1]


@settings(max_examples=30, deadline=None)
@given(underlying=underlyings, at=instants, pick=picks)
def test_greeks_have_the_signs_of_what_they_are(
    underlying: Underlying, at: datetime, pick: int
) -> None:
    """They come from the same volatility as the price, and say so."""
    for row in a_chain(underlying, at, pick).rows:
        greeks, call = row.greeks, row.contract.right is Right.CALL
        assert greeks is not None
        assert greeks.source == "model"
        assert greeks.at == row.quote.at
        assert (greeks.implied_volatility or 0) > 0
        low, high = (0, 1) if call else (-1, 0)
        assert greeks.delta is not None
        assert low <= greeks.delta <= high
        assert (greeks.gamma or 0) >= 0
        assert (greeks.vega or 0) >= 0
