"""Holdings as a book that can be priced anew, and what of them cannot.

A European option is valued on the forward that the calls and puts of its expiration agree on,
undiscounted, at the volatility that its own mark implies there: so no rate and no dividend is
assumed, and its value of now is its mark. Where no volatility explains the mark the feed's stands
in. An American one that was read (`readings`) is valued at its own volatility on the share without
its dividends, plus what its mark is above that now, and never below exercise. numpy is imported
when this is first called.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.portfolio.holdings import Holding, Listing
from strikedesk.portfolio.on_forwards import forwards_of

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

    `mark` and `told`, the feed's volatility or that which was read, are NaN where unknown.
    """

    symbol: OptionSymbol
    shares: int
    spot: float
    carry: float
    early: bool
    years: float
    mark: float
    told: float

    def volatility(self, solved: float) -> float:
        """Return the volatility to price it at; NaN where nothing tells one."""
        if self.years <= 0.0:
            return 0.0
        return self.told if self.early or math.isnan(solved) else solved


def priced(holdings: Sequence[Holding], without: Collection[str] = ()) -> Priced:
    """Return the book of all holdings but those of the underlyings `without` a history."""
    lacking = {each.symbol.compact: "history" for each in holdings if each.underlying in without}
    rest = [each for each in holdings if each.underlying not in without]
    lacking |= {each.symbol.compact: "price" for each in rest if each.spot is None}
    spots = {each.underlying: float(each.spot) for each in rest if each.spot is not None}
    forwards = forwards_of([each for each in rest if each.early is None])
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
    mark, told, early = holding.position.mark, holding.volatility, holding.early
    forward = forwards.get((symbol.root, symbol.expiration), float(spot))
    return _Leg(
        symbol=symbol,
        shares=holding.shares,
        spot=float(spot) - early.worth if early else forward,
        carry=early.carry if early else 0.0,
        early=early is not None,
        years=holding.years or 0.0,
        mark=math.nan if mark is None else float(mark),
        told=math.nan if told is None else told,
    )


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

    rows, contracts = {name: row for row, name in enumerate(spots)}, _contracts([*volatilities])
    return Book.of(
        contracts,
        spot=[*spots.values()],
        shares=[shares.get(name, 0) for name in spots],
        volatility=[*volatilities.values()],
        shares_each=[leg.shares for leg in volatilities],
        underlying=[rows[leg.symbol.underlying] for leg in volatilities],
        premium=_premiums(contracts, volatilities),
    )


def _premiums(contracts: "Contracts", volatilities: Mapping[_Leg, float]) -> list[float]:
    """Return what a mark tells of the right to early exercise; NaN where there is none."""
    from strikedesk.quant import black_scholes  # noqa: PLC0415 -- imports numpy

    closed = black_scholes.price(contracts, [*volatilities.values()]).tolist()
    return [
        leg.mark - value if leg.early else math.nan
        for leg, value in zip(volatilities, closed, strict=True)
    ]


def _contracts(legs: Sequence[_Leg]) -> "Contracts":
    from strikedesk.quant.strategies.carries import on_carries  # noqa: PLC0415 -- imports numpy

    return on_carries(
        spot=[leg.spot for leg in legs],
        strike=[float(leg.symbol.strike) for leg in legs],
        years=[leg.years for leg in legs],
        carried=[leg.carry for leg in legs],
        is_call=[leg.symbol.right is Right.CALL for leg in legs],
    )
