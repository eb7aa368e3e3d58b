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
from strikedesk.domain.events import Dividend, Earnings, EarningsTiming, Split
from strikedesk.domain.quotes import Bar, Chain, ChainRow, Expiration, Feed
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.domain.volatility import (
    ImpliedClose,
    ImpliedHistory,
    Pair,
    TermPoint,
    around_horizon,
    at_30_days,
    at_the_money,
)
from strikedesk.market.cache import MemoryCache
from strikedesk.market.figures import Figure
from strikedesk.market.historical import HistoricalVolatility, close_to_close, historical
from strikedesk.market.implied import implied_30, percentile, rank, sessions_asked, skew
from strikedesk.market.liquidity import Liquidity, Rating, liquidity, near_the_money
from strikedesk.market.regime import ends_of
from strikedesk.market.room import MarketRoom
from strikedesk.market.term import Term
from strikedesk.market.volatility import Calendar, volatility_report
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
        until=None,
        hv20=none,
        hv60=replace(none, why="0 finished daily closes, 61 needed"),
        hv120=replace(none, why="0 finished daily closes, 121 needed"),
    )


def a_row(
    day: date,
    right: Right,
    strike: int,
    iv: float | None,
    *,
    delta: float | None = 0.5,
    root: str = "AAPL",
) -> ChainRow:
    contract = OptionSymbol(root, day, right, Decimal(strike))
    told = None if iv is None else greeks(delta, iv)
    return ChainRow(contract=contract, quote=a_quote(contract), greeks=told)


def a_pair(days: int, call_iv: float | None, put_iv: float | None = None) -> Pair:
    """Return an at-the-money pair of an expiration so many days away."""
    day = TODAY + timedelta(days=days)
    return Pair(call=a_row(day, Right.CALL, 200, call_iv), put=a_row(day, Right.PUT, 200, put_iv))


def a_term(*points: tuple[int, float]) -> list[TermPoint]:
    return [TermPoint(days=days, volatility=volatility) for days, volatility in points]


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
    assert a_pair(28, call, put).volatility == mean


def test_thirty_days_are_interpolated_in_total_variance() -> None:
    """By hand: 20 % to 20 days and 30 % to 40 days are sqrt((0.04*20 + 0.09*40) / 2 / 30)."""
    figure = implied_30(a_term((10, 0.9), (20, 0.2), (40, 0.3), (70, 0.9)))

    assert figure.value == pytest.approx(math.sqrt((0.8 + 3.6) / 2 / 30), rel=1e-12)
    assert figure.basis == "interpolated between 20 and 40 days"


@pytest.mark.parametrize(
    ("term", "figure"),
    [
        (a_term((30, 0.2), (60, 0.4)), Figure(value=0.2, basis="30 days")),
        (
            a_term((7, 0.2), (14, 0.3)),
            Figure(value=0.3, basis="nearest expiration only: 14 days"),
        ),
        (
            a_term((45, 0.2), (60, 0.3)),
            Figure(value=0.2, basis="nearest expiration only: 45 days"),
        ),
        (
            a_term((0, 0.9)),
            Figure(value=None, why="no at-the-money implied volatility is known"),
        ),
        ([], Figure(value=None, why="no at-the-money implied volatility is known")),
    ],
)
def test_thirty_days_without_both_neighbours(term: list[TermPoint], figure: Figure) -> None:
    """The last day's volatility is noise, and one side alone is said to be one side."""
    assert implied_30(term) == figure


def test_two_roots_of_one_day_count_by_their_mean() -> None:
    assert implied_30(a_term((30, 0.2), (30, 0.4))).value == pytest.approx(0.3)


@given(
    near=st.integers(1, 30),
    far=st.integers(30, 400),
    vols=st.tuples(st.floats(0.01, 5), st.floats(0.01, 5)),
)
def test_an_interpolated_volatility_lies_between_its_neighbours(
    near: int, far: int, vols: tuple[float, float]
) -> None:
    value = implied_30(a_term((near, vols[0]), (far, vols[1]))).value

    assert value is not None
    low, high = min(vols), max(vols)
    assert low * (1 - 1e-9) <= value <= high * (1 + 1e-9)


