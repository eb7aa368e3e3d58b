"""Sizes by four rules: worked by hand, the least of them bound, and no rule guesses a fact."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.books import Books
from strikedesk.portfolio.past import Past, yearly_volatility
from strikedesk.portfolio.sizing import Facts, Policy, Rule, Size, Sizing, Trade, size_of, sizes
from tests.fakes.data import ScriptedKeeper, ScriptedMarket
from tests.unit.test_portfolio_risk import DAYS, a_market, a_past

POLICY = Policy(
    risk=Decimal("0.02"),
    kelly_part=Decimal("0.25"),
    kelly_ceiling=Decimal("0.05"),
    volatility=Decimal("0.1"),
    buying_power=Decimal("0.25"),
)
TRADE = Trade(
    loss=Decimal(380),
    profit=Decimal(120),
    win_probability=Decimal("0.8"),
    buying_power=Decimal(400),
    underlying=EquitySymbol("AAPL"),
    delta=Decimal(-20),
)
FACTS = Facts(worth=Decimal(100_000), power=Decimal(50_000), spot=Decimal(100), yearly=0.25)


def units(trade: Trade = TRADE, policy: Policy = POLICY, facts: Facts = FACTS) -> list[int | None]:
    return [size.units for size in sizes(trade, policy, facts)]


def test_each_rule_gives_what_working_it_by_hand_gives() -> None:
    """2 % of 100,000 over 380; 1/24 over it; 10 % over 20 x 100 x 0.25; a quarter of the power."""
    assert units() == [5, 10, 20, 31]


def test_kelly_is_the_chance_less_the_odds_against() -> None:
    """Chance 0.8, odds 120/380: 0.8 - 0.2 x 380/120 = 1/6; a quarter of it is below the ceiling."""
    found = sizes(TRADE, POLICY, FACTS)[1]

    assert found == Size(rule=Rule.KELLY, units=10, basis="kelly 0.1667, 0.25 of it")


def test_kelly_stops_at_its_ceiling() -> None:
    sure = replace(TRADE, win_probability=Decimal("0.99"))

    assert sizes(sure, POLICY, FACTS)[1] == Size(
        rule=Rule.KELLY, units=13, basis="kelly 0.9583, 0.25 of it, at the ceiling"
    )


def test_without_an_edge_kelly_bets_nothing() -> None:
    """Nothing is what it says, not that it does not know."""
    lost = replace(TRADE, win_probability=Decimal("0.5"))

    found = sizes(lost, POLICY, FACTS)[1]

    assert (found.units, found.basis) == (0, "kelly -1.0833: no edge")


@pytest.mark.parametrize(
    ("trade", "facts", "known"),
    [
        (Trade(loss=Decimal(380)), FACTS, [True, False, False, False]),
        (TRADE, replace(FACTS, worth=None), [False, False, False, True]),
        (TRADE, replace(FACTS, power=None), [True, True, True, False]),
        (TRADE, replace(FACTS, spot=None), [True, True, False, True]),
        (TRADE, replace(FACTS, yearly=None), [True, True, False, True]),
        (replace(TRADE, delta=Decimal(0)), FACTS, [True, True, False, True]),
    ],
)
def test_a_rule_without_its_fact_gives_no_size_and_says_which(
    trade: Trade, facts: Facts, known: list[bool]
) -> None:
    """A size from a guess would look like one from a fact."""
    found = sizes(trade, POLICY, facts)

    assert [size.units is not None for size in found] == known
    assert all(size.basis for size in found)


def test_an_account_that_is_worth_less_than_nothing_bears_no_unit() -> None:
    under = replace(FACTS, worth=Decimal(-5_000), power=Decimal(-1))

    assert units(facts=under) == [0, 0, 0, 0]


@given(st.decimals("0.01", "100000", places=2), st.decimals("0", "1", places=4))
def test_the_units_of_a_fixed_fraction_never_lose_more_than_it(
    loss: Decimal, risk: Decimal
) -> None:
    (first, *_) = sizes(replace(TRADE, loss=loss), replace(POLICY, risk=risk), FACTS)

    assert first.units is not None
    assert first.units * loss <= risk * 100_000
    assert (first.units + 1) * loss > risk * 100_000 or first.units == 1_000_000


async def sized(trade: Trade, *, market: ScriptedMarket | None = None) -> Sizing:
    """Size a trade for an account of which only the cash is told."""
    keeper, told = ScriptedKeeper(), market or a_market()
    books = Books(broker=keeper, cache=MemoryCache(keeper.clock))
    room = MarketRoom(data=told, cache=MemoryCache(told.clock))
    return await size_of(books, room, "main", trade=trade, policy=POLICY)


async def test_an_account_that_tells_nothing_gets_no_size() -> None:
    found = await sized(TRADE)

    assert found.binding is None
    assert found.loss is None


@pytest.mark.parametrize(
    ("half", "alone", "wanted"),
    [
        ({"profit": None}, "win_probability", "unit_profit"),
        ({"win_probability": None}, "unit_profit", "win_probability"),
        ({"underlying": None}, "unit_delta", "underlying"),
        ({"delta": None}, "underlying", "unit_delta"),
    ],
)
async def test_half_a_pair_of_figures_is_refused(
    half: dict[str, None], alone: str, wanted: str
) -> None:
    with pytest.raises(Denied) as denied:
        await sized(replace(TRADE, **half))

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert denied.value.facts == {"argument": alone, "goes_with": wanted}


def test_a_yearly_volatility_is_that_of_the_newest_sixty_returns() -> None:
    past = a_past(3)
    newest = Past(closes=dict([*past.closes.items()][-61:]), volatilities={})
    short = Past(closes=dict([*past.closes.items()][-60:]), volatilities={})

    assert yearly_volatility(past) == yearly_volatility(newest)
    assert yearly_volatility(short) is None
    assert len(past.closes) == len(DAYS)
