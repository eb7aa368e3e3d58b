"""Implied volatility: the last digits where an answer exists, and a reason where none does."""

from dataclasses import replace
from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from strikedesk.quant import implied_vol as implied_vol_module
from strikedesk.quant.black_scholes import GreekArrays, greeks, price
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.implied_vol import NoVolatility, implied_greeks, implied_volatility
from strikedesk.quant.normal import FloatArray
from tests import oracles
from tests.oracles import Case

TOTAL_VOLATILITIES = (0.001, 0.003, 0.01, 0.05, 0.2, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
RATES = st.floats(-0.05, 0.2)


def rows(at: GreekArrays) -> FloatArray:
    """Stack the five Greeks."""
    return np.array([at.delta, at.gamma, at.theta, at.vega, at.rho])


def wings() -> list[Case]:
    """Return options at the money and out of it, to ten deviations, of every total volatility."""
    return [
        Case(
            strike=100.0 * exp(deviations * s),
            years=1.0,
            rate=0.0,
            dividend_yield=0.0,
            volatility=s,
            is_call=deviations >= 0.0,
        )
        for s in TOTAL_VOLATILITIES
        for deviations in (-10.0, -7.5, -5.0, -2.5, -1.0, -0.1, 0.0, 0.3, 1.0, 3.0, 6.0, 8.0, 10.0)
    ]


def quotable_chain() -> list[Case]:
    """Return an index's chain, a day to ten years, in and out of the money, rates of both signs.

    What is worth less than half a cent beyond its intrinsic value is left out, since no quote shows
    it, and so is a strike of 50 spots, beside which half a cent is near the rounding of a float.
    """
    listed = [
        Case(
            spot=5000.0,
            strike=float(round(5000.0 * exp(deviations * volatility * sqrt(years)))),
            years=years,
            rate=rate,
            dividend_yield=0.013,
            volatility=volatility,
            is_call=is_call,
        )
        for years in (1 / 365, 7 / 365, 45 / 365, 1.0, 10.0)
        for deviations in (-4.0, -2.0, -0.7, 0.0, 0.4, 1.5, 3.0, 4.0)
        for volatility in (0.08, 0.25, 0.9)
        for rate in (-0.005, 0.0, 0.045)
        for is_call in (True, False)
    ]
    return [
        case for case in listed if 5.0 <= case.strike <= 250_000.0 and time_value(case) >= 0.005
    ]


def time_value(case: Case) -> float:
    """Return what a case is worth beyond its discounted intrinsic value, USD."""
    other = replace(case, is_call=not case.is_call)
    return min(float(oracles.price(case)), float(oracles.price(other)))


def test_the_wings_are_solved_to_the_last_digits_whatever_the_volatility() -> None:
    """From a quiet hour to six standard deviations of total volatility, and ten away.

    The truth is the volatility of the float that was given as the price, so that the error is the
    solver's own.
    """
    cases = wings()
    quotes = [float(oracles.price(case)) for case in cases]

    found = implied_volatility(oracles.contracts(cases)[0], quotes)

    errors = [
        oracles.relative_error(volatility, oracles.exact_volatility(case, quote))
        for case, quote, volatility in zip(cases, quotes, found.volatility.tolist(), strict=True)
    ]
    assert found.reason.tolist() == [NoVolatility.NONE] * len(cases)
    assert max(errors) < 1e-12


def test_every_quotable_contract_of_a_chain_is_solved_to_eleven_digits() -> None:
    """In the money too, where the time value is the small difference of large prices."""
    cases = quotable_chain()
    quotes = [float(oracles.price(case)) for case in cases]

    found = implied_volatility(oracles.contracts(cases)[0], quotes)

    errors = [
        oracles.relative_error(volatility, oracles.exact_volatility(case, quote))
        for case, quote, volatility in zip(cases, quotes, found.volatility.tolist(), strict=True)
    ]
    assert len(cases) > 500
    assert found.reason.tolist() == [NoVolatility.NONE] * len(cases)
    assert max(errors) < 1e-11


def test_a_textbook_implied_volatility_is_reproduced() -> None:
    """Source: J. C. Hull, Options, Futures, and Other Derivatives, chapter 15: 23.5 % a year."""
    call = Contracts.of(spot=21, strike=20, years=0.25, rate=0.1, is_call=True)

    assert f"{implied_volatility(call, 1.875).volatility:.3f}" == "0.235"


@given(
    case=st.builds(
        Case,
        spot=st.floats(0.5, 5000.0),
        strike=st.floats(0.5, 5000.0),
        years=st.floats(0.0005, 10.0),
        rate=RATES,
        dividend_yield=RATES,
        volatility=st.floats(0.005, 5.0),
        is_call=st.booleans(),
    )
)
def test_a_volatility_found_prices_at_the_quote_it_was_found_from(case: Case) -> None:
    """The round trip, anywhere: either the price comes back, or the quote said nothing."""
    columns, volatility = oracles.contracts([case])
    quote = price(columns, volatility)

    found = implied_volatility(columns, quote)

    assume(found.reason[0] == NoVolatility.NONE)
    again = price(columns, found.volatility)
    assert abs(again[0] - quote[0]) <= 1e-14 * (case.spot + case.strike)


@given(case=st.builds(Case, strike=st.floats(85.0, 125.0), volatility=st.floats(0.2, 1.0)))
def test_a_dearer_quote_has_a_higher_volatility(case: Case) -> None:
    columns, volatility = oracles.contracts([case])
    quote = price(columns, volatility)

    lower, higher = (implied_volatility(columns, quote * up) for up in (1.0, 1.0 + 1e-6))

    assert higher.volatility[0] > lower.volatility[0]


def test_a_call_and_its_put_have_one_volatility() -> None:
    """Quoted at parity, whichever of them lies in the money."""
    strikes = np.linspace(80.0, 125.0, 10)[:, None]
    pairs = Contracts.of(spot=100.0, strike=strikes, years=0.3, rate=0.04, is_call=[True, False])

    found = implied_volatility(pairs, price(pairs, 0.25))

    np.testing.assert_allclose(found.volatility, 0.25, rtol=1e-12)


def test_sensitivities_at_the_implied_volatility_are_those_of_the_pricing_room() -> None:
    """They are carried over from the solver's last step; they must not drift from the formula."""
    cases = wings() + quotable_chain()
    columns, volatility = oracles.contracts(cases)

    found, at = implied_greeks(columns, price(columns, volatility))

    np.testing.assert_array_equal(found.reason, NoVolatility.NONE)
    expected = rows(greeks(columns, found.volatility))
    np.testing.assert_allclose(rows(at), expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    ("change", "quote", "reason"),
    [
        ({}, np.nan, NoVolatility.BAD_INPUT),
        ({}, np.inf, NoVolatility.BAD_INPUT),
        ({"spot": 0.0}, 5.0, NoVolatility.BAD_INPUT),
        ({"spot": -100.0}, 5.0, NoVolatility.BAD_INPUT),
        ({"strike": np.nan}, 5.0, NoVolatility.BAD_INPUT),
        ({"strike": np.inf}, 5.0, NoVolatility.BAD_INPUT),
        ({"years": np.nan}, 5.0, NoVolatility.BAD_INPUT),
        ({"rate": np.inf}, 5.0, NoVolatility.BAD_INPUT),
        ({"spot": 1e-200, "strike": 1e-200}, 1e-201, NoVolatility.BAD_INPUT),
        ({"years": 0.0}, 5.0, NoVolatility.EXPIRED),
        ({"years": -1.0}, 5.0, NoVolatility.EXPIRED),
        ({}, -0.01, NoVolatility.BELOW_INTRINSIC),
        ({"strike": 80.0}, 19.0, NoVolatility.BELOW_INTRINSIC),
        ({"strike": 120.0, "is_call": False}, 16.0, NoVolatility.BELOW_INTRINSIC),
        ({}, 0.0, NoVolatility.NO_TIME_VALUE),
        ({"strike": 80.0, "rate": 0.0}, 20.0, NoVolatility.NO_TIME_VALUE),
        ({"strike": 80.0, "rate": 0.0}, 20.0 + 1e-14, NoVolatility.NO_TIME_VALUE),
        ({}, 100.0, NoVolatility.ABOVE_MAXIMUM),
        ({}, 250.0, NoVolatility.ABOVE_MAXIMUM),
        ({"is_call": False}, 99.9, NoVolatility.ABOVE_MAXIMUM),
        ({"strike": 80.0, "is_call": False}, 80.0, NoVolatility.ABOVE_MAXIMUM),
    ],
)
def test_an_impossible_quote_gets_no_number_but_a_reason(
    change: dict[str, float | bool], quote: float, reason: NoVolatility
) -> None:
    """A number made up for a stale quote would be traded on; its neighbour stays unharmed."""
    sound = Case(strike=105.0 if not change else 100.0, dividend_yield=0.0)
    columns, _ = oracles.contracts([sound, replace(sound, **change)])

    found, at = implied_greeks(columns, [7.0, quote])

    assert found.reason.tolist() == [NoVolatility.NONE, reason]
    assert np.isnan(found.volatility).tolist() == [False, True]
    assert np.isnan(rows(at)).tolist() == [[False, True]] * 5


def test_a_search_that_ends_without_an_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """No input is known to exhaust the search, so it is cut short here."""
    case = Case(years=1.0, volatility=5.0, rate=0.0, dividend_yield=0.0)
    columns, volatility = oracles.contracts([case, replace(case, volatility=0.3)])
    quotes = price(columns, volatility)
    assert implied_volatility(columns, quotes).reason.tolist() == [0, 0]

    monkeypatch.setattr(implied_vol_module, "_ROUNDS", 1)

    found, at = implied_greeks(columns, quotes)
    assert found.reason.tolist() == [NoVolatility.NOT_CONVERGED, NoVolatility.NONE]
    assert np.isnan(found.volatility).tolist() == [True, False]
    assert np.isnan(rows(at)).tolist() == [[True, False]] * 5


@pytest.mark.parametrize("far", [1e-3, 1e3])
def test_a_start_far_off_is_brought_home_by_halving(
    far: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bracket, not the quality of the start, is what makes the answer certain."""
    columns, volatility = oracles.contracts(wings())
    quotes = price(columns, volatility)

    def far_off(x: FloatArray, _: FloatArray) -> FloatArray:
        return np.full_like(x, far)

    monkeypatch.setattr(implied_vol_module, "start", far_off)

    found = implied_volatility(columns, quotes)

    np.testing.assert_array_equal(found.reason, NoVolatility.NONE)
    np.testing.assert_allclose(found.volatility, volatility, rtol=1e-11)


def test_the_start_is_within_a_thousandth_up_to_a_total_volatility_of_two() -> None:
    """So that one step is enough in any usual chain; the speed rests on it."""
    s, deviations = np.meshgrid(np.linspace(0.001, 2.0, 80), np.linspace(-10.0, 10.0, 81))
    calls = Contracts.of(
        spot=100.0, strike=100 * np.exp(deviations * s), years=1.0, rate=0.0, is_call=deviations > 0
    )
    x = np.abs(deviations * s)
    target = price(calls, s) / (100.0 * np.exp(0.5 * deviations * s))

    assert np.max(np.abs(implied_vol_module.start(x, target) / s - 1.0)) < 1e-3


def test_an_answer_has_the_shape_of_the_contracts() -> None:
    chain = Contracts.of(
        spot=100.0, strike=[[90.0], [110.0]], years=0.5, rate=0.04, is_call=[True, False, True]
    )

    found, at = implied_greeks(chain, price(chain, 0.3))

    assert found.volatility.shape == found.reason.shape == at.rho.shape == (2, 3)
    np.testing.assert_allclose(found.volatility, 0.3, rtol=1e-12)


def test_prices_that_do_not_fit_the_contracts_are_refused() -> None:
    two = Contracts.of(spot=100.0, strike=[90.0, 100.0], years=0.5, rate=0.04, is_call=True)

    with pytest.raises(ValueError, match="broadcast"):
        implied_volatility(two, [1.0, 2.0, 3.0])