def test_the_lower_of_two_strikes_as_near_is_the_money() -> None:
    """One rule, so that two calls of one moment show one strike."""
    day = TODAY + timedelta(days=28)
    rows = [a_row(day, right, k, 0.2) for k in (200, 201) for right in Right]

    pair = at_the_money(rows, Decimal("200.50"))

    assert pair is not None
    assert pair.strike == Decimal(200)
    assert at_the_money(rows[:1], Decimal(200)) is None


def test_a_chain_tells_its_volatility_at_thirty_days() -> None:
    """The past is read by the rule of the present: interpolated in total variance."""
    near, far = (TODAY + timedelta(days=days) for days in (20, 40))
    rows = [
        a_row(day, right, 200, vol, root=root)
        for day, vol, root in ((near, 0.1, "AAPL"), (near, 0.3, "AAPL1"), (far, 0.3, "AAPL"))
        for right in Right
    ]
    chain = Chain(underlying="AAPL", spot=a_quote(AAPL, "200.10"), as_of=NOON, rows=tuple(rows))

    assert at_30_days(chain, TODAY) == pytest.approx(math.sqrt((0.8 + 3.6) / 2 / 30), rel=1e-12)
    assert at_30_days(replace(chain, rows=()), TODAY) is None
    assert at_30_days(replace(chain, spot=a_quote(AAPL, None)), TODAY) is None


def a_history(*vols: float) -> ImpliedHistory:
    """Return so many closes, the last of yesterday."""
    days = sessions_asked(NOON)[-len(vols) :]
    pairs = zip(days, vols, strict=True)
    return ImpliedHistory(closes=tuple(ImpliedClose(day=d, volatility=v) for d, v in pairs))


NOW_25 = Figure(value=0.25, basis="30 days")


def test_rank_is_the_place_between_the_lowest_and_the_highest_of_the_year() -> None:
    """By hand: 0.25 lies a quarter of the way from 0.20 to 0.40."""
    history = a_history(0.20, 0.40, *[0.30] * 250)

    found = rank(NOW_25, history)

    assert found.value == pytest.approx(0.25)
    assert found.basis == "252 sessions from 0.2000 to 0.4000"


def test_percentile_is_the_share_of_sessions_below_now() -> None:
    """One spike makes the rank small for a year, and leaves the percentile alone."""
    history = a_history(*[0.20] * 63, *[0.25] * 100, *[0.30] * 88, 0.90)

    assert percentile(NOW_25, history) == Figure(value=0.25, basis="63 of 252 sessions below")
    assert rank(NOW_25, history).value == pytest.approx(0.05 / 0.70)


@pytest.mark.parametrize(("now", "place"), [(0.5, 1.0), (0.1, 0.0)])
def test_a_volatility_beyond_the_years_is_its_end(now: float, place: float) -> None:
    """Now counts among the lowest and highest: a rank of 1.3 would be no rank."""
    history = a_history(0.20, 0.40, *[0.30] * 250)

    assert rank(Figure(value=now), history).value == place
    assert percentile(Figure(value=now), history).value == place


def test_of_more_than_a_year_the_newest_count() -> None:
    history = a_history(*[0.9] * 8, *[0.20] * 252)

    assert percentile(NOW_25, history).value == 1
    assert rank(NOW_25, history).value == 1


@pytest.mark.parametrize(
    ("now", "history", "why"),
    [
        (NOW_25, a_history(*[0.2] * 251), "251 sessions known, 252 needed"),
        (NOW_25, ImpliedHistory(), "0 sessions known, 252 needed"),
        (NOW_25, a_history(*[0.2] * 251, math.nan), "251 sessions known, 252 needed"),
        (Figure(value=None, why="x"), a_history(*[0.2] * 252), "iv30 is unknown"),
    ],
)
def test_without_a_year_or_a_now_there_is_no_rank_and_the_count_is_told(
    now: Figure, history: ImpliedHistory, why: str
) -> None:
    """A rank within three months reads like one within a year."""
    none = Figure(value=None, why=why)

    assert (rank(now, history), percentile(now, history)) == (none, none)


def test_a_year_that_stood_still_has_no_rank() -> None:
    still = a_history(*[0.25] * 252)

    assert rank(NOW_25, still).why == "the volatility was the same in every session"
    assert percentile(NOW_25, still).value == 0


