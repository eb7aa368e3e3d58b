"""Prices for delivery, and options on them: what the surface of options on the spot says of both.

When an option ends, a price for delivery is the spot times what carries it on from there, which is
known. So an option on it is so many options on the spot, and nothing new is assumed.
"""

from datetime import datetime

import numpy as np

from strikedesk.domain.symbols import Right
from strikedesk.exchange.market import OnForward
from strikedesk.exchange.simulated import pricing
from strikedesk.exchange.simulated.moments import Moment
from strikedesk.exchange.simulated.noise import Floats
from strikedesk.exchange.simulated.pit import Pit
from strikedesk.exchange.simulated.pricing import Book
from strikedesk.quant.contracts import BoolArray

_ONE_CALL = np.array([True])


def price(pit: Pit, moment: Moment, until: datetime) -> float:
    """Return what the underlying costs at a moment for delivery at `until`, USD a share.

    Law: `until` is later than the moment.
    """
    at_the_money = _book(pit, moment, pit.path[[moment.step]] / 100.0, _ONE_CALL, until)
    return float(pricing.forward(at_the_money)[0])


def values(pit: Pit, moment: Moment, options: OnForward) -> Floats:
    """Return what each option is worth at a moment, USD: never less than exercise brings at once.

    The right to exercise in between is not priced. Law: the underlying can be carried, as a
    volatility index cannot.
    """
    delivered = price(pit, moment, options.delivered_at)
    grows = delivered / price(pit, moment, options.ends_at)
    strike = np.array([float(strike) for _, strike in options.contracts])
    is_call = np.array([right is Right.CALL for right, _ in options.contracts], dtype=np.bool_)
    on_spot = _book(pit, moment, strike / grows, is_call, options.ends_at)
    at_once = np.where(is_call, delivered - strike, strike - delivered)
    worth: Floats = np.maximum(grows * pricing.european(on_spot), np.maximum(at_once, 0.0))
    return worth


def _book(pit: Pit, moment: Moment, strike: Floats, is_call: BoolArray, ends: datetime) -> Book:
    """Return options on the spot at a moment, one for each strike."""
    size = strike.size
    return Book(
        underlying=pit.underlying,
        outlook=pit.outlook,
        spot=np.repeat(pit.path[[moment.step]] / 100.0, size),
        mood=np.repeat(pit.mood[[moment.step]], size),
        strike=strike,
        now=np.full(size, moment.priced_at.timestamp()),
        ends=np.full(size, ends.timestamp()),
        is_call=is_call,
        scale=np.ones(size),
    )
