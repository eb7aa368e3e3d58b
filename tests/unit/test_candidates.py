"""Candidates: equal to brute force, to published examples, and to themselves at any speed."""

import subprocess
import sys
from dataclasses import fields, replace
from math import inf, isclose, isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.quant.candidates import aims, searching, tiles
from strikedesk.quant.candidates.chain import Chain, Quotes, Slice
from strikedesk.quant.candidates.found import Candidate, Flaw, Found
from strikedesk.quant.candidates.measures import MEANINGS, Measure
from strikedesk.quant.candidates.search import LEAST_USD, Bound, Search, Weight, Window
from strikedesk.quant.candidates.searching import search
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.analysis import analyse
from strikedesk.quant.strategies.legs import Kind, Leg
from strikedesk.quant.strategies.outlook import Lognormal
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern, signature_of
from strikedesk.quant.strategies.payoffs import Market
from tests.unit.candidate_chain import RATE, SPOT, a_chain
from tests.unit.candidate_oracle import by_brute_force, ranked

NAMED = {pattern.name: pattern for pattern in PATTERNS}
WITH_OPTIONS = [p for p in PATTERNS if any(token[0] is not Kind.SHARE for token in p.signature)]
ONE_MONTH = [p for p in WITH_OPTIONS if all(token[1] < 2 for token in p.signature)]
TWO_MONTHS = [p for p in WITH_OPTIONS if p not in ONE_MONTH]
CONDOR = NAMED["iron condor"]
BY_CREDIT = (Weight(Measure.CREDIT),)


def strikes_of(candidate: Candidate) -> list[float]:
    return sorted({leg.strike for leg in candidate.legs if leg.strike})


@pytest.mark.parametrize("pattern", ONE_MONTH, ids=lambda pattern: pattern.name)
def test_a_search_finds_what_brute_force_finds(pattern: Pattern) -> None:
    """Counts, reasons, the order and every measure, from the definitions in plain Python."""
    chain = a_chain(20, 50, strikes=6, step=5.0, seed=3, forecast=0.3)
    sought = Search(
        pattern=pattern,
        bounds=(
            Bound(Measure.OPEN_INTEREST, low=300.0),
            Bound(Measure.PROFIT_PROBABILITY, low=0.3),
            Bound(Measure.DELTA, low=-0.9, high=1.5),
        ),
        ranking=(Weight(Measure.EXPECTED_VALUE), Weight(Measure.SPREAD_SHARE, -0.5)),
        window=Window(wing=2),
        top=9,
        per_expiration=6,
    )

    found, truth = search(chain, sought), by_brute_force(chain, sought)

    assert (found.enumerated, found.passed) == (len(truth), sum(not t.failed for t in truth))
    alone = {m: sum(t.failed == (m,) for t in truth) for m in Measure}
    assert found.alone == {measure: count for measure, count in alone.items() if count}
    for candidate, best in zip(found.candidates, ranked(truth, sought), strict=True):
        assert {leg.slice for leg in candidate.legs if leg.strike} == {best.place}
        assert isclose(candidate.score, best.score, abs_tol=1e-6)
        for measure, value in best.measures.items():
            ours = candidate.measures[measure]
            assert (
                isnan(value) if ours is None else isclose(value, ours, rel_tol=1e-6, abs_tol=3e-6)
            )


