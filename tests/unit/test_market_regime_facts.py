"""The regime as facts that rules can ask: each as the report tells it, and no more looked up."""

import math
from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.calendar import exchange_date, sessions_between
from strikedesk.domain.quotes import Bar
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.underlying_facts import WORDS, Known, UnderlyingFact
from strikedesk.domain.volatility import ImpliedClose, ImpliedHistory
from strikedesk.market.cache import MemoryCache
from strikedesk.market.regime import Excitement, Shape, Trend
from strikedesk.market.room import MarketRoom
from strikedesk.market.underlying_facts import MarketFacts
from strikedesk.market.volatility import volatility_report
from tests.builders import NOON
from tests.fakes.data import ScriptedMarket, an_expiration

AAPL = EquitySymbol("AAPL")
TODAY = exchange_date(NOON)
REGIME = {
    UnderlyingFact.TREND,
    UnderlyingFact.TREND_T,
    UnderlyingFact.CLOSE_TO_MEAN50,
    UnderlyingFact.CLOSE_TO_MEAN200,
    UnderlyingFact.VOLATILITY,
    UnderlyingFact.HV20_PERCENTILE,
    UnderlyingFact.TERM,
    UnderlyingFact.TERM_SLOPE,
}


@pytest.fixture
def market() -> ScriptedMarket:
    """Return a share that has risen on two days of three, with options of one volatility."""
    days = sessions_between(TODAY - timedelta(days=450), TODAY - timedelta(days=1))
    closes = [
        Decimal(str(round(100 * math.exp(0.002 * n + 0.004 * (n % 3 == 0)), 4)))
        for n in range(len(days))
    ]
    bars = [
        Bar(at=day.opens_at, open=close, high=close, low=close, close=close)
        for day, close in zip(days, closes, strict=True)
    ]
    implied = [ImpliedClose(day=day.day, volatility=0.2 + 0.0001 * n) for n, day in enumerate(days)]
    ahead = (7, 21, 28, 35, 91)
    return ScriptedMarket(
        spots={"AAPL": Decimal(200)},
        listed={
            "AAPL": tuple(
                an_expiration(TODAY + timedelta(days=d), (195, 200, 205), today=TODAY)
                for d in ahead
            )
        },
        daily={"AAPL": tuple(bars)},
        implied={"AAPL": ImpliedHistory(closes=tuple(implied))},
    )


def room_of(market: ScriptedMarket) -> MarketRoom:
    return MarketRoom(data=market, cache=MemoryCache(market.clock))


async def test_the_facts_are_those_of_the_report(market: ScriptedMarket) -> None:
    """A rule and the figure beside it must not disagree."""
    room = room_of(market)
    found = await MarketFacts(market=room).facts(AAPL, REGIME)
    told = (await volatility_report(room, AAPL)).regime

    assert {fact: known.value for fact, known in found.items()} == {
        UnderlyingFact.TREND: told.trend.label,
        UnderlyingFact.TREND_T: told.trend.t_value,
        UnderlyingFact.CLOSE_TO_MEAN50: told.trend.to_mean50,
        UnderlyingFact.CLOSE_TO_MEAN200: told.trend.to_mean200,
        UnderlyingFact.VOLATILITY: told.volatility.label,
        UnderlyingFact.HV20_PERCENTILE: told.volatility.hv20_percentile,
        UnderlyingFact.TERM: told.term.label,
        UnderlyingFact.TERM_SLOPE: told.term.slope,
    }
    assert (found[UnderlyingFact.TREND].value, found[UnderlyingFact.TERM].value) == ("up", "flat")
    assert all(known.why is None for known in found.values())


def test_the_words_of_the_rules_are_those_of_the_market() -> None:
    """A rule for a word that never comes would keep everything out."""
    assert WORDS[UnderlyingFact.TREND] == tuple(Trend)
    assert WORDS[UnderlyingFact.VOLATILITY] == tuple(Excitement)
    assert WORDS[UnderlyingFact.TERM] == tuple(Shape)


async def test_what_cannot_be_made_is_unknown_and_says_why(market: ScriptedMarket) -> None:
    market.daily["AAPL"] = market.daily["AAPL"][-60:]
    market.listed["AAPL"] = market.listed["AAPL"][:1]
    del market.implied["AAPL"]
    found = await MarketFacts(market=room_of(market)).facts(AAPL, REGIME)

    assert found[UnderlyingFact.TREND] == Known(
        value=None, why="60 finished daily closes, 200 needed"
    )
    assert isinstance(found[UnderlyingFact.TREND_T].value, float)
    assert found[UnderlyingFact.VOLATILITY] == Known(
        value=None,
        why="60 finished daily closes, 273 needed; 0 sessions known, 252 needed",
    )
    assert found[UnderlyingFact.TERM].value is None
    assert "28 or more days after" in (found[UnderlyingFact.TERM].why or "")


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({UnderlyingFact.TREND}, {"quotes", "bars"}),
        ({UnderlyingFact.TERM}, {"quotes", "expirations", "chain"}),
        ({UnderlyingFact.PRICE}, {"quotes"}),
    ],
)
async def test_what_nobody_asks_for_is_not_looked_up(
    market: ScriptedMarket, wanted: set[UnderlyingFact], asked: set[str]
) -> None:
    """A watchlist of five hundred is asked for one fact each."""
    found = await MarketFacts(market=room_of(market)).facts(AAPL, wanted)

    assert found.keys() == wanted
    assert {call[0] for call in market.calls} == asked
