"""Candidates as they are told: from places on an axis to legs, prices and every measure."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from strikedesk.quant.candidates.board import Board, board_of
from strikedesk.quant.candidates.endings import break_evens
from strikedesk.quant.candidates.found import Candidate, Chosen, NearMiss
from strikedesk.quant.candidates.gauges import measured
from strikedesk.quant.candidates.halves import Half, Lanes, numbered
from strikedesk.quant.candidates.judging import misses_by, scores
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.search import Bound, Search
from strikedesk.quant.candidates.shape import Option
from strikedesk.quant.strategies.legs import Kind


def listed(board: Board, places: Lanes) -> Pairs:
    """Return the pairs whose strikes have these places on the axis, a row for each pair."""
    columns, cut = places.T.astype(np.int32), board.shape.cut
    low = Half(board=board, start=0, rows=columns[:cut])
    high = Half(board=board, start=cut, rows=columns[cut:])
    lanes = numbered(places.shape[0])
    # Without upper ranks there is one upper half, which all share.
    return Pairs((low, high), (lanes, lanes if columns[cut:].size else np.zeros_like(lanes)))


def told(board: Board, search: Search, places: Lanes) -> Iterator[Candidate]:
    """Yield each pair as a candidate."""
    pairs, held = listed(board, places), board.shape.shares * board.chain.spot
    prices = [(pairs.quantity(name) + held).tolist() for name in ("mid", "natural")]
    columns = scores(pairs, search.ranking).tolist(), *prices, break_evens(pairs).T.tolist()
    told_of = zip(_legs(board, places), _figures(pairs), *columns, strict=True)
    for legs, figures, score, mid, natural, zeros in told_of:
        yield Candidate(
            legs=legs,
            score=score,
            mid=mid,
            natural=natural,
            break_evens=tuple(sorted({zero for zero in zeros if zero > 0.0})),
            measures=dict(zip(_MEASURES, figures, strict=True)),
        )


def narrowed(board: Board, search: Search, places: Lanes) -> tuple[Board, Lanes]:
    """Return a board of no other strikes than some pairs have, and their places on it.

    Law: of a pattern of one expiration; what a strike has does not depend on the others.
    """
    used, again = np.unique(places, return_inverse=True)
    numbers = board.axis.numbers[used]
    edges = board.axis.edges
    of: list[int] = np.unique(numbers).tolist()
    rows = [used[numbers == number] - edges[number] for number in of]
    slices = tuple(board.places[number] for number in of)
    return board_of(board.chain, search, board.shape, slices, rows), again.reshape(places.shape)


def near_misses(
    candidates: Sequence[Candidate], turns: Lanes, rules: Sequence[Bound]
) -> Iterator[NearMiss]:
    """Yield candidates as near misses. Units: `turns` the place of the rule that each fails."""
    failed: list[int] = turns.tolist()
    for candidate, turn in zip(candidates, failed, strict=True):
        rule = rules[turn]
        value = candidate.measures[rule.measure]
        if value is None:
            continue
        by, margin = misses_by(rule, np.array([value]))
        yield NearMiss(
            candidate=candidate,
            measure=rule.measure,
            bound=rule.lowest if value < rule.lowest else rule.highest,
            by=float(by[0]),
            margin=float(margin[0]),
        )


def _figures(pairs: Pairs) -> list[list[float | None]]:
    """Return all measures of each pair, None where one is unknown."""
    figures = np.empty((len(_MEASURES), pairs.size), np.float64)
    for row, measure in enumerate(_MEASURES):
        figures[row] = measured(pairs, measure)
    known = figures.astype(object)
    known[np.isnan(figures)] = None
    return known.T.tolist()


def _legs(board: Board, places: Lanes) -> Iterator[tuple[Chosen, ...]]:
    """Yield the legs of each pair, shares first."""
    shares, options = board.shape.shares, board.shape.options
    first = (Chosen(Kind.SHARE, shares, 0, 0, 0.0),) if shares else ()
    strikes: list[list[float]] = board.strikes[places].tolist()
    numbers: list[int] = board.axis.numbers[places[:, 0]].tolist()
    for own, number in zip(strikes, numbers, strict=True):
        of = board.places if board.shape.months > 1 else (board.places[number],)
        yield first + tuple(_leg(board, o, of[o.month], own[o.rank]) for o in options)


def _leg(board: Board, option: Option, of: int, strike: float) -> Chosen:
    row = bisect_left(board.chain.slices[of].strikes, strike)
    return Chosen(option.kind, option.ratio, of, row, strike)


_MEASURES: Final = tuple(Measure)
