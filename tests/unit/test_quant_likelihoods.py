"""Chances of ending and of being somewhere: against each other, closed cases and walked paths."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.quant.contracts import Contracts
from strikedesk.quant.likelihoods import expected_move, in_the_money, touch
from tests import oracles
from tests.oracles import Case

CASES = st.builds(
    Case,
    spot=st.floats(20.0, 500.0),
    strike=st.floats(20.0, 500.0),
    years=st.floats(0.002, 5.0),
    rate=st.floats(-0.05, 0.2),
    dividend_yield=st.floats(-0.05, 0.2),
    volatility=st.floats(0.02, 3.0),
    is_call=st.booleans(),
)


def test_the_probability_of_the_money_is_what_a_dollar_there_is_worth() -> None:
    """The derivative of the value by the strike is the discounted probability."""
    cases = [
        Case(strike=strike, years=years, volatility=volatility, is_call=is_call)
        for strike in (70.0, 100.0, 130.0)
        for years in (0.02, 1.0)
        for volatility in (0.1, 0.8)
        for is_call in (True, False)
    ]

    found = in_the_money(*oracles.contracts(cases))

    expected = [
        abs(oracles.difference(case, "strike")) * np.exp(case.rate * case.years) for case in cases
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-15)


def test_a_textbook_probability_is_reproduced() -> None:
    """Source: Hull, chapter 15: N(d2) = N(0.6278) of the call at 40 on a share at 42."""
    call = Contracts.of(spot=42, strike=40, years=0.5, rate=0.1, is_call=True)

    assert f"{in_the_money(call, 0.2):.4f}" == "0.7349"


@given(case=CASES)
def test_a_call_and_its_put_share_all_there_is(case: Case) -> None:
    columns, volatility = oracles.contracts([case, replace(case, is_call=not case.is_call)])

    assert np.sum(in_the_money(columns, volatility)) == pytest.approx(1.0, abs=1e-14)


@given(case=CASES)
def test_a_strike_that_is_passed_in_the_end_was_touched(case: Case) -> None:
    """Beyond it the probability is that of ending there at least, and at most certainty."""
    outside = replace(case, is_call=case.strike >= case.spot)
    columns, volatility = oracles.contracts([outside])

    reached = touch(columns, volatility)[0]

    assert in_the_money(columns, volatility)[0] - 1e-12 <= reached <= 1.0


def test_without_a_drift_a_touch_is_twice_as_likely_as_an_end_beyond() -> None:
    """The reflection principle itself: who is at the strike ends on either side evenly."""
    volatility = 0.3
    call = Contracts.of(
        spot=100.0, strike=[110.0, 140.0], years=0.5, rate=0.5 * volatility**2, is_call=True
    )

    np.testing.assert_allclose(touch(call, volatility), 2.0 * in_the_money(call, volatility))


def test_walked_paths_touch_as_often_as_the_formula_says() -> None:
    """Each with its mirror image, seeded, with what falls between steps added (Broadie 1997)."""
    years, sigma, rate, steps = 0.5, 0.4, 0.08, 200
    step = years / steps
    draws = np.random.default_rng(5).standard_normal((10_000, steps)) * sigma * np.sqrt(step)
    moves = np.concatenate((draws, -draws))
    paths = np.cumsum(moves + (rate - 0.5 * sigma * sigma) * step, axis=1)
    missed = 0.5826 * sigma * np.sqrt(step)
    walked = [
        np.count_nonzero(paths.max(axis=1) >= np.log(1.2) - missed) / len(paths),
        np.count_nonzero(paths.min(axis=1) <= np.log(0.85) + missed) / len(paths),
    ]

    ends = Contracts.of(
        spot=100.0, strike=[120.0, 85.0], years=years, rate=rate, is_call=[True, False]
    )

    np.testing.assert_allclose(touch(ends, sigma), walked, atol=0.01)


def test_the_strike_at_the_price_is_touched_and_an_unreachable_one_is_not() -> None:
    """Calm markets and far strikes: no overflow, no NaN."""
    ends = Contracts.of(
        spot=100.0,
        strike=[100.0, 101.0, 99.0, 1e6],
        years=0.5,
        rate=0.05,
        is_call=True,
    )

    np.testing.assert_allclose(touch(ends, 0.001), [1.0, 1.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_array_equal(in_the_money(ends, 0.0), [1.0, 1.0, 1.0, 0.0])


def test_what_makes_no_sense_is_unknown() -> None:
    """A negative price, an expired corner, an unknown volatility."""
    wrong = Contracts.of(
        spot=[-1.0, 100.0, 100.0], strike=100.0, years=[0.5, 0.0, 0.5], rate=0.04, is_call=True
    )

    assert np.isnan(in_the_money(wrong, [0.3, 0.3, np.nan])).all()
    assert np.isnan(touch(wrong, [0.3, np.nan, -0.2])).all()
    assert np.isnan(expected_move(100.0, [-0.2, np.nan], 0.5)).all()
    assert np.isnan(expected_move(100.0, 0.2, -0.5))


def test_an_expected_move_is_one_deviation_of_the_price() -> None:
    """16 % a year are 1 % a day of 256 in a year, as the trade counts them by heart."""
    np.testing.assert_allclose(expected_move(100.0, 0.16, [1 / 256, 1.0]), [1.0, 16.0])