SOME = (
    *("iron condor", "broken-wing iron condor", "bear call spread", "bull call spread"),
    *("broken-wing long call butterfly", "strap", "jade lizard", "covered call", "put calendar"),
)
RULES = st.lists(
    st.tuples(
        st.sampled_from(sorted(set(Measure) - {Measure.DAYS})), st.integers(0, 9), st.booleans()
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda rule: rule[0],
)


@given(
    seed=st.integers(0, 9),
    name=st.sampled_from(SOME),
    rules=RULES,
    rank=st.sampled_from([Measure.EV_TO_RISK, Measure.CREDIT, Measure.THETA]),
    near=st.integers(0, 3),
    cap=st.none() | st.integers(1, 4),
    tiled=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_neither_the_sieve_nor_hopes_nor_scouts_change_anything(
    *,
    seed: int,
    name: str,
    rules: list[tuple[Measure, int, bool]],
    rank: Measure,
    near: int,
    cap: int | None,
    tiled: bool,
) -> None:
    """What is not judged exactly is sure to fail, alone or with any partner."""
    chain = a_chain(30, 60, strikes=12, step=2.5, seed=seed)
    loose = Search(pattern=NAMED[name], ranking=(Weight(rank),), top=10, window=Window(wing=5))
    best = search(chain, loose).candidates
    bounds: list[Bound] = []
    for measure, at, above in rules:
        end = best[at % len(best)].measures[measure] if best else None
        bounds.append(Bound(measure, low=end) if above else Bound(measure, high=end))
    lawful = [bound for bound in bounds if bound.highest > LEAST_USD]
    sought = replace(loose, bounds=tuple(lawful), near=near, per_expiration=cap)
    best_only = replace(sought, near=0, count=False)

    truth = search(chain, sought, sieve=False)
    with pytest.MonkeyPatch.context() as patched:
        if tiled:  # Chains as small as these are not, otherwise.
            patched.setattr(tiles, "_FEWEST", 0)
            patched.setattr(aims, "_MANY", 0)
        assert search(chain, sought) == truth
        assert search(chain, best_only).candidates == truth.candidates
        assert search(chain, best_only).passed <= truth.passed


@pytest.mark.parametrize("near", [0, 3])
@pytest.mark.parametrize(
    "bound",
    [
        Bound(Measure.CREDIT_TO_WIDTH, low=0.15),
        Bound(Measure.RETURN_ON_RISK, low=0.2),
        Bound(Measure.ANNUALISED, low=2.0),
        Bound(Measure.EV_TO_RISK, low=0.02),
        Bound(Measure.EV_TO_RISK, low=0.0),
        Bound(Measure.THETA_TO_RISK, low=0.001),
        Bound(Measure.MAX_LOSS, high=4.0),
        Bound(Measure.PROFIT_PROBABILITY, low=0.5),
    ],
    ids=str,
)
def test_many_pieces_come_to_the_same(bound: Bound, near: int) -> None:
    """Tens of thousands of condors, through more than one block and list."""
    chain = a_chain(30, strikes=48, step=0.75, seed=4, forecast=0.2)
    wide = Pattern(name="any wings", signature=CONDOR.signature)
    rules = (bound, Bound(Measure.OPEN_INTEREST, low=100.0))
    sought = Search(pattern=wide, bounds=rules, near=near, window=Window(wing=7))

    found = search(chain, sought)

    assert found.enumerated > 30_000
    assert 0 < found.passed < found.enumerated
    assert found == search(chain, sought, sieve=False)


TOGETHER = (
    *("iron condor", "bear call spread", "broken-wing long call butterfly", "jade lizard"),
    *("covered call", "short put", "bull call spread", "broken-wing iron condor"),
)


@pytest.mark.parametrize("near", [0, 3])
@pytest.mark.parametrize("cap", [None, 2])
@pytest.mark.parametrize("name", TOGETHER)
def test_expirations_laid_out_together_come_to_what_each_does_by_itself(
    name: str, cap: int | None, near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many small arrays take many numpy calls, few large ones take few: the answer is the same."""
    several = a_chain(8, 30, 150, strikes=14, step=2.5, seed=6, forecast=0.28)
    fewer = a_chain(60, strikes=7, step=5.0, seed=6)
    chain = replace(several, slices=(*several.slices[:2], *fewer.slices, several.slices[2]))
    bounds = (Bound(Measure.ANNUALISED, low=0.1), Bound(Measure.EXPECTED_VALUE, low=-0.5))
    ranking = (Weight(Measure.PROFIT_PROBABILITY),)
    sought = Search(
        pattern=NAMED[name], bounds=bounds, ranking=ranking, top=25, near=near, per_expiration=cap
    )

    together = search(chain, sought)
    monkeypatch.setattr(searching, "_HALVES_TOGETHER", 0)
    apart = search(chain, sought)

    assert together.candidates
    same(together, apart)


def same(one: Found, other: Found) -> None:
    """Hold two answers equal, figures to the last digits."""
    assert replace(one, candidates=(), near=()) == replace(other, candidates=(), near=())
    nears = [[each.candidate for each in found.near] for found in (one, other)]
    for ours, theirs in ((one.candidates, other.candidates), nears):
        for a, b in zip(ours, theirs, strict=True):
            assert a.legs == b.legs
            assert figures_of(a) == pytest.approx(figures_of(b), rel=1e-12, abs=1e-15, nan_ok=True)


def figures_of(candidate: Candidate) -> list[float]:
    """Return every figure of a candidate, NaN where it is unknown."""
    told = [nan if value is None else value for value in candidate.measures.values()]
    return [candidate.score, candidate.mid, candidate.natural, *candidate.break_evens, *told]


def test_expirations_need_not_list_the_same_strikes() -> None:
    """Weeklies list more strikes than quarterlies: a calendar needs those of both."""
    near, far = a_chain(20, strikes=9, step=5.0), a_chain(50, 80, strikes=5, step=10.0)
    chain = replace(near, slices=near.slices + far.slices)
    sought = Search(pattern=NAMED["call calendar"], ranking=BY_CREDIT, near=0)

    found = search(chain, replace(sought, window=Window(days=(0, 30), far_days=(40, 60))))

    strikes = {strikes_of(each)[0] for each in found.candidates}
    assert {90.0, 100.0, 110.0} <= strikes <= {80.0, 90.0, 100.0, 110.0, 120.0}
    assert {tuple(leg.slice for leg in each.legs) for each in found.candidates} == {(0, 1)}
    assert [chain.slices[leg.slice].strikes[leg.row] for leg in found.candidates[0].legs] == [
        leg.strike for leg in found.candidates[0].legs
    ]


def test_thousands_of_two_expirations_are_judged_in_parts() -> None:
    """A curve for each pair takes memory, so that few are drawn at a time."""
    chain = a_chain(20, 50, strikes=27, step=1.0)
    rules = (Bound(Measure.PROFIT_PROBABILITY, low=0.4),)
    sought = Search(pattern=NAMED["double diagonal"], bounds=rules, ranking=BY_CREDIT, near=0)

    found = search(chain, sought)

    assert found.enumerated > 4096
    assert 0 < found.passed < found.enumerated


def test_a_measure_is_explained_once_for_each_name() -> None:
    """A rule can be written of every measure, so each has a unit and a meaning."""
    assert set(MEANINGS) == set(Measure)
    assert all(meaning.scale > 0.0 and meaning.text for meaning in MEANINGS.values())


def test_rules_are_read_without_numpy() -> None:
    """A server answers `initialize` before it takes a tenth of a second for arrays."""
    names = ("measures", "search", "found")
    imports = "; ".join(f"import strikedesk.quant.candidates.{name}" for name in names)
    asked = f"{imports}; import sys; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", asked], check=False, timeout=60).returncode == 0


def quoted(prices: dict[float, float]) -> Quotes:
    """Return quotes with no spread; what is not priced is not listed."""
    price = np.array(list(prices.values()))
    unknown = np.full(price.size, np.nan)
    return Quotes(
        bid=price, ask=price, iv=unknown, delta=unknown, gamma=unknown, theta=unknown,
        vega=unknown, open_interest=unknown, volume=unknown,
    )  # fmt: skip


def published(calls: dict[float, float], puts: dict[float, float], spot: float) -> Chain:
    strikes = sorted(calls | puts)
    both = [{strike: side.get(strike, np.nan) for strike in strikes} for side in (calls, puts)]
    of = Slice(
        days=30,
        years=30 / 365,
        forward=spot,
        strikes=np.array(strikes),
        calls=quoted(both[0]),
        puts=quoted(both[1]),
    )
    return Chain(spot=spot, slices=(of,))


def best_of(chain: Chain, name: str, *strikes: float) -> Candidate:
    found = search(chain, Search(pattern=NAMED[name], ranking=BY_CREDIT, top=99))
    return next(each for each in found.candidates if strikes_of(each) == list(strikes))


def test_a_published_bull_spread_comes_out() -> None:
    """Source: L. McMillan, Options as a Strategic Investment, chapter 7: 30 at 3, 35 at 1."""
    spread = best_of(published({30.0: 3.0, 35.0: 1.0}, {}, 32.0), "bull call spread", 30.0, 35.0)

    assert spread.measures[Measure.DEBIT] == 2.0
    assert spread.measures[Measure.MAX_PROFIT] == 3.0
    assert spread.measures[Measure.MAX_LOSS] == 2.0
    assert spread.measures[Measure.RETURN_ON_RISK] == 1.5
    assert spread.break_evens == (32.0,)


def test_a_published_iron_condor_comes_out() -> None:
    """Source: Achievable, FINRA Series 9: 30/40 puts at 1 and 3, 50/60 calls at 3 and 1."""
    chain = published({50.0: 3.0, 60.0: 1.0}, {30.0: 1.0, 40.0: 3.0}, 44.0)

    condor = best_of(chain, "iron condor", 30.0, 40.0, 50.0, 60.0)

    assert condor.measures[Measure.CREDIT] == 4.0
    assert condor.measures[Measure.WIDTH] == 10.0
    assert condor.measures[Measure.CREDIT_TO_WIDTH] == 0.4
    assert condor.measures[Measure.MAX_PROFIT] == 4.0
    assert condor.measures[Measure.MAX_LOSS] == 6.0
    assert condor.break_evens == (36.0, 54.0)
    assert condor.measures[Measure.BREAK_EVEN_DISTANCE] == pytest.approx(8.0 / 44.0)
    assert condor.measures[Measure.PROFIT_PROBABILITY] is None


@pytest.mark.parametrize("measure", sorted(set(Measure) - {Measure.DAYS}))
def test_what_is_unknown_passes_no_rule(measure: Measure) -> None:
    """A rule that lacks its fact refuses, whichever way it is written."""
    chain = published({50.0: 3.0, 60.0: 1.0}, {30.0: 1.0, 40.0: 3.0}, 44.0)
    loose = Search(pattern=CONDOR, ranking=BY_CREDIT)
    known = search(chain, loose).candidates[0].measures[measure] is not None

    ends = [Bound(measure), Bound(measure, low=-1e9), Bound(measure, high=1e9)]
    found = [search(chain, replace(loose, bounds=(end,))) for end in ends]

    assert [each.passed for each in found] == [int(known)] * 3
    if not known:
        assert [each.alone for each in found] == [{measure: 1}] * 3
        assert [each.unknown for each in found] == [{measure: 1}] * 3
        assert [each.near for each in found] == [()] * 3


def with_quotes(chain: Chain, **columns: FloatArray) -> Chain:
    of = chain.slices[0]
    return replace(chain, slices=(replace(of, calls=replace(of.calls, **columns)),))


def test_a_contract_without_a_two_sided_quote_is_in_no_candidate() -> None:
    """A zero bid, a crossed quote or none at all are counted, each by its reason."""
    chain = a_chain(30, strikes=5, step=5.0)
    calls = chain.slices[0].calls
    bid, ask = calls.bid.copy(), calls.ask.copy()
    bid[0], bid[1], ask[2], bid[3] = np.nan, 0.0, np.nan, ask[3] + 0.05
    found = search(
        with_quotes(chain, bid=bid, ask=ask),
        Search(pattern=NAMED["short call"], ranking=BY_CREDIT),
    )

    assert found.flaws == {Flaw.NO_QUOTE: 2, Flaw.NO_BID: 1, Flaw.CROSSED: 1}
    assert found.enumerated == 1
    assert [strikes_of(each) for each in found.candidates] == [[110.0]]


@pytest.mark.parametrize(
    "name", ["iron condor", "short put", "put calendar", "long call butterfly"]
)
@pytest.mark.parametrize("near", [0, 3])
def test_where_nothing_is_listed_or_bid_for_nothing_is_found(name: str, near: int) -> None:
    """A night, a halt or a new listing are answers too."""
    chain = a_chain(20, 50)
    nothing = np.zeros(0)
    none = Quotes(**{each.name: nothing for each in fields(Quotes)})
    silent = [
        Chain(spot=SPOT, slices=()),
        replace(
            chain,
            slices=tuple(replace(s, strikes=nothing, calls=none, puts=none) for s in chain.slices),
        ),
        replace(
            chain,
            slices=tuple(
                replace(
                    s,
                    calls=replace(s.calls, bid=0.0 * s.calls.bid),
                    puts=replace(s.puts, bid=0.0 * s.puts.bid),
                )
                for s in chain.slices
            ),
        ),
    ]

    found = [search(each, Search(pattern=NAMED[name], near=near)) for each in silent]

    assert [(each.enumerated, each.passed, each.candidates) for each in found] == [(0, 0, ())] * 3


def test_a_near_miss_says_which_rule_and_by_how_much() -> None:
    """The owner sees what would have passed, had one rule been a little looser."""
    chain = a_chain(30, strikes=9, step=5.0)
    sought = Search(
        pattern=NAMED["short put"],
        ranking=BY_CREDIT,
        bounds=(Bound(Measure.SHORT_DELTA, high=0.3), Bound(Measure.CREDIT, low=0.2)),
        near=2,
    )

    found = search(chain, sought)

    deltas = np.abs(chain.slices[0].puts.delta)
    above = np.sort(deltas[deltas > 0.3])
    first = found.near[0]
    assert first.measure is Measure.SHORT_DELTA
    assert (first.bound, first.by) == (0.3, pytest.approx(above[0] - 0.3))
    assert first.margin == pytest.approx((above[0] - 0.3) / 0.3)
    assert first.candidate.measures[Measure.SHORT_DELTA] == pytest.approx(above[0])
    assert [near.margin for near in found.near] == sorted(near.margin for near in found.near)


def test_without_near_misses_nothing_is_said_of_reasons() -> None:
    """Counting them costs time; None is not 0."""
    chain = a_chain(30, strikes=9, step=5.0)
    tight = Search(pattern=CONDOR, bounds=(Bound(Measure.CREDIT, low=99.0),), near=0)

    found = search(chain, tight)

    assert (found.passed, found.near, found.alone, found.unknown) == (0, (), None, None)
    assert found.enumerated > 0


def test_no_expiration_takes_more_than_its_share() -> None:
    """One expiration does not fill the list."""
    chain = a_chain(20, 40, 60, strikes=9, step=5.0)
    sought = Search(pattern=NAMED["bull put spread"], ranking=BY_CREDIT, top=5, per_expiration=2)

    found = search(chain, sought)

    taken = [leg.slice for each in found.candidates for leg in each.legs[:1]]
    assert sorted(taken) == sorted([2, 2, 1, 1, 0]) or max(map(taken.count, taken)) <= 2
    assert len(taken) == 5


def test_equal_scores_go_by_expiration_and_strikes() -> None:
    """The same chain gives the same list, however it is cut into pieces."""
    chain = a_chain(30, strikes=40, step=1.0)
    sought = Search(pattern=NAMED["long call"], ranking=(Weight(Measure.OPEN_INTEREST),), top=3)

    found = search(chain, replace(sought, bounds=(Bound(Measure.DEBIT, low=0.0),)))

    assert [strikes_of(each) for each in found.candidates] == [[80.0], [81.0], [82.0]]


def test_days_choose_expirations() -> None:
    """Days outside the rule are not looked at, so that a year of weeklies costs nothing."""
    chain = a_chain(10, 40, 70, strikes=9, step=5.0)
    short_put = Search(pattern=NAMED["short put"], ranking=BY_CREDIT)

    by_rule = search(chain, replace(short_put, bounds=(Bound(Measure.DAYS, low=30, high=45),)))
    by_window = search(chain, replace(short_put, window=Window(days=(30, 45))))

    assert by_rule == by_window
    assert {leg.slice for each in by_rule.candidates for leg in each.legs} == {1}


def test_the_window_bounds_deltas_on_either_side() -> None:
    """Shorts at 20 to 40 delta, wings at 5 to 20: what an iron condor's owner writes."""
    chain = a_chain(30, strikes=41, step=1.0, seed=1)
    window = Window(sold=(0.2, 0.4), bought=(0.05, 0.2))

    found = search(chain, Search(pattern=CONDOR, window=window, top=50, ranking=BY_CREDIT))

    for each in found.candidates:
        short, long = each.measures[Measure.SHORT_DELTA], each.measures[Measure.LONG_DELTA]
        assert 0.2 <= (short or 0.0) <= 0.4
        assert 0.05 <= (long or 0.0) <= 0.2


def legs_of(candidate: Candidate, chain: Chain) -> list[Leg]:
    return [
        Leg(
            kind=leg.kind,
            quantity=leg.ratio,
            strike=leg.strike,
            years=chain.slices[leg.slice].years,
        )
        for leg in candidate.legs
    ]


@pytest.mark.parametrize("pattern", TWO_MONTHS, ids=lambda pattern: pattern.name)
def test_two_expirations_come_to_what_the_analysis_says(pattern: Pattern) -> None:
    """A calendar is judged by a table of its far leg; the desk's analysis values it afresh."""
    chain = a_chain(20, 50, strikes=9, step=5.0)
    flat = replace(chain, forecast=0.25)
    found = search(flat, Search(pattern=pattern, ranking=(Weight(Measure.VEGA),), top=1))

    best = found.candidates[0]
    legs = legs_of(best, flat)
    near = flat.slices[0]
    columns = [
        (of.calls if leg.kind is Kind.CALL else of.puts)
        for leg in best.legs
        for of in [flat.slices[leg.slice]]
    ]
    told = analyse(
        legs,
        Market(spot=SPOT, rate=RATE),
        price=[
            float(0.5 * (c.bid + c.ask)[leg.row]) for c, leg in zip(columns, best.legs, strict=True)
        ],
        volatility=[float(c.iv[leg.row]) for c, leg in zip(columns, best.legs, strict=True)],
        outlook=near.market.outlook,
        stated=Lognormal(forward=near.forward, deviation=0.25 * near.years**0.5),
    )
    paid = (best.measures[Measure.DEBIT] or 0.0) - best.mid

    assert told.stated is not None
    assert told.cost == pytest.approx(100.0 * best.mid)
    assert best.measures[Measure.EXPECTED_VALUE] == pytest.approx(
        told.stated.expected / 100.0 - paid, abs=2e-3
    )
    assert best.measures[Measure.MARKET_VALUE] == pytest.approx(
        told.market.expected / 100.0 - paid, abs=2e-3
    )
    assert best.measures[Measure.MAX_PROFIT] == pytest.approx(
        told.bounds.max_profit / 100.0 - paid,
        rel=0.1,  # Each samples to ends of its own, and short calendars earn most beyond them.
    )
    assert best.measures[Measure.DELTA] == pytest.approx(told.exposure.delta / 100.0, abs=1e-6)


def test_a_chance_off_the_table_is_the_smiles() -> None:
    """A table of 4,097 points misses the curve by less than a millionth."""
    market = a_chain(45, strikes=21, step=2.5).slices[0].market
    prices = np.linspace(60.0, 150.0, 7001)

    assert np.max(np.abs(market.below(prices) - market.outlook.below(prices))) < 1e-6
    assert np.all(np.diff(market.values) >= 0.0)


def test_what_cannot_be_searched_for_is_refused() -> None:
    """A rule that nothing keeps, a list of nothing, and shares alone are mistakes."""
    chain = a_chain(30, strikes=9)
    short_put = NAMED["short put"]
    with pytest.raises(ValueError, match="low end"):
        Bound(Measure.CREDIT, low=2.0, high=1.0)
    with pytest.raises(ValueError, match="low end"):
        Bound(Measure.CREDIT, low=float("nan"))
    with pytest.raises(ValueError, match="other than 0"):
        Weight(Measure.CREDIT, 0.0)
    with pytest.raises(ValueError, match="at least"):
        Search(pattern=short_put, top=0)
    with pytest.raises(ValueError, match="counted"):
        Search(pattern=short_put, count=False)
    with pytest.raises(ValueError, match="slippage"):
        Search(pattern=short_put, slippage=1.5)
    with pytest.raises(ValueError, match="no option"):
        search(chain, Search(pattern=NAMED["long shares"]))
    with pytest.raises(ValueError, match="more than 5"):
        search(chain, Search(pattern=CONDOR, most=5))


def test_a_chain_that_is_none_is_refused() -> None:
    """Columns that do not fit, strikes that do not ascend, expirations in no order."""
    chain = a_chain(20, 50, strikes=5)
    of = chain.slices[0]
    with pytest.raises(ValueError, match="ascend"):
        replace(of, strikes=of.strikes[::-1])
    with pytest.raises(ValueError, match="positive"):
        replace(of, years=0.0)
    with pytest.raises(ValueError, match="every column"):
        replace(of, calls=replace(of.calls, iv=of.calls.iv[:-1]))
    with pytest.raises(ValueError, match="ascend"):
        replace(chain, slices=chain.slices[::-1])


def test_too_many_halves_are_refused_before_they_take_memory() -> None:
    """Three strikes out of 500 in one half are 20 million."""
    chain = a_chain(30, strikes=500, step=0.2)
    five = Pattern(name="five", signature=signature_of("+C1 -C2 +C3 -C4 +C5"))

    with pytest.raises(ValueError, match="bound the wings"):
        search(chain, Search(pattern=five))


@pytest.mark.parametrize("known", [0, 1, 4])
def test_few_volatilities_make_a_lognormal_distribution_and_none_make_none(known: int) -> None:
    """A curve has five numbers; below that the volatility nearest the forward is all there is."""
    chain = a_chain(30, strikes=9, step=5.0)
    of = chain.slices[0]
    rows = np.argsort(np.abs(of.strikes - of.forward))[known:]
    quotes = {side: getattr(of, side) for side in ("calls", "puts")}
    for side, columns in quotes.items():
        iv = columns.iv.copy()
        iv[rows] = np.nan
        quotes[side] = replace(columns, iv=iv)
    thin: Found = search(
        replace(chain, slices=(replace(of, **quotes),)),
        Search(pattern=NAMED["short put"], ranking=BY_CREDIT),
    )

    chance = thin.candidates[0].measures[Measure.PROFIT_PROBABILITY]
    assert (chance is None) == (known == 0)
    assert thin.candidates[0].measures[Measure.MAX_LOSS] not in {None, inf}
