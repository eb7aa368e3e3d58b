"""Values and sensitivities: textbooks, laws, and 80-digit arithmetic agree with the arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.quant import contracts as contracts_module
from strikedesk.quant.black_scholes import greeks, price
from strikedesk.quant.contracts import Contracts
from tests import oracles
from tests.oracles import Case

RATES = st.floats(-0.05, 0.2)
CASES = st.builds(
    Case,
    spot=st.floats(1.0, 5000.0),
    strike=st.floats(1.0, 5000.0),
    years=st.floats(0.002, 5.0),
    rate=RATES,
    dividend_yield=RATES,
    volatility=st.floats(0.02, 3.0),
    is_call=st.booleans(),
)


def grid() -> list[Case]:
    """Return cases from a day to five years, quiet to wild, ten deviations in and out."""
    return [
        Case(
            strike=float(100.0 * np.exp(deviations * volatility * np.sqrt(years))),
            years=years,
            volatility=volatility,
            rate=rate,
            is_call=is_call,
        )
        for years in (1 / 365, 0.25, 5.0)
        for volatility in (0.02, 0.3, 2.0)
        for deviations in (-10.0, -2.0, -0.1, 0.0, 1.0, 4.0, 10.0)
        for rate in (-0.01, 0.05)
        for is_call in (True, False)
    ]


@pytest.mark.parametrize(
    ("case", "value"),
    [
        # Source: J. C. Hull, Options, Futures, and Other Derivatives, chapters 15 and 17.
        (Case(spot=42, strike=40, years=0.5, rate=0.1, dividend_yield=0, volatility=0.2), "4.76"),
        (
            Case(
                spot=42,
                strike=40,
                years=0.5,
                rate=0.1,
                dividend_yield=0,
                volatility=0.2,
                is_call=False,
            ),
            "0.81",
        ),
        (
            Case(
                spot=930, strike=900, years=2 / 12, rate=0.08, dividend_yield=0.03, volatility=0.2
            ),
            "51.83",
        ),
        # Source: E. G. Haug, The Complete Guide to Option Pricing Formulas, chapter 1: a stock,
        # an index with a dividend yield, a future (its yield is the rate).
        (
            Case(spot=60, strike=65, years=0.25, rate=0.08, dividend_yield=0, volatility=0.3),
            "2.1334",
        ),
        (
            Case(
                spot=100,
                strike=95,
                years=0.5,
                rate=0.1,
                dividend_yield=0.05,
                volatility=0.2,
                is_call=False,
            ),
            "2.4648",
        ),
        (
            Case(spot=19, strike=19, years=0.75, rate=0.1, dividend_yield=0.1, volatility=0.28),
            "1.7011",
        ),
    ],
)
def test_textbook_values_are_reproduced(case: Case, value: str) -> None:
    """To every digit that was printed."""
    columns, volatility = oracles.contracts([case])
    digits = len(value.partition(".")[2])

    assert f"{price(columns, volatility)[0]:.{digits}f}" == value


def test_textbook_sensitivities_are_reproduced_in_the_units_of_the_desk() -> None:
    """Source: Hull, chapter 19, one call followed through; he counts theta, vega, rho per 1."""
    call = Contracts.of(spot=49, strike=50, years=20 / 52, rate=0.05, is_call=True)

    at = greeks(call, 0.2)

    assert f"{at.delta:.3f} {at.gamma:.3f}" == "0.522 0.066"
    assert f"{at.theta * 365:.2f} {at.vega * 100:.1f} {at.rho * 100:.2f}" == "-4.31 12.1 8.91"


def test_further_textbook_sensitivities_are_reproduced() -> None:
    """Source: Haug, chapter 2: futures deltas, gamma, an index put's theta, rho."""
    future = Contracts.of(
        spot=105, strike=100, years=0.5, rate=0.1, dividend_yield=0.1, is_call=[True, False]
    )
    stock = Contracts.of(spot=55, strike=60, years=0.75, rate=0.1, is_call=True)
    index = Contracts.of(
        spot=430, strike=405, years=1 / 12, rate=0.07, dividend_yield=0.05, is_call=False
    )
    year = Contracts.of(spot=72, strike=75, years=1, rate=0.09, is_call=True)

    assert [f"{delta:.4f}" for delta in greeks(future, 0.36).delta] == ["0.5946", "-0.3566"]
    assert f"{greeks(stock, 0.3).gamma:.4f}" == "0.0278"
    assert f"{greeks(index, 0.2).theta * 365:.4f}" == "-31.1924"
    assert f"{greeks(year, 0.19).rho * 100:.4f}" == "38.7325"


