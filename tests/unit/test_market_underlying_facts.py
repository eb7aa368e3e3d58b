"""What rules may ask of an underlying is what the volatility report shows."""

import math

import pytest

from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.underlying_facts import WORDS, UnderlyingFact
from strikedesk.market.room import MarketRoom
from strikedesk.market.underlying_facts import MarketFacts
from strikedesk.market.volatility import volatility_report
from tests.tools.paper_desk import PaperDesk

AAPL = EquitySymbol("AAPL")


@pytest.fixture(scope="module")
def room() -> MarketRoom:
    return PaperDesk().opened.market


async def test_every_fact_is_the_reports(room: MarketRoom) -> None:
    """Two tools that told different ranks of one share could not both be believed."""
    report = await volatility_report(room, AAPL)

    found = await MarketFacts(market=room).facts(AAPL, [*UnderlyingFact])

    told = {fact: known.value for fact, known in found.items()}
    assert told == {
        UnderlyingFact.PRICE: float(report.spot or 0),
        UnderlyingFact.IV30: report.iv30.value,
        UnderlyingFact.IV_RANK: report.iv_rank.value,
        UnderlyingFact.IV_PERCENTILE: report.iv_percentile.value,
        UnderlyingFact.REALISED_VOLATILITY: report.historical.hv60.value,
        UnderlyingFact.OPTION_SPREAD: report.liquidity.spread,
        UnderlyingFact.OPTION_INTEREST: report.liquidity.open_interest,
        UnderlyingFact.LIQUIDITY: report.liquidity.rating,
        UnderlyingFact.DAYS_TO_EARNINGS: told[UnderlyingFact.DAYS_TO_EARNINGS],
        UnderlyingFact.DAYS_TO_EX_DIVIDEND: told[UnderlyingFact.DAYS_TO_EX_DIVIDEND],
        UnderlyingFact.TREND: report.regime.trend.label,
        UnderlyingFact.TREND_T: report.regime.trend.t_value,
        UnderlyingFact.CLOSE_TO_MEAN50: report.regime.trend.to_mean50,
        UnderlyingFact.CLOSE_TO_MEAN200: report.regime.trend.to_mean200,
        UnderlyingFact.VOLATILITY: report.regime.volatility.label,
        UnderlyingFact.HV20_PERCENTILE: report.regime.volatility.hv20_percentile,
        UnderlyingFact.TERM: report.regime.term.label,
        UnderlyingFact.TERM_SLOPE: report.regime.term.slope,
    }
    assert report.calendar.earnings is not None
    ahead = (report.calendar.earnings.day - report.as_of.date()).days
    assert told[UnderlyingFact.DAYS_TO_EARNINGS] == ahead > 0
    assert told[UnderlyingFact.LIQUIDITY] in WORDS[UnderlyingFact.LIQUIDITY]


async def test_what_nobody_asks_for_is_not_looked_up(room: MarketRoom) -> None:
    found = await MarketFacts(market=room).facts(AAPL, {UnderlyingFact.PRICE})

    assert [*found] == [UnderlyingFact.PRICE]
    assert await MarketFacts(market=room).facts(AAPL, ()) == {}
    iv30 = await MarketFacts(market=room).facts(AAPL, {UnderlyingFact.IV30})
    assert [*iv30] == [UnderlyingFact.IV30]


async def test_a_fund_never_reports_and_a_company_does_on_a_day_that_is_not_known_yet(
    room: MarketRoom,
) -> None:
    """That none is announced is no promise that there is none."""

    class Silent(MarketRoom):
        async def events(self, underlying: EquitySymbol, days: int) -> tuple[()]:
            return ()

    facts = MarketFacts(market=Silent(data=room.data, cache=room.cache))
    asked = {UnderlyingFact.DAYS_TO_EARNINGS, UnderlyingFact.DAYS_TO_EX_DIVIDEND}

    company, fund = await facts.facts(AAPL, asked), await facts.facts(EquitySymbol("SPY"), asked)

    assert company[UnderlyingFact.DAYS_TO_EARNINGS].value is None
    assert "no day of earnings" in (company[UnderlyingFact.DAYS_TO_EARNINGS].why or "")
    assert company[UnderlyingFact.DAYS_TO_EX_DIVIDEND].value == math.inf
    assert {known.value for known in fund.values()} == {math.inf}
