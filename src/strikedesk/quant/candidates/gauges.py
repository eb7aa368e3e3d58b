"""Every measure of pairs, by the definitions of `measures`."""

from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Final, TypeAlias

import numpy as np

from strikedesk.quant.candidates import endings
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.shape import Shape
from strikedesk.quant.normal import FloatArray

Gauge: TypeAlias = Callable[[Pairs], FloatArray]


def measured(pairs: Pairs, measure: Measure) -> FloatArray:
    """Return a measure of each pair, NaN where it is unknown.

    Law: of the shape of the pairs, or of one that spreads to it.
    """
    return pairs.once(measure, _GAUGES[measure])


def is_costly(measure: Measure, shape: Shape) -> bool:
    """Whether a measure takes more than a few sums, so that it is asked last."""
    return measure in (_BY_CURVE if shape.months > 1 else _BY_SEGMENTS)


def _unknown(_pairs: Pairs) -> FloatArray:
    return np.full((), np.nan)


def _days(pairs: Pairs) -> FloatArray:
    return pairs.at_end(pairs.board.days)


def _debit(pairs: Pairs) -> FloatArray:
    board = pairs.board
    held = board.shape.shares * board.chain.spot
    return pairs.quantity("cost") + held if held else pairs.quantity("cost")


def _credit(pairs: Pairs) -> FloatArray:
    return -measured(pairs, Measure.DEBIT)


def _width(pairs: Pairs) -> FloatArray:
    gaps = [pairs.sum_of(sums) for sums in pairs.board.shape.widths]
    return reduce(np.maximum, gaps) if gaps else _unknown(pairs)


def _return_on_risk(pairs: Pairs) -> FloatArray:
    if pairs.board.shape.slopes[-1] > 0:
        return _unknown(pairs)
    return _to_risk(pairs, measured(pairs, Measure.MAX_PROFIT))


def _annualised(pairs: Pairs) -> FloatArray:
    return measured(pairs, Measure.RETURN_ON_RISK) * pairs.at_end(pairs.board.yearly)


def _to_risk(pairs: Pairs, value: FloatArray) -> FloatArray:
    """Return a value as a fraction of the greatest loss, unknown where that is none or endless."""
    return value / pairs.once("risk", _risk)


def _risk(pairs: Pairs) -> FloatArray:
    loss = measured(pairs, Measure.MAX_LOSS)
    return np.where((loss > 0.0) & (loss < np.inf), loss, np.nan)


def _ev_to_risk(pairs: Pairs) -> FloatArray:
    return _to_risk(pairs, measured(pairs, Measure.EXPECTED_VALUE))


def _theta_to_risk(pairs: Pairs) -> FloatArray:
    return _to_risk(pairs, measured(pairs, Measure.THETA))


def _expected(name: str, pairs: Pairs) -> FloatArray:
    board = pairs.board
    shares = board.shape.shares
    if not shares:
        return pairs.quantity(name)
    return pairs.quantity(name) + shares * pairs.at_end(board.carried)


def _short_otm(pairs: Pairs) -> FloatArray:
    above = np.minimum(pairs.quantity("sold_calls_below"), 1.0)
    below = np.maximum(pairs.quantity("sold_puts_below"), 0.0)
    if not _sold(pairs.board.shape):
        return _unknown(pairs)
    return np.maximum(above - below, 0.0)


def _plain(name: str, pairs: Pairs) -> FloatArray:
    return pairs.quantity(name)


def _of_sold(name: str, pairs: Pairs) -> FloatArray:
    return pairs.quantity(name) if _sold(pairs.board.shape) else _unknown(pairs)


def _of_bought(name: str, pairs: Pairs) -> FloatArray:
    bought = any(option.ratio > 0 for option in pairs.board.shape.options)
    return pairs.quantity(name) if bought else _unknown(pairs)


def _delta(pairs: Pairs) -> FloatArray:
    shares = pairs.board.shape.shares
    return pairs.quantity("delta") + shares if shares else pairs.quantity("delta")


def _credit_to_width(pairs: Pairs) -> FloatArray:
    return measured(pairs, Measure.CREDIT) / measured(pairs, Measure.WIDTH)


def _spread_share(pairs: Pairs) -> FloatArray:
    return pairs.quantity("spread") / np.abs(measured(pairs, Measure.CREDIT))


def _iv(pairs: Pairs) -> FloatArray:
    return pairs.quantity("iv") / len(pairs.board.shape.options)


def _sold(shape: Shape) -> bool:
    return any(option.ratio < 0 for option in shape.options)


_GAUGES: Final[Mapping[Measure, Gauge]] = {
    Measure.DAYS: _days,
    Measure.CREDIT: _credit,
    Measure.DEBIT: _debit,
    Measure.WIDTH: _width,
    Measure.CREDIT_TO_WIDTH: _credit_to_width,
    Measure.MAX_PROFIT: endings.max_profit,
    Measure.MAX_LOSS: endings.max_loss,
    Measure.RETURN_ON_RISK: _return_on_risk,
    Measure.ANNUALISED: _annualised,
    Measure.PROFIT_PROBABILITY: endings.profit_probability,
    Measure.SHORT_OTM_PROBABILITY: _short_otm,
    Measure.TOUCH_PROBABILITY: partial(_of_sold, "touch"),
    Measure.EXPECTED_VALUE: partial(_expected, "edge"),
    Measure.EV_TO_RISK: _ev_to_risk,
    Measure.MARKET_VALUE: partial(_expected, "market_edge"),
    Measure.DELTA: _delta,
    Measure.GAMMA: partial(_plain, "gamma"),
    Measure.THETA: partial(_plain, "theta"),
    Measure.VEGA: partial(_plain, "vega"),
    Measure.THETA_TO_RISK: _theta_to_risk,
    Measure.SHORT_DELTA: partial(_of_sold, "short_delta"),
    Measure.LONG_DELTA: partial(_of_bought, "long_delta"),
    Measure.OPEN_INTEREST: partial(_plain, "open_interest"),
    Measure.VOLUME: partial(_plain, "volume"),
    Measure.SPREAD_SHARE: _spread_share,
    Measure.BREAK_EVEN_DISTANCE: endings.break_even_distance,
    Measure.SHORT_DISTANCE: partial(_of_sold, "distance"),
    Measure.IV: _iv,
}
_BY_SEGMENTS: Final = {Measure.PROFIT_PROBABILITY, Measure.BREAK_EVEN_DISTANCE}
_BY_CURVE: Final = _BY_SEGMENTS | {
    Measure.MAX_PROFIT,
    Measure.MAX_LOSS,
    Measure.RETURN_ON_RISK,
    Measure.ANNUALISED,
    Measure.EV_TO_RISK,
    Measure.THETA_TO_RISK,
}