def test_values_agree_with_eighty_digits_to_the_rounding_of_the_spot() -> None:
    """Ten deviations out in both directions; the strikes there are far from the spot themselves."""
    cases = grid()
    found = price(*oracles.contracts(cases))

    errors = [
        abs(value - float(oracles.price(case))) / max(case.spot, case.strike)
        for case, value in zip(cases, found.tolist(), strict=True)
    ]
    assert max(errors) < 1e-15


def test_values_out_of_the_money_are_right_in_relative_terms() -> None:
    """A wing at 1e-20 is compared with others of its kind: its digits matter, not its size."""
    cases = [
        Case(strike=float(100 * np.exp(d * s)), years=1.0, volatility=s, is_call=d >= 0, rate=0.0)
        for s in (0.01, 0.1, 0.5, 2.0, 6.0)
        for d in np.linspace(-10.0, 10.0, 21).tolist()
    ]
    cases = [case for case in cases if (case.strike > case.spot) == case.is_call]
    found = price(*oracles.contracts(cases))

    errors = [
        oracles.relative_error(value, oracles.price(case))
        for case, value in zip(cases, found.tolist(), strict=True)
    ]
    assert len(errors) > 90
    assert max(errors) < 1e-11


def test_sensitivities_agree_with_differences_of_exact_values() -> None:
    """Each Greek is the derivative it says it is, in the unit it says."""
    cases = grid()
    at = greeks(*oracles.contracts(cases))
    found = np.column_stack([at.delta, at.gamma, at.theta, at.vega, at.rho])

    expected = np.array(
        [
            [
                oracles.difference(case, "spot"),
                oracles.difference(case, "spot", order=2),
                -oracles.difference(case, "years") / 365,
                oracles.difference(case, "volatility") / 100,
                oracles.difference(case, "rate") / 100,
            ]
            for case in cases
        ]
    )
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-14)


@given(case=CASES)
def test_a_call_less_a_put_is_the_discounted_forward(case: Case) -> None:
    """Put-call parity, whatever the volatility; its breach is free money."""
    pair = Contracts.of(
        spot=case.spot,
        strike=case.strike,
        years=case.years,
        rate=case.rate,
        dividend_yield=case.dividend_yield,
        is_call=[True, False],
    )
    call, put = price(pair, case.volatility)
    deltas = greeks(pair, case.volatility).delta

    held = case.spot * np.exp(-case.dividend_yield * case.years)
    owed = case.strike * np.exp(-case.rate * case.years)
    assert abs((call - put) - (held - owed)) <= 4e-15 * (held + owed)
    assert abs((deltas[0] - deltas[1]) - held / case.spot) <= 1e-14


@given(case=CASES)
def test_a_value_lies_between_its_discounted_intrinsic_value_and_its_limit(case: Case) -> None:
    columns, volatility = oracles.contracts([case])
    held = case.spot * np.exp(-case.dividend_yield * case.years)
    owed = case.strike * np.exp(-case.rate * case.years)
    sign, limit = (1, held) if case.is_call else (-1, owed)

    value = price(columns, volatility)[0]

    slack = 4e-15 * (held + owed)
    assert max(sign * (held - owed), 0.0) - slack <= value <= limit + slack


@given(case=CASES, more=st.floats(1.001, 2.0))
def test_more_volatility_is_never_worth_less(case: Case, more: float) -> None:
    columns, volatility = oracles.contracts([case])

    lower, higher = price(columns, volatility)[0], price(columns, volatility * more)[0]

    assert higher >= lower - 4e-15 * (case.spot + case.strike)


@given(case=CASES, size=st.floats(0.01, 100.0))
def test_value_scales_with_the_size_of_the_share(case: Case, size: float) -> None:
    """A split changes nothing but the unit: 10 at 1/10 is worth the same."""
    columns, volatility = oracles.contracts([case])
    scaled = Contracts.of(
        spot=columns.spot * size,
        strike=columns.strike * size,
        years=columns.years,
        rate=columns.rate,
        dividend_yield=columns.dividend_yield,
        is_call=columns.is_call,
    )

    value = price(columns, volatility)[0]
    again = price(scaled, volatility)[0] / size
    assert abs(again - value) <= 1e-13 * max(case.spot, case.strike)


@given(case=CASES)
def test_signs_of_the_sensitivities_are_those_of_the_right(case: Case) -> None:
    """A put with a positive delta would be hedged the wrong way round."""
    columns, volatility = oracles.contracts([case])
    at = greeks(columns, volatility)
    sign = 1.0 if case.is_call else -1.0

    assert 0.0 <= sign * at.delta[0] <= np.exp(-case.dividend_yield * case.years) * (1 + 1e-12)
    assert at.gamma[0] >= 0.0
    assert at.vega[0] >= 0.0
    assert sign * at.rho[0] >= 0.0


