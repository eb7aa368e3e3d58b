"""Strategies: every name is found again, every bound is exact, every chance is a probability."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import inf

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strikedesk.domain import payoff as exact_payoff
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.quant import black_scholes
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.cross_greeks import cross_greeks
from strikedesk.quant.normal import FloatArray, ndtr
from strikedesk.quant.smile import Smile
from strikedesk.quant.strategies.analysis import analyse, cross_exposure
from strikedesk.quant.strategies.legs import Kind, Leg, merged
from strikedesk.quant.strategies.outlook import Lognormal, Smiled
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern, Wings, signature_of
from strikedesk.quant.strategies.payoffs import Market, ahead, at_end, extremes
from strikedesk.quant.strategies.recognition import CUSTOM, recognised

MARKET = Market(spot=100.0, rate=0.04, dividend_yield=0.01)
LEGS = st.lists(
    st.builds(
        Leg,
        kind=st.sampled_from((Kind.CALL, Kind.PUT)),
        quantity=st.integers(-3, 3).filter(bool),
        strike=st.sampled_from((90.0, 95.0, 100.0, 107.5, 120.0)),
        years=st.just(0.25),
    ),
    min_size=1,
    max_size=5,
)


def legs_of(pattern: Pattern, units: int = 1) -> list[Leg]:
    """Return legs that the pattern means, their strikes evenly apart or not as it wants."""
    strikes = [90.0, 95.0, 100.0, 105.0]
    used = max(token[2] for token in pattern.signature)
    if pattern.wings is Wings.UNEVEN:
        strikes[used - 1] += 2.5
    return [
        Leg(kind=kind, quantity=100 * ratio * units)
        if kind is Kind.SHARE
        else Leg(kind=kind, quantity=ratio * units, strike=strikes[rank - 1], years=0.1 * month)
        for kind, month, rank, ratio in pattern.signature
    ]


def option(text: str, *, years: float = 0.25) -> Leg:
    """Read a leg as `+2C105`."""
    head, kind, strike = text.partition("C" if "C" in text else "P")
    quantity = int(head + "1" if head in "+-" else head)
    return Leg(kind=Kind(kind), quantity=quantity, strike=float(strike), years=years)


def values(legs: list[Leg], volatility: float = 0.3) -> list[float]:
    """Return what the formula asks for each leg, USD a share."""
    return [
        MARKET.spot
        if leg.kind is Kind.SHARE
        else float(
            black_scholes.price(
                Contracts.of(
                    spot=MARKET.spot,
                    strike=leg.strike,
                    years=leg.years,
                    rate=MARKET.rate,
                    dividend_yield=MARKET.dividend_yield,
                    is_call=leg.kind is Kind.CALL,
                ),
                volatility,
            )
        )
        for leg in legs
    ]


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_every_strategy_is_known_by_its_legs_in_any_order_and_size(pattern: Pattern) -> None:
    """What is built from a name is called by it, three times over and shuffled."""
    legs = legs_of(pattern, units=3)

    found = recognised(legs[::-1])

    assert (found.name, found.units) == (pattern.name, 3)
    assert found.legs == merged(legs_of(pattern))


def test_no_two_names_mean_the_same_legs() -> None:
    """The usual forty and more; a second name would never be found."""
    meant = [(pattern.signature, pattern.wings) for pattern in PATTERNS]

    assert len(set(meant)) == len(meant) > 70
    anyhow = {pattern.signature for pattern in PATTERNS if pattern.wings is Wings.ANY}
    assert not anyhow & {p.signature for p in PATTERNS if p.wings is not Wings.ANY}


def test_equal_contracts_are_added_up_before_they_are_named() -> None:
    """Two purchases of one contract are one leg."""
    legs = [option("+C100"), option("+C100"), option("-2C105")]

    assert recognised(legs).name == "bull call spread"
    assert recognised(legs).units == 2


@pytest.mark.parametrize(
    "legs",
    [
        [option("+3C100"), option("-2C105")],
        [option("+C100"), option("+C105"), option("+C110")],
        [Leg(kind=Kind.SHARE, quantity=150), option("-C105")],
        [option("+C100"), option("-C105", years=0.5), option("-P95", years=0.75)],
    ],
)
def test_what_nobody_named_is_custom(legs: list[Leg]) -> None:
    """An unknown set must not be called by the nearest name."""
    assert recognised(legs).name == CUSTOM


def test_legs_that_close_each_other_are_nothing() -> None:
    with pytest.raises(ValueError, match="close each other"):
        recognised([option("+C100"), option("-C100")])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": Kind.CALL, "quantity": 0, "strike": 1.0, "years": 1.0}, "leave it out"),
        ({"kind": Kind.PUT, "quantity": 1, "strike": 0.0, "years": 1.0}, "positive"),
        ({"kind": Kind.PUT, "quantity": 1, "strike": 1.0, "years": 0.0}, "positive"),
        ({"kind": Kind.SHARE, "quantity": 1, "strike": 1.0}, "neither strike"),
    ],
)
def test_what_is_no_leg_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Leg(**wrong)  # pyright: ignore[reportArgumentType] -- the wrong values are the point


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("C1", "leg 1 is none"),
        ("+P1 +X1", "leg 2 is none"),
        ("+C", "leg 1 is none"),
        ("+S1", "leg 1 is none"),
        ("+Sa", "leg 1 is none"),
        ("+0C1", "leg 1: ratios"),
        ("+C1 +C0", "leg 2: ratios"),
        ("+C1 -C1", "written twice"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused_by_its_leg(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        signature_of(text)


@given(legs=LEGS, cost=st.integers(-2000, 2000), shares=st.sampled_from((0, 100, -100)))
def test_bounds_and_zeros_are_those_of_exact_arithmetic(
    legs: list[Leg], cost: int, shares: int
) -> None:
    """The order desk counts them in Decimal; both must say the same of one trade."""
    legs = [*legs, *([Leg(kind=Kind.SHARE, quantity=shares)] if shares else [])]
    day = date(2026, 3, 20)
    holdings = [
        exact_payoff.Holding(
            symbol=EquitySymbol(ticker="AAPL")
            if leg.kind is Kind.SHARE
            else OptionSymbol(
                root="AAPL",
                expiration=day,
                right=Right.CALL if leg.kind is Kind.CALL else Right.PUT,
                strike=Decimal(str(leg.strike)),
            ),
            quantity=leg.quantity,
        )
        for leg in legs
    ]

    found = extremes(legs, float(cost))

    expected = exact_payoff.payoff(holdings, Decimal(-cost))
    assert found.max_profit == pytest.approx(
        inf if expected.max_profit is None else float(expected.max_profit)
    )
    assert found.max_loss == pytest.approx(
        inf if expected.max_loss is None else float(expected.max_loss)
    )
    assume(all(at_end(legs, np.array([leg.strike]))[0] != cost for leg in legs))
    assume(at_end(legs, np.zeros(1))[0] != cost)
    assert found.break_evens == pytest.approx([float(at) for at in expected.break_evens], abs=1e-4)


def test_spreads_of_the_textbook_come_to_what_it_says() -> None:
    """Source: Hull, chapter 12: a bull spread at 3 - 1, a butterfly at 10 - 2 x 7 + 5."""
    spread = [option("+C30"), option("-C35")]
    butterfly = [option("+C55"), option("-2C60"), option("+C65")]
    flat = np.full(3, 0.3)

    of_spread = analyse(spread, MARKET, price=[3.0, 1.0], volatility=flat[:2])
    of_butterfly = analyse(butterfly, MARKET, price=[10.0, 7.0, 5.0], volatility=flat)

    assert (of_spread.recognised.name, of_spread.cost) == ("bull call spread", 200.0)
    assert (of_spread.bounds.max_profit, of_spread.bounds.max_loss) == (300.0, 200.0)
    assert of_spread.bounds.break_evens == (32.0,)
    assert (of_butterfly.recognised.name, of_butterfly.cost) == ("long call butterfly", 100.0)
    assert (of_butterfly.bounds.max_profit, of_butterfly.bounds.max_loss) == (400.0, 100.0)
    assert of_butterfly.bounds.break_evens == (56.0, 64.0)


CONDOR = [option("+P85"), option("-P90"), option("-C110"), option("+C115")]


def test_a_condor_is_analysed_whole() -> None:
    """Its chances are those between its break-evens, its return that of its width less credit."""
    found = analyse(CONDOR, MARKET, price=[0.5, 1.1, 1.2, 0.6], volatility=[0.3] * 4)

    assert found.recognised.name == "iron condor"
    assert found.exact
    assert found.cost == pytest.approx(-120.0)
    assert found.bounds.max_profit == pytest.approx(120.0)
    assert found.bounds.max_loss == pytest.approx(380.0)
    assert found.bounds.break_evens == pytest.approx((88.8, 111.2))
    assert found.return_on_capital == pytest.approx(120 / 380)
    assert found.annualised == pytest.approx(4 * 120 / 380)
    low, high = (np.log(at / 100.0) - 0.03 * 0.25 + 0.045 / 4 for at in (88.8, 111.2))
    assert found.market.profit == pytest.approx(float(ndtr(high / 0.15) - ndtr(low / 0.15)))
    assert found.stated is None


def test_what_is_paid_for_at_its_value_earns_nothing_on_average() -> None:
    """Under the distribution that priced it; under a wilder one, its seller pays."""
    calm = Lognormal(forward=100.0 * np.exp(0.0075), deviation=0.3 * 0.5)
    wild = replace(calm, deviation=0.25)

    found = analyse(
        CONDOR,
        MARKET,
        price=values(CONDOR),
        volatility=[0.3] * 4,
        outlook=calm,
        stated=wild,
    )

    assert found.stated is not None
    assert found.market.expected == pytest.approx(0.0, abs=1e-9)
    assert found.stated.expected < -20.0
    assert found.stated.profit < found.market.profit


def test_a_sale_without_a_bound_has_no_capital_of_its_own() -> None:
    """An infinite loss is no denominator; the margin that somebody states is one."""
    straddle = [option("-C100"), option("-P100")]
    prices = [6.0, 5.5]

    alone = analyse(straddle, MARKET, price=prices, volatility=[0.3, 0.3])
    given_margin = analyse(straddle, MARKET, price=prices, volatility=[0.3, 0.3], capital=2300.0)

    assert alone.bounds.max_loss == inf
    assert (alone.capital, alone.return_on_capital, alone.annualised) == (None, None, None)
    assert given_margin.return_on_capital == pytest.approx(0.5)
    call = analyse([option("+C100")], MARKET, price=[5.0], volatility=[0.3])
    assert (call.capital, call.return_on_capital) == (500.0, None)


def test_a_calendar_is_worth_most_where_it_is_centred() -> None:
    """Two ends: nothing is exact, and what is left at the first is valued by the formula."""
    legs = [option("-C100"), option("+C100", years=0.5)]

    found = analyse(legs, MARKET, price=values(legs), volatility=[0.3, 0.3])

    low, high = found.bounds.break_evens
    assert found.recognised.name == "call calendar"
    assert not found.exact
    assert low < 100.0 < high
    assert found.bounds.max_loss <= found.cost + 1e-6
    at = ahead(
        legs, np.full(2, 0.3), MARKET, spot=np.array([low, 100.0, high]), years=np.array([0.25])
    )
    np.testing.assert_allclose(at[0, [0, 2]], found.cost, rtol=1e-3)
    assert at[0, 1] - found.cost == pytest.approx(found.bounds.max_profit, rel=1e-6)
    assert found.market.expected == pytest.approx(0.0, abs=0.5)
    assert 0.3 < found.market.profit < 0.7


def test_sensitivities_are_those_of_all_legs_and_shares() -> None:
    """A covered call is a hundred shares less a call: differences of its value say the same."""
    legs = [Leg(kind=Kind.SHARE, quantity=100), option("-C105")]
    sigma = np.array([0.0, 0.3])

    found = analyse(legs, MARKET, price=[100.0, 4.0], volatility=sigma).exposure

    def worth(spot: float = 100.0, years: float = 0.0, more: float = 0.0) -> float:
        at = ahead(legs, sigma + more, MARKET, spot=np.array([spot]), years=np.array([years]))
        return float(at[0, 0])

    assert found.delta == pytest.approx((worth(100.01) - worth(99.99)) / 0.02, rel=1e-6)
    assert found.gamma == pytest.approx((worth(101) - 2 * worth() + worth(99)), rel=1e-2)
    assert found.theta == pytest.approx(worth(years=1 / 365) - worth(), rel=1e-2)
    assert found.vega == pytest.approx(worth(more=0.005) - worth(more=-0.005), rel=1e-4)
    assert found.rho < 0.0


def test_how_delta_moves_is_its_difference_in_all_legs_and_none_in_shares() -> None:
    """What is told of them without the sensitivities is told with them."""
    legs = [Leg(kind=Kind.SHARE, quantity=100), option("-C105"), option("+2P95")]
    sigma = np.array([0.0, 0.3, 0.35])
    contracts = Contracts.of(
        spot=100.0,
        strike=[np.nan, 105.0, 95.0],
        years=0.25,
        rate=0.04,
        dividend_yield=0.01,
        is_call=[False, True, False],
    )

    found = cross_exposure(legs, cross_greeks(contracts, sigma))

    def delta(more: float = 0.0, days: float = 0.0) -> float:
        later = replace(contracts, years=contracts.years - days / 365)
        some = Contracts.of(
            spot=later.spot,
            strike=later.strike,
            years=later.years,
            rate=0.04,
            dividend_yield=0.01,
            is_call=later.is_call,
        )
        at = black_scholes.greeks(some, sigma + more).delta
        return float(-100 * at[1] + 200 * at[2])

    assert found.vanna == pytest.approx((delta(0.001) - delta(-0.001)) / 0.2, rel=1e-4)
    assert found.charm == pytest.approx((delta(days=0.1) - delta(days=-0.1)) / 0.2, rel=1e-4)
    told = cross_greeks(contracts, sigma, black_scholes.greeks(contracts, sigma))
    assert cross_exposure(legs, told) == found


@pytest.mark.parametrize(
    ("legs", "price", "told"),
    [
        ([option("+C100")], [1.0, 2.0], "one price"),
        ([Leg(kind=Kind.SHARE, quantity=100)], [100.0], "shares alone"),
    ],
)
def test_what_cannot_be_analysed_is_refused(legs: list[Leg], price: list[float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        analyse(legs, MARKET, price=price, volatility=[0.3] * len(legs))


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
PRICES = np.linspace(50.0, 180.0, 261)


def test_the_market_s_distribution_is_the_one_its_options_are_priced_by() -> None:
    """What exceeds a strike on average falls, from one strike to the next, by the chance above."""
    view = Smiled(smile=CURVE)

    falls = (view.above(PRICES - 1e-3) - view.above(PRICES + 1e-3)) / 2e-3
    below = view.below(PRICES)

    np.testing.assert_allclose(1.0 - falls, below, atol=1e-7)
    assert np.all(np.diff(below) >= 0.0)
    assert view.forward == 101.0


def test_a_curve_without_a_bend_is_the_lognormal_distribution() -> None:
    flat = replace(CURVE, a=0.027, c=0.0, d=0.0)
    plain = Lognormal(forward=101.0, deviation=float(np.sqrt(0.027)))

    def both(name: str) -> tuple[FloatArray, FloatArray]:
        return getattr(Smiled(smile=flat), name)(PRICES), getattr(plain, name)(PRICES)

    np.testing.assert_allclose(*both("below"), rtol=1e-12)
    np.testing.assert_allclose(*both("above"), rtol=1e-12, atol=1e-12)


@given(legs=LEGS)
@settings(max_examples=25)
def test_a_chance_is_a_probability_and_means_agree_with_a_fine_sum(legs: list[Leg]) -> None:
    """Whatever the legs: the closed mean is that of the distribution, cell by cell."""
    assume(merged(legs))
    view = Smiled(smile=replace(CURVE, years=0.25))
    cost = 12.5

    found = analyse(
        legs,
        MARKET,
        price=[cost / (100 * sum(leg.quantity for leg in legs) or 1)] * len(legs),
        volatility=[0.3] * len(legs),
        outlook=view,
    )

    spot = np.linspace(0.5, 700.0, 70_000)
    middle = 0.5 * (spot[1:] + spot[:-1])
    mean = float(np.diff(view.below(spot)) @ at_end(legs, middle))
    assert 0.0 <= found.market.profit <= 1.0 + 1e-12
    discounted = mean * np.exp(-0.04 * 0.25) - found.cost
    assert found.market.expected == pytest.approx(discounted, abs=0.5)
