"""Historical and implied volatility, and expected moves, each against its definition."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.calendar import exchange_date, sessions_between
from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import Bar, ChainRow, Expiration, Feed
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from strikedesk.market.volatility import (
    AtTheMoney,
    ExpectedMove,
    Figure,
    HistoricalVolatility,
    close_to_close,
    historical,
    implied_30,
)
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket, a_quote, an_expiration, greeks

AAPL = EquitySymbol("AAPL")
TODAY = exchange_date(NOON)


def a_close(at: datetime, close: float) -> Bar:
    price = Decimal(str(close))
    return Bar(at=at, open=price, high=price, low=price, close=price)


def daily(closes: list[float], until: date = TODAY) -> tuple[Bar, ...]:
    """Return one bar a session, the last on `until`."""
    sessions = sessions_between(until - timedelta(days=2 * len(closes) + 10), until)
    days = sessions[len(sessions) - len(closes) :]
    return tuple(a_close(day.opens_at, close) for day, close in zip(days, closes, strict=True))


def zigzag(steps: int, log_return: float) -> list[float]:
    """Return closes that rise and fall by the same log return, `steps` times."""
    return [100 * math.exp(log_return * (n % 2)) for n in range(steps + 1)]


def test_historical_volatility_is_the_annual_deviation_of_close_to_close_returns() -> None:
    """By hand: n returns of +a and -a have a mean of 0 and a sample variance of n a^2 / (n - 1)."""
    figure = close_to_close(zigzag(20, 0.01), 20)

    assert figure.value == pytest.approx(0.01 * math.sqrt(20 / 19) * math.sqrt(252), rel=1e-12)
    assert (figure.basis, figure.why) == ("20 close-to-close returns", None)


def test_only_the_newest_returns_count() -> None:
    wild_then_still = [*zigzag(40, 0.5), *[100.0] * 21]

    assert close_to_close(wild_then_still, 20).value == 0


def test_too_few_closes_are_no_figure_and_say_so() -> None:
    assert close_to_close([100.0] * 20, 20) == Figure(
        value=None, why="20 finished daily closes, 21 needed"
    )


def test_the_bar_of_the_session_under_way_is_left_out() -> None:
    """Half a day's move is no close, and would change with every call."""
    bars = [*daily(zigzag(20, 0.01), until=date(2026, 11, 19)), *daily([400.0])]

    during = historical(bars, NOON)
    after = historical(bars, datetime(2026, 11, 20, 21, 0, tzinfo=UTC))

    assert (during.until, after.until) == (date(2026, 11, 19), date(2026, 11, 20))
    assert during.hv20 == close_to_close(zigzag(20, 0.01), 20)
    assert after.hv20.value != during.hv20.value


def test_without_bars_there_is_no_historical_volatility() -> None:
    none = Figure(value=None, why="0 finished daily closes, 21 needed")

    assert historical((), NOON) == HistoricalVolatility(
        until=None, hv20=none, hv60=replace(none, why="0 finished daily closes, 61 needed")
    )


def a_pair(days: int, call_iv: float | None, put_iv: float | None = None) -> AtTheMoney:
    """Return an at-the-money pair of an expiration so many days away."""
    listing = an_expiration(TODAY + timedelta(days=days), (200,), today=TODAY)
    rows = [
        ChainRow(
            contract=(contract := OptionSymbol("AAPL", listing.day, right, Decimal(200))),
            quote=a_quote(contract),
            greeks=None if iv is None else greeks(0.5, iv),
        )
        for right, iv in ((Right.CALL, call_iv), (Right.PUT, put_iv))
    ]
    return AtTheMoney(listing=listing, call=rows[0], put=rows[1])


@pytest.mark.parametrize(
    ("call", "put", "mean"),
    [
        (0.2, 0.3, 0.25),
        (0.2, None, 0.2),
        (None, 0.3, 0.3),
        (math.nan, 0.3, 0.3),
        (None, None, None),
        (0.0, math.inf, None),
    ],
)
def test_at_the_money_volatility_is_the_mean_of_what_is_known(
    call: float | None, put: float | None, mean: float | None
) -> None:
    assert a_pair(28, call, put).iv == mean


def test_thirty_days_are_interpolated_in_total_variance() -> None:
    """By hand: 20 % to 20 days and 30 % to 40 days are sqrt((0.04*20 + 0.09*40) / 2 / 30)."""
    figure = implied_30([a_pair(10, 0.9), a_pair(20, 0.2), a_pair(40, 0.3), a_pair(70, 0.9)])

    assert figure.value == pytest.approx(math.sqrt((0.8 + 3.6) / 2 / 30), rel=1e-12)
    assert figure.basis == "interpolated between 20 and 40 days"


@pytest.mark.parametrize(
    ("pairs", "figure"),
    [
        ([a_pair(30, 0.2), a_pair(60, 0.4)], Figure(value=0.2, basis="30 days")),
        (
            [a_pair(7, 0.2), a_pair(14, 0.3)],
            Figure(value=0.3, basis="nearest expiration only: 14 days"),
        ),
        (
            [a_pair(45, 0.2), a_pair(60, 0.3)],
            Figure(value=0.2, basis="nearest expiration only: 45 days"),
        ),
        (
            [a_pair(20, None), a_pair(45, 0.2)],
            Figure(value=0.2, basis="nearest expiration only: 45 days"),
        ),
        (
            [a_pair(0, 0.9)],
            Figure(value=None, why="no at-the-money implied volatility is known"),
        ),
        ([], Figure(value=None, why="no at-the-money implied volatility is known")),
    ],
)
def test_thirty_days_without_both_neighbours(pairs: list[AtTheMoney], figure: Figure) -> None:
    """The last day's volatility is noise, and one side alone is said to be one side."""
    assert implied_30(pairs) == figure


