"""The part of a chain that a scan looks at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from strikedesk.domain.calendar import MarketStatus, status
from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import Expiration
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.scan.definition import Bounds, Scan
from strikedesk.scan.pieces import Piece, Pieces
from strikedesk.scan.screening import Screened
from strikedesk.scan.sources import ScanMarket
from strikedesk.scan.verdicts import RuledOutError


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
    market: ScanMarket, underlying: EquitySymbol, scan: Scan, known: Screened, kept: Pieces
) -> SeenChain:
    """Return the chain within the limits of a scan, as far as it ends before what is announced.

    Units: `kept` what was cut of chains before.

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
        pieces=kept.of(slices, ending, _ends(scan.chain.strikes, price), market.now()),
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


def _ends(window: Bounds, spot: Decimal) -> tuple[Decimal, Decimal | None]:
    """Return the lowest and the highest strike of a window around the spot."""
    least = spot * Decimal(str(window.low or 0))
    return least, None if window.high is None else spot * Decimal(str(window.high))
