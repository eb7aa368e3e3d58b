"""American legs: what a chain of true American prices tells is found again in it."""

from math import exp

import numpy as np
import pytest

from strikedesk.quant import black_scholes, cash_dividends
from strikedesk.quant.cash_dividends import CashDividends
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.implied_vol import implied_volatility
from strikedesk.quant.parity import implied_carry
from strikedesk.quant.strategies.carries import carry
from strikedesk.quant.strategies.early import Early, early, exposure
from strikedesk.quant.strategies.legs import Kind, Leg

SPOT, RATE, SIGMA = 100.0, 0.045, 0.25
NONE = CashDividends.of([], [])
STRIKES = np.arange(80.0, 121.0, 2.5)
LEGS = (
    (Kind.CALL, 85.0),
    (Kind.CALL, 100.0),
    (Kind.PUT, 95.0),
    (Kind.PUT, 105.0),
    (Kind.PUT, 110.0),
)


def contracts(years: float, strike: object, is_call: object, rate: float = RATE) -> Contracts:
    return Contracts.of(spot=SPOT, strike=strike, years=years, rate=rate, is_call=is_call)  # pyright: ignore[reportArgumentType] -- arrays of all kinds


def seen(years: float, dividends: CashDividends) -> tuple[Early, np.ndarray, np.ndarray]:
    """Return the legs of a chain of American prices, their European volatilities and prices."""
    calls, puts = (
        cash_dividends.price(contracts(years, STRIKES, right), dividends, SIGMA)
        for right in (True, False)
    )
    told = implied_carry(
        spot=SPOT, strike=STRIKES, call=calls, put=puts, years=years, rate=0.0
    ).forward
    at = [int(np.flatnonzero(strike == STRIKES)[0]) for _, strike in LEGS]
    prices = np.array(
        [(calls if kind is Kind.CALL else puts)[n] for (kind, _), n in zip(LEGS, at, strict=True)]
    )
    plain = Contracts.of(
        spot=told,
        strike=[strike for _, strike in LEGS],
        years=years,
        rate=0.0,
        is_call=[kind is Kind.CALL for kind, _ in LEGS],
    )
    european = implied_volatility(plain, prices).volatility
    legs = [Leg(kind=kind, quantity=1, strike=strike, years=years) for kind, strike in LEGS]
    found = early(
        legs,
        spot=SPOT,
        forward=[told] * len(legs),
        price=prices,
        volatility=np.where(np.isnan(european), SIGMA, european),
        dividends=dividends,
    )
    return found, european, prices


@pytest.mark.parametrize(
    ("years", "dividends"),
    [
        (0.25, NONE),
        (0.25, CashDividends.of([0.2], [1.0])),
        (1.0, CashDividends.of([0.1, 0.35, 0.6, 0.85], [0.5] * 4)),
    ],
)
def test_the_volatility_that_made_a_chain_is_found_in_it(
    years: float, dividends: CashDividends
) -> None:
    """Within a third of a point, where a European reading is up to four points off."""
    found, european, _ = seen(years, dividends)

    missed = np.abs(found.volatility - SIGMA)
    assert missed.max() < 0.0035
    assert missed.max() < 0.3 * np.nanmax(np.abs(european - SIGMA))
    assert found.rate == pytest.approx(RATE, abs=0.0015)
    true = cash_dividends.greeks(
        contracts(years, [s for _, s in LEGS], [k is Kind.CALL for k, _ in LEGS]), dividends, SIGMA
    )
    assert found.delta == pytest.approx(true.delta, abs=0.01)
    assert found.vega == pytest.approx(true.vega, abs=0.01)


@pytest.mark.parametrize("years", [0.05, 0.25, 1.0, 2.5])
@pytest.mark.parametrize("paid", [(), (0.4,), (0.1, 0.35, 0.6, 0.85)])
def test_the_volatility_has_the_price_at_the_carry(years: float, paid: tuple[float, ...]) -> None:
    """Whether it is a formula's, a step's or a search's: to three hundredths of a point."""
    dividends = CashDividends.of(years * np.array(paid), [0.8] * len(paid))

    found, european, prices = seen(years, dividends)

    there = contracts(
        years, [s for _, s in LEGS], [k is Kind.CALL for k, _ in LEGS], float(found.rate[0])
    )
    back = cash_dividends.price(there, dividends, found.volatility)
    stands_in = (found.volatility == european) | np.isnan(european)
    assert stands_in.sum() <= 2
    missed = (back - prices)[~stands_in] / found.vega[~stands_in]
    assert np.abs(missed).max() < 0.03


