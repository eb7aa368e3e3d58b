"""American options with cash dividends: a slow tree, the literature, and laws of no free money."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.quant import american, black_scholes, cash_dividends, cash_dividends_vol
from strikedesk.quant.cash_dividends import CashDividends
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.implied_vol import NoVolatility
from strikedesk.quant.normal import FloatArray
from tests import oracles, tree
from tests.oracles import Case

QUARTERLY = [(0.1 + 0.25 * quarter, 0.9) for quarter in range(8)]
PAID = CashDividends.of(*zip(*QUARTERLY, strict=True))
CASES = st.builds(
    Case,
    strike=st.floats(70.0, 140.0),
    years=st.sampled_from((0.12, 0.4, 1.1)),
    rate=st.sampled_from((0.0, 0.045)),
    dividend_yield=st.just(0.0),
    volatility=st.floats(0.1, 0.9),
    is_call=st.booleans(),
)


def chain() -> list[Case]:
    """Return five weeks to two years, in and out of the money, with a smile."""
    return [
        Case(
            strike=float(round(100.0 * np.exp(far * 0.28 * np.sqrt(days / 365)))),
            years=days / 365,
            rate=0.042,
            dividend_yield=0.0,
            volatility=0.28 - 0.02 * far + 0.006 * far * far,
            is_call=is_call,
        )
        for days in (45, 120, 365, 730)
        for far in (-2.0, -0.8, 0.1, 0.9, 2.0)
        for is_call in (True, False)
    ]


def test_values_and_volatilities_are_those_of_a_tree_of_801_steps() -> None:
    """Within a fifth of a volatility point where a quote can tell, and a few cents over years."""
    cases = chain()
    columns, volatility = oracles.contracts(cases)
    quotes = np.array([tree.price(case, QUARTERLY) for case in cases])
    calm = [tree.price(replace(case, volatility=0.02), QUARTERLY) for case in cases]
    quotable = quotes - calm >= 0.005

    found = cash_dividends_vol.implied_volatility(columns, PAID, quotes)

    assert np.max(np.abs(cash_dividends.price(columns, PAID, volatility) - quotes)) < 0.03
    assert np.count_nonzero(quotable) > 30
    assert np.max(np.abs(found.volatility - volatility)[quotable]) < 2e-3


def test_a_chain_is_worth_what_its_contracts_are_one_by_one() -> None:
    """A few share a tree, of many each right has its own: no figure tells from which it is."""
    columns = Contracts.of(
        spot=100.0,
        strike=np.tile(np.arange(60.0, 140.0), 2),
        years=0.4,
        rate=0.042,
        is_call=np.repeat([True, False], 80),
    )

    together = cash_dividends.price(columns, PAID, 0.28)

    some = np.arange(0, 160, 8)
    apart = [cash_dividends.price(columns.part(some[n : n + 1]), PAID, 0.28)[0] for n in range(20)]
    few = cash_dividends.price(columns.part(some), PAID, 0.28)
    assert together[some] == pytest.approx(apart, rel=1e-10)
    assert few == pytest.approx(apart, rel=1e-10)


def test_a_call_with_one_dividend_is_worth_what_the_closed_formula_says() -> None:
    """Source: Haug, chapter 9, the formula of Roll, Geske and Whaley: 4.3860."""
    call = Contracts.of(spot=80.0, strike=82.0, years=1 / 3, rate=0.06, is_call=True)
    one = CashDividends.of([0.25], [4.0])

    assert cash_dividends.price(call, one, 0.3) == pytest.approx(4.3860, abs=0.003)


def test_what_sees_no_dividend_is_the_american_option_without_one() -> None:
    """It expires before the first ex-date: nothing is taken off, nothing approximated."""
    early = Contracts.of(
        spot=100.0,
        strike=[95.0, 105.0],
        years=[0.09, 0.0],
        rate=0.04,
        dividend_yield=0.01,
        is_call=[True, False],
    )

    quotes = american.price(early, 0.3)

    np.testing.assert_array_equal(cash_dividends.price(early, PAID, 0.3), quotes)
    at, plain = cash_dividends.greeks(early, PAID, 0.3), american.greeks(early, 0.3)
    np.testing.assert_array_equal(at.theta, plain.theta)
    found = cash_dividends_vol.implied_volatility(early, PAID, quotes)
    assert found.reason.tolist() == [NoVolatility.NONE, NoVolatility.EXPIRED]


@given(case=CASES)
@settings(max_examples=60)
def test_a_value_is_at_least_what_exercise_brings_and_the_european_one(case: Case) -> None:
    """The holder may choose either; a call may be exercised for the dividend, a put after it."""
    columns, volatility = oracles.contracts([case])
    worth = tree.held(case, QUARTERLY, 0.0)
    european = oracles.contracts([replace(case, spot=case.spot - worth)])[0]

    value = cash_dividends.price(columns, PAID, volatility)[0]

    gain = (case.spot - case.strike) * (1 if case.is_call else -1)
    least = black_scholes.price(european, volatility)[0]
    assert value >= max(gain, least - 1e-9) - 1e-9
    assert value <= (case.spot if case.is_call else case.strike)


@given(case=CASES)
@settings(max_examples=60)
def test_what_early_exercise_adds_is_the_value_less_the_european_one(case: Case) -> None:
    """It is told apart where the European value is known and need not be reckoned again."""
    columns, volatility = oracles.contracts([case])
    worth = tree.held(case, QUARTERLY, 0.0)
    european = oracles.contracts([replace(case, spot=case.spot - worth)])[0]

    added = cash_dividends.added(columns, PAID, volatility)

    value = cash_dividends.price(columns, PAID, volatility)
    least = black_scholes.price(european, volatility)
    np.testing.assert_allclose(added, value - least, rtol=0.0, atol=1e-11 * case.spot)


@given(case=CASES, more=st.floats(1.1, 2.0))
@settings(max_examples=60)
def test_larger_dividends_take_from_calls_and_give_to_puts(case: Case, more: float) -> None:
    """The share falls by them, and only who holds it is paid."""
    columns, volatility = oracles.contracts([case])
    larger = CashDividends.of(PAID.years, PAID.amounts * more)

    here, there = (cash_dividends.price(columns, paid, volatility)[0] for paid in (PAID, larger))

    change = (here - there) * (1 if case.is_call else -1)
    assert change >= -1e-3 * case.strike


def difference(cases: list[Case], **step: float) -> FloatArray:
    """Return the slope of the slow tree's values."""
    ((name, by),) = step.items()
    ends = [
        [
            tree.price(replace(case, **{name: getattr(case, name) + sign * by}), QUARTERLY)
            for case in cases
        ]
        for sign in (1.0, -1.0)
    ]
    return (np.array(ends[0]) - np.array(ends[1])) / (2.0 * by)


