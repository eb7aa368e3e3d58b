"""Candidates by brute force, in plain Python from their definitions: slow and simple."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import inf, isclose, isfinite, isnan, nan
from typing import TypeAlias

import numpy as np

from strikedesk.quant.candidates.chain import Chain, Quotes, Slice
from strikedesk.quant.candidates.distributions import Table
from strikedesk.quant.candidates.measures import MEANINGS, Measure
from strikedesk.quant.candidates.search import Bound, Search
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.likelihoods import touch
from strikedesk.quant.strategies.legs import Kind
from strikedesk.quant.strategies.outlook import Lognormal, Outlook
from strikedesk.quant.strategies.patterns import Wings

Line: TypeAlias = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An option of a combination, with its quotes."""

    kind: Kind
    ratio: int
    strike: float
    row: int
    quotes: Quotes

    def of(self, column: str) -> float:
        return float(getattr(self.quotes, column)[self.row])

    def ends_with(self, price: float) -> float:
        gain = price - self.strike if self.kind is Kind.CALL else self.strike - price
        return max(gain, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A combination of one expiration: what it measures, and which rules it fails."""

    place: int
    rows: tuple[int, ...]
    measures: dict[Measure, float]
    failed: tuple[Measure, ...]
    score: float


def by_brute_force(chain: Chain, search: Search) -> list[Judged]:
    """Return every combination in the window."""
    return [
        _judged(chain, search, place, rows)
        for place, of in enumerate(chain.slices)
        if search.days[0] <= of.days <= search.days[1]
        for rows in _rows(of, search)
    ]


def ranked(judged: list[Judged], search: Search) -> list[Judged]:
    """Return the best that fail nothing."""
    kept = sorted(
        (each for each in judged if not each.failed),
        key=lambda each: (-each.score, each.place, each.rows),
    )
    cap, taken, best = search.per_expiration or search.top, dict[int, int](), list[Judged]()
    for each in kept:
        taken[each.place] = taken.get(each.place, 0) + 1
        if taken[each.place] <= cap:
            best.append(each)
    return best[: search.top]


def _rows(of: Slice, search: Search) -> Iterator[tuple[int, ...]]:
    count = max(token[2] for token in search.pattern.signature)
    for rows in combinations(range(of.strikes.size), count):
        held = _held(of, search, rows)
        strikes = [float(of.strikes[row]) for row in rows]
        if all(_allowed(each, search) for each in held) and _near(held, search):
            wings = search.pattern.wings
            even = wings is Wings.ANY or isclose(
                strikes[1] - strikes[0], strikes[-1] - strikes[-2], rel_tol=1e-9
            )
            if wings is Wings.ANY or even == (wings is Wings.EVEN):
                yield rows


def _held(of: Slice, search: Search, rows: tuple[int, ...]) -> list[Held]:
    return [
        Held(
            kind=kind,
            ratio=ratio,
            strike=float(of.strikes[rows[rank - 1]]),
            row=rows[rank - 1],
            quotes=of.calls if kind is Kind.CALL else of.puts,
        )
        for kind, _, rank, ratio in search.pattern.signature
        if kind is not Kind.SHARE
    ]


def _allowed(held: Held, search: Search) -> bool:
    bid, ask, delta = held.of("bid"), held.of("ask"), abs(held.of("delta"))
    ends = search.window.sold if held.ratio < 0 else search.window.bought
    return bid > 0.0 and ask >= bid and (ends is None or ends[0] <= delta <= ends[1])


def _near(held: list[Held], search: Search) -> bool:
    wing = search.window.wing
    return wing is None or all(b.row - a.row <= wing for a, b in _gaps(held))


def _gaps(held: list[Held]) -> list[tuple[Held, Held]]:
    found: list[tuple[Held, Held]] = []
    for kind in (Kind.CALL, Kind.PUT):
        side = sorted((each for each in held if each.kind is kind), key=lambda each: each.row)
        found += [(a, b) for a, b in pairwise(side) if a.ratio * b.ratio < 0]
    return found


def _judged(chain: Chain, search: Search, place: int, rows: tuple[int, ...]) -> Judged:
    of = chain.slices[place]
    measures = _measures(chain, search, of, _held(of, search, rows))
    failed = tuple(r.measure for r in search.rules if not _holds(r, measures[r.measure]))
    score = 0.0
    for each in search.ranking:
        value, scale = measures[each.measure], MEANINGS[each.measure].scale
        if not isnan(value):
            share = value / (abs(value) + scale) if isfinite(value) else 1.0
            score += each.weight * share
    return Judged(place=place, rows=rows, measures=measures, failed=failed, score=score)


def _holds(rule: Bound, value: float) -> bool:
    low, high = rule.slack()
    return not isnan(value) and low <= value <= high


def _measures(chain: Chain, search: Search, of: Slice, held: list[Held]) -> dict[Measure, float]:
    shares = sum(token[3] for token in search.pattern.signature if token[0] is Kind.SHARE)
    spot, market = chain.spot, of.market.outlook
    debit = shares * spot
    for each in held:
        mid, half = (each.of("ask") + each.of("bid")) / 2, (each.of("ask") - each.of("bid")) / 2
        debit += each.ratio * mid + search.slippage * abs(each.ratio) * half

    def result(price: float) -> float:
        return shares * price + sum(h.ratio * h.ends_with(price) for h in held) - debit

    top = max(each.strike for each in held)
    corners = [0.0, *(each.strike for each in held)]
    slope = result(top + 1000.0) - result(top)
    profit = inf if slope > 1e-6 else max(result(each) for each in corners)
    loss = inf if slope < -1e-6 else -min(result(each) for each in corners)
    width = max((b.strike - a.strike for a, b in _gaps(held)), default=nan)
    risk = loss if 0.0 < loss < inf else nan
    sold, bought = ([h for h in held if h.ratio * sign > 0] for sign in (-1, 1))
    deviation = of.years**0.5
    stated: Outlook = market
    if chain.forecast is not None:
        stated = Lognormal(forward=of.forward, deviation=chain.forecast * deviation)
    roots = _roots(result, sorted(set(corners)), slope)
    near = min((abs(each - spot) / spot for each in roots), default=nan)
    earned = profit / risk if isfinite(profit) else nan
    value = _mean(stated, of, held, shares) - debit
    theta = sum(h.ratio * h.of("theta") for h in held)
    return {
        Measure.DAYS: of.days,
        Measure.CREDIT: -debit,
        Measure.DEBIT: debit,
        Measure.WIDTH: width,
        Measure.CREDIT_TO_WIDTH: -debit / width,
        Measure.MAX_PROFIT: profit,
        Measure.MAX_LOSS: loss,
        Measure.RETURN_ON_RISK: earned,
        Measure.ANNUALISED: earned / of.years,
        Measure.PROFIT_PROBABILITY: _chance(of.market, result, roots, top),
        Measure.SHORT_OTM_PROBABILITY: _all_otm(of.market, sold),
        Measure.TOUCH_PROBABILITY: max((_touch(chain, of, h) for h in sold), default=nan),
        Measure.EXPECTED_VALUE: value,
        Measure.EV_TO_RISK: value / risk,
        Measure.MARKET_VALUE: _mean(market, of, held, shares) - debit,
        Measure.DELTA: shares + sum(h.ratio * h.of("delta") for h in held),
        Measure.GAMMA: sum(h.ratio * h.of("gamma") for h in held),
        Measure.THETA: theta,
        Measure.VEGA: sum(h.ratio * h.of("vega") for h in held),
        Measure.THETA_TO_RISK: theta / risk,
        Measure.SHORT_DELTA: _greatest([abs(h.of("delta")) for h in sold]),
        Measure.LONG_DELTA: _greatest([abs(h.of("delta")) for h in bought]),
        Measure.OPEN_INTEREST: -_greatest([-h.of("open_interest") for h in held]),
        Measure.VOLUME: -_greatest([-h.of("volume") for h in held]),
        Measure.SPREAD_SHARE: sum(abs(h.ratio) * (h.of("ask") - h.of("bid")) for h in held)
        / abs(debit),
        Measure.BREAK_EVEN_DISTANCE: near if result(spot) > 0.0 else -near,
        Measure.SHORT_DISTANCE: min(
            (
                (1 if h.kind is Kind.CALL else -1)
                * (h.strike - spot)
                / (spot * of.market.volatility * deviation)
                for h in sold
            ),
            default=nan,
        ),
        Measure.IV: sum(h.of("iv") for h in held) / len(held),
    }


def _greatest(values: list[float]) -> float:
    return nan if not values or any(isnan(each) for each in values) else max(values)


def _roots(result: Line, corners: list[float], slope: float) -> list[float]:
    found: list[float] = []
    for low, high in pairwise(corners):
        one, other = result(low), result(high)
        if one * other < 0.0:
            found.append(low + (high - low) * one / (one - other))
    if result(corners[-1]) * slope < 0.0:
        found.append(corners[-1] - result(corners[-1]) * 1000.0 / slope)
    return found


def _chance(outlook: Table, result: Line, roots: list[float], top: float) -> float:
    edges = [0.0, *roots, 4.0 * max([top, *roots])]
    chances = [0.0, *(float(outlook.below(np.array([each]))[0]) for each in roots), 1.0]
    pieces = zip(edges, edges[1:], chances, chances[1:], strict=False)
    return sum(b - a for low, high, a, b in pieces if result(0.5 * (low + high)) > 0.0)


def _all_otm(outlook: Table, sold: list[Held]) -> float:
    if not sold:
        return nan
    below = [(h.kind, float(outlook.below(np.array([h.strike]))[0])) for h in sold]
    calls = [chance for kind, chance in below if kind is Kind.CALL]
    puts = [chance for kind, chance in below if kind is Kind.PUT]
    return max(min(calls, default=1.0) - max(puts, default=0.0), 0.0)


def _mean(outlook: Outlook, of: Slice, held: list[Held], shares: int) -> float:
    total = shares * of.forward
    for each in held:
        call = float(outlook.above(np.array([each.strike]))[0])
        total += each.ratio * (
            call if each.kind is Kind.CALL else call - (of.forward - each.strike)
        )
    return of.discount * total


def _touch(chain: Chain, of: Slice, held: Held) -> float:
    is_call = held.kind is Kind.CALL
    if (held.strike <= chain.spot) if is_call else (held.strike >= chain.spot):
        return 1.0
    contracts = Contracts.of(
        spot=chain.spot,
        strike=held.strike,
        years=of.years,
        rate=np.log(of.forward / chain.spot) / of.years,
        is_call=is_call,
    )
    return float(touch(contracts, held.of("iv")))
