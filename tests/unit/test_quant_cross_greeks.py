"""Vanna, charm and options on futures, against exact differences, textbooks and QuantLib."""

from dataclasses import replace

import numpy as np
import pytest

from strikedesk.quant import black_76, black_scholes
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.cross_greeks import cross_greeks
from strikedesk.quant.implied_vol import implied_volatility
from tests import oracles, quantlib
from tests.oracles import Case


def grid(*, days: tuple[int, ...] = (1, 91, 1825)) -> list[Case]:
    """Return cases from a day to five years, quiet to wild, far in and out, rates of both signs."""
    return [
        Case(
            strike=float(100.0 * np.exp(deviations * volatility * np.sqrt(count / 365))),
            years=count / 365,
            volatility=volatility,
            rate=rate,
            is_call=is_call,
        )
        for count in days
        for volatility in (0.05, 0.3, 1.5)
        for deviations in (-6.0, -1.0, 0.0, 0.4, 3.0)
        for rate in (-0.01, 0.0, 0.05)
        for is_call in (True, False)
    ]


def test_vanna_and_charm_are_the_mixed_differences_of_exact_values() -> None:
    """Each is the derivative it says it is, in the unit it says."""
    cases = grid()
    found = cross_greeks(*oracles.contracts(cases))

    vanna = [oracles.mixed_difference(case, "spot", "volatility") / 100 for case in cases]
    charm = [-oracles.mixed_difference(case, "spot", "years") / 365 for case in cases]
    np.testing.assert_allclose(found.vanna, vanna, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(found.charm, charm, rtol=1e-10, atol=1e-14)


def test_textbook_vanna_and_charm_are_reproduced() -> None:
    """Source: Haug, chapter 2: a put's vanna per 1 of volatility, a futures put's charm a year."""
    stock = Contracts.of(spot=90, strike=80, years=0.25, rate=0.05, is_call=False)
    future = black_76.on_futures(future=105, strike=90, years=0.25, rate=0.14, is_call=False)

    assert f"{cross_greeks(stock, 0.2).vanna * 100:.4f}" == "-1.0008"
    assert f"{cross_greeks(future, 0.24).charm * 365:.4f}" == "0.3700"


@pytest.mark.parametrize(("years", "volatility"), [(0.0, 0.3), (0.5, 0.0), (0.0, 0.0)])
def test_without_time_or_volatility_delta_moves_with_its_yield_alone(
    years: float, volatility: float
) -> None:
    """A share held through a call that is sure to be exercised pays its yield, and no more."""
    calls = Contracts.of(
        spot=100.0,
        strike=[90.0, 110.0],
        years=years,
        rate=0.0,
        dividend_yield=0.02,
        is_call=True,
    )

    found = cross_greeks(calls, volatility)

    held = 0.02 * np.exp(-0.02 * years) / 365
    np.testing.assert_array_equal(found.vanna, [0.0, 0.0])
    np.testing.assert_allclose(found.charm, [held, 0.0], rtol=1e-14)


def test_what_has_no_delta_has_no_cross_greeks_either() -> None:
    """The corner at expiration, and a row of nonsense."""
    nothing = Contracts.of(
        spot=[100.0, -1.0], strike=100.0, years=[0.0, 0.5], rate=0.04, is_call=True
    )
    found = cross_greeks(nothing, 0.3)

    assert np.isnan([found.vanna, found.charm]).all()


def test_cross_greeks_have_the_shape_of_the_contracts() -> None:
    chain = Contracts.of(
        spot=100.0, strike=[[90.0], [110.0]], years=0.5, rate=0.04, is_call=[True, False, True]
    )

    assert cross_greeks(chain, 0.3).vanna.shape == cross_greeks(chain, 0.3).charm.shape == (2, 3)


def test_an_option_on_a_future_is_worth_what_the_textbook_says() -> None:
    """Sources: Haug, chapter 1 (19, 1.7011); Hull, chapter 18 (a put on crude oil, 1.12)."""
    gas = black_76.on_futures(future=19, strike=19, years=0.75, rate=0.1, is_call=True)
    oil = black_76.on_futures(future=20, strike=20, years=4 / 12, rate=0.09, is_call=False)

    assert f"{black_scholes.price(gas, 0.28):.4f}" == "1.7011"
    assert f"{black_scholes.price(oil, 0.25):.2f}" == "1.12"
    assert implied_volatility(oil, black_scholes.price(oil, 0.25)).volatility == pytest.approx(0.25)


def test_the_rate_only_discounts_what_is_written_on_a_future() -> None:
    """A future's price holds still when the rate moves; a share's forward would not."""
    future = {"future": 105.0, "strike": [90.0, 120.0], "years": 0.5, "is_call": True}
    here, more = (
        black_scholes.price(black_76.on_futures(**future, rate=rate), 0.36)
        for rate in (0.1, 0.1 + 1e-7)
    )

    found = black_76.greeks(black_76.on_futures(**future, rate=0.1), 0.36)

    np.testing.assert_allclose(found.rho, (more - here) / 1e-7 / 100, rtol=1e-5)


def test_another_house_s_code_finds_the_same_values_and_sensitivities() -> None:
    """QuantLib's closed form; it counts theta a year, vega and rho per 1."""
    cases = [replace(case, dividend_yield=0.03) for case in grid(days=(1, 91))]
    columns, volatility = oracles.contracts(cases)
    at = black_scholes.greeks(columns, volatility)

    found = [
        black_scholes.price(columns, volatility),
        at.delta,
        at.gamma,
        at.theta * 365,
        at.vega * 100,
        at.rho * 100,
    ]

    expected = np.array([quantlib.european(case) for case in cases]).T
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
