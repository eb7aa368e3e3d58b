"""Options on futures: what their prices imply, and where nothing is said."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from math import exp, log, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Unavailable
from strikedesk.domain.future_chains import FutureExpiration, FutureStrike
from strikedesk.domain.quotes import Feed
from strikedesk.domain.reasons import Reason
from strikedesk.domain.untraded import UntradedName, untraded_name
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.market.cache import MemoryCache
from strikedesk.market.on_futures import FutureOptionReading
from strikedesk.market.room import MarketRoom
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket

FUTURE = UntradedName("/ESZ6", "future")
YEARS = 0.2
ENDS = NOON + timedelta(days=73)
NORMAL = NormalDist()


def named(text: str) -> UntradedName:
    found = untraded_name(text)
    assert found is not None
    return found


CALL, PUT = named("./ESZ6 E3AZ6 261218C6300"), named("./ESZ6 E3AZ6 261218P6300")
STRIKE = FutureStrike(strike=Decimal(6300), call=CALL.compact, put=PUT.compact)
UNNAMED = FutureStrike(strike=Decimal(6295), call=None, put=None)
CHAIN = FutureExpiration(
    future="/ESZ6",
    root="E3A",
    day=ENDS.date(),
    ends_at=ENDS,
    strike_factor=Decimal(1),
    strikes=(UNNAMED, STRIKE),
)


def a_quote(name: UntradedName, price: float | None) -> UntradedQuote:
    mark = None if price is None else Decimal(price)
    return UntradedQuote(name=name, at=NOON, feed=Feed.REALTIME, mark=mark)


async def read(
    quotes: Sequence[UntradedQuote], *chains: FutureExpiration
) -> dict[UntradedName, FutureOptionReading]:
    """Return the readings of a sheet of the options among some quotes."""
    market = ScriptedMarket(future_chains={"ES": chains})
    market.beside = {quote.name: quote for quote in quotes}
    names = [quote.name for quote in quotes if quote.name != FUTURE]
    return dict((await room_of(market).quote_sheet(names)).readings)


def room_of(market: ScriptedMarket) -> MarketRoom:
    return MarketRoom(data=market, cache=MemoryCache(market.clock))


class Chainless(ScriptedMarket):
    """A market whose documents cannot be had just now."""

    async def future_chain(self, product: str) -> tuple[FutureExpiration, ...]:
        """Answer nothing."""
        raise Unavailable(Reason.BROKER_UNAVAILABLE)


def black(future: float, sigma: float) -> tuple[float, float, float]:
    """Return a call's value, a put's, and the chance factor N(d1), without interest."""
    deviation = sigma * sqrt(YEARS)
    d1 = log(future / 6300) / deviation + deviation / 2
    call = future * NORMAL.cdf(d1) - 6300 * NORMAL.cdf(d1 - deviation)
    return call, call - future + 6300, NORMAL.cdf(d1)


@given(sigma=st.floats(0.08, 0.9), away=st.floats(-1.5, 1.5))
def test_the_volatility_that_made_a_price_is_read_from_it(sigma: float, away: float) -> None:
    """And the delta is that of its own side, per point of the future."""
    future = 6300 * exp(away * sigma * sqrt(YEARS))
    call, put, share = black(future, sigma)
    quotes = [a_quote(FUTURE, future), a_quote(CALL, call), a_quote(PUT, put)]

    found = asyncio.run(read(quotes, CHAIN))

    assert found[CALL].volatility == pytest.approx(sigma, rel=1e-6)
    assert found[PUT].volatility == pytest.approx(sigma, rel=1e-6)
    assert found[CALL].delta == pytest.approx(share, abs=1e-6)
    assert found[PUT].delta == pytest.approx(share - 1.0, abs=1e-6)
    assert found[PUT].future == Decimal(future)


@pytest.mark.parametrize(
    ("future", "option", "chain"),
    [
        (None, 60.0, CHAIN),
        (-5.0, 60.0, CHAIN),
        (6400.0, None, CHAIN),
        (6400.0, 60.0, CHAIN),
        (6400.0, 160.0, replace(CHAIN, ends_at=None)),
        (6400.0, 160.0, replace(CHAIN, ends_at=NOON - timedelta(days=1))),
        (6400.0, 160.0, replace(CHAIN, strike_factor=None)),
        (6400.0, 160.0, replace(CHAIN, strike_factor=Decimal("0.01"))),
        (6400.0, 160.0, replace(CHAIN, strikes=())),
        (6400.0, 160.0, replace(CHAIN, future="/ESH7")),
    ],
    ids=[
        "no future",
        "below nothing",
        "no price",
        "below parity",
        *("end", "past", "unit", "scale", "name", "of"),
    ],
)
async def test_what_lacks_a_fact_is_not_read(
    future: float | None, option: float | None, chain: FutureExpiration
) -> None:
    """Its quote is told all the same."""
    quotes = [a_quote(FUTURE, future), a_quote(CALL, option)]

    assert await read(quotes, chain) == {}


async def test_a_future_that_nobody_quotes_carries_no_reading() -> None:
    assert await read([a_quote(CALL, 160.0)], CHAIN) == {}


async def test_chains_that_cannot_be_had_cost_no_quote() -> None:
    """What the option costs is known; what it implies is not."""
    market = Chainless()
    market.beside = {FUTURE: a_quote(FUTURE, 6400.0), CALL: a_quote(CALL, 160.0)}
    sheet = await room_of(market).quote_sheet([CALL])

    assert ([each.name for each in sheet.beside], sheet.readings) == ([CALL], {})


async def test_a_future_alone_asks_for_no_chain() -> None:
    market = ScriptedMarket()
    market.beside = {FUTURE: a_quote(FUTURE, 6400.0)}
    await room_of(market).quote_sheet([FUTURE])

    assert [call[0] for call in market.calls] == ["beside"]


@pytest.mark.parametrize(
    ("name", "product"), [("/ESZ6", "ES"), ("/M2KZ26", "M2K"), ("/6EH7", "6E"), ("BTC/USD", "")]
)
def test_a_future_tells_its_product(name: str, product: str) -> None:
    assert named(name).product == product
    assert named(name).future is None
