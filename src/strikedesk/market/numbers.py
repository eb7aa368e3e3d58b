"""How figures are written for a reader of columns: short JSON numbers, None for unknown.

Money stays `Decimal` everywhere else. Here a price becomes the nearest float, exactly what
`float(str(price))` gives, because columns are read by models and are never computed with.
"""

import math
from decimal import Decimal
from typing import TypeGuard


def price_number(price: Decimal | None) -> int | float | None:
    """Return a price as the shortest JSON number: 200 rather than 200.0."""
    if price is None or not price.is_finite():
        return None
    return int(price) if price == price.to_integral_value() else float(price)


def decimals(value: float | None, places: int) -> float | None:
    """Return a statistic rounded to `places` decimals; NaN and infinities are unknown."""
    return round(value, places) + 0.0 if known(value) else None  # Adding 0.0 turns -0.0 into 0.0.


def digits(value: float | None, count: int) -> float | None:
    """Return a statistic rounded to `count` significant digits; NaN is unknown."""
    return float(f"{value:.{count}g}") if known(value) else None


def known(value: float | None) -> TypeGuard[float]:
    """Whether a statistic is there and is a number."""
    return value is not None and math.isfinite(value)
