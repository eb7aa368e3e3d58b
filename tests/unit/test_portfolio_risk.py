"""The risk of a portfolio: sums by hand, tails by brute force, and what is not known said so."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.accounts import NetWorth, Position
from strikedesk.domain.calendar import sessions_between
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import Dividend, MarketEvent
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import Bar, ChainRow, Interval
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol, parse_symbol
from strikedesk.domain.volatility import ImpliedClose, ImpliedHistory
from strikedesk.market.cache import MemoryCache
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.ahead import endings
from strikedesk.portfolio.books import Books
from strikedesk.portfolio.exposures import by_underlying, concentration, risk_of, summed
from strikedesk.portfolio.holdings import Exposure, Holding, holdings_of
from strikedesk.portfolio.past import Past, beta, moves_of
from strikedesk.portfolio.priced import priced
from strikedesk.portfolio.readings import read_holdings
from strikedesk.portfolio.risk import PortfolioRisk, measure, portfolio_risk
from strikedesk.portfolio.stress import SPOT_SHOWN, VOLATILITY_SHOWN, stress
from strikedesk.portfolio.value_at_risk import Method
from strikedesk.quant.revaluation import Scenarios, worth
from tests.builders import NOON
from tests.fakes.data import (
    ScriptedKeeper,
    ScriptedMarket,
    a_quote,
    an_expiration,
    greeks,
)

TODAY = date(2026, 11, 20)
DAYS = tuple(each.day for each in sessions_between(date(2025, 10, 1), date(2026, 11, 19)))[-253:]
CALL, PUT = "AAPL261218C00100000", "AAPL261218P00095000"


FORWARD = 100.5
# Calls and puts at 100 that agree on it: 100 + 3.00 - 2.50.
PAIR = tuple(
    ChainRow(contract=contract, quote=a_quote(contract, mid), greeks=None)
    for right, mid in ((Right.CALL, "3.00"), (Right.PUT, "2.50"))
    for contract in (OptionSymbol("AAPL", date(2026, 12, 18), right, Decimal(100)),)
)


def a_position(symbol: str, quantity: int, mark: str | None) -> Position:
    """Return something held, marked at `mark`."""
    held = parse_symbol(symbol)
    return Position(
        account_id="ID-main",
        symbol=held,
        quantity=quantity,
        multiplier=1 if isinstance(held, EquitySymbol) else 100,
        average_price=Decimal(1),
        mark=Decimal(mark) if mark else None,
    )


def a_holding(
    symbol: str, quantity: int, mark: str | None, *, spot: str | None = "100", **told: object
) -> Holding:
    """Return a holding of a contract with a month to live, and of a volatility of 25 %."""
    held = Holding(
        position=a_position(symbol, quantity, mark),
        spot=Decimal(spot) if spot else None,
        greeks=greeks(0.5, 0.25),
        volatility=0.25,
        listing=PAIR,
        years=28 / 365,
    )
    return replace(held, **told)


def wave(seed: int, size: float) -> list[float]:
    """Return moves of 252 sessions that nobody drew."""
    return [size * math.sin(seed * n * n + n) for n in range(252)]


def a_past(seed: int, *, volatile: bool = True) -> Past:
    """Return closes and volatilities that follow two waves."""
    closes, volatilities = [100.0], [0.25]
    for move, change in zip(wave(seed, 0.02), wave(seed + 7, 0.05), strict=True):
        closes.append(closes[-1] * math.exp(move))
        volatilities.append(volatilities[-1] * math.exp(change))
    return Past(
        closes=dict(zip(DAYS, closes, strict=True)),
        volatilities=dict(zip(DAYS, volatilities, strict=True)) if volatile else {},
    )


def value(symbol: OptionSymbol, forward: float, years: float, sigma: float) -> float:
    """Return the undiscounted value of a European option, by the math module."""
    strike, sign = float(symbol.strike), 1.0 if symbol.right is Right.CALL else -1.0
    s = sigma * math.sqrt(years)
    if s <= 0.0:
        return max(sign * (forward - strike), 0.0)
    near = math.log(forward / strike) / s + 0.5 * s

    def chance(x: float) -> float:
        return 0.5 * math.erfc(-x * math.sqrt(0.5))

    return sign * (forward * chance(sign * near) - strike * chance(sign * (near - s)))


def implied_at(symbol: OptionSymbol, forward: float, years: float, mark: float) -> float:
    """Return the volatility at which an option is worth its mark, by halving."""
    low, high = 1e-6, 5.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (
            (middle, high) if value(symbol, forward, years, middle) < mark else (low, middle)
        )
    return low


def by_hand(holdings: Sequence[Holding], spot: float, factor: float, later: float) -> float:
    """Return the profit of holdings of one underlying when its price and volatility move."""
    total = 0.0
    for each in holdings:
        mark = float(each.position.mark or 0)
        if isinstance(each.symbol, EquitySymbol):
            total += each.shares * mark * (spot - 1.0)
            continue
        forward, years = FORWARD, each.years or 0.0
        sigma = implied_at(each.symbol, forward, years, mark)
        then = value(each.symbol, forward * spot, max(years - later, 0.0), sigma * factor)
        total += each.shares * (then - mark)
    return total


def a_book() -> list[Holding]:
    """Return shares with a call sold against them and a put bought."""
    return [
        a_holding("AAPL", 200, "100"),
        a_holding(CALL, -2, "3.10"),
        a_holding(PUT, 3, "1.15"),
    ]


def test_an_exposure_is_the_greek_times_quantity_times_multiplier() -> None:
    """And delta in dollars is what a program that hedges needs."""
    told = Greeks(
        implied_volatility=0.25, delta=0.4, gamma=0.02, theta=-0.05, vega=0.1, rho=0.0,
        source="model", at=NOON,
    )  # fmt: skip

    option = a_holding(CALL, -3, "3.10", greeks=told).exposure
    share = a_holding("AAPL", 50, "100").exposure

    assert option is not None
    assert option.dollar_delta == pytest.approx(0.4 * -300 * 100)
    assert option.gamma == pytest.approx(0.02 * -300 * 100 * 100 / 100)
    assert (option.theta, option.vega) == pytest.approx((15.0, -30.0))
    assert share == Exposure(dollar_delta=5_000.0, gamma=0.0, theta=0.0, vega=0.0)


@pytest.mark.parametrize("gone", ["delta", "gamma", "theta", "vega"])
def test_without_one_of_its_greeks_an_exposure_is_unknown(gone: str) -> None:
    held = a_holding(CALL, 1, "3.10", greeks=replace(greeks(0.5, 0.25), **{gone: None}))

    assert held.exposure is None


def test_a_sum_over_something_unknown_is_unknown_and_says_how_much_is_known() -> None:
    """A delta that leaves a position out would be hedged as if it were all."""
    rows = [
        risk_of("AAPL", [a_holding("AAPL", 10, "100")], beta=1.5, worst=-10.0),
        risk_of(
            "SPY", [a_holding("SPY261218C00500000", 1, "2", greeks=None)], beta=1.0, worst=None
        ),
        risk_of("ZZZ", [a_holding("ZZZ", 10, "100")], beta=None, worst=-30.0),
    ]

    found = summed(rows)

    assert (found.dollar_delta.amount, found.dollar_delta.known) == (None, 2_000.0)
    assert found.dollar_delta.unknown == 1
    assert (found.beta_delta.amount, found.beta_delta.known) == (None, 1_500.0)
    assert found.beta_delta.unknown == 2


def test_what_a_book_is_worth_now_is_its_marks() -> None:
    """The volatility of each option is the one that its own mark implies."""
    found = priced(a_book())

    now = worth(found.book, Scenarios(spot=np.ones((1, 1)), volatility=np.ones((1, 1))))

    assert float(now[0, 0]) == pytest.approx(200 * 100 - 200 * 3.10 + 300 * 1.15, abs=1e-6)
    assert (found.covered, found.lacking) == (3, {})


def test_a_forward_of_a_chain_read_before_is_carried_to_the_price_of_now() -> None:
    """Chains are up to five minutes old and prices five seconds: a percent is a year's interest."""
    then = a_holding(CALL, 1, "3.10", spot="102", listing_spot=Decimal(100))

    found = priced([then])

    assert found.book.contracts.spot.tolist() == pytest.approx([FORWARD * 1.02])


