"""What prices and implied volatilities did, session by session, and how they moved together."""

import asyncio
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from strikedesk.domain.calendar import exchange_date, sessions_between
from strikedesk.domain.errors import Denied
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.portfolio.market_view import MarketView

MOVES: Final = 252
MOVES_LEAST: Final = 60

_CERTAINLY: Final = timedelta(days=400)  # Holds more sessions than are asked for.
_MOSTLY: Final = 0.9  # Of the sessions must have a volatility, or none counts.


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Closes of an underlying (USD a share, in today's shares) and its 30-day implied volatility.

    By session, those that are over, ascending; a session of which a figure is unknown is absent.
    """

    closes: Mapping[date, float]
    volatilities: Mapping[date, float]

    @property
    def enough(self) -> bool:
        """Whether there is history enough to say anything."""
        return len(self.closes) > MOVES_LEAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Logarithms of one session's factors: prices of all underlyings, then their volatilities.

    `until` is the newest close; `held_still` are the underlyings whose volatility is not known well
    enough to have moves, and has none here.
    """

    rows: Sequence[Sequence[float]]
    until: date | None
    held_still: tuple[str, ...]


async def past_of(market: MarketView, underlyings: Iterable[str]) -> Mapping[str, Past]:
    """Return the past of each underlying; of one that is not listed, nothing."""
    await market.ready()
    names = tuple(underlyings)
    found = await asyncio.gather(*(_past_if_listed(market, EquitySymbol(name)) for name in names))
    return dict(zip(names, found, strict=True))


async def listed_past(market: MarketView, underlying: EquitySymbol) -> Past:
    """Return the past of an underlying that somebody names.

    Raises:
        Denied: SYMBOL_NOT_FOUND.
    """
    await market.ready()
    return await _past(market, underlying)


def moves_of(pasts: Mapping[str, Past]) -> Moves:
    """Return what all underlyings did in the same sessions, at most `MOVES`, oldest first.

    Law: a row spans two successive sessions that all have closes of. A volatility that is unknown
    in a session is taken as it was in the one before.
    """
    days = sorted(_common(pasts))[-MOVES - 1 :]
    prices = [_logs([past.closes[day] for day in days]) for past in pasts.values()]
    volatilities = {name: _filled(past, days) for name, past in pasts.items()}
    still = [0.0] * max(len(days) - 1, 0)
    moved = [still if known is None else _logs(known) for known in volatilities.values()]
    return Moves(
        rows=[*zip(*prices, *moved, strict=True)],
        until=days[-1] if days else None,
        held_still=tuple(name for name, known in volatilities.items() if known is None),
    )


def beta(past: Past, benchmark: Past) -> float | None:
    """Return the slope of daily log returns on the benchmark's; None with fewer than 60 of them."""
    days = sorted(past.closes.keys() & benchmark.closes.keys())[-MOVES - 1 :]
    if len(days) <= MOVES_LEAST:
        return None
    own, of_it = (_logs([each.closes[day] for day in days]) for each in (past, benchmark))
    variance = statistics.variance(of_it)
    return statistics.covariance(own, of_it) / variance if variance > 0.0 else None


def yearly_volatility(past: Past) -> float | None:
    """Return the annual volatility of the newest 60 daily log returns; None with fewer.

    As `market.historical` has it: the sample standard deviation, times the root of 252.
    """
    returns = _logs([*past.closes.values()])[-MOVES_LEAST:]
    if len(returns) < MOVES_LEAST:
        return None
    return statistics.stdev(returns) * math.sqrt(MOVES)


async def _past_if_listed(market: MarketView, underlying: EquitySymbol) -> Past:
    try:
        return await _past(market, underlying)
    except Denied:  # What it did is not known: it is not listed any more.
        return Past(closes={}, volatilities={})


async def _past(market: MarketView, underlying: EquitySymbol) -> Past:
    now = market.now()
    sessions = _finished(now)
    bars = await market.daily_bars(underlying, now - _CERTAINLY)
    implied = await market.implied_history(underlying, sessions)
    closes = {exchange_date(bar.at): float(bar.close) for bar in bars if bar.close > 0}
    return Past(
        closes={day: closes[day] for day in sessions if day in closes},
        volatilities={
            each.day: each.volatility for each in implied.closes if each.volatility > 0.0
        },
    )


def _finished(now: datetime) -> tuple[date, ...]:
    today = exchange_date(now)
    found = sessions_between(today - _CERTAINLY, today)
    return tuple(each.day for each in found if each.closes_at <= now)[-MOVES - 1 :]


def _common(pasts: Mapping[str, Past]) -> set[date]:
    closes = [set(past.closes) for past in pasts.values()]
    return set[date].intersection(*closes) if closes else set()


def _filled(past: Past, days: Sequence[date]) -> list[float] | None:
    """Return the volatility of each day, a gap as the day before; None with too many gaps."""
    known = [past.volatilities.get(day) for day in days]
    if not days or known[0] is None or sum(map(bool, known)) < _MOSTLY * len(days):
        return None
    filled = [known[0]]
    for each in known[1:]:
        filled.append(filled[-1] if each is None else each)
    return filled


def _logs(values: Sequence[float]) -> list[float]:
    return [math.log(new / old) for old, new in pairwise(values)]
