"""Futures of the simulated market cost what its own options say that the index costs then."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import pytest

from strikedesk.domain.quotes import ChainRow, Feed, Interval
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.exchange import futures
from strikedesk.exchange.ends import settles_at
from strikedesk.exchange.futures import E_MINI, Future
from strikedesk.exchange.market import Market
from strikedesk.exchange.simulated import SimulatedMarket
from strikedesk.exchange.simulated.surface import RATE
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket

MARKET: Market = SimulatedMarket(seed=7)
DECEMBER, MARCH, JUNE = date(2026, 12, 18), date(2027, 3, 19), date(2027, 6, 17)
TICK = Decimal("0.25")


def names_at(at: datetime, market: Market = MARKET) -> list[str]:
    return [future.name.compact for future in futures.listed(market, at)]


def implied_forwards(ticker: str, root: str, day: date, at: datetime) -> list[tuple[float, float]]:
    """Return the forward that each pair near the money stands for, and half its two spreads."""
    rows = [
        r for r in MARKET.chain(EquitySymbol(ticker), {day}, at).rows if r.contract.root == root
    ]
    pairs = groupby(sorted(rows, key=_by_strike), key=lambda row: row.contract.strike)
    found = [_implied(call, put, at) for _, (call, put) in pairs if _near(call) and _near(put)]
    assert len(found) > 5
    return found


def _by_strike(row: ChainRow) -> tuple[Decimal, str]:
    return row.contract.strike, row.contract.right.value


def _near(row: ChainRow) -> bool:
    delta = None if row.greeks is None else row.greeks.delta
    return row.quote.two_sided and delta is not None and 0.35 < abs(delta) < 0.65


def _implied(call: ChainRow, put: ChainRow, at: datetime) -> tuple[float, float]:
    growth = math.exp(RATE * years_to(call.contract, at))
    sides = [call.quote.bid, call.quote.ask, put.quote.bid, put.quote.ask]
    call_bid, call_ask, put_bid, put_ask = (float(side or 0) for side in sides)
    apart = (call_bid + call_ask - put_bid - put_ask) / 2
    width = (call_ask - call_bid + put_ask - put_bid) / 2
    return float(call.contract.strike) + growth * apart, growth * width


def years_to(contract: OptionSymbol, at: datetime) -> float:
    terms = MARKET.terms(contract)
    assert terms is not None
    return (settles_at(contract, terms) - at).total_seconds() / 86_400 / 365


@pytest.mark.parametrize(
    ("ticker", "root", "day"),
    [("SPX", "SPX", DECEMBER), ("SPX", "SPX", MARCH), ("VIX", "VIX", date(2026, 12, 16))],
)
def test_a_price_for_delivery_is_the_one_that_calls_and_puts_agree_on(
    ticker: str, root: str, day: date
) -> None:
    """Otherwise a client that trades one against the other would be given money."""
    some = OptionSymbol(root, day, Right.CALL, Decimal(100))
    terms = MARKET.terms(some)
    assert terms is not None

    forward = MARKET.forward(EquitySymbol(ticker), settles_at(some, terms), NOON)

    assert forward is not None
    for implied, room in implied_forwards(ticker, root, day, NOON):
        assert abs(implied - float(forward)) <= room


def test_the_two_next_quarters_are_listed_until_the_opening_of_their_last_day() -> None:
    """Juneteenth is a holiday: in 2027 June's contracts end a day early."""
    end = datetime(2026, 12, 18, 14, 30, tzinfo=UTC)

    assert names_at(NOON) == names_at(end - timedelta(seconds=1)) == ["/ESZ6", "/ESH7"]
    assert names_at(end) == ["/ESH7", "/ESM7"]
    assert [f.day for f in futures.listed(MARKET, end)] == [MARCH, JUNE]
    assert Future(product=E_MINI, day=DECEMBER).ends_at == end