async def test_a_holding_knows_at_what_price_its_chain_was_read() -> None:
    market = a_market()
    room = MarketRoom(data=market, cache=MemoryCache(market.clock))
    held = [a_position("AAPL261218C00100000", 1, "1.00")]
    await holdings_of(room, held)
    market.spots["AAPL"] = Decimal(104)
    market.clock.step(6.0)

    (found,) = await holdings_of(room, held)

    assert (found.spot, found.listing_spot) == (Decimal(104), Decimal(100))
    assert found.moved == pytest.approx(1.04)


def test_the_feeds_volatility_stands_in_where_the_mark_implies_none() -> None:
    """Deep in the money an American price may be below the European one's least."""
    deep = a_holding("AAPL261218P00150000", 1, "49.00", volatility=0.3)
    bare = a_holding("AAPL261218P00160000", 1, "59.00", volatility=None)

    found = priced([deep, bare])

    assert found.book.volatility.tolist() == [0.3]
    assert found.lacking == {"AAPL261218P00160000": "volatility"}


def test_what_cannot_be_priced_is_named_with_what_it_lacks() -> None:
    holdings = [
        *a_book(),
        a_holding("MSFT261218C00400000", 1, "2.00", spot=None),
        a_holding("AAPL261218C00120000", 1, None, volatility=None),
    ]

    found = priced(holdings)

    assert found.lacking == {
        "MSFT261218C00400000": "price",
        "AAPL261218C00120000": "volatility",
    }
    assert (found.covered, found.underlyings) == (3, ("AAPL",))


