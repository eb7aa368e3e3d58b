"""What pairs come to at the nearest expiration: bounds, break-evens, the chance of a profit.

Of one expiration the result is straight between strikes and all of this is exact. With two it is
read off a curve, sampled at the nearer one, straight between its samples.
"""

import numpy as np

from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.shape import Sum
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray


def max_profit(pairs: Pairs) -> FloatArray:
    """Return the most that can be earned, USD a share."""
    shape = pairs.board.shape
    if shape.slopes[-1] > 0:
        return np.full((), np.inf)
    if shape.months > 1:
        return pairs.once("curve", _curve).max(axis=1)
    return _extreme(pairs, shape.best, np.maximum) - pairs.quantity("cost")


def max_loss(pairs: Pairs) -> FloatArray:
    """Return the most that can be lost, USD a share; negative where it earns whatever comes."""
    shape = pairs.board.shape
    if shape.slopes[-1] < 0:
        return np.full((), np.inf)
    if shape.months > 1:
        return -pairs.once("curve", _curve).min(axis=1)
    return pairs.quantity("cost") - _extreme(pairs, shape.worst, np.minimum)


def profit_probability(pairs: Pairs) -> FloatArray:
    """Return the chance of a result above 0."""
    if pairs.board.shape.months > 1:
        return _sampled_chance(pairs)
    total = np.zeros(())
    for segment in range(len(pairs.board.shape.slopes)):
        total = total + _chance(pairs, segment)
    return total


def break_even_distance(pairs: Pairs) -> FloatArray:
    """Return how far the nearest break-even is from the spot, as a fraction of it."""
    spot = pairs.board.chain.spot
    points = np.abs(break_evens(pairs) - spot)
    nearest: FloatArray = np.fmin.reduce(points, axis=0) / spot
    return np.where(_at_spot(pairs) > 0.0, nearest, -nearest)


def break_evens(pairs: Pairs) -> FloatArray:
    """Return the prices at which nothing is earned: a row for each place that one can be at.

    Law: for a list of pairs; NaN where there is none.
    """
    if pairs.board.shape.months > 1:
        return _sampled_zeros(pairs)
    rows = [
        np.where(_crosses(pairs, segment), _zero(pairs, segment), np.nan)
        for segment, slope in enumerate(pairs.board.shape.slopes)
        if slope
    ]
    return np.asarray(np.broadcast_arrays(*rows, np.full(pairs.size, np.nan)), np.float64)


def _extreme(pairs: Pairs, corners: tuple[Sum, ...], pick: np.ufunc) -> FloatArray:
    found = _corner(pairs, corners[0])
    for corner in corners[1:]:
        found = pick(found, _corner(pairs, corner))
    return found


def _corner(pairs: Pairs, corner: Sum) -> FloatArray:
    """Return a corner before the cost of options, shares counted from the spot."""
    board = pairs.board
    # Strikes are counted from the spot.
    rest = board.chain.spot * (sum(corner) - board.shape.shares)
    found = pairs.sum_of(corner)
    return found + rest if rest else found


def _result(pairs: Pairs, corner: int) -> FloatArray:
    """Return the result at a price of 0 (corner 0) or at a strike."""
    sums = pairs.board.shape.corners[corner]
    return pairs.once(("result", sums), lambda pairs: _corner(pairs, sums) - pairs.quantity("cost"))


def _strike(pairs: Pairs, corner: int) -> FloatArray | float:
    """Return the price of a corner, USD."""
    if corner == 0:
        return 0.0
    return pairs.strike(corner - 1)


def _below(pairs: Pairs, corner: int) -> FloatArray | float:
    if corner == 0:
        return 0.0
    return 1.0 if corner > pairs.board.shape.ranks else pairs.below(corner - 1)


def _zero(pairs: Pairs, segment: int) -> FloatArray:
    """Return where the line of a segment, which may be beyond its ends, crosses 0."""
    slope = pairs.board.shape.slopes[segment]
    return _strike(pairs, segment) - _result(pairs, segment) * (1.0 / slope)


def _crosses(pairs: Pairs, segment: int) -> BoolArray:
    zero = _zero(pairs, segment)
    last = segment == pairs.board.shape.ranks
    inside = zero >= _strike(pairs, segment)
    return inside if last else inside & (zero <= _strike(pairs, segment + 1))


def _chance(pairs: Pairs, segment: int) -> FloatArray:
    """Return the chance of an end in a segment and above 0."""
    slope = pairs.board.shape.slopes[segment]
    if slope == 0:
        return _level(pairs, segment)
    low, high = _below(pairs, segment), _below(pairs, segment + 1)
    zero = _zero(pairs, segment)
    middle: FloatArray = np.minimum(np.maximum(pairs.ends_below(zero), low), high)
    return np.subtract(*((high, middle) if slope > 0 else (middle, low)))


def _level(pairs: Pairs, segment: int) -> FloatArray:
    """Return the chance of an end in a segment where the result is the same, and above 0."""
    above = _result(pairs, segment) > 0.0
    # Where a slope says whether chances are known, most pairs lose all beyond an outer strike.
    if any(pairs.board.shape.slopes) and not above.any():
        return np.zeros(())
    return np.multiply(above, _below(pairs, segment + 1) - _below(pairs, segment))


def _at_spot(pairs: Pairs) -> FloatArray:
    """Return the result were the share to end at the spot."""
    board, spot = pairs.board, pairs.board.chain.spot
    if board.shape.months > 1:
        return _by_row(pairs.once("curve", _curve), board.values[0].prices, spot)
    found = np.full(pairs.size, np.nan)
    for segment, slope in enumerate(board.shape.slopes):
        strike = _strike(pairs, segment)
        here = _result(pairs, segment) + slope * (spot - strike)
        found = np.where(spot >= strike, here, found)
    return found


def _curve(pairs: Pairs) -> FloatArray:
    """Return the results, a row for each pair and a column for each sampled price."""
    board = pairs.board
    held = board.shape.shares * (board.values[0].prices - board.chain.spot)
    total = held - pairs.quantity("cost")[:, None]
    for option, table in zip(board.shape.options, board.tables, strict=True):
        total += option.ratio * table[pairs.row(option.rank)]
    return total


def _by_row(curve: FloatArray, prices: FloatArray, spot: float) -> FloatArray:
    place = int(np.clip(np.searchsorted(prices, spot), 1, prices.size - 1))
    share = (spot - prices[place - 1]) / (prices[place] - prices[place - 1])
    return curve[:, place - 1] * (1.0 - share) + curve[:, place] * share


def _sampled_chance(pairs: Pairs) -> FloatArray:
    """Return the chance of a profit: of each cell the share in which the line is above 0."""
    curve, chances = pairs.once("curve", _curve), pairs.board.values[0].chances
    size, gain = np.abs(curve), np.maximum(curve, 0.0)
    above = (gain[:, 1:] + gain[:, :-1]) / np.maximum(size[:, 1:] + size[:, :-1], 1e-300)
    ends = (curve[:, 0] > 0.0) * chances[0] + (curve[:, -1] > 0.0) * (1.0 - chances[-1])
    return above @ np.diff(chances) + ends


def _sampled_zeros(pairs: Pairs) -> FloatArray:
    """Return where the sampled line crosses 0."""
    curve, prices = pairs.once("curve", _curve), pairs.board.values[0].prices
    low, high = curve[:, :-1], curve[:, 1:]
    crossing = (low > 0.0) != (high > 0.0)
    at = prices[:-1] + np.diff(prices) * low / (low - high)
    return np.where(crossing, at, np.nan).T
