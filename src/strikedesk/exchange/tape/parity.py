"""The price of an underlying as its own calls and puts agree on it."""

from collections.abc import Iterable
from statistics import median
from typing import Final

_PAIRS: Final = 5  # Nearest the money, where both sides are quoted most closely.


def parity_price(pairs: Iterable[tuple[float, float, float]]) -> float | None:
    """Return strike + call - put, the median over the pairs nearest the money, or None.

    Units: `pairs` of strike, call and put of one expiration, USD per share.
    Law: it is the forward price, undiscounted: for an expiration days away, the spot to within the
    interest and the dividends of those days.
    """
    nearest = sorted(pairs, key=lambda pair: abs(pair[1] - pair[2]))[:_PAIRS]
    return median(strike + call - put for strike, call, put in nearest) if nearest else None
