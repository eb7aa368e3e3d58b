"""A book in many scenarios: every value is the one that pricing each leg by itself gives."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.quant import cash_dividends
from strikedesk.quant import contracts as contracts_module
from strikedesk.quant.black_scholes import price
from strikedesk.quant.cash_dividends import CashDividends
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray, ndtr
from strikedesk.quant.normal_table import ndtr_near
from strikedesk.quant.revaluation import Book, Scenarios, worth
from strikedesk.quant.scenarios import grid

BESIDE_A_SPOT = 4e-12


def a_book(seed: int = 1, legs: int = 40, underlyings: int = 3) -> Book:
    """Return options of several underlyings, long and short, and shares of each."""
    rng = np.random.default_rng(seed)
    which = rng.integers(0, underlyings, legs)
    spot = rng.uniform(20.0, 500.0, underlyings)
    return Book(
        spot=spot,
        shares=rng.integers(-300, 300, underlyings).astype(np.float64),
        contracts=Contracts.of(
            spot=spot[which] * rng.uniform(0.98, 1.03, legs),
            strike=spot[which] * np.exp(rng.normal(0.0, 0.3, legs)),
            years=rng.uniform(0.0, 2.0, legs),
            rate=rng.uniform(-0.01, 0.08, legs),
            dividend_yield=rng.uniform(0.0, 0.04, legs),
            is_call=rng.random(legs) < 0.5,
        ),
        volatility=rng.uniform(0.05, 1.5, legs),
        shares_each=100.0 * rng.integers(-5, 6, legs).astype(np.float64),
        underlying=which,
    )


def some_scenarios(seed: int = 2, count: int = 50, underlyings: int = 3) -> Scenarios:
    """Return moves from nothing to a crash, a day later."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0, 0.1, (2, underlyings, count))
    moves[:, :, 0] = 0.0
    return Scenarios(spot=np.exp(moves[0]), volatility=np.exp(2.0 * moves[1]), later=1 / 365)


def one_by_one(book: Book, scenarios: Scenarios) -> FloatArray:
    """Price each leg in each scenario by the kernel that 80-digit arithmetic vouches for."""
    total = (book.shares * book.spot)[:, None] * scenarios.spot
    legs = book.contracts
    for leg, row in enumerate(book.underlying):
        for column in range(scenarios.spot.shape[1]):
            contract = Contracts.of(
                spot=legs.spot[leg] * scenarios.spot[row, column],
                strike=legs.strike[leg],
                years=max(legs.years[leg] - scenarios.later, 0.0),
                rate=legs.rate[leg],
                dividend_yield=legs.dividend_yield[leg],
                is_call=legs.is_call[leg],
            )
            sigma = book.volatility[leg] * scenarios.volatility[row, column]
            total[row, column] += book.shares_each[leg] * float(price(contract, sigma))
    return total


def allowed(book: Book) -> FloatArray:
    """Return the error that is allowed of each underlying, USD."""
    held = np.abs(book.shares_each * book.contracts.spot)
    total = np.bincount(book.underlying, held, book.spot.size).astype(np.float64)
    return BESIDE_A_SPOT * (1.0 + total)


def test_every_scenario_is_worth_what_pricing_each_leg_by_itself_gives() -> None:
    book, scenarios = a_book(), some_scenarios()

    errors = np.abs(worth(book, scenarios) - one_by_one(book, scenarios))

    assert (errors.max(axis=1) < 10.0 * allowed(book)).all()


