"""Options as European ones on the forward of their expiration, undiscounted.

The calls and puts of an expiration agree on a forward, so no rate and no dividend is assumed.
numpy is imported when this is first called.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from strikedesk.domain.quotes import ChainRow
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.portfolio.holdings import Holding, Listing

if TYPE_CHECKING:
    from strikedesk.quant.contracts import Contracts


@dataclass(frozen=True, slots=True, kw_only=True)
class Mids:
    """The mids of one listing that are quoted on both sides, by strike.

    Units: USD a share, as they were read; the underlying may have moved since.
    """

    calls: Mapping[float, float]
    puts: Mapping[float, float]

    @classmethod
    def of(cls, rows: Iterable[ChainRow]) -> "Mids":
        """Read them off a listing."""
        calls: dict[float, float] = {}
        puts: dict[float, float] = {}
        for row in rows:
            mid = row.quote.mid
            if mid is not None:
                side = calls if row.contract.right is Right.CALL else puts
                side[float(row.contract.strike)] = float(mid)
        return cls(calls=calls, puts=puts)


def mids_of(holdings: Iterable[Holding]) -> Mapping[Listing, Mids]:
    """Return the mids of each option's listing, each read once."""
    found: dict[Listing, Mids] = {}
    for each in holdings:
        symbol = each.symbol
        if isinstance(symbol, OptionSymbol) and (symbol.root, symbol.expiration) not in found:
            found[symbol.root, symbol.expiration] = Mids.of(each.listing)
    return found


def forward_of_each(
    holdings: Sequence[Holding], spot: float, mids: Mapping[Listing, Mids] | None = None
) -> list[float]:
    """Return the forward of each option's expiration; the spot where no pair tells one.

    Units: `mids` as `forwards_of` has them.
    """
    known = forwards_of(holdings, mids)
    return [
        known.get((each.symbol.root, each.symbol.expiration), spot)
        if isinstance(each.symbol, OptionSymbol)
        else spot
        for each in holdings
    ]


def own_volatilities(
    holdings: Sequence[Holding], forwards: Sequence[float], prices: Sequence[Decimal]
) -> list[float]:
    """Return what each price implies, else what the feed tells; NaN for shares and the unknown."""
    from strikedesk.quant.implied_vol import implied_volatility  # noqa: PLC0415 -- imports numpy

    contracts = contracts_of(holdings, forwards)
    solved = implied_volatility(contracts, [float(price) for price in prices]).volatility.tolist()
    return or_told(holdings, solved)


def or_told(holdings: Sequence[Holding], solved: Sequence[float]) -> list[float]:
    """Return volatilities that prices imply, the feed's where one implies none; NaN = unknown."""
    told = (math.nan if each.volatility is None else each.volatility for each in holdings)
    return [feed if math.isnan(sigma) else sigma for sigma, feed in zip(solved, told, strict=True)]


def contracts_of(holdings: Sequence[Holding], forwards: Sequence[float]) -> "Contracts":
    """Return the options on their forwards; shares become rows of nonsense, answered with NaN."""
    from strikedesk.quant.contracts import Contracts  # noqa: PLC0415 -- imports numpy

    symbols = [each.symbol for each in holdings]
    options = [each if isinstance(each, OptionSymbol) else None for each in symbols]
    return Contracts.of(
        spot=list(forwards),
        strike=[float(each.strike) if each else math.nan for each in options],
        years=[each.years or 0.0 for each in holdings],
        rate=0.0,
        is_call=[each is not None and each.right is Right.CALL for each in options],
    )


def forwards_of(
    holdings: Sequence[Holding], mids: Mapping[Listing, Mids] | None = None
) -> Mapping[Listing, float]:
    """Return the undiscounted forward of each listing that tells one; `mids` if they are known."""
    quoted = mids_of(holdings) if mids is None else mids
    found: dict[Listing, float] = {}
    for each in holdings:
        symbol = each.symbol
        if isinstance(symbol, EquitySymbol) or (symbol.root, symbol.expiration) in found:
            continue
        forward = _forward(each, quoted[symbol.root, symbol.expiration])
        if not math.isnan(forward):
            found[symbol.root, symbol.expiration] = forward
    return found


def _forward(holding: Holding, mids: Mids) -> float:
    """Return what the pairs of its listing agree on; NaN without a pair that is quoted.

    They agreed at the underlying's price of then, and are carried to the price of now.
    """
    from strikedesk.quant.parity import implied_carry  # noqa: PLC0415 -- imports numpy

    if holding.spot is None or not holding.years:
        return math.nan
    calls, puts = mids.calls, mids.puts
    strikes = sorted(calls.keys() & puts.keys())
    forward = implied_carry(
        spot=float(holding.spot) / holding.moved,
        strike=strikes,
        call=[calls[strike] for strike in strikes],
        put=[puts[strike] for strike in strikes],
        years=holding.years,
        rate=0.0,
    ).forward
    return forward * holding.moved if forward > 0.0 else math.nan