def test_a_future_is_quoted_a_tick_wide_around_the_price_of_its_index_then() -> None:
    near, far = futures.listed(MARKET, NOON)
    forward = MARKET.forward(E_MINI.underlying, near.ends_at, NOON)
    quote, later = futures.quote(MARKET, near, NOON), futures.quote(MARKET, far, NOON)

    assert quote is not None
    assert later is not None
    assert forward is not None
    assert quote.bid is not None
    assert quote.bid <= forward < quote.bid + TICK == quote.ask
    assert quote.last in {quote.bid, quote.ask}
    assert (quote.mid, quote.mark) == (quote.bid + TICK / 2,) * 2
    assert (quote.at, quote.feed, quote.name.kind) == (NOON, Feed.SIMULATED, "future")
    assert later.bid is not None
    assert later.bid > quote.bid  # The rate is above the yield.


def test_its_last_close_is_its_price_when_the_session_before_closed() -> None:
    (future, _) = futures.listed(MARKET, NOON)
    closed = futures.quote(MARKET, future, datetime(2026, 11, 19, 21, tzinfo=UTC))
    quote = futures.quote(MARKET, future, NOON)

    assert closed is not None
    assert quote is not None
    assert quote.previous_close == closed.last is not None


def test_before_the_first_session_there_was_no_close() -> None:
    first = datetime(2024, 1, 2, 15, tzinfo=UTC)
    quote = futures.quote(MARKET, futures.listed(MARKET, first)[0], first)

    assert quote is not None
    assert (quote.previous_close, quote.last is None) == (None, False)


def test_while_the_market_is_closed_the_last_price_stands() -> None:
    """It is an index that is carried, and that stands at its close."""
    future = futures.listed(MARKET, NOON)[0]
    evening = datetime(2026, 11, 20, 23, tzinfo=UTC)
    night = datetime(2026, 11, 21, 5, tzinfo=UTC)
    quote = futures.quote(MARKET, future, evening)

    assert quote is not None
    assert quote == futures.quote(MARKET, future, night)
    assert quote.at == datetime(2026, 11, 20, 21, tzinfo=UTC)


def test_one_seed_has_one_price_in_every_market_object() -> None:
    again = SimulatedMarket(seed=7)
    future = futures.listed(MARKET, NOON)[0]

    assert futures.quote(again, future, NOON) == futures.quote(MARKET, future, NOON)


@pytest.mark.parametrize(
    ("ticker", "until", "at"),
    [
        ("NOSUCH", NOON + timedelta(days=9), NOON),
        ("SPX", NOON, NOON),
        ("SPX", NOON, datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_nobody_can_deliver_has_no_price(ticker: str, until: datetime, at: datetime) -> None:
    assert MARKET.forward(EquitySymbol(ticker), until, at) is None


def test_a_market_that_cannot_carry_a_price_lists_no_futures() -> None:
    """A tape knows no rate: a made-up one would make up the price."""
    market = ScriptedMarket()
    market.tell("SPX", None, None, last="5300")

    assert names_at(NOON, market) == []
    assert futures.quote(market, Future(product=E_MINI, day=DECEMBER), NOON) is None


def test_a_bar_is_the_indexs_carried_from_when_it_begins() -> None:
    """Each ends where the future was quoted, to the tick and what an hour carries."""
    start, end = NOON - timedelta(days=5), NOON
    (future, _) = futures.listed(MARKET, NOON)
    bars = futures.bars(MARKET, future, Interval.HOUR, start, end)
    index = MARKET.bars(E_MINI.underlying, Interval.HOUR, start, end)

    assert [bar.at for bar in bars] == [bar.at for bar in index]
    for bar, level in zip(bars, index, strict=True):
        price = MARKET.forward(E_MINI.underlying, future.ends_at, bar.at)
        spot = MARKET.quotes({E_MINI.underlying}, bar.at)[E_MINI.underlying].mark
        assert price is not None
        assert spot is not None
        assert abs(bar.open - level.open * price / spot) <= TICK
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


def test_a_future_has_no_bar_from_before_it_was_listed() -> None:
    (future, _) = futures.listed(MARKET, NOON)
    found = futures.bars(MARKET, future, Interval.WEEK, NOON - timedelta(days=4000), NOON)

    assert found
    assert future.ends_at - found[0].at <= timedelta(days=460)
    assert futures.bars(MARKET, future, Interval.DAY, NOON, NOON) == ()


def test_where_nothing_carries_a_price_there_is_no_bar() -> None:
    (future, _) = futures.listed(MARKET, NOON)

    assert (
        futures.bars(ScriptedMarket(), future, Interval.DAY, NOON - timedelta(days=9), NOON) == ()
    )