def test_tiles_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a block ends is no property of a portfolio."""
    book, scenarios = a_book(), some_scenarios()
    whole = worth(book, scenarios)
    for block in (1, 7, 50, 99, 128):
        monkeypatch.setattr("strikedesk.quant.revaluation.BLOCK", block)

        np.testing.assert_allclose(worth(book, scenarios), whole, rtol=1e-12, atol=1e-6)
    assert contracts_module.BLOCK > 128


def test_what_has_ended_by_then_is_worth_its_intrinsic_value_at_the_scenarios_spot() -> None:
    """Ten days later an option of this week has been settled."""
    book = Book(
        spot=np.array([100.0]),
        shares=np.array([0.0]),
        contracts=Contracts.of(
            spot=100.0, strike=[95.0, 105.0], years=0.01, rate=0.05, is_call=[True, False]
        ),
        volatility=np.array([0.4, 0.4]),
        shares_each=np.array([100.0, -200.0]),
        underlying=np.array([0, 0]),
    )
    spot = np.array([[0.8, 0.95, 1.0, 1.05, 1.2]])

    found = worth(book, Scenarios(spot=spot, volatility=np.ones_like(spot), later=0.02))

    at = 100.0 * spot
    expected = 100.0 * np.maximum(at - 95.0, 0.0) - 200.0 * np.maximum(105.0 - at, 0.0)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_book_without_options_is_its_shares() -> None:
    nothing = np.empty(0)
    book = Book(
        spot=np.array([10.0, 20.0]),
        shares=np.array([100.0, -50.0]),
        contracts=Contracts.of(
            spot=nothing, strike=nothing, years=nothing, rate=0.0, is_call=nothing.astype(bool)
        ),
        volatility=nothing,
        shares_each=nothing,
        underlying=nothing.astype(np.intp),
    )
    factors = np.array([[1.0, 1.1], [1.0, 0.5]])

    found = worth(book, Scenarios(spot=factors, volatility=np.ones_like(factors)))

    np.testing.assert_allclose(found, [[1_000.0, 1_100.0], [-1_000.0, -500.0]])


def test_a_leg_that_makes_no_sense_leaves_its_underlying_without_a_value() -> None:
    """A number there would be one that nobody computed; the other underlyings keep theirs."""
    book = a_book(legs=3)
    book.underlying[:] = [0, 1, 2]
    book.volatility[1] = math.nan

    found = worth(book, some_scenarios())

    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2]]).all()


def test_scenarios_of_other_underlyings_are_refused() -> None:
    with pytest.raises(ValueError, match="other underlyings"):
        worth(a_book(), some_scenarios(underlyings=2))
    with pytest.raises(ValueError, match="one shape"):
        Scenarios(spot=np.ones((2, 3)), volatility=np.ones((2, 4)))


@given(st.lists(st.floats(-50.0, 50.0), min_size=1, max_size=20))
def test_the_tabled_distribution_is_the_distribution(points: list[float]) -> None:
    x = np.array(points)

    assert np.abs(ndtr_near(x.copy()) - ndtr(x)).max() < 1e-12


def test_the_tabled_distribution_takes_what_is_no_number_for_none() -> None:
    found = ndtr_near(np.array([math.nan, math.inf, -math.inf]))

    assert math.isnan(found[0])
    assert found[1:].tolist() == pytest.approx([1.0, 0.0], abs=1e-12)


def test_what_may_be_exercised_is_never_worth_less_than_that_brings() -> None:
    """Bought or sold, a put or a call; above it, the formula's value and the premium of now."""
    book, scenarios = a_book(), some_scenarios()
    premium = np.where(np.arange(len(book.contracts)) % 2 == 0, 0.5, np.nan)

    found = worth(replace(book, premium=premium), scenarios)

    more = np.zeros_like(found)
    legs = book.contracts
    for leg in np.flatnonzero(~np.isnan(premium)).tolist():
        row = int(book.underlying[leg])
        alone = replace(
            book,
            shares=np.zeros_like(book.shares),
            contracts=legs.part(slice(leg, leg + 1)),
            volatility=book.volatility[leg : leg + 1],
            shares_each=np.ones(1),
            underlying=book.underlying[leg : leg + 1],
        )
        value = worth(alone, scenarios)[row]
        side = 1.0 if legs.is_call[leg] else -1.0
        brings = side * (book.spot[row] * scenarios.spot[row] - legs.strike[leg])
        more[row] += book.shares_each[leg] * (np.maximum(value + 0.5, brings) - value)
    assert np.abs(more).max() > 100.0
    assert found == pytest.approx(worth(book, scenarios) + more, rel=1e-9, abs=1e-6)


def test_a_grid_of_american_options_is_near_that_of_full_repricing() -> None:
    """Within a fifth of the error of Europeans at the volatility that today's price implies."""
    years, sigma, held = 0.5, 0.25, np.array([3.0, -2.0, 4.0, -1.0, 2.0])
    paid = CashDividends.of([0.1, 0.35], [0.5, 0.5])
    strikes, calls = np.array([85.0, 100.0, 120.0, 105.0, 90.0]), np.arange(5) % 2 == 1
    spots, factors = np.linspace(0.75, 1.25, 11), np.array([0.5, 1.0, 1.5])
    scenarios = grid(1, spots.tolist(), factors.tolist())

    def true(spot: float, factor: float) -> float:
        some = Contracts.of(spot=spot, strike=strikes, years=years, rate=0.045, is_call=calls)
        return float(held @ cash_dividends.price(some, paid, sigma * factor))

    now = Contracts.of(
        spot=100.0 - paid.worth(0.045), strike=strikes, years=years, rate=0.045, is_call=calls
    )
    whole = replace(now, spot=now.spot + paid.worth(0.045))
    mark = cash_dividends.price(whole, paid, sigma)
    book = Book.of(
        now,
        spot=[100.0],
        shares=[0.0],
        volatility=[sigma] * 5,
        shares_each=held,
        underlying=[0] * 5,
        premium=mark - price(now, sigma),
    )
    exact = np.array([[true(100.0 * s, v) for v in factors.tolist()] for s in spots.tolist()])

    found = worth(book, scenarios).reshape(exact.shape)

    assert found[5, 1] == pytest.approx(exact[5, 1])
    moved = exact - exact[5, 1]
    assert np.abs(found - exact).max() < 0.03 * np.abs(moved).max()