def test_what_a_broker_reckons_itself_is_taken_and_said_to_be_its() -> None:
    told = ImpliedHistory(rank=0.4, percentile=0.6)

    assert rank(NOW_25, told) == Figure(value=0.4, basis="as the broker reckons it")
    assert percentile(NOW_25, told) == Figure(value=0.6, basis="as the broker reckons it")


def test_the_sessions_of_a_rank_are_over() -> None:
    """The session under way has no close yet."""
    asked = sessions_asked(NOON)

    assert (len(asked), asked[-1]) == (260, date(2026, 11, 19))
    assert sessions_asked(NOON + timedelta(hours=5))[-1] == date(2026, 11, 20)


def test_skew_is_the_put_minus_the_call_at_a_quarter_of_delta() -> None:
    """By hand: half way from 0.20 to 0.30 of delta lies 0.25, so half way from 0.34 to 0.30."""
    day = TODAY + timedelta(days=28)
    rows = [
        a_row(day, Right.PUT, 180, 0.34, delta=-0.20),
        a_row(day, Right.PUT, 190, 0.30, delta=-0.30),
        a_row(day, Right.CALL, 210, 0.22, delta=0.25),
        a_row(day, Right.CALL, 220, 0.20, delta=0.10),
        a_row(day, Right.CALL, 200, 0.24, delta=0.50),
        a_row(day, Right.CALL, 230, None),
    ]

    assert skew(rows) == pytest.approx(0.32 - 0.22)
    assert skew(rows[2:]) is None
    assert skew(rows[:2]) is None
    assert skew([*rows[1:3], a_row(day, Right.PUT, 180, 0.34, delta=None)]) is None


def a_market_of(bid: str | None, ask: str, interest: int | None, volume: int = 7) -> ChainRow:
    row = a_row(TODAY, Right.CALL, 200, 0.2)
    quote = replace(
        row.quote,
        bid=None if bid is None else Decimal(bid),
        ask=Decimal(ask),
        open_interest=interest,
        volume=volume,
    )
    return replace(row, quote=quote)


@pytest.mark.parametrize(
    ("row", "rating", "why"),
    [
        (a_market_of("1.95", "2.05", 500), Rating.GOOD, None),
        (a_market_of("1.95", "2.05", 499), Rating.FAIR, None),
        (a_market_of("1.94", "2.06", 500), Rating.FAIR, None),
        (a_market_of("1.85", "2.15", 500), Rating.FAIR, None),
        (a_market_of("1.80", "2.20", 500), Rating.POOR, None),
        (a_market_of("1.95", "2.05", 49), Rating.POOR, None),
        (a_market_of("1.95", "2.05", None), None, "the open interest is unknown"),
        (
            a_market_of(None, "2.05", 500),
            None,
            "no contract near the money is quoted on both sides",
        ),
    ],
)
def test_liquidity_is_rated_by_its_rule(
    row: ChainRow, rating: Rating | None, why: str | None
) -> None:
    found = liquidity([row])

    assert (found.rating, found.why) == (rating, why)


def test_liquidity_is_what_is_typical_of_what_is_known() -> None:
    """A contract without a bid is counted, and lowers nothing."""
    rows = [
        a_market_of("0.90", "1.10", 100, 10),
        a_market_of("1.95", "2.05", None, 20),
        a_market_of(None, "2.05", 300, 90),
    ]

    assert liquidity(rows) == Liquidity(
        contracts=3,
        two_sided=2,
        open_interest=200,
        volume=20,
        spread=0.125,
        rating=Rating.FAIR,
    )
    assert liquidity([]).why == "no contract near the money is known"


def test_the_five_strikes_nearest_the_spot_are_looked_at() -> None:
    rows = [a_row(TODAY, right, k, 0.2) for k in range(190, 211) for right in Right]

    found = near_the_money(rows, Decimal("200.40"))

    assert sorted({int(row.contract.strike) for row in found}) == [198, 199, 200, 201, 202]
    assert len(found) == 10


LISTED: tuple[Expiration, ...] = tuple(
    an_expiration(TODAY + timedelta(days=days), range(190, 211), today=TODAY)
    for days in (0, 7, 14, 21, 28, 35, 42, 63)
)