def test_sensitivities_are_the_differences_of_the_slow_tree() -> None:
    """To what a tree tells: its own values step."""
    cases = [
        Case(strike=strike, years=0.5, dividend_yield=0.0, volatility=0.3, is_call=is_call)
        for strike in (90.0, 100.0, 110.0)
        for is_call in (True, False)
    ]

    at = cash_dividends.greeks(oracles.contracts(cases)[0], PAID, 0.3)

    np.testing.assert_allclose(at.delta, difference(cases, spot=2.0), atol=0.006)
    np.testing.assert_allclose(at.vega, difference(cases, volatility=0.02) / 100, atol=0.003)
    np.testing.assert_allclose(at.rho, difference(cases, rate=0.005) / 100, atol=0.004)
    bent = [tree.price(replace(case, spot=s), QUARTERLY) for s in (105, 100, 95) for case in cases]
    up, here, down = np.split(np.array(bent), 3)
    np.testing.assert_allclose(at.gamma, (up - 2 * here + down) / 25, rtol=0.06)


def test_theta_is_what_the_value_loses_in_a_day_without_a_dividend() -> None:
    """All times move by a day, the ex-dates among them."""
    cases = [
        Case(strike=strike, years=0.5, dividend_yield=0.0, volatility=0.3, is_call=is_call)
        for strike in (90.0, 100.0, 110.0)
        for is_call in (True, False)
    ]
    columns, volatility = oracles.contracts(cases)
    later = [replace(case, years=case.years - 2 / 365) for case in cases]
    sooner = CashDividends.of(PAID.years - 2 / 365, PAID.amounts)

    theta = cash_dividends.greeks(columns, PAID, volatility).theta

    here = cash_dividends.price(columns, PAID, volatility)
    then = cash_dividends.price(oracles.contracts(later)[0], sooner, volatility)
    np.testing.assert_allclose(theta, (then - here) / 2, atol=0.003)