def test_every_cell_of_the_stress_grid_is_what_pricing_by_hand_gives() -> None:
    found = stress(priced(a_book()))

    assert found is not None
    for row, spot in zip(found.shown, SPOT_SHOWN, strict=True):
        for profit, volatility in zip(row, VOLATILITY_SHOWN, strict=True):
            assert profit == pytest.approx(
                by_hand(a_book(), 1.0 + spot, 1.0 + volatility, 0.0), abs=1e-5
            )
    assert found.worst.profit == min(cell.profit for cell in found.cells)
    assert found.worst_of == {"AAPL": pytest.approx(found.worst.profit)}
    assert len(found.cells) == 21 * 21


@pytest.mark.parametrize("sessions", [1, 10])
def test_historical_tails_are_those_of_pricing_every_day_by_hand(sessions: int) -> None:
    """By brute force: each run of days, each leg by itself, sorted."""
    past = a_past(3)
    found = measure(a_book(), {"AAPL": past})
    prices, volatilities = [*past.closes.values()], [*past.volatilities.values()]
    later = {1: 1, 10: 14}[sessions] / 365
    losses = sorted(
        (
            -by_hand(
                a_book(),
                prices[n + sessions] / prices[n],
                volatilities[n + sessions] / volatilities[n],
                later,
            )
            for n in range(253 - sessions)
        ),
        reverse=True,
    )

    for percent in (95, 99):
        worst = losses[: math.ceil(len(losses) * (100 - percent) / 100)]
        (told,) = (
            each
            for each in found.tails.tails
            if (each.sessions, each.method, each.percent) == (sessions, "historical", percent)
        )
        assert told.value_at_risk == pytest.approx(worst[-1], abs=1e-4)
        assert told.expected_shortfall == pytest.approx(sum(worst) / len(worst), abs=1e-4)