@pytest.fixture
def market() -> ScriptedMarket:
    return ScriptedMarket(
        spots={"AAPL": Decimal("200.40")},
        listed={"AAPL": LISTED},
        daily={"AAPL": daily(zigzag(122, 0.01))},
        implied={"AAPL": a_history(0.20, 0.40, *[0.30] * 250)},
        scheduled={"AAPL": ()},
    )


@pytest.fixture
def room(market: ScriptedMarket) -> MarketRoom:
    return MarketRoom(data=market, cache=MemoryCache(market.clock))


async def test_the_report_has_every_figure_with_what_it_was_made_from(room: MarketRoom) -> None:
    report = await volatility_report(room, AAPL)

    assert (report.spot, report.feed, report.as_of) == (Decimal("200.40"), Feed.SIMULATED, NOON)
    assert report.iv30.value == pytest.approx(0.25)
    assert report.iv30.basis == "interpolated between 28 and 35 days"
    assert report.iv_rank.value == pytest.approx(0.25)
    assert report.iv_percentile.value == pytest.approx(1 / 252)
    assert report.historical.until == date(2026, 11, 19)
    hv120 = 0.01 * math.sqrt(120 / 119) * math.sqrt(252)
    assert report.historical.hv120.value == pytest.approx(hv120)
    assert [each.days for each in report.terms] == [0, 7, 14, 21, 28, 35, 42, 63]
    assert report.terms[1] == Term(
        root="AAPL",
        expiration=date(2026, 11, 27),
        days=7,
        strike=Decimal(200),
        iv=0.25,
        skew=None,
        straddle=Decimal("2.80"),
        move=float(Decimal(280) / Decimal(20040)),
        one_sigma=report.terms[1].one_sigma,  # Has a test of its own.
        why="no 25-delta put and call",
    )


async def test_one_sigma_reaches_to_the_close_of_the_last_day(room: MarketRoom) -> None:
    """At four, and at one on the day after Thanksgiving: on the last day hours are everything."""
    first, second, third, *_ = (await volatility_report(room, AAPL)).terms

    hours = (5, 7 * 24 + 2, 14 * 24 + 5)
    sigmas = [200.4 * 0.25 * math.sqrt(each / (365 * 24)) for each in hours]
    assert [each.one_sigma for each in (first, second, third)] == pytest.approx(sigmas)


async def test_the_report_asks_each_thing_once(room: MarketRoom, market: ScriptedMarket) -> None:
    await volatility_report(room, AAPL)
    await volatility_report(room, AAPL)

    kinds = [call[0] for call in market.calls]
    assert sorted(kinds) == [
        "bars", "chain", "events", "expirations", "implied", "quotes", "quotes",
    ]  # fmt: skip


