"""How much a price moves: what it did (historical) and what options say it will (implied).

Units: volatilities are annual fractions (0.25 = 25 %). What cannot be computed is None, and a
`Figure` says why. Statistics are floats; prices stay `Decimal`.

Historical volatility over n sessions: the sample standard deviation (n - 1 in the divisor) of the n
newest close-to-close log returns of finished sessions, times the square root of 252.

At-the-money implied volatility of an expiration: at the listed strike nearest the spot, the mean of
the call's and the put's implied volatility, or the one that is known.

30-day implied volatility: total variance (volatility squared times days) interpolated linearly in
days between the nearest expirations at or before and after 30 days; with expirations on one side
only, the at-the-money volatility of the nearest.

Expected move to an expiration: the mid price of the straddle at the strike nearest the spot. It is
what the market charges for the distance from that strike, up or down; one standard deviation is
about 1.25 times as far.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from strikedesk.domain.calendar import exchange_date, session_on
from strikedesk.domain.quotes import Bar, ChainRow, Expiration, Feed, Quote
from strikedesk.domain.symbols import EquitySymbol, Right, Symbol
from strikedesk.market.numbers import known
from strikedesk.market.slices import ChainSlice

SESSIONS_A_YEAR: Final = 252
HORIZON_DAYS: Final = 30
MOVES_SHOWN: Final = 4

_EACH_SIDE_OF_HORIZON: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A statistic, or why there is none. `basis` says what it was made from."""

    value: float | None
    basis: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalVolatility:
    """What the price did, up to the close of `until` (None without a finished session)."""

    until: date | None
    hv20: Figure
    hv60: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedMove:
    """What the market charges for a move in either direction until an expiration.

    Units: `move` USD per share, `fraction` of the spot; `why` where there is none.
    """

    root: str
    expiration: date
    days: int
    strike: Decimal | None
    atm_iv: float | None
    move: Decimal | None
    fraction: float | None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityReport:
    """The volatility of an underlying; definitions are this module's.

    Source: `spot` at `as_of` (the venue's time); implied figures from a chain at most five minutes
    old, straddles from quotes at most five seconds old, historical ones from daily bars.
    """

    underlying: str
    as_of: datetime
    feed: Feed | None
    spot: Decimal | None
    historical: HistoricalVolatility
    iv30: Figure
    expected_moves: tuple[ExpectedMove, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTheMoney:
    """The two contracts of one listing (root and expiration) at the strike nearest the spot."""

    listing: Expiration
    call: ChainRow
    put: ChainRow

    @property
    def iv(self) -> float | None:
        """The mean of the implied volatilities that are known, or None."""
        both = (row.greeks.implied_volatility for row in (self.call, self.put) if row.greeks)
        vols = [vol for vol in both if known(vol) and vol > 0]
        return statistics.fmean(vols) if vols else None


def historical(bars: Sequence[Bar], now: datetime) -> HistoricalVolatility:
    """Return historical volatilities of daily bars, oldest first, at `now`."""
    finished = [bar for bar in bars if _is_over(bar, now)]
    closes = [float(bar.close) for bar in finished if bar.close > 0]
    return HistoricalVolatility(
        until=exchange_date(finished[-1].at) if finished else None,
        hv20=close_to_close(closes, 20),
        hv60=close_to_close(closes, 60),
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


def listings_needed(listed: Sequence[Expiration]) -> tuple[Expiration, ...]:
    """Return the listings that the report reads: the first few, and those around the horizon."""
    before = [each for each in listed if 0 < each.days <= HORIZON_DAYS]
    after = [each for each in listed if each.days > HORIZON_DAYS]
    near = before[-_EACH_SIDE_OF_HORIZON:] + after[:_EACH_SIDE_OF_HORIZON]
    wanted = (*listed[:MOVES_SHOWN], *near)
    return tuple(each for each in listed if each in wanted)


def pairs(
    listed: Iterable[Expiration], slices: Iterable[ChainSlice], spot: Quote | None
) -> Mapping[Expiration, AtTheMoney]:
    """Return the pair nearest the spot of each listing that has one."""
    if spot is None or spot.mark is None:
        return {}
    pieces = {piece.day: piece for piece in slices}
    found = {each: at_the_money(each, pieces[each.day], spot.mark) for each in listed}
    return {each: pair for each, pair in found.items() if pair is not None}


def at_the_money(listing: Expiration, piece: ChainSlice, spot: Decimal) -> AtTheMoney | None:
    """Return the pair nearest the spot, the lower strike of two as near; None without a pair."""
    rows = [row for row in piece.rows if row.contract.root == listing.root]
    calls = _by_strike(rows, Right.CALL)
    puts = _by_strike(rows, Right.PUT)
    paired = sorted(calls.keys() & puts.keys())
    strike = min(paired, key=lambda each: abs(each - spot), default=None)
    if strike is None:
        return None
    return AtTheMoney(listing=listing, call=calls[strike], put=puts[strike])


def implied_30(pairs: Iterable[AtTheMoney]) -> Figure:
    """Return the 30-day implied volatility; `basis` names the expirations it came from."""
    term = _term(pairs)
    before = [point for point in term if point[0] <= HORIZON_DAYS]
    after = [point for point in term if point[0] >= HORIZON_DAYS]
    if before and after:
        return _between(before[-1], after[0])
    if not term:
        return Figure(value=None, why="no at-the-money implied volatility is known")
    days, iv = before[-1] if before else after[0]
    return Figure(value=iv, basis=f"nearest expiration only: {days} days")


def report(
    underlying: EquitySymbol,
    *,
    as_of: datetime,
    spot: Quote | None,
    historical: HistoricalVolatility,
    listed: Sequence[Expiration],
    pairs: Mapping[Expiration, AtTheMoney],
    quotes: Mapping[Symbol, Quote],
) -> VolatilityReport:
    """Put the report together; `pairs` are those of `listed` that have one."""
    mark = spot.mark if spot else None
    moves = (_move(each, pairs.get(each), quotes, mark) for each in listed[:MOVES_SHOWN])
    return VolatilityReport(
        underlying=underlying.compact,
        as_of=as_of,
        feed=spot.feed if spot else None,
        spot=mark,
        historical=historical,
        iv30=implied_30(pairs.values()),
        expected_moves=tuple(moves),
    )


def _move(
    listing: Expiration,
    pair: AtTheMoney | None,
    quotes: Mapping[Symbol, Quote],
    spot: Decimal | None,
) -> ExpectedMove:
    move, why = _straddle(pair, quotes, spot)
    return ExpectedMove(
        root=listing.root,
        expiration=listing.day,
        days=listing.days,
        strike=pair.call.contract.strike if pair else None,
        atm_iv=pair.iv if pair else None,
        move=move,
        fraction=float(move / spot) if move is not None and spot else None,
        why=why,
    )


def _straddle(
    pair: AtTheMoney | None, quotes: Mapping[Symbol, Quote], spot: Decimal | None
) -> tuple[Decimal | None, str | None]:
    if spot is None:
        return None, "the underlying has no quote"
    if pair is None:
        return None, "no strike lists both a call and a put"
    total = Decimal(0)
    for contract in (pair.call.contract, pair.put.contract):
        quote = quotes.get(contract)
        if quote is None or quote.mid is None:
            return None, f"no two-sided quote of {contract.compact}"
        total += quote.mid
    return total, None


def _term(pairs: Iterable[AtTheMoney]) -> list[tuple[int, float]]:
    """Days and volatility, ascending; listings of one day (two roots) count by their mean."""
    by_days: dict[int, list[float]] = {}
    for pair in pairs:
        if pair.listing.days > 0 and pair.iv is not None:
            by_days.setdefault(pair.listing.days, []).append(pair.iv)
    return sorted((days, statistics.fmean(vols)) for days, vols in by_days.items())


def _between(before: tuple[int, float], after: tuple[int, float]) -> Figure:
    (days0, iv0), (days1, iv1) = before, after
    if days0 == days1:
        return Figure(value=iv0, basis=f"{days0} days")
    share = (HORIZON_DAYS - days0) / (days1 - days0)
    variance = (1 - share) * iv0 * iv0 * days0 + share * iv1 * iv1 * days1
    return Figure(
        value=math.sqrt(variance / HORIZON_DAYS),
        basis=f"interpolated between {days0} and {days1} days",
    )


def _is_over(bar: Bar, now: datetime) -> bool:
    session = session_on(exchange_date(bar.at))
    return session is not None and session.closes_at <= now


def _by_strike(rows: Iterable[ChainRow], right: Right) -> dict[Decimal, ChainRow]:
    return {row.contract.strike: row for row in rows if row.contract.right is right}
