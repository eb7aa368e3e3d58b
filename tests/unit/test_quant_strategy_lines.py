"""Payoffs as lines: at the end by hand, before it by the formula, and every corner shown."""

from math import exp, sqrt

import numpy as np
import pytest

from strikedesk.quant import black_scholes
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.strategies.legs import Kind, Leg
from strikedesk.quant.strategies.lines import Lines, lines

YEARS, SIGMA, SPOT, FORWARD = 0.25, 0.2, 100.0, 101.0
SPREAD = (
    Leg(kind=Kind.CALL, quantity=1, strike=100.0, years=YEARS),
    Leg(kind=Kind.CALL, quantity=-1, strike=105.0, years=YEARS),
)


def call(forward: float, strike: float, years: float) -> float:
    one = Contracts.of(spot=forward, strike=strike, years=years, rate=0.0, is_call=True)
    return float(black_scholes.price(one, SIGMA))


def drawn(legs: tuple[Leg, ...], cost: float, *marks: float) -> Lines:
    return lines(
        legs,
        [SIGMA] * len(legs),
        spot=SPOT,
        forward=FORWARD,
        deviation=SIGMA * sqrt(YEARS),
        cost=cost,
        marks=marks,
    )


def at(line: list[float], found: Lines, spot: float) -> float:
    return float(np.interp(spot, found.spot, line))


def test_the_end_is_what_the_strikes_say() -> None:
    """A spread that cost 200 loses that below, wins 300 above, and is even at 102."""
    found = drawn(SPREAD, 200.0, 102.0)

    line = [*found.at_end]
    for spot, result in ((90.0, -200.0), (100.0, -200.0), (102.0, 0.0), (105.0, 300.0)):
        assert at(line, found, spot) == pytest.approx(result, abs=1e-9)
    assert {100.0, 102.0, 105.0} <= {*found.spot}


def test_what_is_bought_at_its_value_stands_at_nothing_today() -> None:
    """The share is carried to its forward: at its price of now nothing is won yet."""
    cost = 100.0 * (call(FORWARD, 100.0, YEARS) - call(FORWARD, 105.0, YEARS))

    found = drawn(SPREAD, cost)

    assert at([*found.now], found, SPOT) == pytest.approx(0.0, abs=0.05)
    half = 110.0 * sqrt(FORWARD / SPOT)
    worth = 100.0 * (call(half, 100.0, YEARS / 2) - call(half, 105.0, YEARS / 2))
    assert at([*found.half_way], found, 110.0) == pytest.approx(worth - cost, abs=0.05)


def test_the_expected_move_is_one_deviation_to_either_side_of_the_forward() -> None:
    found = drawn(SPREAD, 0.0)

    assert found.low == pytest.approx(FORWARD * exp(-0.1))
    assert found.high == pytest.approx(FORWARD * exp(0.1))
    assert found.spot[0] < SPOT * exp(-0.25) < SPOT * exp(0.25) < found.spot[-1]
    assert [*found.spot] == sorted({*found.spot})


def test_what_is_too_far_to_be_reached_is_not_shown_but_a_strike_is() -> None:
    """A break-even at 500 would press the rest of the picture into a corner."""
    far = (Leg(kind=Kind.PUT, quantity=1, strike=20.0, years=YEARS),)

    found = drawn(far, 1.0, 500.0)

    assert 500.0 not in found.spot
    assert 20.0 in found.spot
    assert found.spot[0] >= 0.01 * SPOT


def test_shares_are_worth_their_price_of_the_day() -> None:
    shares = Leg(kind=Kind.SHARE, quantity=100)
    short = Leg(kind=Kind.CALL, quantity=-1, strike=105.0, years=YEARS)
    cost = 100.0 * (SPOT - call(FORWARD, 105.0, YEARS))

    found = drawn((shares, short), cost)

    assert at([*found.now], found, SPOT) == pytest.approx(0.0, abs=0.05)
    assert at([*found.at_end], found, 110.0) == pytest.approx(10_500.0 - cost)


def test_a_later_expiration_has_a_forward_of_its_own() -> None:
    """Half a percent of carry is a seventh of what a calendar costs."""
    later = Leg(kind=Kind.CALL, quantity=1, strike=100.0, years=0.5, carry=1.01)
    near = Leg(kind=Kind.CALL, quantity=-1, strike=100.0, years=YEARS)
    cost = 100.0 * (call(FORWARD * 1.01, 100.0, 0.5) - call(FORWARD, 100.0, YEARS))

    found = drawn((near, later), cost)

    assert at([*found.now], found, SPOT) == pytest.approx(0.0, abs=0.05)
    worth = 100.0 * call(101.0, 100.0, 0.25)
    assert at([*found.at_end], found, 100.0) == pytest.approx(worth - cost, abs=0.05)
