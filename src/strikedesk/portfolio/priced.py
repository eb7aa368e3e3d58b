"""Holdings as a book that can be priced anew, and what of them cannot.

Each option is valued as a European one on the forward that the calls and puts of its expiration
agree on, undiscounted, at the volatility that its own mark implies there: so no rate and no
dividend is assumed, and its value of now is its mark. Where no volatility explains the mark (deep
in the money, an American price) the feed's stands in. numpy is imported when this is first called.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strikedesk.domain.quotes import ChainRow
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.portfolio.holdings import Holding, Listing

if TYPE_CHECKING:
    from strikedesk.quant.contracts import Contracts
    from strikedesk.quant.revaluation import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """The holdings that can be priced, and what the others lack, by symbol.

    Law: `underlyings` are the rows of the book; every holding is in the book or lacks something.
    """

    book: "Book"
    underlyings: tuple[str, ...]
    covered: int
    lacking: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """An option of which the spot is known. Units: USD a share; `years` to its end.

    `mark` and `told`, the feed's volatility, are NaN where unknown.
    """

    symbol: OptionSymbol
    shares: int
    forward: float
    years: float
    mark: float
    told: float

    def volatility(self, solved: float) -> float:
        """Return the volatility to price it at; NaN where nothing tells one."""
        if self.years <= 0.0:
            return 0.0
        return self.told if math.isnan(solved) else solved


def priced(holdings: Sequence[Holding], without: Collection[str] = ()) -> Priced:
    """Return the book of all holdings but those of the underlyings `without` a history."""
    lacking = {each.symbol.compact: "history" for each in holdings if each.underlying in without}
    rest = [each for each in holdings if each.underlying not in without]
    lacking |= {each.symbol.compact: "price" for each in rest if each.spot is None}
    spots = {each.underlying: float(each.spot) for each in rest if each.spot is not None}
    forwards = forwards_of(rest)
    legs = [leg for each in rest if (leg := _leg(each, forwards)) is not None]
    volatilities = _volatilities(legs)
    lacking |= {leg.symbol.compact: "volatility" for leg in legs if leg not in volatilities}
    return Priced(
        book=_book(spots, _shares(rest), volatilities),
        underlyings=tuple(spots),
        covered=len(holdings) - len(lacking),
        lacking=lacking,
    )


def _leg(holding: Holding, forwards: Mapping[Listing, float]) -> _Leg | None:
    """Return an option of which the spot is known, else None."""
    symbol, spot = holding.symbol, holding.spot
    if isinstance(symbol, EquitySymbol) or spot is None:
        return None
    mark, told = holding.position.mark, holding.volatility
    return _Leg(
        symbol=symbol,
        shares=holding.shares,
        forward=forwards.get((symbol.root, symbol.expiration), float(spot)),
        years=holding.years or 0.0,
        mark=math.nan if mark is None else float(mark),
        told=math.nan if told is None else told,
    )


def forwards_of(holdings: Iterable[Holding]) -> Mapping[Listing, float]:
    """Return the undiscounted forward of each listing that tells one."""
    found: dict[Listing, float] = {}
    for each in holdings:
        symbol = each.symbol
        if isinstance(symbol, EquitySymbol) or (symbol.root, symbol.expiration) in found:
            continue
        forward = _forward(each)
        if not math.isnan(forward):
            found[symbol.root, symbol.expiration] = forward
    return found


def _forward(holding: Holding) -> float:
    """Return what the pairs of its listing agree on; NaN without a pair that is quoted.

    They agreed at the underlying's price of then, and are carried to the price of now.
    """
    from strikedesk.quant.parity import implied_carry  # noqa: PLC0415 -- imports numpy

    if holding.spot is None or not holding.years:
        return math.nan
    calls, puts = _mids(holding.listing)
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


def _mids(rows: Iterable[ChainRow]) -> tuple[dict[float, float], dict[float, float]]:
    """Return the mids of calls and of puts, by strike, that are quoted on both sides."""
    calls: dict[float, float] = {}
    puts: dict[float, float] = {}
    for row in rows:
        mid = row.quote.mid
        if mid is not None:
            side = calls if row.contract.right is Right.CALL else puts
            side[float(row.contract.strike)] = float(mid)
    return calls, puts


def _shares(holdings: Iterable[Holding]) -> dict[str, int]:
    held = [each for each in holdings if isinstance(each.symbol, EquitySymbol)]
    return {each.underlying: each.shares for each in held}


def _volatilities(legs: Sequence[_Leg]) -> dict[_Leg, float]:
    """Return the volatility of each option that has one."""
    from strikedesk.quant.implied_vol import implied_volatility  # noqa: PLC0415 -- imports numpy

    solved = implied_volatility(_contracts(legs), [leg.mark for leg in legs]).volatility.tolist()
    found = {leg: leg.volatility(each) for leg, each in zip(legs, solved, strict=True)}
    return {leg: volatility for leg, volatility in found.items() if not math.isnan(volatility)}


def _book(
    spots: Mapping[str, float], shares: Mapping[str, int], volatilities: Mapping[_Leg, float]
) -> "Book":
    from strikedesk.quant.revaluation import Book  # noqa: PLC0415 -- imports numpy

    rows = {name: row for row, name in enumerate(spots)}
    return Book.of(
        _contracts([*volatilities]),
        spot=[*spots.values()],
        shares=[shares.get(name, 0) for name in spots],
        volatility=[*volatilities.values()],
        shares_each=[leg.shares for leg in volatilities],
        underlying=[rows[leg.symbol.underlying] for leg in volatilities],
    )


def _contracts(legs: Sequence[_Leg]) -> "Contracts":
    from strikedesk.quant.revaluation import on_forwards  # noqa: PLC0415 -- imports numpy

    return on_forwards(
        forward=[leg.forward for leg in legs],
        strike=[float(leg.symbol.strike) for leg in legs],
        years=[leg.years for leg in legs],
        is_call=[leg.symbol.right is Right.CALL for leg in legs],
    )
