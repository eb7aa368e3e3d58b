"""Strategies from words, from a file of the owner's, and what may befall them."""

from math import inf, isnan

import numpy as np
import pytest

from strikedesk.quant import black_scholes
from strikedesk.quant.cash_dividends import CashDividends
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.strategies.building import Listing, built
from strikedesk.quant.strategies.custom import BadFile, patterns_of
from strikedesk.quant.strategies.hazards import Assignment, assignments, liquidity
from strikedesk.quant.strategies.legs import Kind, Leg
from strikedesk.quant.strategies.patterns import PATTERNS
from strikedesk.quant.strategies.payoffs import Market
from strikedesk.quant.strategies.recognition import recognised
from strikedesk.quant.strategies.request import request_of

DAYS = (9, 44, 72, 135)


def a_listing() -> Listing:
    """Return four expirations, strikes a dollar apart from 60 to 140, both rights."""
    listed = np.arange(60.0, 141.0)
    years = np.repeat(np.array(DAYS) / 365, 2 * listed.size)
    strike = np.tile(np.repeat(listed, 2), len(DAYS))
    calls = np.tile([True, False], len(DAYS) * listed.size)
    contracts = Contracts.of(spot=100.2, strike=strike, years=years, rate=0.04, is_call=calls)
    delta = black_scholes.greeks(contracts, 0.3).delta
    return Listing(spot=100.2, strike=strike, years=years, is_call=calls, delta=delta)


LISTING = a_listing()


def strikes(text: str) -> list[tuple[str, int, float, int]]:
    """Return kind, quantity, strike and days of what is built."""
    legs = built(request_of(text), LISTING)
    ordered = sorted(legs, key=lambda leg: (leg.years, leg.strike, leg.kind))
    return [(leg.kind.value, leg.quantity, leg.strike, round(leg.years * 365)) for leg in ordered]


def delta_of(kind: str, strike: float, days: int) -> float:
    side = (LISTING.is_call == (kind == "C")) & (LISTING.strike == strike)
    return float(LISTING.delta[side & (LISTING.years == days / 365)][0])


def test_a_condor_of_a_few_words_has_the_deltas_and_wings_that_were_asked() -> None:
    """The example of every trading book: 45 days, 16 delta, 5 wide."""
    legs = strikes("Iron condor, 45 DTE, 16 delta, 5 wide")

    (_, _, low, _), (_, _, put, _), (_, _, call, _), (_, _, high, _) = legs
    assert [leg[:2] for leg in legs] == [("P", 1), ("P", -1), ("C", -1), ("C", 1)]
    assert {leg[3] for leg in legs} == {44}
    assert (put - low, high - call) == (5.0, 5.0)
    for kind, strike in (("P", put), ("C", call)):
        misses = [abs(abs(delta_of(kind, strike + by, 44)) - 0.16) for by in (-1.0, 0.0, 1.0)]
        assert min(misses) == misses[1]


@pytest.mark.parametrize(
    ("text", "legs"),
    [
        ("long call, 9 DTE", [("C", 1, 100.0, 9)]),
        ("short straddle, 44 dte, 16 delta", [("C", -1, 101.0, 44), ("P", -1, 101.0, 44)]),
        ("covered call, 44 DTE, 30 delta", [("S", 100, 0.0, 0), ("C", -1, 107.0, 44)]),
        (
            "long call butterfly, 70 DTE, 10 wide, x 2",
            [("C", 2, 90.0, 72), ("C", -4, 100.0, 72), ("C", 2, 110.0, 72)],
        ),
        (
            "iron butterfly, 44 DTE, 10 wide",
            [("P", 1, 90.0, 44), ("C", -1, 100.0, 44), ("P", -1, 100.0, 44), ("C", 1, 110.0, 44)],
        ),
        (
            "long call condor, 44 DTE, 30 delta, 5 wide",
            [("C", 1, 102.0, 44), ("C", -1, 107.0, 44), ("C", -1, 112.0, 44), ("C", 1, 117.0, 44)],
        ),
        ("call calendar, 44/72 DTE", [("C", -1, 100.0, 44), ("C", 1, 100.0, 72)]),
        ("call diagonal, 44/135 DTE, 10 wide", [("C", -1, 105.0, 44), ("C", 1, 95.0, 135)]),
        ("long strangle, 44 DTE, 10 wide", [("P", 1, 95.0, 44), ("C", 1, 105.0, 44)]),
    ],
)
def test_words_become_legs(text: str, legs: list[tuple[str, int, float, int]]) -> None:
    """Nearest listed expirations and strikes, in the quantities of the name."""
    assert strikes(text) == legs


