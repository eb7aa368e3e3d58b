"""How much a price moved: historical volatility.

Over n sessions: the sample standard deviation (n - 1 in the divisor) of the n newest close-to-close
log returns of finished sessions, times the square root of 252. Units: annual fractions.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Final

from strikedesk.domain.calendar import exchange_date, session_on
from strikedesk.domain.quotes import Bar
from strikedesk.market.figures import Figure

SESSIONS_A_YEAR: Final = 252


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalVolatility:
    """What the price did, up to the close of `until` (None without a finished session)."""

    until: date | None
    hv20: Figure
    hv60: Figure
    hv120: Figure


def historical(bars: Sequence[Bar], now: datetime) -> HistoricalVolatility:
    """Return historical volatilities of daily bars, oldest first, at `now`."""
    finished = [bar for bar in bars if _is_over(bar, now)]
    closes = finished_closes(finished, now)
    return HistoricalVolatility(
        until=exchange_date(finished[-1].at) if finished else None,
        hv20=close_to_close(closes, 20),
        hv60=close_to_close(closes, 60),
        hv120=close_to_close(closes, 120),
    )


def close_to_close(closes: Sequence[float], sessions: int) -> Figure:
    """Return the annual volatility of the newest `sessions` returns of closes, oldest first."""
    if len(closes) <= sessions:
        why = f"{len(closes)} finished daily closes, {sessions + 1} needed"
        return Figure(value=None, why=why)
    newest = closes[-sessions - 1 :]
    returns = [math.log(new / old) for old, new in pairwise(newest)]
    return Figure(
        value=statistics.stdev(returns) * math.sqrt(SESSIONS_A_YEAR),
        basis=f"{sessions} close-to-close returns",
    )


def rolling(closes: Sequence[float], sessions: int) -> list[float]:
    """Return the annual volatility of each run of `sessions` returns of closes, oldest first."""
    returns = [math.log(new / old) for old, new in pairwise(closes)]
    ends = range(sessions, len(returns) + 1)
    return [_annual(returns[end - sessions : end]) for end in ends]


def finished_closes(bars: Sequence[Bar], now: datetime) -> list[float]:
    """Return the positive closes of daily bars whose sessions are over at `now`."""
    return [float(bar.close) for bar in bars if bar.close > 0 and _is_over(bar, now)]


def _annual(returns: Sequence[float]) -> float:
    """Return what `close_to_close` does, in plain floats: a year of it is wanted at once."""
    mean = sum(returns) / len(returns)
    squares = sum((each - mean) ** 2 for each in returns)
    return math.sqrt(squares / (len(returns) - 1) * SESSIONS_A_YEAR)


def _is_over(bar: Bar, now: datetime) -> bool:
    session = session_on(exchange_date(bar.at))
    return session is not None and session.closes_at <= now