def test_drawn_tails_of_shares_are_the_normal_distributions() -> None:
    """Without options the answer is known: 1.645 deviations, and 1.96 times √10 on ten days."""
    past = a_past(3)
    deviation = math.sqrt(252 / 251) * math.dist(
        (moves := [row[0] for row in moves_of({"AAPL": past}).rows]),
        [sum(moves) / 252] * 252,
    ) / math.sqrt(252)  # fmt: skip

    found = measure([a_holding("AAPL", 100, "100")], {"AAPL": past})

    drawn = {
        (each.sessions, each.percent): each.value_at_risk
        for each in found.tails.tails
        if each.method is Method.MONTE_CARLO
    }
    for sessions in (1, 10):
        falls = 1.0 - math.exp(-1.645 * deviation * math.sqrt(sessions))
        assert drawn[sessions, 95] == pytest.approx(10_000 * falls, rel=0.04)


def test_tails_are_unknown_without_a_past_and_say_whose_is_missing() -> None:
    """Two months of prices say nothing about one day in a hundred."""
    short = Past(closes=dict.fromkeys(DAYS[-60:], 100.0), volatilities={})
    holdings = [*a_book(), a_holding("MSFT", 10, "100")]

    found = measure(holdings, {"AAPL": a_past(3), "MSFT": short})
    nothing = measure(a_book(), {"AAPL": short})

    assert found.tails_lacking == {"MSFT": "history"}
    assert found.lacking == {}
    assert all(each.value_at_risk is not None for each in found.tails.tails)
    assert all(each.value_at_risk is None for each in nothing.tails.tails)
    assert nothing.tails.drawdown is None
    assert nothing.stress is not None


def test_an_account_that_holds_nothing_has_no_figures() -> None:
    found = measure([], {})

    assert found.stress is None
    assert {each.expected_shortfall for each in found.tails.tails} == {None}


def test_moves_are_those_of_the_sessions_that_all_have_closes_of() -> None:
    whole, gap = a_past(1), a_past(2)
    gap = replace(gap, closes={day: close for day, close in gap.closes.items() if day != DAYS[50]})

    found = moves_of({"AAPL": whole, "MSFT": gap})

    assert len(found.rows) == 251
    prices = [whole.closes[day] for day in (DAYS[49], DAYS[51])]
    assert found.rows[49][0] == pytest.approx(math.log(prices[1] / prices[0]))
    assert found.until == DAYS[-1]


def test_a_volatility_that_is_known_too_seldom_is_held_still_and_named() -> None:
    often = a_past(1)
    once = replace(
        often, volatilities={d: v for d, v in often.volatilities.items() if d != DAYS[9]}
    )
    seldom = replace(often, volatilities=dict.fromkeys(DAYS[:100], 0.2))

    found = moves_of({"A": often, "B": once, "C": seldom})

    assert found.held_still == ("C",)
    assert {row[5] for row in found.rows} == {0.0}
    assert found.rows[8][4] == 0.0
    assert found.rows[9][4] == pytest.approx(found.rows[8][3] + found.rows[9][3])


@given(slope=st.floats(-3.0, 3.0))
def test_a_beta_is_the_slope_on_the_benchmark(slope: float) -> None:
    benchmark = a_past(5)
    closes = {day: 50.0 * (close / 100.0) ** slope for day, close in benchmark.closes.items()}

    assert beta(Past(closes=closes, volatilities={}), benchmark) == pytest.approx(slope, abs=1e-9)


def test_a_beta_needs_sixty_days_and_a_benchmark_that_moves() -> None:
    moving = a_past(5)
    still = Past(closes=dict.fromkeys(DAYS, 100.0), volatilities={})
    short = Past(closes=dict([*moving.closes.items()][-60:]), volatilities={})

    assert beta(short, moving) is None
    assert beta(moving, still) is None