async def test_a_page_reads_its_own_expirations_and_those_around_thirty_days(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """The chain of an index is ten thousand contracts; a page is not made from all of them.

    The term structure's two ends are read too, whatever page is shown.
    """
    weeks = [an_expiration(TODAY + timedelta(days=7 * n), (200,), today=TODAY) for n in range(30)]
    market.listed["AAPL"] = tuple(weeks)

    report = await volatility_report(room, AAPL, page=3)

    chain = next(call for call in market.calls if call[0] == "chain")
    wanted = {each.day for each in (*weeks[24:], *around_horizon(weeks), *ends_of(weeks))}
    assert {date.fromisoformat(day) for day in chain[2:]} == wanted
    assert [each.expiration for each in report.terms] == [each.day for each in weeks[24:]]
    assert (report.span.total, report.span.next_page) == (30, None)
    with pytest.raises(Denied) as past:
        await volatility_report(room, AAPL, page=4)
    assert past.value.reason is Reason.PAGE_PAST_END


async def test_what_is_to_come_is_told_in_order(room: MarketRoom, market: ScriptedMarket) -> None:
    market.scheduled["AAPL"] = (
        Dividend(
            underlying="AAPL",
            day=TODAY + timedelta(days=10),
            pay_day=TODAY + timedelta(days=20),
            amount=Decimal("0.26"),
        ),
        Split(underlying="AAPL", day=TODAY + timedelta(days=30), new=2, old=1),
        Earnings(
            underlying="AAPL",
            day=TODAY + timedelta(days=40),
            timing=EarningsTiming.AFTER_CLOSE,
        ),
    )
    dividend, _, earnings = market.scheduled["AAPL"]

    assert (await volatility_report(room, AAPL)).calendar == Calendar(
        earnings=earnings, dividends=(dividend,)
    )


async def test_a_feed_without_a_past_or_a_future_gives_a_report_that_says_so(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """Nothing known is not nothing to come."""
    market.daily, market.implied, market.scheduled = {}, {}, {}

    report = await volatility_report(room, AAPL)

    assert report.historical.hv20.why == "0 finished daily closes, 21 needed"
    assert report.iv_rank.why == "0 sessions known, 252 needed"
    assert report.calendar.no_earnings == "none is known for the next 365 days"
    assert report.calendar.no_dividends == "none is known for the next 365 days"
    assert report.iv30.value == pytest.approx(0.25)


async def test_a_refusal_of_another_kind_is_the_answer(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """Only data that a feed does not have is passed over."""
    market.fails_with = Denied(Reason.SYMBOL_NOT_FOUND)

    for question in (room.daily_bars(AAPL, NOON - timedelta(days=9)), room.events(AAPL, 9)):
        with pytest.raises(Denied) as denied:
            await question
        assert denied.value.reason is Reason.SYMBOL_NOT_FOUND


async def test_a_leg_without_two_sides_gives_no_straddle(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    """Half a straddle would halve the move."""
    market.unquoted = {OptionSymbol("AAPL", LISTED[1].day, Right.PUT, Decimal(200))}

    terms = (await volatility_report(room, AAPL)).terms

    why = "no two-sided quote of AAPL261127P00200000; no 25-delta put and call"
    assert (terms[1].straddle, terms[1].move, terms[1].why) == (None, None, why)
    assert terms[2].straddle is not None


async def test_an_underlying_without_a_quote_has_no_implied_figures(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.unquoted = {AAPL}

    report = await volatility_report(room, AAPL)

    assert (report.spot, report.feed, report.iv30.value) == (None, None, None)
    assert {each.why for each in report.terms} == {"the underlying has no quote"}
    assert report.iv_rank.why == "iv30 is unknown"


async def test_a_listing_without_a_pair_or_a_volatility_says_so(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.chain_rows["AAPL"] = (
        a_row(LISTED[0].day, Right.CALL, 200, 0.25),
        a_row(LISTED[1].day, Right.CALL, 200, None),
        a_row(LISTED[1].day, Right.PUT, 200, None),
    )

    first, second, *_ = (await volatility_report(room, AAPL)).terms

    assert first.why == "no strike lists both a call and a put"
    assert (second.iv, second.one_sigma) == (None, None)
    assert second.why == "no implied volatility at the money; no 25-delta put and call"


async def test_an_expiration_that_is_over_has_no_sigma_left(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.clock.step(5 * 3_600)

    assert (await volatility_report(room, AAPL)).terms[0].one_sigma is None


async def test_an_underlying_without_options_still_has_a_past(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.listed["AAPL"] = ()

    report = await volatility_report(room, AAPL)

    assert report.terms == ()
    assert report.iv30.why == "no at-the-money implied volatility is known"
    assert report.skew.why == "no expiration near 30 days has a 25-delta put and call"
    assert report.liquidity.why == "no contract near the money is known"
    assert report.historical.hv20.value is not None


async def test_skew_is_that_of_the_expiration_nearest_to_thirty_days(
    room: MarketRoom, market: ScriptedMarket
) -> None:
    market.chain_rows["AAPL"] = tuple(
        a_row(each.day, right, strike, vol, delta=delta)
        for each in LISTED[3:]
        for right, strike, vol, delta in (
            (Right.PUT, 195, 0.30 + each.days / 1000, -0.25),
            (Right.PUT, 200, 0.26, -0.5),
            (Right.CALL, 205, 0.22, 0.25),
            (Right.CALL, 200, 0.26, 0.5),
        )
    )

    report = await volatility_report(room, AAPL)

    assert report.skew.value == pytest.approx(0.30 + 0.028 - 0.22)
    assert report.skew.basis == "28 days"
