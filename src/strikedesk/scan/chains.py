"""The part of a chain that a scan looks at."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from strikedesk.domain.calendar import MarketStatus, expiration_instant, status
from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import ChainRow, Expiration
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Right
from strikedesk.scan.definition import Bounds, Scan
from strikedesk.scan.screening import Screened
from strikedesk.scan.sources import ScanMarket, Slice
from strikedesk.scan.verdicts import RuledOutError

_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One expiration of one root. Units: `years` to its end, ACT/365, more than 0.

    Law: `strikes` ascend; `calls` and `puts` are the contracts listed at them.
    """

    listed: Expiration
    years: float
    strikes: tuple[Decimal, ...]
    calls: Mapping[Decimal, ChainRow]
    puts: Mapping[Decimal, ChainRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenChain:
    """What is seen of an underlying. Law: `pieces` ascend by years, no two of the same.

    Units: `spot` USD; `forecast` a volatility that expected values are taken under, None for the
    market's own distribution.
    """

    underlying: EquitySymbol
    spot: Decimal
    spot_at: datetime
    pieces: tuple[Piece, ...]
    forecast: float | None = None


async def seen_chain(
    market: ScanMarket, underlying: EquitySymbol, scan: Scan, known: Screened
) -> SeenChain:
    """Return the chain within the limits of a scan, as far as it ends before what is announced.

    Raises:
        RuledOutError: no expiration is within the limits.
        Denied: SYMBOL_NOT_FOUND; MARKET_CLOSED or NO_QUOTE where nobody quotes it.
        Unavailable: the market cannot be asked.
    """
    ending = _ending(await market.expirations(underlying), scan, known)
    slices = await market.slices(underlying, {each.day for each in ending})
    spot = max(slices, key=lambda each: each.as_of).spot
    price = spot.mark
    if price is None or not any(row.quote.two_sided for each in slices for row in each.rows):
        raise Denied(await _why(market, underlying), symbol=underlying.ticker)
    return SeenChain(
        underlying=underlying,
        spot=price,
        spot_at=spot.at,
        pieces=_pieces(ending, slices, price, scan.chain.strikes, market.now()),
        forecast=known.forecast,
    )


def _ending(listed: Iterable[Expiration], scan: Scan, known: Screened) -> list[Expiration]:
    """Return the expirations that a scan may use, of standard contracts only."""
    asked = [scan.chain.days]
    if max(token[1] for token in scan.pattern.signature) > 1:
        asked.append(scan.chain.far_days)
    own = [each for each in listed if not each.root[-1].isdigit()]
    within = [each for each in own if any(bounds.hold(each.days) for bounds in asked)]
    if not any(scan.chain.days.hold(each.days) for each in within):
        raise RuledOutError("days", f"no expiration in {scan.chain.days} days")
    ending = [each for each in within if each.days < known.before]
    if not any(scan.chain.days.hold(each.days) for each in ending):
        raise RuledOutError(f"no {known.event}", f"in {known.before:g} days")
    return ending


async def _why(market: ScanMarket, underlying: EquitySymbol) -> Reason:
    """Say why nothing is quoted: nobody knows it, the market is closed, or nobody quotes it."""
    why = await market.why_unquoted(underlying)
    if why is not Reason.NO_QUOTE or status(market.now()) is MarketStatus.OPEN:
        return why
    return Reason.MARKET_CLOSED


def _pieces(
    listed: Iterable[Expiration],
    slices: Sequence[Slice],
    spot: Decimal,
    window: Bounds,
    now: datetime,
) -> tuple[Piece, ...]:
    """Return what is listed of each expiration, the soonest first; of two at once the first."""
    rows = _by_listing(slices, spot, window)
    found: dict[float, Piece] = {}
    for each in sorted(listed, key=lambda one: (one.day, one.root)):
        years = (expiration_instant(each.day, each.settlement) - now) / _YEAR
        own = rows.get((each.day, each.root))
        if years > 0.0 and own:
            found.setdefault(years, _piece(each, years, own))
    return tuple(found[years] for years in sorted(found))


def _by_listing(
    slices: Sequence[Slice], spot: Decimal, window: Bounds
) -> Mapping[tuple[date, str], Sequence[ChainRow]]:
    """Return the contracts whose strikes are within the window, by expiration and root."""
    least = spot * Decimal(str(window.low or 0))
    most = None if window.high is None else spot * Decimal(str(window.high))
    found: defaultdict[tuple[date, str], list[ChainRow]] = defaultdict(list)
    for each in slices:
        for row in each.rows:
            contract = row.contract
            if least <= contract.strike and (most is None or contract.strike <= most):
                found[contract.expiration, contract.root].append(row)
    return found


def _piece(listed: Expiration, years: float, rows: Sequence[ChainRow]) -> Piece:
    sides: dict[Right, dict[Decimal, ChainRow]] = {Right.CALL: {}, Right.PUT: {}}
    for row in rows:
        sides[row.contract.right][row.contract.strike] = row
    calls, puts = sides[Right.CALL], sides[Right.PUT]
    return Piece(
        listed=listed,
        years=years,
        strikes=tuple(sorted(calls.keys() | puts.keys())),
        calls=calls,
        puts=puts,
    )