@pytest.mark.parametrize(
    "pattern",
    [p for p in PATTERNS if not p.name.startswith("broken") and max(t[1] for t in p.signature)],
    ids=lambda pattern: pattern.name,
)
def test_what_is_built_is_called_by_the_name_it_was_built_from(pattern: object) -> None:
    """Both ways agree for every name."""
    known = next(each for each in PATTERNS if each is pattern)
    ends = max(token[1] for token in known.signature)

    legs = built(request_of(f"{known.name}, {'44' if ends == 1 else '44/72'} DTE, 4 wide"), LISTING)

    assert recognised(legs).name == known.name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("iron cobra, 45 DTE", "of that name: .* iron condor"),
        ("zzz, 45 DTE", "as iron condor"),
        ("long shares", "no option"),
        ("iron condor", "needs 1 different"),
        ("iron condor, 30/60 DTE, 5 wide", "needs 1 different"),
        ("call calendar, 45 DTE", "needs 2 different"),
        ("call calendar, 60/30 DTE", "needs 2 different"),
        ("long call, 45 DTE, cheap", "part 3 is not understood"),
        ("long call, 45 DTE, 0 delta", "more than 0"),
        ("long call, 45 DTE, x0", "more than 0"),
        ("iron condor, 45 DTE, 16 delta", "say how wide"),
        ("long strangle, 45 DTE", "say how wide"),
        ("iron condor, 45 DTE, 0.1 wide", "too far apart"),
        ("call calendar, 40/44 DTE", "days further apart"),
    ],
)
def test_words_that_say_too_little_or_too_much_are_refused(text: str, told: str) -> None:
    """Nothing is guessed: the answer names the part and what to say instead."""
    with pytest.raises(ValueError, match=told):
        built(request_of(text), LISTING)


def test_a_listing_that_lacks_what_is_needed_is_told_so() -> None:
    empty = np.empty(0)
    nothing = Listing(
        spot=100.0, strike=empty, years=empty, is_call=empty.astype(bool), delta=empty
    )
    calls = LISTING.is_call
    only_calls = Listing(
        spot=100.0,
        strike=LISTING.strike[calls],
        years=LISTING.years[calls],
        is_call=calls[calls],
        delta=np.full(np.count_nonzero(calls), np.nan),
    )

    with pytest.raises(ValueError, match="no expiration"):
        built(request_of("long call, 45 DTE"), nothing)
    with pytest.raises(ValueError, match="no delta is known"):
        built(request_of("short call, 45 DTE, 16 delta"), only_calls)
    with pytest.raises(ValueError, match="no strike is listed"):
        built(request_of("long straddle, 45 DTE"), only_calls)


CUSTOM_FILE = """
[[strategy]]
name = "one by three"
legs = "+P2 -3P1"

[[strategy]]
name = "lopsided fly"
legs = "+C1 -3C2 +2C3"
wings = "uneven"
"""


def test_an_owner_s_strategies_are_known_beside_the_usual_ones() -> None:
    own = patterns_of(CUSTOM_FILE)
    legs = [
        Leg(kind=Kind.PUT, quantity=2, strike=100.0, years=0.1),
        Leg(kind=Kind.PUT, quantity=-6, strike=90.0, years=0.1),
    ]

    found = recognised(legs, (*PATTERNS, *own))

    assert [pattern.name for pattern in own] == ["one by three", "lopsided fly"]
    assert (found.name, found.units) == ("one by three", 2)
    assert request_of("One by Three, 30 DTE", own).pattern is own[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[strategy]]\nname = ", "line 2: this is no TOML"),
        ("[[strategy]]\nname = 'x'\nlegs = = 'hunter2'", "line 3: this is no TOML$"),
        ("name = 'x'", "line 1: write each"),
        ("# mine\n\n[other]\nname = 'x'", "line 3: write each"),
        ("# mine\n\"na.me\" = 'x'", "line 1: write each"),
        ("[[strategy]]\nname = 'a, b'\nlegs = '+C1'", "line 2: a name has no comma"),
        ("[[strategy]]\nname = 'a  b'\nlegs = '+C1'", "line 2: a name has no comma"),
        ("[[strategy]]\nname = 'Iron Condor'\nlegs = '+C1'", "line 2: this name is taken"),
        ("[[strategy]]\nname = 'a'\nlegs = '+C1 +C1'", "line 3: one contract"),
        ("[[strategy]]\nname = 'a'\nlegs = '+0C1'", "line 3: leg 1: ratios"),
        ("strategy = 'x'", "line 1: write each"),
        ("strategy = ['x']", "line 1: write each"),
        ("[[strategy]]\nlegs = '+C1'", "line 1: give it a name"),
        ("[[strategy]]\nname = 'a'\n\nlegs = '+X1'", "line 4: leg 1 is none"),
        ("[[strategy]]\nname = 'a'\nlegs = ''", "line 3: write its legs"),
        ("[[strategy]]\nname = 'a'\nlegs = '+C1 -C3'", "line 3: its strikes"),
        ("[[strategy]]\nname = 'a'\nlegs = '+C1b'", "line 3: its expirations"),
        ("[[strategy]]\nname = 'iron condor'\nlegs = '+C1'", "line 2: this name"),
        ("[[strategy]]\nname = 'custom'\nlegs = '+C1'", "line 2: this name"),
        ("[[strategy]]\nname = 'a'\nlegs = '+C1 -C2'", "line 3: .*bull call spread"),
        ("[[strategy]]\nname = 'a'\nlegs = '+C1 -4C2'\nwings = 'odd'", "line 4: wings are"),
        ("[[strategy]]\nname = 'a'\nlegs = '+C1 -4C2'\nfee = 1", "line 4: there is no such key"),
        (
            2 * "[[strategy]]\nname = 'a'\nlegs = '+C1 -4C2'\n",
            "line 5: this name is taken",
        ),
    ],
)
def test_a_bad_file_is_refused_with_the_line(text: str, told: str) -> None:
    """Whoever wrote it finds the place."""
    with pytest.raises(BadFile, match=told) as bad:
        patterns_of(text)

    assert "hunter2" not in str(bad.value)