def test_what_is_due_for_exercise_is_a_position_in_the_share() -> None:
    """The day before a dividend, a call without hope is taken for the share."""
    tomorrow = CashDividends.of([1 / 365], [3.0])
    due = Contracts.of(
        spot=100.0, strike=[60.0, 170.0], years=0.1, rate=0.04, is_call=[True, False]
    )
    due = due.part(np.array([0]))

    at = cash_dividends.greeks(due, tomorrow, 0.2)

    np.testing.assert_allclose(cash_dividends.price(due, tomorrow, 0.2), 40.0, atol=0.02)
    np.testing.assert_allclose(at.delta, 1.0, atol=1e-3)
    after = CashDividends.of([0.02], [0.01])
    put = Contracts.of(spot=100.0, strike=170.0, years=0.1, rate=0.08, is_call=False)
    assert cash_dividends.greeks(put, after, 0.2).delta == -1.0
    assert cash_dividends.greeks(put, after, 0.2).gamma == 0.0


@pytest.mark.parametrize(
    ("change", "quote", "reason"),
    [
        ({}, np.nan, NoVolatility.BAD_INPUT),
        ({"spot": -1.0}, 5.0, NoVolatility.BAD_INPUT),
        ({"spot": 1.0}, 5.0, NoVolatility.BAD_INPUT),
        ({"strike": np.nan}, 5.0, NoVolatility.BAD_INPUT),
        ({"rate": np.nan}, 5.0, NoVolatility.BAD_INPUT),
        ({"strike": 120.0}, 19.0, NoVolatility.BELOW_INTRINSIC),
        ({"strike": 120.0}, 20.0, NoVolatility.NO_TIME_VALUE),
        ({}, 100.0, NoVolatility.ABOVE_MAXIMUM),
        ({}, 99.0, NoVolatility.OUT_OF_RANGE),
    ],
)
def test_an_impossible_quote_gets_no_number_but_a_reason(
    change: dict[str, float], quote: float, reason: NoVolatility
) -> None:
    """A number made up for a stale quote would be traded on; its neighbour stays unharmed."""
    sound = Case(is_call=False)
    columns, volatility = oracles.contracts([sound, replace(sound, **change)])

    found, at = cash_dividends_vol.implied_greeks(columns, PAID, [7.0, quote])

    assert found.reason.tolist() == [NoVolatility.NONE, reason]
    assert np.isnan(found.volatility).tolist() == [False, True]
    assert np.isnan([at.delta, at.gamma, at.theta, at.vega, at.rho]).tolist() == [[False, True]] * 5
    if reason is NoVolatility.BAD_INPUT and change:
        assert np.isnan(cash_dividends.price(columns, PAID, volatility)).tolist() == [False, True]


@pytest.mark.parametrize(
    ("years", "amounts", "told"),
    [
        ([0.1, 0.2], [1.0], "one amount"),
        ([[0.1]], [[1.0]], "one dimension"),
        ([0.0], [1.0], "leave out what is past"),
        ([0.1], [-1.0], "positive"),
        ([np.nan], [1.0], "positive"),
        ([0.1, 0.1], [1.0, 2.0], "add up"),
    ],
)
def test_dividends_that_make_no_sense_are_refused(
    years: list[float], amounts: list[float], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        CashDividends.of(years, amounts)


def test_a_result_has_the_shape_of_the_contracts_and_nothing_paid_is_no_trouble() -> None:
    contracts = Contracts.of(
        spot=100.0, strike=[[90.0], [110.0]], years=0.5, rate=0.04, is_call=[True, False, True]
    )
    nothing = CashDividends.of([], [])

    assert cash_dividends.price(contracts, PAID, 0.3).shape == (2, 3)
    found, at = cash_dividends_vol.implied_greeks(contracts, PAID, np.full((2, 3), 12.0))
    assert found.volatility.shape == at.vega.shape == (2, 3)
    np.testing.assert_array_equal(
        cash_dividends.price(contracts, nothing, 0.3), american.price(contracts, 0.3)
    )


def test_rho_may_be_left_out_and_the_rest_stays() -> None:
    """It takes as long as all others together, and not everybody shows it."""
    contracts = Contracts.of(
        spot=100.0,
        strike=[80.0, 100.0, 140.0, 100.0],
        years=[0.5, 0.5, 0.5, 0.05],
        rate=0.04,
        is_call=[True, False, False, True],
    )
    dividends = CashDividends.of([0.1, 0.4], [1.0, 1.0])

    whole = cash_dividends.greeks(contracts, dividends, 0.3)
    bare = cash_dividends.greeks(contracts, dividends, 0.3, with_rho=False)

    for name in ("delta", "gamma", "theta", "vega"):
        assert (getattr(bare, name) == getattr(whole, name)).all()
    assert np.isnan(bare.rho).all()
    assert np.isfinite(whole.rho).all()
