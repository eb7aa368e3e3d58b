"""What is held is read as the options that it is: another house's American prices tell the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from strikedesk.domain.accounts import Position
from strikedesk.domain.calendar import expiration_instant
from strikedesk.domain.errors import Unavailable
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import ChainRow, Settlement
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.holdings import Holding
from strikedesk.portfolio.on_forwards import contracts_of
from strikedesk.portfolio.priced import priced
from strikedesk.portfolio.readings import read_holdings
from strikedesk.quant import black_scholes
from strikedesk.quant.revaluation import Scenarios, worth
from tests.fakes.data import ScriptedMarket, StepClock, a_quote, an_expiration, greeks
from tests.oracles import Case
from tests.quantlib import american

DAY = date(2027, 6, 18)
NOW = expiration_instant(DAY, Settlement.PM) - timedelta(days=182)
RATE, SIGMA, STRIKES = 0.045, 0.25, range(80, 125, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Styled(MarketRoom):
    """A market room that has been told when options exercise; a style of None cannot be asked."""

    style: ExerciseStyle | None

    async def exercise_style(self, underlying: EquitySymbol) -> ExerciseStyle | None:
        del underlying
        if self.style is None:
            raise Unavailable(Reason.DATA_UNAVAILABLE)
        return self.style


def case(right: Right, strike: float, spot: float = 100.0) -> Case:
    return Case(
        spot=spot,
        strike=strike,
        years=182 / 365,
        rate=RATE,
        dividend_yield=0.0,
        volatility=SIGMA,
        is_call=right is Right.CALL,
    )


def a_chain() -> tuple[ChainRow, ...]:
    """Return calls and puts at their American prices, with Greeks that are nobody's."""
    contracts = [
        OptionSymbol("AAPL", DAY, right, Decimal(strike)) for right in Right for strike in STRIKES
    ]
    values = american([case(each.right, float(each.strike)) for each in contracts])
    return tuple(
        ChainRow(
            contract=each,
            quote=a_quote(each, str(round(value, 6)), at=NOW),
            greeks=greeks(0.123, 0.9),
        )
        for each, value in zip(contracts, values, strict=True)
    )


async def held(style: ExerciseStyle | None, *symbols: str) -> Sequence[Holding]:
    rows = {row.contract.compact: row for row in a_chain()}
    data = ScriptedMarket(
        clock=StepClock(NOW),
        spots={"AAPL": Decimal(100)},
        listed={"AAPL": (an_expiration(DAY, STRIKES, today=NOW.date()),)},
        chain_rows={"AAPL": tuple(rows.values())},
    )
    market = Styled(data=data, cache=MemoryCache(data.clock), style=style)
    return await read_holdings(
        market,
        [
            Position(
                account_id="ID-main",
                symbol=rows[symbol].contract,
                quantity=-2,
                multiplier=100,
                average_price=Decimal(1),
                mark=rows[symbol].quote.mark,
            )
            for symbol in symbols
        ],
    )


CALL, PUT = "AAPL270618C00100000", "AAPL270618P00115000"


def told_of(holding: Holding) -> Greeks:
    assert holding.greeks is not None
    return holding.greeks


async def test_american_options_that_are_held_have_american_volatilities_and_deltas() -> None:
    """QuantLib made the prices; as European ones the put would be points less volatile."""
    call, put = await held(ExerciseStyle.AMERICAN, CALL, PUT)

    for each, right, strike in ((call, Right.CALL, 100.0), (put, Right.PUT, 115.0)):
        low, high = american([case(right, strike, spot) for spot in (99.9, 100.1)])
        told = told_of(each)
        assert told.source == "american"
        assert each.volatility == pytest.approx(SIGMA, abs=0.0035)
        assert told.delta == pytest.approx((high - low) / 0.2, abs=0.012)
        assert each.moves is not None
        assert each.moves.delta == pytest.approx(-200 * (told.delta or 0))
    assert put.early is not None
    assert put.early.carry == pytest.approx(RATE, abs=0.0015)
    assert put.early.worth == 0.0
    (as_european,) = await held(ExerciseStyle.EUROPEAN, PUT)
    assert abs((as_european.volatility or 0) - SIGMA) > 0.005


async def test_european_options_that_are_held_are_read_on_their_forward() -> None:
    (put,) = await held(ExerciseStyle.EUROPEAN, "AAPL270618P00095000")

    assert told_of(put).source == "european"
    assert put.early is None
    forward = float(priced([put]).book.contracts.spot[0])
    at = black_scholes.greeks(contracts_of([put], [forward]), put.volatility or 0)
    assert told_of(put).delta == pytest.approx(float(at.delta[0]))
    assert told_of(put).vega == pytest.approx(float(at.vega[0]))


async def test_the_feed_s_greeks_stay_where_nobody_tells_the_style() -> None:
    """They are somebody's figures; ours would be a guess."""
    (put,) = await held(None, PUT)

    assert (told_of(put).delta, told_of(put).source, put.volatility) == (0.123, "model", 0.9)
    assert put.early is None


async def test_a_book_of_american_options_is_worth_its_marks_and_never_less_than_exercise() -> None:
    call, put = await held(ExerciseStyle.AMERICAN, CALL, PUT)
    bought = replace(put, position=replace(put.position, quantity=1))

    book = priced([call, bought]).book
    falls = Scenarios(spot=np.array([[1.0, 0.5]]), volatility=np.ones((1, 2)))
    now, then = worth(book, falls)[0].tolist()

    marks = -200 * float(call.position.mark or 0) + 100 * float(put.position.mark or 0)
    assert now == pytest.approx(marks)
    assert then >= 100 * (115.0 - 50.0) - 200 * 0.5