def test_two_roots_of_one_day_count_by_their_mean() -> None:
    assert implied_30([a_pair(30, 0.2), a_pair(30, 0.4)]).value == pytest.approx(0.3)


@given(
    near=st.integers(1, 30),
    far=st.integers(30, 400),
    vols=st.tuples(st.floats(0.01, 5), st.floats(0.01, 5)),
)
def test_an_interpolated_volatility_lies_between_its_neighbours(
    near: int, far: int, vols: tuple[float, float]
) -> None:
    value = implied_30([a_pair(near, vols[0]), a_pair(far, vols[1])]).value

    assert value is not None
    low, high = min(vols), max(vols)
    assert low * (1 - 1e-9) <= value <= high * (1 + 1e-9)


LISTED: tuple[Expiration, ...] = tuple(
    an_expiration(TODAY + timedelta(days=days), range(190, 211), today=TODAY)
    for days in (0, 7, 14, 21, 28, 35, 42, 63)
)


@pytest.fixture
def market() -> ScriptedMarket:
    return ScriptedMarket(
        spots={"AAPL": Decimal("200.40")},
        listed={"AAPL": LISTED},
        daily={"AAPL": daily(zigzag(62, 0.01))},
    )


@pytest.fixture
def room(market: ScriptedMarket) -> MarketRoom:
    return MarketRoom(data=market, cache=MemoryCache(market.clock))


async def test_the_report_has_every_figure_with_what_it_was_made_from(room: MarketRoom) -> None:
    report = await room.volatility(AAPL)

    assert (report.spot, report.feed, report.as_of) == (Decimal("200.40"), Feed.SIMULATED, NOON)
    assert report.iv30.value == pytest.approx(0.25)
    assert report.iv30.basis == "interpolated between 28 and 35 days"
    assert report.historical.until == date(2026, 11, 19)
    assert report.historical.hv60.value == pytest.approx(0.01 * math.sqrt(60 / 59) * math.sqrt(252))
    assert [move.days for move in report.expected_moves] == [0, 7, 14, 21]
    assert report.expected_moves[1] == ExpectedMove(
        root="AAPL",
        expiration=date(2026, 11, 27),
        days=7,
        strike=Decimal(200),
        atm_iv=0.25,
        move=Decimal("2.80"),
        fraction=float(Decimal(280) / Decimal(20040)),
    )


async def test_the_report_reads_only_the_expirations_it_needs_and_asks_once(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """Seven of eight expirations: the first four, and two on either side of thirty days."""
    await room.volatility(AAPL)
    await room.volatility(AAPL)

    kinds = [call[0] for call in market.calls]
    assert sorted(kinds) == ["bars", "chain", "expirations", "quotes", "quotes"]
    chain = next(call for call in market.calls if call[0] == "chain")
    assert [date.fromisoformat(day) for day in chain[2:]] == [each.day for each in LISTED[:7]]


async def test_historical_volatility_is_kept_for_an_hour(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    for seconds in (0, 3_500, 200):
        market.clock.step(seconds)
        await room.historical_volatility(AAPL)

    assert len(market.calls) == 2


async def test_a_broker_without_bars_gives_a_report_that_says_so(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.daily = {}

    report = await room.volatility(AAPL)

    assert report.historical.hv20.why == "0 finished daily closes, 21 needed"
    assert report.iv30.value == pytest.approx(0.25)


async def test_an_underlying_that_is_not_listed_is_denied_and_not_called_quiet(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """Only a broker without bars is passed over; any other refusal is the answer."""
    market.fails_with = Denied(Reason.SYMBOL_NOT_FOUND)

    with pytest.raises(Denied) as denied:
        await room.historical_volatility(AAPL)

    assert denied.value.reason is Reason.SYMBOL_NOT_FOUND


async def test_a_leg_without_two_sides_gives_no_expected_move(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """Half a straddle would halve the move."""
    market.unquoted = {OptionSymbol("AAPL", LISTED[1].day, Right.PUT, Decimal(200))}

    moves = (await room.volatility(AAPL)).expected_moves

    why = "no two-sided quote of AAPL261127P00200000"
    assert (moves[1].move, moves[1].fraction, moves[1].why) == (None, None, why)
    assert moves[2].why is None


async def test_an_underlying_without_a_quote_has_no_implied_figures(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.unquoted = {AAPL}

    report = await room.volatility(AAPL)

    assert (report.spot, report.feed, report.iv30.value) == (None, None, None)
    assert {move.why for move in report.expected_moves} == {"the underlying has no quote"}


async def test_a_listing_without_a_pair_has_no_expected_move(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    call = OptionSymbol("AAPL", LISTED[0].day, Right.CALL, Decimal(200))
    market.chain_rows["AAPL"] = (
        ChainRow(contract=call, quote=a_quote(call), greeks=greeks(0.5, 0.25)),
    )

    moves = (await room.volatility(AAPL)).expected_moves

    assert {move.why for move in moves} == {"no strike lists both a call and a put"}


async def test_an_underlying_without_options_still_has_a_past(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.listed["AAPL"] = ()

    report = await room.volatility(AAPL)

    assert report.expected_moves == ()
    assert report.iv30.why == "no at-the-money implied volatility is known"
    assert report.historical.hv20.value is not None


async def test_the_lower_of_two_strikes_as_near_is_the_money(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """One rule, so that two calls of one moment show one strike."""
    market.spots["AAPL"] = Decimal("200.50")

    moves = (await room.volatility(AAPL)).expected_moves

    assert {move.strike for move in moves} == {Decimal(200)}
