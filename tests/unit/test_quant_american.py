"""American options: another house's code, the literature, and the laws that no value may break."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strikedesk.quant import american, american_vol, black_scholes, volatility_search
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.implied_vol import NoVolatility
from strikedesk.quant.normal import FloatArray
from tests import oracles, quantlib
from tests.oracles import Case

# Few rates and times, since each pair of them costs a table.
MARKETS = st.sampled_from(
    [(0.25, 0.04, 0.02), (1.0, 0.0, 0.03), (0.5, 0.05, 0.0), (2.0, 0.02, 0.06), (0.5, -0.01, 0.02)]
)
STRIKES = st.floats(60.0, 160.0)
VOLATILITIES = st.floats(0.05, 1.5)


def case_of(
    market: tuple[float, float, float], strike: float, volatility: float, is_call: bool
) -> Case:
    years, rate, held = market
    return Case(
        strike=strike,
        years=years,
        rate=rate,
        dividend_yield=held,
        volatility=volatility,
        is_call=is_call,
    )


CASES = st.builds(case_of, MARKETS, STRIKES, VOLATILITIES, st.booleans())


def grid() -> list[Case]:
    """Return a day to five years, quiet to wild, in and out, and rates on either side of yields."""
    return [
        Case(
            strike=float(100.0 * np.exp(deviations * volatility * np.sqrt(count / 365))),
            years=count / 365,
            volatility=volatility,
            rate=rate,
            dividend_yield=held,
            is_call=is_call,
        )
        for count, (rate, held), volatility, deviations, is_call in product(
            (1, 45, 365, 1825),
            ((0.042, 0.015), (0.05, 0.0), (0.02, 0.06), (-0.005, 0.01), (0.0, 0.0)),
            (0.08, 0.3, 1.2),
            (-2.5, -1.0, 0.0, 0.8, 2.0),
            (True, False),
        )
    ]


@cache
def expected() -> FloatArray:
    """Return what the other house makes of the grid: seconds, so once."""
    return np.array(quantlib.american(grid()))


def time_value(cases: list[Case], values: FloatArray) -> FloatArray:
    """Return what is left after exercise now, USD."""
    return np.array(
        [
            value - max((case.spot - case.strike) * (1 if case.is_call else -1), 0.0)
            for case, value in zip(cases, values.tolist(), strict=True)
        ]
    )


def test_values_are_those_of_another_house_s_best_engine() -> None:
    """To a thousandth of a cent on a share of 100 dollars, a few more over years."""
    cases = grid()

    found = american.price(*oracles.contracts(cases))

    errors = np.abs(found - expected())
    strikes = np.array([case.strike for case in cases])
    years = np.array([case.years for case in cases])
    assert np.max(errors / np.maximum(strikes, 100.0)) < 1e-5
    assert np.max(errors[years < 0.5]) < 1e-4


def test_volatilities_are_found_from_another_house_s_values() -> None:
    """Within a hundredth of a point wherever a quote can tell: half a cent above any exercise."""
    cases = grid()
    columns, volatility = oracles.contracts(cases)
    quotes = expected()
    floor = american.price(columns, 0.01)
    quotable = (time_value(cases, quotes) >= 0.005) & (quotes - floor >= 0.005)

    found = american_vol.implied_volatility(columns, quotes)

    assert np.count_nonzero(quotable) > 300
    assert np.max(np.abs(found.volatility - volatility)[quotable]) < 1e-4


@pytest.mark.parametrize(
    ("spot", "volatility", "years", "value"),
    [
        # Source: F. Longstaff, E. Schwartz, Review of Financial Studies 14 (2001) 113, table 1,
        # the column of finite differences, which allows exercise 50 times a year.
        (36.0, 0.2, 1.0, "4.478"),
        (36.0, 0.2, 2.0, "4.840"),
        (36.0, 0.4, 1.0, "7.101"),
        (40.0, 0.2, 1.0, "2.314"),
        (44.0, 0.2, 1.0, "1.110"),
        (44.0, 0.4, 1.0, "3.948"),
    ],
)
def test_puts_of_the_literature_are_reproduced(
    spot: float, volatility: float, years: float, value: str
) -> None:
    """Exercise at any time is worth a little more than on fifty days, and no more than a little."""
    put = Contracts.of(spot=spot, strike=40.0, years=years, rate=0.06, is_call=False)

    assert 0.002 < float(american.price(put, volatility)) - float(value) < 0.01


def test_the_premium_of_early_exercise_is_that_of_the_literature() -> None:
    """Source: Andersen, Lake, Offengenden (2016), the contract of their tables: 0.106952702747."""
    put = Contracts.of(
        spot=100.0, strike=100.0, years=1.0, rate=0.05, dividend_yield=0.05, is_call=False
    )

    premium = american.price(put, 0.25) - black_scholes.price(put, 0.25)

    assert premium == pytest.approx(0.106952702747, abs=1e-6)


def test_a_textbook_put_is_reproduced() -> None:
    """Source: Hull, chapter 21: 4.28, where a tree of 500 steps ends."""
    put = Contracts.of(spot=50.0, strike=50.0, years=5 / 12, rate=0.1, is_call=False)

    assert f"{american.price(put, 0.4):.2f}" == "4.28"


@given(case=CASES)
def test_a_value_is_at_least_the_european_one_and_what_exercise_brings(case: Case) -> None:
    """Both are among what the holder may choose; and a share is never worth less than a call."""
    columns, volatility = oracles.contracts([case])

    value = american.price(columns, volatility)[0]

    european = black_scholes.price(columns, volatility)[0]
    gain = (case.spot - case.strike) * (1 if case.is_call else -1)
    assert value >= max(european - 1e-3, gain - 1e-12, 0.0)
    assert value <= (case.spot if case.is_call else case.strike)


@given(case=CASES)
def test_what_early_exercise_adds_is_the_value_less_the_european_one(case: Case) -> None:
    """Where it never pays, that is nothing at all, and not the rounding of two values."""
    columns, volatility = oracles.contracts([case])

    added = american.added(columns, volatility)

    european = black_scholes.price(columns, volatility)
    beyond = american.price(columns, volatility) - european
    np.testing.assert_allclose(added, beyond, rtol=0.0, atol=1e-11 * case.spot)


@given(case=CASES, more=st.floats(1.01, 1.5))
def test_more_volatility_is_never_worth_less(case: Case, more: float) -> None:
    columns, volatility = oracles.contracts([case])

    lower, higher = (american.price(columns, volatility * up)[0] for up in (1.0, more))

    assert higher >= lower - 1e-3


@given(case=CASES)
def test_a_call_is_the_put_on_the_cash(case: Case) -> None:
    """Spot and strike, rate and yield change places; whoever pays is the other side."""
    mirrored = replace(
        case,
        spot=case.strike,
        strike=case.spot,
        rate=case.dividend_yield,
        dividend_yield=case.rate,
        is_call=not case.is_call,
    )

    pair = american.price(*oracles.contracts([case, mirrored]))

    assert pair[0] == pytest.approx(pair[1], rel=1e-12, abs=1e-12)


@given(case=CASES)
@settings(max_examples=50)
def test_a_volatility_found_prices_at_the_quote_it_was_found_from(case: Case) -> None:
    columns, volatility = oracles.contracts([case])
    quote = american.price(columns, volatility)

    found = american_vol.implied_volatility(columns, quote)

    assume(found.reason[0] == NoVolatility.NONE)
    assert american.price(columns, found.volatility)[0] == pytest.approx(quote[0], abs=1e-3)


def test_a_call_without_yield_and_a_put_without_interest_are_european_to_the_last_bit() -> None:
    """Waiting costs nothing then, so nothing is approximated."""
    never = Contracts.of(
        spot=100.0,
        strike=[80.0, 120.0],
        years=0.7,
        rate=[0.05, 0.0],
        dividend_yield=[0.0, 0.02],
        is_call=[True, False],
    )

    np.testing.assert_array_equal(american.price(never, 0.3), black_scholes.price(never, 0.3))
    at, european = american.greeks(never, 0.3), black_scholes.greeks(never, 0.3)
    np.testing.assert_array_equal(at.delta, european.delta)
    np.testing.assert_array_equal(at.rho, european.rho)


def a_chain() -> Contracts:
    """Return both rights around the money, with a yield, none of them due for exercise."""
    return Contracts.of(
        spot=100.0,
        strike=[[85.0], [95.0], [100.0], [104.0], [115.0]],
        years=0.5,
        rate=0.045,
        dividend_yield=0.03,
        is_call=[True, False],
    )


def moved(**change: float) -> FloatArray:
    """Return what the chain is worth with its columns moved."""
    chain = a_chain()
    shape = chain.shape
    columns = {
        name: getattr(chain, name).reshape(shape) + change.get(name, 0.0)
        for name in ("spot", "strike", "years", "rate", "dividend_yield")
    }
    contracts = Contracts.of(**columns, is_call=chain.is_call.reshape(shape))
    return american.price(contracts, 0.3 + change.get("volatility", 0.0))


def slope(name: str, step: float) -> FloatArray:
    return (moved(**{name: step}) - moved(**{name: -step})) / (2.0 * step)


def test_sensitivities_are_the_differences_of_values() -> None:
    """Each Greek is the derivative it says it is, in the unit it says."""
    at = american.greeks(a_chain(), 0.3)

    bend = (moved(spot=0.5) - 2.0 * moved() + moved(spot=-0.5)) / 0.25
    np.testing.assert_allclose(at.delta, slope("spot", 0.05), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(at.gamma, bend, rtol=2e-3)
    np.testing.assert_allclose(at.theta, -slope("years", 1e-3) / 365, rtol=2e-3, atol=1e-6)
    np.testing.assert_allclose(at.vega, slope("volatility", 1e-4) / 100, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(at.rho, slope("rate", 1e-3) / 100, rtol=1e-3, atol=1e-5)


def test_what_is_due_for_exercise_is_a_position_in_the_share() -> None:
    """Nothing is left of the option: it moves with the share, and time cannot take from it."""
    due = Contracts.of(
        spot=100.0,
        strike=[40.0, 170.0],
        years=0.25,
        rate=[0.0, 0.06],
        dividend_yield=[0.08, 0.0],
        is_call=[True, False],
    )

    at = american.greeks(due, 0.2)

    np.testing.assert_allclose(american.price(due, 0.2), [60.0, 70.0], rtol=1e-12)
    np.testing.assert_array_equal(at.delta, [1.0, -1.0])
    assert not np.any([at.gamma, at.theta, at.vega, at.rho])


@pytest.mark.parametrize(
    ("change", "quote", "reason"),
    [
        ({}, np.nan, NoVolatility.BAD_INPUT),
        ({"spot": -1.0}, 5.0, NoVolatility.BAD_INPUT),
        ({"rate": np.nan}, 5.0, NoVolatility.BAD_INPUT),
        ({"years": 0.0}, 5.0, NoVolatility.EXPIRED),
        ({"strike": 120.0}, 19.0, NoVolatility.BELOW_INTRINSIC),
        ({"strike": 120.0}, 20.0, NoVolatility.NO_TIME_VALUE),
        ({}, 0.0, NoVolatility.NO_TIME_VALUE),
        ({"strike": 80.0}, 80.0, NoVolatility.ABOVE_MAXIMUM),
        ({}, 99.9, NoVolatility.OUT_OF_RANGE),
        ({"rate": 0.001}, 0.02, NoVolatility.OUT_OF_RANGE),
        ({"rate": -0.01, "dividend_yield": -0.03}, 6.0, NoVolatility.TWO_BOUNDARIES),
    ],
)
def test_an_impossible_quote_gets_no_number_but_a_reason(
    change: dict[str, float], quote: float, reason: NoVolatility
) -> None:
    """A number made up for a stale quote would be traded on; its neighbour stays unharmed."""
    sound = Case(is_call=False)
    columns, _ = oracles.contracts([sound, replace(sound, **change)])

    found, at = american_vol.implied_greeks(columns, [7.0, quote])

    assert found.reason.tolist() == [NoVolatility.NONE, reason]
    assert np.isnan(found.volatility).tolist() == [False, True]
    assert np.isnan([at.delta, at.gamma, at.theta, at.vega, at.rho]).tolist() == [[False, True]] * 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"spot": 0.0},
        {"strike": np.nan},
        {"years": -0.1},
        {"rate": np.nan},
        {"rate": -0.02, "dividend_yield": -0.04},
        {"volatility": 0.001},
        {"volatility": 7.0},
        {"volatility": np.nan},
    ],
)
def test_what_makes_no_sense_or_is_out_of_range_is_unknown(wrong: dict[str, float]) -> None:
    """One bad row of a feed must not spoil a chain, nor pass for a price."""
    sound = Case(is_call=False)
    columns, volatility = oracles.contracts([sound, replace(sound, **wrong)])

    assert np.isnan(american.price(columns, volatility)).tolist() == [False, True]
    assert np.isnan(american.greeks(columns, volatility).vega).tolist() == [False, True]


def test_a_search_that_ends_without_an_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """No input is known to exhaust the search, so it is cut short here."""
    put = Contracts.of(spot=100.0, strike=110.0, years=0.5, rate=0.05, is_call=False)
    monkeypatch.setattr(volatility_search, "_ROUNDS", 0)

    found = american_vol.implied_volatility(put, american.price(put, 0.3))

    assert found.reason == NoVolatility.NOT_CONVERGED
    assert np.isnan(found.volatility)


def test_a_result_has_the_shape_of_the_contracts_and_none_are_no_trouble() -> None:
    chain, nothing = (
        a_chain(),
        Contracts.of(spot=100.0, strike=np.empty(0), years=0.5, rate=0.04, is_call=False),
    )

    found, at = american_vol.implied_greeks(chain, american.price(chain, 0.3))

    assert found.volatility.shape == at.rho.shape == (5, 2)
    np.testing.assert_allclose(found.volatility, 0.3, atol=1e-6)
    assert american.price(nothing, 0.3).shape == (0,)
    assert american_vol.implied_volatility(nothing, []).reason.shape == (0,)
