"""The filters of a chain query, run over whole slices and counted."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import ChainRow
from strikedesk.domain.reasons import Reason
from strikedesk.market.chain_query import ChainQuery
from strikedesk.market.slices import ChainSlice

_Filter: TypeAlias = tuple[str, Callable[[int], bool]]
_StrikeBounds: TypeAlias = tuple[Decimal, Decimal]

_EVERY_STRIKE: Final = (Decimal(0), Decimal(10**6))
_NO_STRIKE: Final = (Decimal(1), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """The contracts that a query finds, all pages of them, and what it left out by reason."""

    rows: Sequence[ChainRow]
    left_out: Mapping[str, int]


def sift(query: ChainQuery, slices: Iterable[ChainSlice]) -> Sifted:
    """Run every filter of a query; a contract counts under the first that it fails.

    Raises:
        Denied: NO_QUOTE when strikes around the money are asked for and the spot is unknown.
    """
    found: list[ChainRow] = []
    left_out: Counter[str] = Counter()
    for piece in slices:
        kept: Collection[int] = range(len(piece))
        for reason, passes in _filters(query, piece):
            before = len(kept)
            kept = [index for index in kept if passes(index)]
            left_out[reason] += before - len(kept)
        found.extend(piece.rows[index] for index in kept)
    return Sifted(rows=found, left_out={why: count for why, count in left_out.items() if count})


def _filters(query: ChainQuery, piece: ChainSlice) -> Iterator[_Filter]:
    """Yield each active filter with the name it is counted under."""
    if query.right is not None:
        rows, right = piece.rows, query.right
        yield "right", lambda index: rows[index].contract.right is right
    low, high = _strike_bounds(query, piece)
    if (low, high) != _EVERY_STRIKE:
        strikes = piece.strikes
        yield "strike", lambda index: low <= strikes[index] <= high
    if query.by_delta:
        yield from _delta_filters(query, piece)
    if query.open_interest_min is not None:
        yield from _interest_filters(query.open_interest_min, piece)


def _delta_filters(query: ChainQuery, piece: ChainSlice) -> Iterator[_Filter]:
    low, high, absolute = query.delta_bounds
    deltas = piece.deltas
    if absolute:
        deltas = tuple(None if delta is None else abs(delta) for delta in deltas)
    yield "delta_unknown", lambda index: deltas[index] is not None
    yield "delta", lambda index: low <= (deltas[index] or 0.0) <= high


def _interest_filters(least: int, piece: ChainSlice) -> Iterator[_Filter]:
    interests = piece.interests
    yield "open_interest_unknown", lambda index: interests[index] is not None
    yield "open_interest", lambda index: (interests[index] or 0) >= least


def _strike_bounds(query: ChainQuery, piece: ChainSlice) -> _StrikeBounds:
    low, high = _EVERY_STRIKE
    if query.around_the_money is not None:
        low, high = _around(piece, query.around_the_money)
    if query.strike_min is not None:
        low = max(low, query.strike_min)
    if query.strike_max is not None:
        high = min(high, query.strike_max)
    return low, high


def _around(piece: ChainSlice, each_side: int) -> _StrikeBounds:
    spot = piece.spot.mark
    if spot is None:
        symbol = piece.spot.symbol.compact
        raise Denied(Reason.NO_QUOTE, symbol=symbol, or_give="strike_min and strike_max")
    at = bisect_right(piece.ladder, spot)
    near = piece.ladder[max(0, at - each_side) : at + each_side]
    return (near[0], near[-1]) if near else _NO_STRIKE
