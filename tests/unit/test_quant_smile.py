"""Parity and smiles: what quotes agree on, and what stands in where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.quant import black_scholes
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.parity import implied_carry
from strikedesk.quant.smile import Mark, Smile, fit_smile, marks

STRIKES = np.linspace(60.0, 150.0, 31)
CURVE = Smile(
    forward=101.0,
    years=0.3,
    a=0.004,
    c=0.014,
    d=-0.005,
    m=0.02,
    s=0.15,
    low=-0.5,
    high=0.4,
    misses=0.0,
)


def quotes(dividend_yield: float) -> tuple[FloatArray, FloatArray]:
    """Return calls and puts of half a year on a share at 100, at 4 %."""
    pair = Contracts.of(
        spot=100.0,
        strike=STRIKES[:, None],
        years=0.5,
        rate=0.04,
        dividend_yield=dividend_yield,
        is_call=[True, False],
    )
    call, put = black_scholes.price(pair, 0.3).T
    return call, put


def test_calls_and_puts_tell_the_forward_and_what_is_paid_before() -> None:
    """No model: whatever volatility they hold, it is the same on both sides."""
    call, put = quotes(0.03)

    found = implied_carry(spot=100.0, strike=STRIKES, call=call, put=put, years=0.5, rate=0.04)

    assert found.forward == pytest.approx(100.0 * np.exp(0.5 * 0.01), rel=1e-12)
    assert found.dividend_yield == pytest.approx(0.03, rel=1e-10)
    assert found.dividends == pytest.approx(100.0 * (1.0 - np.exp(-0.015)), rel=1e-10)
    assert (found.pairs, round(found.apart, 10)) == (5, 0.0)


def test_a_textbook_parity_is_reproduced() -> None:
    """Source: Hull, chapter 11: a call at 3 and a put at 2.25 on a share at 31, strike 30, 10 %.

    He finds the put too dear against the call: 33.00 is held for 31.51. As a forward, 30.77.
    """
    found = implied_carry(spot=31.0, strike=[30.0], call=[3.0], put=[2.25], years=0.25, rate=0.1)

    assert f"{found.forward * np.exp(-0.025):.2f}" == "30.01"
    assert f"{found.forward:.2f}" == "30.77"


def test_a_wild_pair_does_not_move_the_forward() -> None:
    """A stale quote is one of five, and the median does not hear it."""
    call, put = quotes(0.0)
    call[13] += 4.0

    found = implied_carry(spot=100.0, strike=STRIKES, call=call, put=put, years=0.5, rate=0.04)

    assert found.dividends == pytest.approx(0.0, abs=1e-10)


def test_without_a_pair_nothing_is_known() -> None:
    found = implied_carry(
        spot=100.0, strike=[90.0, 110.0], call=[np.nan, 1.0], put=[2.0, np.nan], years=1.0, rate=0.0
    )

    assert np.isnan([found.forward, found.dividends, found.dividend_yield, found.apart]).all()
    assert found.pairs == 0


def test_a_parity_that_cannot_be_asked_is_refused() -> None:
    for spot, years in ((0.0, 1.0), (100.0, 0.0)):
        with pytest.raises(ValueError, match="positive"):
            implied_carry(spot=spot, strike=[9.0], call=[5.0], put=[4.0], years=years, rate=0.0)
    with pytest.raises(ValueError, match="one length"):
        implied_carry(spot=9.0, strike=[9.0], call=[5.0, 6.0], put=[4.0], years=1.0, rate=0.0)


def test_a_forward_below_nothing_has_no_yield() -> None:
    """Quotes may be nonsense together; their logarithm is not asked."""
    found = implied_carry(spot=10.0, strike=[10.0], call=[1.0], put=[90.0], years=1.0, rate=0.0)

    assert found.forward == -79.0
    assert np.isnan(found.dividend_yield)


def test_a_curve_of_its_own_kind_is_found_again() -> None:
    """To a thousandth of a point: what is left is the grid's."""
    sigma = CURVE.volatility(STRIKES)

    found = fit_smile(forward=101.0, years=0.3, strike=STRIKES, volatility=sigma)

    assert found is not None
    np.testing.assert_allclose(found.volatility(STRIKES), sigma, atol=2e-4)
    assert found.misses < 1e-4


