"""Holdings: positions with the market that they stand in, and what of it nobody tells."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.accounts import Position
from strikedesk.domain.calendar import expiration_instant
from strikedesk.domain.errors import Denied
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import ChainRow, Quote, Settlement
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.domain.volatility import implied
from strikedesk.portfolio.market_view import MarketView

_SECONDS_PER_YEAR: Final = 365.0 * 86_400.0

Listing = tuple[str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionGreeks:
    """Greeks of a position: of one share, times quantity and multiplier, so signed.

    Units: `delta` shares, `gamma` shares per $1; `theta` USD a calendar day, `vega` USD a
    volatility point.
    """

    delta: float
    gamma: float
    theta: float
    vega: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What a holding gains. Units: USD.

    `dollar_delta` is the value of as many shares as move like it; `gamma` what `dollar_delta` grows
    by when the underlying rises 1 %; `theta` a calendar day; `vega` a volatility point.
    """

    dollar_delta: float
    gamma: float
    theta: float
    vega: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyTerms:
    """What the value of an option that may be exercised early is made of, beside its volatility.

    Units: `carry` as `quant.strategies.carries` has it; `worth` the present value of the dividends
    until its end, USD a share.
    """

    carry: float
    worth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A position, its underlying's price, and of an option what its chain tells; None = unknown.

    `listing` are the contracts of its root and expiration, and `listing_spot` its underlying's
    price when they were read, up to five minutes before `spot`. `greeks` are the feed's
    until the desk has read its own (`readings`), and so is `volatility`; `early` is there of an
    American option that was read. Units: prices USD a share; `volatility` a fraction; `years` to
    the end, ACT/365, 0 once past.
    """

    position: Position
    spot: Decimal | None
    greeks: Greeks | None = None
    volatility: float | None = None
    listing: tuple[ChainRow, ...] = ()
    listing_spot: Decimal | None = None
    years: float | None = None
    early: EarlyTerms | None = None

    @property
    def symbol(self) -> Symbol:
        """What is held."""
        return self.position.symbol

    @property
    def underlying(self) -> str:
        """Whose price it follows."""
        return self.symbol.underlying

    @property
    def shares(self) -> int:
        """The signed number of shares that it stands for."""
        return self.position.quantity * self.position.multiplier

    @property
    def moved(self) -> float:
        """By what factor the underlying's price has moved since its listing was read."""
        return float(self.spot / self.listing_spot) if self.spot and self.listing_spot else 1.0

    @property
    def unit_value(self) -> Decimal | None:
        """USD that one share or contract of it is worth."""
        mark = self.position.mark
        return None if mark is None else mark * self.position.multiplier

    @property
    def unit_profit(self) -> Decimal | None:
        """USD that one share or contract of it has gained since it was opened, before fees."""
        mark = self.position.mark
        paid = self.position.average_price
        return None if mark is None else (mark - paid) * self.position.multiplier

    @property
    def moves(self) -> PositionGreeks | None:
        """What it gains, in shares of its underlying; None without one of its Greeks."""
        shares, told = self.shares, self.greeks
        if isinstance(self.symbol, EquitySymbol):
            return PositionGreeks(delta=float(shares), gamma=0.0, theta=0.0, vega=0.0)
        if told is None or told.delta is None or told.gamma is None:
            return None
        if told.theta is None or told.vega is None:
            return None
        return PositionGreeks(
            delta=told.delta * shares,
            gamma=told.gamma * shares,
            theta=told.theta * shares,
            vega=told.vega * shares,
        )

    @property
    def exposure(self) -> Exposure | None:
        """What it gains; None without a price or one of its Greeks."""
        moves = self.moves
        if moves is None or self.spot is None:
            return None
        spot = float(self.spot)
        return Exposure(
            dollar_delta=moves.delta * spot,
            gamma=moves.gamma * spot * spot / 100.0,
            theta=moves.theta,
            vega=moves.vega,
        )


async def holdings_of(market: MarketView, positions: Sequence[Position]) -> tuple[Holding, ...]:
    """Return the positions, in their order, with what the market tells of each.

    Raises:
        Unavailable: the market cannot be asked.
    """
    await market.ready()
    by_underlying: defaultdict[str, list[Position]] = defaultdict(list)
    for position in positions:
        by_underlying[position.symbol.underlying].append(position)
    spots = await market.quotes([EquitySymbol(name) for name in by_underlying])
    found = await asyncio.gather(
        *(
            _of_underlying(market, EquitySymbol(name), held, spots.get(EquitySymbol(name)))
            for name, held in by_underlying.items()
        )
    )
    by_symbol = {each.symbol: each for group in found for each in group}
    return tuple(by_symbol[position.symbol] for position in positions)


async def _of_underlying(
    market: MarketView, underlying: EquitySymbol, held: Sequence[Position], quote: Quote | None
) -> list[Holding]:
    spot, now = quote.mark if quote else None, market.now()
    options = [each.symbol for each in held if isinstance(each.symbol, OptionSymbol)]
    chain = await _Chain.read(market, underlying, options)
    # One moment for all: contracts that end together are told apart by nothing else.
    return [chain.holding(position, spot, now) for position in held]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """The contracts that are held, the listings of their days, and when each is settled."""

    rows: Mapping[OptionSymbol, ChainRow]
    listings: Mapping[Listing, tuple[ChainRow, ...]]
    spots: Mapping[date, Decimal | None]
    settlements: Mapping[Listing, Settlement]

    @classmethod
    async def read(
        cls, market: MarketView, underlying: EquitySymbol, options: Collection[OptionSymbol]
    ) -> "_Chain":
        """Read the chain of some options' days; one that nobody lists any more is empty."""
        days = {each.expiration for each in options}
        if not days:
            return cls(rows={}, listings={}, spots={}, settlements={})
        try:
            listed = await market.expirations(underlying)
            slices = await market.slices(underlying, days)
        except Denied:  # Not listed any more; what is missing is told of each holding.
            return cls(rows={}, listings={}, spots={}, settlements={})
        rows = [row for each in slices for row in each.rows]
        # A contract's hash is many times that of its strike, and most of a chain is not held.
        strikes = {each.strike for each in options}
        return cls(
            rows={row.contract: row for row in rows if row.contract.strike in strikes},
            listings=_by_listing(rows),
            # Days are remembered apart, each with the price that its contracts were quoted at.
            spots={
                row.contract.expiration: each.spot.mark for each in slices for row in each.rows[:1]
            },
            settlements={(each.root, each.day): each.settlement for each in listed},
        )

    def holding(self, position: Position, spot: Decimal | None, now: datetime) -> Holding:
        """Return a position with what is told of it here."""
        symbol = position.symbol
        if isinstance(symbol, EquitySymbol):
            return Holding(position=position, spot=spot)
        row, key = self.rows.get(symbol), (symbol.root, symbol.expiration)
        ends = expiration_instant(symbol.expiration, self.settlements.get(key, Settlement.PM))
        return Holding(
            position=position,
            spot=spot,
            greeks=row.greeks if row else None,
            volatility=implied(row) if row else None,
            listing=self.listings.get(key, ()),
            listing_spot=self.spots.get(symbol.expiration),
            years=max((ends - now).total_seconds(), 0.0) / _SECONDS_PER_YEAR,
        )


def _by_listing(rows: Iterable[ChainRow]) -> Mapping[Listing, tuple[ChainRow, ...]]:
    found: defaultdict[Listing, list[ChainRow]] = defaultdict(list)
    for row in rows:
        found[row.contract.root, row.contract.expiration].append(row)
    return {listing: tuple(contracts) for listing, contracts in found.items()}