@pytest.mark.parametrize(("years", "volatility"), [(0.0, 0.3), (0.5, 0.0), (0.0, 0.0)])
def test_without_time_or_volatility_a_value_is_the_discounted_intrinsic_one(
    years: float, volatility: float
) -> None:
    """On the last evening chains are still asked for."""
    calls = Contracts.of(spot=100.0, strike=[90.0, 110.0], years=years, rate=0.04, is_call=True)
    held, owed = 100.0, 90.0 * np.exp(-0.04 * years)

    at = greeks(calls, volatility)

    np.testing.assert_allclose(price(calls, volatility), [held - owed, 0.0], rtol=1e-15)
    np.testing.assert_array_equal(at.delta, [1.0, 0.0])
    np.testing.assert_array_equal(at.gamma, [0.0, 0.0])
    np.testing.assert_array_equal(at.vega, [0.0, 0.0])
    np.testing.assert_allclose(at.theta, [-0.04 * owed / 365, 0.0], rtol=1e-15)


def test_at_expiration_exactly_at_the_money_no_sensitivity_exists() -> None:
    """The value is the corner of a hockey stick: 0, with no slope to report."""
    corner = Contracts.of(spot=100.0, strike=100.0, years=0.0, rate=0.04, is_call=True)
    at = greeks(corner, 0.3)

    assert price(corner, 0.3) == 0.0
    assert np.isnan([at.delta, at.gamma, at.theta, at.vega, at.rho]).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"spot": 0.0},
        {"spot": -1.0},
        {"strike": 0.0},
        {"strike": np.nan},
        {"years": -0.1},
        {"rate": np.nan},
        {"volatility": -0.2},
        {"volatility": np.nan},
    ],
)
def test_what_makes_no_sense_is_unknown_and_leaves_its_neighbours_alone(
    wrong: dict[str, float],
) -> None:
    """One bad row of a feed must not spoil a chain, nor pass for a price."""
    sound = {"spot": 100.0, "strike": 100.0, "years": 0.5, "rate": 0.04, "volatility": 0.2}
    columns = {name: [value, wrong.get(name, value)] for name, value in sound.items()}
    volatility = columns.pop("volatility")
    pair = Contracts.of(**columns, is_call=True)
    at = greeks(pair, volatility)

    rows = np.array([price(pair, volatility), at.delta, at.gamma, at.theta, at.vega, at.rho])
    assert np.isfinite(rows[:, 0]).all()
    assert np.isnan(rows[:, 1]).all()


def test_a_result_has_the_shape_of_the_broadcast_contracts() -> None:
    """Expirations down, strikes across, both rights: no caller repeats a column by hand."""
    chain = Contracts.of(
        spot=100.0,
        strike=np.array([90.0, 100.0, 110.0])[:, None],
        years=np.array([0.1, 0.5])[:, None, None],
        rate=0.04,
        is_call=[True, False],
    )

    values = price(chain, 0.2)

    assert values.shape == greeks(chain, 0.2).vega.shape == (2, 3, 2)
    alone = Contracts.of(spot=100.0, strike=110.0, years=0.5, rate=0.04, is_call=False)
    assert values[1, 2, 1] == pytest.approx(float(price(alone, 0.2)), rel=1e-14)


def test_no_contracts_are_no_trouble() -> None:
    """An empty page of a chain is an ordinary answer."""
    nothing = Contracts.of(spot=100.0, strike=np.empty(0), years=0.5, rate=0.04, is_call=True)

    assert price(nothing, 0.2).shape == greeks(nothing, 0.2).delta.shape == (0,)


def test_work_in_blocks_gives_what_one_sweep_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edges of blocks are where an off-by-one would hide; a few contracts round otherwise."""
    columns, volatility = oracles.contracts(grid())
    whole = price(columns, volatility), greeks(columns, volatility).theta

    monkeypatch.setattr(contracts_module, "BLOCK", 36)

    np.testing.assert_array_equal(price(columns, volatility), whole[0])
    np.testing.assert_array_equal(greeks(columns, volatility).theta, whole[1])
    assert [piece.stop - piece.start for piece in columns.blocks()].count(36) > 5


def test_a_right_that_is_not_boolean_is_refused() -> None:
    """'P' is true, as any text is: every put would be priced as a call."""
    with pytest.raises(TypeError, match="boolean"):
        Contracts.of(spot=100.0, strike=100.0, years=0.5, rate=0.04, is_call=["C", "P"])


def test_columns_that_do_not_fit_are_refused() -> None:
    two = Contracts.of(spot=100.0, strike=[90.0, 100.0], years=0.5, rate=0.04, is_call=True)

    with pytest.raises(ValueError, match="broadcast"):
        price(two, [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="broadcast"):
        Contracts.of(spot=[1.0, 2.0], strike=[1.0, 2.0, 3.0], years=1.0, rate=0.0, is_call=True)
