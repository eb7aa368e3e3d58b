"""Candidates as they are told: from places on an axis to legs, prices and every measure."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final

import numpy as np

from strikedesk.quant.candidates.axis import distinct
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

_WIDE: Final = 1200  # Strikes of which columns take longer than to lay out a few of them.


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

    Law: of a pattern of one expiration; what a strike has does not depend on the others, so that a
    board of few is told as it is.
    """
    if board.strikes.size < _WIDE:
        return board, places
    used, again = np.unique(places, return_inverse=True)
    numbers = board.axis.numbers[used]
    edges = board.axis.edges
    of: list[int] = distinct(numbers).tolist()
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
    shares = board.shape.shares
    first = [repeat(Chosen(Kind.SHARE, shares, 0, 0, 0.0), len(places))] if shares else []
    options = (_leg(board, option, places[:, option.rank]) for option in board.shape.options)
    return zip(*first, *options, strict=True)


def _leg(board: Board, option: Option, places: Lanes) -> Iterator[Chosen]:
    """Yield what an option is at some places."""
    several = board.shape.months > 1
    numbers = np.full(places.size, option.month) if several else board.axis.numbers[places]
    of = np.array(board.places)[numbers]
    rows, strikes = board.months[option.month].rows[places], board.strikes[places]
    columns = (column.tolist() for column in (of, rows, strikes))
    return map(Chosen, repeat(option.kind), repeat(option.ratio), *columns)


_MEASURES: Final = tuple(Measure)