@given(seed=st.integers(0, 1000), noise=st.floats(0.0, 0.05))
@settings(max_examples=25)
def test_whatever_is_fitted_is_lawful(seed: int, noise: float) -> None:
    """Variance never below nothing, wings never steeper than 2, however wild the quotes."""
    draws = np.random.default_rng(seed)
    sigma = np.abs(CURVE.volatility(STRIKES) + noise * draws.standard_normal(STRIKES.size))

    found = fit_smile(forward=101.0, years=0.3, strike=STRIKES, volatility=sigma)

    assert found is not None
    k = np.linspace(-3.0, 3.0, 601)
    w = found.total_variance(k)
    assert np.min(w) >= 0.0
    assert np.max(np.abs(np.diff(w))) <= 2.0 * 0.01 + 1e-12
    assert found.a + np.sqrt(max(found.c**2 - found.d**2, 0.0)) >= -1e-12


def test_the_density_is_that_of_the_curve_s_own_prices() -> None:
    """A butterfly's price tells the same; below 0 it would be money for nothing."""
    k = np.array([-0.3, -0.05, 0.0, 0.2])
    strikes, step = 101.0 * np.exp(k), 1e-2
    at = strikes[:, None] + np.array([-step, 0.0, step])
    calls = Contracts.of(spot=101.0, strike=at, years=0.3, rate=0.0, is_call=True)
    values = black_scholes.price(calls, CURVE.volatility(at))
    bend = (values[:, 0] - 2.0 * values[:, 1] + values[:, 2]) / step**2

    w = CURVE.total_variance(k)
    minus = -k / np.sqrt(w) - 0.5 * np.sqrt(w)
    lognormal = np.exp(-0.5 * minus**2) / np.sqrt(2.0 * np.pi * w) / strikes
    np.testing.assert_allclose(CURVE.density(k) * lognormal, bend, rtol=1e-4)


def test_a_heavier_quote_is_met_more_closely() -> None:
    """A tight market counts for more than a wide one."""
    sigma = CURVE.volatility(STRIKES)
    sigma[10] += 0.03
    weight = np.ones(STRIKES.size)
    weight[10] = 50.0

    light, heavy = (
        fit_smile(forward=101.0, years=0.3, strike=STRIKES, volatility=sigma, weight=each)
        for each in (1.0, weight)
    )

    assert light is not None
    assert heavy is not None
    missed = [abs(each.volatility(STRIKES[10]) - sigma[10]) for each in (light, heavy)]
    assert missed[1] < 0.5 * missed[0]


def test_a_strike_without_a_quote_gets_the_curve_s_volatility_and_says_so() -> None:
    """A mark that was made up must never pass for one that was quoted."""
    sigma = CURVE.volatility(STRIKES) + 0.001
    sigma[[0, 1, 15, 30]] = np.nan
    curve = fit_smile(forward=101.0, years=0.3, strike=STRIKES, volatility=sigma)

    found, source = marks(curve, STRIKES, sigma)

    quoted = np.isfinite(sigma)
    np.testing.assert_array_equal(found[quoted], sigma[quoted])
    assert np.isfinite(found).all()
    assert source[[0, 1, 15, 30]].tolist() == [
        Mark.EXTRAPOLATED,
        Mark.EXTRAPOLATED,
        Mark.SMOOTHED,
        Mark.EXTRAPOLATED,
    ]
    assert set(source[quoted].tolist()) == {Mark.QUOTED}


def test_too_few_quotes_make_no_curve_and_what_is_unknown_stays_so() -> None:
    sigma = np.full(STRIKES.size, np.nan)
    sigma[:4] = 0.3

    curve = fit_smile(forward=101.0, years=0.3, strike=STRIKES, volatility=sigma)
    found, source = marks(curve, STRIKES, sigma)

    assert curve is None
    np.testing.assert_array_equal(found, sigma)
    assert source[:5].tolist() == [Mark.QUOTED] * 4 + [Mark.NONE]


@pytest.mark.parametrize(("forward", "years"), [(0.0, 0.3), (101.0, -1.0)])
def test_a_smile_of_no_expiration_is_refused(forward: float, years: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        fit_smile(forward=forward, years=years, strike=STRIKES, volatility=0.3)


def test_a_curve_says_over_what_it_was_fitted() -> None:
    curve = fit_smile(forward=101.0, years=0.3, strike=STRIKES, volatility=0.3)

    assert curve is not None
    assert replace(curve, a=0, c=0, d=0, m=0, s=1, misses=0) == replace(
        CURVE, a=0, c=0, d=0, m=0, s=1, low=np.log(60 / 101), high=np.log(150 / 101)
    )
    np.testing.assert_allclose(curve.volatility(STRIKES), 0.3, rtol=1e-6)