def test_a_carry_is_told_in_basis_points() -> None:
    """So that a forward which moves with every tick finds the tables of early exercise made."""
    legs = [Leg(kind=Kind.PUT, quantity=1, strike=95.0, years=0.5)]
    rates = {
        float(
            early(
                legs,
                spot=SPOT,
                forward=[SPOT * exp(0.02) + cent],
                price=[4.0],
                volatility=[0.3],
                dividends=NONE,
            ).rate[0]
        )
        for cent in (0.0, 0.0005, 0.001)
    }

    assert len(rates) == 1
    assert round(10_000 * min(rates), 6).is_integer()


def test_a_carry_is_what_the_forward_tells_beyond_the_dividends() -> None:
    """By hand: a dollar in a tenth of a year, at four percent, for a year."""
    paid = CashDividends.of([0.1, 2.0], [1.0, 5.0])
    forward = (100.0 - exp(-0.004)) * exp(0.04)

    assert carry(spot=100.0, forward=forward, years=1.0, dividends=paid) == pytest.approx(0.04)
    assert carry(spot=100.0, forward=100.0 * exp(-0.02), years=1.0, dividends=NONE) == (
        pytest.approx(-0.02)
    )


def test_a_carry_is_bounded_and_unknown_where_dividends_are_worth_the_share() -> None:
    """In the last hour a cent of the quotes would be a rate of hundreds of percent."""
    assert carry(spot=100.0, forward=101.0, years=1e-4, dividends=NONE) == 0.25
    whole = CashDividends.of([0.1], [120.0])
    assert np.isnan(carry(spot=100.0, forward=90.0, years=1.0, dividends=whole))


def test_a_negative_carry_is_a_yield_for_which_calls_are_exercised() -> None:
    """Dividends that nobody announced, or a fee to borrow the share."""
    leg = Leg(kind=Kind.CALL, quantity=1, strike=60.0, years=1.0)
    price = 41.0  # Exercise brings 40: a European call of this carry would be worth less.

    found = early(
        [leg],
        spot=SPOT,
        forward=[SPOT * exp(-0.08)],
        price=[price],
        volatility=[0.3],
        dividends=NONE,
    )

    assert found.rate[0] == 0.0
    plain = Contracts.of(
        spot=SPOT, strike=60.0, years=1.0, rate=0.0, dividend_yield=0.08, is_call=True
    )
    assert float(black_scholes.price(plain, float(found.volatility[0]))) < price - 1.0


def test_where_exercise_is_due_the_usual_figures_stand_in() -> None:
    """A price that exercise would bring has no volatility."""
    due = Leg(kind=Kind.PUT, quantity=-2, strike=140.0, years=0.5)
    shares = Leg(kind=Kind.SHARE, quantity=-100)

    found = early(
        [due, shares],
        spot=SPOT,
        forward=[SPOT * exp(0.0225), SPOT],
        price=[40.0, SPOT],
        volatility=[0.4, np.nan],
        dividends=NONE,
    )

    usual = Contracts.of(spot=SPOT * exp(0.0225), strike=140.0, years=0.5, rate=0.0, is_call=False)
    at = black_scholes.greeks(usual, 0.4)
    assert found.volatility[0] == 0.4
    assert found.delta[0] == pytest.approx(float(at.delta))
    assert np.isnan([found.volatility[1], found.delta[1], found.rate[1]]).all()
    both = exposure([due, shares], found, rho=1.5)
    assert both.delta == pytest.approx(-200.0 * float(at.delta) - 100.0)
    assert (both.vega, both.rho) == (pytest.approx(-200.0 * float(at.vega)), 1.5)