MARKET = Market(spot=100.0, rate=0.05)
SOON = CashDividends.of([0.1], [1.2])


def leg(kind: Kind, strike: float, quantity: int = -1) -> Leg:
    return Leg(kind=kind, quantity=quantity, strike=strike, years=0.25)


@pytest.mark.parametrize(
    ("one", "price", "told"),
    [
        (leg(Kind.CALL, 90.0), 11.0, Assignment.DIVIDEND),
        (leg(Kind.CALL, 90.0), 12.0, Assignment.UNLIKELY),
        (leg(Kind.CALL, 90.0), 10.0, Assignment.NO_TIME_VALUE),
        (leg(Kind.CALL, 90.0, 1), 11.0, Assignment.UNLIKELY),
        (leg(Kind.CALL, 110.0), 0.5, Assignment.UNLIKELY),
        (leg(Kind.PUT, 110.0), 11.0, Assignment.INTEREST),
        (leg(Kind.PUT, 110.0), 12.0, Assignment.UNLIKELY),
        (leg(Kind.PUT, 110.0), np.nan, Assignment.UNLIKELY),
        (Leg(kind=Kind.SHARE, quantity=-100), 100.0, Assignment.UNLIKELY),
    ],
)
def test_a_sold_option_is_at_risk_where_its_holder_gains_by_exercise(
    one: Leg, price: float, told: Assignment
) -> None:
    """The dividend beats what is left of the call; the interest what is left of the put."""
    assert assignments([one], MARKET, price=[price], dividends=SOON) == (told,)


def test_each_leg_has_the_rate_of_its_own_expiration() -> None:
    """At nothing a year no interest is lost on a strike."""
    legs = [leg(Kind.PUT, 110.0), leg(Kind.PUT, 110.0, -2)]

    found = assignments(legs, MARKET, price=[11.0, 11.0], dividends=SOON, rate=[0.05, 0.0])

    assert found == (Assignment.INTEREST, Assignment.UNLIKELY)


def test_without_a_dividend_before_its_end_a_call_is_left_alone() -> None:
    later = CashDividends.of([0.3], [1.2])

    found = assignments([leg(Kind.CALL, 90.0)], MARKET, price=[10.5], dividends=later)

    assert found == (Assignment.UNLIKELY,)


def test_what_it_costs_to_cross_is_half_of_all_spreads() -> None:
    """A spread that seems cheap at the mid may be all cost."""
    legs = [leg(Kind.CALL, 100.0, 1), leg(Kind.CALL, 105.0, -2)]

    found = liquidity(legs, bid=[4.9, 2.0], ask=[5.1, 2.2])

    assert found.to_cross == pytest.approx(10.0 + 20.0)
    assert found.of_mid == pytest.approx(30.0 / (500.0 - 420.0))
    assert found.widest == pytest.approx(0.2 / 2.1)
    assert liquidity(legs, bid=[4.0, 2.0], ask=[4.0, 2.0]).to_cross == 0.0
    assert liquidity(legs, bid=[3.9, 1.9], ask=[4.1, 2.1]).of_mid == inf
    assert isnan(liquidity(legs, bid=[np.nan, 2.0], ask=[5.0, 2.1]).to_cross)


def test_columns_that_do_not_fit_the_legs_are_refused() -> None:
    legs = [leg(Kind.CALL, 100.0)]

    with pytest.raises(ValueError, match="one price"):
        assignments(legs, MARKET, price=[1.0, 2.0], dividends=SOON)
    with pytest.raises(ValueError, match="one bid and one ask"):
        liquidity(legs, bid=[1.0], ask=[1.0, 2.0])