def test_the_concentration_is_that_of_what_each_loses_by_itself() -> None:
    held = {name: [a_holding(name, 1, "100")] for name in ("A", "B", "C", "D")}
    worst = {"A": -60.0, "B": -20.0, "C": 5.0, "D": None}
    rows = [risk_of(name, held[name], beta=None, worst=worst[name]) for name in held]

    found = concentration(rows)

    assert found is not None
    assert (found.largest, found.share, found.of) == ("A", 0.75, 3)
    assert found.effective == pytest.approx(1 / (0.75**2 + 0.25**2))
    assert concentration(rows[2:]) is None


def test_expirations_ahead_count_what_would_be_assigned() -> None:
    holdings = [
        a_holding("AAPL261218C00095000", -2, "6"),
        a_holding("AAPL261218C00105000", -1, "1"),
        a_holding("AAPL261218P00095000", 4, "1"),
        a_holding("AAPL261204P00105000", -1, "6", spot=None),
        a_holding("AAPL", 100, "100"),
    ]

    first, second = endings(holdings)

    assert (first.day, first.short, first.short_in_the_money) == (date(2026, 12, 4), 1, None)
    assert (second.long, second.short, second.short_in_the_money) == (4, 3, 2)


def a_market() -> ScriptedMarket:
    """Return a market that knows AAPL and SPY, chains and closes and what is ahead."""
    strikes = range(80, 125, 5)
    day = date(2026, 12, 18)
    return ScriptedMarket(
        spots={"AAPL": Decimal(100), "SPY": Decimal(500)},
        listed={"AAPL": (an_expiration(day, strikes, today=TODAY),)},
        daily={name: bars(a_past(seed)) for name, seed in (("AAPL", 3), ("SPY", 5))},
        implied={"AAPL": implied_of(a_past(3))},
        scheduled={
            "AAPL": (
                Dividend(
                    underlying="AAPL", day=date(2026, 12, 1), pay_day=day, amount=Decimal("0.26")
                ),
            )
        },
    )


def bars(past: Past) -> tuple[Bar, ...]:
    """Return the past as a market tells it."""
    return tuple(
        Bar(at=session.opens_at, open=price, high=price, low=price, close=price)
        for session in sessions_between(DAYS[0], DAYS[-1])
        if (price := Decimal(str(past.closes[session.day])))
    )


def implied_of(past: Past) -> ImpliedHistory:
    return ImpliedHistory(
        closes=tuple(ImpliedClose(day=d, volatility=v) for d, v in past.volatilities.items())
    )


async def risk_of_account(
    *held: Position,
    market: ScriptedMarket | None = None,
    worths: tuple[NetWorth, ...] | None = (),
) -> PortfolioRisk:
    """Return the risk of an account that holds these; `worths` is its past, None for a fault."""
    keeper = ScriptedKeeper(holdings={"ID-main": held}, worths=worths)
    told = market or a_market()
    books = Books(broker=keeper, cache=MemoryCache(keeper.clock))
    room = MarketRoom(data=told, cache=MemoryCache(told.clock))
    return await portfolio_risk(books, room, "main")


async def test_the_risk_of_an_account_is_that_of_what_it_holds() -> None:
    positions = a_position("AAPL", 100, "100"), a_position(CALL, -1, "3.10")
    found = await risk_of_account(*positions)
    market = a_market()
    _, call = await read_holdings(
        MarketRoom(data=market, cache=MemoryCache(market.clock)), positions
    )

    (row,) = found.rows
    assert call.greeks is not None
    assert call.greeks.source == "american"
    assert call.exposure is not None
    assert (row.underlying, row.positions, row.spot) == ("AAPL", 2, Decimal(100))
    assert row.exposure is not None
    assert row.exposure.dollar_delta == pytest.approx(100 * 100 + call.exposure.dollar_delta)
    assert row.beta_delta == pytest.approx(row.exposure.dollar_delta * (row.beta or 0))
    assert row.worst == pytest.approx(found.measured.stress and found.measured.stress.worst.profit)
    assert found.exposures.dollar_delta.amount == row.exposure.dollar_delta
    assert found.measured.lacking == {}
    assert [event.day for event in found.events] == [date(2026, 12, 1)]
    assert [each.day for each in found.endings] == [date(2026, 12, 18)]


