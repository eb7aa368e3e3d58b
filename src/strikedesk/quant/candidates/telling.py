"""Candidates as they are told: from places on an axis to legs, prices and every measure."""

from collections.abc import Iterator
from math import isnan

import numpy as np

from strikedesk.quant.candidates.board import Board
from strikedesk.quant.candidates.endings import break_evens
from strikedesk.quant.candidates.found import Candidate, Chosen
from strikedesk.quant.candidates.gauges import measured
from strikedesk.quant.candidates.halves import Half, Lanes, numbered
from strikedesk.quant.candidates.judging import scores
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.search import Search
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
    pairs, size = listed(board, places), places.shape[0]
    held = board.shape.shares * board.chain.spot
    figures = {
        measure: np.broadcast_to(measured(pairs, measure), (size,)).tolist() for measure in Measure
    }
    zeros = break_evens(pairs).T.tolist()
    columns = scores(pairs, search.ranking), pairs.quantity("mid"), pairs.quantity("natural")
    for lane, (score, mid, natural) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        yield Candidate(
            legs=tuple(_legs(board, places[lane].tolist())),
            score=score,
            mid=mid + held,
            natural=natural + held,
            break_evens=tuple(sorted({zero for zero in zeros[lane] if zero > 0.0})),
            measures={
                measure: None if isnan(column[lane]) else column[lane]
                for measure, column in figures.items()
            },
        )


def _legs(board: Board, places: list[int]) -> Iterator[Chosen]:
    if board.shape.shares:
        yield Chosen(Kind.SHARE, board.shape.shares, 0, 0, 0.0)
    number = int(board.axis.numbers[places[0]])
    for option in board.shape.options:
        strike = float(board.strikes[places[option.rank]])
        of = board.places[option.month if board.shape.months > 1 else number]
        row = int(np.searchsorted(board.chain.slices[of].strikes, strike))
        yield Chosen(option.kind, option.ratio, of, row, strike)