async def test_the_account_s_own_past_is_told_and_its_lack_breaks_nothing() -> None:
    """What today's positions would have lost says nothing of what the account did lose."""
    worths = tuple(
        NetWorth(at=NOON - timedelta(days=5 - n), amount=Decimal(amount))
        for n, amount in enumerate((100, 120, 90))
    )
    told = await risk_of_account(a_position("AAPL", 100, "100"), worths=worths)
    silent = await risk_of_account(a_position("AAPL", 100, "100"), worths=None)

    assert told.own_fall is not None
    assert (told.own_fall.usd, told.own_fall.share) == (30, Decimal("0.25"))
    assert silent.own_fall is None
    assert silent.balances == told.balances


async def test_what_nobody_lists_any_more_is_named_and_breaks_nothing() -> None:
    """A contract of a company that is gone is still held."""
    ended = "GONE261218C00010000"
    found = await risk_of_account(
        a_position("AAPL", 100, "100"), a_position("GONE", 5, "1"), a_position(ended, 1, "2")
    )

    known, gone = found.rows
    assert known.worst is not None
    assert (gone.spot, gone.beta, gone.exposure, gone.worst) == (None, None, None, None)
    assert gone.value == 205
    assert found.exposures.dollar_delta.amount is None
    assert found.exposures.dollar_delta.known == 10_000.0
    assert found.measured.lacking == {"GONE": "price", ended: "price"}


@dataclass(slots=True)
class Strict(ScriptedMarket):
    """Refuses whatever is asked about what it does not list, as a broker may."""

    async def events(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> tuple[MarketEvent, ...]:
        if underlying.ticker not in self.spots:
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=underlying.ticker)
        return ()

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=symbol.compact)


async def test_a_broker_that_refuses_what_is_gone_costs_only_that() -> None:
    strict = Strict(spots={"AAPL": Decimal(100)})

    found = await risk_of_account(
        a_position("AAPL", 1, "100"), a_position("GONE", 5, "1"), market=strict
    )

    assert found.events == ()
    assert found.measured.tails_lacking == {"AAPL": "history", "GONE": "history"}
    assert found.exposures.dollar_delta.known == 100.0


async def test_where_call_and_put_are_not_both_quoted_the_spot_stands_for_the_forward() -> None:
    market = a_market()
    market.unquoted = {parse_symbol("AAPL261218P00100000")}

    found = await risk_of_account(a_position(CALL, 1, "3.10"), market=market)

    assert found.measured.lacking == {}
    assert found.measured.stress is not None


async def test_the_volatility_of_an_underlying_without_a_history_of_it_is_held_still() -> None:
    found = await risk_of_account(
        a_position("SPY", 10, "500"), market=replace(a_market(), implied={})
    )

    assert found.measured.moves.held_still == ("SPY",)
    assert found.rows[0].beta == 1.0


def test_holdings_are_grouped_by_the_underlying_that_they_follow() -> None:
    holdings = [a_holding("SPXW261218C05000000", 1, "2"), a_holding("AAPL", 1, "100")]

    grouped: Mapping[str, Sequence[Holding]] = by_underlying(holdings)

    assert [*grouped] == ["AAPL", "SPX"]


async def test_a_contract_past_its_end_is_worth_what_it_would_bring() -> None:
    """Until the book is settled it is still held, and no volatility matters."""
    over = a_holding("AAPL261120C00090000", 1, "10", years=0.0, volatility=None)

    found = stress(priced([over]))

    assert found is not None
    assert found.worst.profit == pytest.approx(-1_000.0)
